//! `daybook backup`: a consistent copy of the ledger, made while it is written.

use crate::cli::{BackupArguments, Cli};
use crate::failure::Failure;
use crate::{output, window};
use daybook_store::{BackupOptions, PUBLIC_KEYS_FILE, backup};
use serde::Serialize;
use std::io::ErrorKind;
use std::path::Path;

/// What backup says.
#[derive(Serialize)]
struct Report {
    backup: String,
    position: u64,
    root: String,
    /// The position of the backup before; 0 for a first one.
    from: u64,
    records: u64,
    quarantined: u64,
    checkpoints: u64,
    bytes: u64,
}

pub(crate) fn run(cli: &Cli, arguments: &BackupArguments) -> Result<(), Failure> {
    let snapshot = window::open(&cli.ledger)?.snapshot()?;
    let options = BackupOptions { public_keys: public_keys(&cli.ledger)?, medium: None };
    let done = backup(&snapshot, &arguments.dir, &options).map_err(Failure::input)?;
    let report = Report {
        backup: arguments.dir.display().to_string(),
        position: done.position.number(),
        root: hex::encode(done.root),
        from: done.from.number(),
        records: done.records,
        quarantined: done.quarantined,
        checkpoints: done.checkpoints,
        bytes: done.bytes,
    };
    let head = [
        ("backup", report.backup.clone()),
        ("position", report.position.to_string()),
        ("root", report.root.clone()),
        (
            "added",
            format!(
                "{} records and {} quarantine entries since position {}, in {} bytes",
                report.records, report.quarantined, report.from, report.bytes
            ),
        ),
        ("checkpoints", report.checkpoints.to_string()),
    ];
    output::print(arguments.format.format, &report, &head, &[])
}

/// The public keys beside the ledger; none where nobody signed yet.
fn public_keys(ledger: &Path) -> Result<Option<Vec<u8>>, Failure> {
    let path = ledger.join(PUBLIC_KEYS_FILE);
    match std::fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::Input(format!("{}: {error}", path.display()))),
    }
}
