use super::*;
use daybook_event::SourceId;
use std::os::unix::fs::PermissionsExt;

fn person(person_id: &str) -> Person {
    Person { source: SourceId::parse("contoso").unwrap(), person_id: person_id.to_owned() }
}

fn note(reason: &str) -> Forgotten {
    Forgotten { at: "2024-05-01T00:00:00Z".to_owned(), by: "dpo".to_owned(), reason: reason.to_owned() }
}

struct Place {
    dir: tempfile::TempDir,
    keys: Keys,
}

fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::open_or_make(&dir.path().join("keys"), &dir.path().join("ledger")).unwrap();
    Place { dir, keys }
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn files(place: &Place) -> Vec<String> {
    let entries = fs::read_dir(place.dir.path().join("keys")).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_key_is_made_once_and_for_one_person() {
    let place = place();
    assert!(matches!(place.keys.get(&person("p-1")), Err(KeyError::Missing { .. })));
    let key = place.keys.get_or_make(&person("p-1")).unwrap();
    assert_eq!(*place.keys.get_or_make(&person("p-1")).unwrap(), *key);
    assert_eq!(*place.keys.get(&person("p-1")).unwrap(), *key);
    assert_ne!(*place.keys.get_or_make(&person("p-2")).unwrap(), *key);
    let names = files(&place);
    assert_eq!(names.len(), 2, "a draft stayed: {names:?}");
    assert!(names.iter().all(|name| !name.contains("p-") && !name.contains("contoso")), "{names:?}");
    let mode = fs::metadata(place.keys.key_path(&person("p-1"))).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(fs::metadata(place.dir.path().join("keys")).unwrap().mode() & 0o777, 0o700);
}

#[test]
fn what_others_may_read_is_refused() {
    let place = place();
    let (folder, ledger) = (place.dir.path().join("keys"), place.dir.path().join("ledger"));
    place.keys.get_or_make(&person("p-1")).unwrap();
    for mode in [0o640, 0o604, 0o660] {
        chmod(&place.keys.key_path(&person("p-1")), mode);
        assert!(matches!(place.keys.get(&person("p-1")), Err(KeyError::Mode { wanted: "600", .. })), "{mode:o}");
    }
    for mode in [0o750, 0o705, 0o711] {
        chmod(&folder, mode);
        assert!(matches!(Keys::open(&folder, &ledger), Err(KeyError::Mode { wanted: "700", .. })), "{mode:o}");
    }
}

#[test]
fn keys_and_ledger_lie_apart() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = dir.path().join("ledger");
    fs::create_dir(&ledger).unwrap();
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(&ledger, &link).unwrap();
    for folder in [ledger.clone(), ledger.join("keys"), dir.path().to_owned(), link.join("deep/keys")] {
        let refused = Keys::open_or_make(&folder, &ledger);
        assert!(matches!(refused, Err(KeyError::InLedger(_))), "{}", folder.display());
    }
    assert_eq!(fs::read_dir(&ledger).unwrap().count(), 0, "a refused folder was made");
    // A name that begins alike is another folder; and the ledger need not be there yet.
    assert!(Keys::open_or_make(&dir.path().join("ledger-keys"), &ledger).is_ok());
    assert!(Keys::open_or_make(&dir.path().join("none/keys"), &dir.path().join("none")).is_err());
}

#[test]
fn looking_makes_no_folder() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("keys");
    assert!(matches!(Keys::open(&folder, &dir.path().join("ledger")), Err(KeyError::Io { .. })));
    assert!(!folder.exists());
}

#[test]
fn a_forgotten_key_is_gone_and_stays_gone() {
    let place = place();
    place.keys.get_or_make(&person("p-1")).unwrap();
    let other = place.keys.get_or_make(&person("p-2")).unwrap();
    assert_eq!(place.keys.forget(&person("p-1"), &note("asked")).unwrap(), Forgetting::Destroyed);
    assert!(!place.keys.key_path(&person("p-1")).exists());
    for refused in [place.keys.get(&person("p-1")), place.keys.get_or_make(&person("p-1"))] {
        let told = refused.unwrap_err().to_string();
        assert!(told.contains("was forgotten at 2024-05-01T00:00:00Z by \"dpo\" (\"asked\")"), "{told}");
    }
    assert_eq!(place.keys.forget(&person("p-1"), &note("again")).unwrap(), Forgetting::Before(note("asked")));
    assert_eq!(*place.keys.get(&person("p-2")).unwrap(), *other);
    // A mistyped id must not pass for a person who was forgotten.
    assert!(matches!(place.keys.forget(&person("p-3"), &note("asked")), Err(KeyError::Missing { .. })));
}

/// As a crash between the note and the key leaves it.
#[test]
fn forgetting_that_was_cut_off_is_finished_by_the_next() {
    let place = place();
    place.keys.get_or_make(&person("p-1")).unwrap();
    place.keys.note_write(&person("p-1"), &note("asked")).unwrap();
    assert!(matches!(place.keys.get(&person("p-1")), Err(KeyError::Forgotten { .. })));
    assert_eq!(place.keys.forget(&person("p-1"), &note("again")).unwrap(), Forgetting::Destroyed);
    assert!(!place.keys.key_path(&person("p-1")).exists());
    assert_eq!(place.keys.note(&person("p-1")).unwrap(), Some(note("asked")));
}

/// What another name of the same file still shows is what the disk holds.
#[test]
fn the_key_is_overwritten_before_it_is_unlinked() {
    let place = place();
    place.keys.get_or_make(&person("p-1")).unwrap();
    let witness = place.dir.path().join("witness");
    fs::hard_link(place.keys.key_path(&person("p-1")), &witness).unwrap();
    assert_ne!(fs::read(&witness).unwrap(), [0; KEY_BYTES]);
    place.keys.forget(&person("p-1"), &note("asked")).unwrap();
    assert_eq!(fs::read(&witness).unwrap(), [0; KEY_BYTES]);
}

#[test]
fn a_damaged_key_says_so() {
    let place = place();
    place.keys.get_or_make(&person("p-1")).unwrap();
    fs::write(place.keys.key_path(&person("p-1")), [1; 31]).unwrap();
    let told = place.keys.get(&person("p-1")).unwrap_err().to_string();
    assert!(told.contains("is damaged (it has 31 bytes, not 32)"), "{told}");
}
