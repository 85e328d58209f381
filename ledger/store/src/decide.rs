//! Acting on a decision about a quarantine entry, within the append that makes a record of it.
//!
//! What a decision does depends on stored bytes, on what stands in the ledger and on the ledger's intake semantics alone. So
//! ledgers that read the same stream decide alike.

use crate::append::{Staged, Writer};
use crate::format_v1::quarantine_read;
use crate::format_v2::{DecisionRow, decision_leaf, decision_read, entry_state_read};
use crate::idempotency::{EventKey, Standing};
use crate::keys::KeyTables;
use crate::tables::{DECISIONS, ENTRY_STATES, QUARANTINE};
use crate::{AppendError, Decision, Hash, Incoming, Origin, QuarantineEntry, ReadError, Verdict};
use daybook_event::{Instant, Position};
use redb::{ReadableTable, WriteTransaction};

/// Judges an input's bytes: an event, or faulty. The same for the same bytes, time and origin.
pub type Judge = fn(Vec<u8>, Instant, Origin) -> Incoming;

/// The first intake semantics under which decisions act. Under an earlier one they are records and nothing more.
pub(crate) const DECIDING_SEMANTICS: u32 = 2;

/// What was committed before this append.
pub(crate) struct Committed<'a> {
    pub(crate) transaction: &'a WriteTransaction,
    pub(crate) tables: &'a KeyTables<'a>,
}

impl Writer {
    /// Refuses a batch with a decision to judge again, if nothing here can.
    pub(crate) fn judge_check(&self, batch: &[Incoming]) -> Result<(), AppendError> {
        let is_retry = |incoming: &Incoming| match incoming {
            Incoming::Event { decision: Some(decision), .. } => decision.verdict == Verdict::Retry,
            Incoming::Event { .. } | Incoming::Faulty { .. } => false,
        };
        match self.judge {
            None if self.is_deciding && batch.iter().any(is_retry) => Err(AppendError::JudgeMissing),
            _ => Ok(()),
        }
    }

    /// Does what the decision at this position says, and keeps that it was said, with or without effect.
    pub(crate) fn decide(
        &mut self,
        staged: &mut Staged,
        committed: &Committed<'_>,
        decision: Decision,
        (position, recorded_at): (Position, Instant),
    ) -> Result<(), ReadError> {
        let Decision { entry, verdict } = decision;
        let exists = (1..=self.state.quarantined).contains(&entry);
        let before = if exists { state_of(staged, committed, entry)? } else { None };
        let is_retried = before.is_some_and(|before| before.verdict == Verdict::Retry);
        let mut resolved = Position::ZERO;
        let has_effect = match verdict {
            _ if !exists || is_retried => false,
            // A second dismissal changes nothing: the first one stands.
            Verdict::Dismiss => before.is_none(),
            Verdict::Retry => {
                resolved = self.retry(staged, committed, entry, recorded_at)?;
                resolved != Position::ZERO
            }
        };
        let row = DecisionRow { entry, verdict, position, resolved, leaf: self.quarantine_frontier.size() };
        self.quarantine_frontier.push(decision_leaf(&row), &mut |_: u8, _: u64, _: &Hash| {});
        self.kept.decisions += 1;
        staged.decisions.push((self.kept.decisions, row));
        if has_effect {
            staged.states.insert(entry, self.kept.decisions);
        }
        Ok(())
    }

    /// Judges an entry's bytes again. Where its event stands after that; zero if it still cannot.
    fn retry(
        &mut self,
        staged: &mut Staged,
        committed: &Committed<'_>,
        entry: u64,
        recorded_at: Instant,
    ) -> Result<Position, ReadError> {
        let entry = entry_of(staged, committed, entry)?;
        let Some(judge) = self.judge else { return Ok(Position::ZERO) };
        let Incoming::Event { id, content_hash, recorded_at, envelope, .. } =
            judge(entry.bytes, recorded_at, entry.origin)
        else {
            return Ok(Position::ZERO);
        };
        let key = EventKey::of(&id);
        let in_batch = staged.keys.iter().find(|(new, _)| *new == key).map(|(_, standing)| *standing);
        let KeyTables { slabs, names } = committed.tables;
        let stands = if in_batch.is_some() { in_batch } else { self.index.find(slabs, names, &[key])?.pop().flatten() };
        if let Some(stands) = stands {
            return Ok(if stands.content == content_hash { stands.position } else { Position::ZERO });
        }
        let position = self.record(recorded_at, &envelope)?;
        let new = Standing { position, content: content_hash };
        staged.name(&id, key, new);
        staged.judged.insert(key, new);
        Ok(position)
    }
}

/// The decision that made an entry's state, this batch included; none while nothing was decided.
fn state_of(staged: &Staged, committed: &Committed<'_>, entry: u64) -> Result<Option<DecisionRow>, ReadError> {
    if let Some(number) = staged.states.get(&entry) {
        return Ok(staged.decisions.iter().find(|(of, _)| of == number).map(|(_, row)| *row));
    }
    let damaged = || ReadError::damaged(format!("the state of the quarantine entry {entry}"));
    let states = committed.transaction.open_table(ENTRY_STATES)?;
    let Some(state) = states.get(entry)? else { return Ok(None) };
    let number = entry_state_read(entry, state.value()).ok_or_else(damaged)?;
    let decisions = committed.transaction.open_table(DECISIONS)?;
    let row = decisions.get(number)?.and_then(|row| decision_read(number, row.value()));
    row.filter(|row| row.entry == entry).ok_or_else(damaged).map(Some)
}

/// An entry by number, this batch included. It exists.
fn entry_of(staged: &Staged, committed: &Committed<'_>, entry: u64) -> Result<QuarantineEntry, ReadError> {
    let read = match staged.quarantine.iter().find(|(number, _)| *number == entry) {
        Some((_, row)) => quarantine_read(entry, row),
        None => {
            let table = committed.transaction.open_table(QUARANTINE)?;
            table.get(entry)?.and_then(|row| quarantine_read(entry, row.value()))
        }
    };
    read.ok_or_else(|| ReadError::damaged(format!("the quarantine entry {entry}")))
}
