//! `daybook rules adopt`: versions become the ones in force, as a record in the ledger.

use super::act as rules_act;
use super::reverse;
use crate::books::{self, Books};
use crate::cli::{Cli, Format, RulesAdoptArguments};
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::serve::config::ActConfig;
use crate::verbs::act::{self, Signatures};
use crate::window;
use daybook_event::{Payload, Position, RuleBookAdopted, RuleFile};
use daybook_rules::{AdoptionError, AdoptionPlan, RuleLibrary, WantedVersions, adoption_plan, sha256_hex};
use serde::Serialize;
use std::path::Path;

/// What became of it.
#[derive(Serialize)]
struct Report {
    /// `adopted`, or `duplicate`: it stood already.
    outcome: &'static str,
    /// The record; empty where there was nothing to record.
    event: String,
    position: Option<u64>,
    /// The versions that are adopted with it.
    versions: Vec<String>,
    /// The versions asked for that were adopted before.
    standing: Vec<String>,
    files: Vec<FileLine>,
    /// The book in force afterwards.
    rule_book: String,
    adopted_by: String,
    approver: String,
    reason: String,
}

#[derive(Serialize)]
struct FileLine {
    file: String,
    sha256: String,
}

pub(super) fn run(cli: &Cli, arguments: &RulesAdoptArguments) -> Result<(), Failure> {
    let config = ActConfig::of(cli, &arguments.nats, &arguments.four_eyes)?;
    let signatures = Signatures::of(&arguments.signatures, config.four_eyes)?;
    if let Some(event) = &arguments.reverse {
        return reverse::run(&config, event, signatures, &arguments.format);
    }
    // A ledger is bound to files or to a stream for good when it is made: that is not for this verb to decide.
    let known = window::known(&config.ledger, None)?;
    let newest = known.snapshot.head().recorded_at;
    let books = Books::known(config.rules.as_deref(), &known)?;
    // The door may have to open the ledger for writing.
    drop(known);
    let plan = plan(&books, &arguments.what)?;
    let mut report = Report {
        outcome: "duplicate",
        event: String::new(),
        position: None,
        versions: plan.added.clone(),
        standing: plan.standing.clone(),
        files: file_lines(&plan),
        rule_book: plan.book.as_ref().map(|book| book.terms_hash.clone()).unwrap_or_default(),
        adopted_by: signatures.by.clone(),
        approver: signatures.approver.clone(),
        reason: signatures.reason.clone(),
    };
    if !plan.files.is_empty() {
        let envelope = rules_act::envelope("adopt", newest, books.adoptions(), payload(&plan, signatures))?;
        let (is_new, position) = act::record(&config, &envelope)?;
        report.outcome = if is_new { "adopted" } else { "duplicate" };
        (report.event, report.position) = (envelope.id.to_string(), position);
    }
    let head = head(&report, &books);
    let sections = [Section::new("files", &report.files)?];
    let sections: &[Section] = if arguments.format.format == Format::Json { &[] } else { &sections };
    output::print(arguments.format.format, &report, &head, sections)
}

/// What the act would hold. Versions are looked up in the rules at hand; files are added to these where versions are
/// named too or nothing is adopted, else to what is adopted.
fn plan(books: &Books, what: &[String]) -> Result<AdoptionPlan, Failure> {
    let is_file = |name: &&String| name.contains('/') || name.ends_with(".toml");
    let (files, mut versions): (Vec<&String>, Vec<String>) = {
        let (files, versions): (Vec<_>, Vec<_>) = what.iter().partition(is_file);
        (files, versions.into_iter().cloned().collect())
    };
    let base =
        if versions.is_empty() && !files.is_empty() { books.library_current()? } else { books.library_at_hand()? };
    let mut offered = base.clone();
    for path in files {
        let version;
        (offered, version) = with_file(books, offered, Path::new(path))?;
        versions.push(version);
    }
    let wanted = if what.is_empty() { WantedVersions::Every } else { WantedVersions::These(versions) };
    adoption_plan(books.adopted(), &offered, base.files(), &wanted).map_err(Failure::input)
}

/// The versions offered with those of a file, and the version that stands in it.
fn with_file(books: &Books, offered: RuleLibrary, path: &Path) -> Result<(RuleLibrary, String), Failure> {
    let file = books::rule_file(path)?;
    if let Some(known) = books.adopted().file(&file.name).filter(|known| known.file != file) {
        return Err(Failure::input(changed(&known.file, &file)));
    }
    let name = file.name.clone();
    let offered = if offered.files().contains(&file) {
        offered
    } else {
        offered.with_file(file).map_err(|diagnostics| books::refused(&diagnostics))?
    };
    let version = offered.versions().iter().find(|version| version.file == name);
    let version = version.map(|version| version.set.version.clone()).ok_or_else(|| {
        Failure::Input(format!("{} is no rule set: catalogue and book file go with the versions", path.display()))
    })?;
    Ok((offered, version))
}

fn changed(adopted: &RuleFile, offered: &RuleFile) -> AdoptionError {
    AdoptionError::Changed {
        name: offered.name.clone(),
        adopted: sha256_hex(&adopted.bytes),
        offered: sha256_hex(&offered.bytes),
    }
}

fn payload(plan: &AdoptionPlan, signatures: Signatures) -> Payload {
    let terms_hash = plan.book.as_ref().map(|book| book.terms_hash.clone()).unwrap_or_default();
    Payload::RuleBookAdopted(RuleBookAdopted {
        files: plan.files.clone(),
        terms_hash,
        adopted_by: signatures.by,
        approver: signatures.approver,
        reason: signatures.reason,
    })
}

fn file_lines(plan: &AdoptionPlan) -> Vec<FileLine> {
    plan.file_hashes().into_iter().map(|(file, sha256)| FileLine { file, sha256 }).collect()
}

fn head(report: &Report, books: &Books) -> Vec<(&'static str, String)> {
    let standing = |version: &String| match adopted_at(books, version) {
        Some(position) => format!("{version} at position {position}"),
        None => version.clone(),
    };
    let mut head = match report.position {
        Some(position) => vec![("outcome", format!("{}, record {position}, {}", report.outcome, report.event))],
        None => vec![("outcome", "duplicate: everything asked for is adopted already".to_owned())],
    };
    for (name, versions) in [
        ("adopted", report.versions.join(", ")),
        ("before", report.standing.iter().map(standing).collect::<Vec<_>>().join(", ")),
    ] {
        if !versions.is_empty() {
            head.push((name, versions));
        }
    }
    head.push(("rule book", report.rule_book.clone()));
    if report.position.is_none() {
        return head;
    }
    head.push(("by", report.adopted_by.clone()));
    if !report.approver.is_empty() {
        head.push(("approver", report.approver.clone()));
    }
    head.push(("reason", report.reason.clone()));
    head
}

/// Where a version was adopted.
fn adopted_at(books: &Books, version: &str) -> Option<Position> {
    let version = books.adopted().library()?.version(version)?;
    books.adopted().file(&version.file).map(|adopted| adopted.position)
}
