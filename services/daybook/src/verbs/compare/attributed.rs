//! Whose doing each delta is, laid out in tables.

use crate::failure::Failure;
use crate::output::Section;
use daybook_replay::{Attributed, AttributionHead, AttributionMethod, MEASURES};
use serde_json::{Map, Value};

/// Most characters of a text in a table of changes.
const CELL_CHARS_MAX: usize = 60;
/// Most differences before the first date that a message names.
const EARLIER_SHOWN_MAX: usize = 5;

/// How the deltas were split, in a sentence.
pub(super) fn said(head: &AttributionHead, changes: usize) -> String {
    let changes = match (changes, head.grouped_by_version) {
        (1, false) => "1 change".to_owned(),
        (count, false) => format!("{count} changes"),
        (count, true) => format!("{count} versions, because there are too many changes for each by itself"),
    };
    match (head.method, head.orders) {
        (None, _) => "none".to_owned(),
        (Some(AttributionMethod::Shapley), None) => format!("exact mean over every order (Shapley) of {changes}"),
        (Some(AttributionMethod::Shapley), Some(orders)) => {
            let seed = head.seed.unwrap_or_default();
            format!("mean over {orders} orders of {changes}, drawn from seed {seed}, with standard errors")
        }
        (Some(AttributionMethod::Announced), _) => format!("{changes}, one after the other as announced"),
        (Some(AttributionMethod::Alone), _) => format!("{changes}, each alone, and their interaction"),
    }
}

/// The tables beside totals and movers: the changes, their parts, days of cash, readings, values.
pub(super) fn tables(attributed: &Attributed) -> Result<Vec<Section>, Failure> {
    let mut sections = vec![changes(attributed)];
    sections.push(parts(attributed, "by change", |at| {
        let totals = attributed.comparison.totals.iter();
        totals.filter_map(|total| Some(total.by_change.as_ref()?.amounts.get(at)?.to_string())).collect()
    }));
    if attributed.attribution.orders.is_some() {
        sections.push(parts(attributed, "standard error of each part", |at| {
            let errors = attributed.attribution.standard_errors.iter();
            errors.filter_map(|error| Some(error.by_change.amounts.get(at)?.to_string())).collect()
        }));
    }
    sections.push(days(attributed));
    sections.extend(readings(attributed));
    sections.push(Section::new("range of each delta over these readings", &attributed.ranges)?);
    sections.extend(attributed.sensitivity.iter().map(values));
    Ok(sections)
}

/// A row for each value of a parameter, a column for each measure.
pub(super) fn values(varied: &daybook_replay::Sensitivity) -> Section {
    let row = |point: &daybook_replay::SensitivityPoint| {
        let mut row = Map::from_iter([("value".to_owned(), Value::String(point.value.clone()))]);
        row.extend(point.totals.iter().map(|(measure, total)| (measure.to_string(), total.to_string().into())));
        Value::Object(row)
    };
    let name = format!("totals of the candidate by {}", varied.path);
    Section { name, rows: varied.points.iter().map(row).collect() }
}

/// A row for each part, a column for each measure.
fn parts(attributed: &Attributed, name: &str, amounts: impl Fn(usize) -> Vec<String>) -> Section {
    let ids = attributed.comparison.totals.iter().find_map(|total| total.by_change.as_ref()).map(|parts| &parts.ids);
    let row = |(at, id): (usize, &String)| {
        let mut row = Map::from_iter([("change".to_owned(), Value::String(clipped(id)))]);
        let amounts = amounts(at).into_iter().map(Value::String);
        row.extend(MEASURES.iter().map(ToString::to_string).zip(amounts));
        Value::Object(row)
    };
    let rows = ids.map(|ids| ids.iter().enumerate().map(row).collect()).unwrap_or_default();
    Section { name: name.to_owned(), rows }
}

