//! Who makes each difference: the `[[change]]` that wrote it, or where none did the path itself.

use super::PlayerChange;
use super::timeline::{Segment, Side, Timeline};
use super::tree_diff::{Edit, Order};
use crate::document::{Change, Operation};
use crate::library::is_wording;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// A difference under the name of who makes it.
#[derive(Debug, Clone)]
pub(super) struct Label {
    /// Where it stands in the announced order: the first date of its version, then its place in the file.
    pub(super) rank: (NaiveDate, usize, String),
    /// The first date on which it makes a difference.
    pub(super) begins: NaiveDate,
    pub(super) change: PlayerChange,
}

/// The name of a label: a version and a change, or a path alone.
type Key = (String, String);

/// Every label by number.
#[derive(Debug, Default)]
pub(super) struct Labels {
    pub(super) all: Vec<Label>,
    keys: BTreeMap<Key, usize>,
    /// Every path that some edit of a segment so far writes.
    written_paths: BTreeSet<String>,
}

/// A segment's edits with the labels of each.
#[derive(Debug, Clone, Default)]
pub(super) struct LabelledEdits {
    pub(super) edits: Vec<(Edit, Vec<usize>)>,
    pub(super) orders: Vec<Order>,
    /// The labels on whose account the segment's date begins a rule set; none where both books begin one.
    pub(super) boundary: Vec<usize>,
}

/// Names a rank after every change of a file: for what no change wrote.
const AFTER_CHANGES: usize = usize::MAX;

impl Labels {
    /// Labels every edit of a segment.
    pub(super) fn of_segment(&mut self, timeline: &Timeline, at: usize) -> LabelledEdits {
        let segment = &timeline.segments[at];
        let (Some(one), Some(other), Some(diff)) = (&segment.reference, &segment.candidate, segment.diff()) else {
            return self.one_sided(segment);
        };
        let mut labelled = LabelledEdits { orders: diff.orders, ..LabelledEdits::default() };
        self.written_paths.extend(diff.edits.iter().map(|edit| edit.path.clone()));
        for edit in diff.edits {
            let labels = self.of_edit(timeline, segment, one, other, &edit);
            labelled.edits.push((edit, labels));
        }
        self.unmarked(segment, (one, other), &mut labelled);
        self.unmarked(segment, (other, one), &mut labelled);
        labelled.boundary = self.boundary(segment, one, other);
        labelled
    }

    /// Only one of the books has begun: the whole of its terms is one difference.
    fn one_sided(&mut self, segment: &Segment) -> LabelledEdits {
        let side = segment.candidate.as_ref().or(segment.reference.as_ref());
        let version = side.map(|side| side.header.version.clone()).unwrap_or_default();
        let (from, to) = if segment.candidate.is_some() { (None, Some(&version)) } else { (Some(&version), None) };
        let change = PlayerChange {
            version: version.clone(),
            from: from.cloned(),
            to: to.cloned(),
            ..PlayerChange::of_path("terms")
        };
        let label = self.intern((String::new(), "terms".to_owned()), segment.from, AFTER_CHANGES, change);
        LabelledEdits { boundary: vec![label], ..LabelledEdits::default() }
    }

    fn of_edit(&mut self, timeline: &Timeline, segment: &Segment, one: &Side, other: &Side, edit: &Edit) -> Vec<usize> {
        let written = writers(one, other, edit);
        if written.is_empty() {
            let change = PlayerChange {
                version: timeline_version(timeline, other, one, edit),
                from: edit.from.clone(),
                to: edit.to.clone(),
                ..PlayerChange::of_path(&path_named(edit))
            };
            return vec![self.intern((String::new(), path_named(edit)), segment.from, AFTER_CHANGES, change)];
        }
        written.into_iter().map(|(side, at)| self.written(segment, side, at, edit)).collect()
    }

    /// The label of a change that makes an edit.
    fn written(&mut self, segment: &Segment, side: &Side, at: usize, edit: &Edit) -> usize {
        let change = &side.resolved.changes[at];
        let titles = change.cites.iter().filter_map(|key| side.resolved.sources.get(key));
        let titles: Vec<&str> = titles.map(|source| source.title.as_str()).collect();
        let change = PlayerChange {
            id: change.id.clone(),
            version: change.version.clone(),
            path: change.path.clone(),
            from: edit.from.clone(),
            to: edit.to.clone(),
            why: change.why.clone(),
            cite: change.cites.clone(),
            source_title: titles.join("; "),
        };
        self.intern((change.version.clone(), change.id.clone()), segment.from, at, change)
    }

