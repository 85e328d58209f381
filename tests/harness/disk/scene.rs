//! A ledger on a simulated disk, the work that is to be done on it, and what it must be after each step.

use daybook_event::{Instant, Position};
use daybook_intake::{classify, identify, judge_again};
use daybook_proto::{decode_json, encode};
use daybook_store::{
    AppendError, Binding, Counts, Cursor, EntryState, Hash, Head, Hole, Incoming, Ledger, LedgerOptions, LedgerReader,
    OpenError, Origin, QuarantineEntry, ReadError, StoredCheckpoint, VerifyReport,
};
use daybook_tests::dice::Dice;
use daybook_tests::disk::SimDisk;
use std::ops::ControlFlow;
use std::path::Path;

pub(super) const DIR: &str = "/ledger";

/// A step of work: one durable transaction.
pub(super) enum Step {
    Append { batch: Vec<Incoming>, cursor: Option<u64>, holes: Vec<Hole> },
    Checkpoint { note: String, size: u64 },
}

/// Everything that a ledger holds, as a reader sees it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Standing {
    head: Head,
    counts: Counts,
    cursor: Option<Cursor>,
    holes: Vec<Hole>,
    quarantine: Vec<(QuarantineEntry, EntryState)>,
    quarantine_root: Hash,
    checkpoints: Vec<StoredCheckpoint>,
    records: Vec<(Position, Instant, Vec<u8>)>,
}

impl Standing {
    pub(super) fn read(reader: &LedgerReader) -> Result<Self, ReadError> {
        let snapshot = reader.snapshot()?;
        let mut records = Vec::new();
        snapshot.scan(Position::new(1), Position::new(u64::MAX), |record| {
            records.push((record.position, record.recorded_at, record.envelope.to_vec()));
            Ok::<_, ReadError>(ControlFlow::Continue(()))
        })?;
        let entries = snapshot.quarantine_list(1, usize::MAX)?;
        let states = snapshot.entry_states(&entries)?;
        Ok(Self {
            head: snapshot.head(),
            counts: snapshot.counts(),
            cursor: snapshot.cursor().cloned(),
            holes: snapshot.holes()?,
            quarantine: entries.into_iter().zip(states).collect(),
            quarantine_root: snapshot.quarantine_frontier()?.root(),
            checkpoints: snapshot.checkpoints(1, usize::MAX)?,
            records,
        })
    }

    pub(super) fn records(&self) -> usize {
        self.records.len()
    }
}

/// How far a run came, and why it went no further.
pub(super) struct Run {
    pub(super) done: usize,
    pub(super) error: Option<Stopped>,
}

/// Where a run stopped.
#[derive(Debug)]
pub(super) enum Stopped {
    Open(OpenError),
    Work(AppendError),
}

/// A disk as it is before the work, the work, and what must stand after each step.
pub(super) struct Scene {
    pub(super) disk: SimDisk,
    pub(super) binding: Binding,
    pub(super) steps: Vec<Step>,
    pub(super) standings: Vec<Standing>,
}

impl Scene {
    /// Does the work once, undisturbed, on a copy of the disk.
    pub(super) fn new(disk: SimDisk, binding: Binding, steps: Vec<Step>) -> Self {
        let mut scene = Self { disk: disk.fork(0), binding, steps, standings: Vec::new() };
        let mut ledger = scene.open(&disk).unwrap();
        scene.standings.push(Standing::read(&ledger.reader()).unwrap());
        for step in &scene.steps {
            scene.step(&mut ledger, step).unwrap();
            scene.standings.push(Standing::read(&ledger.reader()).unwrap());
        }
        let report = verified(&ledger.reader());
        assert!(report.is_whole() && report.findings.is_empty(), "{:?}", report.findings);
        scene
    }

    pub(super) fn open(&self, disk: &SimDisk) -> Result<Ledger, OpenError> {
        let options = LedgerOptions {
            segment_stored_bytes_max: 700,
            cache_bytes_max: 1024 * 1024,
            judge: Some(judge_again),
            medium: Some(disk.medium()),
            ..LedgerOptions::default()
        };
        Ledger::create_or_open(Path::new(DIR), Some(self.binding.clone()), &options)
    }

