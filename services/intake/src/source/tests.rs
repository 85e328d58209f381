use super::*;
use crate::batch::{StreamId, StreamPlace};
use daybook_event::{EventId, EventRef, Instant, SourceId};
use daybook_store::{Binding, ContentHash, Hole, LedgerOptions, Origin, Outcome};
use std::collections::VecDeque;
use std::sync::Arc;
use tempfile::TempDir;

fn input(number: u64) -> Incoming {
    let mut content = [0; 16];
    content[..8].copy_from_slice(&number.to_be_bytes());
    Incoming::Event {
        id: EventRef { source: SourceId::parse("s").unwrap(), event_id: EventId::parse(&number.to_string()).unwrap() },
        content_hash: ContentHash::new(content),
        recorded_at: Instant::from_micros(1),
        envelope: vec![7; 100],
        origin: Origin::default(),
        decision: None,
    }
}

fn ledger(binding: Binding) -> (TempDir, Ledger) {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::create_or_open(dir.path(), Some(binding), &LedgerOptions::default()).unwrap();
    (dir, ledger)
}

fn sizes(limits: BatchLimits, count: u64) -> Vec<usize> {
    let (_dir, mut ledger) = ledger(Binding::Files);
    let mut sizes = Vec::new();
    let mut tags = Vec::new();
    let inputs = (0..count).map(|number| (input(number), number));
    append_source(&mut ledger, inputs, limits, |committed| {
        sizes.push(committed.outcomes.len());
        tags.extend(committed.outcomes.into_iter().map(|(tag, _)| tag));
    })
    .unwrap();
    assert_eq!(tags, (0..count).collect::<Vec<_>>(), "each tag comes back once, in order");
    assert_eq!(ledger.head().position.number(), count);
    sizes
}

#[test]
fn batches_are_cut_by_count_and_by_bytes() {
    let limits = |events_max, bytes_max| BatchLimits { events_max, bytes_max, ..BatchLimits::default() };
    assert_eq!(sizes(limits(4, 10_000), 10), [4, 4, 2]);
    assert_eq!(sizes(limits(100, 250), 5), [2, 2, 1], "a third input of 100 bytes would overfill it");
    assert_eq!(sizes(limits(100, 200), 4), [2, 2]);
    assert_eq!(sizes(limits(100, 10), 3), [1, 1, 1], "a larger input than a batch makes its own");
    assert_eq!(sizes(limits(0, 0), 2), [1, 1]);
    assert_eq!(sizes(limits(4, 10_000), 0), [0; 0]);
}

#[test]
fn a_file_is_not_cut_by_the_clock() {
    let limits = BatchLimits { age_ms_max: 0, ..BatchLimits::default() };
    assert_eq!(sizes(limits, 50), [50]);
}

#[test]
fn a_batch_waits_only_for_the_last_commit_to_be_long_enough_ago() {
    let (_dir, mut ledger) = ledger(Binding::Files);
    let limits = BatchLimits { age_ms_max: 3_600_000, ..BatchLimits::default() };
    let mut writer = BatchWriter::new(&mut ledger, limits);
    let next = |number| Input { incoming: input(number), place: None, tag: () };
    assert_eq!(writer.wait_max(), None, "nothing is here to be committed");
    writer.push(next(1)).unwrap();
    assert_eq!(writer.wait_max(), Some(Duration::ZERO), "the first one of all does not wait");
    writer.commit().unwrap();
    assert_eq!(writer.wait_max(), None);
    writer.push(next(2)).unwrap();
    assert!(
        writer.wait_max().is_some_and(|wait_max| wait_max > Duration::from_secs(3_000)),
        "what follows at once does"
    );
}

#[test]
fn the_size_of_batches_does_not_change_the_root() {
    let root = |events_max| {
        let (_dir, mut ledger) = ledger(Binding::Files);
        // Every third input comes twice.
        let inputs = (0..60).flat_map(|number| vec![(input(number), ()); if number % 3 == 0 { 2 } else { 1 }]);
        let limits = BatchLimits { events_max, ..BatchLimits::default() };
        let mut duplicates = 0;
        append_source(&mut ledger, inputs, limits, |committed| {
            let is_duplicate = |outcome: &Outcome| matches!(outcome, Outcome::Duplicate { .. });
            duplicates += committed.outcomes.iter().filter(|(_, outcome)| is_duplicate(outcome)).count();
        })
        .unwrap();
        (ledger.head().root, duplicates)
    };
    let reference = root(1_000);
    assert_eq!(reference.1, 20);
    assert!([1, 2, 7].into_iter().all(|events_max| root(events_max) == reference));
}

/// Answers what it was told to, whatever is asked.
struct Told(VecDeque<Next<()>>);

impl EventSource for Told {
    type Tag = ();

    fn next(&mut self, _wait_max: Option<Duration>) -> Next<()> {
        self.0.pop_front().unwrap_or(Next::End)
    }
}

fn placed(stream: &Arc<StreamId>, sequence: u64, hole: Option<(u64, u64)>) -> Next<()> {
    let hole = hole.map(|(from, to)| Hole { from, to, recorded_at: Instant::from_micros(1) });
    let place = Some(StreamPlace { stream: Arc::clone(stream), sequence, message_at: Instant::from_micros(7), hole });
    Next::Inputs(vec![Input { incoming: input(sequence), place, tag: () }])
}

#[test]
fn a_quiet_moment_commits_and_the_cursor_goes_with_each_batch() {
    let (_dir, mut ledger) = ledger(Binding::Stream { name: "S".into() });
    let stream = Arc::new(StreamId { name: "S".into(), created_at: Instant::from_micros(5) });
    let told = [
        Next::Quiet,
        placed(&stream, 1, None),
        placed(&stream, 2, None),
        Next::Quiet,
        Next::Quiet,
        placed(&stream, 6, Some((3, 5))),
    ];
    let mut seen = Vec::new();
    drain(&mut ledger, &mut Told(told.into()), BatchLimits::default(), |committed| {
        seen.push((committed.outcomes.len(), committed.cursor.map(|cursor| cursor.sequence), committed.holes));
    })
    .unwrap();
    assert_eq!(seen, [(2, Some(2), 0), (1, Some(6), 1)]);
    let cursor = ledger.reader().cursor().unwrap().unwrap();
    assert_eq!((cursor.sequence, cursor.stream_created_at), (6, stream.created_at));
    assert_eq!(ledger.reader().holes().unwrap().len(), 1);
}

#[test]
fn an_append_that_fails_ends_it_with_what_was_durable_handed_on() {
    let (_dir, mut ledger) = ledger(Binding::Stream { name: "S".into() });
    let stream = Arc::new(StreamId { name: "S".into(), created_at: Instant::from_micros(5) });
    let other = Arc::new(StreamId { name: "T".into(), created_at: Instant::from_micros(5) });
    let told = [placed(&stream, 1, None), Next::Quiet, placed(&other, 2, None), Next::Quiet, placed(&stream, 3, None)];
    let mut batches = 0;
    let error = drain(&mut ledger, &mut Told(told.into()), BatchLimits::default(), |_| batches += 1).unwrap_err();
    assert!(matches!(error, AppendError::CursorOfAnother { .. }), "{error}");
    assert_eq!((batches, ledger.head().position.number()), (1, 1));
}
