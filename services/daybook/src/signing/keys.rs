//! Keys on disk: the secret one in a file that only its owner reads, the public ones in a file for everybody.

use crate::failure::Failure;
use daybook_proof::{KeyKind, KeyName, SignerKey, VerifierKey};
use daybook_store::Backup;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The secret key's file, in the ledger's folder where nobody says otherwise.
const KEY_FILE: &str = "signing.key";
/// The public keys that ever signed, one a line.
const PUBLIC_FILE: &str = "signing.pub";
/// A key file holds one line.
const KEY_FILE_BYTES_MAX: u64 = 4 * 1024;
/// What a secret file must not let others do.
const OTHERS: u32 = 0o077;

/// Where a ledger's keys are.
#[derive(Debug, Clone)]
pub(crate) struct KeyPlace {
    ledger: PathBuf,
    secret: PathBuf,
}

impl KeyPlace {
    /// In the file given, or else in the ledger's folder.
    pub(crate) fn of(ledger: &Path, given: Option<&Path>) -> Self {
        let secret = given.map_or_else(|| ledger.join(KEY_FILE), Path::to_owned);
        Self { ledger: ledger.to_owned(), secret }
    }

    /// The ledger's folder.
    pub(crate) fn ledger(&self) -> &Path {
        &self.ledger
    }

    /// The secret key; none where there is none yet.
    pub(crate) fn load(&self) -> Result<Option<SignerKey>, Failure> {
        let read = if self.secret.exists() { Some(secret_key_read(&self.secret)?) } else { None };
        Ok(read)
    }

    /// Draws the first key of a ledger and keeps it.
    pub(crate) fn create(&self, name: KeyName) -> Result<SignerKey, Failure> {
        let key = SignerKey::of_seed(name, KeyKind::Log, &*seed()?);
        secret_key_write(&self.secret, &key)?;
        Ok(key)
    }

    /// Draws the key after this one and keeps it beside it, until [`Self::switch`].
    pub(crate) fn draw(&self, name: KeyName) -> Result<SignerKey, Failure> {
        let key = SignerKey::of_seed(name, KeyKind::Log, &*seed()?);
        let path = self.next();
        if path.exists() {
            std::fs::remove_file(&path)?;
        }
        secret_key_write(&path, &key)?;
        Ok(key)
    }

    /// Puts the drawn key in the place of the one before, which is gone then.
    pub(crate) fn switch(&self) -> Result<(), Failure> {
        std::fs::rename(self.next(), &self.secret)?;
        folder_sync(&self.secret)
    }

    /// The secret key, which must be this one: where a rotation was cut off before its end, the drawn key takes over now.
    pub(crate) fn load_as(&self, expected: &VerifierKey) -> Result<Option<SignerKey>, Failure> {
        let Some(kept) = self.load()? else { return Ok(None) };
        if kept.public() == expected {
            return Ok(Some(kept));
        }
        let next = self.next();
        if next.exists() && secret_key_read(&next)?.public() == expected {
            self.switch()?;
            return self.load();
        }
        Err(Failure::Input(format!(
            "the key in {} signs no more: its checkpoints go on under the key with the hash {:08x}; name that with --key FILE",
            self.secret.display(),
            expected.id()
        )))
    }

    fn next(&self) -> PathBuf {
        let mut name = self.secret.as_os_str().to_owned();
        name.push(".next");
        PathBuf::from(name)
    }

    /// Adds a public key to those that ever signed, unless it is there.
    pub(crate) fn publish(&self, key: &VerifierKey) -> Result<(), Failure> {
        let mut keys = published(&self.ledger)?;
        if keys.contains(key) {
            return Ok(());
        }
        keys.push(key.clone());
        let text: String = keys.iter().map(|key| format!("{key}\n")).collect();
        // Written beside it and renamed: there is never half a list.
        let (path, beside) = (self.ledger.join(PUBLIC_FILE), self.ledger.join(format!("{PUBLIC_FILE}.next")));
        std::fs::write(&beside, text)?;
        File::open(&beside)?.sync_all()?;
        std::fs::rename(&beside, &path)?;
        folder_sync(&path)
    }
}

/// The public keys in a ledger's folder. They are its own word: who trusts nobody has got one another way.
pub(crate) fn published(ledger: &Path) -> Result<Vec<VerifierKey>, Failure> {
    let path = ledger.join(PUBLIC_FILE);
    if path.exists() { keys_of_file(&path) } else { Ok(Vec::new()) }
}

/// Public keys as arguments give them: each a key, or a file of keys.
pub(crate) fn keys_given(arguments: &[String]) -> Result<Vec<VerifierKey>, Failure> {
    let mut keys = Vec::new();
    for argument in arguments {
        match VerifierKey::parse(argument) {
            Ok(key) => keys.push(key),
            Err(_) if Path::new(argument).exists() => keys.extend(keys_of_file(Path::new(argument))?),
            Err(why) => {
                return Err(Failure::Input(format!("{argument:?} is neither a file of public keys nor a key: {why}")));
            }
        }
    }
    Ok(keys)
}

