//! `daybook replay`: a window under a chosen rule book, apart from the live views.

use crate::books::Books;
use crate::cli::{Cli, Format, ReplayArguments};
use crate::closed::Terms;
use crate::failure::Failure;
use crate::output::Section;
use crate::rows_file::RowsFile;
use crate::shards::{Folded, Folding, fold, threads_of_machine};
use crate::waiting::Waiting;
use crate::window::{self, Known};
use crate::{cancel, output};
use daybook_event::{Exact, Month};
use daybook_replay::{MEASURES, Measure, ViewsHead, keep_months, measures_of};
use daybook_rules::calendar::Calendar;
use daybook_rules::model::RuleBook;
use daybook_views::{ENGINE_SEMANTICS, PartnerRows};
use serde::Serialize;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::time::Instant;

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
    elapsed_ms: u128,
    events_per_second: u128,
    measures: Vec<Total>,
    digest: String,
}

/// A measure of the window over all partners.
#[derive(Serialize)]
struct Total {
    measure: Measure,
    amount: Exact,
}

pub(crate) fn run(cli: &Cli, arguments: &ReplayArguments) -> Result<(), Failure> {
    cancel::stop_on_signal();
    let known = window::known(&cli.ledger, arguments.records.known_as_of.as_deref())?;
    let books = Books::known(cli.rules.as_deref(), &known)?;
    let named = books.book(&arguments.book)?;
    let book = &named.book;
    let months = arguments.window.as_deref().map(|text| months(book.calendar(), text)).transpose()?;
    let mut sink = Sink::new(book, months, arguments)?;
    let threads = arguments.threads.map_or_else(threads_of_machine, NonZeroUsize::get);
    let (terms, memory_max) = (Terms::of(&named, &books), arguments.memory.memory_max);
    let folding = Folding { terms, through: arguments.records.through, threads, memory_max };
    let started = Instant::now();
    let waiting = Waiting::of(&known.snapshot, None)?;
    let folded = fold(&known, &folding, |partner_id, mut rows| {
        if let Some(partner_id) = partner_id {
            waiting.flag_partner(partner_id, &mut rows);
        }
        sink.take(rows)
    })?;
    let elapsed_ms = started.elapsed().as_millis();
    let measures = sink.finish(&head_of(&known, book, &folded)?)?;
    let report = Report {
        book: arguments.book.clone(),
        rule_book: book.terms_hash.clone(),
        closed: folded.closed,
        position: known.position.number(),
        through: folded.through.to_string(),
        window: arguments.window.clone(),
        partners: folded.partners,
        threads,
        passes: folded.passes,
        elapsed_ms,
        events_per_second: u128::from(known.position.number()) * 1_000 / elapsed_ms.max(1),
        measures,
        digest: folded.digest.to_string(),
    };
    print(arguments.format.format, &report, named.note.clone(), &waiting)
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
    let head = [
        ("book", note),
        ("closed", report.closed.clone()),
        ("position", report.position.to_string()),
        ("through", report.through.clone()),
        ("window", report.window.clone().unwrap_or_else(|| "all months".to_owned())),
        ("partners", report.partners.to_string()),
        ("folded", format!("in {} ms, {} passes on {} threads", report.elapsed_ms, report.passes, report.threads)),
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

/// Takes a replay's rows, and keeps what was asked for of them.
struct Sink<'a> {
    calendar: &'a Calendar,
    months: Option<RangeInclusive<Month>>,
    file: Option<RowsFile>,
    totals: BTreeMap<Measure, Exact>,
}

impl<'a> Sink<'a> {
    fn new(
        book: &'a RuleBook,
        months: Option<RangeInclusive<Month>>,
        arguments: &ReplayArguments,
    ) -> Result<Self, Failure> {
        let file = arguments.output.as_deref().map(RowsFile::create).transpose()?;
        Ok(Self { calendar: book.calendar(), months, file, totals: BTreeMap::new() })
    }

    fn take(&mut self, mut rows: PartnerRows) -> Result<(), Failure> {
        if let Some(months) = &self.months {
            keep_months(&mut rows, self.calendar, months);
        }
        for ((_, measure), amount) in measures_of(self.calendar, &rows)? {
            let total = self.totals.entry(measure).or_default();
            *total = total.plus(amount)?;
        }
        self.file.as_mut().map_or(Ok(()), |file| file.add(&rows))
    }

    fn finish(self, head: &ViewsHead) -> Result<Vec<Total>, Failure> {
        let Self { file, totals, .. } = self;
        if let Some(file) = file {
            file.finish(head)?;
        }
        let total = |measure| Total { measure, amount: totals.get(&measure).copied().unwrap_or_default() };
        Ok(MEASURES.into_iter().map(total).collect())
    }
}
