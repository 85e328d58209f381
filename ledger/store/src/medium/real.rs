//! A file of the real file system that is no file of the storage engine.

use super::{MediumAccess, MediumFile};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

#[derive(Debug)]
pub(super) struct RealFile(File);

impl RealFile {
    pub(super) fn open(path: &Path, access: MediumAccess) -> io::Result<Self> {
        let is_written = access != MediumAccess::Read;
        let is_made = access == MediumAccess::Create;
        Ok(Self(OpenOptions::new().read(true).write(is_written).create(is_made).open(path)?))
    }
}

impl MediumFile for RealFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(out, offset)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }
}
