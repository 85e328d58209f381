//! What differs between two books beside their rule sets: the catalogue, and who may send facts of no partner.

use super::Difference;
use crate::model::{CatalogueEdition, ProductPattern, RuleBook};
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// The first dates of every edition.
pub(super) fn dates(books: [&RuleBook; 2]) -> Vec<NaiveDate> {
    books.iter().flat_map(|book| &book.catalogue.editions).map(|edition| edition.from).collect()
}

pub(super) fn differences(reference: &RuleBook, candidate: &RuleBook, on: NaiveDate) -> Vec<Difference> {
    let (before, after) = (reference.catalogue.edition_on(on), candidate.catalogue.edition_on(on));
    let mut found = lists("catalogue.families", &families(before), &families(after));
    found.extend(lists("catalogue.segments", &segments(before), &segments(after)));
    let senders = |book: &RuleBook| book.sources_of_no_partner.join(", ");
    let path = "sources.facts_of_no_partner";
    found.extend(changed(path, senders(reference), senders(candidate)));
    found.extend(changed("program", program(reference), program(candidate)));
    found
}

fn program(book: &RuleBook) -> String {
    book.sets.first().map(|set| set.program.clone()).unwrap_or_default()
}

fn changed(path: &str, from: String, to: String) -> Option<Difference> {
    let some = |text: String| (!text.is_empty()).then_some(text);
    (from != to).then(|| Difference { path: path.to_owned(), from: some(from), to: some(to), ..Difference::default() })
}

type Pairs = Vec<(String, String)>;

fn families(edition: Option<&CatalogueEdition>) -> Pairs {
    let pairs = edition.map(|edition| edition.families.as_slice()).unwrap_or_default();
    pairs.iter().map(|(pattern, family)| (text_of(pattern), family.clone())).collect()
}

fn segments(edition: Option<&CatalogueEdition>) -> Pairs {
    let pairs = edition.map(|edition| edition.segments.as_slice()).unwrap_or_default();
    pairs.iter().map(|(pattern, segment)| (text_of(pattern), segment.as_str().to_owned())).collect()
}

fn text_of(pattern: &ProductPattern) -> String {
    match pattern {
        ProductPattern::Family(name) => format!("family:{name}"),
        ProductPattern::ProductId(id) => format!("product:{id}"),
        ProductPattern::Name(part) => format!("name:{part}"),
    }
}

/// The pairs that differ; where only their order does, that.
fn lists(path: &str, before: &Pairs, after: &Pairs) -> Vec<Difference> {
    let map = |pairs: &Pairs| -> BTreeMap<String, String> { pairs.iter().cloned().collect() };
    let (one, other) = (map(before), map(after));
    let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let value = |map: &BTreeMap<String, String>, key: &String| map.get(key).cloned().unwrap_or_default();
    let differing =
        keys.into_iter().filter_map(|key| changed(&format!("{path}.{key}"), value(&one, key), value(&other, key)));
    let found: Vec<Difference> = differing.collect();
    if !found.is_empty() || before == after {
        return found;
    }
    let order = |pairs: &Pairs| pairs.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>().join(", ");
    changed(&format!("{path} (order)"), order(before), order(after)).into_iter().collect()
}
