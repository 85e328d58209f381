//! Any inputs and any decisions, in batches of any size: what becomes of each entry is what a naive model says.

use super::{decision, sale};
use daybook_event::{Instant, Position, QuarantineVerdict};
use daybook_intake::{INTAKE_SEMANTICS, classify, classify_envelope, judge_again};
use daybook_proto::{decode_json, encode, subject_of};
use daybook_store::{Binding, Cursor, EntryState, Hash, Incoming, Ledger, LedgerOptions, Origin};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// One input.
#[derive(Debug, Clone, Copy)]
enum Op {
    /// A sale with this id and amount, on its subject.
    Sale(u8, u8),
    /// The same on another partner's subject.
    Misplaced(u8, u8),
    /// Bytes with this id that are no event.
    Broken(u8),
    /// Bytes that say nothing.
    Noise,
    /// A decision about an entry, there or not.
    Decided(u64, QuarantineVerdict),
}

fn op() -> impl Strategy<Value = Op> {
    let verdict = prop_oneof![Just(QuarantineVerdict::Retry), Just(QuarantineVerdict::Dismiss)];
    prop_oneof![
        3 => (0_u8..4, 0_u8..2).prop_map(|(id, amount)| Op::Sale(id, amount)),
        3 => (0_u8..4, 0_u8..2).prop_map(|(id, amount)| Op::Misplaced(id, amount)),
        1 => (0_u8..4).prop_map(Op::Broken),
        1 => Just(Op::Noise),
        6 => (0_u64..8, verdict).prop_map(|(entry, verdict)| Op::Decided(entry, verdict)),
    ]
}

fn line(id: u8, amount: u8) -> String {
    sale(&format!("s-{id}"), &format!("{amount}7.77"))
}

fn incoming(at: usize, op: Op) -> Incoming {
    let now = Instant::from_micros(i64::try_from(at).unwrap());
    let on = |subject: String| Origin { subject: Some(subject), ..Origin::default() };
    let wrong = || on("csp.events.contoso.P-XX.license_sale".to_owned());
    match op {
        Op::Sale(id, amount) => {
            let envelope = decode_json(&line(id, amount)).unwrap();
            classify_envelope(&envelope, now, on(subject_of(&envelope)))
        }
        Op::Misplaced(id, amount) => classify(encode(&decode_json(&line(id, amount)).unwrap()), now, wrong()),
        Op::Broken(id) => {
            let mut bytes = encode(&decode_json(&line(id, 1)).unwrap());
            let amount = bytes.windows(5).position(|window| window == b"17.77").unwrap();
            bytes[amount + 2] = b',';
            classify(bytes, now, wrong())
        }
        Op::Noise => classify(vec![0xff], now, Origin::default()),
        Op::Decided(entry, verdict) => {
            classify_envelope(&decision(&format!("d-{at}"), entry, verdict), now, Origin::default())
        }
    }
}

/// An entry of the model: what its bytes are, and what was decided.
struct Entry {
    op: Op,
    is_conflict: bool,
    decided: Option<EntryState>,
}

/// What stands and what waits, in the plainest words.
#[derive(Default)]
struct Model {
    position: u64,
    standing: BTreeMap<u8, (u8, u64)>,
    entries: Vec<Entry>,
}

impl Model {
    fn take(&mut self, op: Op) {
        match op {
            Op::Sale(id, amount) => match self.standing.get(&id) {
                None => {
                    self.position += 1;
                    self.standing.insert(id, (amount, self.position));
                }
                Some((stands, _)) if *stands == amount => {}
                Some(_) => self.entries.push(Entry { op, is_conflict: true, decided: None }),
            },
            Op::Misplaced(..) | Op::Broken(_) | Op::Noise => {
                self.entries.push(Entry { op, is_conflict: false, decided: None });
            }
            Op::Decided(entry, verdict) => {
                self.position += 1;
                self.decide(entry, verdict);
            }
        }
    }

