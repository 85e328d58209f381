//! What differs between two books: one line per change, with its dates, its reason and its source.
//!
//! The terms are compared, not the files: a version that stands alone and one that extends another give the same lines
//! where they say the same.

mod catalogue;
mod sets;

use crate::model::RuleBook;
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::BTreeSet;

/// One difference between two books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffLine {
    /// The first date on which the books differ in this.
    pub begins: NaiveDate,
    /// The date on which they agree again; none where they never do.
    pub ends: Option<NaiveDate>,
    /// The parameter or block.
    pub path: String,
    /// What the reference says; none where it says nothing there.
    pub from: Option<String>,
    /// What the candidate says; none where it says nothing there.
    pub to: Option<String>,
    /// The id of the candidate's change that made the difference; empty where none did.
    pub change: String,
    /// The version whose file says so.
    pub version: String,
    /// Why; empty where the file does not say.
    pub why: String,
    /// The keys of the sources cited.
    pub cite: String,
    /// The titles of those sources.
    pub source: String,
}

/// A difference on one date, before it is known how long it lasts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Difference {
    path: String,
    from: Option<String>,
    to: Option<String>,
    change: String,
    version: String,
    why: String,
    cite: String,
    source: String,
}

impl Difference {
    fn says(&self, line: &DiffLine) -> bool {
        (&self.path, &self.from, &self.to) == (&line.path, &line.from, &line.to)
    }

    fn line(self, begins: NaiveDate) -> DiffLine {
        let Self { path, from, to, change, version, why, cite, source } = self;
        DiffLine { begins, ends: None, path, from, to, change, version, why, cite, source }
    }
}

/// Every difference between two books, by the date on which it begins, then by path.
#[must_use]
pub fn diff(reference: &RuleBook, candidate: &RuleBook) -> Vec<DiffLine> {
    let books = [reference, candidate];
    let dates: BTreeSet<NaiveDate> =
        books.iter().flat_map(|book| &book.sets).map(|set| set.valid_from).chain(catalogue::dates(books)).collect();
    let mut lines: Vec<DiffLine> = Vec::new();
    // Lines that still hold, by index.
    let mut open: Vec<usize> = Vec::new();
    for date in dates {
        let now = on_date(reference, candidate, date);
        open.retain(|&at| {
            let holds = now.iter().any(|difference| difference.says(&lines[at]));
            if !holds {
                lines[at].ends = Some(date);
            }
            holds
        });
        for difference in now {
            if !open.iter().any(|&at| difference.says(&lines[at])) {
                open.push(lines.len());
                lines.push(difference.line(date));
            }
        }
    }
    lines
}

fn on_date(reference: &RuleBook, candidate: &RuleBook, date: NaiveDate) -> Vec<Difference> {
    let set_on = |book: &'_ RuleBook| book.index_on(date);
    let (before, after) = (set_on(reference), set_on(candidate));
    let mut found = sets::differences(before.map(|at| &reference.sets[at]), after.map(|at| &candidate.sets[at]));
    found.extend(catalogue::differences(reference, candidate, date));
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}
