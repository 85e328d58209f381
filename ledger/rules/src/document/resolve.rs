//! What a version says with everything it inherits: the parent's blocks, its own `[[change]]` entries applied.

use super::cites::{cite_check, cite_keys, sources_read};
use super::{Entry, Node, Sources, Table, Value};
use crate::diagnostic::{Code, Findings, Place};
use crate::suggest::nearest;
use crate::units::Quantity;

/// Keys that say what a file is. They are never inherited.
pub(crate) const HEADER_KEYS: [&str; 9] =
    ["format", "program", "version", "extends", "title", "hypothetical", "validity", "source", "change"];
const CHANGE_KEYS: [&str; 10] = ["id", "set", "add", "remove", "from", "to", "value", "why", "cite", "confidence"];

/// What a change does at its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Set,
    Add,
    Remove,
}

/// One `[[change]]`.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) id: String,
    /// The version whose file it stands in.
    pub(crate) version: String,
    pub(crate) operation: Operation,
    pub(crate) path: String,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) why: String,
    pub(crate) cites: Vec<String>,
}

/// A version with everything it inherits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Resolved {
    /// The blocks, interpretations included, header keys left out.
    pub(crate) table: Table,
    /// Every change that led here, the oldest first: what [`Node::change`] counts.
    pub(crate) changes: Vec<Change>,
    /// The sources it may cite.
    pub(crate) sources: Sources,
    /// The files that it is made of, the oldest parent first.
    pub(crate) lineage: Vec<usize>,
}

impl Resolved {
    /// Whether the place stands in the version's own file.
    pub(crate) fn is_newest(&self, place: Place) -> bool {
        self.lineage.last() == Some(&place.file)
    }

    /// Whether one place stands in a later file of the lineage than the other.
    pub(crate) fn is_later(&self, one: Place, other: Place) -> bool {
        let at = |place: Place| self.lineage.iter().position(|file| *file == place.file);
        at(one) > at(other)
    }
}

/// Applies a file to its parent, or takes it as it is where it extends none.
pub(crate) fn resolve(
    findings: &Findings<'_>,
    own: &Table,
    file: usize,
    version: &str,
    parent: Option<&Resolved>,
) -> Resolved {
    let mut resolved = parent.cloned().unwrap_or_default();
    resolved.lineage.push(file);
    sources_read(findings, own, &mut resolved.sources);
    if parent.is_some() {
        interpretations_merge(&mut resolved.table, own);
        blocks_refuse(findings, own);
        for item in own.get("change").map(Node::as_list).unwrap_or_default() {
            if let Some(table) = item.as_table() {
                change_apply(findings, &mut resolved, version, table, item.place);
            }
        }
    } else {
        let blocks = own.entries.iter().filter(|entry| !HEADER_KEYS.contains(&entry.key.as_str()));
        resolved.table.entries.extend(blocks.cloned());
        if let Some(entry) = own.entry("change") {
            findings
                .report(Code::ImpossibleChange, entry.key_place, "a file that extends no other has nothing to change")
                .hint("name the parent: extends = \"VERSION\"");
        }
    }
    resolved
}

fn blocks_refuse(findings: &Findings<'_>, own: &Table) {
    let known = |key: &str| HEADER_KEYS.contains(&key) || key == "interpretation";
    for entry in own.entries.iter().filter(|entry| !known(&entry.key)) {
        findings
            .report(
                Code::ImpossibleChange,
                entry.key_place,
                format!("a file that extends another has no block {:?} of its own", entry.key),
            )
            .hint("write a [[change]] with set, add or remove, so that the change is named, cited and compared");
    }
}

