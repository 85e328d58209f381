//! One number for what records say of a partner, whatever the order in which they come: to hold columns against records.

use super::bytes::{put_line, put_other, put_pinned_record, put_reversal};
use super::{LineClasses, LinesError, PartnerColumns};
use crate::fact::{Fact, FactKind};
use crate::history::{PinnedRecord, Reversals};
use daybook_event::{Envelope, EventRef, Payload, Position};
use sha2::{Digest, Sha256};

/// The sum over the hashes of everything that counts as a partner's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ColumnsSum {
    hashes: u128,
    entries: u64,
}

impl ColumnsSum {
    /// Takes in what a record says of the partner, if anything.
    ///
    /// # Errors
    /// [`LinesError::TooMany`], for a text that 32 bits do not count.
    pub fn add(&mut self, position: Position, envelope: Envelope) -> Result<(), LinesError> {
        if let Payload::Reversal(reversal) = &envelope.payload {
            let event_id = reversal.reverses.clone();
            let target = EventRef { source: envelope.id.source.clone(), event_id };
            return self.add_with(|out| put_reversal(out, &envelope.id, position, &target));
        }
        if let Some(pinned) = PinnedRecord::of(position, &envelope) {
            return self.add_with(|out| put_pinned_record(out, &pinned));
        }
        Fact::of(envelope, position).map_or(Ok(()), |fact| self.add_fact(&fact))
    }

    /// The sum of a partner's columns.
    ///
    /// # Errors
    /// [`LinesError`] where they cannot be read.
    pub fn of(columns: &PartnerColumns, classes: &LineClasses) -> Result<Self, LinesError> {
        let mut sum = Self::default();
        for row in 0..columns.lines.len() {
            sum.add_fact(&columns.lines.fact(row, classes)?)?;
        }
        columns.others.iter().try_for_each(|fact| sum.add_fact(fact))?;
        sum.add_reversals(&columns.reversals)?;
        columns.pinned.iter().try_for_each(|pinned| sum.add_with(|out| put_pinned_record(out, pinned)))?;
        Ok(sum)
    }

    /// Whether nothing was taken in.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    fn add_reversals(&mut self, reversals: &Reversals) -> Result<(), LinesError> {
        let mut made = reversals.made();
        made.try_for_each(|(id, position, target)| self.add_with(|out| put_reversal(out, id, position, target)))
    }

    fn add_fact(&mut self, fact: &Fact) -> Result<(), LinesError> {
        match &fact.kind {
            FactKind::Line(line) => self.add_with(|out| put_line(out, fact, Some(line))),
            FactKind::Moneyless => self.add_with(|out| put_line(out, fact, None)),
            _ => self.add_with(|out| put_other(out, fact)),
        }
    }

    fn add_with(&mut self, put: impl FnOnce(&mut Vec<u8>) -> Result<(), LinesError>) -> Result<(), LinesError> {
        let mut bytes = Vec::with_capacity(256);
        put(&mut bytes)?;
        let digest: [u8; 32] = Sha256::digest(&bytes).into();
        let (first, _) = digest.as_chunks::<16>();
        let number = first.first().map_or(0, |bytes| u128::from_le_bytes(*bytes));
        self.hashes = self.hashes.wrapping_add(number);
        self.entries += 1;
        Ok(())
    }
}
