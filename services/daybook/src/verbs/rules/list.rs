//! `daybook rules list`: the versions at hand and those adopted in the ledger.

use crate::books::Books;
use crate::cli::{Cli, Format, NatsArguments, RulesListArguments};
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::serve::config::ActConfig;
use crate::window::{self, Known};
use daybook_event::Position;
use daybook_rules::{RuleLibrary, Version};
use serde::Serialize;

/// A version as the list shows it.
#[derive(Serialize)]
struct Line {
    version: String,
    valid_from: String,
    published: String,
    extends: String,
    title: String,
    changes: Vec<String>,
    file: String,
    file_sha256: String,
    document_hash: String,
    terms_hash: String,
    /// The position of the adoption; none where it is not adopted.
    adopted_position: Option<u64>,
    /// Its event: what `rules adopt --reverse` takes.
    adopted_event: String,
    adopted_at: String,
    adopted_by: String,
    approver: String,
    adoption_reason: String,
    /// The adopted file among the rules at hand: `same`, `differs` (the adopted bytes count) or `missing`; empty where it is
    /// not adopted.
    at_hand: &'static str,
}

/// An adoption that is not as it should be.
#[derive(Serialize)]
struct FindingLine {
    position: u64,
    event: String,
    what: String,
}

pub(super) fn run(cli: &Cli, arguments: &RulesListArguments) -> Result<(), Failure> {
    let (config, format) = (ActConfig::of(cli, &NatsArguments::default(), &arguments.four_eyes)?, &arguments.format);
    let known = window::known_if_any(&config.ledger, None)?;
    let books = Books::known_if_any(config.rules.as_deref(), &known)?;
    let at_hand = books.library_at_hand()?;
    let mut lines = Vec::new();
    for version in books.adopted().library().map(RuleLibrary::versions).unwrap_or_default() {
        lines.push(adopted_line(&books, &known, at_hand, version)?);
    }
    for version in at_hand.versions() {
        if !lines.iter().any(|line| line.version == version.set.version) {
            lines.push(line(version));
        }
    }
    lines.sort_by(|a, b| (&a.valid_from, &a.version).cmp(&(&b.valid_from, &b.version)));
    let finding = |finding: &daybook_rules::AdoptionFinding| FindingLine {
        position: finding.position.number(),
        event: finding.id.to_string(),
        what: finding.what.clone(),
    };
    let findings: Vec<FindingLine> = books.findings(config.four_eyes).iter().map(finding).collect();
    // Where there is none, the list says why, and which adoption is to be reversed.
    let current = books.book("current").map_or_else(|why| why.to_string(), |named| named.note);
    let head = [("rule book", current)];
    let mut sections = vec![Section::new("versions", &lines)?];
    if format.format == Format::Table {
        // Hashes are for programs: a table shows what people read.
        for row in sections[0].rows.iter_mut().filter_map(serde_json::Value::as_object_mut) {
            row.retain(|key, _| !matches!(key.as_str(), "file_sha256" | "document_hash" | "adoption_reason"));
        }
        sections.push(Section::new("findings", &findings)?);
    } else {
        // The document is the list of versions; what is odd about adoptions must not be lost beside it.
        for finding in &findings {
            eprintln!("daybook: the adoption at {}, {}, {}", finding.position, finding.event, finding.what);
        }
    }
    output::print(format.format, &lines, &head, &sections)
}

fn line(version: &Version) -> Line {
    Line {
        version: version.set.version.clone(),
        valid_from: version.set.valid_from.to_string(),
        published: version.set.published.map(|date| date.to_string()).unwrap_or_default(),
        extends: version.extends.clone().unwrap_or_default(),
        title: version.set.title.clone(),
        changes: version.changes.iter().map(|change| change.id.clone()).collect(),
        file: version.file.clone(),
        file_sha256: version.set.hashes.file_sha256.clone(),
        document_hash: version.set.hashes.document_hash.clone(),
        terms_hash: version.set.hashes.terms_hash.clone(),
        adopted_position: None,
        adopted_event: String::new(),
        adopted_at: String::new(),
        adopted_by: String::new(),
        approver: String::new(),
        adoption_reason: String::new(),
        at_hand: "",
    }
}

/// A version with the act that adopted it, and whether the rules at hand still say the same.
fn adopted_line(
    books: &Books,
    known: &Result<Known, String>,
    at_hand: &RuleLibrary,
    version: &Version,
) -> Result<Line, Failure> {
    let position = books.adopted().file(&version.file).map_or(Position::ZERO, |file| file.position);
    let recorded_at = match known {
        Ok(known) => known.snapshot.record(position)?.map(|record| record.recorded_at.to_string()),
        Err(_) => None,
    };
    let same = |known: &Version| known.set.hashes.file_sha256 == version.set.hashes.file_sha256;
    let adoption = books.adoptions().recorded(position).find(|adoption| adoption.position == position);
    let act = adoption.map(|adoption| &adoption.act);
    let said = |text: Option<&String>| text.cloned().unwrap_or_default();
    Ok(Line {
        adopted_position: Some(position.number()),
        adopted_event: adoption.map(|adoption| adoption.id.to_string()).unwrap_or_default(),
        adopted_at: recorded_at.unwrap_or_default(),
        adopted_by: said(act.map(|act| &act.adopted_by)),
        approver: said(act.map(|act| &act.approver)),
        adoption_reason: said(act.map(|act| &act.reason)),
        at_hand: match at_hand.version(&version.set.version) {
            Some(known) if same(known) => "same",
            Some(_) => "differs",
            None => "missing",
        },
        ..line(version)
    })
}