/// A reading of the child's replaces the parent's reading of the same parameter.
fn interpretations_merge(table: &mut Table, own: &Table) {
    let Some(Entry { key, key_place, node }) = own.entry("interpretation") else { return };
    let path_of = |node: &Node| node.as_table().and_then(|table| table.text("path")).map(str::to_owned);
    let fresh: Vec<Node> = node.as_list().to_vec();
    match table.entries.iter_mut().find(|entry| entry.key == "interpretation").map(|entry| &mut entry.node.value) {
        Some(Value::List(items)) => {
            items.retain(|item| !fresh.iter().any(|new| path_of(new) == path_of(item)));
            items.extend(fresh);
        }
        _ => table.entries.push(Entry { key: key.clone(), key_place: *key_place, node: node.clone() }),
    }
}

/// One change as written.
struct Written<'t> {
    table: &'t Table,
    place: Place,
    id: &'t str,
    path: &'t str,
    path_place: Place,
}

fn change_apply(findings: &Findings<'_>, resolved: &mut Resolved, version: &str, table: &Table, place: Place) {
    let mark = findings.mark();
    let id = table.text("id").unwrap_or("");
    change_check(findings, resolved, table, place, id);
    let operations = [("set", Operation::Set), ("add", Operation::Add), ("remove", Operation::Remove)];
    let named: Vec<_> = operations.iter().filter_map(|(key, operation)| Some((*operation, table.get(key)?))).collect();
    let [(operation, target)] = named.as_slice() else {
        findings.report(Code::MissingKey, place, format!("change {id:?} needs exactly one of set, add, remove"));
        return;
    };
    let Some(path) = target.as_text().filter(|path| !path.is_empty() && !path.split('.').any(str::is_empty)) else {
        findings.report(Code::WrongKind, target.place, "a path is text such as \"gate.ttm_revenue.at_least\"");
        return;
    };
    if findings.has_errors_since(mark) {
        return;
    }
    let written = Written { table, place, id, path, path_place: target.place };
    let done = match operation {
        Operation::Set => set(findings, resolved, &written),
        Operation::Add => add(findings, resolved, &written),
        Operation::Remove => remove(findings, resolved, &written),
    };
    if let Some((from, to)) = done {
        let (why, cites) = (table.text("why").unwrap_or("").to_owned(), cite_keys(table));
        let (id, version, path) = (id.to_owned(), version.to_owned(), path.to_owned());
        resolved.changes.push(Change { id, version, operation: *operation, path, from, to, why, cites });
    }
}

fn change_check(findings: &Findings<'_>, resolved: &Resolved, table: &Table, place: Place, id: &str) {
    for entry in table.entries.iter().filter(|entry| !CHANGE_KEYS.contains(&entry.key.as_str())) {
        let report = findings.report(Code::UnknownKey, entry.key_place, format!("a change has no key {:?}", entry.key));
        if let Some(near) = nearest(&entry.key, CHANGE_KEYS) {
            report.hint(format!("did you mean {near:?}?"));
        }
    }
    if id.is_empty() {
        findings.report(Code::MissingKey, place, "a change needs an id, such as id = \"ttm-threshold\"");
    } else if resolved.changes.iter().any(|change| change.id == id) {
        let at = table.get("id").map_or(place, |node| node.place);
        findings.report(Code::ImpossibleChange, at, format!("change {id:?} stands twice in this line of versions"));
    }
    if table.text("why").is_none() {
        findings.report(Code::MissingKey, place, format!("change {id:?} does not say why"));
    }
    cite_check(findings, &resolved.sources, &format!("change {id:?}"), table, place);
}

/// What a change replaced and what it put there, as plain texts.
type Done = Option<(Option<String>, Option<String>)>;

