//! What decisions about quarantine entries do to a ledger.

use crate::common::{
    appended, at, cursor, envelope, event, event_at, faulty, id, id_of, identify, records, small, stream,
};
use daybook_event::{Instant, Position};
use daybook_store::{
    AppendError, ContentHash, Decision, EntryState, Incoming, Ledger, LedgerOptions, Origin, Outcome, QuarantineReason,
    Verdict, root_empty,
};
use proptest::prelude::*;
use std::path::Path;

/// Takes what begins with `fixed ` for an event of its rest, and everything else for faulty.
pub(crate) fn judge(bytes: Vec<u8>, recorded_at: Instant, origin: Origin) -> Incoming {
    let rest = bytes.strip_prefix(b"fixed ").map(<[u8]>::to_vec);
    match rest.map(|rest| (id_of(&rest), rest)) {
        Some((Ok((id, content_hash)), envelope)) => {
            Incoming::Event { id, content_hash, recorded_at, envelope, origin, decision: None }
        }
        _ => Incoming::Faulty {
            reason: QuarantineReason::Undecodable { detail: "still".into() },
            id: None,
            recorded_at,
            origin,
            bytes,
        },
    }
}

fn options() -> LedgerOptions {
    LedgerOptions { judge: Some(judge), ..small() }
}

fn ledger(dir: &Path) -> Ledger {
    Ledger::create_or_open(dir, Some(daybook_store::Binding::Files), &options()).unwrap()
}

fn decision(event_id: &str, entry: u64, verdict: Verdict) -> Incoming {
    let Incoming::Event { id, content_hash, recorded_at, envelope, origin, .. } =
        event_at(event_id, &format!("{entry} {verdict:?}"), 1_000)
    else {
        unreachable!()
    };
    Incoming::Event { id, content_hash, recorded_at, envelope, origin, decision: Some(Decision { entry, verdict }) }
}

pub(crate) fn retry(event_id: &str, entry: u64) -> Incoming {
    decision(event_id, entry, Verdict::Retry)
}

pub(crate) fn dismiss(event_id: &str, entry: u64) -> Incoming {
    decision(event_id, entry, Verdict::Dismiss)
}

/// An entry whose bytes the judge takes for this event.
pub(crate) fn fixable(event_id: &str) -> Incoming {
    faulty(&[b"fixed ", envelope(event_id, "body").as_slice()].concat())
}

fn states(ledger: &Ledger) -> Vec<EntryState> {
    let snapshot = ledger.reader().snapshot().unwrap();
    snapshot.entry_states(&snapshot.quarantine_list(1, usize::MAX).unwrap()).unwrap()
}

fn retried(position: u64, decision: u64) -> EntryState {
    EntryState::Retried { position: Position::new(position), decision: Position::new(decision) }
}

fn dismissed(decision: u64) -> EntryState {
    EntryState::Dismissed { decision: Position::new(decision) }
}

#[test]
fn a_retried_entry_is_the_record_behind_its_decision() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    ledger.append(vec![event("a", ""), fixable("b")], None, &[]).unwrap();
    assert_eq!(states(&ledger), [EntryState::Open]);
    let outcomes = ledger.append(vec![retry("d", 1), event("c", "")], None, &[]).unwrap().outcomes;
    assert_eq!(outcomes, [appended(2), appended(4)]);
    assert_eq!(states(&ledger), [retried(3, 2)]);
    assert_eq!(records(&ledger.reader())[2], (3, 1_000, envelope("b", "body")));
    assert_eq!(ledger.reader().position_of(&id("b")).unwrap().unwrap().0.number(), 3);
    // The event stands now: a resend of it is a duplicate, and a second retry does nothing.
    let outcomes =
        ledger.append(vec![event("b", "body"), retry("d2", 1), dismiss("d3", 1)], None, &[]).unwrap().outcomes;
    assert_eq!(outcomes, [Outcome::Duplicate { of: Position::new(3) }, appended(5), appended(6)]);
    assert_eq!(states(&ledger), [retried(3, 2)]);
    assert_eq!(ledger.reader().counts().unwrap().quarantined, 1);
}

