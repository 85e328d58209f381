//! Checks that look at more than one block: across versions, against the catalogue, against the book file.

use super::load::{BookList, Draft, Others, State};
use crate::diagnostic::{Code, Findings, Place, SourceText};
use crate::document::{Node, Table, Value};
use crate::header::revision_of;
use crate::model::{Base, Catalogue, Lever, ProductPattern, RuleSet};
use crate::suggest::nearest;

/// Checks the versions against one another.
pub(super) fn across_versions(findings: &Findings<'_>, drafts: &[Draft]) {
    for (at, draft) in drafts.iter().enumerate() {
        for earlier in &drafts[..at] {
            two_on_one_date(findings, draft, earlier);
        }
        one_book(findings, draft, &drafts[0]);
        straddled_period(findings, draft);
        if let (Some(set), State::Done(resolved)) = (&draft.set, &draft.state) {
            shadowed_levers(findings, set, &resolved.table);
        }
    }
}

fn two_on_one_date(findings: &Findings<'_>, draft: &Draft, earlier: &Draft) {
    let (one, other) = (&draft.header, &earlier.header);
    if one.version == other.version {
        findings
            .report(Code::TwoOnOneDate, one.version_place, format!("version {} stands in two files", one.version))
            .against(other.version_place, "the first one")
            .hint("give one of them another id");
        return;
    }
    let ((base, revision), (other_base, other_revision)) = (revision_of(&one.version), revision_of(&other.version));
    let revises = base == other_base && revision != other_revision;
    if one.valid_from == other.valid_from && !revises && !one.hypothetical && !other.hypothetical {
        let message = format!("{} and {} both begin on {}", other.version, one.version, one.valid_from);
        findings
            .report(Code::TwoOnOneDate, one.from_place, message)
            .against(other.from_place, "the first one")
            .hint(format!("a corrected reading is a revision: version = \"{}.r{}\"", other_base, other_revision + 1));
    }
}

/// One program, one currency, one calendar: a figure could not span two of either.
fn one_book(findings: &Findings<'_>, draft: &Draft, earlier: &Draft) {
    let (Some(set), Some(other)) = (&draft.set, &earlier.set) else { return };
    let differs = if set.program != other.program {
        "program"
    } else if set.currency != other.currency {
        "currency"
    } else if set.calendar != other.calendar {
        "calendar"
    } else {
        return;
    };
    let message = format!("{} and {} have not the same {differs}", other.version, set.version);
    findings
        .report(Code::OneBook, draft.header.version_place, message)
        .against(earlier.header.version_place, "the other");
}

/// A threshold that is looked up at a period's edge, while its version begins inside a period, can be read two ways.
fn straddled_period(findings: &Findings<'_>, draft: &Draft) {
    let (Some(set), State::Done(resolved)) = (&draft.set, &draft.state) else { return };
    let Some(threshold) = resolved.table.find("coop.threshold") else { return };
    let period = set.calendar.period_of(daybook_event::Month::of(set.valid_from));
    if threshold.place.file != draft.file || period.first_day() == set.valid_from || reads_the_edge(&draft.own) {
        return;
    }
    findings
        .report(
            Code::StraddledPeriod,
            draft.header.from_place,
            format!("{} lies inside {period}, and coop.threshold resolves at the period's edge", set.valid_from),
        )
        .against(threshold.place, "set by this version")
        .hint("state the reading: [[interpretation]] path = \"coop.resolve_at\", chosen, other, why, owner, cite");
}

fn reads_the_edge(own: &Table) -> bool {
    own.get("interpretation").map(Node::as_list).unwrap_or_default().iter().any(|item| {
        let path = item.as_table().and_then(|table| table.text("path"));
        matches!(path, Some("coop.resolve_at" | "coop.threshold"))
    })
}