    fn decide(&mut self, number: u64, verdict: QuarantineVerdict) {
        let decision = Position::new(self.position);
        let at = number.checked_sub(1).and_then(|at| usize::try_from(at).ok());
        let Some(entry) = at.and_then(|at| self.entries.get_mut(at)) else { return };
        match (verdict, entry.decided, entry.op) {
            (_, Some(EntryState::Retried { .. }), _) => {}
            (QuarantineVerdict::Dismiss, None, _) => entry.decided = Some(EntryState::Dismissed { decision }),
            (QuarantineVerdict::Retry, _, Op::Misplaced(id, amount)) => {
                if let std::collections::btree_map::Entry::Vacant(vacant) = self.standing.entry(id) {
                    self.position += 1;
                    vacant.insert((amount, self.position));
                }
                let (stands, position) = self.standing[&id];
                if stands == amount {
                    entry.decided = Some(EntryState::Retried { position: Position::new(position), decision });
                }
            }
            _ => {}
        }
    }

    fn states(&self) -> Vec<EntryState> {
        let state = |entry: &Entry| {
            let id = match entry.op {
                Op::Misplaced(id, _) | Op::Broken(id) => Some(id),
                _ => None,
            };
            let stands = id.and_then(|id| self.standing.get(&id)).filter(|_| !entry.is_conflict);
            let corrected = |(_, position): &(u8, u64)| EntryState::Corrected { position: Position::new(*position) };
            entry.decided.or(stands.map(corrected)).unwrap_or(EntryState::Open)
        };
        self.entries.iter().map(state).collect()
    }
}

const STREAM: &str = "S";

/// What a ledger says in the end: its head, what became of each entry, and the root over entries and decisions.
type Said = (u64, Hash, Vec<EntryState>, Hash);

/// Appends all in batches of this size, opening the ledger anew half-way.
fn said(dir: &Path, ops: &[Op], batch: usize) -> Said {
    let options =
        LedgerOptions { intake_semantics: INTAKE_SEMANTICS, judge: Some(judge_again), ..LedgerOptions::default() };
    let open = || {
        Ledger::create_or_open(dir, Some(Binding::Stream { name: STREAM.to_owned() }), &options)
            .unwrap_or_else(|error| panic!("{error}"))
    };
    let (mut ledger, mut taken) = (open(), 0);
    let batches = ops.chunks(batch).count();
    for (number, part) in ops.chunks(batch).enumerate() {
        if number == batches / 2 {
            ledger.close().unwrap();
            ledger = open();
        }
        let inputs = part.iter().enumerate().map(|(at, op)| incoming(taken + at, *op)).collect();
        taken += part.len();
        let cursor = Cursor {
            stream: STREAM.to_owned(),
            stream_created_at: Instant::default(),
            sequence: taken as u64,
            message_at: None,
        };
        ledger.append(inputs, Some(cursor), &[]).unwrap_or_else(|error| panic!("{error}"));
    }
    let snapshot = ledger.reader().snapshot().unwrap();
    let entries = snapshot.quarantine_list(1, usize::MAX).unwrap();
    let states = snapshot.entry_states(&entries).unwrap();
    let head = snapshot.head();
    (head.position.number(), head.root, states, snapshot.quarantine_frontier().unwrap().root())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn what_becomes_of_each_entry_is_what_the_model_says(ops in prop::collection::vec(op(), 1..40)) {
        let mut model = Model::default();
        ops.iter().for_each(|op| model.take(*op));
        let mut all: Vec<Said> = Vec::new();
        for batch in [1, 3, ops.len()] {
            let dir = tempfile::tempdir().unwrap();
            all.push(said(dir.path(), &ops, batch));
        }
        prop_assert_eq!(&all[0].2, &model.states());
        prop_assert_eq!(all[0].0, model.position);
        prop_assert_eq!(&all[0], &all[1]);
        prop_assert_eq!(&all[0], &all[2]);
    }
}
