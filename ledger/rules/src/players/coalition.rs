//! The book of a coalition: the reference with the differences of some players.

use super::Players;
use super::labels::LabelledEdits;
use super::timeline::{Segment, Side, shift_node};
use super::tree_diff::{EditKind, apply, reorder};
use crate::compiled::Compiled;
use crate::diagnostic::Findings;
use crate::document::{Resolved, Value};
use crate::hashes::{book_hash, terms_hash};
use crate::lower::{rule_set, rule_set_bare};
use crate::model::{Hashes, RuleBook, RuleSet};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Rule sets already made, by segment and by the players of it that take part; none where they make no rule set.
#[derive(Default)]
pub(super) struct Made {
    notes: Notes,
    sets: BTreeMap<(usize, u128), Option<Arc<RuleSet>>>,
}

/// Whether rule sets say where each of their parameters stands: for explanations, not for figures, and most of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Notes {
    #[default]
    Without,
    With,
}

impl Made {
    pub(super) fn with_notes() -> Self {
        Self { notes: Notes::With, ..Self::default() }
    }
}

impl RuleBook {
    /// The book with these rule sets in place of its own.
    pub(super) fn with_sets(&self, sets: Vec<RuleSet>) -> Self {
        let (catalogue, sources) = (self.catalogue.clone(), self.sources_of_no_partner.clone());
        let terms_hash = book_hash(sets.iter().map(|set| &set.hashes), &catalogue.terms_hash, &sources);
        Self { sets, catalogue, sources_of_no_partner: sources, terms_hash, compiled: Compiled::default() }
    }
}

impl Players {
    /// The players that a segment's rule set depends on.
    pub(super) fn concerned(&self, edits: &LabelledEdits) -> u128 {
        let labels = edits.edits.iter().flat_map(|(_, labels)| labels).chain(&edits.boundary);
        labels.fold(0, |mask, &label| mask | 1 << self.player_of[label])
    }

    /// The book of a coalition; none where the terms of its players cannot stand without those of others.
    pub(super) fn book_made(&self, mask: u128, made: &mut Made) -> Option<RuleBook> {
        let mask = mask & self.everyone();
        if mask == 0 {
            return Some(self.reference.clone());
        }
        if mask == self.everyone() {
            return Some(self.candidate.clone());
        }
        self.book_assembled(mask, made)
    }

    /// The same without looking at whether it is one of the two books.
    pub(super) fn book_assembled(&self, mask: u128, made: &mut Made) -> Option<RuleBook> {
        let mut sets = Vec::new();
        for (at, edits) in self.edits.iter().enumerate() {
            if !self.is_begun(at, mask) {
                continue;
            }
            let part = mask & self.concerned(edits);
            sets.push(RuleSet::clone(self.set_kept(at, part, made)?));
        }
        let side = |label: Option<usize>| {
            let is_in = label.is_some_and(|label| self.in_play(mask, &[label]));
            if is_in { &self.candidate } else { &self.reference }
        };
        let catalogue = side(self.catalogue).catalogue.clone();
        let sources_of_no_partner = side(self.sources).sources_of_no_partner.clone();
        let (terms_hash, compiled) = (String::new(), Compiled::default());
        let book = RuleBook { sets: Vec::new(), catalogue, sources_of_no_partner, terms_hash, compiled };
        (!sets.is_empty()).then(|| book.with_sets(sets))
    }

    /// Whether the terms of some players can stand in a segment.
    pub(super) fn stands(&self, at: usize, mask: u128, made: &mut Made) -> bool {
        self.set_kept(at, mask, made).is_some()
    }

