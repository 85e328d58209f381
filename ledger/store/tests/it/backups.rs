//! Backups and what is restored from them.

use crate::common::{at, cursor, event, event_at, events, faulty, identify, small, stream};
use crate::deciding::{dismiss, fixable, judge, retry};
use daybook_event::Position;
use daybook_proof::{Checkpoint, KeyKind, KeyName, QuarantineTree, SignedNote, SignerKey};
use daybook_store::{
    Backup, BackupDone, BackupError, BackupOptions, Binding, EntryState, Hash, Head, Hole, Incoming, Ledger,
    LedgerOptions, QuarantineEntry, RestoreOptions, Restored, StoredCheckpoint, backup,
};
use std::fs;
use std::path::Path;

fn options() -> LedgerOptions {
    LedgerOptions { judge: Some(judge), ..small() }
}

/// A stream with everything that a ledger can hold, by sequence.
fn messages() -> Vec<Incoming> {
    let mut all = events(1, 12);
    all.extend([fixable("f-1"), event_at("e-3", "other content", 130), event("twice", "x"), event("twice", "x")]);
    all.push(retry("d-1", 1));
    all.extend(events(20, 6));
    all.extend([faulty(b"rubbish"), dismiss("d-2", 3), retry("d-3", 2)]);
    all.extend(events(30, 40));
    all.push(fixable("f-2"));
    all.extend(events(80, 5));
    all
}

/// Takes the stream's messages from one sequence to another, both included, in batches of three; sequence 9 has a hole before it.
fn follow(ledger: &mut Ledger, from: u64, to: u64) {
    let messages = messages();
    let mut sequence = from;
    while sequence <= to {
        let last = (sequence + 2).min(to);
        let place = |sequence: u64| usize::try_from(sequence - 1).unwrap();
        let batch = messages[place(sequence)..=place(last)].to_vec();
        let hole = Hole { from: 8, to: 8, recorded_at: at(5) };
        let holes = if (sequence..=last).contains(&9) { vec![hole] } else { Vec::new() };
        ledger.append(batch, Some(cursor(last)), &holes).unwrap();
        sequence = last + 1;
    }
}

fn signer() -> SignerKey {
    SignerKey::of_seed(KeyName::parse("daybook/test").unwrap(), KeyKind::Log, &[7; 32])
}

fn checkpoint(ledger: &mut Ledger) {
    let (head, frontier) = (ledger.head(), ledger.reader().snapshot().unwrap().quarantine_frontier().unwrap());
    let tree = QuarantineTree { leaves: frontier.size(), root: frontier.root() };
    let origin = KeyName::parse("daybook/test").unwrap();
    let text = Checkpoint::new(origin, head.position.number(), head.root, tree, Vec::new()).to_string();
    let mut note = SignedNote::unsigned(text).unwrap();
    note.sign(&signer()).unwrap();
    ledger.checkpoint_add(&note.to_string(), head.position.number()).unwrap();
}

/// What two ledgers of one stream have in common.
type Same = (Head, Hash, u64, Vec<(QuarantineEntry, EntryState)>, Vec<Hole>);

fn same(ledger: &Ledger) -> Same {
    let snapshot = ledger.reader().snapshot().unwrap();
    let entries = snapshot.quarantine_list(1, usize::MAX).unwrap();
    let states = snapshot.entry_states(&entries).unwrap();
    let frontier = snapshot.quarantine_frontier().unwrap();
    let holes = snapshot.holes().unwrap();
    (snapshot.head(), frontier.root(), frontier.size(), entries.into_iter().zip(states).collect(), holes)
}

fn back_up(ledger: &Ledger, dir: &Path) -> Result<BackupDone, BackupError> {
    backup(
        &ledger.reader().snapshot().unwrap(),
        dir,
        &BackupOptions { public_keys: Some(b"keys".to_vec()), medium: None },
    )
}

fn restore(from: &Path, to: &Path, position: Option<u64>) -> Result<Restored, BackupError> {
    let position = position.map(Position::new);
    Backup::open(from, None)?.restore(to, &RestoreOptions { position, ledger: options(), identify })
}

fn open(dir: &Path) -> Ledger {
    Ledger::create_or_open(dir, Some(stream()), &options()).unwrap()
}

/// A ledger of the whole stream, backed up three times on the way, with a checkpoint before the second.
fn backed_up(root: &Path) -> (Ledger, Vec<BackupDone>) {
    let mut ledger = open(&root.join("ledger"));
    let mut done = Vec::new();
    let mut from = 1;
    for to in [13, 50, messages().len() as u64] {
        follow(&mut ledger, from, to);
        if from > 1 {
            checkpoint(&mut ledger);
        }
        from = to + 1;
        done.push(back_up(&ledger, &root.join("backup")).unwrap());
    }
    (ledger, done)
}