/// In a slot the first lever in file order that matches applies; one behind a wider one without conditions never does.
fn shadowed_levers(findings: &Findings<'_>, set: &RuleSet, table: &Table) {
    for (at, lever) in set.levers.iter().enumerate() {
        let Some(earlier) = set.levers[..at].iter().find(|earlier| covers(earlier, lever)) else { continue };
        let place = |lever: &Lever| table.find(&format!("lever.{}", lever.name)).map(|node| node.place);
        let (Some(here), Some(there)) = (place(lever), place(earlier)) else { continue };
        let message =
            format!("lever {} never applies: {} comes first in slot {}", lever.name, earlier.name, lever.slot);
        findings
            .report(Code::ShadowedLever, here, message)
            .against(there, "matches everything that it does")
            .hint("put the narrower lever first, or in a slot of its own if both should pay");
    }
}

fn covers(earlier: &Lever, later: &Lever) -> bool {
    fn within<T: PartialEq>(wide: &[T], narrow: &[T]) -> bool {
        wide.is_empty() || (!narrow.is_empty() && narrow.iter().all(|item| wide.contains(item)))
    }
    let unconditional = earlier.needs.is_empty() && !matches!(earlier.base, Base::CustomerAdd { .. });
    let (wide, narrow) = (&earlier.matches, &later.matches);
    unconditional
        && earlier.slot == later.slot
        && within(&wide.groups, &narrow.groups)
        && within(&wide.segments, &narrow.segments)
        && within(&wide.markets, &narrow.markets)
        && within(&wide.charge_types, &narrow.charge_types)
}

/// Checks product groups against the catalogue, both ways.
pub(super) fn against_catalogue(
    findings: &Findings<'_>,
    drafts: &[Draft],
    catalogue: &Catalogue,
    file: Option<&(usize, Table)>,
) {
    for draft in drafts {
        let (Some(set), State::Done(resolved)) = (&draft.set, &draft.state) else { continue };
        for group in &set.product_groups {
            let node = resolved.table.find(&format!("product_group.{}", group.name));
            for (pattern, item) in group.patterns.iter().zip(node.map(Node::as_list).unwrap_or_default()) {
                if families_named(catalogue, pattern).next().is_none() {
                    empty_pattern(findings, catalogue, pattern, item);
                }
            }
        }
    }
    let Some((_, root)) = file else { return };
    let sets: Vec<&RuleSet> = drafts.iter().filter_map(|draft| draft.set.as_ref()).collect();
    for edition in root.get("edition").map(Node::as_list).unwrap_or_default() {
        let pairs = edition.as_table().and_then(|table| table.get("families")).map(Node::as_list).unwrap_or_default();
        for family in pairs.iter().filter_map(|pair| pair.as_list().get(1)) {
            ungrouped_family(findings, catalogue, &sets, family);
        }
    }
}

/// The families of the products of the catalogue that the pattern names.
fn families_named<'c>(catalogue: &'c Catalogue, pattern: &'c ProductPattern) -> impl Iterator<Item = &'c str> {
    let contains = |whole: &str, part: &str| whole.to_lowercase().contains(&part.to_lowercase());
    let named = move |(known, family): &&(ProductPattern, String)| match (pattern, known) {
        (ProductPattern::Family(name), _) => name == family,
        (ProductPattern::ProductId(id), ProductPattern::ProductId(known)) => id == known,
        (ProductPattern::Name(part), ProductPattern::Name(known)) => contains(known, part),
        _ => false,
    };
    let all = catalogue.editions.iter().flat_map(|edition| &edition.families);
    all.filter(named).map(|(_, family)| family.as_str())
}

fn empty_pattern(findings: &Findings<'_>, catalogue: &Catalogue, pattern: &ProductPattern, item: &Node) {
    let text = item.as_text().unwrap_or("");
    let report = findings.report(Code::EmptyPattern, item.place, format!("{text:?} is no product of the catalogue"));
    let families = catalogue.editions.iter().flat_map(|edition| &edition.families).map(|(_, family)| family.as_str());
    let near = match pattern {
        ProductPattern::Family(name) => nearest(name, families),
        _ => None,
    };
    match near {
        Some(near) => report.hint(format!("did you mean \"family:{near}\"?")),
        None => report.hint("add the product to the catalogue, or drop the pattern"),
    };
}

