//! What turns one resolved document into another: edits by path, each as small as it can be.

use crate::document::{META_KEYS, Node, Table, Value};
use crate::hashes::{NOT_TERMS_BLOCKS, is_term, node_terms};
use std::collections::BTreeSet;

/// Blocks whose order in the file decides something.
const ORDERED_BLOCKS: [&str; 4] = ["gate", "lever", "product_group", "competency"];

/// One edit of a document.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    pub(super) path: String,
    pub(super) kind: EditKind,
    /// What stood there, in words; none where nothing did.
    pub(super) from: Option<String>,
    /// What stands there then.
    pub(super) to: Option<String>,
    /// Changes of the candidate that put something there, by index into its document's changes.
    pub(super) marks_to: BTreeSet<usize>,
    /// The same of the reference.
    pub(super) marks_from: BTreeSet<usize>,
}

/// What an edit does at its path.
#[derive(Debug, Clone)]
pub(super) enum EditKind {
    /// Puts a value or block there.
    Put(Node),
    /// Takes away what stands there.
    Take,
    /// Brings the named blocks in there into the candidate's order.
    Order,
    /// Leaves both books alike where they were not before: an earlier edit ends or is written over.
    Nothing,
}

/// The order of the blocks in a container, where it decides something.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) path: String,
    /// Every name of both documents, as the reference orders them.
    pub(super) reference: Vec<String>,
    /// Every name of both documents, as the candidate orders them.
    pub(super) candidate: Vec<String>,
}

/// Every edit between two documents.
#[derive(Debug, Default)]
pub(super) struct TreeDiff {
    pub(super) edits: Vec<Edit>,
    pub(super) orders: Vec<Order>,
}

pub(super) fn tree_diff(one: &Table, other: &Table) -> TreeDiff {
    let mut diff = TreeDiff::default();
    let keep = |key: &str| !NOT_TERMS_BLOCKS.contains(&key);
    diff.children("", &items_of_table(one, keep), &items_of_table(other, keep));
    diff
}

type Items<'t> = Vec<(String, &'t Node)>;

fn items_of_table(table: &Table, keep: impl Fn(&str) -> bool) -> Items<'_> {
    let kept = table.entries.iter().filter(|entry| keep(&entry.key) && is_term(&entry.key, &entry.node));
    kept.map(|entry| (entry.key.clone(), &entry.node)).collect()
}

fn find<'t>(items: &Items<'t>, name: &str) -> Option<&'t Node> {
    items.iter().find(|(key, _)| key == name).map(|(_, node)| *node)
}

/// The items of a table, or of a list in which every item has a name of its own; none for values.
fn items_of(node: &Node) -> Option<Items<'_>> {
    match &node.value {
        Value::Table(table) => Some(items_of_table(table, |_| true)),
        Value::List(list) if !list.is_empty() => {
            let named = list.iter().map(|item| Some((item.as_table()?.text("name")?.to_owned(), item)));
            let items: Items<'_> = named.collect::<Option<_>>()?;
            let names: BTreeSet<&String> = items.iter().map(|(name, _)| name).collect();
            (names.len() == items.len()).then_some(items)
        }
        _ => None,
    }
}

impl TreeDiff {
    fn children(&mut self, path: &str, one: &Items<'_>, other: &Items<'_>) {
        let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        for (name, node) in one {
            match find(other, name) {
                Some(now) => self.nodes(&at(name), node, now),
                None => self.taken(&at(name), node),
            }
        }
        for (name, node) in other.iter().filter(|(name, _)| find(one, name).is_none()) {
            self.added(&at(name), node);
        }
    }

    fn nodes(&mut self, path: &str, one: &Node, other: &Node) {
        let same_kind = one.kind_name() == other.kind_name();
        if let (Some(before), Some(after), true) = (items_of(one), items_of(other), same_kind) {
            self.children(path, &before, &after);
            if ORDERED_BLOCKS.contains(&path) || matches!(one.value, Value::List(_)) {
                self.order(path, &before, &after);
            }
            return;
        }
        if node_terms(one) != node_terms(other) {
            let kind = EditKind::Put(other.clone());
            self.edits.push(edit(path, kind, Some(one), Some(other)));
        }
    }

    /// What was added; where it only holds blocks, each of these by itself, since each may be another change.
    fn added(&mut self, path: &str, node: &Node) {
        match holds_blocks(node) {
            Some(blocks) => blocks.iter().for_each(|(name, block)| self.added(&format!("{path}.{name}"), block)),
            None => self.edits.push(edit(path, EditKind::Put(node.clone()), None, Some(node))),
        }
    }

    fn taken(&mut self, path: &str, node: &Node) {
        match holds_blocks(node) {
            Some(blocks) => blocks.iter().for_each(|(name, block)| self.taken(&format!("{path}.{name}"), block)),
            None => self.edits.push(edit(path, EditKind::Take, Some(node), None)),
        }
    }