#[test]
fn a_restored_ledger_is_the_ledger_and_goes_on_as_it_would() {
    let root = tempfile::tempdir().unwrap();
    let (mut ledger, done) = backed_up(root.path());
    assert_eq!(done[1].from, done[0].position);
    assert_eq!(done.iter().map(|done| done.records).sum::<u64>(), ledger.head().position.number());
    let restored = restore(&root.path().join("backup"), &root.path().join("new"), None).unwrap();
    assert_eq!((restored.head, restored.checkpoints), (ledger.head(), 2));
    let (kept, newest) = restored.newest.unwrap();
    assert_eq!((kept.number, newest.root), (2, ledger.head().root));
    let mut new = open(&root.path().join("new"));
    assert_eq!(same(&new), same(&ledger));
    let counts = |ledger: &Ledger| ledger.reader().counts().unwrap();
    let cursor_of = |ledger: &Ledger| ledger.reader().cursor().unwrap();
    assert_eq!((counts(&new), cursor_of(&new)), (counts(&ledger), cursor_of(&ledger)));
    let notes = |ledger: &Ledger| ledger.reader().snapshot().unwrap().checkpoints(1, 9).unwrap();
    assert_eq!(notes(&new), notes(&ledger));
    assert_eq!(ledger.reader().identity().unwrap(), new.reader().identity().unwrap());
    assert_eq!(new.reader().verify(identify).findings, []);
    assert_eq!(fs::read(root.path().join("new/signing.pub")).unwrap(), b"keys");
    for ledger in [&mut ledger, &mut new] {
        let batch = vec![event("e-3", "yet other"), event("twice", "x"), retry("d-9", 5), event("new", "")];
        ledger.append(batch, Some(cursor(200)), &[]).unwrap();
    }
    assert_eq!(same(&new), same(&ledger));
}

#[test]
fn any_position_can_be_restored_and_the_stream_leads_from_there_to_the_same_ledger() {
    let root = tempfile::tempdir().unwrap();
    let (ledger, done) = backed_up(root.path());
    let (last, expected) = (messages().len() as u64, same(&ledger));
    let mut refused = 0;
    for position in 0..=ledger.head().position.number() {
        let dir = root.path().join(format!("at-{position}"));
        match restore(&root.path().join("backup"), &dir, Some(position)) {
            Ok(restored) => {
                assert_eq!(restored.head.position.number(), position);
                let root_then = ledger.reader().root_at(Position::new(position)).unwrap();
                assert_eq!(Some(restored.head.root), root_then);
                let mut new = open(&dir);
                assert_eq!(new.reader().verify(identify).findings, [], "position {position}");
                let from = new.reader().cursor().unwrap().map_or(1, |cursor| cursor.sequence + 1);
                follow(&mut new, from, last);
                assert_eq!(same(&new), expected, "position {position}");
                assert_eq!(new.reader().verify(identify).findings, [], "position {position}");
            }
            Err(BackupError::BehindDecision { decision, after, .. }) => {
                assert!(decision <= position && position < after);
                refused += 1;
                assert!(restore(&root.path().join("backup"), &dir.join("before"), Some(decision - 1)).is_ok());
                assert!(restore(&root.path().join("backup"), &dir.join("after"), Some(after)).is_ok());
            }
            Err(other) => panic!("{position}: {other}"),
        }
    }
    assert!(refused > 0 && refused < done[1].position.number());
    let beyond = restore(&root.path().join("backup"), &root.path().join("beyond"), Some(10_000));
    assert!(matches!(beyond, Err(BackupError::Beyond { .. })));
}

#[test]
fn the_newest_checkpoint_of_a_position_is_the_one_that_its_ledger_is_held_against() {
    let root = tempfile::tempdir().unwrap();
    let (from, last) = (root.path().join("backup"), messages().len() as u64);
    let mut ledger = open(&root.path().join("ledger"));
    // The second is made between two runs, behind an entry that only the later run has.
    for (to, is_run) in [(30, true), (67, false), (last, true)] {
        let next = ledger.reader().cursor().unwrap().map_or(1, |cursor| cursor.sequence + 1);
        follow(&mut ledger, next, to);
        checkpoint(&mut ledger);
        if is_run {
            back_up(&ledger, &from).unwrap();
        }
    }
    let backup = Backup::open(&from, None).unwrap();
    let runs: Vec<u64> = backup.marks().iter().map(|mark| mark.position.number()).collect();
    let mut kept = Vec::new();
    for position in runs[0]..=runs[1] {
        let restored = restore(&from, &root.path().join(format!("at-{position}")), Some(position)).unwrap();
        assert_eq!(backup.newest_at(Some(Position::new(position))).unwrap(), restored.newest, "{position}");
        kept.push(restored.newest.unwrap().0.number);
    }
    assert_eq!((kept.pop(), kept.iter().all(|number| *number == 1)), (Some(3), true), "{kept:?}");
    let size = backup.checkpoints().unwrap().len();
    assert_eq!((size, backup.newest_at(None).unwrap().unwrap().0.number), (3, 3));
}

