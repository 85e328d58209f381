//! The steps: what a simulation does next.

use super::Sim;
use super::broker::OnTheWay;
use super::faults::{APPENDING, CHECKPOINT, PROJECTING};
use super::operators::{self, Asked};
use super::starts::mismatch_kind;
use super::supply::{Outgoing, outgoing};
use daybook_event::{Envelope, Instant, QuarantineVerdict};
use daybook_intake::{BatchLimits, Broken, MismatchPolicy};
use daybook_proof::QuarantineTree;

const DAY_MICROS: i64 = 86_400_000_000;

impl Sim {
    /// Does one step.
    pub(super) fn step(&mut self, step: u64) -> Result<(), String> {
        let at = self.now;
        let what = match self.dice.between(0, 99) {
            _ if self.is_stopped && self.chance(8) => self.continue_after_mismatch()?,
            0..=23 => self.send_some(),
            24..=30 => self.send_odd(),
            31 | 32 => self.back_up()?,
            33 if self.chance(2) => self.restore()?,
            33..=57 => self.follow()?,
            58..=71 => self.project()?,
            72..=77 => self.pass_time(),
            78..=79 => self.adopt(),
            80..=81 => self.close()?,
            82..=85 => self.decide(),
            86..=91 => self.trouble_at_the_broker(),
            92..=93 => self.stop(),
            94 => self.derived_delete()?,
            95 => self.continue_after_mismatch()?,
            96 | 97 => self.checkpoint()?,
            _ => self.check()?,
        };
        let head = self.naive.position();
        self.note(format!(
            "{step:>5} {at} {what} [position {head}, stream {}..{}]",
            self.stream.first, self.stream.last
        ));
        Ok(())
    }

    /// Everything comes to rest without another fault; then everything is checked.
    pub(super) fn rest(&mut self) -> Result<(), String> {
        for _ in 0..20 {
            if self.up()? && self.start(MismatchPolicy::Accept)? && self.follow_to_the_end()? {
                return self.check_all();
            }
        }
        Err("it never comes to rest".to_owned())
    }

    /// Whether everything that the stream has is durable.
    fn follow_to_the_end(&mut self) -> Result<bool, String> {
        let broken = loop {
            let Some(session) = self.process.as_mut().and_then(|process| process.session.as_mut()) else {
                return Ok(false);
            };
            let (taken, broken) = session.deliver(&self.stream, OnTheWay::Arrives);
            self.took(&taken)?;
            if broken.is_some() || taken.is_empty() {
                break broken;
            }
        };
        let is_durable = self.commit()?.is_some();
        // What was lost of the stream under way is a mismatch: the next round goes on as told.
        if let Some(broken) = &broken {
            self.broken(broken)?;
        }
        Ok(is_durable && broken.is_none())
    }

    pub(super) fn publish(&mut self, sent: Outgoing) -> u64 {
        // A broker's clock may step back: records must not.
        let back = if self.chance(12) { self.dice.between(0, 90_000_000) } else { 0 };
        self.now = Instant::from_micros(self.now.micros() + 1_000);
        let at = Instant::from_micros(self.now.micros() - i64::try_from(back).unwrap_or(0));
        self.stream.publish(at, sent.subject, sent.payload, sent.meant)
    }

    fn publish_event(&mut self, event: &Envelope) -> u64 {
        self.publish(outgoing(event))
    }

    fn send_some(&mut self) -> String {
        let count = self.dice.between(1, 4);
        for _ in 0..count {
            let event = self.supply.next();
            self.publish_event(&event);
            self.counts.see("sent:event");
            // The broker took it, and its acknowledgement was lost: it is sent again.
            if self.chance(12) {
                self.publish_event(&event);
                self.counts.see("sent:resent");
            }
        }
        format!("sends {count} events")
    }

    fn send_odd(&mut self) -> String {
        let (kind, sent) = match self.dice.between(0, 4) {
            0 | 1 => ("faulty", Some(self.supply.faulty(&mut self.dice))),
            2 => ("again", self.supply.again(&mut self.dice).as_ref().map(outgoing)),
            3 => ("conflict", self.supply.conflicting(&mut self.dice).as_ref().map(outgoing)),
            _ => ("manifest", Some(outgoing(&self.supply.manifest(&mut self.dice)))),
        };
        let Some(sent) = sent else { return "has nothing to send again".to_owned() };
        self.counts.see(format!("sent:{kind}"));
        let sequence = self.publish(sent);
        format!("sends {kind} as sequence {sequence}")
    }

