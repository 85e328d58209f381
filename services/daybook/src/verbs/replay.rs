//! `daybook replay`: a window under a chosen rule book, apart from the live views.

use crate::books::{Books, NamedBook};
use crate::cli::{Cli, ReplayArguments};
use crate::failure::Failure;
use crate::{output, window};
use daybook_replay::{Views, ViewsHead, replay};
use daybook_views::ENGINE_SEMANTICS;
use serde::Serialize;
use std::io::Write;
use std::time::Instant;

/// What a replay prints.
#[derive(Serialize)]
struct Report {
    book: String,
    rule_book: String,
    position: u64,
    through: String,
    partners: usize,
    threads: usize,
    read_ms: u128,
    fold_ms: u128,
    events_per_second: u128,
    digest: String,
}

pub(crate) fn run(cli: &Cli, arguments: &ReplayArguments) -> Result<(), Failure> {
    let known = window::known(&cli.ledger, arguments.window.known_as_of.as_deref())?;
    let books = Books::known(cli.rules.as_deref(), &known)?;
    let NamedBook { book, note } = books.book(&arguments.book)?;
    let threads = arguments.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let started = Instant::now();
    let window = window::read(&known, arguments.window.through)?;
    let read_ms = started.elapsed().as_millis();
    let folding = Instant::now();
    let replayed = replay(&window.histories, &book, window.through, threads);
    let fold_ms = folding.elapsed().as_millis();
    let events = u128::from(window.position.number());
    let report = Report {
        book: arguments.book.clone(),
        rule_book: book.terms_hash.clone(),
        position: window.position.number(),
        through: window.through.to_string(),
        partners: replayed.partners.len(),
        threads,
        read_ms,
        fold_ms,
        events_per_second: events * 1_000 / (read_ms + fold_ms).max(1),
        digest: replayed.digest().to_string(),
    };
    if let Some(path) = &arguments.output {
        let head = ViewsHead {
            position: window.position,
            through: window.through,
            root: hex::encode(window.root),
            rule_book: book.terms_hash.clone(),
            engine_semantics: ENGINE_SEMANTICS,
            views_digest: report.digest.clone(),
        };
        let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
        serde_json::to_writer_pretty(&mut file, &Views::of(head, replayed, None)).map_err(std::io::Error::from)?;
        file.flush()?;
    }
    let head = [
        ("book", note),
        ("position", report.position.to_string()),
        ("through", report.through.clone()),
        ("partners", report.partners.to_string()),
        ("reading", format!("{} ms", report.read_ms)),
        ("folding", format!("{} ms on {} threads", report.fold_ms, report.threads)),
        ("rate", format!("{} events/s, reading and folding", report.events_per_second)),
        ("digest", report.digest.clone()),
    ];
    let rows = [output::Section::new("replay", std::slice::from_ref(&report))?];
    let sections: &[output::Section] = if arguments.format.format == crate::cli::Format::Csv { &rows } else { &[] };
    output::print(arguments.format.format, &report, &head, sections)
}