#[test]
fn a_run_with_nothing_new_changes_nothing_and_new_signatures_are_taken_along() {
    let root = tempfile::tempdir().unwrap();
    let (mut ledger, _) = backed_up(root.path());
    let dir = root.path().join("backup");
    let files = |dir: &Path| {
        let read = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        let mut read: Vec<_> = read.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
        read.sort();
        read
    };
    let before = files(&dir);
    let done = back_up(&ledger, &dir).unwrap();
    assert_eq!((done.records, done.bytes), (0, 0));
    assert_eq!(files(&dir), before);
    let kept = ledger.reader().snapshot().unwrap().checkpoint_last().unwrap().unwrap();
    let mut note = SignedNote::parse(kept.note.as_bytes()).unwrap();
    note.cosign(&SignerKey::of_seed(KeyName::parse("witness").unwrap(), KeyKind::Witness, &[9; 32]), 1).unwrap();
    ledger.cosignature_add(kept.number, &note.to_string()).unwrap();
    back_up(&ledger, &dir).unwrap();
    assert_eq!(files(&dir).len(), before.len());
    let checkpoints = Backup::open(&dir, None).unwrap().checkpoints().unwrap();
    assert_eq!(checkpoints.last().unwrap().note, note.to_string());
    assert_eq!(Backup::open(&dir, None).unwrap().verify(identify), []);
}

#[test]
fn a_folder_that_is_not_for_this_ledger_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let (ledger, _) = backed_up(root.path());
    let other = tempfile::tempdir().unwrap();
    let files = LedgerOptions { created_at: at(9), ..options() };
    let another = Ledger::create_or_open(other.path(), Some(Binding::Files), &files).unwrap();
    let to_same = back_up(&another, &root.path().join("backup"));
    assert!(matches!(to_same, Err(BackupError::Another { .. })), "{to_same:?}");
    let to_ledger = back_up(&ledger, other.path());
    assert!(matches!(to_ledger, Err(BackupError::NotABackup { .. })), "{to_ledger:?}");
    // The same ledger, restored to an earlier position and grown otherwise.
    restore(&root.path().join("backup"), &root.path().join("early"), Some(10)).unwrap();
    let mut early = open(&root.path().join("early"));
    let behind = back_up(&early, &root.path().join("backup"));
    assert!(matches!(behind, Err(BackupError::OtherHistory { .. })), "{behind:?}");
    early.append(events(500, 200), Some(cursor(900)), &[]).unwrap();
    let aside = back_up(&early, &root.path().join("backup"));
    assert!(matches!(aside, Err(BackupError::OtherHistory { .. })), "{aside:?}");
    let there = restore(&root.path().join("backup"), &root.path().join("ledger"), None);
    assert!(matches!(there, Err(BackupError::LedgerThere { .. })), "{there:?}");
    let nothing = restore(other.path(), &root.path().join("none"), None);
    assert!(matches!(nothing, Err(BackupError::Missing { .. })), "{nothing:?}");
}

#[test]
fn any_flipped_byte_of_a_backup_is_found_and_never_restored() {
    let root = tempfile::tempdir().unwrap();
    backed_up(root.path());
    let dir = root.path().join("backup");
    assert_eq!(Backup::open(&dir, None).unwrap().verify(identify), []);
    let (mut flipped, mut names) = (0, 0);
    for entry in fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if ["signing.pub", "checkpoint.note"].contains(&name) {
            continue;
        }
        names += 1;
        let whole = fs::read(&path).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 60 + 1) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            fs::write(&path, &bytes).unwrap();
            let found = Backup::open(&dir, None).map(|backup| backup.verify(identify));
            // The newline behind the manifest's checksum may be anything that is no checksum.
            let is_harmless = name == "manifest.json" && at + 1 == whole.len();
            assert!(is_harmless || !matches!(&found, Ok(found) if found.is_empty()), "{name} at {at}");
            let to = root.path().join("no");
            assert!(is_harmless || restore(&dir, &to, None).is_err(), "{name} at {at}");
            assert!(!to.join("ledger.redb").exists());
            flipped += 1;
        }
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(name == "manifest.json" || restore(&dir, &root.path().join("no"), None).is_err());
        fs::write(&path, whole).unwrap();
    }
    println!("bytes flipped in {names} files: {flipped}, all found");
    restore(&dir, &root.path().join("yes"), None).unwrap();
}

#[test]
fn a_checkpoint_of_other_records_is_not_restored() {
    let root = tempfile::tempdir().unwrap();
    let mut ledger = open(&root.path().join("ledger"));
    follow(&mut ledger, 1, 5);
    let mut note =
        SignedNote::unsigned("daybook/test\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n".into()).unwrap();
    note.sign(&signer()).unwrap();
    ledger.checkpoint_add(&note.to_string(), 3).unwrap();
    back_up(&ledger, &root.path().join("backup")).unwrap();
    let restored = restore(&root.path().join("backup"), &root.path().join("new"), None);
    assert!(matches!(restored, Err(BackupError::Checkpoint { number: 1, .. })), "{restored:?}");
    let kept: Vec<StoredCheckpoint> = Backup::open(&root.path().join("backup"), None).unwrap().checkpoints().unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(Backup::open(&root.path().join("backup"), None).unwrap().verify(identify).len(), 1);
}
