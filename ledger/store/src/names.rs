//! Reading by name: where an event stands, and which records the operators wrote.

use crate::file::caught;
use crate::format_v3::act_read;
use crate::idempotency::{EventKey, Standing, key_find};
use crate::keys::{Spans, Tail, position_find, tail_extend};
use crate::tables::{ACTS, EVENT_KEYS, NAMES, SLABS};
use crate::{ContentHash, ReadError, RecordRef, Snapshot};
use daybook_event::{EventRef, Position};
use std::ops::ControlFlow;
use std::sync::PoisonError;

impl Snapshot {
    /// Where the event with this id stands, and the hash of its content.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn position_of(&self, id: &EventRef) -> Result<Option<(Position, ContentHash)>, ReadError> {
        let key = EventKey::of(id);
        let standing = caught("looking up an event", || match self.keeps_slabs() {
            true => self.standing_of(key),
            false => key_find(&self.transaction().open_table(EVENT_KEYS)?, key),
        })?;
        Ok(standing.map(|standing| (standing.position, standing.content)))
    }

    fn standing_of(&self, key: EventKey) -> Result<Option<Standing>, ReadError> {
        let (slabs, names) = (self.transaction().open_table(SLABS)?, self.transaction().open_table(NAMES)?);
        let (spans, at) = (Spans::new(self.keys_row()?.span_bits), self.head().position.number());
        let before = spans.runs_to(at);
        let mut shared = self.tail().lock().unwrap_or_else(PoisonError::into_inner);
        if shared.before() > before {
            // A snapshot from before the last run was made, asked after a later one.
            let mut own = Tail::behind(before);
            tail_extend(&mut own, at, &names)?;
            return position_find(spans, at, &slabs, &names, &own, key);
        }
        if shared.before() < before {
            *shared = Tail::behind(before);
        }
        tail_extend(&mut shared, at, &names)?;
        position_find(spans, at, &slabs, &names, &shared, key)
    }

    /// Visits every record that the operators wrote, from one position to another, both included, in order. Where it is not
    /// known which those are, as before an older ledger was taken over, every record is visited.
    ///
    /// # Errors
    /// [`ReadError`], or what the visitor returned.
    pub fn scan_acts<E: From<ReadError>>(
        &self,
        from: Position,
        to_inclusive: Position,
        mut visit: impl FnMut(RecordRef<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let to = to_inclusive.min(self.head().position);
        let known_from = if self.keeps_slabs() { self.keys_row()?.acts_from } else { u64::MAX };
        let mut is_over = false;
        let unknown_to = Position::new(known_from - 1).min(to);
        if from <= unknown_to {
            self.scan(from, unknown_to, |record| {
                let next = visit(record)?;
                is_over = next.is_break();
                Ok::<_, E>(next)
            })?;
        }
        for position in if is_over { Vec::new() } else { self.acts(from.number().max(known_from), to.number())? } {
            self.scan(position, position, |record| {
                let next = visit(record)?;
                is_over = next.is_break();
                Ok::<_, E>(next)
            })?;
            if is_over {
                break;
            }
        }
        Ok(())
    }

    /// The marked positions from one to another.
    fn acts(&self, from: u64, to: u64) -> Result<Vec<Position>, ReadError> {
        if from > to {
            return Ok(Vec::new());
        }
        caught("reading where the operators wrote", || {
            let table = self.transaction().open_table(ACTS)?;
            let mut positions = Vec::new();
            for row in table.range(from..=to)? {
                let (position, mark) = row?;
                if !act_read(position.value(), mark.value()) {
                    return Err(ReadError::damaged(format!("the mark of position {}", position.value())));
                }
                positions.push(Position::new(position.value()));
            }
            Ok(positions)
        })
    }
}
