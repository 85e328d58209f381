//! Warnings about a whole folder: its versions beside each other, and the tests beside them. They keep nothing from
//! loading, so only `lint` gives them.

mod coverage;

use super::{RuleLibrary, Version, book_file_names};
use crate::diagnostic::{Code, Diagnostic, Findings, Place, SourceText};
use crate::document::{Leaf, leaves};
use crate::rule_test::{RuleTest, load_tests};
use crate::units::Quantity;
use chrono::NaiveDate;
use daybook_event::{Amount, Exact, PartnerId, RuleFile};
use std::collections::{BTreeMap, BTreeSet};

/// A value further than this from every earlier one is worth a second look.
const FAR_TIMES: i64 = 10;
/// Ends of the paths of thresholds and limits that are amounts.
const THRESHOLDS: [&str; 6] =
    [".at_least", ".threshold", ".minimum", ".monthly_at_least", ".cap.amount", ".limit.amount"];

/// Every finding on a folder: those of loading its rule files and its tests, and the warnings that need both. `until`
/// is the last date that the terms should cover.
#[must_use]
pub fn lint(files: &[RuleFile], tests: &[RuleFile], until: NaiveDate) -> Vec<Diagnostic> {
    let (library, mut diagnostics) = RuleLibrary::load(files);
    let (tests, of_tests) = load_tests(tests);
    if let Some(library) = library {
        let text = |file: &RuleFile| String::from_utf8_lossy(&file.bytes).into_owned();
        let texts: Vec<SourceText> =
            files.iter().map(|file| SourceText { name: file.name.clone(), text: text(file) }).collect();
        let findings = Findings::new(&texts);
        let known = numbers_of(&tests);
        for version in library.versions.iter().filter(|version| !version.set.hypothetical) {
            untested_thresholds(&findings, version, &known);
            far_from_history(&findings, version, &library.versions);
        }
        coverage::uncovered_dates(&findings, &library, until);
        sources_unnamed(&findings, &library);
        diagnostics.extend(findings.into_sorted());
    }
    diagnostics.extend(of_tests);
    diagnostics
}

/// The parameters that stand in the version's own file.
fn own_leaves(version: &Version) -> impl Iterator<Item = Leaf<'_>> {
    let document = &version.document;
    leaves(&document.resolved.table).into_iter().filter(|leaf| leaf.node.place.file == document.file)
}

fn quantity(leaf: &Leaf<'_>) -> Option<Quantity> {
    leaf.node.as_text().and_then(|text| Quantity::parse(text).ok())
}

/// Every amount that the tests name, and what each of their partners sold in all.
fn numbers_of(tests: &[RuleTest]) -> BTreeSet<Exact> {
    let mut known = BTreeSet::new();
    for test in tests {
        let mut sums: BTreeMap<&PartnerId, Exact> = BTreeMap::new();
        for row in &test.given {
            let sum = sums.entry(&row.partner).or_default();
            *sum = sum.plus(row.amount.exact()).unwrap_or(*sum);
            known.insert(row.amount.exact());
        }
        known.extend(sums.into_values());
        known.extend(test.claims.iter().filter_map(|row| Some(row.amount?.exact())));
        let cells = test.expect.iter().flat_map(|row| &row.cells).filter(|(column, _)| column.is_amount());
        known.extend(cells.filter_map(|(_, text)| Some(Amount::parse(text).ok()?.exact())));
    }
    known
}

/// A threshold holds still only where tests stand on it and on both sides.
fn untested_thresholds(findings: &Findings<'_>, version: &Version, known: &BTreeSet<Exact>) {
    let unit = version.set.rounding.unit();
    for leaf in own_leaves(version).filter(|leaf| THRESHOLDS.iter().any(|end| leaf.path.ends_with(end))) {
        let Some(Quantity::Money(amount, currency)) = quantity(&leaf) else { continue };
        let at = amount.exact();
        let around = [at.minus(unit).ok(), Some(at), at.plus(unit).ok()];
        let wanted = around.into_iter().flatten().filter(|amount| *amount >= Exact::ZERO);
        let missing: Vec<String> =
            wanted.filter(|amount| !known.contains(amount)).map(|amount| amount.to_string()).collect();
        if !missing.is_empty() {
            let message = format!("{} is {amount} {currency}, and no test has {}", leaf.path, missing.join(", "));
            findings
                .report(Code::UntestedThreshold, leaf.node.place, message)
                .hint("add rows to a [[test]]: at the threshold, and one unit either side");
        }
    }
}

/// A number ten times above or below all that stood there before is more often a slip than a change of terms.
fn far_from_history(findings: &Findings<'_>, version: &Version, all: &[Version]) {
    let is_earlier = |other: &&Version| other.set.valid_from < version.set.valid_from && !other.set.hypothetical;
    let earlier: Vec<&Version> = all.iter().filter(is_earlier).collect();
    for leaf in own_leaves(version) {
        let Some(now) = quantity(&leaf).and_then(size) else { continue };
        let before = earlier.iter().filter_map(|other| {
            let node = other.document.resolved.table.find(&leaf.path)?;
            let was = Quantity::parse(node.as_text()?).ok().and_then(size)?;
            (was.0 == now.0).then_some((was.1, node.place))
        });
        let before: Vec<(Exact, Place)> = before.collect();
        let (Some(least), Some(most)) = (before.iter().min(), before.iter().max()) else { continue };
        let far = if is_times_above(now.1, most.0) {
            most
        } else if is_times_above(least.0, now.1) {
            least
        } else {
            continue;
        };
        let stands = leaf.node.plain().unwrap_or_default();
        let message = format!("{} is {stands}: more than {FAR_TIMES} times away from what stood there", leaf.path);
        findings
            .report(Code::FarFromHistory, leaf.node.place, message)
            .against(far.1, "the nearest that stood there")
            .hint("check the digits and the unit; nothing to do if the terms really say so");
    }
}

/// A quantity as its unit and a number, where it is more than nothing.
fn size(quantity: Quantity) -> Option<(String, Exact)> {
    let number = match quantity {
        Quantity::Money(amount, _) | Quantity::Points(amount) => amount.exact(),
        Quantity::Share(rate) => Exact::parse(&rate.millionths().to_string()).ok()?,
        Quantity::Count(count, _) => Exact::parse(&count.to_string()).ok()?,
        Quantity::None => return None,
    };
    (number > Exact::ZERO).then(|| (quantity.unit_name(), number))
}

fn is_times_above(one: Exact, other: Exact) -> bool {
    let times = (0..FAR_TIMES).try_fold(Exact::ZERO, |sum, _| sum.plus(other));
    times.is_ok_and(|most| one > most)
}

/// Without a source of facts of no partner no exchange rate counts, and every line in another currency stays apart.
fn sources_unnamed(findings: &Findings<'_>, library: &RuleLibrary) {
    if !library.sources_of_no_partner.is_empty() {
        return;
    }
    let book = library.files.iter().position(|file| book_file_names(file).is_some());
    let message = match book {
        Some(_) => "the book names no source of facts of no partner: no exchange rate will count",
        None => "there is no book file, so no source may send facts of no partner: no exchange rate will count",
    };
    let place = Place { file: book.unwrap_or(0), start: 0, end: 0 };
    findings
        .report(Code::SourcesUnnamed, place, message)
        .hint("write [sources] facts_of_no_partner = [\"SOURCE\"] in book.toml if lines come in other currencies");
}