#[test]
fn what_a_retry_cannot_make_a_record_stays_open() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    let batch = vec![faulty(b"??"), fixable("a"), event("a", "another body"), retry("d1", 1), retry("d2", 2)];
    let outcomes = ledger.append(batch, None, &[]).unwrap().outcomes;
    assert_eq!(outcomes[2..], [appended(1), appended(2), appended(3)]);
    assert_eq!(states(&ledger), [EntryState::Open; 2]);
    assert_eq!(ledger.reader().counts().unwrap().quarantined, 2, "no entry of its own");
}

#[test]
fn an_entry_whose_event_stands_already_is_resolved_where_it_stands() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    ledger.append(vec![fixable("a"), event("a", "body"), event("b", ""), retry("d", 1)], None, &[]).unwrap();
    assert_eq!(states(&ledger), [retried(1, 3)]);
    assert_eq!(ledger.head().position.number(), 3);
}

#[test]
fn a_dismissed_entry_may_still_be_retried() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    ledger.append(vec![fixable("a"), dismiss("d1", 1)], None, &[]).unwrap();
    assert_eq!(states(&ledger), [dismissed(1)]);
    ledger.append(vec![dismiss("d2", 1)], None, &[]).unwrap();
    assert_eq!(states(&ledger), [dismissed(1)], "the first stands");
    ledger.append(vec![retry("d3", 1)], None, &[]).unwrap();
    assert_eq!(states(&ledger), [retried(4, 3)]);
}

#[test]
fn a_decision_about_no_entry_is_a_record_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    let batch = vec![dismiss("d0", 0), dismiss("d1", 1), retry("d2", u64::MAX), faulty(b"?")];
    ledger.append(batch, None, &[]).unwrap();
    assert_eq!(states(&ledger), [EntryState::Open], "decided before it was there");
    assert_eq!(ledger.head().position.number(), 3);
    let leaves = ledger.reader().snapshot().unwrap().quarantine_frontier().unwrap().size();
    assert_eq!(leaves, 4, "it is in the quarantine tree all the same");
}

#[test]
fn a_record_of_the_claimed_id_corrects_an_entry_that_nobody_decided() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    let Incoming::Faulty { reason, recorded_at, origin, bytes, .. } = faulty(b"?") else { unreachable!() };
    let claims = Incoming::Faulty { reason, id: Some(id("a")), recorded_at, origin, bytes };
    ledger.append(vec![claims, event("b", "1"), event("b", "2")], None, &[]).unwrap();
    assert_eq!(states(&ledger), [EntryState::Open; 2]);
    ledger.append(vec![event("a", "corrected")], None, &[]).unwrap();
    assert_eq!(states(&ledger), [EntryState::Corrected { position: Position::new(2) }, EntryState::Open]);
    ledger.append(vec![dismiss("d", 2)], None, &[]).unwrap();
    assert_eq!(states(&ledger)[1], dismissed(3));
}

#[test]
fn under_earlier_semantics_a_decision_is_a_record_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let options = LedgerOptions { intake_semantics: 1, ..small() };
    let mut ledger = Ledger::create_or_open(dir.path(), Some(stream()), &options).unwrap();
    ledger.append(vec![fixable("a"), retry("d1", 1), dismiss("d2", 1)], Some(cursor(3)), &[]).unwrap();
    assert_eq!((states(&ledger), ledger.head().position.number()), (vec![EntryState::Open], 2));
    assert_eq!(ledger.reader().snapshot().unwrap().quarantine_frontier().unwrap().size(), 1);
}

