//! The folder of keys: a file per person, for the user who runs this alone.

use super::blob::{KEY_BYTES, Key};
use super::{Forgotten, Person};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Nothing for the group and for others.
const NOT_OURS_ALONE: u32 = 0o077;

/// Why a key could not be had, made or destroyed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    /// The folder lies in the ledger's or around it.
    #[error(
        "the folder of keys {0} and the ledger's folder lie in each other: a backup of the ledger would carry the keys; keep them apart"
    )]
    InLedger(PathBuf),
    /// Others may read it.
    #[error("{path} has mode {mode:04o}, so others may get at personal keys: chmod {wanted} {path}")]
    Mode { path: PathBuf, mode: u32, wanted: &'static str },
    /// There is no key.
    #[error(
        "no key of {person} in {folder}: nothing was sealed with this folder, or the key is gone; check --person-keys"
    )]
    Missing { person: Person, folder: PathBuf },
    /// The key was destroyed on purpose.
    #[error("{person} was forgotten {note}: the key is destroyed, and what was sealed cannot be read")]
    Forgotten { person: Person, note: Forgotten },
    /// A file of another form.
    #[error("{path} is damaged ({detail}): take it from your backup of the keys")]
    Damaged { path: PathBuf, detail: String },
    /// The system gave no random numbers.
    #[error("the system gives no random numbers ({0}): a key needs some")]
    Random(String),
    /// The disk.
    #[error("{path}: {error}")]
    Io { path: PathBuf, error: std::io::Error },
}

/// What forgetting a person did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Forgetting {
    /// The key is destroyed now.
    Destroyed,
    /// It was destroyed before, as the note says.
    Before(Forgotten),
}

/// The folder of keys.
pub(crate) struct Keys {
    folder: PathBuf,
}

impl Keys {
    /// Opens the folder, and refuses one that others may look into.
    pub(crate) fn open(folder: &Path, ledger: &Path) -> Result<Self, KeyError> {
        apart_check(folder, ledger)?;
        mode_check(folder, "700")?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// The same, the folder made first if it is not there.
    pub(crate) fn open_or_make(folder: &Path, ledger: &Path) -> Result<Self, KeyError> {
        apart_check(folder, ledger)?;
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| io(folder, error))?;
        Self::open(folder, ledger)
    }

    /// The person's key.
    pub(crate) fn get(&self, person: &Person) -> Result<Key, KeyError> {
        if let Some(note) = self.note(person)? {
            return Err(KeyError::Forgotten { person: person.clone(), note });
        }
        self.key_read(person)?.ok_or_else(|| KeyError::Missing { person: person.clone(), folder: self.folder.clone() })
    }

    /// The person's key, made on first use. A forgotten person gets none: a new key would make it look as if nothing had
    /// been asked for.
    pub(crate) fn get_or_make(&self, person: &Person) -> Result<Key, KeyError> {
        match self.get(person) {
            Err(KeyError::Missing { .. }) => self.make(person),
            other => other,
        }
    }

    /// Destroys the person's key. The note comes first: after a crash in between, nobody reads with the key any more, and
    /// asking again finishes.
    pub(crate) fn forget(&self, person: &Person, note: &Forgotten) -> Result<Forgetting, KeyError> {
        let before = self.note(person)?;
        let key = self.key_path(person);
        let has_key = key.try_exists().map_err(|error| io(&key, error))?;
        match before {
            Some(before) if !has_key => return Ok(Forgetting::Before(before)),
            None if !has_key => {
                return Err(KeyError::Missing { person: person.clone(), folder: self.folder.clone() });
            }
            Some(_) => {}
            None => self.note_write(person, note)?,
        }
        self.destroy(&key)?;
        Ok(Forgetting::Destroyed)
    }

    fn key_path(&self, person: &Person) -> PathBuf {
        self.folder.join(format!("{}.key", person.file_stem()))
    }

    fn note_path(&self, person: &Person) -> PathBuf {
        self.folder.join(format!("{}.forgotten", person.file_stem()))
    }