    /// Opens, does the steps from one on, and closes.
    pub(super) fn run(&self, disk: &SimDisk, from: usize) -> Run {
        let mut ledger = match self.open(disk) {
            Ok(ledger) => ledger,
            Err(error) => return Run { done: from, error: Some(Stopped::Open(error)) },
        };
        for (at, step) in self.steps.iter().enumerate().skip(from) {
            if let Err(error) = self.step(&mut ledger, step) {
                let again = self.step(&mut ledger, step).unwrap_err();
                assert!(matches!(again, AppendError::Stopped), "a ledger goes on after {error}: {again}");
                return Run { done: at, error: Some(Stopped::Work(error)) };
            }
        }
        // What is committed is durable, whether the close goes well or not.
        let _ = ledger.close();
        Run { done: self.steps.len(), error: None }
    }

    fn step(&self, ledger: &mut Ledger, step: &Step) -> Result<(), AppendError> {
        match step {
            Step::Append { batch, cursor, holes } => {
                let cursor = cursor.map(|sequence| Cursor {
                    stream: "CSP_EVENTS".to_owned(),
                    stream_created_at: Instant::from_micros(1),
                    sequence,
                    message_at: None,
                });
                ledger.append(batch.clone(), cursor, holes).map(|_| ())
            }
            Step::Checkpoint { note, size } => ledger.checkpoint_add(note, *size).map(|_| ()),
        }
    }
}

/// Everything recomputed from stored bytes.
pub(super) fn verified(reader: &LedgerReader) -> VerifyReport {
    reader.verify(identify)
}

/// An event's line: a sale of no two alike, which packs badly.
pub(super) fn line(number: u64) -> String {
    let noise = Dice::new(number).roll();
    format!(
        r#"{{"source":"contoso","event_id":"s-{number}-{noise:x}","partner_id":"P-{}","effective_on":"2022-01-{:02}","license_sale":{{"customer_id":"C-{}","subscription_id":"S-{noise:x}","product_id":"CFQ7TTC0LCHC","sku_id":"0002","product_name":"Microsoft 365 Business Premium","product_family":"Microsoft 365","segment":"commercial","quantity":25,"amount":"{}.00","currency":"USD","charge_type":"new","charge_start":"2022-01-10","charge_end":"2022-02-09","invoice_id":"G{number:06}","credits":""}}}}"#,
        number % 5,
        number % 28 + 1,
        number % 11,
        number % 900 + 1
    )
}

pub(super) fn event(line: &str, recorded_at: u64, subject: Option<&str>) -> Incoming {
    let bytes = encode(&decode_json(line).unwrap_or_else(|fault| panic!("{fault}: {line}")));
    let origin = Origin { subject: subject.map(str::to_owned), ..Origin::default() };
    classify(bytes, Instant::from_micros(i64::try_from(recorded_at).unwrap()), origin)
}

/// So many sales, from a number on.
pub(super) fn sales(from: u64, count: u64) -> Vec<Incoming> {
    (from..from + count).map(|number| event(&line(number), number * 10, None)).collect()
}

/// An event on a subject that disagrees: it lands in quarantine, and a retry takes it in.
pub(super) fn misplaced(number: u64) -> Incoming {
    event(&line(number), number * 10, Some("csp.events.contoso.P-OTHER.license_sale"))
}

/// What an operator decides about a quarantine entry.
pub(super) fn decision(number: u64, entry: u64, verdict: &str) -> Incoming {
    let line = format!(
        r#"{{"source":"ledger","event_id":"qd-{number}","effective_on":"2022-02-02","quarantine_decision":{{"entry":"{entry}","verdict":"{verdict}","reason":"checked","decided_by":"ann"}}}}"#
    );
    event(&line, number * 10, None)
}

/// Bytes that are no event.
pub(super) fn rubbish(number: u64) -> Incoming {
    let at = Instant::from_micros(i64::try_from(number).unwrap() * 10);
    classify(format!("no envelope {number}").into_bytes(), at, Origin::default())
}
