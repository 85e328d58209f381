//! The column files beside the ledger, held against its records.

use super::Finding;
use crate::failure::Failure;
use daybook_event::Position;
use daybook_projector::columns_check;
use daybook_store::{COLUMNS_FOLDER, ColumnsOptions, Snapshot};
use std::path::Path;

/// Holds every block against the records that it is of. Files that are missing are no finding: they come back.
pub(super) fn verify(ledger: &Path, snapshot: &Snapshot, findings: &mut Vec<Finding>) -> Result<String, Failure> {
    let checked = columns_check(ledger, snapshot, &ColumnsOptions::default());
    let (covered, wrong) = checked.map_err(Failure::input)?;
    let count = wrong.len();
    for one in wrong {
        let partner = if one.partner.is_empty() { String::new() } else { format!(", partner {}", one.partner) };
        let what = format!("{}; delete the folder {COLUMNS_FOLDER}, it comes back", one.what);
        findings.push(Finding { code: "COLUMNS".to_owned(), place: format!("{}{partner}", one.run), what });
    }
    Ok(match (covered, count) {
        (_, 1..) => "differ".to_owned(),
        (Position::ZERO, _) => "none: daybook replay makes them".to_owned(),
        (covered, _) => format!("say what the records say, up to position {covered}"),
    })
}