    fn key_read(&self, person: &Person) -> Result<Option<Key>, KeyError> {
        let path = self.key_path(person);
        let mut file = match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| io(&path, error))?,
        };
        mode_check(&path, "600")?;
        let mut key: Key = Zeroizing::new([0; KEY_BYTES]);
        let bytes = file.metadata().map_err(|error| io(&path, error))?.len();
        if bytes != KEY_BYTES as u64 {
            return Err(KeyError::Damaged { path, detail: format!("it has {bytes} bytes, not {KEY_BYTES}") });
        }
        file.read_exact(key.as_mut_slice()).map_err(|error| io(&path, error))?;
        Ok(Some(key))
    }

    fn make(&self, person: &Person) -> Result<Key, KeyError> {
        let mut key: Key = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(key.as_mut_slice()).map_err(|error| KeyError::Random(error.to_string()))?;
        let path = self.key_path(person);
        match self.write_new(&path, key.as_slice()) {
            // Another process was first: its key is the person's.
            Err(KeyError::Io { error, .. }) if error.kind() == ErrorKind::AlreadyExists => self.get(person),
            written => written.map(|()| key),
        }
    }

    fn note(&self, person: &Person) -> Result<Option<Forgotten>, KeyError> {
        let path = self.note_path(person);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| io(&path, error))?,
        };
        serde_json::from_str(&text).map(Some).map_err(|error| KeyError::Damaged { path, detail: error.to_string() })
    }

    fn note_write(&self, person: &Person, note: &Forgotten) -> Result<(), KeyError> {
        let path = self.note_path(person);
        let text = serde_json::to_string(note)
            .map_err(|error| KeyError::Damaged { path: path.clone(), detail: error.to_string() })?;
        self.write_new(&path, text.as_bytes())
    }

    /// Writes a file that is there whole or not at all, and never over another.
    fn write_new(&self, path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
        let draft = path.with_extension(format!("new-{}", std::process::id()));
        let linked = self.draft_write(&draft, bytes).and_then(|()| fs::hard_link(&draft, path));
        // The draft of a key is a copy of it: it goes, whatever became of the rest.
        let removed = fs::remove_file(&draft);
        linked.and(removed).and_then(|()| self.folder_sync()).map_err(|error| io(path, error))
    }

    fn draft_write(&self, draft: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(draft)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    /// Overwrites, makes that durable, then unlinks: an undelete finds zeros where the disk writes in place.
    fn destroy(&self, path: &Path) -> Result<(), KeyError> {
        let overwrite = || -> std::io::Result<()> {
            let mut file = OpenOptions::new().write(true).open(path)?;
            let bytes = file.metadata()?.len();
            std::io::copy(&mut std::io::repeat(0).take(bytes), &mut file)?;
            file.sync_all()?;
            fs::remove_file(path)?;
            self.folder_sync()
        };
        overwrite().map_err(|error| io(path, error))
    }

    fn folder_sync(&self) -> std::io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }
}

/// Keys in the ledger's folder would travel with its backups, and so would a ledger among the keys with theirs.
fn apart_check(folder: &Path, ledger: &Path) -> Result<(), KeyError> {
    let keys = resolved(folder).map_err(|error| io(folder, error))?;
    let ledger = resolved(ledger).map_err(|error| io(ledger, error))?;
    if keys.starts_with(&ledger) || ledger.starts_with(&keys) {
        return Err(KeyError::InLedger(folder.to_owned()));
    }
    Ok(())
}

/// The path without links, though its end may not be there yet.
fn resolved(path: &Path) -> std::io::Result<PathBuf> {
    match (path.canonicalize(), path.parent(), path.file_name()) {
        (Err(error), Some(parent), Some(name)) if error.kind() == ErrorKind::NotFound => {
            let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
            Ok(resolved(parent)?.join(name))
        }
        (resolved, ..) => resolved,
    }
}

fn mode_check(path: &Path, wanted: &'static str) -> Result<(), KeyError> {
    let mode = fs::metadata(path).map_err(|error| io(path, error))?.mode() & 0o7777;
    if mode & NOT_OURS_ALONE != 0 {
        return Err(KeyError::Mode { path: path.to_owned(), mode, wanted });
    }
    Ok(())
}

fn io(path: &Path, error: std::io::Error) -> KeyError {
    KeyError::Io { path: path.to_owned(), error }
}

#[cfg(test)]
mod tests;