fn keys_of_file(path: &Path) -> Result<Vec<VerifierKey>, Failure> {
    let place = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| Failure::Input(format!("{place}: {error}")))?;
    keys_of_text(&text, &place)
}

/// The public keys in a backup. They are its own word too.
pub(crate) fn published_in_backup(backup: &Backup) -> Result<Vec<VerifierKey>, Failure> {
    let own = backup.public_keys().map_err(Failure::input)?.unwrap_or_default();
    keys_of_text(&String::from_utf8_lossy(&own), "the keys in the backup")
}

/// The keys in a text, one a line; empty lines and lines that begin with # are passed over.
fn keys_of_text(text: &str, place: &str) -> Result<Vec<VerifierKey>, Failure> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| VerifierKey::parse(line).map_err(|why| Failure::Input(format!("{place}: {why}")))).collect()
}

/// The secret key in a file that nobody else can read.
pub(crate) fn secret_key_read(path: &Path) -> Result<SignerKey, Failure> {
    let cannot = |why: &dyn std::fmt::Display| Failure::Input(format!("the key file {}: {why}", path.display()));
    let file = File::open(path).map_err(|error| cannot(&error))?;
    let mode = file.metadata().map_err(|error| cannot(&error))?.permissions().mode();
    if mode & OTHERS != 0 {
        let why = format!(
            "others than its owner may use it (mode {:o}): chmod 600 it, and rotate the key if they may have",
            mode & 0o777
        );
        return Err(cannot(&why));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(KEY_FILE_BYTES_MAX).read_to_string(&mut text).map_err(|error| cannot(&error))?;
    SignerKey::parse(text.trim_end()).map_err(|why| cannot(&why))
}

/// Keeps a secret key in a new file, durable before it signs anything.
pub(crate) fn secret_key_write(path: &Path, key: &SignerKey) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| Failure::Input(format!("the key file {}: {error}", path.display()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(cannot)?;
    // Whatever the umask takes away, the owner must be able to read it.
    file.set_permissions(Permissions::from_mode(0o600)).map_err(cannot)?;
    let mut line = key.to_secret_line();
    line.push('\n');
    file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).map_err(cannot)?;
    folder_sync(path)
}

/// 32 bytes of the system's randomness.
pub(crate) fn seed() -> Result<Zeroizing<[u8; 32]>, Failure> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *seed).map_err(|error| Failure::Input(format!("the system gives no randomness: {error}")))?;
    Ok(seed)
}

/// A new name in a folder is durable once the folder is.
fn folder_sync(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(File::open(folder)?.sync_all()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_key_is_kept_for_its_owner_alone_and_refused_where_others_can_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let place = KeyPlace::of(dir.path(), None);
        assert!(place.load().unwrap().is_none());
        let made = place.create(KeyName::parse("n").unwrap()).unwrap();
        let path = dir.path().join(KEY_FILE);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(place.load().unwrap().unwrap().public(), made.public());
        assert!(place.create(KeyName::parse("n").unwrap()).is_err(), "a key was written over");
        for mode in [0o640, 0o604, 0o660, 0o644] {
            std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let Err(Failure::Input(why)) = place.load() else { panic!("mode {mode:o} was accepted") };
            assert!(why.contains("chmod 600"), "{why}");
        }
    }

    #[test]
    fn a_drawn_key_takes_the_place_of_the_one_before_only_when_told_so() {
        let dir = tempfile::tempdir().unwrap();
        let place = KeyPlace::of(dir.path(), None);
        let name = KeyName::parse("n").unwrap();
        let first = place.create(name.clone()).unwrap();
        drop(place.draw(name.clone()).unwrap());
        let second = place.draw(name).unwrap();
        assert_eq!(place.load().unwrap().unwrap().public(), first.public());
        let drawn = second.public().clone();
        assert_eq!(place.load_as(&drawn).unwrap().unwrap().public(), &drawn, "a rotation that was cut off is finished");
        assert!(matches!(place.load_as(first.public()), Err(Failure::Input(why)) if why.contains("signs no more")));
        assert_eq!(place.load().unwrap().unwrap().public(), second.public());
        place.publish(first.public()).unwrap();
        place.publish(second.public()).unwrap();
        place.publish(first.public()).unwrap();
        assert_eq!(published(dir.path()).unwrap(), [first.public().clone(), second.public().clone()]);
        let file = dir.path().join(PUBLIC_FILE).display().to_string();
        assert_eq!(keys_given(&[file, first.public().to_string()]).unwrap().len(), 3);
        assert!(keys_given(&["nothing".to_owned()]).is_err());
    }
}
