//! The adoptions that a ledger holds.

use crate::failure::Failure;
use daybook_event::Position;
use daybook_rules::Adoptions;
use daybook_store::{
    DERIVED_FILE, DerivedOptions, DerivedReader, LedgerOptions, LedgerReader, ReadError, RecordRef, Snapshot,
};
use std::ops::ControlFlow;
use std::path::Path;

/// Why a record could not be looked at.
#[derive(Debug, thiserror::Error)]
enum ScanError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("record {position} cannot be decoded ({fault}): run daybook verify")]
    Decode { position: Position, fault: String },
}

/// Every adoption in the ledger up to a position. What the derived file has of them is taken from there, the rest from
/// the records that are marked as the operators'.
pub(crate) fn adoptions(dir: &Path, ledger: &Snapshot, known: Position) -> Result<Adoptions, Failure> {
    let (kept_to, mut adoptions) = adoptions_kept(dir).unwrap_or_default();
    let scanned = ledger.scan_acts(kept_to.next(), known, |record| take(&mut adoptions, record));
    scanned.map_err(|error: ScanError| Failure::input(error))?;
    Ok(adoptions)
}

/// The same from the records alone, marks or none.
pub(crate) fn adoptions_recorded(ledger: &Snapshot, known: Position) -> Result<Adoptions, Failure> {
    let mut adoptions = Adoptions::default();
    let scanned = ledger.scan(Position::new(1), known, |record| take(&mut adoptions, record));
    scanned.map_err(|error: ScanError| Failure::input(error))?;
    Ok(adoptions)
}

/// Takes a record in, if it is an adoption or reverses one.
fn take(adoptions: &mut Adoptions, record: RecordRef<'_>) -> Result<ControlFlow<()>, ScanError> {
    // Operators write few records among millions: the others are passed over by their first fields.
    let is_operators = daybook_proto::peek_source(record.envelope).is_some_and(|source| source.is_ledger());
    if is_operators {
        let position = record.position;
        let envelope = daybook_proto::decode(record.envelope)
            .map_err(|fault| ScanError::Decode { position, fault: fault.to_string() })?;
        adoptions.add(position, &envelope);
    }
    Ok(ControlFlow::Continue(()))
}

/// What the derived file has, and up to which position. One that cannot be read is no trouble here: the records say the
/// same.
pub(crate) fn adoptions_kept(dir: &Path) -> Option<(Position, Adoptions)> {
    if !dir.join(DERIVED_FILE).exists() {
        return None;
    }
    let derived = DerivedReader::open(dir, &DerivedOptions::default()).ok()?;
    let ledger = LedgerReader::open(dir, &LedgerOptions::default()).ok()?;
    daybook_projector::adoptions_kept(&derived, &ledger).ok()?
}