    /// Follows the stream a while, and commits what came.
    fn follow(&mut self) -> Result<String, String> {
        if self.is_stopped {
            return Ok("stays stopped".to_owned());
        }
        if !self.up()? || !self.start(MismatchPolicy::Stop)? {
            return Ok("does not get to follow".to_owned());
        }
        let mut broken = None;
        for _ in 0..self.dice.between(1, 8) {
            let happens = self.on_the_way();
            let Some(session) = self.process.as_mut().and_then(|process| process.session.as_mut()) else { break };
            let (taken, ended) = session.deliver(&self.stream, happens);
            self.took(&taken)?;
            broken = ended;
            if broken.is_some() {
                break;
            }
        }
        // Whatever ended it, the writer finishes what is in its hand.
        let committed = if broken.is_some() || !self.chance(4) { self.commit()? } else { Some(0) };
        let said = match (&broken, committed) {
            (_, None) => "dies at it".to_owned(),
            (None, Some(batches)) => format!("{batches} batches"),
            (Some(broken), Some(_)) => self.broken(broken)?,
        };
        Ok(format!("follows: {said}"))
    }

    fn broken(&mut self, broken: &Broken) -> Result<String, String> {
        if let Some(process) = &mut self.process {
            process.session = None;
        }
        match broken {
            Broken::Restart { why } => Ok(format!("begins again ({why})")),
            Broken::Mismatch(mismatch) => {
                self.counts.see(mismatch_kind(mismatch));
                self.is_stopped = true;
                Ok(format!("stops ({mismatch})"))
            }
        }
    }

    fn on_the_way(&mut self) -> OnTheWay {
        let (happens, kind) = match self.dice.between(0, 59) {
            0 => (OnTheWay::Lost, "way:lost"),
            1 => (OnTheWay::SentAgain, "way:sent_again"),
            2 => (OnTheWay::Twice, "way:twice"),
            3 => (OnTheWay::Swapped, "way:swapped"),
            _ => return OnTheWay::Arrives,
        };
        self.counts.see(kind);
        happens
    }

    /// Appends what is in hand. None where it died of it.
    pub(super) fn commit(&mut self) -> Result<Option<u64>, String> {
        let limits = BatchLimits {
            events_max: [1, 2, 3, 100][self.dice.place(4)],
            bytes_max: [300, 4_000, 1_000_000][self.dice.place(3)],
            ..BatchLimits::default()
        };
        let committed =
            self.act(APPENDING, |sim| sim.process.as_mut().map_or(Ok(0), |process| process.commit(limits)))?;
        if committed.is_some() {
            self.look()?;
        }
        Ok(committed)
    }

    fn project(&mut self) -> Result<String, String> {
        if !self.up()? {
            return Ok("does not get to project".to_owned());
        }
        let steps = self.dice.between(1, 6);
        let projected = self.act(PROJECTING, |sim| {
            let (through, records_max) = (sim.now.date_utc(), sim.records_max);
            let Some(process) = &mut sim.process else { return Ok(false) };
            process.project(&sim.disk, records_max, through, steps)
        })?;
        if projected == Some(true) {
            self.counts.see("process:views_at_head");
            if self.chance(12) {
                self.check_views()?;
            }
        }
        Ok(format!("projects up to {steps} steps: {projected:?}"))
    }

    fn pass_time(&mut self) -> String {
        let days = [1, 3, 20, 31, 45][self.dice.place(5)];
        self.now = Instant::from_micros(self.now.micros() + days * DAY_MICROS);
        format!("{days} days pass")
    }

    fn adopt(&mut self) -> String {
        let Some(event) = operators::adoption(&self.naive, self.now.date_utc()) else {
            return "has adopted everything".to_owned();
        };
        self.counts.see("operator:adopted");
        format!("adopts {} as sequence {}", event.id, self.publish_event(&event))
    }

    fn close(&mut self) -> Result<String, String> {
        let asked = Asked::of(&self.naive, self.now.date_utc());
        let root = self.naive.root();
        let Some(acts) = asked.closing(&root)? else { return Ok("has no month to close".to_owned()) };
        self.counts.see("operator:closed");
        let mut said = String::new();
        for act in &acts {
            self.publish_event(act);
            said = format!("closes with {} acts, the last {}", acts.len(), act.id);
        }
        Ok(said)
    }

