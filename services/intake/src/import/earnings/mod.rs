//! Partner Center's export of earnings, as CSV: what Microsoft's own statement says. It makes no events: a statement is
//! held against our figures, never added to them.

mod columns;
#[cfg(test)]
mod tests;

use super::FaultReason;
use super::fault::{FileError, LineFault};
use super::partner_center::{LineCount, amount, bytes_read, date, identifier, number, row_next};
use columns::{Column, Header};
use csv::ByteRecord;
use daybook_event::{Amount, Currency, Exact, ExchangeRate, NaiveDate};
use sha2::{Digest, Sha256};
use std::io::Read;

/// One row: a part of an earning.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EarningLine {
    /// Microsoft's id of the earning.
    pub earning_id: String,
    /// Microsoft's id of the partner, as the file has it.
    pub participant_id: String,
    /// The customer's tenant.
    pub customer_id: String,
    /// The subscription.
    pub subscription_id: String,
    /// The product's id.
    pub product_id: String,
    /// The product's name.
    pub product_name: String,
    /// Microsoft's id of the transaction.
    pub transaction_id: String,
    /// The date of the transaction.
    pub transacted_on: Option<NaiveDate>,
    /// The date of the earning.
    pub earned_on: Option<NaiveDate>,
    /// The lever as named.
    pub lever: String,
    /// Rebate, co-op, fee and so on, as named.
    pub earning_type: String,
    /// What was sold for, in its own currency.
    pub transaction: Option<(Amount, Currency)>,
    /// The same in dollars.
    pub transaction_usd: Option<Exact>,
    /// Dollars per unit.
    pub exchange_rate: Option<ExchangeRate>,
    /// The earning in dollars.
    pub earned_usd: Exact,
    /// Why it is an adjustment, as named; empty where it is none.
    pub reason: String,
}

/// One row of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EarningItem {
    /// A row that can be read.
    Line {
        /// The line in the file, from 1.
        line: u64,
        /// What it says.
        earning: Box<EarningLine>,
    },
    /// A row that cannot.
    Faulty {
        /// The line in the file, from 1.
        line: u64,
        /// Which fault: a stable code.
        reason: FaultReason,
        /// Which field and what is wrong with it.
        detail: String,
    },
}

/// A whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarningsFile {
    /// SHA-256 of its bytes.
    pub file_sha256: [u8; 32],
    /// Its rows in order.
    pub items: Vec<EarningItem>,
    /// Columns that are not read, as named.
    pub columns_ignored: Vec<String>,
}

/// Prose before the header at the most.
const PREAMBLE_ROWS_MAX: usize = 50;

/// Reads an Earnings file. A row that cannot be read is a fault and the next one goes on.
///
/// # Errors
/// [`FileError`] when the file cannot be read as one.
pub fn earnings(reader: impl Read) -> Result<EarningsFile, FileError> {
    let bytes = bytes_read(reader, super::FILE_BYTES_MAX)?;
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(FileError::Utf16);
    }
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
    let (mut record, mut lines) = (ByteRecord::new(), LineCount::default());
    let header = header(&mut reader, &mut record, text, &mut lines)?;
    let mut items = Vec::new();
    while let Some((_, line)) = row_next(&mut reader, &mut record, text, &mut lines)? {
        items.push(match earning(&record, &header) {
            Ok(earning) => EarningItem::Line { line, earning: Box::new(earning) },
            Err(LineFault { reason, detail }) => EarningItem::Faulty { line, reason, detail },
        });
        if items.len() > super::FILE_LINES_MAX {
            return Err(FileError::TooManyLines { lines_max: super::FILE_LINES_MAX as u64 });
        }
    }
    Ok(EarningsFile { file_sha256: Sha256::digest(&bytes).into(), items, columns_ignored: header.ignored })
}

fn header(
    reader: &mut csv::Reader<&[u8]>,
    record: &mut ByteRecord,
    bytes: &[u8],
    lines: &mut LineCount,
) -> Result<Header, FileError> {
    let mut first: Option<Vec<String>> = None;
    for _ in 0..=PREAMBLE_ROWS_MAX {
        if row_next(reader, record, bytes, lines)?.is_none() {
            break;
        }
        let names: Vec<String> = record.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        let texts: Vec<&str> = names.iter().map(String::as_str).collect();
        if Header::is_one(&texts) {
            return Header::read(&texts);
        }
        first.get_or_insert(names);
    }
    // No row is a header: what the first one lacks is the best that can be said.
    let first = first.ok_or(FileError::Empty)?;
    Header::read(&first.iter().map(String::as_str).collect::<Vec<_>>())
}

