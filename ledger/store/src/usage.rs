//! What a ledger takes on disk.

use crate::file::caught;
use crate::tables::{
    ACTS, CHECKPOINTS, DECISIONS, ENTRY_STATES, EVENT_KEYS, HOLES, META, NAMES, QUARANTINE, SEGMENTS, SLABS, TILES,
    UNSEALED,
};
use crate::{ReadError, Snapshot};
use redb::{ReadTransaction, ReadableTableMetadata, TableDefinition};

/// What the tables of a ledger's file take, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DiskUsage {
    /// The length of the file, free pages included.
    pub file_bytes: u64,
    /// Keys and values of all tables.
    pub stored_bytes: u64,
    /// What the pages need to find them.
    pub metadata_bytes: u64,
    /// Allocated in pages and not used.
    pub fragmented_bytes: u64,
    /// Keys and values of segments and unsealed records.
    pub records_bytes: u64,
    /// Keys and values of the idempotency entries.
    pub keys_bytes: u64,
    /// How many segments there are.
    pub segments: u64,
}

impl Snapshot {
    /// What the ledger takes on disk. Walks the pages of every table.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn disk_usage(&self) -> Result<DiskUsage, ReadError> {
        let mut usage = caught("measuring the tables", || {
            let transaction = self.transaction();
            let mut usage = DiskUsage::default();
            usage.add(transaction, META)?;
            usage.add(transaction, TILES)?;
            usage.add(transaction, QUARANTINE)?;
            usage.add(transaction, HOLES)?;
            if self.keeps_decisions() {
                usage.add(transaction, DECISIONS)?;
                usage.add(transaction, ENTRY_STATES)?;
                usage.add(transaction, CHECKPOINTS)?;
            }
            usage.records_bytes = usage.add(transaction, UNSEALED)? + usage.add(transaction, SEGMENTS)?;
            usage.keys_bytes = if self.keeps_slabs() {
                usage.add(transaction, ACTS)?;
                usage.add(transaction, NAMES)? + usage.add(transaction, SLABS)?
            } else {
                usage.add(transaction, EVENT_KEYS)?
            };
            usage.segments = transaction.open_table(SEGMENTS)?.len()?;
            Ok(usage)
        })?;
        usage.file_bytes = self.file().len()?;
        Ok(usage)
    }
}

impl DiskUsage {
    /// Adds one table and returns the bytes stored in it.
    fn add<K: redb::Key + 'static, V: redb::Value + 'static>(
        &mut self,
        transaction: &ReadTransaction,
        table: TableDefinition<'_, K, V>,
    ) -> Result<u64, ReadError> {
        let stats = transaction.open_table(table)?.stats()?;
        self.stored_bytes += stats.stored_bytes();
        self.metadata_bytes += stats.metadata_bytes();
        self.fragmented_bytes += stats.fragmented_bytes();
        Ok(stats.stored_bytes())
    }
}
