//! A new ledger: made whole under another name, then given its own. Killed at any moment, there is a ledger or there is none.

use crate::append::unpackable;
use crate::file::{StoreFile, caught};
use crate::format_v1::{IdentityRow, packed_row};
use crate::format_v3::{KeysRow, LEDGER_FORMAT, keys_row};
use crate::keys::span_bits;
use crate::ledger::writer_empty;
use crate::medium::Disk;
use crate::reader::open_error;
use crate::tables::{
    ACTS, HOLES, META, META_FORMAT, META_IDENTITY, META_KEYS, NAMES, QUARANTINE, SEGMENTS, SLABS, TILES, UNSEALED,
};
use crate::upgrade::tables_add;
use crate::{Binding, Hash, LEDGER_FILE, LedgerOptions, OpenError, ReadError};
use daybook_event::Instant;
use sha2::{Digest, Sha256};
use std::io;
use std::path::Path;

/// The name that a ledger has while it is made. What a killed process left under it holds nothing.
pub(crate) const UNFINISHED_FILE: &str = "ledger.redb.new";

/// Makes a ledger in the folder, unless there is one. The storage engine writes a new file's first bytes last: a file that a
/// killed process left half-made would be taken for something else for ever.
pub(crate) fn ledger_make(
    disk: &Disk,
    dir: &Path,
    binding: &Binding,
    options: &LedgerOptions,
) -> Result<(), OpenError> {
    let path = dir.join(LEDGER_FILE);
    if disk.exists(&path) {
        return Ok(());
    }
    let failed = |error: io::Error| OpenError::Io { path: path.clone(), source: Box::new(error) };
    // Two processes that begin at once: the second finds the ledger of the first. The lock ends with this handle.
    let _alone = disk.folder_lock(dir).map_err(failed)?;
    if disk.exists(&path) {
        return Ok(());
    }
    let unfinished = dir.join(UNFINISHED_FILE);
    disk.remove(&unfinished).map_err(failed)?;
    let file = StoreFile::open_writer(disk, &unfinished, options.cache_bytes_max, true)
        .map_err(|error| open_error(error, dir))?;
    caught("creating the ledger", || tables_make(&file, binding.clone(), options))
        .map_err(|error| OpenError::of_read(error, &unfinished))?;
    file.close(false).map_err(|error| OpenError::Io { path: unfinished.clone(), source: Box::new(error) })?;
    disk.rename(&unfinished, &path).and_then(|()| disk.name_sync(&path)).map_err(failed)
}

/// Makes every table and the fixed rows.
pub(crate) fn tables_make(
    file: &StoreFile,
    binding: Binding,
    options: &LedgerOptions,
) -> Result<IdentityRow, ReadError> {
    let ledger_id = options.ledger_id.unwrap_or_else(|| ledger_id(&binding, options.created_at));
    let identity =
        IdentityRow { intake_semantics: options.intake_semantics, created_at: options.created_at, ledger_id, binding };
    let transaction = file.begin_write()?;
    {
        transaction.open_table(UNSEALED)?;
        transaction.open_table(SEGMENTS)?;
        transaction.open_table(TILES)?;
        transaction.open_table(QUARANTINE)?;
        transaction.open_table(HOLES)?;
        tables_add(&transaction)?;
        transaction.open_table(NAMES)?;
        transaction.open_table(SLABS)?;
        transaction.open_table(ACTS)?;
        let mut meta = transaction.open_table(META)?;
        meta.insert(META_FORMAT, LEDGER_FORMAT.to_be_bytes().as_slice())?;
        let row = packed_row(META_IDENTITY.as_bytes(), &identity).ok_or_else(unpackable)?;
        meta.insert(META_IDENTITY, row.as_slice())?;
        let keys = KeysRow { span_bits: span_bits(options), acts_from: 1 };
        meta.insert(META_KEYS, keys_row(&keys).as_slice())?;
    }
    writer_empty(options)?.write_state(&transaction)?;
    transaction.commit()?;
    Ok(identity)
}

fn ledger_id(binding: &Binding, created_at: Instant) -> [u8; 16] {
    let digest: Hash = Sha256::new()
        .chain_update(format!("{binding:?}"))
        .chain_update(created_at.micros().to_be_bytes())
        .finalize()
        .into();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    id
}
