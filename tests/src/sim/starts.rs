//! Where intake goes on in the stream, and what it takes from there: held against the stream itself.

use super::broker::STREAM;
use super::naive::NaiveCursor;
use super::process::Taken;
use super::{Pending, Sim};
use daybook_intake::{MismatchPolicy, PlaceError, StreamMismatch};

impl Sim {
    /// Makes a consumer, where there is none. False where intake does not get to that.
    pub(super) fn start(&mut self, policy: MismatchPolicy) -> Result<bool, String> {
        let Some(process) = &self.process else { return Ok(false) };
        if process.session.is_some() {
            return Ok(true);
        }
        let expected = self.place_expected(policy);
        let placed = self.act("finding the place", |sim| {
            let Some(process) = &mut sim.process else { return Ok(None) };
            match process.start(&sim.stream, policy) {
                Ok(next) => Ok(Some(Ok(next))),
                Err(PlaceError::Mismatch(mismatch)) => Ok(Some(Err(mismatch_kind(&mismatch)))),
                Err(error) => Err(error.to_string()),
            }
        })?;
        let Some(Some(placed)) = placed else { return Ok(false) };
        if placed != expected {
            return Err(format!("intake goes on from {placed:?}, and should from {expected:?}"));
        }
        self.look()?;
        if let Err(kind) = placed {
            self.counts.see(kind);
            self.is_stopped = true;
            return Ok(false);
        }
        Ok(true)
    }

    /// Where intake must go on, or what it must say; what it does to the cursor is pending then.
    fn place_expected(&mut self, policy: MismatchPolicy) -> Result<u64, &'static str> {
        self.pending.clear();
        let mut cursor = self.naive.cursor;
        for _ in 0..4 {
            let kind = match self.place_of(cursor) {
                Err(kind) if policy == MismatchPolicy::Accept => kind,
                placed => return placed,
            };
            let (created_at, first) = (self.stream.created_at, self.stream.first);
            let set = |sequence| NaiveCursor { created_at, sequence, message: None };
            let needed = cursor.map_or(1, |cursor| cursor.sequence + 1);
            let (to, hole) = match kind {
                "mismatch:recreated" => (set(0), None),
                "mismatch:gone" => (set(first - 1), Some((needed, first - 1))),
                _ => (set(first.saturating_sub(1)), None),
            };
            self.pending.push_back(Pending::Set { cursor: to, hole });
            cursor = Some(to);
        }
        Err("mismatch without end")
    }

    fn place_of(&self, cursor: Option<NaiveCursor>) -> Result<u64, &'static str> {
        let stream = &self.stream;
        if let Some(cursor) = cursor {
            if cursor.created_at != stream.created_at {
                return Err("mismatch:recreated");
            }
            if stream.last < cursor.sequence {
                return Err("mismatch:behind");
            }
            let there = stream.messages.get(&cursor.sequence).map(|message| message.number);
            if there.is_some() && cursor.message.is_some() && there != cursor.message {
                return Err("mismatch:diverged");
            }
        }
        let needed = cursor.map_or(1, |cursor| cursor.sequence + 1);
        if stream.first > needed { Err("mismatch:gone") } else { Ok(needed) }
    }

    /// Holds what intake took against the stream: nothing that the stream has may be passed over.
    pub(super) fn took(&mut self, taken: &[Taken]) -> Result<(), String> {
        for Taken { sequence, hole } in taken.iter().copied() {
            let session = self.process.as_mut().and_then(|process| process.session.as_mut());
            let next = session.map_or(sequence, |session| std::mem::replace(&mut session.next, sequence + 1));
            if let Some((passed, _)) = self.stream.messages.range(next..sequence.max(next)).next() {
                return Err(format!("sequence {passed} of {STREAM} was passed over"));
            }
            let expected = (next < sequence).then(|| (next, sequence - 1));
            if hole != expected {
                return Err(format!("before sequence {sequence} the hole is {expected:?}, not {hole:?}"));
            }
            let message = self.stream.messages.get(&sequence).ok_or("a message that the stream does not have")?.clone();
            self.pending.push_back(Pending::Take { created_at: self.stream.created_at, sequence, message, hole });
        }
        Ok(())
    }
}

/// The kind of a mismatch, as it is counted.
pub(super) fn mismatch_kind(mismatch: &StreamMismatch) -> &'static str {
    match mismatch {
        StreamMismatch::Recreated { .. } => "mismatch:recreated",
        StreamMismatch::Behind { .. } => "mismatch:behind",
        StreamMismatch::Diverged { .. } => "mismatch:diverged",
        StreamMismatch::Gone { .. } => "mismatch:gone",
    }
}
