//! Holes, counters, cursor, checkpoints, and what should not be in the file at all.

use super::{Identified, Verification};
use crate::append::hole_domain;
use crate::format_v1::packed_read;
use crate::format_v2::checkpoint_read;
use crate::tables::{CHECKPOINTS, EVENT_KEYS, HOLES, META, is_meta_row_of, is_table_of};
use crate::{Binding, FindingCode, Hole, ReadError};
use redb::{ReadableTable, ReadableTableMetadata, TableHandle};

impl<I: Fn(&[u8]) -> Result<Identified, String>> Verification<'_, I> {
    pub(super) fn holes(&mut self) -> Result<(), ReadError> {
        let table = self.snapshot.transaction().open_table(HOLES)?;
        // A hole may lie beyond the cursor: an operator may have set that back.
        for (number, row) in (1..).zip(table.iter()?) {
            let (key, row) = row?;
            let fault = match packed_read::<Hole>(&hole_domain(key.value()), row.value()) {
                None => "its checksum does not match its bytes",
                Some(_) if key.value() != number => "it is not in its place",
                Some(hole) if hole.to < hole.from => "it ends before it starts",
                Some(_) => continue,
            };
            self.report.find(FindingCode::HoleRow, format!("hole {}", key.value()), fault);
        }
        self.count_check("holes", self.snapshot.state().holes, table.len()?);
        Ok(())
    }

    pub(super) fn counts(&mut self) -> Result<(), ReadError> {
        let state = self.snapshot.state();
        if !self.snapshot.keeps_slabs() {
            let keys = self.snapshot.transaction().open_table(EVENT_KEYS)?.len()?;
            self.count_check("idempotency entries", state.position.number(), keys);
        }
        let fault = match (&self.snapshot.identity().binding, &state.cursor) {
            (Binding::Files, Some(_)) => Some("a ledger bound to files has one".to_owned()),
            (Binding::Stream { name }, Some(cursor)) if *name != cursor.stream => {
                Some(format!("it is of the stream {}, the ledger is bound to {name}", cursor.stream))
            }
            (Binding::Stream { .. }, None) if state.position.number() > 0 => {
                Some("there are records and none".to_owned())
            }
            _ => None,
        };
        if let Some(fault) = fault {
            self.report.find(FindingCode::Cursor, "the cursor", fault);
        }
        Ok(())
    }

    /// Every table and row of `META` is one of the ledger's format.
    pub(super) fn tables(&mut self) -> Result<(), ReadError> {
        let transaction = self.snapshot.transaction();
        let format = self.snapshot.format();
        let mut unknown = Vec::new();
        for table in transaction.list_tables()? {
            if !is_table_of(format, table.name()) {
                unknown.push(format!("the table {}", table.name()));
            }
        }
        for row in transaction.open_table(META)?.iter()? {
            let (key, _) = row?;
            if !is_meta_row_of(format, key.value()) {
                unknown.push(format!("the row {} of what the ledger is", key.value()));
            }
        }
        for place in unknown {
            self.report.find(FindingCode::Unknown, place, "no ledger of this format has it");
        }
        Ok(())
    }

    /// Every checkpoint's row. What its note says is for whoever can read notes.
    pub(super) fn checkpoints(&mut self) -> Result<(), ReadError> {
        if !self.snapshot.keeps_decisions() {
            return Ok(());
        }
        let table = self.snapshot.transaction().open_table(CHECKPOINTS)?;
        let mut next = 1;
        for row in table.iter()? {
            let (key, row) = row?;
            if key.value() != next || checkpoint_read(key.value(), row.value()).is_none() {
                let what = format!("damaged, or not in the place of checkpoint {next}");
                self.report.find(FindingCode::Checkpoint, format!("checkpoint {}", key.value()), what);
            }
            next = key.value().saturating_add(1);
        }
        if let Ok(kept) = self.snapshot.kept() {
            self.count_check("checkpoints", kept.checkpoints, next - 1);
        }
        Ok(())
    }

    /// Whether a counter differs from what is there, which is a finding.
    pub(super) fn count_check(&mut self, of: &str, counted: u64, there: u64) -> bool {
        let differs = counted != there && self.is_head_known();
        if differs {
            self.report.find(FindingCode::Count, of, format!("the counter says {counted}, there are {there}"));
        }
        differs
    }
}
