//! Replaying a ledger whole: threads, memory, the same digest by every way.

use crate::data::Data;
use crate::measure::{Samples, Unit, rate};
use crate::peers::duckdb::{DuckDb, Found};
use crate::process::{run, run_looking};
use crate::report::{Report, Row, Target};
use std::path::Path;

/// What one replay printed.
pub(crate) struct Replayed {
    /// The time of the replay itself, as it prints it: columns are current when it begins.
    pub(crate) micros: u64,
    /// From the start of the process to its end.
    pub(crate) process_micros: u64,
    /// The digest of all rows.
    pub(crate) digest: String,
    /// How long columns were brought up to date before it, where it says so.
    pub(crate) columns_micros: Option<u64>,
}

/// Replays a ledger.
pub(crate) fn replay(data: &Data, ledger: &Path, threads: &str, more: &[&str]) -> Result<Replayed, String> {
    let through = data.options.through();
    let arguments = ["replay", "--format", "json", "--threads", threads, "--through", &through];
    let ended = run(data.daybook.on(ledger, &arguments).args(more))?;
    let json = ended.json()?;
    let digest = json["digest"].as_str().ok_or("the replay printed no digest")?.to_owned();
    let micros = duration(&json, "elapsed").ok_or("the replay printed no time")?;
    Ok(Replayed { micros, process_micros: ended.micros, digest, columns_micros: duration(&json, "columns") })
}

/// A time of a document, which names its unit.
fn duration(json: &serde_json::Value, name: &str) -> Option<u64> {
    let in_unit = |unit: &str| json[format!("{name}_{unit}")].as_u64();
    in_unit("us").or_else(|| in_unit("ms").map(|ms| ms * 1_000))
}

pub(crate) fn measure(data: &Data, report: &mut Report) -> Result<(), String> {
    let ledger = data.ledger(data.main())?;
    let events = data.options.events;
    let first = replay(data, &ledger, "2", &[])?;
    if let Some(micros) = first.columns_micros {
        report.add(Row::new("columns built from records", Samples::one(Unit::Micros, micros)));
    }
    let mut peer = peer(data, report)?;
    let (mut one, mut two) = (Samples::new(Unit::EventsPerSecond), Samples::new(Unit::EventsPerSecond));
    let (mut peer_one, mut peer_two) = (Samples::new(Unit::EventsPerSecond), Samples::new(Unit::EventsPerSecond));
    let mut peer_packed = Samples::new(Unit::EventsPerSecond);
    let mut processes = Samples::new(Unit::Micros);
    let mut digests = vec![first.digest];
    for _ in 0..data.options.rounds {
        let replayed = replay(data, &ledger, "1", &[])?;
        one.push(rate(events, replayed.micros));
        digests.push(replayed.digest);
        if let Some(peer) = &mut peer {
            peer_one.push(rate(events, peer.query(1)?));
        }
        let replayed = replay(data, &ledger, "2", &[])?;
        two.push(rate(events, replayed.micros));
        processes.push(replayed.process_micros);
        digests.push(replayed.digest);
        if let Some(peer) = &mut peer {
            peer_two.push(rate(events, peer.query(2)?));
            peer_packed.push(rate(events, peer.query_packed(2)?));
        }
    }
    for (what, ours, theirs) in [("1 thread", &one, peer_one), ("2 threads", &two, peer_two)] {
        let row = Row::new(format!("replay, {what}"), ours.clone());
        report.add(if peer.is_some() {
            row.against(format!("DuckDB, simplified, {what}"), theirs).target(Target::RatioAtLeast(2_000))
        } else {
            row
        });
    }
    if peer.is_some() {
        let row = Row::new("replay, 2 threads", two.clone());
        report.add(row.against("DuckDB, keys packed by hand, no hashing, 2 threads", peer_packed));
    }
    let row = Row::new("replay, 2 threads", two).against("replay, 1 thread", one);
    report.add(row.target(Target::RatioAtLeast(1_700)));
    report.add(Row::new("the whole command, 2 threads", processes));
    from_records(data, &ledger, &mut digests, report)?;
    memory(data, &ledger, report)?;
    same(&digests, report)
}

/// The peer with the same lines, or a sentence why there is none.
fn peer(data: &Data, report: &mut Report) -> Result<Option<DuckDb>, String> {
    if !data.options.has_peers {
        return Ok(None);
    }
    match DuckDb::load(data)? {
        Found::Here(peer) => {
            report.add(Row::new("DuckDB loads its table", Samples::one(Unit::Micros, peer.load_micros)));
            report.note(peer.checked());
            Ok(Some(*peer))
        }
        Found::Missing(why) => {
            report.note(why);
            Ok(None)
        }
    }
}

fn from_records(data: &Data, ledger: &Path, digests: &mut Vec<String>, report: &mut Report) -> Result<(), String> {
    if !data.daybook.knows("replay", "--from-records") {
        report.note("This build has no `replay --from-records`.");
        return Ok(());
    }
    // Once: it takes as long as all the others together, and no target depends on it.
    let replayed = replay(data, ledger, "2", &["--from-records"])?;
    digests.push(replayed.digest);
    let rate = Samples::one(Unit::EventsPerSecond, rate(data.options.events, replayed.micros));
    report.add(Row::new("replay --from-records, 2 threads", rate));
    Ok(())
}

fn memory(data: &Data, ledger: &Path, report: &mut Report) -> Result<(), String> {
    let through = data.options.through();
    for threads in ["1", "2"] {
        let arguments = ["replay", "--format", "json", "--threads", threads, "--through", &through];
        let ended = run_looking(&mut data.daybook.on(ledger, &arguments))?;
        let row = Row::new(format!("memory, threads: {threads}"), Samples::one(Unit::Bytes, ended.memory_bytes));
        report.add(row.target(Target::AtMost(300_000_000)));
    }
    Ok(())
}

/// A rate of wrong figures is none.
fn same(digests: &[String], report: &mut Report) -> Result<(), String> {
    let first = digests.first().map_or("", String::as_str);
    if digests.iter().any(|digest| digest != first) {
        return Err(format!("the digests differ: {digests:?}"));
    }
    report.note(format!("{} replays, one digest: {first}", digests.len()));
    Ok(())
}
