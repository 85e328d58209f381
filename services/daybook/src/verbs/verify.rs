//! `daybook verify`: the whole tree from stored bytes, and the views from records. Offline.

mod backup;
mod checkpoints;
mod closings;
mod columns;
mod evidence;
mod file;
mod kept;
mod recompute;
mod signatures;
mod sources;

use crate::books::{self, Books, RulesAtHand};
use crate::cli::{Cli, ClosedMonths, Format, NatsArguments, VerifyArguments};
use crate::closed::Terms;
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::serve::config::ActConfig;
use crate::shards::{Folding, MEMORY_BYTES_MAX, fold, threads_of_machine};
use crate::signing::{keys_given, published};
use crate::window::{self, Known};
pub(crate) use checkpoints::Trust;
use daybook_projector::{ProjectError, Views};
use daybook_replay::CompletenessFinding;
use daybook_store::{Backup, DERIVED_FILE, DerivedOptions, DerivedReader, LedgerReader, Snapshot};
use serde::Serialize;
use std::path::Path;

/// What verify says.
#[derive(Serialize)]
pub(crate) struct Report {
    pub(crate) ledger: String,
    pub(crate) position: u64,
    pub(crate) root: String,
    pub(crate) root_recomputed: String,
    pub(crate) records: u64,
    pub(crate) segments: u64,
    pub(crate) quarantined: u64,
    /// Which months are closed, and what of them was held against the records.
    pub(crate) closed: String,
    /// The signed checkpoints, and whose key they were held against.
    pub(crate) checkpoints: String,
    /// The checkpoint kept elsewhere that the ledger was held against.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) against: String,
    /// What was held against the views, or why nothing was.
    pub(crate) views: String,
    /// What was held against the column files, or why nothing was.
    pub(crate) columns: String,
    /// What was looked for of each source.
    pub(crate) sources: String,
    pub(crate) findings: Vec<Finding>,
    /// What did not reach the ledger, or not as its source says: no damage, so that it fails only if asked to.
    pub(crate) missing: Vec<CompletenessFinding>,
}

/// One thing that is wrong.
#[derive(Serialize)]
pub(crate) struct Finding {
    code: String,
    place: String,
    what: String,
}

pub(crate) fn run(cli: &Cli, arguments: &VerifyArguments) -> Result<(), Failure> {
    let trust = trust(arguments)?;
    if let Some(path) = &arguments.file {
        return file::run(cli, arguments, &trust, path);
    }
    if Backup::is_in(&cli.ledger) {
        return backup::run(cli, arguments, &trust);
    }
    let config = ActConfig::of(cli, &NatsArguments::default(), &arguments.four_eyes)?;
    let mut report = verify(&config, arguments.ledger_only, arguments.month, &trust)?;
    if let Some(note) = &arguments.against {
        report.against = against(&config, note, &trust, &mut report.findings)?;
    }
    let head = head(&report);
    let findings = Section::new("findings", &report.findings)?;
    let sections = match arguments.format.format {
        Format::Csv => vec![findings],
        Format::Table | Format::Json => vec![findings, Section::new("missing", &report.missing)?],
    };
    output::print(arguments.format.format, &report, &head, &sections)?;
    match report.findings.len() {
        0 if arguments.complete && !report.missing.is_empty() => {
            Err(Failure::Check(format!("verify found nothing damaged, and {} things missing", report.missing.len())))
        }
        0 => Ok(()),
        count => Err(Failure::Check(format!("verify found {count} faults in {}", report.ledger))),
    }
}

/// Whom the reader trusts, as the arguments say.
fn trust(arguments: &VerifyArguments) -> Result<Trust, Failure> {
    let (keys, witnesses) = (keys_given(&arguments.key)?, keys_given(&arguments.witness)?);
    let witnesses_min = arguments.witnesses_min.unwrap_or(witnesses.len());
    Ok(Trust { keys, witnesses, witnesses_min })
}

/// Holds the ledger against a checkpoint that was kept elsewhere.
fn against(config: &ActConfig, note: &Path, trust: &Trust, findings: &mut Vec<Finding>) -> Result<String, Failure> {
    let keys = if trust.keys.is_empty() { published(&config.ledger)? } else { trust.keys.clone() };
    Ok(match kept::read(note, &keys, findings)? {
        Some(kept) => checkpoints::against(&window::open(&config.ledger)?.snapshot()?, note, &kept, findings)?,
        None => kept::NOT_HELD.to_owned(),
    })
}

/// The report's lines. Shared with the demo.
pub(crate) fn head(report: &Report) -> Vec<(&'static str, String)> {
    let verdict = if report.findings.is_empty() { "whole: every check passed" } else { "NOT whole" };
    let mut head = vec![
        ("ledger", report.ledger.clone()),
        ("position", report.position.to_string()),
        ("root", report.root.clone()),
        ("recomputed", report.root_recomputed.clone()),
        (
            "read",
            format!(
                "{} records in {} segments and unsealed, {} quarantined",
                report.records, report.segments, report.quarantined
            ),
        ),
        ("closed", report.closed.clone()),
        ("checkpoints", report.checkpoints.clone()),
    ];
    if !report.against.is_empty() {
        head.push(("held against", report.against.clone()));
    }
    head.push(("views", report.views.clone()));
    head.push(("columns", report.columns.clone()));
    head.push(("sources", report.sources.clone()));
    head.push(("verdict", verdict.to_owned()));
    head
}

