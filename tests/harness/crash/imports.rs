//! An import killed half-way, and run again.
//!
//! A ledger bound to files has no stream that orders it: its order is the file's. So an import that was killed and run
//! again has the same records at the same positions. Its root is another one than an uninterrupted import's: a frame holds
//! `recorded_at`, which for files is the importer's own clock, and the two runs looked at it at different moments. What is
//! compared is therefore every envelope by position, the counters and every row.

use daybook_tests::daybook::Daybook;
use daybook_tests::dice::{Dice, seed_of_run};
use daybook_tests::history::{History, THROUGH};
use daybook_tests::ledger_state::{LedgerState, envelopes};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

const SEED: u64 = 20_211_231;
/// How many the socket of a running `serve` takes in one transaction.
const SENT_AT_ONCE: u64 = 5_000;
/// Enough for two of them. An import into a ledger that nobody serves takes this many in one.
const EVENTS: usize = 6_000;
const KILLS: u32 = 4;

/// What a ledger holds, without the moments at which it was taken.
struct Contents {
    state: LedgerState,
    envelopes: Vec<Vec<u8>>,
    views_digest: String,
}

impl Contents {
    fn read(ledger: &Path) -> Self {
        let replayed = Daybook::on(ledger).json(&["replay", "--through", THROUGH]);
        let views_digest = replayed["digest"].as_str().unwrap().to_owned();
        Self { state: LedgerState::read(ledger), envelopes: envelopes(ledger), views_digest }
    }
}

/// A file, and what an uninterrupted import makes of it.
struct Files {
    dir: TempDir,
    file: String,
    /// The first half of the file.
    half: String,
    whole: Contents,
}

impl Files {
    fn generate(events: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = History::generate(SEED, 12, events).write(dir.path(), "history.ndjson").display().to_string();
        let text = std::fs::read_to_string(&file).unwrap();
        let half = dir.path().join("half.ndjson").display().to_string();
        std::fs::write(&half, text.split_inclusive('\n').take(events / 2).collect::<String>()).unwrap();
        let whole = Daybook::on(&dir.path().join("whole"));
        whole.ok(&["import", "--from", "ndjson", &file]);
        let whole = Contents::read(whole.ledger());
        assert_eq!(whole.state.counts.records, events as u64);
        Self { dir, file, half, whole }
    }

    fn ledger(&self, name: &str) -> Daybook {
        Daybook::on(&self.dir.path().join(name))
    }

    /// Imports the file into a ledger that a killed import has begun; how much of it stood already.
    fn import_again(&self, daybook: &Daybook, what: &str) -> u64 {
        daybook.ok(&["import", "--from", "ndjson", &self.file]);
        let contents = Contents::read(daybook.ledger());
        let counts = contents.state.counts;
        assert_eq!(contents.state.position, self.whole.state.position, "{what}");
        assert!(contents.envelopes == self.whole.envelopes, "{what}: other envelopes, or in another order");
        assert_eq!(contents.views_digest, self.whole.views_digest, "{what}");
        assert_eq!((counts.records, counts.quarantined), (self.whole.state.counts.records, 0), "{what}");
        daybook.ok(&["verify"]);
        println!("{what}: {} records stood when it was run again", counts.duplicates);
        counts.duplicates
    }
}

#[test]
fn an_import_killed_within_or_after_its_commit_is_completed_by_another() {
    let files = Files::generate(EVENTS);
    let daybook = files.ledger("points");
    daybook.ok(&["import", "--from", "ndjson", &files.half]);
    for (point, stood) in [("append:before_commit", EVENTS / 2), ("append:after_commit", EVENTS)] {
        let armed = daybook.with("DAYBOOK_CRASH_POINT", point);
        let done = armed.run(&["import", "--from", "ndjson", &files.file]);
        assert!(done.signal().is_some(), "{point} is never passed: {}", done.stderr);
        let state = LedgerState::read(daybook.ledger());
        assert_eq!(state.position.number(), stood as u64, "{point}");
    }
    assert_eq!(files.import_again(&daybook, "killed twice"), EVENTS as u64 + EVENTS as u64 / 2);
    let seed = seed_of_run();
    println!("seed of the kills {seed}");
    let mut dice = Dice::new(seed);
    let daybook = files.ledger("killed-at-random");
    for _ in 0..KILLS {
        let importing = daybook.start(&["import", "--from", "ndjson", &files.file]);
        std::thread::sleep(Duration::from_millis(dice.between(20, 1_500)));
        importing.kill();
    }
    files.import_again(&daybook, "random kills");
}

#[test]
fn a_serve_killed_while_it_is_imported_into_has_what_it_answered_for() {
    let files = Files::generate(EVENTS);
    let daybook = files.ledger("served");
    // The second batch is never answered.
    let armed = daybook.with("DAYBOOK_CRASH_POINT", "append:before_commit:2");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--through", THROUGH];
    let mut serving = armed.start(&serve);
    serving.address();
    assert!(serving.has_said("serving", 1));
    daybook.run(&["import", "--from", "ndjson", &files.file]).expect(2, &["do the same again"]);
    assert!(serving.wait().signal().is_some());
    assert_eq!(files.import_again(&daybook, "behind a killed serve"), SENT_AT_ONCE);
}
