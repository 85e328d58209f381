//! Every parameter of a document with its path.

use super::{Node, Table, Value};

/// Keys that say something about a parameter and are none themselves.
pub(crate) const META_KEYS: [&str; 3] = ["cite", "why", "confidence"];

/// A parameter: a value, or a list of values.
pub(crate) struct Leaf<'t> {
    pub(crate) path: String,
    pub(crate) node: &'t Node,
    /// The nearest block around it that cites a source.
    pub(crate) cites: Vec<String>,
}

/// Every parameter in file order; interpretations are none.
pub(crate) fn leaves(table: &Table) -> Vec<Leaf<'_>> {
    let mut found = Vec::new();
    for entry in table.entries.iter().filter(|entry| entry.key != "interpretation") {
        walk(&mut found, &entry.key, &entry.node, &[]);
    }
    found
}

fn walk<'t>(found: &mut Vec<Leaf<'t>>, path: &str, node: &'t Node, cites: &[String]) {
    match &node.value {
        Value::Table(table) => {
            let own = super::cites::cite_keys(table);
            let cites = if own.is_empty() { cites } else { own.as_slice() };
            for entry in table.entries.iter().filter(|entry| !META_KEYS.contains(&entry.key.as_str())) {
                walk(found, &format!("{path}.{}", entry.key), &entry.node, cites);
            }
        }
        Value::List(items) if items.iter().any(|item| item.as_table().is_some()) => {
            for (at, item) in items.iter().enumerate() {
                let name = item.as_table().and_then(|table| table.text("name"));
                let step = name.map_or_else(|| at.to_string(), str::to_owned);
                walk(found, &format!("{path}.{step}"), item, cites);
            }
        }
        _ => found.push(Leaf { path: path.to_owned(), node, cites: cites.to_vec() }),
    }
}
