//! What can go wrong with a disk, and when.

/// A fault of the disk. Each strikes one operation; some stay until [`SimDisk::mend`](super::SimDisk::mend).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The power fails before a change: it does not happen, and nothing after it until the crash.
    PowerLoss,
    /// The power fails in the middle of a write: some of its sectors arrive.
    TornWrite,
    /// The first part of a write arrives, and the write fails.
    ShortWrite,
    /// A write fails, and nothing of it arrives.
    WriteError,
    /// A sync fails. What it should have made durable can still be read, and never becomes durable.
    SyncError,
    /// From here on syncs report success and make nothing durable, as a drive with a cache that it does not flush. Stays.
    LostSync,
    /// One bit of a write arrives wrong, and the write reports success.
    FlippedWrite,
    /// One bit of a read comes wrong. What is stored is whole.
    FlippedRead,
    /// A write goes to another block of its file, and reports success.
    Misdirected,
    /// A read fails once.
    ReadError,
    /// The disk is full: writes to blocks that no file has yet fail. Stays.
    DiskFull,
    /// The disk takes no more changes, as a file system that was remounted for reading. Stays.
    ReadOnly,
}

/// Which operations a fault may strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Reads of a file.
    Read,
    /// Writes to a file.
    Write,
    /// Syncs of a file or a folder.
    Sync,
    /// Writes, syncs, and changes of a length or a name.
    Change,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 12] = [
        Self::PowerLoss,
        Self::TornWrite,
        Self::ShortWrite,
        Self::WriteError,
        Self::SyncError,
        Self::LostSync,
        Self::FlippedWrite,
        Self::FlippedRead,
        Self::Misdirected,
        Self::ReadError,
        Self::DiskFull,
        Self::ReadOnly,
    ];

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::PowerLoss | Self::ReadOnly => Kind::Change,
            Self::SyncError | Self::LostSync => Kind::Sync,
            Self::FlippedRead | Self::ReadError => Kind::Read,
            Self::TornWrite
            | Self::ShortWrite
            | Self::WriteError
            | Self::FlippedWrite
            | Self::Misdirected
            | Self::DiskFull => Kind::Write,
        }
    }
}

/// How many operations of each kind there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Operations {
    /// Reads of a file.
    pub reads: u64,
    /// Writes to a file.
    pub writes: u64,
    /// Syncs of a file or a folder.
    pub syncs: u64,
    /// Writes, syncs, and changes of a length or a name.
    pub changes: u64,
}

impl Operations {
    /// How many of them the fault may strike.
    #[must_use]
    pub fn open_to(&self, fault: Fault) -> u64 {
        match fault.kind() {
            Kind::Read => self.reads,
            Kind::Write => self.writes,
            Kind::Sync => self.syncs,
            Kind::Change => self.changes,
        }
    }

    pub(super) fn add(&mut self, kind: Kind) {
        match kind {
            Kind::Read => self.reads += 1,
            Kind::Write => (self.writes, self.changes) = (self.writes + 1, self.changes + 1),
            Kind::Sync => (self.syncs, self.changes) = (self.syncs + 1, self.changes + 1),
            Kind::Change => self.changes += 1,
        }
    }
}