fn days(attributed: &Attributed) -> Section {
    let days = &attributed.cash_days;
    let text = |days: Option<daybook_replay::TenthsOfDays>| days.map(|days| days.to_string().into());
    let row = Map::from_iter([
        ("median".to_owned(), text(days.median).unwrap_or(Value::Null)),
        ("weighted_mean".to_owned(), text(days.weighted_mean).unwrap_or(Value::Null)),
        ("partners".to_owned(), days.partners.len().into()),
    ]);
    let rows = if days.partners.is_empty() { Vec::new() } else { vec![Value::Object(row)] };
    Section { name: "days by which cash moves; more is later".to_owned(), rows }
}

/// What fits a terminal of a change; JSON, CSV and the page have its reason and source in full.
fn changes(attributed: &Attributed) -> Section {
    let row = |change: &daybook_replay::ChangeShown| {
        let begins = change.begins.to_string();
        let texts = [
            ("change", &change.id),
            ("path", &change.path),
            ("from", &change.from),
            ("to", &change.to),
            ("version", &change.version),
            ("begins", &begins),
            ("cite", &change.cite),
        ];
        Value::Object(texts.into_iter().map(|(name, text)| (name.to_owned(), Value::String(clipped(text)))).collect())
    };
    Section { name: "changes".to_owned(), rows: attributed.changes.iter().map(row).collect() }
}

fn clipped(text: &str) -> String {
    if text.chars().count() <= CELL_CHARS_MAX {
        return text.to_owned();
    }
    text.chars().take(CELL_CHARS_MAX - 3).chain("...".chars()).collect()
}

/// A row for each reading: what each delta would be. Those in words only stand apart.
fn readings(attributed: &Attributed) -> [Section; 2] {
    let row = |priced: &daybook_replay::PricedReading| {
        let texts = [("path", &priced.reading.path), ("other", &priced.reading.other)];
        let mut row = Map::from_iter(texts.map(|(name, text)| (name.to_owned(), Value::String(text.clone()))));
        row.extend(priced.deltas.iter().map(|(measure, delta)| (measure.to_string(), delta.to_string().into())));
        Value::Object(row)
    };
    let rows = |is_priced: bool| {
        let of_kind = attributed.interpretations.iter().filter(|reading| reading.priced == is_priced);
        of_kind.map(row).collect()
    };
    [
        Section { name: "each delta under another reading of the terms".to_owned(), rows: rows(true) },
        Section { name: "other readings that are words only, so without a price".to_owned(), rows: rows(false) },
    ]
}

/// Rows with a column for each part, where JSON has them under one name.
pub(super) fn flat(mut section: Section) -> Section {
    for row in section.rows.iter_mut().filter_map(Value::as_object_mut) {
        for nested in ["by_change", "deltas"] {
            if let Some(Value::Object(parts)) = row.remove(nested) {
                row.extend(parts.into_iter().map(|(id, amount)| (format!("{nested}.{id}"), amount)));
            }
        }
    }
    section
}

/// Rows without their parts, which have a table of their own.
pub(super) fn without_parts(mut section: Section) -> Section {
    for row in section.rows.iter_mut().filter_map(Value::as_object_mut) {
        row.remove("by_change");
    }
    section
}

/// Fails where a figure differs before the books do.
pub(super) fn check(attributed: &Attributed) -> Result<(), Failure> {
    let earlier = &attributed.earlier_differences;
    let (Some(begins), false) = (attributed.attribution.begins, earlier.is_empty()) else { return Ok(()) };
    let named = earlier.iter().take(EARLIER_SHOWN_MAX).map(|row| {
        let side = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
        let (reference, candidate) = (side(&row.reference), side(&row.candidate));
        format!("{} {} {}: {reference} against {candidate}", row.partner_id, row.month, row.figure)
    });
    Err(Failure::Check(format!(
        "{} figures differ before {begins}, the first date on which the books do ({}): a rule is dated wrongly, or daybook \
         has a bug; look at them with daybook explain",
        earlier.len(),
        named.collect::<Vec<_>>().join("; ")
    )))
}
