//! `daybook replay`: a window under a chosen rule book, apart from the live views.
//!
//! Its columns are read from the files beside the ledger, brought up to date first; the records themselves where that is asked
//! for, or where the files cannot be used. The digest is the same either way.

mod columned;
mod sink;

use crate::books::{Books, NamedBook};
use crate::cli::{Cli, Format, ReplayArguments};
use crate::closed::Terms;
use crate::failure::Failure;
use crate::output::Section;
use crate::shards::{Folded, Folding, fold, threads_of_machine};
use crate::waiting::Waiting;
use crate::window::{self, Known};
use crate::{cancel, columns, output};
use daybook_event::Month;
use daybook_replay::ViewsHead;
use daybook_rules::calendar::Calendar;
use daybook_rules::model::RuleBook;
use daybook_views::ENGINE_SEMANTICS;
use serde::Serialize;
use sink::{Sink, Total};
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// What a replay prints.
#[derive(Serialize)]
struct Report {
    book: String,
    rule_book: String,
    /// What is closed, and whether it was kept.
    closed: String,
    position: u64,
    through: String,
    window: Option<String>,
    partners: usize,
    threads: usize,
    passes: usize,
    /// What was read: columns or records.
    read: &'static str,
    /// What it took to bring the column files up to date and to open them, apart from all else.
    #[serde(skip_serializing_if = "Option::is_none")]
    columns_ms: Option<u128>,
    elapsed_ms: u128,
    elapsed_us: u128,
    events_per_second: u128,
    measures: Vec<Total>,
    digest: String,
}

/// A replay that is done.
struct Done {
    note: String,
    rule_book: String,
    folded: Folded,
    measures: Vec<Total>,
    elapsed: Duration,
    /// None where the records were read.
    columns: Option<Duration>,
}

impl Done {
    fn new(
        known: &Known,
        named: &NamedBook,
        folded: Folded,
        sink: Sink<'_>,
        started: Instant,
    ) -> Result<Self, Failure> {
        let elapsed = started.elapsed();
        let measures = sink.finish(&head_of(known, &named.book, &folded)?)?;
        let (note, rule_book) = (named.note.clone(), named.book.terms_hash.clone());
        Ok(Self { note, rule_book, folded, measures, elapsed, columns: None })
    }
}

pub(crate) fn run(cli: &Cli, arguments: &ReplayArguments) -> Result<(), Failure> {
    cancel::stop_on_signal();
    let known = window::known(&cli.ledger, arguments.records.known_as_of.as_deref())?;
    let waiting = Waiting::of(&known.snapshot, None)?;
    let done = replay(cli, arguments, &known, &waiting)?;
    let (folded, elapsed) = (done.folded, done.elapsed);
    let report = Report {
        book: arguments.book.clone(),
        rule_book: done.rule_book,
        closed: folded.closed,
        position: known.position.number(),
        through: folded.through.to_string(),
        window: arguments.window.clone(),
        partners: folded.partners,
        threads: threads(arguments),
        passes: folded.passes,
        read: if done.columns.is_some() { "columns" } else { "records" },
        columns_ms: done.columns.map(|took| took.as_millis()),
        elapsed_ms: elapsed.as_millis(),
        elapsed_us: elapsed.as_micros(),
        events_per_second: u128::from(known.position.number()) * 1_000_000 / elapsed.as_micros().max(1),
        measures: done.measures,
        digest: folded.digest.to_string(),
    };
    print(arguments.format.format, &report, done.note, &waiting)
}

fn replay(cli: &Cli, arguments: &ReplayArguments, known: &Known, waiting: &Waiting) -> Result<Done, Failure> {
    let mut attempts = if arguments.from_records { 0..0 } else { 0..ATTEMPTS_MAX };
    while attempts.next().is_some() {
        let done = match columns::open(known)? {
            Ok(columned) => columned::replay_columned(cli, arguments, known, waiting, &columned)?,
            Err(fault) => Err(fault),
        };
        let fault = match done {
            Ok(done) => return Ok(done),
            Err(fault) => fault,
        };
        if columns::discarded(known, &fault) {
            eprintln!("daybook: {fault}; it was removed");
        } else {
            columns::say_unused(&fault);
            break;
        }
    }
    replay_records(cli, arguments, known, waiting)
}

/// How often the column files are tried: a damaged one is removed and made anew once.
const ATTEMPTS_MAX: usize = 2;

/// The records themselves, as many partners at once as fit into memory.
fn replay_records(cli: &Cli, arguments: &ReplayArguments, known: &Known, waiting: &Waiting) -> Result<Done, Failure> {
    let books = Books::known(cli.rules.as_deref(), known)?;
    let named = books.book(&arguments.book)?;
    let mut sink = Sink::new(&named.book, arguments)?;
    let (terms, memory_max) = (Terms::of(&named, &books), arguments.memory.memory_max);
    let folding = Folding { terms, through: arguments.records.through, threads: threads(arguments), memory_max };
    let started = Instant::now();
    let folded = fold(known, &folding, |partner_id, mut rows| {
        if let Some(partner_id) = partner_id {
            waiting.flag_partner(partner_id, &mut rows);
        }
        sink.take(rows)
    })?;
    Done::new(known, &named, folded, sink, started)
}

fn threads(arguments: &ReplayArguments) -> usize {
    arguments.threads.map_or_else(threads_of_machine, NonZeroUsize::get)
}

fn head_of(known: &Known, book: &RuleBook, folded: &Folded) -> Result<ViewsHead, Failure> {
    Ok(ViewsHead {
        position: known.position,
        through: folded.through,
        root: hex::encode(window::root(known)?),
        rule_book: book.terms_hash.clone(),
        engine_semantics: ENGINE_SEMANTICS,
        views_digest: folded.digest.to_string(),
        closed: folded.closed.clone(),
    })
}

fn print(format: Format, report: &Report, note: String, waiting: &Waiting) -> Result<(), Failure> {
    let read = match report.columns_ms {
        Some(took) => format!("columns, brought up to date in {took} ms"),
        None => format!("records, {} passes", report.passes),
    };
    let head = [
        ("book", note),
        ("closed", report.closed.clone()),
        ("position", report.position.to_string()),
        ("through", report.through.clone()),
        ("window", report.window.clone().unwrap_or_else(|| "all months".to_owned())),
        ("partners", report.partners.to_string()),
        ("read", read),
        ("folded", format!("in {} ms on {} threads", report.elapsed_ms, report.threads)),
        ("rate", format!("{} events/s, reading and folding", report.events_per_second)),
        ("digest", report.digest.clone()),
    ];
    let section = match format {
        Format::Csv => Section::new("replay", std::slice::from_ref(report))?,
        Format::Table | Format::Json => Section::new("measures", &report.measures)?,
    };
    output::print_figures(format, report, &head, &[section], waiting)
}

/// The months of a period's label, of one month, or of a first and a last one.
fn months(calendar: &Calendar, text: &str) -> Result<RangeInclusive<Month>, Failure> {
    let of_period = calendar.period_parse(text).map(|period| period.first_month()..=period.last_month());
    let of_months = || {
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        Some(Month::parse(first)?..=Month::parse(last)?).filter(|months| !months.is_empty())
    };
    of_period.or_else(of_months).ok_or_else(|| {
        Failure::Input(format!("--window {text:?} is no window: write FY22H1, 2022-01 or 2022-01..2022-06"))
    })
}
