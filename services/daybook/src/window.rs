//! Which records a verb reads.

use crate::failure::Failure;
use crate::progress;
use daybook_event::{Instant, NaiveDate, PartnerId, Position};
use daybook_replay::{Census, Histories, HistoriesBuilder, Shard};
use daybook_store::{Hash, LedgerOptions, LedgerReader, OpenError, ReadError, RecordRef, Snapshot};
use std::path::{Path, PathBuf};

/// The records of a window, sorted by partner, with its coordinates.
pub(crate) struct Window {
    pub(crate) histories: Histories,
    pub(crate) position: Position,
    /// The tree's root at that position.
    pub(crate) root: Hash,
    pub(crate) through: NaiveDate,
}

/// Opens the ledger for reading, beside a `serve` that writes or without one.
pub(crate) fn open(ledger: &Path) -> Result<LedgerReader, Failure> {
    Ok(LedgerReader::open(ledger, &LedgerOptions::default())?)
}

/// Said of a partner that no record of the window names: an empty answer would pass a mistyped id for a partner without
/// figures.
pub(crate) fn partner_missing(partner_id: &PartnerId) -> Failure {
    Failure::Input(format!(
        "partner {partner_id} has no facts in this window; `daybook views` lists the partners that have, `daybook \
         quarantine list` what could not be appended"
    ))
}

/// A ledger held still, and the last position that counts.
pub(crate) struct Known {
    pub(crate) dir: PathBuf,
    pub(crate) snapshot: Snapshot,
    pub(crate) position: Position,
}

/// Opens the ledger for a window: the book is that of the same records as the figures.
pub(crate) fn known(ledger: &Path, known_as_of: Option<&str>) -> Result<Known, Failure> {
    let snapshot = open(ledger)?.snapshot()?;
    let position = last_position(&snapshot, known_as_of)?;
    Ok(Known { dir: ledger.to_owned(), snapshot, position })
}

/// The same where there need be no ledger: else why there is none.
pub(crate) fn known_if_any(ledger: &Path, known_as_of: Option<&str>) -> Result<Result<Known, String>, Failure> {
    // A folder that is not there is the usual case of someone who only writes rules; every other fault is one.
    match LedgerReader::open(ledger, &LedgerOptions::default()) {
        Err(missing @ OpenError::Missing { .. }) => Ok(Err(missing.to_string())),
        _ => known(ledger, known_as_of).map(Ok),
    }
}

/// The last position that counts.
fn last_position(snapshot: &Snapshot, known_as_of: Option<&str>) -> Result<Position, Failure> {
    let head = snapshot.head().position;
    let Some(text) = known_as_of else { return Ok(head) };
    if let Ok(number) = text.parse::<u64>() {
        if number > head.number() {
            return Err(Failure::Input(format!("--known-as-of {number}: the ledger ends at position {head}")));
        }
        return Ok(Position::new(number));
    }
    let instant = Instant::parse(text).ok_or_else(|| {
        Failure::Input(format!(
            "--known-as-of {text:?} is neither a position nor an instant such as 2022-02-01T00:00:00Z"
        ))
    })?;
    Ok(snapshot.position_at(instant)?)
}

/// Why a record of the window could not be taken in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TakeError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(
        "record {position} cannot be decoded ({fault}): it was written by another version of daybook, or is damaged; run daybook verify"
    )]
    Decode { position: Position, fault: String },
}

/// Reads the window into memory.
pub(crate) fn read(known: &Known, through: Option<NaiveDate>) -> Result<Window, Failure> {
    read_shard(known, through, &Shard::everyone())
}

/// Reads one partner's part of the window into memory, and the facts of no partner.
pub(crate) fn read_partner(
    known: &Known,
    through: Option<NaiveDate>,
    partner_id: &PartnerId,
) -> Result<Window, Failure> {
    read_shard(known, through, &Shard::of(partner_id))
}

/// Reads some partners' part of the window into memory, and the facts of no partner.
pub(crate) fn read_shard(known: &Known, through: Option<NaiveDate>, shard: &Shard) -> Result<Window, Failure> {
    let mut builder = HistoriesBuilder::default();
    scan(known, "reading", |record| {
        // Most of the work of reading is in decoding, so what is not wanted is only looked at.
        if daybook_proto::peek_partner(record.envelope).is_some_and(|partner_id| !shard.holds(&partner_id)) {
            builder.pass_over(record.position, record.recorded_at);
            return Ok(());
        }
        let envelope = daybook_proto::decode(record.envelope)
            .map_err(|fault| TakeError::Decode { position: record.position, fault: fault.to_string() })?;
        builder.add(record.position, record.recorded_at, envelope);
        Ok(())
    })?;
    let histories = builder.finish();
    let through = through.unwrap_or_else(|| histories.recorded_at().date_utc());
    Ok(Window { histories, position: known.position, root: root(known)?, through })
}

/// Counts what each partner's part of the window takes in memory, keeping none of it.
pub(crate) fn census(known: &Known) -> Result<Census, Failure> {
    let mut census = Census::default();
    scan(known, "counting", |record| {
        let partner_id = daybook_proto::peek_partner(record.envelope);
        census.add(record.position, record.recorded_at, partner_id, record.envelope.len() as u64);
        Ok(())
    })?;
    Ok(census)
}

/// The root of the tree at the last position that counts.
pub(crate) fn root(known: &Known) -> Result<Hash, Failure> {
    Ok(known.snapshot.root_at(known.position)?.unwrap_or(known.snapshot.head().root))
}

/// Records between two moves of the bar.
const BAR_RECORDS: u64 = 8_192;

/// Visits every record of the window with a bar.
fn scan(
    known: &Known,
    what: &'static str,
    mut visit: impl FnMut(&RecordRef<'_>) -> Result<(), TakeError>,
) -> Result<(), Failure> {
    let bar = progress::bar(what, known.position.number());
    let scanned: Result<(), TakeError> = known.snapshot.scan(Position::new(1), known.position, |record| {
        visit(&record)?;
        if record.position.number().is_multiple_of(BAR_RECORDS) {
            bar.set_position(record.position.number());
        }
        Ok(std::ops::ControlFlow::Continue(()))
    });
    bar.finish_and_clear();
    scanned.map_err(Failure::input)
}