fn set(findings: &Findings<'_>, resolved: &mut Resolved, written: &Written<'_>) -> Done {
    let Some(inherited) = resolved.table.find(written.path).cloned() else {
        absent(findings, resolved, written);
        return None;
    };
    let (Some(from), Some(to)) = (written.table.get("from"), written.table.get("to")) else {
        let message = format!("change {:?} needs both from and to", written.id);
        findings.report(Code::MissingKey, written.place, message);
        return None;
    };
    let Some(stands) = inherited.plain() else {
        findings
            .report(Code::ImpossibleChange, written.path_place, format!("{} is a block, not a value", written.path))
            .against(inherited.place, "inherited from here")
            .hint("set the values in it one by one, or remove it and add another");
        return None;
    };
    if from.plain().as_ref() != Some(&stands) {
        let says = from.plain().unwrap_or_default();
        findings
            .report(Code::FromDiffers, from.place, format!("`from` says {says:?}, but {} is {stands:?}", written.path))
            .against(inherited.place, "inherited from here")
            .hint(format!("write from = {stands:?} if that is what changes; else correct the parent by a revision"));
        return None;
    }
    if !unit_check(findings, written.path, to, &inherited) {
        return None;
    }
    let index = resolved.changes.len();
    let mut node = to.clone();
    node.mark(index);
    let put = node.plain();
    if let Some(place) = resolved.table.find_mut(written.path) {
        *place = node;
    }
    Some((Some(stands), put))
}

fn unit_check(findings: &Findings<'_>, path: &str, to: &Node, inherited: &Node) -> bool {
    let quantity = |node: &Node| node.as_text().and_then(|text| Quantity::parse(text).ok());
    let fault = match (quantity(to), quantity(inherited)) {
        (Some(new), Some(old)) if !new.same_unit(old) => {
            format!("{path} is {}, not {}", old.unit_name(), new.unit_name())
        }
        _ if matches!(to.value, Value::Bad) => return false,
        _ if to.kind_name() != inherited.kind_name() => {
            format!("{path} is {}, not {}", inherited.kind_name(), to.kind_name())
        }
        _ => return true,
    };
    findings.report(Code::ImpossibleChange, to.place, fault).against(inherited.place, "inherited from here");
    false
}

fn add(findings: &Findings<'_>, resolved: &mut Resolved, written: &Written<'_>) -> Done {
    if let Some(there) = resolved.table.find(written.path) {
        findings
            .report(Code::ImpossibleChange, written.path_place, format!("{} is there already", written.path))
            .against(there.place, "inherited from here")
            .hint("use set with from and to, or add under another name");
        return None;
    }
    let Some(value) = written.table.get("value") else {
        let message = format!("change {:?} adds {} but has no value", written.id, written.path);
        findings.report(Code::MissingKey, written.place, message).hint("write [change.value] with the block's keys");
        return None;
    };
    let mut node = value.clone();
    node.mark(resolved.changes.len());
    let text = node.plain();
    if !resolved.table.add(written.path, written.path_place, node) {
        findings.report(
            Code::ImpossibleChange,
            written.path_place,
            format!("{} cannot hold anything: a part of the path is a value, not a block", written.path),
        );
        return None;
    }
    Some((None, text))
}

fn remove(findings: &Findings<'_>, resolved: &mut Resolved, written: &Written<'_>) -> Done {
    match resolved.table.remove(written.path) {
        Some(node) => Some((node.plain(), None)),
        None => {
            absent(findings, resolved, written);
            None
        }
    }
}

fn absent(findings: &Findings<'_>, resolved: &Resolved, written: &Written<'_>) {
    let message = format!("there is no {} to change", written.path);
    let report = findings.report(Code::ImpossibleChange, written.path_place, message);
    let leaves = super::leaves(&resolved.table);
    // Blocks too: whatever stands before a dot of some parameter's path.
    let paths = leaves.iter().flat_map(|leaf| {
        let ends = leaf.path.match_indices('.').map(|(at, _)| at).chain([leaf.path.len()]);
        ends.map(|end| &leaf.path[..end])
    });
    match nearest(written.path, paths) {
        Some(near) => report.hint(format!("did you mean {near:?}?")),
        None if written.table.get("set").is_some() => report.hint("use add for something new"),
        None => report,
    };
}
