//! The signed checkpoints of a ledger held against its records, and the ledger held against one kept elsewhere.

use super::signatures::{NONE_SIGNED, Signatures, line, line_keyless, order};
use super::{Finding, kept};
use crate::closed;
use crate::failure::Failure;
use crate::signing::{Stored, closed_line, published};
use daybook_event::Position;
use daybook_proof::{Checkpoint, ClosedLine, KeyKind, NoteError, VerifierKey};
use daybook_store::{Hash, Snapshot};
use daybook_views::{Closing, Closings};
use std::collections::BTreeMap;
use std::path::Path;

/// Whom the reader trusts.
#[derive(Default)]
pub(crate) struct Trust {
    pub(super) keys: Vec<VerifierKey>,
    pub(super) witnesses: Vec<VerifierKey>,
    pub(super) witnesses_min: usize,
}

impl Trust {
    /// How many of the witnesses signed a note is too few; none if they are enough, or none were asked for.
    pub(super) fn too_few(&self, note: &daybook_proof::SignedNote) -> Option<String> {
        if self.witnesses_min == 0 {
            return None;
        }
        let count = match note.verify(&self.witnesses) {
            Ok(signed) => signed.iter().filter(|one| one.kind == KeyKind::Witness).count(),
            Err(NoteError::Unknown(_)) => 0,
            Err(why) => return Some(why.to_string()),
        };
        let min = self.witnesses_min;
        (count < min)
            .then(|| format!("{count} of the witnesses given signed it, {min} must: ask them, with daybook witness"))
    }
}

/// What is found where witnesses are asked for and there is no checkpoint.
pub(super) const NONE_WITNESSED: &str = "there is none that a witness could have signed";

/// What every checkpoint is held against.
struct Chain<'a> {
    snapshot: &'a Snapshot,
    findings: &'a mut Vec<Finding>,
    signatures: Signatures,
    before: Option<Checkpoint>,
    closings: Option<Vec<Closing>>,
    quarantine: BTreeMap<u64, Hash>,
}

/// Checks every checkpoint; says what was found.
pub(super) fn verify(
    snapshot: &Snapshot,
    ledger: &Path,
    trust: &Trust,
    findings: &mut Vec<Finding>,
) -> Result<String, Failure> {
    let count = snapshot.checkpoints_count()?;
    if count == 0 {
        if trust.witnesses_min > 0 {
            findings.push(finding("WITNESSES", "the checkpoints", NONE_WITNESSED));
        }
        return Ok("none: daybook checkpoint signs one".to_owned());
    }
    let of_ledger = trust.keys.is_empty();
    let keys = if of_ledger { published(ledger)? } else { trust.keys.clone() };
    let has_keys = !keys.is_empty();
    let closings = closings(snapshot);
    let mut chain = Chain {
        snapshot,
        findings,
        signatures: Signatures::new(keys),
        before: None,
        closings,
        quarantine: BTreeMap::new(),
    };
    let stored: Vec<(u64, Option<Stored>)> = (1..=count).map(|number| (number, chain.read(number))).collect();
    chain.quarantine_roots(&stored);
    for (_, stored) in &stored {
        if let Some(stored) = stored {
            chain.check(stored);
        }
    }
    if chain.signatures.verified == 0 && has_keys {
        chain.find("CHECKPOINT_SIGNATURE", count, NONE_SIGNED);
    }
    let (verified, size) = (chain.signatures.verified, chain.before.as_ref().map_or(0, |last| last.size));
    if let Some((number, Some(last))) = stored.last()
        && let Some(why) = trust.too_few(&last.note)
    {
        findings.push(finding("WITNESSES", &place(*number), why));
    }
    if !has_keys {
        return Ok(line_keyless(count, size));
    }
    let whose = if of_ledger { "key taken from the ledger itself" } else { "keys as given" };
    Ok(line(count, size, verified, whose))
}

/// Holds the ledger against a checkpoint that was kept elsewhere.
pub(super) fn against(
    snapshot: &Snapshot,
    path: &Path,
    kept: &Checkpoint,
    findings: &mut Vec<Finding>,
) -> Result<String, Failure> {
    let mut find = |what: String| findings.push(kept::finding(path, what));
    let position = snapshot.head().position.number();
    if let Some(what) = kept::missing(kept, position) {
        find(what);
        return Ok("differs".to_owned());
    }
    if snapshot.root_at(Position::new(kept.size))? != Some(kept.root) {
        find(format!("the root at record {} is another one: history differs from what was signed", kept.size));
    }
    if let Some(tree) = kept.quarantine
        && snapshot.quarantine_root_at(tree.leaves)? != Some(tree.root)
    {
        find(format!("the first {} entries and decisions of the quarantine are not those signed", tree.leaves));
    }
    Ok(kept::line(kept))
}

