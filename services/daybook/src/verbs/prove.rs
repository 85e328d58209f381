//! `daybook prove`: proofs as files that need nothing but the public key.

use super::checkpoint::give;
use crate::cli::{Cli, ProveArguments};
use crate::closed;
use crate::failure::Failure;
use crate::signing::{numbered, of_position};
use crate::window;
use daybook_event::{EventId, EventRef, Month, PartnerId, Position, SourceId};
use daybook_proof::{ConsistencyFile, InclusionFile, consistency_path, inclusion_path};
use daybook_store::{RecordRef, Snapshot, frame_bytes};
use daybook_views::Closing;

pub(super) fn run(cli: &Cli, arguments: &ProveArguments) -> Result<(), Failure> {
    let snapshot = window::open(&cli.ledger)?.snapshot()?;
    let text = match (arguments.from, arguments.to) {
        (Some(from), Some(to)) => consistency(&snapshot, from, to)?.to_string(),
        _ => {
            let position = position(&snapshot, arguments)?;
            inclusion(&snapshot, position, arguments.checkpoint)?.to_string()
        }
    };
    give(&text, arguments.output.as_deref())
}

/// Which record is to be proven.
fn position(snapshot: &Snapshot, arguments: &ProveArguments) -> Result<Position, Failure> {
    if let Some(position) = arguments.position {
        return Ok(Position::new(position));
    }
    if let Some(event) = &arguments.event {
        let id = event_ref(event)?;
        return match snapshot.position_of(&id)? {
            Some((position, _)) => Ok(position),
            None => Err(Failure::Input(format!("no record is of {id}: daybook receipt says what became of it"))),
        };
    }
    match (&arguments.partner, arguments.month) {
        (Some(partner_id), Some(month)) => statement_position(snapshot, partner_id, month),
        _ => Err(Failure::Input(
            "say what to prove: --event SOURCE/ID, --position N, --partner P --month M, or --from N --to N".to_owned(),
        )),
    }
}

fn event_ref(text: &str) -> Result<EventRef, Failure> {
    let wrong = || Failure::Input(format!("--event {text:?}: write SOURCE/EVENT_ID"));
    let (source, event_id) = text.split_once('/').ok_or_else(wrong)?;
    let source = SourceId::parse(source).map_err(Failure::input)?;
    Ok(EventRef { source, event_id: EventId::parse(event_id).map_err(Failure::input)? })
}

/// The closing of a month, if it is closed.
pub(super) fn closing_of(snapshot: &Snapshot, month: Month) -> Result<Closing, Failure> {
    let mut found = Vec::new();
    closed::operators_acts(snapshot, Position::new(1), snapshot.head().position, |position, envelope| {
        found.extend(Closing::of(position, &envelope));
    })?;
    let closings = daybook_views::Closings::of(found.into_iter());
    let closing = closings.all().iter().find(|closing| closing.month == month).cloned();
    closing.ok_or_else(|| {
        Failure::Input(format!("{month} is not closed, so no statement of it is pinned: daybook close pins it"))
    })
}

fn statement_position(snapshot: &Snapshot, partner_id: &PartnerId, month: Month) -> Result<Position, Failure> {
    let closing = closing_of(snapshot, month)?;
    closed::pinned_at(snapshot, &closing, partner_id)?.ok_or_else(|| {
        Failure::Input(format!("{partner_id} has no statement of {month}: it had nothing in that month"))
    })
}

/// The proof of a record to a checkpoint.
fn inclusion(snapshot: &Snapshot, position: Position, to: Option<u64>) -> Result<InclusionFile, Failure> {
    let stored = match to {
        Some(number) => numbered(snapshot, number)?,
        None => of_position(snapshot, position.number())?,
    };
    let missing = || {
        Failure::Input(format!(
            "record {position} is not covered by checkpoint {}, which ends at {}",
            stored.number, stored.checkpoint.size
        ))
    };
    let index = position.number().checked_sub(1).ok_or_else(missing)?;
    let path = inclusion_path(&snapshot.tree_nodes(), index, stored.checkpoint.size)?.ok_or_else(missing)?;
    let record = snapshot.record(position)?.ok_or_else(missing)?;
    let frame = frame_bytes(&RecordRef { position, recorded_at: record.recorded_at, envelope: &record.envelope })?;
    Ok(InclusionFile { frame, index, path, note: stored.note })
}

fn consistency(snapshot: &Snapshot, from: u64, to: u64) -> Result<ConsistencyFile, Failure> {
    let (older, newer) = (numbered(snapshot, from)?, numbered(snapshot, to)?);
    let sizes = (older.checkpoint.size, newer.checkpoint.size);
    let path = consistency_path(&snapshot.tree_nodes(), sizes.0, sizes.1)?;
    let path = path.ok_or_else(|| {
        Failure::Input(format!("checkpoint {from} is larger than checkpoint {to}: the older one comes first"))
    })?;
    Ok(ConsistencyFile { path, older: older.note, newer: newer.note })
}
