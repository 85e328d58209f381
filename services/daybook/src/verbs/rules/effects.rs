//! `daybook rules lint --against-ledger`: does each change of the terms do anything to the records at hand?

use crate::cli::Cli;
use crate::failure::Failure;
use crate::{books, progress, window};
use daybook_replay::replay;
use daybook_rules::{Diagnostic, VersionChange};
use std::fmt;

/// What came out.
pub(super) struct Effects {
    /// One warning for each change without which every row is the same.
    pub(super) without: Vec<Diagnostic>,
    checked: usize,
    /// Changes that cannot be taken away alone.
    bound: Vec<String>,
    /// Changes of versions that begin after the through date.
    later: Vec<String>,
    ledger: String,
}

/// Folds the ledger under the current book, and once more without each of its changes but those of wording alone.
pub(super) fn check(cli: &Cli) -> Result<Effects, Failure> {
    let library = books::library(cli.rules.as_deref())?;
    let book = library.current();
    let window = window::read(&window::known(&cli.ledger, None)?, None)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let rows = replay(&window.histories, &book, window.through, threads);
    let ledger = format!("the ledger at position {} through {}", window.position, window.through);
    let mut effects = Effects { without: Vec::new(), checked: 0, bound: Vec::new(), later: Vec::new(), ledger };
    let in_book = |version: &&daybook_rules::Version| book.sets.iter().any(|set| set.version == version.set.version);
    let changes: Vec<(&VersionChange, bool)> = library
        .versions()
        .iter()
        .filter(in_book)
        .flat_map(|version| version.changes.iter().map(|change| (change, version.set.valid_from > window.through)))
        .filter(|(change, _)| !change.is_wording())
        .collect();
    let bar = progress::bar("folding without each change", changes.len() as u64);
    for (change, begins_later) in changes {
        bar.inc(1);
        if begins_later {
            effects.later.push(change.id.clone());
            continue;
        }
        let Some(without) = library.without_change(change) else {
            effects.bound.push(change.id.clone());
            continue;
        };
        effects.checked += 1;
        let rows_without = replay(&window.histories, &without.current(), window.through, threads);
        if rows_without.partners == rows.partners {
            effects.without.extend(library.change_without_effect(change, &effects.ledger));
        }
    }
    bar.finish_and_clear();
    Ok(effects)
}

impl fmt::Display for Effects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} changes asked of {}, {} without effect", self.checked, self.ledger, self.without.len())?;
        if !self.bound.is_empty() {
            write!(f, "\nnot asked, because other terms build on them: {}", self.bound.join(", "))?;
        }
        if !self.later.is_empty() {
            write!(f, "\nnot asked, because their version begins after that date: {}", self.later.join(", "))?;
        }
        Ok(())
    }
}