    fn order(&mut self, path: &str, one: &Items<'_>, other: &Items<'_>) {
        let names = |items: &Items<'_>| items.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let (before, after) = (names(one), names(other));
        let shared = |all: &[String], known: &[String]| -> Vec<String> {
            all.iter().filter(|name| known.contains(name)).cloned().collect()
        };
        let (from, to) = (shared(&before, &after), shared(&after, &before));
        let candidate = woven(&after, &before);
        let reference = if from == to { candidate.clone() } else { woven(&before, &after) };
        if from != to {
            let (from, to) = (Some(from.join(", ")), Some(to.join(", ")));
            let marks = BTreeSet::new;
            let path = path.to_owned();
            self.edits.push(Edit { path, kind: EditKind::Order, from, to, marks_to: marks(), marks_from: marks() });
        }
        self.orders.push(Order { path: path.to_owned(), reference, candidate });
    }
}

/// The blocks of a table that holds nothing else.
fn holds_blocks(node: &Node) -> Option<Vec<(&str, &Node)>> {
    let entries = &node.as_table()?.entries;
    let is_block = |node: &Node| node.as_table().is_some();
    let all = !entries.is_empty() && entries.iter().all(|entry| is_block(&entry.node));
    // A block that one change added whole is that change, whatever it holds.
    let together = entries.iter().all(|entry| entry.node.change == node.change) && node.change.is_some();
    (all && !together).then(|| entries.iter().map(|entry| (entry.key.as_str(), &entry.node)).collect())
}

/// One list in its order, with each name that only the other has behind the one before it there.
fn woven(first: &[String], other: &[String]) -> Vec<String> {
    let mut all = first.to_vec();
    for (at, name) in other.iter().enumerate().filter(|(_, name)| !first.contains(name)) {
        let before = other[..at].last().and_then(|before| all.iter().position(|known| known == before));
        all.insert(before.map_or(0, |before| before + 1), name.clone());
    }
    all
}

fn edit(path: &str, kind: EditKind, from: Option<&Node>, to: Option<&Node>) -> Edit {
    Edit {
        path: path.to_owned(),
        kind,
        from: from.map(text_of),
        to: to.map(text_of),
        marks_to: to.map(marks_of).unwrap_or_default(),
        marks_from: from.map(marks_of).unwrap_or_default(),
    }
}

impl Edit {
    /// The edit of a change after which both books say the same.
    pub(super) fn nothing(change: &crate::document::Change) -> Self {
        let marks = BTreeSet::new;
        let (from, to) = (change.from.clone(), change.to.clone());
        Self { path: change.path.clone(), kind: EditKind::Nothing, from, to, marks_to: marks(), marks_from: marks() }
    }
}

/// Every change that put something at or under a node.
fn marks_of(node: &Node) -> BTreeSet<usize> {
    let mut marks: BTreeSet<usize> = node.change.into_iter().collect();
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| marks.extend(marks_of(item))),
        Value::Table(table) => {
            let terms = table.entries.iter().filter(|entry| is_term(&entry.key, &entry.node));
            terms.for_each(|entry| marks.extend(marks_of(&entry.node)));
        }
        _ => {}
    }
    marks
}

/// A value, or a block's parameters in file order.
pub(super) fn text_of(node: &Node) -> String {
    node.plain().unwrap_or_else(|| {
        let mut parts = Vec::new();
        parts_of("", node, &mut parts);
        parts.join("; ")
    })
}

fn parts_of(path: &str, node: &Node, parts: &mut Vec<String>) {
    let at = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") };
    match (node.plain(), &node.value) {
        (Some(text), _) => parts.push(format!("{path} = {text}")),
        (None, Value::Table(table)) => {
            for entry in table.entries.iter().filter(|entry| !META_KEYS.contains(&entry.key.as_str())) {
                parts_of(&at(&entry.key), &entry.node, parts);
            }
        }
        (None, _) => {
            for (number, item) in node.as_list().iter().enumerate() {
                let name = item.as_table().and_then(|table| table.text("name"));
                parts_of(&at(name.unwrap_or(&number.to_string())), item, parts);
            }
        }
    }
}

/// Makes an edit.
pub(super) fn apply(table: &mut Table, edit: &Edit) {
    match &edit.kind {
        EditKind::Put(node) => match table.find_mut(&edit.path) {
            Some(place) => *place = node.clone(),
            None => {
                table.add(&edit.path, node.place, node.clone());
            }
        },
        EditKind::Take => {
            table.remove(&edit.path);
            prune(table, &edit.path);
        }
        EditKind::Order | EditKind::Nothing => {}
    }
}

/// Takes away the blocks that hold nothing once something is gone from them.
fn prune(table: &mut Table, path: &str) {
    let mut path = path;
    while let Some((parent, _)) = path.rsplit_once('.') {
        let is_empty = match table.find(parent).map(|node| &node.value) {
            Some(Value::Table(table)) => table.entries.is_empty(),
            Some(Value::List(items)) => items.is_empty(),
            _ => false,
        };
        if !is_empty {
            return;
        }
        table.remove(parent);
        path = parent;
    }
}

/// Brings the items of a container into an order.
pub(super) fn reorder(table: &mut Table, path: &str, names: &[String]) {
    let place = |name: Option<&str>| name.and_then(|name| names.iter().position(|known| known == name));
    match table.find_mut(path).map(|node| &mut node.value) {
        Some(Value::Table(table)) => table.entries.sort_by_key(|entry| place(Some(&entry.key))),
        Some(Value::List(items)) => {
            items.sort_by_key(|item| place(item.as_table().and_then(|table| table.text("name"))));
        }
        _ => {}
    }
}
