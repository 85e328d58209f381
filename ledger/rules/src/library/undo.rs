//! The same rules as if one `[[change]]` had never been written: what a person asks who wonders whether it does anything.

use super::load::{Draft, State, drafts_read, lower, resolve_at, versions_make};
use super::{RuleLibrary, VersionChange};
use crate::diagnostic::{Code, Diagnostic, Findings};
use crate::document::{Node, Table, Value};

impl RuleLibrary {
    /// The library without one change, in its own version and in all that inherit from it; none where it cannot be taken
    /// away alone, because a later change or another term builds on it.
    ///
    /// Locks and stated readings are not asked: they speak of the files as they are.
    #[must_use]
    pub fn without_change(&self, change: &VersionChange) -> Option<Self> {
        let texts = self.texts();
        let findings = Findings::new(&texts);
        let (mut drafts, _) = drafts_read(&findings, &self.files, &texts);
        let mark = findings.mark();
        let draft = drafts.iter_mut().find(|draft| draft.header.version == change.version)?;
        change_take(&mut draft.own, &change.id)?;
        for at in 0..drafts.len() {
            resolve_at(&findings, &mut drafts, at);
        }
        drafts.iter_mut().for_each(readings_drop);
        lower(&findings, &self.files, &mut drafts);
        let is_whole = |draft: &Draft| draft.set.is_some();
        if findings.has_errors_since(mark) || !drafts.iter().all(is_whole) {
            return None;
        }
        Some(Self { versions: versions_make(drafts, &texts), ..self.clone() })
    }

    /// The warning that no figure of a ledger depends on a change. `ledger` says which records were asked.
    #[must_use]
    pub fn change_without_effect(&self, change: &VersionChange, ledger: &str) -> Option<Diagnostic> {
        let texts = self.texts();
        let findings = Findings::new(&texts);
        let (drafts, _) = drafts_read(&findings, &self.files, &texts);
        let own = &drafts.iter().find(|draft| draft.header.version == change.version)?.own;
        let item = own.get("change")?.as_list().iter().find(|item| is_named(item, &change.id))?;
        let at = item.as_table().and_then(|table| table.get("id")).map_or(item.place, |id| id.place);
        let message = format!("no figure of {ledger} depends on the change {:?} of {}", change.id, change.path);
        let found = Findings::new(&texts);
        found.report(Code::ChangeWithoutEffect, at, message).hint(
            "nothing to do where nobody sold, earned or claimed what it concerns; else check its path and its date",
        );
        found.into_sorted().pop()
    }
}

fn is_named(item: &Node, id: &str) -> bool {
    item.as_table().and_then(|table| table.text("id")) == Some(id)
}

/// Takes a change out of a file's tree; none where it is not there.
fn change_take(own: &mut Table, id: &str) -> Option<()> {
    let entry = own.entries.iter_mut().find(|entry| entry.key == "change")?;
    let Value::List(items) = &mut entry.node.value else { return None };
    let at = items.iter().position(|item| is_named(item, id))?;
    items.remove(at);
    Some(())
}

/// What is said about a value does not follow it.
fn readings_drop(draft: &mut Draft) {
    if let State::Done(resolved) = &mut draft.state {
        resolved.table.entries.retain(|entry| entry.key != "interpretation");
    }
}
