//! A ledger with everything in it, and what an auditor checks of one: what verify finds, and every checkpoint by the public key.

use crate::common::{
    act, at, cursor, envelope, event, event_at, events, faulty, id_of, identify, records, small, stream,
};
use daybook_event::{Instant, Position};
use daybook_proof::{Checkpoint, KeyKind, KeyName, QuarantineTree, SignedNote, SignerKey, VerifierKey};
use daybook_store::{
    Decision, EntryState, Hole, Incoming, LEDGER_FILE, Ledger, LedgerOptions, LedgerReader, Origin, QuarantineReason,
    Verdict, VerifyAt,
};
use std::path::Path;

/// What an auditor keeps elsewhere.
pub(super) struct Kept {
    pub(super) key: VerifierKey,
    /// The note of the last checkpoint.
    pub(super) note: String,
}

/// Which lie a forger tells, everything else alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lie {
    None,
    /// One record has another content.
    Record,
    /// One record has another time.
    RecordedAt,
    /// One quarantine entry never was.
    EntryHidden,
    /// One quarantine entry has other bytes.
    EntryBytes,
    /// One decision dismisses another entry.
    Decision,
    /// Two records stand in each other's place.
    Order,
}

pub(super) fn judge(bytes: Vec<u8>, recorded_at: Instant, origin: Origin) -> Incoming {
    match bytes.strip_prefix(b"fixed ").map(|rest| (id_of(rest), rest.to_vec())) {
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

pub(super) fn options() -> LedgerOptions {
    LedgerOptions { judge: Some(judge), ledger_id: Some([7; 16]), ..small() }
}

fn decision(event_id: &str, entry: u64, verdict: Verdict) -> Incoming {
    let Incoming::Event { id, content_hash, recorded_at, envelope, origin, .. } =
        event_at(event_id, &format!("{entry} {verdict:?}"), 6_000)
    else {
        unreachable!()
    };
    Incoming::Event { id, content_hash, recorded_at, envelope, origin, decision: Some(Decision { entry, verdict }) }
}

pub(super) fn signer() -> SignerKey {
    SignerKey::of_seed(KeyName::parse("daybook/test").unwrap(), KeyKind::Log, &[3; 32])
}

/// A signed checkpoint of the ledger as it is.
pub(super) fn checkpoint(ledger: &Ledger, key: &SignerKey) -> String {
    let snapshot = ledger.reader().snapshot().unwrap();
    let frontier = snapshot.quarantine_frontier().unwrap();
    let quarantine = QuarantineTree { leaves: frontier.size(), root: frontier.root() };
    let (size, root) = (snapshot.head().position.number(), snapshot.head().root);
    let text = Checkpoint::new(key.public().name().clone(), size, root, quarantine, Vec::new()).to_string();
    let mut note = SignedNote::unsigned(text).unwrap();
    note.sign(key).unwrap();
    note.to_string()
}

/// Makes the ledger. With a lie, everything is written as if the lie were true, and the true ledger's notes are put in:
/// a forger has no key.
pub(super) fn make(dir: &Path, lie: Lie, notes: Option<&[String]>) -> Vec<String> {
    let mut ledger = Ledger::create_or_open(dir, Some(stream()), &options()).unwrap();
    let mut kept = Vec::new();
    let checkpointed = |ledger: &mut Ledger, kept: &mut Vec<String>| {
        let note = notes.map_or_else(|| checkpoint(ledger, &signer()), |notes| notes[kept.len()].clone());
        ledger.checkpoint_add(&note, ledger.head().position.number().min(1)).unwrap();
        kept.push(note);
    };
    let mut batch = events(1, 300);
    match lie {
        Lie::Record => batch[99] = event_at("e-100", "another amount", 1_000),
        Lie::RecordedAt => batch[99] = shifted(batch[99].clone()),
        Lie::Order => batch.swap(99, 100),
        _ => {}
    }
    ledger.append(batch, Some(cursor(300)), &[]).unwrap();
    checkpointed(&mut ledger, &mut kept);
    let fixable = |name: &str| faulty(&[b"fixed ", envelope(name, "body").as_slice()].concat());
    let mut batch = vec![faulty(b"never"), fixable("f-1"), event("e-1", "a conflict"), fixable("f-2"), faulty(b"last")];
    match lie {
        Lie::EntryHidden => drop(batch.pop()),
        Lie::EntryBytes => batch[4] = faulty(b"lost"),
        _ => {}
    }
    let hole = |from, to| Hole { from, to, recorded_at: at(9) };
    ledger.append(batch, Some(cursor(320)), &[hole(301, 303), hole(310, 310)]).unwrap();
    let dismissed = if lie == Lie::Decision { 3 } else { 1 };
    let decisions = vec![
        decision("d-1", 2, Verdict::Retry),
        decision("d-2", dismissed, Verdict::Dismiss),
        decision("d-3", 1, Verdict::Retry),
        decision("d-4", 77, Verdict::Dismiss),
        decision("d-5", 4, Verdict::Dismiss),
        decision("d-6", 4, Verdict::Retry),
    ];
    ledger.append(decisions, Some(cursor(330)), &[]).unwrap();
    checkpointed(&mut ledger, &mut kept);
    let acts = ["a-1", "a-2", "a-3"].map(act);
    ledger.append(acts.into_iter().chain(events(301, 250)).collect(), Some(cursor(600)), &[]).unwrap();
    checkpointed(&mut ledger, &mut kept);
    ledger.close().unwrap();
    kept
}

fn shifted(event: Incoming) -> Incoming {
    let Incoming::Event { id, content_hash, envelope, origin, decision, .. } = event else { unreachable!() };
    // Between those of its neighbours: the order of times stays.
    Incoming::Event { id, content_hash, recorded_at: at(1_001), envelope, origin, decision }
}

/// What an auditor finds in the ledger of the folder.
pub(super) fn findings(dir: &Path, kept: &Kept) -> Vec<String> {
    let reader = match LedgerReader::open(dir, &options()) {
        Ok(reader) => reader,
        Err(error) => return vec![format!("does not open: {error}")],
    };
    let notes: Vec<(u64, String)> =
        reader.checkpoints_readable().into_iter().map(|stored| (stored.number, stored.note)).collect();
    let mut found = Vec::new();
    let mut stated = Vec::new();
    for (number, note) in notes.iter().map(|(number, note)| (*number, note)).chain([(0, &kept.note)]) {
        match stated_by(note, &kept.key) {
            Ok(checkpoint) => stated.push((number, checkpoint)),
            Err(why) => found.push(format!("checkpoint {number}: {why}")),
        }
    }
    let sizes = VerifyAt {
        records: stated.iter().map(|(_, checkpoint)| checkpoint.size).collect(),
        quarantine: stated.iter().filter_map(|(_, checkpoint)| Some(checkpoint.quarantine?.leaves)).collect(),
    };
    let report = reader.verify_at(identify, &sizes);
    found.extend(report.findings.iter().map(ToString::to_string));
    // The kept ones in order, then the one kept elsewhere, which is the last of them.
    for pair in stated.windows(2) {
        let grows = |checkpoint: &Checkpoint| (checkpoint.size, checkpoint.quarantine.map(|tree| tree.leaves));
        if grows(&pair[1].1) < grows(&pair[0].1) {
            found.push(format!("checkpoint {}: smaller than the one before", pair[1].0));
        }
    }
    for (number, checkpoint) in &stated {
        if report.roots_at.get(&checkpoint.size) != Some(&checkpoint.root) {
            found.push(format!("checkpoint {number}: another root at {}", checkpoint.size));
        }
        let quarantine = checkpoint.quarantine.unwrap();
        if report.quarantine_roots_at.get(&quarantine.leaves) != Some(&quarantine.root) {
            found.push(format!("checkpoint {number}: another quarantine root at {}", quarantine.leaves));
        }
    }
    found
}

fn stated_by(note: &str, key: &VerifierKey) -> Result<Checkpoint, String> {
    let note = SignedNote::parse(note.as_bytes()).map_err(|error| error.to_string())?;
    note.verify(std::slice::from_ref(key)).map_err(|error| error.to_string())?;
    Checkpoint::parse(note.text()).map_err(|error| error.to_string())
}

/// Everything that can be read of a ledger.
#[derive(Debug, PartialEq)]
pub(super) struct Read {
    pub(super) records: Vec<(u64, i64, Vec<u8>)>,
    quarantine: Vec<(Vec<u8>, EntryState)>,
    rest: String,
    pub(super) notes: Vec<String>,
}

/// Reads everything, by every way of reading there is.
pub(super) fn read(dir: &Path) -> Result<Read, Box<dyn std::error::Error>> {
    let reader = LedgerReader::open(dir, &options())?;
    let snapshot = reader.snapshot()?;
    let all = records(&reader);
    let mut rest = format!("{:?} {:?} {:?}", snapshot.head(), snapshot.identity(), snapshot.cursor());
    rest += &format!("{:?} {:?} {:?}", snapshot.counts(), snapshot.holes()?, snapshot.quarantine_frontier()?);
    for (position, _, envelope) in &all {
        let (id, content) = id_of(envelope)?;
        let stands = snapshot.position_of(&id)?;
        assert_eq!(stands, Some((Position::new(*position), content)), "a key reads as another");
    }
    for size in (0..=all.len()).step_by(64) {
        rest += &format!("{:?}", snapshot.root_at(Position::new(size as u64))?);
    }
    let entries = snapshot.quarantine_list(1, usize::MAX)?;
    let states = snapshot.entry_states(&entries)?;
    let quarantine = entries.into_iter().map(|entry| entry.bytes).zip(states).collect();
    let notes = snapshot.checkpoints(1, usize::MAX)?.into_iter().map(|stored| stored.note).collect();
    Ok(Read { records: all, quarantine, rest, notes })
}

/// The true ledger's file, made once, for copies of it.
pub(super) struct Scene {
    pub(super) dir: tempfile::TempDir,
    pub(super) file: Vec<u8>,
    pub(super) kept: Kept,
    pub(super) notes: Vec<String>,
}

impl Scene {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let notes = make(dir.path(), Lie::None, None);
        let kept = Kept { key: signer().public().clone(), note: notes[2].clone() };
        let file = std::fs::read(dir.path().join(LEDGER_FILE)).unwrap();
        assert_eq!(findings(dir.path(), &kept), Vec::<String>::new());
        Self { dir, file, kept, notes }
    }

    /// Puts the true file back.
    pub(super) fn restore(&self) {
        std::fs::write(self.dir.path().join(LEDGER_FILE), &self.file).unwrap();
    }

    pub(super) fn findings(&self) -> Vec<String> {
        findings(self.dir.path(), &self.kept)
    }
}
