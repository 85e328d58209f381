//! `daybook verify` on the folder of a backup.

use super::checkpoints::{NONE_WITNESSED, Trust, finding, place};
use super::signatures::{NONE_SIGNED, Signatures, line, line_keyless, order};
use super::{Finding, kept};
use crate::cli::{Cli, VerifyArguments};
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::signing::{Stored, published_in_backup};
use daybook_proof::{Checkpoint, VerifierKey};
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
    /// Whose key the checkpoints were held against.
    signatures: String,
    /// The checkpoint kept elsewhere that the backup was held against.
    #[serde(skip_serializing_if = "String::is_empty")]
    against: String,
    findings: Vec<Finding>,
}

/// Verifies the backup in the folder of `--ledger`.
pub(super) fn run(cli: &Cli, arguments: &VerifyArguments, trust: &Trust) -> Result<(), Failure> {
    only_of_ledgers(arguments)?;
    let backup = Backup::open(&cli.ledger, None).map_err(Failure::input)?;
    let marks = backup.marks();
    let Some(last) = marks.last() else { return Ok(()) };
    let mut report = Report {
        backup: cli.ledger.display().to_string(),
        ledger_id: backup.ledger_id().to_owned(),
        runs: marks.len() as u64,
        position: last.position.number(),
        root: last.root.clone(),
        quarantined: last.quarantined,
        checkpoints: last.checkpoints,
        signatures: String::new(),
        against: String::new(),
        findings: Vec::new(),
    };
    verify(&backup, arguments, trust, &mut report)?;
    print(&report, arguments)?;
    match report.findings.len() {
        0 => Ok(()),
        count => Err(Failure::Check(format!("verify found {count} faults in the backup {}", report.backup))),
    }
}

/// What a backup cannot be asked is refused: nobody shall think that it was looked at.
fn only_of_ledgers(arguments: &VerifyArguments) -> Result<(), Failure> {
    let asked = [("--month", arguments.month.is_some()), ("--complete", arguments.complete)];
    match asked.iter().find(|(_, is_asked)| *is_asked) {
        Some((flag, _)) => Err(Failure::Input(format!(
            "{flag} is for ledgers, and this is a backup: restore it beside with daybook restore, and verify that"
        ))),
        None => Ok(()),
    }
}

/// The rows, the signatures, and the checkpoint kept elsewhere.
fn verify(backup: &Backup, arguments: &VerifyArguments, trust: &Trust, report: &mut Report) -> Result<(), Failure> {
    let is_own = trust.keys.is_empty();
    let keys = if is_own { published_in_backup(backup)? } else { trust.keys.clone() };
    let mut differing = Vec::new();
    let kept = match &arguments.against {
        Some(path) => kept::read(path, &keys, &mut differing)?.map(|kept| (path, kept)),
        None => None,
    };
    let of_note = kept.as_ref().map(|(_, kept)| kept);
    let (found, different) = backup.verify_against(of_note, daybook_intake::identify);
    let code = |found: daybook_store::Finding| finding(&found.code.to_string(), &found.place, found.what);
    report.findings.extend(found.into_iter().map(code));
    if arguments.against.is_some() {
        kept::NOT_HELD.clone_into(&mut report.against);
    }
    if let Some((path, kept)) = &kept {
        let different = kept::missing(kept, report.position).map_or(different, |what| vec![what]);
        differing.extend(different.into_iter().map(|what| kept::finding(path, what)));
        report.against = kept::line(kept);
    }
    checkpoints(backup, keys, is_own, trust, report);
    report.findings.append(&mut differing);
    Ok(())
}

/// The signatures of the checkpoints, which the rows are held against elsewhere.
fn checkpoints(backup: &Backup, keys: Vec<VerifierKey>, is_own: bool, trust: &Trust, report: &mut Report) {
    let whose = if is_own { "key taken from the backup itself" } else { "keys as given" };
    let has_keys = !keys.is_empty();
    let (mut signatures, mut before, mut last) = (Signatures::new(keys), None::<Checkpoint>, None);
    // Whatever cannot be read is among the findings of the rows.
    for row in backup.checkpoints().unwrap_or_default() {
        let Ok(stored) = Stored::read(&row) else { continue };
        let place = place(row.number);
        let wrong = signatures.check(&stored).into_iter().map(|what| finding("CHECKPOINT_SIGNATURE", &place, what));
        report.findings.extend(wrong);
        let disorder = before.as_ref().and_then(|before| order(before, &stored.checkpoint));
        report.findings.extend(disorder.map(|what| finding("CHECKPOINT_ORDER", &place, what)));
        before = Some(stored.checkpoint);
        last = Some((place, stored.note));
    }
    let size = before.map_or(0, |last| last.size);
    report.signatures = match (&last, has_keys) {
        (None, _) => "none: nothing is signed".to_owned(),
        (_, false) => line_keyless(report.checkpoints, size),
        (_, true) => line(report.checkpoints, size, signatures.verified, whose),
    };
    let unsigned = match &last {
        // Who names a key wants to know that it signed this.
        None => !is_own,
        Some(_) => has_keys && signatures.verified == 0,
    };
    if unsigned {
        report.findings.push(finding("CHECKPOINT_SIGNATURE", "the checkpoints", NONE_SIGNED));
    }
    let few = match &last {
        None => (trust.witnesses_min > 0).then(|| finding("WITNESSES", "the checkpoints", NONE_WITNESSED)),
        Some((place, note)) => trust.too_few(note).map(|why| finding("WITNESSES", place, why)),
    };
    report.findings.extend(few);
}

fn print(report: &Report, arguments: &VerifyArguments) -> Result<(), Failure> {
    let verdict = if report.findings.is_empty() { "whole: every check passed" } else { "NOT whole" };
    let mut head = vec![
        ("backup", report.backup.clone()),
        ("ledger id", report.ledger_id.clone()),
        ("position", report.position.to_string()),
        ("root", report.root.clone()),
        (
            "holds",
            format!("{} runs, {} quarantined, {} checkpoints", report.runs, report.quarantined, report.checkpoints),
        ),
        ("checkpoints", report.signatures.clone()),
    ];
    if !report.against.is_empty() {
        head.push(("held against", report.against.clone()));
    }
    head.push(("verdict", verdict.to_owned()));
    output::print(arguments.format.format, report, &head, &[Section::new("findings", &report.findings)?])
}