    fn set_kept<'m>(&self, at: usize, mask: u128, made: &'m mut Made) -> Option<&'m RuleSet> {
        let notes = made.notes;
        made.sets.entry((at, mask)).or_insert_with(|| self.set_made(at, mask, notes).map(Arc::new)).as_deref()
    }

    fn in_play(&self, mask: u128, labels: &[usize]) -> bool {
        labels.iter().any(|&label| mask & 1 << self.player_of[label] != 0)
    }

    /// Whether a rule set begins on the segment's date. A version none of whose changes is in the coalition is none.
    fn is_begun(&self, at: usize, mask: u128) -> bool {
        let (segment, boundary) = (&self.timeline.segments[at], &self.edits[at].boundary);
        match (&segment.reference, &segment.candidate) {
            (None, Some(other)) => other.begins && self.in_play(mask, boundary),
            (Some(one), None) => one.begins && !self.in_play(mask, boundary),
            (Some(one), Some(other)) => match (one.begins, other.begins) {
                (false, true) => self.in_play(mask, boundary),
                (true, false) => self.in_play(!mask, boundary),
                (is_begun, _) => is_begun,
            },
            (None, None) => false,
        }
    }

    /// The rule set of a segment with the differences of some players.
    fn set_made(&self, at: usize, mask: u128, notes: Notes) -> Option<RuleSet> {
        let (segment, edits) = (&self.timeline.segments[at], &self.edits[at]);
        let (side, resolved) = match (&segment.reference, &segment.candidate) {
            (Some(one), Some(other)) => {
                (self.header_side(mask, edits, one, other), self.document(mask, edits, one, other))
            }
            (one, other) => {
                let side = other.as_ref().or(one.as_ref())?;
                (side, side.resolved.clone())
            }
        };
        self.set_of(segment, side, &resolved, notes)
    }

    /// Makes the rule set that a document says, from the segment's date on.
    pub(super) fn set_of(&self, segment: &Segment, side: &Side, resolved: &Resolved, notes: Notes) -> Option<RuleSet> {
        let findings = Findings::new(&self.timeline.texts);
        let mut header = side.header.clone();
        header.valid_from = segment.from;
        let version_of = |file: usize| self.timeline.version_of_file.get(file).cloned().unwrap_or_default();
        let mut set = match notes {
            Notes::Without => rule_set_bare(&findings, &header, resolved)?,
            Notes::With => rule_set(&findings, &header, resolved, &version_of)?,
        };
        if findings.has_errors_since(0) {
            return None;
        }
        set.hashes = Hashes { terms_hash: terms_hash(&header, resolved), ..Hashes::default() };
        Some(set)
    }

    /// Which book's name the rule set bears: the candidate's once everything that it says there is in.
    fn header_side<'s>(&self, mask: u128, edits: &LabelledEdits, one: &'s Side, other: &'s Side) -> &'s Side {
        let all_in = edits.edits.iter().all(|(_, labels)| self.in_play(mask, labels));
        let begun = edits.boundary.is_empty() || self.in_play(mask, &edits.boundary);
        match (one.begins, other.begins) {
            (false, true) => other,
            (true, false) => one,
            _ if all_in && begun => other,
            _ => one,
        }
    }

    fn document(&self, mask: u128, edits: &LabelledEdits, one: &Side, other: &Side) -> Resolved {
        let mut resolved = one.resolved.clone();
        let (before, after): (Vec<_>, Vec<_>) =
            edits.edits.iter().partition(|(edit, _)| matches!(edit.kind, EditKind::Take));
        // What goes makes room before what comes stands in its place.
        for (edit, labels) in before.into_iter().chain(after) {
            if !self.in_play(mask, labels) {
                continue;
            }
            let mut edit = edit.clone();
            if let EditKind::Put(node) = &mut edit.kind {
                shift_node(node, 0, one.resolved.changes.len());
            }
            apply(&mut resolved.table, &edit);
        }
        for order in &edits.orders {
            let by_candidate = edits.edits.iter().any(|(edit, labels)| {
                matches!(edit.kind, EditKind::Order) && edit.path == order.path && self.in_play(mask, labels)
            });
            let names = if by_candidate { &order.candidate } else { &order.reference };
            reorder(&mut resolved.table, &order.path, names);
        }
        resolved.changes.extend(other.resolved.changes.iter().cloned());
        resolved.sources.extend(other.resolved.sources.clone());
        let files = other.resolved.lineage.iter().filter(|file| !one.resolved.lineage.contains(file));
        resolved.lineage.extend(files);
        resolved
    }
}

/// Puts a reading in a document's place of another; none where nothing stands there.
pub(super) fn put(resolved: &mut Resolved, path: &str, to: &str) -> Option<()> {
    let node = resolved.table.find_mut(path)?;
    node.value = match &node.value {
        Value::Date(_) => Value::Date(daybook_event::date_parse(to)?),
        Value::List(items) => {
            let first = items.first()?.clone();
            let item = |text: &str| {
                let mut item = first.clone();
                item.value = Value::Text(text.to_owned());
                item
            };
            Value::List(to.split(", ").map(item).collect())
        }
        Value::Flag(_) => Value::Flag(to.parse().ok()?),
        _ => Value::Text(to.to_owned()),
    };
    Some(())
}
