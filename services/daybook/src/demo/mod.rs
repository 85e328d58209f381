//! `daybook demo`: the whole main job, on the demo history.
//!
//! Publishes over a real broker, takes in, projects, and answers the questions of all three users. It leaves the ledger
//! behind to play with. Everything it prints comes from the ledger, none of it is kept with the demo.

mod history;
mod tour;

use crate::cli::{Cli, DemoArguments, NatsArguments, ServeArguments};
use crate::failure::Failure;
use crate::import::{Door, OwnDoor, Part, ledger_options, now};
use crate::serve;
use daybook_event::Envelope;
use daybook_intake::classify_envelope;
use daybook_intake::nats::{
    NatsOptions, NatsServer, Outgoing, Publisher, PublisherOptions, ServerOptions, StreamOptions, connect,
    ensure_stream,
};
use daybook_store::{Binding, Ledger, Origin};
use std::path::Path;
use std::time::Instant;

/// Marks a folder that the demo made: the only kind that it replaces.
const MARK_FILE: &str = "made-by-daybook-demo";
/// The broker's store, in the ledger's folder.
const NATS_FOLDER: &str = "nats";

pub(crate) fn run(cli: &Cli, arguments: &DemoArguments) -> Result<(), Failure> {
    let ledger = cli.ledger.as_path();
    make_folder(ledger)?;
    let events = history::events()?;
    crate::output::say!(
        "daybook demo: {} events of {} partners, {}\n",
        events.len(),
        history::partners(&events),
        history::SPAN
    );
    let started = Instant::now();
    let server = if arguments.no_nats {
        crate::output::say!(
            "Without a broker, as asked (--no-nats): the same events come through an in-process source."
        );
        without_broker(cli, ledger, events)?;
        None
    } else {
        Some(with_broker(cli, ledger, events)?)
    };
    crate::output::say!("Ledger and views are durable after {} ms.\n", started.elapsed().as_millis());
    tour::print(cli)?;
    tour::what_next(ledger, server.as_ref().map(NatsServer::url).filter(|_| arguments.keep_server).as_deref())?;
    if let Some(server) = server.filter(|_| arguments.keep_server) {
        crate::output::say!("\nThe broker keeps running at {} until you press Ctrl-C.", server.url());
        wait_for_interrupt()?;
    }
    Ok(())
}

/// An empty folder, marked as ours. A folder that something else made is never touched.
fn make_folder(ledger: &Path) -> Result<(), Failure> {
    if ledger.exists() {
        let is_ours = ledger.join(MARK_FILE).is_file();
        let is_empty = std::fs::read_dir(ledger)?.next().is_none();
        if !is_ours && !is_empty {
            return Err(Failure::Input(format!(
                "{} exists and was not made by the demo, so it is left alone: give another folder with --ledger",
                ledger.display()
            )));
        }
        if is_ours {
            std::fs::remove_dir_all(ledger)?;
        }
    }
    std::fs::create_dir_all(ledger)?;
    std::fs::write(ledger.join(MARK_FILE), "A second run of daybook demo replaces this folder.\n")?;
    Ok(())
}

/// Over a real broker: a server of our own, the stream, and the same `serve` that production runs.
fn with_broker(cli: &Cli, ledger: &Path, events: Vec<Envelope>) -> Result<NatsServer, Failure> {
    let folder = ledger.join(NATS_FOLDER);
    std::fs::create_dir_all(&folder)?;
    let server = NatsServer::start(&folder, ServerOptions::default()).map_err(|error| {
        Failure::Input(format!("{}\nOr run daybook demo --no-nats.", crate::failure::with_sources(&error)))
    })?;
    crate::output::say!(
        "A NATS server with JetStream listens at {}; its stream is kept in {}.",
        server.url(),
        folder.display()
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let publishing = Instant::now();
    let counts = runtime.block_on(async {
        let connection = connect(&NatsOptions::new(server.url())).await.map_err(Failure::input)?;
        ensure_stream(&connection, &StreamOptions::default()).await.map_err(Failure::input)?;
        let publisher = Publisher::new(&connection, PublisherOptions::default());
        publisher.publish_all(events.iter().map(Outgoing::event)).await.map_err(Failure::input)
    })?;
    crate::output::say!(
        "Published {} events to {} in {} ms.",
        counts.published,
        daybook_proto::STREAM,
        publishing.elapsed().as_millis()
    );
    drop(runtime);
    let nats = NatsArguments { nats: Some(server.url()), ..NatsArguments::default() };
    serve::run_until_drained(cli, nats)?;
    Ok(server)
}

/// Through an in-process source, and the same projector.
fn without_broker(cli: &Cli, ledger: &Path, events: Vec<Envelope>) -> Result<(), Failure> {
    let mut door = Box::new(OwnDoor::new(Ledger::create_or_open(ledger, Some(Binding::Files), &ledger_options())?));
    let recorded_at = now();
    for envelope in &events {
        door.push(classify_envelope(envelope, recorded_at, Origin::default()), Part::line(None))?;
    }
    door.finish()?;
    serve::run_until_drained(cli, NatsArguments::default())
}

/// The demo's `serve`: quiet, on any free port, until everything is in the views.
pub(crate) fn serve_arguments(nats: NatsArguments) -> ServeArguments {
    ServeArguments {
        config: None,
        nats,
        tokens: None,
        listen: Some("127.0.0.1:0".to_owned()),
        book: None,
        four_eyes: false,
        through: Some(history::through()),
        accept_stream_reset: false,
        batch_records_max: None,
        until_drained: true,
    }
}

fn wait_for_interrupt() -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(tokio::signal::ctrl_c())?;
    Ok(())
}
