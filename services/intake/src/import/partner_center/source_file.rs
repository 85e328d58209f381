//! A reconciliation file as rows of cells, whatever it was written in.

use super::super::fault::{FileError, LineFault};
use super::super::{ImportItem, Origin, SkipReason, Webhook};
use super::columns::{Cells, Column, LineKind};
use super::{document, line, table};
use std::io::Read;

/// A whole file.
pub(super) struct SourceFile<'a> {
    /// The header line of a CSV file.
    pub(super) head: &'a [u8],
    pub(super) rows: Vec<SourceRow<'a>>,
}

pub(super) struct SourceRow<'a> {
    pub(super) line: u64,
    pub(super) raw: &'a [u8],
    pub(super) content: Result<RowContent, LineFault>,
}

pub(super) enum RowContent {
    Line { cells: Box<Cells>, kind: LineKind },
    NotALine,
    Webhook(Webhook),
}

pub(crate) fn bytes_read(reader: impl Read, bytes_max: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    reader.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max { Err(FileError::TooLarge { bytes_max }) } else { Ok(bytes) }
}

/// JSON begins with a bracket; everything else is a table.
pub(super) fn file_read(bytes: &[u8]) -> Result<SourceFile<'_>, FileError> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(FileError::Utf16);
    }
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    match bytes.iter().find(|b| !b.is_ascii_whitespace()) {
        None => Err(FileError::Empty),
        Some(b'{' | b'[') => {
            document::read(std::str::from_utf8(bytes).map_err(|e| FileError::NotUtf8 { byte: e.valid_up_to() })?)
        }
        Some(_) => table::read(bytes),
    }
}

impl SourceFile<'_> {
    /// Notices and billing data never come in one file of Partner Center's: who joined them meant something that is not
    /// ours to guess.
    pub(super) fn webhooks_check(&self) -> Result<(), FileError> {
        let is_webhook = |row: &&SourceRow<'_>| matches!(row.content, Ok(RowContent::Webhook(_)));
        let webhook = self.rows.iter().find(is_webhook);
        let other = self.rows.iter().find(|row| !is_webhook(row));
        match (webhook, other) {
            (Some(webhook), Some(other)) => Err(FileError::WebhooksMixed { webhook: webhook.line, other: other.line }),
            _ => Ok(()),
        }
    }
}

impl SourceRow<'_> {
    pub(super) fn cells(&self) -> Option<(&Cells, LineKind)> {
        match &self.content {
            Ok(RowContent::Line { cells, kind }) => Some((cells, *kind)),
            Ok(RowContent::NotALine | RowContent::Webhook(_)) | Err(_) => None,
        }
    }

    /// The invoice that the row itself names.
    pub(super) fn invoice(&self) -> Option<&str> {
        let (cells, _) = self.cells()?;
        Some(cells.get(Column::Invoice)).filter(|invoice| !invoice.is_empty() && !unbilled_marks(invoice))
    }

    pub(super) fn faulty(&self, fault: LineFault, origin: Origin, head: &[u8]) -> ImportItem {
        let money = self.cells().and_then(|(cells, _)| line::money_of(cells));
        let parts: &[&[u8]] = if head.is_empty() { &[self.raw] } else { &[head, self.raw] };
        ImportItem::Faulty { reason: fault.reason, detail: fault.detail, origin, bytes: parts.join(&b'\n'), money }
    }

    pub(super) fn skipped(&self, why: SkipReason, origin: Origin) -> ImportItem {
        let (money, flags) =
            self.cells().map(|(cells, _)| (line::money_of(cells), line::estimate_flags(cells))).unwrap_or_default();
        ImportItem::Skipped { why, origin, money, flags }
    }
}

pub(super) fn unbilled_marks(invoice: &str) -> bool {
    invoice.eq_ignore_ascii_case("unbilled")
}
