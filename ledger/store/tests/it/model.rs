//! Random batches against a naive model: vectors and a map.

use crate::common::{at, cursor, envelope, event_at, faulty, id, identify, noise, records, small, stream};
use daybook_event::Position;
use daybook_store::{Counts, Hash, Incoming, Ledger, Outcome, leaf_hash, node_hash, root_empty};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
enum Input {
    Event { id: u8, content: u8, micros: i64 },
    Faulty(u8),
}

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<Input>),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let input = prop_oneof![
        9 => (any::<u8>(), 0_u8..8, -50_i64..1_000).prop_map(|(id, content, micros)| Input::Event { id, content: content / 6, micros }),
        1 => any::<u8>().prop_map(Input::Faulty),
    ];
    let step = prop_oneof![
        4 => proptest::collection::vec(input, 0..60).prop_map(Step::Append),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..10)
}

#[derive(Default)]
struct Model {
    records: Vec<(u64, i64, Vec<u8>)>,
    known: BTreeMap<u8, (u64, u8)>,
    quarantine: Vec<(String, Vec<u8>)>,
    duplicates: u64,
}

fn text(id: u8, content: u8) -> (String, String) {
    (format!("e-{id}"), format!("{content} {}", noise(u64::from(id), usize::from(id) / 2)))
}

impl Model {
    fn take(&mut self, input: &Input) -> (Incoming, Outcome) {
        match input {
            Input::Faulty(byte) => {
                self.quarantine.push(("undecodable".into(), vec![*byte]));
                (faulty(&[*byte]), Outcome::Quarantined { entry: self.quarantine.len() as u64 })
            }
            Input::Event { id, content, micros } => {
                let (event_id, body) = text(*id, *content);
                let incoming = event_at(&event_id, &body, *micros);
                (incoming, self.event(*id, *content, *micros))
            }
        }
    }

    fn event(&mut self, id: u8, content: u8, micros: i64) -> Outcome {
        let (event_id, body) = text(id, content);
        match self.known.get(&id) {
            Some((position, stands)) if *stands == content => {
                self.duplicates += 1;
                Outcome::Duplicate { of: Position::new(*position) }
            }
            Some((position, _)) => {
                self.quarantine.push(("conflict".into(), envelope(&event_id, &body)));
                Outcome::Conflict { with: Position::new(*position), entry: self.quarantine.len() as u64 }
            }
            None => {
                let position = self.records.len() as u64 + 1;
                let recorded_at = self.records.last().map_or(micros, |(_, last, _)| micros.max(*last));
                self.records.push((position, recorded_at, envelope(&event_id, &body)));
                self.known.insert(id, (position, content));
                Outcome::Appended(Position::new(position))
            }
        }
    }

    fn leaves(&self) -> Vec<Hash> {
        let frame = |(position, recorded_at, envelope): &(u64, i64, Vec<u8>)| {
            let length = u32::try_from(envelope.len()).unwrap();
            [&[1][..], &position.to_be_bytes(), &recorded_at.to_be_bytes(), &length.to_be_bytes(), envelope].concat()
        };
        self.records.iter().map(|record| leaf_hash(&frame(record))).collect()
    }

    fn position_at(&self, micros: i64) -> u64 {
        self.records.iter().take_while(|(_, recorded_at, _)| *recorded_at <= micros).count() as u64
    }
}

fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => root_empty(),
        [one] => *one,
        _ => {
            let split = leaves.len().next_power_of_two() / 2;
            node_hash(&root(&leaves[..split]), &root(&leaves[split..]))
        }
    }
}

fn compare(model: &Model, ledger: &Ledger, sequence: u64) -> Result<(), TestCaseError> {
    let reader = ledger.reader();
    prop_assert_eq!(&records(&reader), &model.records);
    let leaves = model.leaves();
    prop_assert_eq!(reader.head().unwrap().root, root(&leaves));
    let counts = Counts {
        records: model.records.len() as u64,
        duplicates: model.duplicates,
        quarantined: model.quarantine.len() as u64,
        holes: 0,
    };
    prop_assert_eq!(reader.counts().unwrap(), counts);
    prop_assert_eq!(reader.cursor().unwrap(), Some(cursor(sequence)));
    let quarantine = reader.quarantine_list(1, usize::MAX).unwrap();
    let quarantine: Vec<_> =
        quarantine.into_iter().map(|entry| (entry.reason.code().to_owned(), entry.bytes)).collect();
    prop_assert_eq!(&quarantine, &model.quarantine);
    for number in (0..=u8::MAX).step_by(5) {
        let stored = reader.position_of(&id(&format!("e-{number}"))).unwrap().map(|(position, _)| position.number());
        prop_assert_eq!(stored, model.known.get(&number).map(|(position, _)| *position));
    }
    for micros in [-60, -1, 0, 333, 999, 2_000] {
        prop_assert_eq!(reader.position_at(at(micros)).unwrap().number(), model.position_at(micros));
    }
    for size in (0..=leaves.len()).step_by(leaves.len() / 3 + 1) {
        prop_assert_eq!(reader.root_at(Position::new(size as u64)).unwrap(), Some(root(&leaves[..size])));
    }
    let report = reader.verify(identify);
    prop_assert!(report.is_whole(), "{:?}", report.findings);
    prop_assert_eq!(report.records, counts.records);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_ledger_is_the_model(steps in steps()) {
        let dir = tempfile::tempdir().unwrap();
        let mut model = Model::default();
        let mut ledger = Ledger::create_or_open(dir.path(), Some(stream()), &small()).unwrap();
        let mut sequence = 0;
        ledger.append(Vec::new(), Some(cursor(0)), &[]).unwrap();
        for step in &steps {
            match step {
                Step::Append(inputs) => {
                    sequence += inputs.len() as u64;
                    let (batch, expected): (Vec<_>, Vec<_>) = inputs.iter().map(|input| model.take(input)).unzip();
                    let appended = ledger.append(batch, Some(cursor(sequence)), &[]).unwrap();
                    prop_assert_eq!(appended.outcomes, expected);
                    prop_assert_eq!(appended.head, ledger.reader().head().unwrap());
                }
                Step::Reopen => {
                    drop(ledger);
                    ledger = Ledger::create_or_open(dir.path(), None, &small()).unwrap();
                }
            }
        }
        compare(&model, &ledger, sequence)?;
    }
}
