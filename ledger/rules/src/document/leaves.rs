//! Every parameter of a document with its path.

use super::{Node, Table, Value};

/// Keys that say something about a parameter and are none themselves.
pub(crate) const META_KEYS: [&str; 3] = ["cite", "why", "confidence"];

/// A parameter: a value, or a list of values.
pub(crate) struct Leaf<'t> {
    pub(crate) path: String,
    pub(crate) node: &'t Node,
    /// What the nearest block around it cites.
    pub(crate) cites: Vec<String>,
    /// What that block gives as its reason; empty where it gives none.
    pub(crate) why: String,
}

/// Every parameter in file order; interpretations are none.
pub(crate) fn leaves(table: &Table) -> Vec<Leaf<'_>> {
    let mut found = Vec::new();
    for entry in table.entries.iter().filter(|entry| entry.key != "interpretation") {
        walk(&mut found, &entry.key, &entry.node, &Said::default());
    }
    found
}

/// What a block says of everything in it.
#[derive(Default)]
struct Said {
    cites: Vec<String>,
    why: String,
}

fn walk<'t>(found: &mut Vec<Leaf<'t>>, path: &str, node: &'t Node, said: &Said) {
    match &node.value {
        Value::Table(table) => {
            let own = said_by(table);
            let said = own.as_ref().unwrap_or(said);
            for entry in table.entries.iter().filter(|entry| !META_KEYS.contains(&entry.key.as_str())) {
                walk(found, &format!("{path}.{}", entry.key), &entry.node, said);
            }
        }
        Value::List(items) if items.iter().any(|item| item.as_table().is_some()) => {
            for (at, item) in items.iter().enumerate() {
                let name = item.as_table().and_then(|table| table.text("name"));
                let step = name.map_or_else(|| at.to_string(), str::to_owned);
                walk(found, &format!("{path}.{step}"), item, said);
            }
        }
        _ => found.push(Leaf { path: path.to_owned(), node, cites: said.cites.clone(), why: said.why.clone() }),
    }
}

/// What a block says itself; none where it cites nothing.
fn said_by(table: &Table) -> Option<Said> {
    let cites = super::cites::cite_keys(table);
    let why = table.text("why").unwrap_or_default().to_owned();
    (!cites.is_empty()).then_some(Said { cites, why })
}
