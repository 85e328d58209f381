//! A forger who knows every format and rewrites all of it alike. What he has not is the key.

use super::scene::{Kept, Lie, Scene, checkpoint, findings, make, options, signer};
use daybook_proof::{KeyKind, KeyName, SignerKey};
use daybook_store::{LEDGER_FILE, Ledger, LedgerReader};

const LIES: [Lie; 6] = [Lie::Record, Lie::RecordedAt, Lie::EntryHidden, Lie::EntryBytes, Lie::Decision, Lie::Order];

#[test]
fn only_the_checkpoint_tells_a_ledger_rewritten_alike_from_the_true_one() {
    let scene = Scene::new();
    for lie in LIES {
        let forged = tempfile::tempdir().unwrap();
        make(forged.path(), lie, Some(&scene.notes));
        let alone = LedgerReader::open(forged.path(), &options()).unwrap().verify(crate::common::identify);
        assert!(alone.is_whole(), "{lie:?} is consistent in itself: {:?}", alone.findings);
        let found = findings(forged.path(), &scene.kept);
        assert!(!found.is_empty() && found.iter().all(|what| what.starts_with("checkpoint ")), "{lie:?}: {found:?}");
        let of_quarantine = found.iter().any(|what| what.contains("quarantine root"));
        let of_records = found.iter().any(|what| what.contains("another root"));
        let in_quarantine = matches!(lie, Lie::EntryHidden | Lie::EntryBytes | Lie::Decision);
        // What was hidden in the quarantine alone leaves the root of the records as it was.
        let in_records = !matches!(lie, Lie::EntryHidden | Lie::EntryBytes);
        assert_eq!((of_quarantine, of_records), (in_quarantine, in_records), "{lie:?}: {found:?}");
        println!("{lie:?}: consistent in itself, {} findings by the checkpoints", found.len());
    }
}

#[test]
fn checkpoints_signed_anew_are_not_the_auditors() {
    let scene = Scene::new();
    let mut forged_keys = vec![SignerKey::of_seed(KeyName::parse("daybook/test").unwrap(), KeyKind::Log, &[4; 32])];
    forged_keys.push(SignerKey::of_seed(KeyName::parse("daybook/other").unwrap(), KeyKind::Log, &[3; 32]));
    for key in forged_keys {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path(), Lie::Record, Some(&scene.notes));
        let mut ledger = Ledger::create_or_open(dir.path(), None, &options()).unwrap();
        let note = checkpoint(&ledger, &key);
        ledger.checkpoint_add(&note, 1).unwrap();
        ledger.close().unwrap();
        let found = findings(dir.path(), &scene.kept);
        assert!(found.iter().any(|what| what.starts_with("checkpoint 4: ")), "{found:?}");
    }
}

#[test]
fn an_old_copy_is_whole_and_too_short_for_the_checkpoint_kept_elsewhere() {
    let (scene, old) = (Scene::new(), tempfile::tempdir().unwrap());
    let mut ledger = Ledger::create_or_open(old.path(), Some(crate::common::stream()), &options()).unwrap();
    ledger.append(crate::common::events(1, 300), Some(crate::common::cursor(300)), &[]).unwrap();
    let note = checkpoint(&ledger, &signer());
    assert_eq!(note, scene.notes[0]);
    ledger.checkpoint_add(&note, 300).unwrap();
    ledger.close().unwrap();
    let alone = Kept { key: signer().public().clone(), note };
    assert_eq!(findings(old.path(), &alone), Vec::<String>::new());
    assert!(!findings(old.path(), &scene.kept).is_empty());
    assert!(old.path().join(LEDGER_FILE).exists());
}
