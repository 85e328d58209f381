//! Under which names events go in: their own, or names beside those that stand with other content.
//!
//! The importer decides this as a publisher, from what the ledger holds. What the ledger then appends depends on the events
//! alone, as ever.

use super::door::{Door, Part, Role, Settled};
use crate::failure::Failure;
use daybook_event::{Envelope, EventRef, Instant, Payload, SourceId};
use daybook_intake::classify_envelope;
use daybook_intake::import::{
    Amendments, ImportReport, LINES_LISTED_MAX, LineRefused, Money, MovedCredit, Plan, Reissues, known_again,
};
use daybook_store::{LedgerReader, Origin, QuarantineReason, Snapshot};
use std::collections::BTreeSet;

/// Events on their way before they are waited for: it bounds what must be remembered of them.
const PENDING_MAX: usize = 50_000;
/// Quarantine entries read at once.
const QUARANTINE_PAGE: usize = 1_000;

/// How often an import looks again after it has set something right: once for each link of a chain of credits.
const AMEND_ROUNDS_MAX: usize = 32;

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
    pub(super) fn close(
        self,
        door: &mut dyn Door,
        recorded_at: Instant,
        report: &mut ImportReport,
    ) -> Result<Vec<Settled>, Failure> {
        match self {
            Self::AsTheyCome | Self::KnownAgain { .. } => Ok(Vec::new()),
            Self::Superseding(superseder) => superseder.close(door, recorded_at, report),
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
    /// The events that may have more issues than one, or be credited by other lines under another name.
    superseded: BTreeSet<EventRef>,
}

impl Superseder {
    pub(super) fn open(reader: LedgerReader) -> Result<Self, Failure> {
        let snapshot = reader.snapshot()?;
        let mut reissues = Reissues::default();
        reissues.read_on(&snapshot)?;
        let (pending, met, invoices) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Ok(Self { reader, snapshot, reissues, pending, met, invoices, superseded: BTreeSet::new() })
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
        let id = envelope.id.clone();
        self.superseded.extend(self.reissues.credited_by(&envelope));
        let plan = self.reissues.plan(&self.snapshot, &envelope)?;
        if !matches!(plan, Plan::AsItIs) || self.reissues.has_later(&id) {
            self.superseded.insert(id);
        }
        let inputs = match plan {
            Plan::AsItIs => vec![(envelope, part)],
            Plan::Reversed(known) => {
                supersession.reversed_before += 1;
                vec![(*known, part)]
            }
            Plan::CreditMoved(known) => vec![(*known, part)],
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
    fn close(
        mut self,
        door: &mut dyn Door,
        recorded_at: Instant,
        report: &mut ImportReport,
    ) -> Result<Vec<Settled>, Failure> {
        let mut settled = door.flush()?;
        self.read_on()?;
        settled.extend(self.amend(door, recorded_at, report)?);
        let supersession = report.supersession.get_or_insert_default();
        supersession.left(self.reissues.lines_left(&self.snapshot, &self.invoices, &self.met)?);
        supersession.quarantine_entries = self.quarantine_entries()?;
        Ok(settled)
    }

    /// Sets right what another import did at the same time, and moves credits. What was planned from a snapshot may be old
    /// when it is appended; nothing older than this import's own lines is left unseen now.
    fn amend(
        &mut self,
        door: &mut dyn Door,
        recorded_at: Instant,
        report: &mut ImportReport,
    ) -> Result<Vec<Settled>, Failure> {
        let mut settled = Vec::new();
        let mut moved = BTreeSet::new();
        for _ in 0..AMEND_ROUNDS_MAX {
            let mut amendments = self.reissues.amendments(&self.snapshot, &self.superseded)?;
            // Lines that credit each other in a circle would never come to an end.
            amendments.credits.retain(|credit| moved.insert(credit.of.clone()));
            self.superseded.extend(moved.iter().cloned());
            let is_empty = amendments.is_empty();
            let not_set_right = amendments.refused.iter().take(LINES_LISTED_MAX).cloned().collect();
            report.supersession.get_or_insert_default().not_set_right = not_set_right;
            if is_empty {
                return Ok(settled);
            }
            for (envelope, part) in amending(amendments) {
                settled.extend(door.push(classify_envelope(&envelope, recorded_at, Origin::default()), part)?);
            }
            settled.extend(door.flush()?);
            self.read_on()?;
        }
        Err(Failure::Input(
            "every line is in, but chains of credits are too long to be moved at once, or other imports supersede the same \
             lines all the time: run this import again when they have ended"
                .to_owned(),
        ))
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

fn amending(amendments: Amendments) -> Inputs {
    let mut inputs = Inputs::new();
    for (reversal, money) in amendments.superfluous {
        inputs.push((reversal, Part { role: Role::Superfluous, money }));
    }
    for MovedCredit { line, reversal, money, of: _ } in amendments.credits {
        inputs.push((line, Part { role: Role::MovedCredit, money }));
        inputs.push((reversal, Part { role: Role::Reversal, money }));
    }
    inputs
}