/// Verifies a ledger. Shared with the demo.
pub(crate) fn verify(
    config: &ActConfig,
    ledger_only: bool,
    month: Option<ClosedMonths>,
    trust: &Trust,
) -> Result<Report, Failure> {
    let ledger = config.ledger.as_path();
    let reader = window::open(ledger)?;
    let snapshot = reader.snapshot()?;
    let checked = reader.verify(daybook_intake::identify);
    let mut report = Report {
        ledger: ledger.display().to_string(),
        position: snapshot.head().position.number(),
        root: hex::encode(snapshot.head().root),
        root_recomputed: checked.root_recomputed.map(hex::encode).unwrap_or_else(|| "not possible".to_owned()),
        records: checked.records,
        segments: checked.segments,
        quarantined: snapshot.counts().quarantined,
        closed: String::new(),
        checkpoints: String::new(),
        against: String::new(),
        views: String::new(),
        columns: String::new(),
        sources: String::new(),
        findings: Vec::new(),
        missing: Vec::new(),
    };
    for finding in &checked.findings {
        let (code, place, what) = (finding.code.to_string(), finding.place.clone(), finding.what.clone());
        report.findings.push(Finding { code, place, what });
    }
    let books = if checked.is_whole() { Some(books_of(config, &snapshot, &mut report.findings)?) } else { None };
    report.closed = match &books {
        Some(books) => {
            let closed = closings::Closed { snapshot: &snapshot, books, is_four_eyes: config.four_eyes };
            closed.verify(month, &mut report.findings)?
        }
        None => "not looked at: the records are damaged".to_owned(),
    };
    if books.is_none() {
        "not looked at: the records are damaged".clone_into(&mut report.sources);
    } else if ledger_only {
        "not asked for".clone_into(&mut report.sources);
    } else {
        sources::verify(&snapshot, &mut report)?;
    }
    report.checkpoints = checkpoints::verify(&snapshot, ledger, trust, &mut report.findings)?;
    report.columns = if ledger_only {
        "not asked for".to_owned()
    } else if books.is_some() {
        columns::verify(ledger, &snapshot, &mut report.findings)?
    } else {
        "not held against damaged records".to_owned()
    };
    report.views = if ledger_only {
        "not asked for".to_owned()
    } else if let Some(books) = books {
        verify_views(ledger, &reader, &books, &mut report.findings)?
    } else {
        "not held against damaged records".to_owned()
    };
    Ok(report)
}

/// What is adopted at the head, and whatever is odd about it.
fn books_of(config: &ActConfig, snapshot: &Snapshot, findings: &mut Vec<Finding>) -> Result<Books, Failure> {
    let position = snapshot.head().position;
    // From the records alone: the derived file is among what is verified.
    let adoptions = books::adoptions_recorded(snapshot, position)?;
    let books = Books::of(RulesAtHand::new(config.rules.as_deref()), &adoptions, position);
    for finding in books.findings(config.four_eyes) {
        let place = format!("record {}, {}", finding.position, finding.id);
        let what = format!(
            "the adoption {}; reversing it clears this: daybook rules adopt --reverse {}",
            finding.what, finding.id.event_id
        );
        findings.push(Finding { code: "ADOPTION".to_owned(), place, what });
    }
    Ok(books)
}

/// Holds the live views against a replay of the records under the same coordinates.
fn verify_views(
    ledger: &Path,
    reader: &LedgerReader,
    books: &Books,
    findings: &mut Vec<Finding>,
) -> Result<String, Failure> {
    if !ledger.join(DERIVED_FILE).exists() {
        return Ok("none: daybook serve makes them".to_owned());
    }
    let mut finding = |what: String| {
        findings.push(Finding { code: "VIEWS".to_owned(), place: DERIVED_FILE.to_owned(), what });
        "differ".to_owned()
    };
    let views = match live_views(ledger) {
        Ok(Some(views)) => views,
        Ok(None) => return Ok("none yet".to_owned()),
        // After an update, until serve has run: nothing is wrong with the file.
        Err(other @ ProjectError::OtherShape { .. }) => return Ok(other.to_string()),
        Err(why) => return Ok(finding(format!("{why}; delete the file, it comes back the same"))),
    };
    let checkpoint = views.checkpoint().clone();
    let Some(book) = books.of_checkpoint(&checkpoint)? else {
        return Ok(format!(
            "made under the rule book {}, which is neither adopted nor among these rules: give it with --rules",
            checkpoint.terms_hash
        ));
    };
    let known = Known { dir: ledger.to_owned(), snapshot: reader.snapshot()?, position: checkpoint.position };
    let through = Some(checkpoint.through);
    // What true-ups are split by is what was adopted where the views are.
    let books = books.at(checkpoint.position);
    let keeps = checkpoint.closed.is_some();
    let terms = if keeps { Terms::current(&book, &books) } else { Terms::keeping_nothing(&book) };
    let folding = Folding { terms, through, threads: threads_of_machine(), memory_max: MEMORY_BYTES_MAX };
    let expected = fold(&known, &folding, |_, _| Ok(()))?.digest;
    let (actual, kept) = match views.digest().and_then(|actual| Ok((actual, views.digest_kept()?))) {
        Ok(digests) => digests,
        Err(error) => return Ok(finding(format!("{error}; delete the file, it comes back the same"))),
    };
    if kept != actual {
        return Ok(finding(format!(
            "the digest kept of its rows is {kept}, that of the rows {actual}; delete the file, it comes back"
        )));
    }
    if actual == expected {
        return Ok(format!(
            "equal a replay at position {} through {}: {actual}",
            checkpoint.position, checkpoint.through
        ));
    }
    Ok(finding(format!(
        "digest {actual}, but a replay of the records gives {expected}; delete the file, it comes back"
    )))
}

fn live_views(ledger: &Path) -> Result<Option<Views>, ProjectError> {
    let derived = DerivedReader::open(ledger, &DerivedOptions::default())?;
    Views::newest(&derived)
}