/// Every closing that counts; none where the records cannot be read, which is a finding elsewhere.
fn closings(snapshot: &Snapshot) -> Option<Vec<Closing>> {
    let mut recorded = Vec::new();
    closed::operators_acts(snapshot, Position::new(1), snapshot.head().position, |position, envelope| {
        recorded.extend(Closing::of(position, &envelope));
    })
    .ok()?;
    Some(Closings::of(recorded.into_iter()).all().to_vec())
}

pub(super) fn place(number: u64) -> String {
    format!("checkpoint {number}")
}

pub(super) fn finding(code: &str, place: &str, what: impl Into<String>) -> Finding {
    Finding { code: code.to_owned(), place: place.to_owned(), what: what.into() }
}

impl Chain<'_> {
    fn find(&mut self, code: &str, number: u64, what: impl Into<String>) {
        self.findings.push(finding(code, &place(number), what));
    }

    fn read(&mut self, number: u64) -> Option<Stored> {
        match crate::signing::numbered(self.snapshot, number) {
            Ok(stored) => Some(stored),
            Err(why) => {
                self.find("CHECKPOINT", number, why.to_string());
                None
            }
        }
    }

    /// The roots of the quarantine at every checkpoint, in one pass.
    fn quarantine_roots(&mut self, stored: &[(u64, Option<Stored>)]) {
        let trees = stored.iter().filter_map(|(_, stored)| stored.as_ref()?.checkpoint.quarantine);
        match self.snapshot.quarantine_roots_at(&trees.map(|tree| tree.leaves).collect()) {
            Ok(roots) => self.quarantine = roots,
            Err(why) => self.findings.push(finding("CHECKPOINT_QUARANTINE", "the quarantine", why.to_string())),
        }
    }

    fn check(&mut self, stored: &Stored) {
        let (number, now) = (stored.number, &stored.checkpoint);
        for what in self.signatures.check(stored) {
            self.find("CHECKPOINT_SIGNATURE", number, what);
        }
        let root = self.snapshot.root_at(Position::new(now.size));
        match root {
            Ok(Some(root)) if root == now.root => {}
            Ok(Some(root)) => self.find(
                "CHECKPOINT_ROOT",
                number,
                format!("signs another root at record {} than the records make: {}", now.size, hex::encode(root)),
            ),
            Ok(None) => self.find(
                "CHECKPOINT_ROOT",
                number,
                format!("is of {} records, and the ledger has fewer: some are missing", now.size),
            ),
            Err(why) => self.find("CHECKPOINT_ROOT", number, why.to_string()),
        }
        match now.quarantine {
            Some(tree) if self.quarantine.get(&tree.leaves) == Some(&tree.root) => {}
            Some(tree) => self.find(
                "CHECKPOINT_QUARANTINE",
                number,
                format!("signs another root of the quarantine at {} entries and decisions", tree.leaves),
            ),
            None => self.find("CHECKPOINT_QUARANTINE", number, "says nothing about the quarantine"),
        }
        if let Some(what) = self.before.as_ref().and_then(|before| order(before, now)) {
            self.find("CHECKPOINT_ORDER", number, what);
        }
        self.closed(number, now);
        self.before = Some(now.clone());
    }

    /// The months closed since the one before.
    fn closed(&mut self, number: u64, now: &Checkpoint) {
        let Some(closings) = &self.closings else { return };
        let after = self.before.as_ref().map_or(0, |before| before.size);
        let is_since = |closing: &&Closing| (after + 1..=now.size).contains(&closing.recorded.number());
        let expected: Vec<ClosedLine> = closings.iter().filter(is_since).filter_map(closed_line).collect();
        if expected == now.closed {
            return;
        }
        let months = |lines: &[ClosedLine]| {
            let months: Vec<String> = lines.iter().map(|line| line.month.to_string()).collect();
            if months.is_empty() { "none".to_owned() } else { months.join(" ") }
        };
        let what = format!(
            "names other closings than the records since the one before: {}, and they have {}",
            months(&now.closed),
            months(&expected)
        );
        self.find("CHECKPOINT_CLOSED", number, what);
    }
}
