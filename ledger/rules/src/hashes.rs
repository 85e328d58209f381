//! The hashes that approvals and closed months pin: SHA-256 over canonical JSON (RFC 8785).
//!
//! They are taken over the resolved document, not over the typed rule set, so that a later release that knows more
//! vocabulary computes the same hash for the same file.

use crate::document::{Node, Resolved, Table, Value};
use crate::lower::Header;
use crate::model::{Hashes, Origin};
use crate::units::normal;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Blocks whose order in the file decides something.
const ORDERED_BLOCKS: [&str; 3] = ["gate", "lever", "product_group"];
/// Keys that no figure depends on.
const NOT_TERMS: [&str; 6] = ["cite", "why", "confidence", "sentence", "how_to", "category"];
/// Blocks that no figure depends on.
pub(crate) const NOT_TERMS_BLOCKS: [&str; 2] = ["benefits", "interpretation"];

/// SHA-256 in lower-case hex.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The hash of a JSON value in its canonical form.
pub(crate) fn json_hash(value: &Json) -> String {
    // Only a non-finite float has no canonical form, and rule files hold no numbers at all.
    serde_json_canonicalizer::to_vec(value).map(|bytes| sha256_hex(&bytes)).unwrap_or_default()
}

/// The hashes of one version.
pub(crate) fn version_hashes(
    file: &[u8],
    header: &Header,
    resolved: &Resolved,
    origins: &BTreeMap<String, Origin>,
) -> Hashes {
    let cited: Map<String, Json> = origins
        .iter()
        .map(|(path, origin)| (path.clone(), json!({"cite": origin.cite, "change": origin.change_id})))
        .collect();
    let sources: Map<String, Json> =
        resolved.sources.iter().map(|(key, source)| (key.clone(), json!(source.fields))).collect();
    let why: Vec<Json> = resolved.changes.iter().map(|change| json!({"id": change.id, "why": change.why})).collect();
    let document = json!({
        "program": header.program,
        "version": header.version,
        "title": header.title,
        "from": header.valid_from.to_string(),
        "published": header.published.map(|date| date.to_string()),
        "hypothetical": header.hypothetical,
        "blocks": table_json(&resolved.table, true, &|text| text.to_owned(), &|_, _| true),
        "sources": sources,
        "cited": cited,
        "changes": why,
    });
    Hashes {
        file_sha256: sha256_hex(file),
        document_hash: json_hash(&document),
        terms_hash: terms_hash(header, resolved),
    }
}

/// The hash of what a resolved document says, for versions that stand in no file.
pub(crate) fn terms_hash(header: &Header, resolved: &Resolved) -> String {
    json_hash(&terms_json(header, resolved))
}

/// What a value says, as far as a figure can depend on it.
pub(crate) fn node_terms(node: &Node) -> Json {
    node_json(node, &normal, &is_term)
}

/// Only what can change a figure: no version id, title, reason, citation or sentence.
fn terms_json(header: &Header, resolved: &Resolved) -> Json {
    let mut table = resolved.table.clone();
    table.entries.retain(|entry| !NOT_TERMS_BLOCKS.contains(&entry.key.as_str()));
    json!({
        "program": header.program,
        "from": header.valid_from.to_string(),
        "blocks": table_json(&table, true, &normal, &is_term),
    })
}

type Text<'t> = &'t dyn Fn(&str) -> String;
type Keep<'t> = &'t dyn Fn(&str, &Node) -> bool;

/// Whether what stands under a key can change a figure. A lever, gate, area or product group may have the name of a text:
/// it is a table or a list, while a text is a text and only a citation may be a list.
pub(crate) fn is_term(key: &str, node: &Node) -> bool {
    let may_be_text = match node.value {
        Value::Table(_) => false,
        Value::List(_) => key == "cite",
        Value::Text(_) | Value::Date(_) | Value::Flag(_) | Value::Bad => true,
    };
    !(may_be_text && NOT_TERMS.contains(&key))
}

fn table_json(table: &Table, is_root: bool, text: Text<'_>, keep: Keep<'_>) -> Json {
    let mut map = Map::new();
    for entry in table.entries.iter().filter(|entry| keep(&entry.key, &entry.node)) {
        let ordered = is_root && ORDERED_BLOCKS.contains(&entry.key.as_str());
        let value = match entry.node.as_table() {
            Some(block) if ordered => Json::Array(
                block
                    .entries
                    .iter()
                    .filter(|item| keep(&item.key, &item.node))
                    .map(|item| json!([item.key, node_json(&item.node, text, keep)]))
                    .collect(),
            ),
            _ => node_json(&entry.node, text, keep),
        };
        map.insert(entry.key.clone(), value);
    }
    Json::Object(map)
}

fn node_json(node: &Node, text: Text<'_>, keep: Keep<'_>) -> Json {
    match &node.value {
        Value::Text(value) => Json::String(text(value)),
        Value::Date(date) => Json::String(date.to_string()),
        Value::Flag(flag) => Json::Bool(*flag),
        Value::List(items) => Json::Array(items.iter().map(|item| node_json(item, text, keep)).collect()),
        Value::Table(table) => table_json(table, false, text, keep),
        Value::Bad => Json::Null,
    }
}

/// The hash of a catalogue: every edition in order, without sources.
pub(crate) fn catalogue_hash(root: &Table) -> String {
    let editions = root.get("edition").map_or(Json::Null, |node| node_json(node, &|text| text.to_owned(), &is_term));
    json_hash(&editions)
}

/// The hash of a book: its sets in order, its catalogue, and who may send facts of no partner.
pub(crate) fn book_hash<'s>(
    sets: impl Iterator<Item = &'s Hashes>,
    catalogue: &str,
    sources_of_no_partner: &[String],
) -> String {
    let sets: Vec<&str> = sets.map(|hashes| hashes.terms_hash.as_str()).collect();
    json_hash(&json!({"sets": sets, "catalogue": catalogue, "sources_of_no_partner": sources_of_no_partner}))
}
