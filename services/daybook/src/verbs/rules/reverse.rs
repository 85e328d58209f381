//! `daybook rules adopt --reverse`: an adoption is taken back, as a record in the ledger.

use super::act as rules_act;
use crate::books::Books;
use crate::cli::{Format, FormatArgument};
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::serve::config::ActConfig;
use crate::verbs::act::{self, Signatures};
use crate::window;
use daybook_event::{EventId, Payload, Position, Reversal};
use serde::Serialize;

/// What became of it.
#[derive(Serialize)]
struct Report {
    /// `reversed`, or `duplicate`: it was reversed already.
    outcome: &'static str,
    /// The record; empty where there was nothing to record.
    event: String,
    position: Option<u64>,
    /// The adoption that is taken back, and where it stands.
    reverses: String,
    adopted_position: u64,
    /// What `current` is afterwards, or why it is none.
    rule_book: String,
    reversed_by: String,
    approver: String,
    reason: String,
}

pub(super) fn run(
    config: &ActConfig,
    named: &str,
    signatures: Signatures,
    format: &FormatArgument,
) -> Result<(), Failure> {
    let known = window::known(&config.ledger, None)?;
    let newest = known.snapshot.head().recorded_at;
    let books = Books::known(config.rules.as_deref(), &known)?;
    // The door may have to open the ledger for writing.
    drop(known);
    let event_id = EventId::parse(named.strip_prefix("ledger/").unwrap_or(named)).map_err(Failure::input)?;
    let end = Position::new(u64::MAX);
    let Some(adoption) = books.adoptions().recorded(end).find(|adoption| adoption.id.event_id == event_id) else {
        return Err(Failure::Input(format!("no adoption {named} is in this ledger: daybook rules list names them")));
    };
    let mut report = Report {
        outcome: "duplicate",
        event: String::new(),
        position: None,
        reverses: adoption.id.to_string(),
        adopted_position: adoption.position.number(),
        rule_book: String::new(),
        reversed_by: signatures.by.clone(),
        approver: signatures.approver.clone(),
        reason: signatures.reason.clone(),
    };
    if books.adoptions().standing(end).any(|standing| standing.id == adoption.id) {
        let reversal = Payload::Reversal(Reversal { reverses: event_id, reason: signed(&signatures) });
        let envelope = rules_act::envelope("reverse", newest, books.adoptions(), reversal)?;
        let (is_new, position) = act::record(config, &envelope)?;
        (report.event, report.position) = (envelope.id.to_string(), position);
        report.outcome = if is_new { "reversed" } else { "duplicate" };
    }
    let after = Books::known(config.rules.as_deref(), &window::known(&config.ledger, None)?)?;
    report.rule_book = after.book("current").map_or_else(|why| why.to_string(), |named| named.note);
    let head = head(&report);
    let rows = [Section::new("reversal", std::slice::from_ref(&report))?];
    let sections: &[Section] = if format.format == Format::Csv { &rows } else { &[] };
    output::print(format.format, &report, &head, sections)
}

/// A reversal has one text: the signatures stand in it.
fn signed(signatures: &Signatures) -> String {
    let Signatures { by, approver, reason } = signatures;
    if approver.is_empty() {
        format!("{reason} (reversed by {by})")
    } else {
        format!("{reason} (reversed by {by}, approved by {approver})")
    }
}

fn head(report: &Report) -> Vec<(&'static str, String)> {
    let outcome = match report.position {
        Some(position) => format!("{}, record {position}, {}", report.outcome, report.event),
        None => "duplicate: it was reversed already".to_owned(),
    };
    let mut head = vec![
        ("outcome", outcome),
        ("reverses", format!("{}, record {}", report.reverses, report.adopted_position)),
        ("rule book", report.rule_book.clone()),
        ("by", report.reversed_by.clone()),
    ];
    if !report.approver.is_empty() {
        head.push(("approver", report.approver.clone()));
    }
    head.push(("reason", report.reason.clone()));
    head
}
