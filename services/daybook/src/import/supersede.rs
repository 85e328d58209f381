//! Under which names events go in: their own, or names beside those that stand with other content.
//!
//! The importer decides this as a publisher, from what the ledger holds. What the ledger then appends depends on the events
//! alone, as ever.

use super::door::{Door, Part, Role, Settled};
use crate::failure::Failure;
use daybook_event::{Envelope, EventRef, Payload, SourceId};
use daybook_intake::import::{ImportReport, LineRefused, Money, Plan, Reissues, known_again};
use daybook_store::{LedgerReader, QuarantineReason, Snapshot};
use std::collections::BTreeSet;

/// Events on their way before they are waited for: it bounds what must be remembered of them.
const PENDING_MAX: usize = 50_000;
/// Quarantine entries read at once.
const QUARANTINE_PAGE: usize = 1_000;

/// Where an event stood.
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) line: u64,
}

/// What goes through the door for one event, in order.
pub(super) type Inputs = Vec<(Envelope, Part)>;

/// How an import names its events.
pub(super) enum Names {
    /// As they come.
    AsTheyCome,
    /// As they come, but a line that took another's place before has the name that it has in the ledger.
    KnownAgain { reader: LedgerReader, snapshot: Option<Box<Snapshot>> },
    /// Lines take the place of what stands under their names.
    Superseding(Box<Superseder>),
}

impl Names {
    /// What goes in for an event, and what the door had to settle first.
    pub(super) fn inputs(
        &mut self,
        door: &mut dyn Door,
        envelope: Envelope,
        (place, money): (&Place<'_>, Option<Money>),
        report: &mut ImportReport,
    ) -> Result<(Vec<Settled>, Inputs), Failure> {
        let line = Part::line(money);
        match self {
            Self::AsTheyCome => Ok((Vec::new(), vec![(envelope, line)])),
            Self::KnownAgain { reader, snapshot } => {
                if snapshot.is_none() {
                    *snapshot = Some(Box::new(reader.snapshot()?));
                }
                let known = snapshot.as_ref().map(|snapshot| known_again(snapshot, &envelope)).transpose()?.flatten();
                Ok((Vec::new(), vec![(known.unwrap_or(envelope), line)]))
            }
            Self::Superseding(superseder) => {
                let settled = superseder.catch_up(door, &envelope)?;
                Ok((settled, superseder.inputs(envelope, (place, line), report)?))
            }
        }
    }

    /// The door has committed: what was read before is old, and holding it would keep its pages.
    pub(super) fn committed(&mut self) {
        if let Self::KnownAgain { snapshot, .. } = self {
            *snapshot = None;
        }
    }

    /// Ends the reading, and says what is left to decide.
    pub(super) fn close(self, door: &mut dyn Door, report: &mut ImportReport) -> Result<Vec<Settled>, Failure> {
        match self {
            Self::AsTheyCome | Self::KnownAgain { .. } => Ok(Vec::new()),
            Self::Superseding(superseder) => superseder.close(door, report),
        }
    }
}

/// Decides what takes the place of what.
pub(super) struct Superseder {
    reader: LedgerReader,
    snapshot: Snapshot,
    reissues: Reissues,
    /// Events that the snapshot does not have yet.
    pending: BTreeSet<EventRef>,
    /// The events of the files that stand on an invoice, and their invoices.
    met: BTreeSet<EventRef>,
    invoices: BTreeSet<(SourceId, String)>,
}

impl Superseder {
    pub(super) fn open(reader: LedgerReader) -> Result<Self, Failure> {
        let snapshot = reader.snapshot()?;
        let mut reissues = Reissues::default();
        reissues.read_on(&snapshot)?;
        let (pending, met, invoices) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Ok(Self { reader, snapshot, reissues, pending, met, invoices })
    }

    /// Waits for what is on its way, where the event may depend on it.
    fn catch_up(&mut self, door: &mut dyn Door, envelope: &Envelope) -> Result<Vec<Settled>, Failure> {
        if self.pending.len() < PENDING_MAX && !self.pending.contains(&envelope.id) {
            return Ok(Vec::new());
        }
        let settled = door.flush()?;
        self.read_on()?;
        Ok(settled)
    }

    fn read_on(&mut self) -> Result<(), Failure> {
        self.pending.clear();
        self.snapshot = self.reader.snapshot()?;
        self.reissues.read_on(&self.snapshot)?;
        Ok(())
    }

    fn inputs(
        &mut self,
        envelope: Envelope,
        (place, part): (&Place<'_>, Part),
        report: &mut ImportReport,
    ) -> Result<Inputs, Failure> {
        self.meet(&envelope);
        let supersession = report.supersession.get_or_insert_default();
        let inputs = match self.reissues.plan(&self.snapshot, &envelope)? {
            Plan::AsItIs => vec![(envelope, part)],
            Plan::Reversed => {
                supersession.reversed_before += 1;
                vec![(envelope, part)]
            }
            Plan::Refused(why) => {
                supersession.refused(LineRefused { file: place.file.to_owned(), line: place.line, why });
                vec![(envelope, part)]
            }
            Plan::Supersede { reversals, line } => {
                let reversals =
                    reversals.into_iter().map(|(reversal, money)| (reversal, Part { role: Role::Reversal, money }));
                reversals.chain([(*line, Part { role: Role::Superseding, ..part })]).collect()
            }
        };
        self.pending.extend(inputs.iter().map(|(envelope, _)| envelope.id.clone()));
        Ok(inputs)
    }

    fn meet(&mut self, envelope: &Envelope) {
        self.pending.insert(envelope.id.clone());
        if let Payload::LicenseSale(sale) = &envelope.payload
            && !sale.invoice_id.is_empty()
        {
            self.met.insert(self.reissues.first_of(&envelope.id).clone());
            let invoice = (envelope.id.source.clone(), sale.invoice_id.clone());
            self.invoices.insert(invoice);
        }
    }

    /// Says what is left to decide, once everything went through the door.
    fn close(mut self, door: &mut dyn Door, report: &mut ImportReport) -> Result<Vec<Settled>, Failure> {
        let settled = door.flush()?;
        self.read_on()?;
        let supersession = report.supersession.get_or_insert_default();
        supersession.left(self.reissues.lines_left(&self.snapshot, &self.invoices, &self.met)?);
        supersession.quarantine_entries = self.quarantine_entries()?;
        Ok(settled)
    }

    /// Conflicts of the files' events that stand by now, under a name of their own.
    fn quarantine_entries(&self) -> Result<Vec<u64>, Failure> {
        let mut taken = Vec::new();
        let mut from = 1;
        loop {
            let page = self.snapshot.quarantine_list(from, QUARANTINE_PAGE)?;
            let Some(last) = page.last() else { return Ok(taken) };
            from = last.entry + 1;
            for entry in page {
                let is_ours = entry.id.as_ref().is_some_and(|id| self.met.contains(id));
                if !is_ours || !matches!(entry.reason, QuarantineReason::Conflict { .. }) {
                    continue;
                }
                let Ok(envelope) = daybook_proto::decode(&entry.bytes) else { continue };
                if known_again(&self.snapshot, &envelope)?.is_some() {
                    taken.push(entry.entry);
                }
            }
        }
    }
}