#[test]
fn without_a_judge_a_retry_is_refused_before_anything_changes() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = crate::common::ledger(dir.path());
    ledger.append(vec![fixable("a")], None, &[]).unwrap();
    let refused = ledger.append(vec![event("b", ""), retry("d", 1)], None, &[]);
    assert!(matches!(refused, Err(AppendError::JudgeMissing)));
    assert_eq!(ledger.append(vec![dismiss("d", 1)], None, &[]).unwrap().outcomes, [appended(1)]);
}

#[test]
fn the_quarantine_tree_has_its_roots_of_the_past() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    let mut then = vec![root_empty()];
    let steps = [faulty(b"1"), dismiss("d1", 1), fixable("x"), fixable("y"), retry("d2", 3), retry("d3", 2)];
    for step in steps {
        ledger.append(vec![step, event(&format!("e{}", then.len()), "")], None, &[]).unwrap();
        then.push(ledger.reader().snapshot().unwrap().quarantine_frontier().unwrap().root());
    }
    let snapshot = ledger.reader().snapshot().unwrap();
    for (leaves, root) in (0_u64..).zip(&then) {
        assert_eq!(snapshot.quarantine_root_at(leaves).unwrap(), Some(*root), "{leaves}");
    }
    assert_eq!(snapshot.quarantine_root_at(7).unwrap(), None);
    let roots = snapshot.quarantine_roots_at(&[2, 5, 9].into()).unwrap();
    assert_eq!(roots.into_iter().collect::<Vec<_>>(), [(2, then[2]), (5, then[5])]);
}

fn step() -> impl Strategy<Value = Incoming> {
    let name = |n: u8| format!("e{n}");
    prop_oneof![
        (0..6_u8, 0..2_u8).prop_map(move |(n, body)| event(&name(n), if body == 0 { "body" } else { "other" })),
        (0..6_u8).prop_map(move |n| fixable(&name(n))),
        Just(faulty(b"never")),
        (0..9_u8, 0..8_u64).prop_map(|(n, entry)| retry(&format!("r{n}"), entry)),
        (0..9_u8, 0..8_u64).prop_map(|(n, entry)| dismiss(&format!("x{n}"), entry)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whoever reads the same inputs has the same ledger, however they were cut into batches.
    #[test]
    fn batches_change_nothing(steps in prop::collection::vec(step(), 1..40), cuts in prop::collection::vec(1..9_usize, 40)) {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (mut single, mut whole) = (ledger(one.path()), ledger(other.path()));
        let outcomes: Vec<Outcome> =
            steps.iter().flat_map(|step| single.append(vec![step.clone()], None, &[]).unwrap().outcomes).collect();
        let (mut rest, mut cuts, mut batched) = (steps.as_slice(), cuts.iter().cycle(), Vec::new());
        while !rest.is_empty() {
            let (batch, after) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
            batched.extend(whole.append(batch.to_vec(), None, &[]).unwrap().outcomes);
            rest = after;
        }
        prop_assert_eq!(outcomes, batched);
        prop_assert_eq!(single.head(), whole.head());
        prop_assert_eq!(states(&single), states(&whole));
        let frontier = |ledger: &Ledger| ledger.reader().snapshot().unwrap().quarantine_frontier().unwrap();
        prop_assert_eq!(frontier(&single), frontier(&whole));
        prop_assert!(single.reader().verify(identify).is_whole());
    }
}

#[test]
fn a_judged_event_stands_for_what_follows_in_its_batch() {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = ledger(dir.path());
    let batch = vec![fixable("a"), retry("d", 1), event("a", "body"), event("a", "other"), event("a", "body")];
    let outcomes = ledger.append(batch, None, &[]).unwrap().outcomes;
    let two = Position::new(2);
    assert_eq!(
        outcomes[1..],
        [
            appended(1),
            Outcome::Duplicate { of: two },
            Outcome::Conflict { with: two, entry: 2 },
            Outcome::Duplicate { of: two }
        ]
    );
    assert_eq!(ledger.reader().position_of(&id("a")).unwrap().unwrap(), (two, ContentHash::of(&envelope("a", "body"))));
    assert_eq!(ledger.head().recorded_at, at(1_000));
}
