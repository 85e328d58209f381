//! Synthetic files: Microsoft publishes the columns, and no file.

use super::*;
use proptest::prelude::*;

const HEAD: &str = "earningId,participantId,customerTenantId,subscriptionId,productName,transactionId,transactionDate,\
                    transactionAmount,transactionCurrency,transactionAmountUSD,transactionExchangeRate,lever,earningType,\
                    earningDate,earningAmount,earningAmountUSD,reasonCode,paymentStatus";
const ROW: &str = "E-1,6048879,C-1,S-1,\"Visio, Plan 2\",T-1,2021-11-03,1000.00,EUR,1150.00,1.15,Core,Rebate,11/30/2021,24,27.6,,Sent";

fn read(text: &str) -> EarningsFile {
    earnings(text.as_bytes()).unwrap()
}

fn line(file: &EarningsFile, at: usize) -> &EarningLine {
    match &file.items[at] {
        EarningItem::Line { earning, .. } => earning,
        EarningItem::Faulty { detail, .. } => panic!("{detail}"),
    }
}

fn fault_of(row: &str) -> (u64, &'static str, String) {
    let file = read(&format!("{HEAD}\n{ROW}\n{row}\n{ROW}\n"));
    assert_eq!(file.items.len(), 3, "the rows around a bad one are read");
    match &file.items[1] {
        EarningItem::Faulty { line, reason, detail } => (*line, reason.code(), detail.clone()),
        EarningItem::Line { .. } => panic!("{row} is no fault"),
    }
}

#[test]
fn a_row_is_read_by_its_column_names() {
    let file = read(&format!("{HEAD}\n{ROW}\n"));
    let line = line(&file, 0);
    assert_eq!((line.earning_id.as_str(), line.participant_id.as_str()), ("E-1", "6048879"));
    assert_eq!(line.product_name, "Visio, Plan 2");
    let (amount, currency) = line.transaction.unwrap();
    assert_eq!((amount.to_string(), currency.to_string()), ("1000.00".to_owned(), "EUR".to_owned()));
    assert_eq!(line.transaction_usd.unwrap().to_string(), "1150.00");
    assert_eq!(line.earned_usd.to_string(), "27.60");
    assert_eq!(line.earned_on.unwrap().to_string(), "2021-11-30");
    assert_eq!(file.columns_ignored, ["paymentStatus"]);
}

#[test]
fn prose_before_the_header_a_mark_and_other_spellings_change_nothing() {
    let head = HEAD.replace("earningId", "Earning ID").replace("customerTenantId", "Customer Tenant Id");
    let file = read(&format!("\u{feff}Transaction history\r\nExported on,2022-01-05\r\n\r\n{head}\r\n{ROW}\r\n"));
    assert_eq!(file.items.len(), 1);
    assert_eq!(line(&file, 0), line(&read(&format!("{HEAD}\n{ROW}\n")), 0));
    assert!(matches!(&file.items[0], EarningItem::Line { line: 5, .. }), "{:?}", file.items[0]);
}

#[test]
fn every_fault_is_named_with_its_line_and_field() {
    let cases = [
        ("too,short", "row_columns", "2 fields"),
        (&ROW.replace("27.6", "much"), "amount_invalid", "earningAmountUSD: \"much\""),
        (&ROW.replace(",27.6,", ",,"), "amount_missing", "earningAmountUSD"),
        (&ROW.replace("EUR", "EURO"), "currency_invalid", "transactionCurrency"),
        (&ROW.replace("11/30/2021", "soon"), "date_invalid", "earningDate"),
        (&ROW.replace("11/30/2021", "").replace("2021-11-03", ""), "date_missing", "transactionDate"),
        (&ROW.replace("6048879", ""), "partner_unknown", "participantId"),
        (&ROW.replace("1000.00", "1.0000000001"), "amount_invalid", "transactionAmount"),
    ];
    for (row, code, detail) in cases {
        let (at, found, said) = fault_of(row);
        assert_eq!((at, found), (3, code), "{row}: {said}");
        assert!(said.contains(detail), "{said}");
    }
}

#[test]
fn what_is_no_earnings_file_says_what_it_lacks() {
    let lacks = earnings("InvoiceNumber,Subtotal\nG1,5\n".as_bytes()).unwrap_err();
    assert!(lacks.to_string().contains("participantId"), "{lacks}");
    let twice = earnings(format!("{HEAD},Lever\n").as_bytes()).unwrap_err();
    assert!(matches!(twice, FileError::ColumnTwice(_)), "{twice}");
    assert!(matches!(earnings(&b""[..]).unwrap_err(), FileError::Empty));
    assert!(matches!(earnings(&b"\xff\xfee\0"[..]).unwrap_err(), FileError::Utf16));
}

proptest! {
    /// Whatever the bytes are, every row after a header is a line or a fault.
    #[test]
    fn no_bytes_are_too_bad(tail in proptest::collection::vec(any::<u8>(), 0..200)) {
        let bytes = [format!("{HEAD}\n{ROW}\n").as_bytes(), tail.as_slice()].concat();
        if let Ok(file) = earnings(bytes.as_slice()) {
            prop_assert!(!file.items.is_empty());
        }
    }
}
