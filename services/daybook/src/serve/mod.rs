//! `daybook serve`: intake, projector and health, until told to stop.

pub(crate) mod config;
mod desk;
mod edges;
mod figures;
mod files;
mod health;
mod room;
pub(crate) mod socket;
mod sources;
mod stream;
mod timer;
pub(crate) mod tokens;
mod turns;
mod writer;

use crate::books::{Books, RulesAtHand};
use crate::cli::{Cli, NatsArguments, ServeArguments};
use crate::closed;
use crate::failure::Failure;
use crate::import;
use crate::{books, nats};
use config::{Config, LogFormat};
use daybook_event::{NaiveDate, Position};
use daybook_projector::{BatchLimits, ChooseBook, ChooseClosedTerms, Projector, RunOptions, Told, ViewCheckpoint};
use daybook_rules::Adoptions;
use daybook_rules::model::RuleBook;
use daybook_store::{Binding, DerivedOptions, Durations, Ledger, LedgerOptions, LedgerReader};
use std::io::IsTerminal;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) fn run(cli: &Cli, arguments: &ServeArguments) -> Result<(), Failure> {
    let config = Config::of(cli, arguments)?;
    logging(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        tokio::spawn(stop_on_signal(stop.clone()));
        serve(config, arguments, stop).await
    })
}

/// Takes everything in that the stream has, projects it and stops: the demo's `serve`, without log lines.
pub(crate) fn run_until_drained(cli: &Cli, nats: NatsArguments) -> Result<(), Failure> {
    let arguments = crate::demo::serve_arguments(nats);
    let config = Config::of(cli, &arguments)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(config, &arguments, CancellationToken::new()))
}

async fn serve(config: Config, arguments: &ServeArguments, stop: CancellationToken) -> Result<(), Failure> {
    let bound = import::binding(&config.ledger)?;
    let broker = nats::options(&config.nats)?;
    match (broker, bound) {
        (Some(broker), Some(Binding::Stream { .. }) | None) => stream::serve(&config, arguments, broker, stop).await,
        (None, Some(Binding::Stream { name })) => Err(Failure::Input(format!(
            "the ledger {} takes its records from the stream {name}: say where the broker is with --nats URL",
            config.ledger.display()
        ))),
        (Some(_), Some(Binding::Files)) => Err(Failure::Input(format!(
            "the ledger {} takes its records from files and cannot follow a broker: leave --nats out, or serve another folder",
            config.ledger.display()
        ))),
        (None, Some(Binding::Files) | None) => files::serve(&config, arguments, stop).await,
    }
}

/// Opens the ledger for appending.
fn ledger_open(config: &Config, binding: Binding) -> Result<Ledger, Failure> {
    let options = LedgerOptions { cache_bytes_max: config.cache_bytes_max, ..import::ledger_options() };
    let ledger = Ledger::create_or_open(&config.ledger, Some(binding), &options)?;
    if let Some(line) = import::upgraded(&config.ledger, &ledger) {
        tracing::warn!("{line}");
    }
    Ok(ledger)
}

/// A reader with a file handle of its own: a disk that takes nothing stops the writer's, and figures are read on. Most of
/// what it reads is in one piece and read once, so it has a small part of the memory.
fn reader_open(config: &Config) -> Result<LedgerReader, Failure> {
    let options = LedgerOptions { cache_bytes_max: config.cache_bytes_max / 4, ..import::ledger_options() };
    Ok(LedgerReader::open(&config.ledger, &options)?)
}

/// A projector at work.
struct Projecting {
    task: JoinHandle<Result<Projector, daybook_projector::ProjectError>>,
    published: watch::Receiver<Option<ViewCheckpoint>>,
    /// Up to where nothing was left to do.
    rested: watch::Receiver<Option<Position>>,
    /// How long its steps took.
    steps: watch::Receiver<Durations>,
}

/// Starts the projector on the ledger. It follows `head`.
fn project(
    config: &Config,
    through: Option<NaiveDate>,
    ledger: LedgerReader,
    head: watch::Receiver<Position>,
    stop: CancellationToken,
) -> Result<Projecting, Failure> {
    let mut choose = chooser(config);
    let book = book_first(config, &mut choose, &ledger)?;
    let options = DerivedOptions { cache_bytes_max: config.cache_bytes_max / 2, ..DerivedOptions::default() };
    let mut projector = Projector::open_in(&config.ledger, &options, &ledger, book, BatchLimits::default())
        .map_err(|error| Failure::Input(crate::failure::with_sources(&error)))?;
    projector.follow_adoptions(choose);
    if books::is_current(&config.book) {
        projector.follow_closings(closed_chooser(config));
    }
    let (checkpoint, published) = watch::channel(None);
    let (publish_steps, steps) = watch::channel(Durations::default());
    let (publish_rested, rested) = watch::channel(None);
    let told = Told { checkpoint, rested: publish_rested, steps: publish_steps };
    let through = move || through.unwrap_or_else(|| import::now().date_utc());
    let options = RunOptions { thread_started: give_way, ..RunOptions::default() };
    let task = tokio::spawn(daybook_projector::run(projector, ledger, head, through, told, options, stop));
    Ok(Projecting { task, published, rested, steps })
}