fn earning(record: &ByteRecord, header: &Header) -> Result<EarningLine, LineFault> {
    if record.len() != header.columns {
        let what = format!("the row has {} fields, the header {}", record.len(), header.columns);
        return Err(LineFault::new(FaultReason::RowColumns, what));
    }
    let texts: Result<Vec<&str>, _> = record.iter().map(std::str::from_utf8).collect();
    let texts = texts.map_err(|_| LineFault::new(FaultReason::NotUtf8, "the row is not UTF-8"))?;
    let cell = |column: Column| header.cell(&texts, column);
    let currency = currency(cell(Column::TransactionCurrency))?;
    let transacted_on = date("transactionDate", cell(Column::TransactionDate))?;
    let earned_on = date("earningDate", cell(Column::EarningDate))?;
    if earned_on.or(transacted_on).is_none() {
        return Err(LineFault::new(FaultReason::DateMissing, "neither earningDate nor transactionDate"));
    }
    let participant_id = cell(Column::Participant).to_owned();
    if participant_id.is_empty() {
        return Err(LineFault::new(FaultReason::PartnerUnknown, "participantId is blank"));
    }
    let sold = Some(cell(Column::TransactionAmount)).filter(|text| !text.is_empty());
    let sold = sold.map(|text| amount("transactionAmount", text)).transpose()?;
    Ok(EarningLine {
        earning_id: cell(Column::EarningId).to_owned(),
        participant_id,
        customer_id: identifier(cell(Column::Customer)),
        subscription_id: identifier(cell(Column::Subscription)),
        product_id: cell(Column::Product).to_owned(),
        product_name: cell(Column::ProductName).to_owned(),
        transaction_id: cell(Column::Transaction).to_owned(),
        transacted_on,
        earned_on,
        lever: cell(Column::Lever).to_owned(),
        earning_type: cell(Column::EarningType).to_owned(),
        transaction: sold.zip(currency),
        transaction_usd: dollars("transactionAmountUSD", cell(Column::TransactionUsd))?,
        exchange_rate: rate(cell(Column::TransactionRate))?,
        earned_usd: earned(cell(Column::EarningUsd), cell(Column::EarningAmount), currency)?,
        reason: cell(Column::Reason).to_owned(),
    })
}

/// The earning in dollars: the amount in the transaction's own currency stands for it only where that is the dollar.
fn earned(in_dollars: &str, in_own: &str, currency: Option<Currency>) -> Result<Exact, LineFault> {
    if let Some(earned) = dollars("earningAmountUSD", in_dollars)? {
        return Ok(earned);
    }
    let own = if currency == Some(Currency::USD) { dollars("earningAmount", in_own)? } else { None };
    let missing = "earningAmountUSD is blank, and earningAmount is not known to be in USD";
    own.ok_or_else(|| LineFault::new(FaultReason::AmountMissing, missing))
}

fn dollars(field: &str, text: &str) -> Result<Option<Exact>, LineFault> {
    if text.is_empty() {
        return Ok(None);
    }
    let fault = |what: String| LineFault::new(FaultReason::AmountInvalid, format!("{field}: {what}"));
    let value = number(text).ok_or_else(|| fault(format!("{text:?} is not a number")))?;
    // Their amounts may have more decimals than an event's: they are computed with, never stored.
    Exact::parse(&value.to_string()).map(Some).map_err(|error| fault(error.to_string()))
}

fn currency(text: &str) -> Result<Option<Currency>, LineFault> {
    if text.is_empty() {
        return Ok(None);
    }
    let parsed = Currency::parse(&text.to_ascii_uppercase());
    parsed
        .map(Some)
        .map_err(|fault| LineFault::new(FaultReason::CurrencyInvalid, format!("transactionCurrency {text:?} {fault}")))
}

/// A rate only tells why dollars differ: what is no rate, such as `0`, is none.
fn rate(text: &str) -> Result<Option<ExchangeRate>, LineFault> {
    if text.is_empty() {
        return Ok(None);
    }
    let not_a_number = || format!("transactionExchangeRate: {text:?} is not a number");
    let value = number(text).ok_or_else(|| LineFault::new(FaultReason::AmountInvalid, not_a_number()))?;
    Ok(ExchangeRate::parse(&value.to_string()).ok())
}
