//! Sources: who says so.

use super::{Node, Table, Value};
use crate::diagnostic::{Code, Findings};
use crate::suggest::nearest;
use std::collections::BTreeMap;

/// Who says so.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) title: String,
    /// Everything that the block says, for the hash of the document.
    pub(crate) fields: BTreeMap<String, String>,
}

/// The sources that a version may cite: its own and its parents'.
pub(crate) type Sources = BTreeMap<String, Source>;

const AUTHORITIES: [&str; 4] = ["vendor", "distributor", "press", "internal-reading"];
const GRADES: [&str; 4] = ["certain", "press", "weak", "inferred"];
const KEYS: [&str; 5] = ["title", "url", "authority", "grade", "note"];

/// Reads the `[source.KEY]` blocks of a file into `sources`.
pub(crate) fn sources_read(findings: &Findings<'_>, root: &Table, sources: &mut Sources) {
    let Some(blocks) = root.get("source").and_then(Node::as_table) else { return };
    for entry in &blocks.entries {
        let Some(block) = entry.node.as_table() else {
            findings.report(Code::WrongKind, entry.node.place, format!("source.{} is no table", entry.key));
            continue;
        };
        for key in block.entries.iter().filter(|key| !KEYS.contains(&key.key.as_str())) {
            let report = findings.report(Code::UnknownKey, key.key_place, format!("a source has no key {:?}", key.key));
            if let Some(near) = nearest(&key.key, KEYS) {
                report.hint(format!("did you mean {near:?}?"));
            }
        }
        let internal = block.text("authority") == Some("internal-reading");
        for key in ["title", "url", "authority", "grade"] {
            // Our own reading has no address.
            if block.text(key).is_none() && !(internal && key == "url") {
                let message = format!("source {:?} has no {key}", entry.key);
                findings.report(Code::Citation, entry.key_place, message);
            }
        }
        word_check(findings, block, "authority", &AUTHORITIES);
        word_check(findings, block, "grade", &GRADES);
        let title = block.text("title").unwrap_or("").to_owned();
        let said = block.entries.iter().filter_map(|field| Some((field.key.clone(), field.node.plain()?)));
        sources.insert(entry.key.clone(), Source { title, fields: said.collect() });
    }
}

fn word_check(findings: &Findings<'_>, block: &Table, key: &str, words: &[&'static str]) {
    if let Some(Node { value: Value::Text(word), place, .. }) = block.get(key)
        && !words.contains(&word.as_str())
    {
        findings
            .report(Code::UnknownWord, *place, format!("{word:?} is no {key} of a source"))
            .hint(format!("one of: {}", words.join(", ")));
    }
}

/// The keys that a `cite` names: one text or a list of texts.
pub(crate) fn cite_keys(table: &Table) -> Vec<String> {
    match table.get("cite").map(|node| &node.value) {
        Some(Value::Text(key)) => vec![key.clone()],
        Some(Value::List(items)) => items.iter().filter_map(Node::as_text).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Reports a block without a citation, and citations of sources that are not there.
pub(crate) fn cite_check(
    findings: &Findings<'_>,
    sources: &Sources,
    what: &str,
    table: &Table,
    place: crate::diagnostic::Place,
) {
    let keys = cite_keys(table);
    if keys.is_empty() {
        findings
            .report(Code::Citation, place, format!("{what} cites no source"))
            .hint("add cite = \"KEY\" and a block [source.KEY] that says who published it");
    }
    for key in keys.iter().filter(|key| !sources.contains_key(*key)) {
        let at = table.get("cite").map_or(place, |node| node.place);
        let report = findings.report(Code::Citation, at, format!("{what} cites {key:?}, which is no source here"));
        match nearest(key, sources.keys().map(String::as_str)) {
            Some(near) => report.hint(format!("did you mean {near:?}?")),
            None => report.hint(format!("add a block [source.{key}]")),
        };
    }
}
