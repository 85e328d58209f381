//! What must hold: the real ledger is the naive one, the views are what the model says, closed months stay.

use super::naive::{Naive, NaiveEntry};
use super::operators::{Asked, differ, signer};
use super::{Pending, Sim};
use daybook_event::Position;
use daybook_intake::identify;
use daybook_projector::{ProjectError, Views};
use daybook_proof::{Checkpoint, SignedNote};
use daybook_store::{Counts as LedgerCounts, EntryState, LedgerReader, ReadError, Snapshot};
use serde_json::{Map, Value, json};
use std::ops::ControlFlow;

impl Sim {
    /// Looks at how far the real ledger says it is, and brings the naive one there. It must be one of the places that it can
    /// be at, with the counts that belong to that place.
    pub(super) fn look(&mut self) -> Result<(), String> {
        let Some(process) = &self.process else { return Ok(()) };
        let snapshot = process.ledger.reader().snapshot().map_err(said)?;
        let is_at = |naive: &Naive| {
            let known = naive.cursor.map(|cursor| (cursor.created_at, cursor.sequence));
            known == snapshot.cursor().map(|cursor| (cursor.stream_created_at, cursor.sequence))
        };
        let mut naive = self.naive.clone();
        let mut seen = Vec::new();
        while !(is_at(&naive) && (self.pending.is_empty() || !same_place_follows(&self.pending, &naive))) {
            let Some(pending) = self.pending.pop_front() else {
                let known = self.naive.cursor;
                return Err(format!("the cursor is {:?}, the last known was {known:?}", snapshot.cursor()));
            };
            let (before, duplicates) = ((naive.position(), naive.entries.len(), naive.holes.len()), naive.duplicates);
            match pending {
                Pending::Take { created_at, sequence, message, hole } => {
                    naive.take(created_at, sequence, &message, hole);
                }
                Pending::Set { cursor, hole } => {
                    naive.holes.extend(hole);
                    naive.cursor = Some(cursor);
                }
            }
            seen.extend((naive.position() > before.0).then_some("took:record"));
            seen.extend((naive.duplicates > duplicates).then_some("took:duplicate"));
            seen.extend((naive.holes.len() > before.2).then_some("took:hole"));
            let entry = naive.entries.get(before.1);
            seen.extend(entry.map(|entry| if entry.code == "conflict" { "took:conflict" } else { "took:faulty" }));
        }
        self.naive = naive;
        // A checkpoint that the process died at is kept or it is not.
        let kept = usize::try_from(snapshot.checkpoints_count().map_err(said)?).map_err(said)?;
        self.checkpoints.truncate(kept.max(self.checkpoints_sure));
        self.checkpoints_sure = self.checkpoints.len();
        seen.into_iter().for_each(|kind| self.counts.see(kind));
        let counts = LedgerCounts {
            records: self.naive.position(),
            duplicates: self.naive.duplicates,
            quarantined: self.naive.entries.len() as u64,
            holes: self.naive.holes.len() as u64,
        };
        if snapshot.counts() != counts {
            return Err(format!(
                "at the cursor {:?} the ledger counts {:?}, not {counts:?}",
                snapshot.cursor(),
                snapshot.counts()
            ));
        }
        Ok(())
    }

    pub(super) fn check(&mut self) -> Result<String, String> {
        if !self.up()? {
            return Ok("does not get to check".to_owned());
        }
        self.check_ledger()?;
        Ok("checks the ledger".to_owned())
    }

    /// Record by record, entry by entry.
    pub(super) fn check_ledger(&mut self) -> Result<(), String> {
        let Some(process) = &self.process else { return Ok(()) };
        let snapshot = process.ledger.reader().snapshot().map_err(said)?;
        self.check_records(&snapshot)?;
        self.check_entries(&snapshot)?;
        self.check_checkpoints(&snapshot)?;
        let holes: Vec<(u64, u64)> = snapshot.holes().map_err(said)?.iter().map(|hole| (hole.from, hole.to)).collect();
        if holes != self.naive.holes {
            return Err(format!("the holes are {holes:?}, not {:?}", self.naive.holes));
        }
        self.counts.see("checked:ledger");
        Ok(())
    }

