//! `daybook quarantine retry` and `dismiss`: decisions as records, and what they did.

use super::plan::{Planned, plan};
use crate::cli::{Cli, DecideArguments, Format};
use crate::failure::Failure;
use crate::import::now;
use crate::output::{self, Section};
use crate::serve::config::ActConfig;
use crate::verbs::act::{self, Signatures, act_id};
use crate::{waiting, window};
use daybook_event::{Envelope, Instant, Payload, Position, QuarantineDecision, QuarantineVerdict};
use daybook_store::{EntryState, Verdict};
use serde::Serialize;

/// What became of it.
#[derive(Serialize)]
struct Report {
    /// `decided`, `nothing_to_decide` or `dry_run`.
    outcome: &'static str,
    verdict: &'static str,
    entries: Vec<Line>,
    decided_by: String,
    approver: String,
    reason: String,
}

/// One entry.
#[derive(Serialize)]
struct Line {
    entry: u64,
    reason: String,
    /// What the decision would do, or why there is none.
    expected: String,
    /// The decision; empty where there is none.
    event: String,
    /// What became of the entry; empty in a dry run, and where nothing was decided.
    state: String,
}

pub(super) fn run(cli: &Cli, arguments: &DecideArguments, verdict: Verdict) -> Result<(), Failure> {
    let config = ActConfig::of(cli, &arguments.nats, &arguments.four_eyes)?;
    let signatures = Signatures::of(&arguments.signatures, config.four_eyes)?;
    let snapshot = window::open(&config.ledger)?.snapshot()?;
    let planned = plan(&snapshot, arguments, verdict)?;
    let head = snapshot.head();
    // The door may have to open the ledger for writing.
    drop(snapshot);
    if let Some(refused) = planned.iter().find(|planned| !arguments.all && planned.effect.is_err()) {
        let why = refused.effect.as_ref().err().map_or("", String::as_str);
        return Err(Failure::Input(format!(
            "nothing is decided about the quarantine entry {}: {why}",
            refused.entry.entry
        )));
    }
    let mut report = Report {
        outcome: "dry_run",
        verdict: name(verdict),
        entries: planned.iter().map(Line::of).collect(),
        decided_by: signatures.by.clone(),
        approver: signatures.approver.clone(),
        reason: signatures.reason.clone(),
    };
    if !arguments.dry_run {
        let decisions = decisions(&planned, verdict, &signatures, (head.position, head.recorded_at))?;
        report.outcome = if decisions.is_empty() { "nothing_to_decide" } else { "decided" };
        record(&config, &decisions)?;
        told(&config, &decisions, &mut report)?;
    }
    print(&report, arguments.format.format)?;
    let without_effect: Vec<String> = report
        .entries
        .iter()
        .filter(|line| !line.event.is_empty() && line.state == "open")
        .map(|line| line.entry.to_string())
        .collect();
    if without_effect.is_empty() {
        return Ok(());
    }
    // Between the look and the record somebody else wrote: the ledger judged by what stands then.
    Err(Failure::Check(format!(
        "the decision stands and had no effect on {}: the ledger has changed meanwhile; look again with daybook quarantine show",
        without_effect.join(", ")
    )))
}

fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Retry => "retry",
        Verdict::Dismiss => "dismiss",
    }
}

impl Line {
    fn of(planned: &Planned) -> Self {
        let (Ok(expected) | Err(expected)) = &planned.effect;
        Self {
            entry: planned.entry.entry,
            reason: planned.entry.reason.code().to_owned(),
            expected: expected.clone(),
            event: String::new(),
            state: String::new(),
        }
    }
}

/// One event for each entry of which it makes something, with the entry.
fn decisions(
    planned: &[Planned],
    verdict: Verdict,
    signatures: &Signatures,
    (position, newest): (Position, Instant),
) -> Result<Vec<(u64, Envelope)>, Failure> {
    let decided = planned.iter().filter(|planned| planned.effect.is_ok());
    decided
        .map(|planned| {
            let entry = planned.entry.entry;
            let payload = Payload::QuarantineDecision(QuarantineDecision {
                entry,
                verdict: match verdict {
                    Verdict::Retry => QuarantineVerdict::Retry,
                    Verdict::Dismiss => QuarantineVerdict::Dismiss,
                },
                reason: signatures.reason.clone(),
                decided_by: signatures.by.clone(),
                approver: signatures.approver.clone(),
            });
            Ok((entry, envelope(entry, name(verdict), position, newest, payload)?))
        })
        .collect()
}

/// The event. Its id follows from what it says and from where the ledger stood when it was decided: the same decision by two
/// hands at once is one record, and an entry that was dismissed can be retried and dismissed again.
fn envelope(
    entry: u64,
    verdict: &str,
    position: Position,
    newest: Instant,
    payload: Payload,
) -> Result<Envelope, Failure> {
    let mut envelope = Envelope {
        id: act_id(&format!("{verdict}-{entry}-{position}"))?,
        partner_id: None,
        effective_on: now().max(newest).date_utc(),
        seq: 0,
        source_seq: None,
        payload,
    };
    let digest = hex::encode(daybook_proto::content_hash(&envelope));
    envelope.id = act_id(&format!("{verdict}-{entry}-{position}-{}", digest.get(..8).unwrap_or_default()))?;
    // What intake would quarantine is refused here, where somebody reads why.
    daybook_proto::decode(&daybook_proto::encode(&envelope)).map_err(Failure::input)
}

fn record(config: &ActConfig, decisions: &[(u64, Envelope)]) -> Result<(), Failure> {
    let Some(((_, last), before)) = decisions.split_last() else { return Ok(()) };
    act::record_after(config, before.iter().map(|(_, decision)| Ok(decision.clone())), last)?;
    Ok(())
}

/// What the decisions did, as the ledger says.
fn told(config: &ActConfig, decisions: &[(u64, Envelope)], report: &mut Report) -> Result<(), Failure> {
    let snapshot = window::open(&config.ledger)?.snapshot()?;
    for (entry, decision) in decisions {
        let state = match snapshot.quarantine_entry(*entry)? {
            Some(found) => snapshot.entry_state(&found)?,
            None => EntryState::Open,
        };
        if let Some(line) = report.entries.iter_mut().find(|line| line.entry == *entry) {
            line.event = decision.id.to_string();
            line.state = waiting::state_text(state);
        }
    }
    Ok(())
}

fn print(report: &Report, format: Format) -> Result<(), Failure> {
    let outcome = match report.outcome {
        "dry_run" => "dry run: nothing was recorded",
        "nothing_to_decide" => "nothing to decide: of no entry asked for the decision would make anything",
        done => done,
    };
    let mut head = vec![
        ("outcome", outcome.to_owned()),
        ("verdict", report.verdict.to_owned()),
        ("by", report.decided_by.clone()),
    ];
    if !report.approver.is_empty() {
        head.push(("approver", report.approver.clone()));
    }
    head.push(("reason", report.reason.clone()));
    output::print(format, report, &head, &[Section::new("entries", &report.entries)?])
}
