//! What is missing of each source. Not damage: the ledger is whole, and something did not reach it.

use super::Report;
use crate::completeness::{self, Growing};
use crate::failure::Failure;
use daybook_store::Snapshot;

/// Looks for holes and differences, and says what was looked at.
pub(super) fn verify(snapshot: &Snapshot, report: &mut Report) -> Result<(), Failure> {
    let mut growing = Growing::default();
    let completeness = growing.up_to_head(snapshot)?;
    report.missing = completeness.findings(&completeness::quarantined(snapshot)?);
    let (mut sources, mut counting, mut manifests) = (0_u64, 0_u64, 0_u64);
    for numbers in completeness.numbers() {
        sources += 1;
        counting += u64::from(numbers.numbered > 0);
        manifests += numbers.manifests;
    }
    let found = match report.missing.len() {
        0 => "nothing is missing".to_owned(),
        found => format!("{found} findings, listed under missing"),
    };
    report.sources = format!("{sources}, of which {counting} count their events; {manifests} manifests; {found}");
    Ok(())
}
