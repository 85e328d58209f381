//! Two books on one line of time: what each says from date to date, and what differs.

use super::tree_diff::{TreeDiff, tree_diff};
use crate::diagnostic::SourceText;
use crate::document::{Node, Resolved, Value};
use crate::library::{RuleLibrary, Version};
use crate::lower::Header;
use chrono::NaiveDate;
use std::collections::BTreeSet;

/// One version of a book, with places and changes counted over both books.
#[derive(Debug, Clone)]
pub(super) struct Side {
    pub(super) header: Header,
    pub(super) resolved: Resolved,
    /// Whether a version of this book begins on the segment's date.
    pub(super) begins: bool,
}

/// The time from a date on which a version of either book begins to the next such date.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) from: NaiveDate,
    /// What the reference says; none before its first version.
    pub(super) reference: Option<Side>,
    /// What the candidate says; none before its first version.
    pub(super) candidate: Option<Side>,
}

impl Segment {
    /// What differs; none where only one book has begun.
    pub(super) fn diff(&self) -> Option<TreeDiff> {
        Some(tree_diff(&self.reference.as_ref()?.resolved.table, &self.candidate.as_ref()?.resolved.table))
    }
}

/// Both books, with the files that their places count.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    pub(super) segments: Vec<Segment>,
    pub(super) texts: Vec<SourceText>,
    /// The version of each file; empty for files that are none.
    pub(super) version_of_file: Vec<String>,
}

impl Timeline {
    pub(super) fn of(reference: &RuleLibrary, candidate: &RuleLibrary) -> Self {
        let (before, after) = (reference.standing(), candidate.standing());
        let starts = |versions: &[&Version]| versions.iter().map(|version| version.set.valid_from).collect::<Vec<_>>();
        let dates: BTreeSet<NaiveDate> = starts(&before).into_iter().chain(starts(&after)).collect();
        let texts: Vec<SourceText> = reference.texts().into_iter().chain(candidate.texts()).collect();
        let shift = reference.files.len();
        let segment =
            |from: NaiveDate| Segment { from, reference: side(&before, from, 0), candidate: side(&after, from, shift) };
        let mut version_of_file = vec![String::new(); texts.len()];
        let both = reference.versions.iter().map(|version| (version, 0));
        for (version, shift) in both.chain(candidate.versions.iter().map(|version| (version, shift))) {
            if let Some(name) = version_of_file.get_mut(version.document.file + shift) {
                name.clone_from(&version.set.version);
            }
        }
        Self { segments: dates.into_iter().map(segment).collect(), texts, version_of_file }
    }
}

fn side(versions: &[&Version], date: NaiveDate, file_shift: usize) -> Option<Side> {
    let after = versions.partition_point(|version| version.set.valid_from <= date);
    let version = versions.get(after.checked_sub(1)?)?;
    let mut resolved = version.document.resolved.clone();
    // What is said about a value does not follow it.
    resolved.table.entries.retain(|entry| entry.key != "interpretation");
    resolved.lineage.iter_mut().for_each(|file| *file += file_shift);
    for entry in &mut resolved.table.entries {
        entry.key_place.file += file_shift;
        shift_node(&mut entry.node, file_shift, 0);
    }
    let mut header = version.document.header.clone();
    header.version_place.file += file_shift;
    header.from_place.file += file_shift;
    Some(Side { header, resolved, begins: version.set.valid_from == date })
}

/// Moves a node's places and changes to where they stand among those of both books.
pub(super) fn shift_node(node: &mut Node, files: usize, changes: usize) {
    node.place.file += files;
    node.change = node.change.map(|change| change + changes);
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| shift_node(item, files, changes)),
        Value::Table(table) => {
            for entry in &mut table.entries {
                entry.key_place.file += files;
                shift_node(&mut entry.node, files, changes);
            }
        }
        _ => {}
    }
}
