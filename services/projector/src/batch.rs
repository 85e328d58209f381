//! A run of records read from the ledger, sorted out by partner.

use crate::ProjectError;
use crate::chunk::entry_push;
use crate::find::{facts_find, pinned_find};
use crate::partner::{PartnerMeta, pinned_owner};
use daybook_event::{Envelope, EventRef, Month, PartnerId, Payload, Position};
use daybook_store::{DerivedRead, DerivedWrite, LedgerReader, RecordRef};
use daybook_views::{CurrencyUses, Fact, Known, PinnedRecord};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// How much is taken into the views in one transaction. Rows do not depend on it; memory and the time until they are
/// seen do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// The most records.
    pub records_max: u64,
    /// The most bytes of envelopes: the batch ends with the record that reaches it.
    pub bytes_max: u64,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self { records_max: 131_072, bytes_max: 32 * 1024 * 1024 }
    }
}

/// Records up to a position.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The last record in it.
    pub(crate) position: Position,
    pub(crate) records: u64,
    bytes: u64,
    pub(crate) partners: BTreeMap<PartnerId, PartnerBatch>,
    pub(crate) of_no_partner: Vec<(Position, Envelope)>,
    pub(crate) chunks_of_no_partner: BTreeMap<Month, Vec<u8>>,
}

/// A partner's records in a batch.
#[derive(Debug, Default)]
pub(crate) struct PartnerBatch {
    chunks: BTreeMap<Month, Vec<u8>>,
    /// Pinned statements by the month that they are of.
    pinned: BTreeMap<Month, Vec<u8>>,
    ids: Vec<(EventRef, Known)>,
    reversals: Vec<(Position, Envelope)>,
    currencies: CurrencyUses,
}

impl Batch {
    /// Reads the records after a position.
    pub(crate) fn read(ledger: &LedgerReader, after: Position, limits: &BatchLimits) -> Result<Self, ProjectError> {
        let mut batch = Self { position: after, ..Self::default() };
        ledger.scan(after.next(), Position::new(u64::MAX), |record| {
            batch.take(record)?;
            Ok::<_, ProjectError>(if batch.is_full(limits) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
        Ok(batch)
    }

    /// Whether it holds as much as one transaction may take.
    pub(crate) fn is_full(&self, limits: &BatchLimits) -> bool {
        self.records >= limits.records_max || self.bytes >= limits.bytes_max
    }

    fn take(&mut self, record: RecordRef<'_>) -> Result<(), ProjectError> {
        let position = record.position;
        let envelope =
            daybook_proto::decode(record.envelope).map_err(|fault| ProjectError::Undecodable { position, fault })?;
        self.position = position;
        self.records += 1;
        self.bytes += record.envelope.len() as u64;
        let month = Month::of(envelope.effective_on);
        let Some(partner_id) = envelope.partner_id.clone() else {
            entry_push(self.chunks_of_no_partner.entry(month).or_default(), position, record.envelope);
            self.of_no_partner.push((position, envelope));
            return Ok(());
        };
        if matches!(envelope.payload, Payload::Reversal(_)) {
            self.partners.entry(partner_id).or_default().reversals.push((position, envelope));
        } else if let Some(pinned) = PinnedRecord::of(position, &envelope) {
            let of_partner = self.partners.entry(partner_id).or_default();
            entry_push(of_partner.pinned.entry(pinned.month).or_default(), position, record.envelope);
            of_partner.ids.push((pinned.id, Known::Closing));
        } else if let Some(fact) = Fact::of(envelope, position) {
            let of_partner = self.partners.entry(partner_id).or_default();
            entry_push(of_partner.chunks.entry(month).or_default(), position, record.envelope);
            of_partner.ids.push((fact.id.clone(), Known::Fact(month)));
            of_partner.currencies.note(&fact);
        }
        Ok(())
    }
}

impl PartnerBatch {
    /// Puts the facts into the derived file and into what is known of the partner. Returns the first month that they
    /// affect; `settled` where they change no month but only what is said of it.
    pub(crate) fn apply(
        &self,
        write: &mut DerivedWrite,
        partner_id: &PartnerId,
        meta: &mut PartnerMeta,
        settled: Month,
    ) -> Result<Month, ProjectError> {
        let owner = partner_id.as_str();
        let reversed_before = self.reversals_apply(write, partner_id, meta)?;
        meta.currencies.add(&self.currencies);
        for (month, chunk) in &self.chunks {
            meta.facts.append(write, owner, *month, chunk)?;
        }
        for (month, chunk) in &self.pinned {
            meta.pinned.append(write, &pinned_owner(partner_id), *month, chunk)?;
        }
        self.ids.iter().for_each(|(id, known)| meta.reversals.note_known(id, *known));
        let first_own = self.chunks.keys().next().copied();
        Ok([first_own, reversed_before].into_iter().flatten().fold(settled, Month::min))
    }

    /// Takes the reversals in. Returns the first month of a fact that was known before and is reversed now.
    fn reversals_apply(
        &self,
        read: &impl DerivedRead,
        partner_id: &PartnerId,
        meta: &mut PartnerMeta,
    ) -> Result<Option<Month>, ProjectError> {
        let mut targets = BTreeSet::new();
        for (position, envelope) in &self.reversals {
            meta.reversals.add(*position, envelope);
            if let Payload::Reversal(reversal) = &envelope.payload {
                let source = envelope.id.source.clone();
                targets.insert(EventRef { source, event_id: reversal.reverses.clone() });
            }
        }
        // A target within the batch is not among the stored facts: do not search the whole history for it.
        self.ids.iter().for_each(|(id, _)| {
            targets.remove(id);
        });
        pinned_find(read, partner_id, meta, &mut targets)?;
        let Some(first) = meta.facts.first() else { return Ok(None) };
        let everything = first..Month::from_index(i32::MAX);
        let found = facts_find(read, partner_id.as_str(), &meta.facts, &everything, &mut targets)?;
        found.iter().for_each(|fact| meta.reversals.note_known(&fact.id, Known::Fact(fact.month())));
        Ok(found.iter().map(Fact::month).min())
    }
}
