//! One stream, the ledger that read it without interruption, and the comparison of any other with it.

use daybook_intake::nats::Outgoing;
use daybook_tests::broker::Broker;
use daybook_tests::daybook::Daybook;
use daybook_tests::dice::Dice;
use daybook_tests::history::{Faults, History, THROUGH};
use daybook_tests::ledger_state::{LedgerState, LiveViews};
use tempfile::TempDir;

/// Asks for a line about every commit: that is how a test knows what a life has done.
pub(crate) const LOG: &str = "info,daybook_intake=debug,daybook_projector=debug";
/// What intake says of each commit.
pub(crate) const APPENDED: &str = "appended a batch";
/// What the projector says of each commit.
pub(crate) const PROJECTED: &str = "batch projected";

/// What an uninterrupted run ends with.
pub(crate) struct Reference {
    pub(crate) ledger: LedgerState,
    live: LiveViews,
    views: serde_json::Value,
}

/// A broker with a history on its stream.
pub(crate) struct Scene {
    pub(crate) broker: Broker,
    dir: TempDir,
}

impl Scene {
    /// An empty stream.
    pub(crate) fn empty() -> Self {
        Self { broker: Broker::start(), dir: tempfile::tempdir().unwrap() }
    }

    /// A stream with a whole history and its faults.
    pub(crate) fn of(seed: u64, events: usize) -> (Self, Faults) {
        let (scene, messages, faults) = Self::unpublished(seed, events);
        let count = messages.len() as u64;
        assert_eq!(scene.broker.publish(messages), count, "the broker keeps every message");
        (scene, faults)
    }

    /// An empty stream, and the messages of a whole history with its faults.
    pub(crate) fn unpublished(seed: u64, events: usize) -> (Self, Vec<Outgoing>, Faults) {
        let (messages, faults) = History::generate(seed, 12, events).messages_with_faults(&mut Dice::new(seed));
        println!("seed {seed}: {events} events, {} messages", messages.len());
        (Self::empty(), messages, faults)
    }

    /// A ledger of this name.
    pub(crate) fn ledger(&self, name: &str) -> Daybook {
        Daybook::on(&self.dir.path().join(name)).with("DAYBOOK_LOG", LOG)
    }

    /// The arguments of a `serve` that ends once the stream is drained and projected.
    pub(crate) fn serve_arguments(&self, batch_records_max: usize) -> Vec<String> {
        Self::serve_arguments_at(&self.broker.url(), batch_records_max)
    }

    /// The same, with the broker reached in another way.
    pub(crate) fn serve_arguments_at(url: &str, batch_records_max: usize) -> Vec<String> {
        let batch = batch_records_max.to_string();
        let arguments = ["serve", "--nats", url, "--until-drained", "--listen", "127.0.0.1:0"];
        let rest = ["--through", THROUGH, "--batch-records-max", &batch];
        arguments.iter().chain(&rest).map(|argument| (*argument).to_owned()).collect()
    }

    /// Serves until drained, without interruption.
    pub(crate) fn drain(&self, daybook: &Daybook, batch_records_max: usize) {
        daybook.ok(&texts(&self.serve_arguments(batch_records_max)));
    }

    /// What an uninterrupted run over this stream ends with.
    pub(crate) fn reference(&self) -> Reference {
        let daybook = self.ledger("reference");
        self.drain(&daybook, 4_096);
        let ledger = LedgerState::read(daybook.ledger());
        println!(
            "reference: position {}, root {}, {} quarantined, {} duplicates",
            ledger.position, ledger.root, ledger.counts.quarantined, ledger.counts.duplicates
        );
        Reference { ledger, live: LiveViews::read(daybook.ledger()).unwrap(), views: views(&daybook) }
    }
}

impl Reference {
    /// Fails where a ledger that is drained holds anything else. The parts that differ are named one by one: the whole is
    /// too much to read.
    pub(crate) fn expect(&self, daybook: &Daybook, what: &str) {
        let ledger = LedgerState::read(daybook.ledger());
        assert_eq!(ledger.position, self.ledger.position, "{what}: position");
        assert_eq!(ledger.counts, self.ledger.counts, "{what}: counts");
        assert_eq!(ledger.quarantine, self.ledger.quarantine, "{what}: quarantine");
        assert_eq!(ledger.root, self.ledger.root, "{what}: root");
        assert_eq!(ledger, self.ledger, "{what}: cursor, holes, recorded_at");
        let live = LiveViews::read(daybook.ledger()).unwrap_or_else(|| panic!("{what}: there are no views"));
        self.live.expect_same_rows(&live, what);
    }

    /// The same, and what the command line says of it: every check of `verify`, and every view.
    pub(crate) fn expect_told(&self, daybook: &Daybook, what: &str) {
        self.expect(daybook, what);
        let verified = daybook.json(&["verify"]);
        assert_eq!(verified["findings"], serde_json::json!([]), "{what}");
        assert!(verified["views"].as_str().unwrap().starts_with("equal a replay"), "{what}: {verified}");
        assert_eq!(daybook_tests::json_differences(&self.views, &views(daybook)), [""; 0], "{what}");
    }
}

fn views(daybook: &Daybook) -> serde_json::Value {
    daybook.json(&["views", "--through", THROUGH])
}

/// Arguments as the runner takes them.
pub(crate) fn texts(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}