fn ungrouped_family(findings: &Findings<'_>, catalogue: &Catalogue, sets: &[&RuleSet], family: &Node) {
    let Some(name) = family.as_text() else { return };
    let groups = sets.iter().flat_map(|set| &set.product_groups);
    let holds_some = |pattern: &ProductPattern| families_named(catalogue, pattern).any(|known| known == name);
    if !groups.into_iter().flat_map(|group| &group.patterns).any(holds_some) {
        findings
            .report(Code::UngroupedProduct, family.place, format!("products of family {name:?} are in no group"))
            .hint("their revenue will be unmatched; name the family in a [product_group] if it should earn");
    }
}

/// Checks the book file against the files at hand, and reads who may send facts of no partner.
pub(super) fn book_file(
    findings: &Findings<'_>,
    texts: &[SourceText],
    drafts: &[Draft],
    others: &Others,
    list: BookList,
) -> Vec<String> {
    let Some((file, root)) = &others.book else { return Vec::new() };
    for entry in
        root.entries.iter().filter(|entry| !["format", "program", "files", "sources"].contains(&entry.key.as_str()))
    {
        findings.report(Code::UnknownKey, entry.key_place, format!("a book file has no key {:?}", entry.key));
    }
    if list == BookList::Checked {
        book_list(findings, texts, drafts, (*file, root));
    }
    sources_of_no_partner(findings, root)
}

/// Checks the book's list of files, both ways.
fn book_list(findings: &Findings<'_>, texts: &[SourceText], drafts: &[Draft], (file, root): (usize, &Table)) {
    let listed = root.get("files").map(Node::as_list).unwrap_or_default();
    if listed.is_empty() {
        let place = Place { file, start: 0, end: 0 };
        findings.report(Code::BookFiles, place, "the book lists no files").hint("files = [\"2020-10.toml\", ...]");
    }
    for item in listed {
        let name = item.as_text().unwrap_or("");
        if !texts.iter().any(|text| text.name == name) {
            findings.report(Code::BookFiles, item.place, format!("the book lists {name:?}, which is not there"));
        }
    }
    listed_in_order(findings, texts, drafts, listed);
}

fn listed_in_order(findings: &Findings<'_>, texts: &[SourceText], drafts: &[Draft], listed: &[Node]) {
    let draft_of = |item: &Node| {
        let name = item.as_text()?;
        drafts.iter().find(|draft| texts[draft.file].name == name)
    };
    let mut last = None;
    for (item, draft) in listed.iter().filter_map(|item| Some((item, draft_of(item)?))) {
        if last.is_some_and(|from| draft.header.valid_from < from) {
            let message = format!("{} begins before the version listed above it", draft.header.version);
            findings.report(Code::BookFiles, item.place, message).hint("list versions by their first date");
        }
        last = Some(draft.header.valid_from);
    }
    for draft in drafts.iter().filter(|draft| !draft.header.hypothetical) {
        let name = &texts[draft.file].name;
        if !listed.iter().any(|item| item.as_text() == Some(name)) {
            let message = format!("{name} is not in the book's list of files");
            findings.report(Code::BookFiles, draft.header.version_place, message).hint("add it to files in book.toml");
        }
    }
}

fn sources_of_no_partner(findings: &Findings<'_>, root: &Table) -> Vec<String> {
    let Some(sources) = root.get("sources").and_then(Node::as_table) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in &sources.entries {
        match (&entry.node.value, entry.key.as_str()) {
            (Value::List(items), "facts_of_no_partner") => {
                found.extend(items.iter().filter_map(Node::as_text).map(str::to_owned));
            }
            (_, "facts_of_no_partner") => {
                findings.report(Code::WrongKind, entry.node.place, "facts_of_no_partner takes a list of sources");
            }
            _ => {
                findings.report(Code::UnknownKey, entry.key_place, format!("sources has no key {:?}", entry.key));
            }
        }
    }
    found
}
