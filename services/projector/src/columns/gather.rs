//! Records gathered into blocks, in bounded memory.

use super::ColumnsFault;
use super::shared::shared_push;
use daybook_event::{Envelope, Instant, PartnerId, Position};
use daybook_store::{ColumnsWriter, RunFile, RunHead};
use daybook_views::{ColumnsBuilder, ColumnsBytes, LineClasses, LinesError, PartnerColumns};
use std::collections::BTreeMap;

/// What some records say of each partner, until it is written.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    partners: BTreeMap<PartnerId, ColumnsBuilder>,
    pub(super) classes: LineClasses,
    /// Records of no partner.
    pub(super) shared: Vec<u8>,
    /// About how many bytes all of it takes in memory.
    bytes: usize,
    /// The last record.
    pub(super) to: Position,
    pub(super) recorded_at: Instant,
}

impl Gathering {
    pub(super) fn bytes(&self) -> usize {
        self.bytes + self.shared.len()
    }

    /// Takes a record in.
    pub(super) fn add(
        &mut self,
        position: Position,
        recorded_at: Instant,
        bytes: &[u8],
        envelope: Envelope,
    ) -> Result<(), LinesError> {
        (self.to, self.recorded_at) = (position, recorded_at);
        let Some(partner_id) = &envelope.partner_id else {
            shared_push(&mut self.shared, position, bytes);
            return Ok(());
        };
        let builder = match self.partners.get_mut(partner_id) {
            Some(builder) => builder,
            None => self.partners.entry(partner_id.clone()).or_default(),
        };
        let before = builder.bytes();
        builder.add(position, envelope, &mut self.classes)?;
        self.bytes += builder.bytes() - before;
        Ok(())
    }

    /// Every partner's columns, in order.
    pub(super) fn finish(&mut self) -> impl Iterator<Item = Result<(PartnerId, PartnerColumns), LinesError>> {
        self.bytes = 0;
        let classes = &self.classes;
        let partners = std::mem::take(&mut self.partners).into_iter().filter(|(_, builder)| !builder.is_empty());
        partners.map(|(partner_id, builder)| Ok((partner_id, builder.finish(classes)?)))
    }

    /// Writes everything as one run.
    pub(super) fn write(mut self, writer: &ColumnsWriter, head: RunHead) -> Result<RunFile, ColumnsFault> {
        let mut run = writer.run(head)?;
        for partner in self.finish() {
            let (partner_id, columns) = partner?;
            block_write(&mut run, partner_id.as_str(), &columns)?;
        }
        Ok(run.finish(&self.classes.to_bytes()?, &self.shared)?)
    }
}

/// Adds a partner's columns to a run, where they hold anything.
pub(super) fn block_write(
    run: &mut daybook_store::RunWriter<'_>,
    partner_id: &str,
    columns: &PartnerColumns,
) -> Result<(), ColumnsFault> {
    if let Some(between) = columns.positions()? {
        let bytes = ColumnsBytes::of(columns)?;
        run.block(partner_id, columns.lines.len() as u64, between, [&bytes.hot, &bytes.cold])?;
    }
    Ok(())
}
