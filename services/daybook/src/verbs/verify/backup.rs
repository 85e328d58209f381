//! `daybook verify` on the folder of a backup.

use super::Finding;
use crate::cli::{Cli, VerifyArguments};
use crate::failure::Failure;
use crate::output::{self, Section};
use daybook_store::Backup;
use serde::Serialize;

/// What verify says of a backup.
#[derive(Serialize)]
struct Report {
    backup: String,
    ledger_id: String,
    runs: u64,
    position: u64,
    root: String,
    quarantined: u64,
    checkpoints: u64,
    findings: Vec<Finding>,
}

/// Verifies the backup in the folder of `--ledger`.
pub(super) fn run(cli: &Cli, arguments: &VerifyArguments) -> Result<(), Failure> {
    let backup = Backup::open(&cli.ledger, None).map_err(Failure::input)?;
    let marks = backup.marks();
    let Some(last) = marks.last() else { return Ok(()) };
    let findings = backup.verify(daybook_intake::identify);
    let report = Report {
        backup: cli.ledger.display().to_string(),
        ledger_id: backup.ledger_id().to_owned(),
        runs: marks.len() as u64,
        position: last.position.number(),
        root: last.root.clone(),
        quarantined: last.quarantined,
        checkpoints: last.checkpoints,
        findings: findings
            .into_iter()
            .map(|found| Finding { code: found.code.to_string(), place: found.place, what: found.what })
            .collect(),
    };
    let verdict = if report.findings.is_empty() { "whole: every check passed" } else { "NOT whole" };
    let head = [
        ("backup", report.backup.clone()),
        ("ledger id", report.ledger_id.clone()),
        ("position", report.position.to_string()),
        ("root", report.root.clone()),
        (
            "holds",
            format!("{} runs, {} quarantined, {} checkpoints", report.runs, report.quarantined, report.checkpoints),
        ),
        ("verdict", verdict.to_owned()),
    ];
    output::print(arguments.format.format, &report, &head, &[Section::new("findings", &report.findings)?])?;
    match report.findings.len() {
        0 => Ok(()),
        count => Err(Failure::Check(format!("verify found {count} faults in the backup {}", report.backup))),
    }
}