    fn check_records(&self, snapshot: &Snapshot) -> Result<(), String> {
        let (head, mut records) = (snapshot.head(), self.naive.records.iter());
        if head.root != self.naive.root() {
            return Err(format!("the root at position {} is not that of a naive tree", head.position));
        }
        let mut differs = None;
        let scanned = snapshot.scan(Position::new(1), head.position, |record| {
            let same =
                records.next().is_some_and(|one| one.recorded_at == record.recorded_at && one.bytes == record.envelope);
            if !same {
                differs = Some(record.position);
            }
            Ok::<_, ReadError>(if same { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        });
        scanned.map_err(said)?;
        if let Some(position) = differs {
            return Err(format!("the record at position {position} is another one"));
        }
        for (at, record) in self.naive.records.iter().enumerate() {
            let found = snapshot.position_of(&record.event.id).map_err(said)?;
            if found.map(|(position, _)| position) != Some(Position::new(at as u64 + 1)) {
                return Err(format!("{} is not found at position {}", record.event.id, at + 1));
            }
        }
        Ok(())
    }

    fn check_entries(&mut self, snapshot: &Snapshot) -> Result<(), String> {
        let entries = snapshot.quarantine_list(1, usize::MAX).map_err(said)?;
        let states = snapshot.entry_states(&entries).map_err(said)?;
        for ((entry, state), naive) in entries.iter().zip(&states).zip(&self.naive.entries) {
            let NaiveEntry { code, bytes, sequence, .. } = naive;
            let is_same = entry.reason.code() == *code
                && entry.bytes == *bytes
                && entry.origin.stream_sequence == Some(*sequence)
                && *state == self.naive.state_of(naive);
            if !is_same {
                let expected = (code, sequence, self.naive.state_of(naive));
                return Err(format!(
                    "entry {} is {:?} of sequence {:?}, {state:?}; it should be {expected:?}",
                    entry.entry, entry.reason, entry.origin.stream_sequence
                ));
            }
            self.counts.see(match state {
                EntryState::Open => "entry:open",
                EntryState::Retried { .. } => "entry:retried",
                EntryState::Dismissed { .. } => "entry:dismissed",
                EntryState::Corrected { .. } => "entry:corrected",
            });
        }
        Ok(())
    }

    /// Every checkpoint is kept as it was signed, and says what the trees were then.
    fn check_checkpoints(&mut self, snapshot: &Snapshot) -> Result<(), String> {
        let stored = snapshot.checkpoints(1, usize::MAX).map_err(said)?;
        for (at, stored) in stored.iter().enumerate() {
            let signed = self.checkpoints.get(at).filter(|note| **note == stored.note);
            let note = SignedNote::parse(signed.ok_or("a checkpoint that nobody signed")?.as_bytes()).map_err(said)?;
            note.verify(&[signer().public().clone()]).map_err(said)?;
            let checkpoint = Checkpoint::parse(note.text()).map_err(said)?;
            let size = usize::try_from(checkpoint.size).map_err(said)?;
            let quarantine = checkpoint.quarantine.ok_or("a checkpoint without the quarantine")?;
            let root = snapshot.quarantine_root_at(quarantine.leaves).map_err(said)?;
            if checkpoint.root != self.naive.root_at(size) || root != Some(quarantine.root) {
                return Err(format!("checkpoint {} says other roots than the ledger has", stored.number));
            }
            self.counts.see("checked:checkpoint");
        }
        if stored.len() != self.checkpoints.len() {
            return Err(format!("{} checkpoints are kept, not {}", stored.len(), self.checkpoints.len()));
        }
        Ok(())
    }

    /// The views at the head are what the naive model says, and what a replay says; months that are closed say what they
    /// said.
    pub(super) fn check_views(&mut self) -> Result<(), String> {
        let Some(views) = self.views()? else { return Ok(()) };
        let through = self.now.date_utc();
        let checkpoint = views.checkpoint();
        if (checkpoint.position.number(), checkpoint.through) != (self.naive.position(), through) {
            return Err(format!("views at the head are at {} through {}", checkpoint.position, checkpoint.through));
        }
        let asked = Asked::of(&self.naive, through);
        let rows = rows_of(&views)?;
        differ("the views", &asked.figures(), &rows)?;
        let (digest, replayed) = (views.digest().map_err(said)?.to_string(), asked.replay_digest());
        if digest != replayed {
            return Err(format!("the digest of the views is {digest}, that of a replay {replayed}"));
        }
        self.check_closed(&asked, &rows)?;
        self.note(format!("      views {digest}"));
        self.counts.see("checked:views");
        Ok(())
    }

    fn views(&self) -> Result<Option<Views>, String> {
        let Some(projector) = self.process.as_ref().and_then(|process| process.projector.as_ref()) else {
            return Ok(None);
        };
        projector.views().map_err(said)
    }

    fn check_closed(&mut self, asked: &Asked, rows: &Value) -> Result<(), String> {
        for month in asked.closed().0 {
            self.counts.see("closed:month");
            for (partner, rows) in rows.as_object().into_iter().flatten() {
                let of_month: Vec<&Value> = ["postings", "payouts", "true_ups"]
                    .iter()
                    .flat_map(|view| rows[view].as_array().into_iter().flatten())
                    .filter(|row| row["month"] == month)
                    .collect();
                let now = json!(of_month).to_string();
                let first = self.closed_rows.entry((partner.clone(), month.clone())).or_insert_with(|| now.clone());
                if *first != now {
                    return Err(format!("{month} of {partner} is closed and said {first}, now it says {now}"));
                }
            }
        }
        Ok(())
    }

    /// At rest: the ledger, everything that the stream still has, the views, and the ledger's own verification.
    pub(super) fn check_all(&mut self) -> Result<(), String> {
        self.check_ledger()?;
        for (sequence, message) in &self.stream.messages {
            let is_in = match &message.meant {
                super::naive::Meant::Event(event) => self.naive.knows(&event.id),
                super::naive::Meant::Faulty(..) => {
                    self.naive.entries.iter().any(|entry| entry.bytes == message.payload)
                }
            };
            if !is_in {
                return Err(format!("sequence {sequence} is in the stream and not in the ledger"));
            }
        }
        let (through, records_max) = (self.now.date_utc(), self.records_max);
        let Some(process) = &mut self.process else { return Ok(()) };
        process.project(&self.disk, records_max, through, u64::MAX)?;
        self.check_views()?;
        self.check_verified()?;
        let head = self.process.as_ref().map(|process| process.ledger.head());
        self.note(format!("at rest: {head:?}"));
        Ok(())
    }

    fn check_verified(&mut self) -> Result<(), String> {
        let Some(process) = &self.process else { return Ok(()) };
        let reader: LedgerReader = process.ledger.reader();
        let report = reader.verify(identify);
        if !report.findings.is_empty() {
            return Err(format!("verify finds {:?}", report.findings));
        }
        self.counts.see("checked:verified");
        Ok(())
    }
}

/// Whether what is pending would leave the cursor where it is: then it counts as done.
fn same_place_follows(pending: &std::collections::VecDeque<Pending>, naive: &Naive) -> bool {
    match (pending.front(), naive.cursor) {
        (Some(Pending::Set { cursor, .. }), Some(at)) => {
            (cursor.created_at, cursor.sequence) == (at.created_at, at.sequence)
        }
        _ => false,
    }
}

fn rows_of(views: &Views) -> Result<Value, String> {
    let mut all = Map::new();
    let visited = views.rows_visit(|partner_id, rows| {
        all.insert(partner_id.to_string(), serde_json::to_value(rows).expect("rows are JSON"));
        Ok::<_, ProjectError>(ControlFlow::Continue(()))
    });
    visited.map_err(said)?;
    let of_no_partner = views.rows_of_no_partner().map_err(said)?;
    let findings = serde_json::to_value(of_no_partner.findings).expect("rows are JSON");
    all.insert(String::new(), json!({ "findings": findings }));
    Ok(Value::Object(all))
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
