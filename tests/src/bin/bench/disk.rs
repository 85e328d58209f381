//! What a ledger takes on the disk, held against the bytes of its events.

use crate::data::{Data, Wire, length};
use crate::ingest::message_bytes;
use crate::measure::{Samples, Unit, milli_bytes_each};
use crate::report::{Report, Row, Target};
use crate::start::Service;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Blocks as the system counts them, whatever the disk's own are.
const BLOCK_BYTES: u64 = 512;

pub(crate) fn measure(data: &Data, report: &mut Report) -> Result<(), String> {
    let events = data.options.events;
    let raw = message_bytes(data, &data.file(data.main(), Wire::Ndjson)?)?;
    let ledger = data.ledger(data.main())?;
    let file = ledger.join("ledger.redb");
    let each = |bytes| Samples::one(Unit::MilliBytesPerEvent, milli_bytes_each(bytes, events));
    let closed = length(&file)?;
    let mut service = Service::start(data, &ledger)?;
    service.wait_for_views()?;
    let served = allocated_bytes(&file)?;
    service.stop()?;
    for (what, bytes) in [("ledger, file length after close", closed), ("ledger, allocated while it is served", served)]
    {
        let row = Row::new(what, each(bytes)).against("protobuf bytes of its events", each(raw));
        report.add(row.target(Target::RatioAtMost(1_000)));
    }
    for name in ["derived.redb", "columns"] {
        let bytes = folder_bytes(&ledger.join(name));
        if bytes > 0 {
            report.add(Row::new(format!("beside it, made again at will: {name}"), each(bytes)));
        }
    }
    Ok(())
}

/// What the system has given a file on the disk.
pub(crate) fn allocated_bytes(file: &Path) -> Result<u64, String> {
    let found = std::fs::metadata(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(found.blocks() * BLOCK_BYTES)
}

/// The length of a file, or of all files of a folder; nothing where there is none.
fn folder_bytes(path: &Path) -> u64 {
    match std::fs::read_dir(path) {
        Ok(entries) => entries.flatten().map(|entry| folder_bytes(&entry.path())).sum(),
        Err(_) => length(path).unwrap_or(0),
    }
}
