//! A rule file as a tree: every value with its place, tables in file order, changes not yet told from blocks.

mod cites;
mod leaves;
mod path;
mod read;
mod resolve;

pub(crate) use cites::{Sources, cite_check, cite_keys, sources_read};
pub(crate) use leaves::{Leaf, META_KEYS, leaves};
pub(crate) use read::read;
pub(crate) use resolve::{Change, HEADER_KEYS, Operation, Resolved, resolve};

use crate::diagnostic::Place;
use chrono::NaiveDate;

/// A value with its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) place: Place,
    /// The change that put it here, by index into the document's changes.
    pub(crate) change: Option<usize>,
}

/// What a rule file can say.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Text(String),
    Date(NaiveDate),
    Flag(bool),
    List(Vec<Node>),
    Table(Table),
    /// Already reported; readers pass over it in silence.
    Bad,
}

/// A table in file order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub(crate) entries: Vec<Entry>,
}

/// One key of a table.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_place: Place,
    pub(crate) node: Node,
}

impl Table {
    /// The entry of a key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The text of a key; none where there is no such key or it is no text.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Node::as_text)
    }
}

impl Node {
    pub(crate) fn as_text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    pub(crate) fn as_table(&self) -> Option<&Table> {
        if let Value::Table(table) = &self.value { Some(table) } else { None }
    }

    pub(crate) fn as_list(&self) -> &[Node] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// What kind of value it is, in words.
    pub(crate) fn kind_name(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "text",
            Value::Date(_) => "a date",
            Value::Flag(_) => "true or false",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Bad => "unreadable",
        }
    }

    /// A scalar, or a list of scalars joined by commas, as one text in the one form of its value; none for tables.
    pub(crate) fn plain(&self) -> Option<String> {
        match &self.value {
            Value::Text(text) => Some(crate::units::normal(text)),
            Value::Date(date) => Some(date.to_string()),
            Value::Flag(flag) => Some(flag.to_string()),
            Value::List(items) => items.iter().map(Self::plain).collect::<Option<Vec<_>>>().map(|all| all.join(", ")),
            Value::Table(_) | Value::Bad => None,
        }
    }

    /// Says of itself and everything in it which change put it here.
    pub(crate) fn mark(&mut self, change: usize) {
        self.change = Some(change);
        match &mut self.value {
            Value::List(items) => items.iter_mut().for_each(|item| item.mark(change)),
            Value::Table(table) => table.entries.iter_mut().for_each(|entry| entry.node.mark(change)),
            _ => {}
        }
    }
}