    /// Changes of a version that begins here which no edit shows: they take back, or take a part out of, what an earlier
    /// one wrote.
    fn unmarked(&mut self, segment: &Segment, (of, against): (&Side, &Side), labelled: &mut LabelledEdits) {
        if !of.begins {
            return;
        }
        for (at, change) in of.resolved.changes.iter().enumerate() {
            let key = (change.version.clone(), change.id.clone());
            let is_own = change.version == of.header.version && lacks(against, change) && !is_wording(&change.path);
            let known = self.keys.get(&key);
            let is_shown = known.is_some_and(|known| labelled.edits.iter().any(|(_, labels)| labels.contains(known)));
            if is_own && !is_shown && self.written_paths.iter().any(|path| touch(path, &change.path)) {
                let edit = Edit::nothing(change);
                let label = self.written(segment, of, at, &edit);
                labelled.edits.push((edit, vec![label]));
            }
        }
    }

    /// On whose account the date begins a rule set. A version all of whose words are the other book's is a difference by
    /// itself: lines and credits on either side of its date are posted apart.
    fn boundary(&mut self, segment: &Segment, one: &Side, other: &Side) -> Vec<usize> {
        let version = match (one.begins, other.begins) {
            (false, true) => &other.header.version,
            (true, false) => &one.header.version,
            _ => return Vec::new(),
        };
        let of_version = |label: &Label| label.change.version == *version && label.begins <= segment.from;
        let found: Vec<usize> = (0..self.all.len()).filter(|&at| of_version(&self.all[at])).collect();
        if !found.is_empty() {
            return found;
        }
        let (from, to) = if other.begins { (None, Some(version)) } else { (Some(version), None) };
        let change = PlayerChange {
            id: "begins".to_owned(),
            version: version.clone(),
            from: from.cloned(),
            to: to.cloned(),
            ..PlayerChange::of_path("validity.from")
        };
        vec![self.intern((version.clone(), "begins".to_owned()), segment.from, AFTER_CHANGES, change)]
    }

    /// The label of that name, made on the first date on which it is met.
    pub(super) fn intern(&mut self, key: Key, begins: NaiveDate, at: usize, change: PlayerChange) -> usize {
        if let Some(&known) = self.keys.get(&key) {
            return known;
        }
        let number = self.all.len();
        self.all.push(Label { rank: (begins, at, change.path.clone()), begins, change });
        self.keys.insert(key, number);
        number
    }
}

fn path_named(edit: &Edit) -> String {
    match edit.kind {
        super::tree_diff::EditKind::Order => format!("{} (order)", edit.path),
        _ => edit.path.clone(),
    }
}

/// The version whose file says what an unwritten difference says.
fn timeline_version(timeline: &Timeline, other: &Side, one: &Side, edit: &Edit) -> String {
    let stands = other.resolved.table.find(&edit.path).or_else(|| one.resolved.table.find(&edit.path));
    let named = stands.and_then(|node| timeline.version_of_file.get(node.place.file));
    named.filter(|version| !version.is_empty()).unwrap_or(&other.header.version).clone()
}

fn is_within(path: &str, block: &str) -> bool {
    path.strip_prefix(block).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether one path is the other, or lies in it.
fn touch(one: &str, other: &str) -> bool {
    is_within(one, other) || is_within(other, one)
}

/// Whether a book has not made a change by then.
fn lacks(side: &Side, change: &Change) -> bool {
    !side.resolved.changes.iter().any(|known| (&known.version, &known.id) == (&change.version, &change.id))
}

/// The changes that make a difference. First those of the candidate that the reference has not; where there are none, those
/// of the reference that the candidate has not, which it takes back.
fn writers<'s>(one: &'s Side, other: &'s Side, edit: &Edit) -> Vec<(&'s Side, usize)> {
    let marked = |side: &'s Side, against: &Side, marks: &BTreeSet<usize>| -> Vec<(&'s Side, usize)> {
        let new = marks.iter().filter(|&&at| side.resolved.changes.get(at).is_some_and(|c| lacks(against, c)));
        new.map(|&at| (side, at)).collect()
    };
    let remover = |side: &'s Side, against: &Side| -> Vec<(&'s Side, usize)> {
        let takes = |change: &Change| {
            change.operation == Operation::Remove && is_within(&edit.path, &change.path) && lacks(against, change)
        };
        side.resolved.changes.iter().rposition(takes).map(|at| (side, at)).into_iter().collect()
    };
    let found = [
        marked(other, one, &edit.marks_to),
        if edit.to.is_none() { remover(other, one) } else { Vec::new() },
        marked(one, other, &edit.marks_from),
        if edit.from.is_none() { remover(one, other) } else { Vec::new() },
        // The same change with another value: two files of one name.
        edit.marks_to.iter().filter(|&&at| at < other.resolved.changes.len()).map(|&at| (other, at)).collect(),
    ];
    found.into_iter().find(|writers| !writers.is_empty()).unwrap_or_default()
}