    fn decide(&mut self) -> String {
        let entries = self.naive.entries.len() as u64;
        // Now and then about an entry that does not exist.
        let beyond = u64::from(self.chance(8));
        let entry = self.dice.between(1, (entries + beyond).max(1));
        let verdict = if self.chance(3) { QuarantineVerdict::Dismiss } else { QuarantineVerdict::Retry };
        self.decisions += 1;
        let kind = if verdict == QuarantineVerdict::Retry { "operator:retry" } else { "operator:dismiss" };
        self.counts.see(kind);
        let event = operators::decision(self.decisions, entry, verdict, self.now.date_utc());
        self.publish_event(&event);
        format!("decides {verdict:?} about entry {entry}")
    }

    fn trouble_at_the_broker(&mut self) -> String {
        let (first, last) = (self.stream.first, self.stream.last);
        let any = self.dice.between(first.min(last), last.max(1));
        let (kind, said) = match self.dice.between(0, 19) {
            0..=6 => ("broker:consumer_gone", "forgets the consumer".to_owned()),
            7..=12 => {
                self.stream.delete(any);
                ("broker:deleted", format!("deletes sequence {any}"))
            }
            13 | 14 => {
                self.stream.purge_before(any + 1);
                ("broker:purged", format!("is purged up to sequence {any}"))
            }
            15 | 16 => {
                let from = last.saturating_sub(12);
                self.stream.purge_before(from);
                ("broker:limit", format!("keeps from sequence {from} on"))
            }
            17 | 18 => {
                let lost = self.dice.between(1, 8);
                self.stream.lose_tail(lost);
                ("broker:tail_lost", format!("comes back without its last {lost} messages"))
            }
            _ => {
                self.now = Instant::from_micros(self.now.micros() + 1_000);
                self.stream.recreate(self.now);
                ("broker:recreated", "is made anew".to_owned())
            }
        };
        // A broker that restarts, and a stream that is made anew, have no consumer of ours.
        let forgets = matches!(kind, "broker:consumer_gone" | "broker:tail_lost" | "broker:recreated");
        if let Some(process) = self.process.as_mut().filter(|_| forgets) {
            process.session = None;
        }
        self.counts.see(kind);
        format!("the broker {said}")
    }

    fn stop(&mut self) -> String {
        self.process = None;
        self.counts.see("process:stopped");
        "stops in good order".to_owned()
    }

    fn derived_delete(&mut self) -> Result<String, String> {
        if !self.up()? {
            return Ok("does not get to delete the derived file".to_owned());
        }
        self.act("deleting the derived file", |sim| {
            sim.process.as_mut().map_or(Ok(()), |process| process.derived_delete(&sim.disk))
        })?;
        self.counts.see("process:derived_deleted");
        Ok("deletes the derived file".to_owned())
    }

    fn checkpoint(&mut self) -> Result<String, String> {
        if !self.up()? {
            return Ok("does not get to sign a checkpoint".to_owned());
        }
        let added = self.act(CHECKPOINT, |sim| {
            let Some(process) = &mut sim.process else { return Ok(()) };
            let said = |error: &dyn std::fmt::Display| error.to_string();
            let snapshot = process.ledger.reader().snapshot().map_err(|error| said(&error))?;
            let frontier = snapshot.quarantine_frontier().map_err(|error| said(&error))?;
            let (head, quarantine) =
                (snapshot.head(), QuarantineTree { leaves: frontier.size(), root: frontier.root() });
            let note = operators::checkpoint(head.position.number(), head.root, quarantine)?;
            sim.checkpoints.push(note.clone());
            let kept = process.ledger.checkpoint_add(&note, head.position.number());
            kept.map(|_| ()).map_err(|error| said(&error))
        })?;
        self.look()?;
        if added.is_some() {
            self.counts.see("operator:checkpoint");
        }
        Ok(format!("signs a checkpoint: {added:?}"))
    }

    fn continue_after_mismatch(&mut self) -> Result<String, String> {
        if !self.is_stopped {
            return Ok("has nothing to accept".to_owned());
        }
        if !self.up()? {
            return Ok("does not get to continue".to_owned());
        }
        self.is_stopped = false;
        self.counts.see("operator:accepted_mismatch");
        let started = self.start(MismatchPolicy::Accept)?;
        Ok(format!("goes on as told: {started}"))
    }
}
