//! Values by path: `gate.ttm_revenue.at_least`, `coop.activity.telemarketing.limit`.
//!
//! A step names a key of a table, or the item of a list whose `name` it is.

use super::{Entry, Node, Table, Value};
use crate::diagnostic::Place;

impl Table {
    /// The value at a path.
    pub(crate) fn find(&self, path: &str) -> Option<&Node> {
        let (step, rest) = split(path);
        let node = self.get(step)?;
        if rest.is_empty() { Some(node) } else { node.find(rest) }
    }

    /// The value at a path, to be replaced.
    pub(crate) fn find_mut(&mut self, path: &str) -> Option<&mut Node> {
        let (step, rest) = split(path);
        let node = self.entries.iter_mut().find(|entry| entry.key == step).map(|entry| &mut entry.node)?;
        if rest.is_empty() { Some(node) } else { node.find_mut(rest) }
    }

    /// Puts a value at the end of its parent; false where the path cannot be made.
    pub(crate) fn add(&mut self, path: &str, key_place: Place, node: Node) -> bool {
        let (step, rest) = split(path);
        if rest.is_empty() {
            self.entries.push(Entry { key: step.to_owned(), key_place, node });
            return true;
        }
        if self.get(step).is_none() {
            let value = Value::Table(Self::default());
            let change = node.change;
            self.entries.push(Entry {
                key: step.to_owned(),
                key_place,
                node: Node { value, place: key_place, change },
            });
        }
        self.find_mut(step).is_some_and(|parent| parent.add(rest, key_place, node))
    }

    /// Takes a value out; none where nothing stands there.
    pub(crate) fn remove(&mut self, path: &str) -> Option<Node> {
        match path.rsplit_once('.') {
            Some((parent, last)) => match &mut self.find_mut(parent)?.value {
                Value::Table(table) => table.take(last),
                Value::List(items) => {
                    let at = position(items, last)?;
                    Some(items.remove(at))
                }
                _ => None,
            },
            None => self.take(path),
        }
    }

    fn take(&mut self, key: &str) -> Option<Node> {
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(at).node)
    }
}

impl Node {
    fn find(&self, path: &str) -> Option<&Self> {
        match &self.value {
            Value::Table(table) => table.find(path),
            Value::List(items) => {
                let (step, rest) = split(path);
                let item = &items[position(items, step)?];
                if rest.is_empty() { Some(item) } else { item.find(rest) }
            }
            _ => None,
        }
    }

    fn find_mut(&mut self, path: &str) -> Option<&mut Self> {
        match &mut self.value {
            Value::Table(table) => table.find_mut(path),
            Value::List(items) => {
                let (step, rest) = split(path);
                let at = position(items, step)?;
                let item = &mut items[at];
                if rest.is_empty() { Some(item) } else { item.find_mut(rest) }
            }
            _ => None,
        }
    }

    fn add(&mut self, path: &str, key_place: Place, mut node: Self) -> bool {
        match &mut self.value {
            Value::Table(table) => table.add(path, key_place, node),
            Value::List(items) if !path.contains('.') => {
                let name = Self { value: Value::Text(path.to_owned()), place: key_place, change: node.change };
                if let Value::Table(table) = &mut node.value {
                    table.entries.retain(|entry| entry.key != "name");
                    table.entries.insert(0, Entry { key: "name".to_owned(), key_place, node: name });
                }
                items.push(node);
                true
            }
            _ => false,
        }
    }

    fn is_named(&self, name: &str) -> bool {
        self.as_table().and_then(|table| table.text("name")) == Some(name)
    }
}

/// Items without a name are counted from 0.
fn position(items: &[Node], step: &str) -> Option<usize> {
    let named = items.iter().position(|item| item.is_named(step));
    named.or_else(|| step.parse().ok().filter(|&at: &usize| at < items.len()))
}

fn split(path: &str) -> (&str, &str) {
    path.split_once('.').unwrap_or((path, ""))
}
