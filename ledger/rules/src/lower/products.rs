//! Product groups and the catalogue.

use super::block::{Block, Word};
use super::{Cx, Names};
use crate::diagnostic::Code;
use crate::document::{META_KEYS, Node, Table, Value};
use crate::model::{CatalogueEdition, ProductGroup, ProductPattern};
use chrono::NaiveDate;
use daybook_event::Segment;

/// Reads `family:NAME`, `product:ID` or `name:TEXT`.
fn pattern(cx: &Cx<'_>, word: Word<'_>) -> Option<ProductPattern> {
    let parsed =
        word.text.split_once(':').filter(|(_, value)| !value.trim().is_empty()).and_then(|(kind, value)| match kind {
            "family" => Some(ProductPattern::Family(value.to_owned())),
            "product" => Some(ProductPattern::ProductId(value.to_owned())),
            "name" => Some(ProductPattern::Name(value.to_owned())),
            _ => None,
        });
    if parsed.is_none() {
        cx.findings
            .report(Code::UnknownWord, word.place, format!("{:?} is no product pattern", word.text))
            .hint("write \"family:Azure\", \"product:CFQ7TTC0LCHC\" or \"name:business premium\"");
    }
    parsed
}

/// Reads `[product_group]`: one list of patterns per group.
pub(super) fn groups(root: &Block<'_>, names: &mut Names) -> Option<()> {
    let node = root.need("product_group")?;
    let block = root.sub_block("product_group", node)?;
    block.cited();
    for entry in block.table.entries.iter().filter(|entry| !META_KEYS.contains(&entry.key.as_str())) {
        let Value::List(items) = &entry.node.value else {
            let message = format!("product_group.{} takes a list of patterns", entry.key);
            root.cx.findings.report(Code::WrongKind, entry.node.place, message);
            continue;
        };
        let words = items.iter().filter_map(|item| item.as_text().map(|text| Word { text, place: item.place }));
        let patterns: Vec<_> = words.filter_map(|word| pattern(root.cx, word)).collect();
        if patterns.is_empty() {
            let message = format!("product_group.{} names no product", entry.key);
            root.cx.findings.report(Code::MissingKey, entry.node.place, message);
        }
        names.groups.push(ProductGroup { name: entry.key.clone(), patterns });
    }
    Some(())
}

/// Reads the catalogue file: dated editions of product to family and name to segment.
pub(crate) fn catalogue_read(cx: &Cx<'_>, root: &Table) -> Vec<CatalogueEdition> {
    let mut editions: Vec<CatalogueEdition> = Vec::new();
    for entry in root.entries.iter().filter(|entry| !["format", "source", "edition"].contains(&entry.key.as_str())) {
        let message = format!("a catalogue has no key {:?}", entry.key);
        cx.findings.report(Code::UnknownKey, entry.key_place, message);
    }
    for item in root.get("edition").map(Node::as_list).unwrap_or_default() {
        let Some(table) = item.as_table() else { continue };
        let block = Block::new(cx, "edition", table, item.place);
        let edition = edition(&block);
        block.finish();
        let Some(edition) = edition else { continue };
        if editions.last().is_some_and(|last| last.from >= edition.from) {
            let message = format!("the edition from {} does not come after the one before it", edition.from);
            block.report_at("from", Code::TwoOnOneDate, message);
            continue;
        }
        editions.push(edition);
    }
    if editions.is_empty() {
        let place = root.entries.first().map(|entry| entry.key_place);
        if let Some(place) = place {
            cx.findings.report(Code::MissingKey, place, "the catalogue has no [[edition]]");
        }
    }
    editions
}

fn edition(block: &Block<'_>) -> Option<CatalogueEdition> {
    block.cited();
    let from: Option<NaiveDate> = block.date("from");
    let family = |_: &Block<'_>, word: Word<'_>| Some(word.text.to_owned());
    let families = pairs(block, "families", family);
    let segments = pairs(block, "segments", |block, word| block.word_of("segments", word, &segment_words()));
    Some(CatalogueEdition { from: from?, families, segments })
}

pub(super) fn segment_words() -> [(&'static str, Segment); 4] {
    Segment::ALL.map(|(segment, name)| (name, segment))
}

/// Reads `[["pattern", "value"], ...]`, in order.
fn pairs<'c, T>(
    block: &Block<'c>,
    key: &'static str,
    read: impl Fn(&Block<'c>, Word<'c>) -> Option<T>,
) -> Vec<(ProductPattern, T)> {
    let mut found = Vec::new();
    for item in block.get(key).map(Node::as_list).unwrap_or_default() {
        let words: Vec<Word<'c>> = item
            .as_list()
            .iter()
            .filter_map(|part| part.as_text().map(|text| Word { text, place: part.place }))
            .collect();
        let [left, right] = words.as_slice() else {
            let message = format!("{key} takes pairs such as [\"name:azure\", \"Azure\"]");
            block.cx.findings.report(Code::WrongKind, item.place, message);
            continue;
        };
        if let (Some(pattern), Some(value)) = (pattern(block.cx, *left), read(block, *right)) {
            found.push((pattern, value));
        }
    }
    found
}