/// How much the projector's threads give way to those that take events in: views may follow later, sources wait for an answer.
const PROJECTOR_NICENESS: i32 = 19;

/// Lets other threads go before this one. Where the system does not let us, it goes with them.
fn give_way() {
    let _ = rustix::process::nice(PROJECTOR_NICENESS);
}

/// The book to start under: that of the adoptions that the derived file has. The projector asks again with every adoption
/// that it takes in, so nobody waits here until the records behind these are looked through, unless there is no book without.
fn book_first(config: &Config, choose: &mut ChooseBook, ledger: &LedgerReader) -> Result<Arc<RuleBook>, Failure> {
    let (known, kept) = books::adoptions_kept(&config.ledger).unwrap_or_default();
    if let Ok(book) = choose(&kept, known) {
        return Ok(book);
    }
    let snapshot = ledger.snapshot()?;
    let head = snapshot.head().position;
    book_at_start(choose, &books::adoptions(&config.ledger, &snapshot, head)?, head)
}

/// The book of all adoptions: the one of the head. Where the adoptions there make none, the last one that they made: intake
/// must go on, for the reversal that cures it has to come in.
fn book_at_start(choose: &mut ChooseBook, adoptions: &Adoptions, head: Position) -> Result<Arc<RuleBook>, Failure> {
    let why = match choose(adoptions, head) {
        Ok(book) => return Ok(book),
        Err(why) => why,
    };
    let acts: Vec<Position> = adoptions.recorded(head).map(|adoption| adoption.position).collect();
    let before = acts.into_iter().rev().map(|act| Position::new(act.number().saturating_sub(1)));
    let last = before.into_iter().find_map(|position| choose(adoptions, position).ok().map(|book| (position, book)));
    let Some((position, book)) = last else { return Err(Failure::Input(why)) };
    tracing::error!(why, %position, rule_book = book.terms_hash,
        "no rule book can be made of the adoptions; starting under the one that was in force at this position");
    Ok(book)
}

/// Names the live views' book for what is adopted. The rules at hand are read once: a folder that is edited while we
/// serve changes nothing.
fn chooser(config: &Config) -> ChooseBook {
    let (at_hand, argument) = (RulesAtHand::new(config.rules.as_deref()), config.book.clone());
    let is_four_eyes = config.four_eyes;
    // The choice is asked for again while it fails: each finding is said when it is new.
    let mut said = Vec::new();
    Box::new(move |adoptions, known| {
        let books = Books::of(Arc::clone(&at_hand), adoptions, known);
        let findings = books.findings(is_four_eyes);
        for finding in findings.iter().filter(|finding| !said.contains(*finding)) {
            tracing::error!(position = %finding.position, event = %finding.id, "an adoption {}", finding.what);
        }
        said = findings;
        books.book(&argument).map(|named| Arc::new(named.book)).map_err(|failure| failure.to_string())
    })
}

/// Names the terms that months were closed under. Where they cannot be had, which takes a closing that nobody's `close`
/// made, intake and views go on as if nothing were closed: verbs that are asked for `current` say so.
fn closed_chooser(config: &Config) -> ChooseClosedTerms {
    let at_hand = RulesAtHand::new(config.rules.as_deref());
    Box::new(move |adoptions, closing, _| {
        let books = Books::of(Arc::clone(&at_hand), adoptions, Position::new(u64::MAX));
        match closed::terms_since(closing, &books) {
            Ok(terms) => Ok(Some(terms)),
            Err(why) => {
                tracing::error!(%why, "the live views are made as if nothing were closed");
                Ok(None)
            }
        }
    })
}

fn logging(config: &Config) -> Result<(), Failure> {
    let filter = tracing_subscriber::EnvFilter::try_new(&config.log_filter)
        .map_err(|error| Failure::Input(format!("the log filter {:?} cannot be used: {error}", config.log_filter)))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Colours are for people at a terminal: a log file or the journal shall hold plain text.
    let builder = builder.with_ansi(std::io::stderr().is_terminal());
    match config.log_format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
    Ok(())
}

/// Stops in good order on the first signal. A second one is left to the system's default, which ends the process: the
/// ledger can take that at any point.
async fn stop_on_signal(stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::warn!("signals cannot be listened for; stop with SIGKILL, which the ledger survives");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: the batch in hand is committed first");
    stop.cancel();
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    std::process::exit(130);
}
