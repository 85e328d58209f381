//! Partner Center reconciliation files: invoices as CSV and as the invoice interface's JSON. Webhooks too, which are told
//! apart and make no events.
//!
//! The file's subtotal is the amount; formulas only flag. A line's id is a hash of what it is (see `identity`), which
//! takes the whole file: it is read into memory, so that memory is bounded by [`FILE_BYTES_MAX`] and [`FILE_LINES_MAX`].
//! Nothing is handed on before the whole file was readable.

mod charge_type;
mod check;
mod columns;
mod document;
mod identity;
mod judge;
mod line;
mod source_file;
mod table;
#[cfg(test)]
mod tests;
mod values;

pub use columns::LineKind;
pub(super) use columns::{clean, name_key};
pub(super) use source_file::bytes_read;
pub(super) use table::{LineCount, row_next};
pub(super) use values::{amount, date, identifier, number};

use super::fault::LineFault;
use super::{Catalogue, FaultReason, ImportError, ImportItem, Origin, PartnerMap};
use daybook_event::{Envelope, EventId, EventRef, Payload, SourceId};
use judge::{Judge, Verdict};
use line::BilledLine;
use sha2::{Digest, Sha256};
use source_file::{SourceRow, file_read};
use std::collections::BTreeSet;
use std::io::Read;

/// Largest file, in bytes. It is held in memory, and with it about three kilobytes a line.
pub const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Most lines of one file.
pub const FILE_LINES_MAX: usize = 500_000;

/// Whether a file's lines are billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Billing {
    /// As the file says: lines of a file without any invoice number, or marked `unbilled`, are estimates.
    #[default]
    Detect,
    /// All estimates, whatever the file says.
    Unbilled,
}

/// How to read a reconciliation file.
pub struct PartnerCenterOptions<'a> {
    /// Whose events they become: the distributor whose file it is.
    pub source: SourceId,
    /// Partners of lines that name none, and partner ids other than Microsoft's.
    pub partner_map: PartnerMap,
    /// Families and segments by product.
    pub catalogue: &'a dyn Catalogue,
    /// Whether the lines are billed.
    pub billing: Billing,
    /// The invoice of a legacy file, which has no column for it; not used where the file names one.
    pub invoice: Option<String>,
}

/// What a file was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSummary {
    /// SHA-256 of its bytes.
    pub file_sha256: [u8; 32],
    /// How many lines it has.
    pub lines: u64,
    /// The formats that its lines are in.
    pub kinds: BTreeSet<LineKind>,
    /// The invoices that its lines stand on.
    pub invoices: BTreeSet<String>,
}

/// Reads a reconciliation file and hands every line to the sink, in the order of the file.
///
/// # Errors
/// [`ImportError::File`] when the file cannot be read as one: nothing was handed on then. [`ImportError::Sink`] with the
/// sink's own error, at the item that it refused.
pub fn partner_center<E>(
    reader: impl Read,
    options: &PartnerCenterOptions<'_>,
    sink: &mut dyn FnMut(ImportItem) -> Result<(), E>,
) -> Result<FileSummary, ImportError<E>> {
    let bytes = bytes_read(reader, FILE_BYTES_MAX)?;
    let file_sha256: [u8; 32] = Sha256::digest(&bytes).into();
    let file = file_read(&bytes)?;
    file.webhooks_check()?;
    let mut summary = FileSummary {
        file_sha256,
        lines: file.rows.len() as u64,
        kinds: file.rows.iter().filter_map(|row| row.cells().map(|(_, kind)| kind)).collect(),
        invoices: file.rows.iter().filter_map(SourceRow::invoice).map(str::to_owned).collect(),
    };
    let judge = Judge { options, some_invoice: !summary.invoices.is_empty() };
    summary.invoices.extend(judge.legacy_invoice(&file)?);
    let (verdicts, billed) = judge.rows(&file);
    let ids = identity::event_ids(&billed);
    let mut events = billed.into_iter().zip(ids);
    for (row, verdict) in file.rows.iter().zip(verdicts) {
        let origin = Origin { file_sha256: Some(file_sha256), line: row.line };
        let item = match verdict {
            Verdict::Billed => {
                let (line, id) = events.next().expect("each billed verdict has its line");
                event_item(line, id, origin, &options.source)
                    .unwrap_or_else(|fault| row.faulty(fault, origin, file.head))
            }
            Verdict::Faulty(fault) => row.faulty(fault, origin, file.head),
            Verdict::Skipped(why) => row.skipped(why, origin),
        };
        sink(item).map_err(ImportError::Sink)?;
    }
    Ok(summary)
}

fn event_item(line: BilledLine, event_id: EventId, origin: Origin, source: &SourceId) -> Result<ImportItem, LineFault> {
    let envelope = Envelope {
        id: EventRef { source: source.clone(), event_id },
        partner_id: Some(line.partner?),
        effective_on: line.effective_on,
        seq: 0,
        source_seq: None,
        payload: Payload::LicenseSale(line.sale),
    };
    // What is handed on passes the border of the stream: texts too long for an event are found here, not after it.
    match daybook_proto::decode(&daybook_proto::encode(&envelope)) {
        Ok(_) => Ok(ImportItem::Event { envelope: Box::new(envelope), origin, flags: line.flags }),
        Err(fault) => Err(LineFault::new(FaultReason::EventInvalid, fault.to_string())),
    }
}
