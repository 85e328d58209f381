//! The evidence of a statement: its records proven, and its figures computed again from them alone.
//!
//! The terms are among the records too: an adopted rule book brings its files along.

use super::checkpoints::Trust;
use super::file::Report;
use super::recompute::differences;
use crate::books::{Books, RulesAtHand};
use crate::closed::{Terms, pinned_in};
use crate::failure::Failure;
use daybook_event::{Envelope, Instant, Month, PartnerId, Position};
use daybook_proof::{EvidenceFile, ProofFileError};
use daybook_replay::HistoriesBuilder;
use daybook_rules::Adoptions;
use daybook_store::frame_record;
use daybook_views::{Closing, Closings, ENGINE_SEMANTICS, Statement};
use serde_json::Value;
use std::path::Path;

/// The records of an evidence file, decoded.
struct Records {
    partner_id: PartnerId,
    month: Month,
    all: Vec<(Position, Instant, Envelope)>,
}

pub(super) fn verify(
    report: &mut Report,
    bytes: &[u8],
    rules: Option<&Path>,
    trust: &Trust,
) -> Result<Result<(), ProofFileError>, Failure> {
    report.kind = "statement with its evidence";
    let proven = (|| {
        let file = EvidenceFile::parse(bytes)?;
        let trusted = file.verify(&trust.keys, |frame| Some(frame_record(frame)?.position.number()))?;
        report.rests_on(&trusted, &file.note, trust);
        Ok(file)
    })();
    let file = match proven {
        Ok(file) => file,
        Err(why) => return Ok(Err(why)),
    };
    report.proven.push(format!("{} records stand in the ledger", file.frames.len()));
    match records(&file) {
        Ok(records) => figures(report, &records, rules)?,
        Err(what) => report.find("RECORD", what),
    }
    Ok(Ok(()))
}

/// Decodes the records; they must be the partner's or nobody's.
fn records(file: &EvidenceFile) -> Result<Records, String> {
    let partner_id = PartnerId::parse(&file.partner).map_err(|why| why.to_string())?;
    let month = Month::parse(&file.month).ok_or_else(|| format!("{:?} is no month", file.month))?;
    let mut all = Vec::with_capacity(file.frames.len());
    for frame in &file.frames {
        let record = frame_record(frame).ok_or("a record line holds no record")?;
        let position = record.position;
        let envelope = daybook_proto::decode(record.envelope)
            .map_err(|fault| format!("record {position} holds no event: {fault}"))?;
        if envelope.partner_id.as_ref().is_some_and(|of| *of != partner_id) {
            return Err(format!("record {position} is of another partner than {partner_id}"));
        }
        all.push((position, record.recorded_at, envelope));
    }
    Ok(Records { partner_id, month, all })
}

/// Computes the pinned figures again.
fn figures(report: &mut Report, records: &Records, rules: Option<&Path>) -> Result<(), Failure> {
    let (month, partner_id) = (records.month, &records.partner_id);
    let closings = records.all.iter().filter_map(|(position, _, envelope)| Closing::of(*position, envelope));
    let closings = Closings::of(closings);
    let Some(closing) = closings.all().iter().find(|closing| closing.month == month) else {
        report.find("CLOSING", format!("no record here closes {month}"));
        return Ok(());
    };
    let pinned = records.all.iter().find_map(|(_, _, envelope)| {
        pinned_in(envelope, closing).filter(|(of, _)| of == partner_id).map(|(_, rows)| rows)
    });
    let Some(pinned) = pinned.and_then(|rows| serde_json::from_slice::<Value>(&rows).ok()) else {
        report.find("STATEMENT", format!("no record here pins a statement of {partner_id} for {month}"));
        return Ok(());
    };
    report.proven.push(format!("record {} closed {month} by {}", closing.recorded, closing.event));
    if closing.engine_semantics != ENGINE_SEMANTICS {
        let (of_closing, ours) = (closing.engine_semantics, ENGINE_SEMANTICS);
        report.find(
            "ENGINE",
            format!("it was made by engine semantics {of_closing}, this daybook has {ours}: use one that has those"),
        );
        return Ok(());
    }
    let Some(computed) = computed(report, records, closing, rules)? else { return Ok(()) };
    let rows = serde_json::to_value(&computed)?;
    report.statement = Some(computed);
    let different = differences(Some(&pinned), Some(&rows));
    for what in &different {
        report.find("FIGURES", what);
    }
    if different.is_empty() {
        let named = named(&rows);
        report.proven.push(format!(
            "the statement of {partner_id} for {month}, computed again from these records, equal to what was pinned: {named}"
        ));
    }
    Ok(())
}

/// The statement that the records make, under the terms that they adopt.
fn computed(
    report: &mut Report,
    records: &Records,
    closing: &Closing,
    rules: Option<&Path>,
) -> Result<Option<Statement>, Failure> {
    let (mut builder, mut adoptions) = (HistoriesBuilder::default(), Adoptions::default());
    for (position, recorded_at, envelope) in &records.all {
        if *position <= closing.position {
            adoptions.add(*position, envelope);
            builder.add(*position, *recorded_at, envelope.clone());
        }
    }
    // The window reaches as far as the closing's, whoever's records the last ones were.
    builder.pass_over(closing.position, Instant::default());
    let books = Books::of(RulesAtHand::new(rules), &adoptions, closing.position);
    let named = books.book("current")?;
    if named.book.terms_hash != closing.terms_hash {
        let (of_closing, here) = (&closing.terms_hash, &named.book.terms_hash);
        report.find("TERMS", format!("it was closed under the rule book {of_closing}, these records adopt {here}"));
        return Ok(None);
    }
    let histories = builder.finish();
    let kept = Terms::of(&named, &books).replay(&histories, closing.through, 1, &|_| ())?;
    let rows = kept.replayed.partners.iter().find(|(of, _)| *of == records.partner_id).map(|(_, rows)| rows);
    let calendar = named.book.calendar();
    let made =
        rows.and_then(|rows| Statement::of(rows, closing.month, closing.position, &records.partner_id, calendar));
    Ok(Some(made.unwrap_or_else(|| Statement::empty(closing.month, closing.position, &records.partner_id))))
}

/// Which figures a statement has, with how many rows.
fn named(statement: &Value) -> String {
    let rows = |(name, field): (&String, &Value)| match field {
        Value::Array(rows) if !rows.is_empty() => Some(format!("{} {name}", rows.len())),
        Value::Object(_) => Some(name.clone()),
        _ => None,
    };
    statement
        .as_object()
        .map(|fields| fields.iter().filter_map(rows).collect::<Vec<_>>().join(", "))
        .unwrap_or_default()
}
