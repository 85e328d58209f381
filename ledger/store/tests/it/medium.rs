//! A ledger on a medium of the caller's: the same as on the file system.

use crate::common::{events, records, small};
use daybook_store::{
    Binding, DERIVED_FILE, Derived, DerivedOpened, DerivedOptions, LEDGER_FILE, Ledger, LedgerOptions, LedgerReader,
    Medium, MediumAccess, MediumFile, MediumLocks, OpenError, derived_delete,
};
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Files in memory.
#[derive(Debug, Default)]
struct Memory {
    files: Mutex<BTreeMap<PathBuf, (Bytes, Arc<MediumLocks>)>>,
    /// What a file holds again when those who open it for writing let go of it, one after the other.
    left_behind: Mutex<Vec<Vec<u8>>>,
}

type Bytes = Arc<Mutex<Vec<u8>>>;

#[derive(Debug)]
struct MemoryFile(Bytes, Option<Vec<u8>>);

impl Drop for MemoryFile {
    fn drop(&mut self) {
        if let Some(left_behind) = self.1.take() {
            *self.0.lock().unwrap() = left_behind;
        }
    }
}

impl Medium for Memory {
    fn open(&self, path: &Path, access: MediumAccess) -> io::Result<Box<dyn MediumFile>> {
        let mut files = self.files.lock().unwrap();
        if access == MediumAccess::Create {
            files.entry(path.to_owned()).or_default();
        }
        let (bytes, _) = files.get(path).ok_or(ErrorKind::NotFound)?;
        let is_written = access == MediumAccess::Write;
        let left_behind = is_written.then(|| self.left_behind.lock().unwrap().pop()).flatten();
        Ok(Box::new(MemoryFile(Arc::clone(bytes), left_behind)))
    }

    fn locks(&self, path: &Path) -> Arc<MediumLocks> {
        Arc::clone(&self.files.lock().unwrap()[path].1)
    }

    fn exists(&self, path: &Path) -> bool {
        self.files.lock().unwrap().contains_key(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut files = self.files.lock().unwrap();
        let file = files.remove(from).ok_or(ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.files.lock().unwrap().remove(path).map(|_| ()).ok_or_else(|| ErrorKind::NotFound.into())
    }

    fn list(&self, _: &Path) -> io::Result<Vec<String>> {
        Ok(self.files.lock().unwrap().keys().map(|path| path.display().to_string()).collect())
    }

    fn folder_make(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn folder_sync(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
}

impl MediumFile for MemoryFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let (bytes, from) = (self.0.lock().unwrap(), usize::try_from(offset).unwrap());
        out.copy_from_slice(bytes.get(from..from + out.len()).ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let (mut kept, from) = (self.0.lock().unwrap(), usize::try_from(offset).unwrap());
        let end = kept.len().max(from + bytes.len());
        kept.resize(end, 0);
        kept[from..from + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.lock().unwrap().resize(usize::try_from(len).unwrap(), 0);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_file_that_its_writer_leaves_unclosed_again_and_again_can_be_read() {
    let (memory, dir) = (Arc::new(Memory::default()), tempfile::tempdir().unwrap());
    let options = |medium: &Arc<Memory>| LedgerOptions { medium: Some(medium.clone()), ..small() };
    let mut open = Ledger::create_or_open(dir.path(), Some(Binding::Files), &options(&memory)).unwrap();
    open.append(events(1, 40), None, &[]).unwrap();
    // What a killed writer leaves; and what is there after the next two were, each just when the file had been set right.
    let unclosed = memory.files.lock().unwrap()[&dir.path().join(LEDGER_FILE)].0.lock().unwrap().clone();
    let files = [(dir.path().join(LEDGER_FILE), (Arc::new(Mutex::new(unclosed.clone())), Arc::default()))];
    let killed = Memory { files: Mutex::new(files.into()), left_behind: Mutex::new(vec![unclosed; 2]) };
    let reader = LedgerReader::open(dir.path(), &options(&Arc::new(killed))).unwrap();
    assert_eq!(reader.head().unwrap(), open.head());
}

#[test]
fn a_ledger_in_memory_is_the_ledger_on_disk() {
    let (memory, dir) = (Arc::new(Memory::default()), tempfile::tempdir().unwrap());
    let options = LedgerOptions { medium: Some(memory.clone()), ..small() };
    let mut in_memory = Ledger::create_or_open(dir.path(), Some(Binding::Files), &options).unwrap();
    assert!(!dir.path().join(LEDGER_FILE).exists());
    let mut on_disk = Ledger::create_or_open(dir.path(), Some(Binding::Files), &small()).unwrap();
    for ledger in [&mut in_memory, &mut on_disk] {
        ledger.append(events(1, 40), None, &[]).unwrap();
    }
    // Readers beside the writer, as other processes have them, and a second writer.
    let reader = LedgerReader::open(dir.path(), &options).unwrap();
    let second = Ledger::create_or_open(dir.path(), Some(Binding::Files), &options).map(|_| ());
    assert!(matches!(second, Err(OpenError::Locked { .. })), "{second:?}");
    for ledger in [&mut in_memory, &mut on_disk] {
        ledger.append(events(41, 40), None, &[]).unwrap();
    }
    assert_eq!(reader.head().unwrap(), on_disk.head());
    assert!(reader.disk_usage().unwrap().file_bytes > 0);
    in_memory.close().unwrap();
    let again = Ledger::create_or_open(dir.path(), None, &options).unwrap();
    assert_eq!(records(&again.reader()), records(&on_disk.reader()));
}

#[test]
fn derived_data_lives_there_too() {
    let memory: Arc<dyn Medium> = Arc::new(Memory::default());
    let (dir, options) = (Path::new("/nowhere"), DerivedOptions { medium: Some(memory.clone()), ..Default::default() });
    assert_eq!(Derived::create_or_open(dir, &options).unwrap().opened(), &DerivedOpened::Created);
    assert_eq!(Derived::create_or_open(dir, &options).unwrap().opened(), &DerivedOpened::Existing);
    derived_delete(dir, &options).unwrap();
    assert!(!memory.exists(&dir.join(DERIVED_FILE)));
}

#[test]
fn an_empty_file_is_no_ledger_there_either() {
    let memory: Arc<dyn Medium> = Arc::new(Memory::default());
    let (dir, options) = (Path::new("/nowhere"), LedgerOptions { medium: Some(memory.clone()), ..small() });
    memory.open(&dir.join(LEDGER_FILE), MediumAccess::Create).unwrap();
    let opened = Ledger::create_or_open(dir, None, &options).map(|_| ());
    assert!(matches!(opened, Err(OpenError::NotALedger { .. })), "{opened:?}");
}
