//! Taking events in from files, and what they weigh.

use crate::data::{Data, Wire, head, length};
use crate::measure::{Samples, Unit, milli_bytes_each, rate};
use crate::peers::postgres::{Door, Found, Postgres};
use crate::process::{Ended, run};
use crate::report::{Report, Row, Target};
use std::path::Path;

/// How much of a file is compressed as hard as it goes: that takes a second for every 3 MB.
const COMPRESSED_BYTES_MAX: u64 = 24 * 1024 * 1024;
const ZSTD_LEVEL: i32 = 19;

pub(crate) fn measure(data: &Data, report: &mut Report) -> Result<(), String> {
    let wires = Wire::known(data.daybook);
    if wires.len() == 1 {
        report.note("This build cannot import protobuf files.");
    }
    weights(data, report)?;
    let mut peer = peer(data, report)?;
    let events = data.options.events;
    let none = || (Samples::new(Unit::EventsPerSecond), Samples::new(Unit::NanosPerEvent));
    let mut ours: Vec<(Samples, Samples)> = wires.iter().map(|_| none()).collect();
    let (mut copied, mut inserted) = (Samples::new(Unit::EventsPerSecond), Samples::new(Unit::EventsPerSecond));
    for _ in 0..data.options.rounds {
        for (wire, rates) in wires.iter().zip(&mut ours) {
            let ended = import(data, *wire)?;
            rates.0.push(rate(events, ended.micros));
            rates.1.push(ended.cpu_micros.saturating_mul(1_000) / events);
        }
        if let Some(peer) = &mut peer {
            copied.push(rate(events, peer.take_all(Door::Copy)?));
            inserted.push(rate(events, peer.take_all(Door::OnConflict)?));
        }
    }
    for (wire, (rates, cpu)) in wires.iter().zip(ours) {
        let row = Row::new(format!("`daybook import`, {}", wire.word()), rates);
        report.add(if peer.is_some() {
            row.against("PostgreSQL COPY into a unique index", copied.clone()).target(Target::RatioAtLeast(2_000))
        } else {
            row
        });
        report.add(Row::new(format!("processors' time of it, {}, each event", wire.word()), cpu));
    }
    if peer.is_some() {
        report.add(Row::new("PostgreSQL, all at once ON CONFLICT DO NOTHING", inserted));
    }
    Ok(())
}

/// One import into a new ledger, which is removed again.
fn import(data: &Data, wire: Wire) -> Result<Ended, String> {
    let file = data.file(data.main(), wire)?;
    let ledger = data.place("import");
    let mut command = data.daybook.on(&ledger, &["import", "--from", wire.word()]);
    let ended = run(command.arg(&file))?;
    std::fs::remove_dir_all(&ledger).map_err(|error| error.to_string())?;
    Ok(ended)
}

fn peer(data: &Data, report: &mut Report) -> Result<Option<Postgres>, String> {
    if !data.options.has_peers {
        return Ok(None);
    }
    match Postgres::start(data)? {
        Found::Here(peer) => {
            report.note(format!("{}, default durability.", peer.version()));
            Ok(Some(*peer))
        }
        Found::Missing(why) => {
            report.note(why);
            Ok(None)
        }
    }
}

/// Bytes of the events as they are, and squeezed.
fn weights(data: &Data, report: &mut Report) -> Result<(), String> {
    let (events, file) = (data.options.events, data.file(data.main(), Wire::Ndjson)?);
    let lines = length(&file)?;
    let (mut messages, mut sample) = (0_u64, Vec::new());
    data.visit(&file, |event| {
        let bytes = daybook_proto::encode(event);
        messages += bytes.len() as u64;
        if (sample.len() as u64) < COMPRESSED_BYTES_MAX {
            sample.extend_from_slice(&bytes);
        }
        Ok(())
    })?;
    let head_of_lines = head(&file, COMPRESSED_BYTES_MAX)?;
    for (what, bytes, sample) in [("NDJSON", lines, head_of_lines), ("protobuf", messages, sample)] {
        let squeezed = squeezed_bytes(bytes, &sample)?;
        let each = |bytes| Samples::one(Unit::MilliBytesPerEvent, milli_bytes_each(bytes, events));
        report.add(Row::new(format!("an event in {what}"), each(bytes)));
        report.add(Row::new(format!("an event in {what}, zstd-{ZSTD_LEVEL}"), each(squeezed)));
    }
    Ok(())
}

/// What all bytes would take, were they all like those at the beginning.
fn squeezed_bytes(bytes: u64, sample: &[u8]) -> Result<u64, String> {
    let squeezed = zstd::bulk::compress(sample, ZSTD_LEVEL).map_err(|error| error.to_string())?;
    let share = u128::from(bytes) * squeezed.len() as u128 / (sample.len() as u128).max(1);
    u64::try_from(share).map_err(|error| error.to_string())
}

/// The bytes of all messages of a file of lines.
pub(crate) fn message_bytes(data: &Data, file: &Path) -> Result<u64, String> {
    let mut bytes = 0_u64;
    data.visit(file, |event| {
        bytes += daybook_proto::encode(event).len() as u64;
        Ok(())
    })?;
    Ok(bytes)
}
