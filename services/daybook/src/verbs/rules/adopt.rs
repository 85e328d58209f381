//! `daybook rules adopt`: versions become the ones in force, as a record in the ledger.

use crate::books::{self, Books};
use crate::cli::{Cli, Format, RulesAdoptArguments};
use crate::failure::Failure;
use crate::import::{Part, door_open, now};
use crate::output::{self, Section};
use crate::serve::config::ActConfig;
use crate::window;
use daybook_event::{Envelope, EventId, EventRef, Instant, Payload, Position, RuleBookAdopted, RuleFile, SourceId};
use daybook_intake::classify_envelope;
use daybook_intake::import::Outcome;
use daybook_proto::ENVELOPE_BYTES_MAX;
use daybook_rules::{AdoptionError, AdoptionPlan, Adoptions, RuleLibrary, WantedVersions, adoption_plan, sha256_hex};
use daybook_store::Origin;
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

/// Who does it, who approves, and why.
struct Signatures {
    by: String,
    approver: String,
    reason: String,
}

pub(super) fn run(cli: &Cli, arguments: &RulesAdoptArguments) -> Result<(), Failure> {
    let config = ActConfig::of(cli, arguments.config.as_deref(), &arguments.nats, arguments.four_eyes)?;
    let signatures = signatures(arguments, config.four_eyes)?;
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
        let envelope = envelope(newest, books.adoptions(), &plan, signatures)?;
        let (outcome, position) = record(&config, &envelope)?;
        (report.outcome, report.event, report.position) = (outcome, envelope.id.to_string(), position);
    }
    let head = head(&report, &books);
    let sections = [Section::new("files", &report.files)?];
    let sections: &[Section] = if arguments.format.format == Format::Json { &[] } else { &sections };
    output::print(arguments.format.format, &report, &head, sections)
}

/// Who signs. Names are compared as people read them: without regard to case and blanks around them.
fn signatures(arguments: &RulesAdoptArguments, four_eyes: bool) -> Result<Signatures, Failure> {
    let signatures = Signatures {
        by: arguments.by.trim().to_owned(),
        approver: arguments.approver.as_deref().unwrap_or_default().trim().to_owned(),
        reason: arguments.reason.trim().to_owned(),
    };
    for (flag, text) in [("--by", &signatures.by), ("--reason", &signatures.reason)] {
        if text.is_empty() {
            return Err(Failure::Input(format!("{flag} is empty: an adoption says who adopts, and why")));
        }
    }
    if !four_eyes {
        return Ok(signatures);
    }
    if signatures.approver.is_empty() {
        return Err(Failure::Input("four eyes are required: name who approves with --approver".to_owned()));
    }
    if signatures.approver.to_lowercase() == signatures.by.to_lowercase() {
        return Err(Failure::Input(format!(
            "four eyes are required: {} adopts and cannot approve too, name somebody else with --approver",
            signatures.by
        )));
    }
    Ok(signatures)
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

/// The event. Its id follows from what it says and from how many adoptions and reversals there are: the same act by two
/// hands at once is one record, and an act that was reversed can be done again.
fn envelope(
    newest: Instant,
    adoptions: &Adoptions,
    plan: &AdoptionPlan,
    signatures: Signatures,
) -> Result<Envelope, Failure> {
    let terms_hash = plan.book.as_ref().map(|book| book.terms_hash.clone()).unwrap_or_default();
    let act = RuleBookAdopted {
        files: plan.files.clone(),
        terms_hash,
        adopted_by: signatures.by,
        approver: signatures.approver,
        reason: signatures.reason,
    };
    let number = adoptions.count() + 1;
    let id = |event_id: &str| -> Result<EventRef, Failure> {
        let source = SourceId::parse(SourceId::LEDGER).map_err(Failure::input)?;
        Ok(EventRef { source, event_id: EventId::parse(event_id).map_err(Failure::input)? })
    };
    let mut envelope = Envelope {
        id: id(&format!("adopt-{number}"))?,
        partner_id: None,
        effective_on: now().max(newest).date_utc(),
        seq: 0,
        source_seq: None,
        payload: Payload::RuleBookAdopted(act),
    };
    let digest = hex::encode(daybook_proto::content_hash(&envelope));
    envelope.id = id(&format!("adopt-{number}-{}", digest.get(..16).unwrap_or_default()))?;
    let bytes = daybook_proto::encode(&envelope);
    if bytes.len() > ENVELOPE_BYTES_MAX {
        return Err(Failure::Input(format!(
            "the adoption has {} bytes, an event at most {ENVELOPE_BYTES_MAX}: adopt fewer versions at once",
            bytes.len()
        )));
    }
    // What intake would quarantine is refused here, where somebody reads why.
    daybook_proto::decode(&bytes).map_err(Failure::input)
}

/// Through the ledger's door; what became of it there.
fn record(config: &ActConfig, envelope: &Envelope) -> Result<(&'static str, Option<u64>), Failure> {
    let mut door = door_open(&config.ledger, &config.nats)?;
    let mut settled = door.push(classify_envelope(envelope, now(), Origin::default()), Part::line(None))?;
    settled.extend(door.finish()?);
    let outcome = match settled.into_iter().next().map(|one| one.outcome) {
        Some(Outcome::Appended | Outcome::Superseding) => "adopted",
        Some(Outcome::Duplicate) => "duplicate",
        Some(Outcome::Quarantined(reason)) => {
            return Err(Failure::Input(format!(
                "{} is in quarantine ({reason}), so nothing is adopted: see daybook quarantine list",
                envelope.id
            )));
        }
        None => return Err(Failure::Input("the ledger did not say what became of the adoption".to_owned())),
    };
    let position = window::open(&config.ledger)?.position_of(&envelope.id)?;
    Ok((outcome, position.map(|(position, _)| position.number())))
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
