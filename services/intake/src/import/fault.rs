//! Why a line makes no event, and why a file cannot be read at all.

use daybook_event::printable;
use daybook_store::QuarantineReason;
use std::fmt;

/// Which fault a line has. The codes are stable: quarantine keeps them and people's scripts filter by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultReason {
    /// An NDJSON line is longer than the limit.
    LineTooLong,
    /// A protobuf message is longer than an envelope may be.
    MessageTooLong,
    /// A protobuf file ends in a message.
    MessageCutOff,
    /// The line, or the event that it would make, does not pass the border that every event passes.
    EventInvalid,
    /// The line is not UTF-8.
    NotUtf8,
    /// A row has not as many fields as the header.
    RowColumns,
    /// An item of a JSON document is no object of plain values.
    ItemInvalid,
    /// No amount.
    AmountMissing,
    /// The amount is no number, or has more decimals or digits than an event holds.
    AmountInvalid,
    /// The currency is missing or no three-letter code.
    CurrencyInvalid,
    /// Neither a charge start nor an order date.
    DateMissing,
    /// A date that is in none of the published forms.
    DateInvalid,
    /// A date long before or after the program's life.
    DateOutOfRange,
    /// A quantity that is no number.
    QuantityInvalid,
    /// No customer.
    CustomerMissing,
    /// No charge type.
    ChargeTypeMissing,
    /// No invoice number in a file whose other lines have one.
    InvoiceMissing,
    /// No reseller on the line, and the partner map knows neither customer nor partner.
    PartnerUnknown,
    /// The reseller's id cannot be a partner id.
    PartnerInvalid,
}

impl FaultReason {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::LineTooLong => "line_too_long",
            Self::MessageTooLong => "message_too_long",
            Self::MessageCutOff => "message_cut_off",
            Self::EventInvalid => "event_invalid",
            Self::NotUtf8 => "not_utf8",
            Self::RowColumns => "row_columns",
            Self::ItemInvalid => "item_invalid",
            Self::AmountMissing => "amount_missing",
            Self::AmountInvalid => "amount_invalid",
            Self::CurrencyInvalid => "currency_invalid",
            Self::DateMissing => "date_missing",
            Self::DateInvalid => "date_invalid",
            Self::DateOutOfRange => "date_out_of_range",
            Self::QuantityInvalid => "quantity_invalid",
            Self::CustomerMissing => "customer_missing",
            Self::ChargeTypeMissing => "charge_type_missing",
            Self::InvoiceMissing => "invoice_missing",
            Self::PartnerUnknown => "partner_unknown",
            Self::PartnerInvalid => "partner_invalid",
        }
    }

    /// The reason under which the ledger keeps the line: broader than ours, which goes in front of the detail.
    #[must_use]
    pub fn quarantine_reason(self, detail: &str) -> QuarantineReason {
        let detail = format!("{}: {detail}", self.code());
        match self {
            Self::PartnerUnknown => QuarantineReason::PartnerUnknown { detail },
            Self::LineTooLong | Self::MessageTooLong => QuarantineReason::TooLarge { detail },
            Self::MessageCutOff | Self::NotUtf8 | Self::RowColumns | Self::ItemInvalid => {
                QuarantineReason::Undecodable { detail }
            }
            Self::EventInvalid
            | Self::AmountMissing
            | Self::AmountInvalid
            | Self::CurrencyInvalid
            | Self::DateMissing
            | Self::DateInvalid
            | Self::DateOutOfRange
            | Self::QuantityInvalid
            | Self::CustomerMissing
            | Self::ChargeTypeMissing
            | Self::InvoiceMissing
            | Self::PartnerInvalid => QuarantineReason::Invalid { detail },
        }
    }
}

impl fmt::Display for FaultReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A fault of one line: the code, and the field with what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LineFault {
    pub(crate) reason: FaultReason,
    pub(crate) detail: String,
}

impl LineFault {
    pub(crate) fn new(reason: FaultReason, detail: impl Into<String>) -> Self {
        // The detail quotes what the file has there, however long.
        Self { reason, detail: printable(&detail.into()) }
    }
}

/// Why a file cannot be read as one. Nothing of a Partner Center file was handed on then.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Reading failed.
    #[error("cannot read the file")]
    Read(#[from] std::io::Error),
    /// No length of a message where one must be.
    #[error("at byte {byte} stands no length of a message: give protobuf envelopes, each after its length (a varint)")]
    NotDelimited {
        /// Where in the file, from 0.
        byte: u64,
    },
    /// NDJSON, and not the protobuf that was asked for.
    #[error("the file begins like NDJSON: import it with --from ndjson")]
    Ndjson,
    /// More bytes than the limit.
    #[error("the file has more than {bytes_max} bytes; split it by invoice")]
    TooLarge {
        /// The limit.
        bytes_max: u64,
    },
    /// More lines than the limit.
    #[error("the file has more than {lines_max} lines; split it by invoice")]
    TooManyLines {
        /// The limit.
        lines_max: u64,
    },
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// UTF-16, as spreadsheets write.
    #[error("the file is UTF-16; save it as UTF-8")]
    Utf16,
    /// JSON in another encoding.
    #[error("the JSON is not UTF-8 from byte {byte} on; save it as UTF-8")]
    NotUtf8 {
        /// The first byte that is not.
        byte: usize,
    },
    /// Not the header of a reconciliation file.
    #[error("the header lacks {missing}; {kind} files have it: export the file again or mend its first line")]
    ColumnMissing {
        /// The published name of the column.
        missing: &'static str,
        /// What the header looks like otherwise.
        kind: &'static str,
    },
    /// The same column twice: which of them counts is not ours to choose.
    #[error("the header has the column {0:?} twice; remove one")]
    ColumnTwice(String),
    /// A row that the CSV reader itself refuses.
    #[error("cannot read the file as CSV: {0}")]
    Csv(String),
    /// Broken JSON.
    #[error("the JSON breaks at line {line}, column {column}: {what}")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the parser says.
        what: String,
    },
    /// A webhook of a name that is not published.
    #[error("item {line} has the form of a webhook, but {name:?} is no published name: leave it out of the file")]
    WebhookUnknown {
        /// The item, from 1.
        line: u64,
        /// Its `EventName`.
        name: String,
    },
    /// Webhooks beside something else.
    #[error("item {webhook} is a webhook and item {other} is none: import webhooks in files of their own")]
    WebhooksMixed {
        /// The first webhook, from 1.
        webhook: u64,
        /// The first other item, from 1.
        other: u64,
    },
    /// Lines of an invoice whose number stands nowhere in the file.
    #[error("the lines of this file name no invoice; name it with the import")]
    InvoiceUnknown,
}

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
pub enum ImportError<E> {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The sink refused an item; its own words.
    #[error("{0}")]
    Sink(E),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ledger_keeps_our_code_in_the_detail() {
        for (reason, kept) in [
            (FaultReason::PartnerUnknown, "partner_unknown"),
            (FaultReason::RowColumns, "undecodable"),
            (FaultReason::LineTooLong, "too_large"),
            (FaultReason::InvoiceMissing, "invalid"),
        ] {
            let kept_reason = reason.quarantine_reason("why");
            assert_eq!((kept_reason.code(), kept_reason.detail()), (kept, format!("{reason}: why").as_str()));
        }
    }
}
