//! The loops that a ledger spends its time in, one by one, for a counter of instructions: `scripts/instructions.sh`.
//!
//! `hot_loops LOOP FILE` reads a file of events, makes what the loop needs, and runs the loop once. Only what happens inside
//! the function of the loop's name is counted, so no loop is inlined.

use chrono::NaiveDate;
use daybook_event::{Envelope, Instant, PartnerId, Position};
use daybook_rules::RuleLibrary;
use daybook_store::{Binding, ContentHash, Incoming, Ledger, LedgerOptions, LedgerReader, Origin, ReadError};
use daybook_views::{
    CompiledBook, Fact, FactsOfNoPartner, FxTable, LineClasses, LinesError, PartnerColumns, PartnerHistory,
    PartnerRows, Reversals, digest_of_partner, digest_of_views, fold_columns,
};
use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::ops::ControlFlow;

const BATCH_EVENTS: usize = 1_000;
const CACHE_BYTES: usize = 64 * 1024 * 1024;

type Columns = Vec<(PartnerId, PartnerColumns)>;
type Rows = Vec<(PartnerId, PartnerRows)>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, file] = arguments.as_slice() else { return Err("usage: hot_loops LOOP FILE".into()) };
    let text = std::fs::read_to_string(file)?;
    let events = text.lines().map(daybook_proto::decode_json).collect::<Result<Vec<_>, _>>()?;
    let messages: Vec<Vec<u8>> = events.iter().map(daybook_proto::encode).collect();
    match name.as_str() {
        "decode_json" => drop(black_box(loop_decode_json(&text))),
        "decode" => drop(black_box(loop_decode(&messages))),
        "append" | "scan" => ledger_loops(name, &events, &messages)?,
        "columns" | "fold" | "digest" => view_loops(name, &events)?,
        _ => return Err(format!("{name} is no loop: decode_json, decode, append, scan, columns, fold, digest").into()),
    }
    println!("{}", events.len());
    Ok(())
}

/// Events out of lines of JSON.
#[inline(never)]
fn loop_decode_json(text: &str) -> Vec<Envelope> {
    text.lines().filter_map(|line| daybook_proto::decode_json(line).ok()).collect()
}

/// Events out of messages.
#[inline(never)]
fn loop_decode(messages: &[Vec<u8>]) -> Vec<Envelope> {
    messages.iter().filter_map(|message| daybook_proto::decode(message).ok()).collect()
}

/// Looks every id up and appends every event, with its place in the tree.
#[inline(never)]
fn loop_append(ledger: &mut Ledger, batches: Vec<Vec<Incoming>>) -> Result<(), Box<dyn Error>> {
    for batch in batches {
        ledger.append(batch, None, &[])?;
    }
    Ok(())
}

/// Reads every record.
#[inline(never)]
fn loop_scan(reader: &LedgerReader) -> Result<usize, ReadError> {
    let mut bytes = 0;
    reader.scan(Position::ZERO, Position::new(u64::MAX), |record| {
        bytes += record.envelope.len();
        Ok::<_, ReadError>(ControlFlow::Continue(()))
    })?;
    Ok(bytes)
}

/// Puts every partner's facts into columns.
#[inline(never)]
fn loop_columns(
    histories: &BTreeMap<PartnerId, PartnerHistory>,
    classes: &mut LineClasses,
) -> Result<Columns, LinesError> {
    histories.iter().map(|(id, history)| Ok((id.clone(), PartnerColumns::of(history, classes)?))).collect()
}

/// Folds every partner's columns into rows.
#[inline(never)]
fn loop_fold(terms: &CompiledBook, fx: &FxTable, columns: &Columns, through: NaiveDate) -> Result<Rows, LinesError> {
    let fold =
        |(id, columns): &(PartnerId, PartnerColumns)| Ok((id.clone(), fold_columns(terms, fx, id, columns, through)?));
    columns.iter().map(fold).collect()
}

/// The digest of all rows.
#[inline(never)]
fn loop_digest(rows: &Rows, of_no_partner: &PartnerRows) -> String {
    let digests: Vec<_> = rows.iter().map(|(id, rows)| (id, digest_of_partner(id, rows))).collect();
    digest_of_views(digests.into_iter(), of_no_partner).to_string()
}

fn ledger_loops(name: &str, events: &[Envelope], messages: &[Vec<u8>]) -> Result<(), Box<dyn Error>> {
    let dir = tempfile::tempdir()?;
    let options = LedgerOptions { cache_bytes_max: CACHE_BYTES, ..LedgerOptions::default() };
    let mut ledger = Ledger::create_or_open(dir.path(), Some(Binding::Files), &options)?;
    let incoming = |(event, message): (&Envelope, &Vec<u8>)| Incoming::Event {
        id: event.id.clone(),
        content_hash: ContentHash::of_digest(&daybook_proto::content_hash(event)),
        recorded_at: Instant::from_micros(1),
        envelope: message.clone(),
        origin: Origin::default(),
        decision: None,
    };
    let all: Vec<Incoming> = events.iter().zip(messages).map(incoming).collect();
    let mut batches: Vec<Vec<Incoming>> = Vec::new();
    let mut all = all.into_iter().peekable();
    while all.peek().is_some() {
        batches.push(all.by_ref().take(BATCH_EVENTS).collect());
    }
    loop_append(&mut ledger, batches)?;
    if name == "scan" {
        black_box(loop_scan(&ledger.reader())?);
    }
    Ok(())
}

fn view_loops(name: &str, events: &[Envelope]) -> Result<(), Box<dyn Error>> {
    let files: Vec<_> =
        daybook_rules::shipped_rule_files().into_iter().filter(|file| file.name.ends_with(".toml")).collect();
    let (library, findings) = RuleLibrary::load(&files);
    let book = library.ok_or_else(|| format!("{findings:?}"))?.current();
    let through = events.iter().map(|event| event.effective_on).max().ok_or("no events")?;
    let mut of_no_partner = FactsOfNoPartner::default();
    let mut taken: BTreeMap<PartnerId, (Vec<Fact>, Reversals)> = BTreeMap::new();
    for (position, event) in (1..).map(Position::new).zip(events) {
        of_no_partner.add(position, event);
        let Some(partner_id) = event.partner_id.clone() else { continue };
        let (facts, reversals) = taken.entry(partner_id).or_default();
        reversals.add(position, event);
        facts.extend(Fact::of(event.clone(), position));
    }
    let histories =
        taken.into_iter().map(|(id, (facts, reversals))| (id, PartnerHistory::new(facts, reversals))).collect();
    let mut classes = LineClasses::default();
    let columns = loop_columns(&histories, &mut classes)?;
    let (terms, fx) = (CompiledBook::of(&book, classes.all()), of_no_partner.fx_counting(&book, through));
    let rows = loop_fold(&terms, &fx, &columns, through)?;
    if name == "digest" {
        black_box(loop_digest(&rows, &of_no_partner.rows(&book)));
    }
    Ok(())
}
