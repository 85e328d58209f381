//! The record tree and its tile hashes, recomputed.

use super::{Identified, Verification};
use crate::format_v1::tile_read;
use crate::tables::TILES;
use crate::{FindingCode, ReadError};
use redb::ReadableTableMetadata;

impl<I: Fn(&[u8]) -> Result<Identified, String>> Verification<'_, I> {
    pub(super) fn tree(&mut self) -> Result<(), ReadError> {
        if !self.is_complete {
            self.report.find(FindingCode::Root, "the tree", "not recomputed: some records cannot be read");
            return Ok(());
        }
        self.report.root_recomputed = Some(self.frontier.root());
        if self.frontier != *self.snapshot.frontier() {
            let what = format!(
                "the records give {}, the stored frontier gives {}",
                hex::encode(self.frontier.root()),
                hex::encode(self.snapshot.frontier().root())
            );
            self.report.find(FindingCode::Root, "the tree", what);
        }
        if self.frontier.size() > 0 && self.last_at != self.snapshot.state().recorded_at {
            self.report.find(FindingCode::RecordedAt, "the head", "its recorded_at is not the last record's");
        }
        Ok(())
    }

    pub(super) fn tile_hashes(&mut self) -> Result<(), ReadError> {
        if !self.is_complete {
            return Ok(());
        }
        let table = self.snapshot.transaction().open_table(TILES)?;
        for ((level, index), recomputed) in &self.tiles {
            let stored = table.get((*level, *index))?.and_then(|row| tile_read(*level, *index, &row.value()));
            if stored != Some(*recomputed) {
                let what = if stored.is_some() { "is not the recomputed one" } else { "is missing or damaged" };
                self.report.find(FindingCode::Tile, format!("tile hash {index} of level {level}"), what);
            }
        }
        let (stored, recomputed) = (table.len()?, self.tiles.len() as u64);
        if stored != recomputed {
            self.report.find(FindingCode::Tile, "tile hashes", format!("{stored} are stored, {recomputed} recomputed"));
        }
        Ok(())
    }
}
