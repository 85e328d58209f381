//! The smallest step of each kind of value, both ways.

use crate::document::{Node, Table, Value};
use crate::units::{CountUnit, Quantity};
use chrono::{Days, NaiveDate};
use daybook_event::{Amount, Exact, Month, Rate};

/// The smallest step of an amount, and of points.
const CENT: &str = "0.01";
/// Words that a parameter may say, in a circle: a step goes to the neighbours. By the end of the path.
const WORDS: [(&str, &[&str]); 9] = [
    ("coop.resolve_at", &["period_start", "period_end"]),
    ("payout.program_year_end", &["carry", "forfeit"]),
    (".upkeep", &["continuous", "entry_only"]),
    (".source", &["declared", "computed", "either"]),
    (".fee", &["required", "none"]),
    (".take", &["greater", "lesser"]),
    (".cap.per", &["customer", "partner"]),
    (".cap.window", &["earning_period", "program_year", "life"]),
    ("calendar.program_year_ends", &MONTHS),
];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// Lengths of an earning period.
const PERIODS: [u32; 6] = [1, 2, 3, 4, 6, 12];

/// What the value at a path can be moved to; nothing where it is neither a number, a date nor a reading.
pub(super) fn of(table: &Table, path: &str, node: &Node) -> Vec<String> {
    match &node.value {
        // No figure depends on what a level brings beside money, and rules of two currencies are no step apart.
        _ if path.starts_with("benefits.") || path == "currency" => Vec::new(),
        Value::Date(date) if path == "calendar.anchor" => of_month(*date),
        // What was earned before the first date of all is held as long as what was earned from it.
        Value::Date(date) if path.starts_with("certification.") && is_first_earned(table, *date) => Vec::new(),
        Value::Date(date) => of_day(*date),
        Value::Text(text) => of_text(table, path, text),
        _ => Vec::new(),
    }
}

/// Whether no certification's validity begins before the date.
fn is_first_earned(table: &Table, date: NaiveDate) -> bool {
    let all = table.get("certification").and_then(Node::as_table).map(|all| all.entries.as_slice()).unwrap_or_default();
    let begins = all.iter().filter_map(|entry| match entry.node.as_table()?.get("earned_from")?.value {
        Value::Date(begins) => Some(begins),
        _ => None,
    });
    begins.min() == Some(date)
}

/// The day before and the day after.
pub(super) fn of_day(date: NaiveDate) -> Vec<String> {
    let around = [date.checked_sub_days(Days::new(1)), date.checked_add_days(Days::new(1))];
    around.into_iter().flatten().map(|date| date.to_string()).collect()
}

/// Only the month of the anchor counts.
fn of_month(date: NaiveDate) -> Vec<String> {
    let month = Month::of(date);
    [month.plus(-1), month.next()].map(|month| month.first_day().to_string()).to_vec()
}

fn of_text(table: &Table, path: &str, text: &str) -> Vec<String> {
    let held_on = path.strip_suffix(".source").and_then(|test| table.find(&format!("{test}.on")));
    if held_on.is_some() {
        // A level that was held on a fixed date is declared: there is no other word.
        return Vec::new();
    }
    if let Some((_, words)) = WORDS.iter().find(|(end, _)| path.ends_with(end)) {
        return around(words, text);
    }
    match path {
        "assessment.cadence" => return of_cadence(text),
        "calendar.claim_opens" | "calendar.claim_closes" => return of_month_day(text),
        "calendar.earning_period" => return of_period(text),
        "rounding.unit" => return of_unit(text),
        _ => {}
    }
    if path.starts_with("gate.") && path.ends_with(".at_least") {
        let levels = table.find("competency.levels").map(Node::as_list).unwrap_or_default();
        let levels: Vec<&str> = levels.iter().filter_map(Node::as_text).collect();
        if levels.contains(&text) {
            return around(&levels, text);
        }
        if text == "none" {
            // A threshold where there was none: the least that there is.
            let currency = table.text("currency").unwrap_or_default();
            return vec![format!("{CENT} {currency}")];
        }
    }
    Quantity::parse(text).map(of_quantity).unwrap_or_default()
}

/// The words on both sides, the last before the first.
fn around(words: &[&str], word: &str) -> Vec<String> {
    let Some(at) = words.iter().position(|known| *known == word) else { return Vec::new() };
    let neighbours = [words[(at + words.len() - 1) % words.len()], words[(at + 1) % words.len()]];
    let mut found: Vec<String> = neighbours.iter().filter(|other| **other != word).map(|w| (*w).to_owned()).collect();
    found.dedup();
    found
}

fn of_quantity(quantity: Quantity) -> Vec<String> {
    let steps = match quantity {
        Quantity::Money(amount, currency) => cents(amount).map(|moved| Some(format!("{} {currency}", moved?))),
        Quantity::Points(points) => cents(points).map(|moved| Some(format!("{} points", moved?))),
        Quantity::Share(rate) => {
            let moved = |by| Some(rate.millionths() + by).filter(|share| *share >= 0);
            [moved(-1), moved(1)].map(|share| share.map(|share| Rate::from_millionths(share).to_string()))
        }
        Quantity::Count(count, unit) => {
            let moved = [count.checked_sub(1).filter(|count| *count > 0), count.checked_add(1)];
            moved.map(|count| count.map(|count| Quantity::Count(count, unit).to_string()))
        }
        Quantity::None => [None, None],
    };
    steps.into_iter().flatten().collect()
}

/// A cent less, unless that is negative, and a cent more.
fn cents(amount: Amount) -> [Option<Exact>; 2] {
    let Ok(cent) = Exact::parse(CENT) else { return [None, None] };
    let less = amount.exact().minus(cent).ok().filter(|amount| *amount >= Exact::ZERO);
    [less, amount.exact().plus(cent).ok()]
}

/// A finer unit, and a coarser one.
fn of_unit(text: &str) -> Vec<String> {
    let Ok(Quantity::Money(unit, currency)) = Quantity::parse(text) else { return Vec::new() };
    let tenth = unit.exact().times(Rate::from_millionths(100_000)).ok();
    let double = unit.exact().plus(unit.exact()).ok();
    [tenth, double].into_iter().flatten().map(|unit| format!("{unit} {currency}")).collect()
}

fn of_period(text: &str) -> Vec<String> {
    let Ok(Quantity::Count(months, CountUnit::Months)) = Quantity::parse(text) else { return Vec::new() };
    let Some(at) = PERIODS.iter().position(|period| *period == months) else { return Vec::new() };
    let neighbours = [at.checked_sub(1).and_then(|at| PERIODS.get(at)), PERIODS.get(at + 1)];
    neighbours.into_iter().flatten().map(|months| format!("{months}mo")).collect()
}

/// `day 16 of month 2`: a day either way, and a month either way.
fn of_month_day(text: &str) -> Vec<String> {
    let parts = text.strip_prefix("day ").and_then(|rest| rest.split_once(" of month "));
    let numbers = parts.and_then(|(day, month)| Some((day.parse::<u32>().ok()?, month.parse::<u32>().ok()?)));
    let Some((day, month)) = numbers else { return Vec::new() };
    let moved = [(day - day.min(1), month), (day + 1, month), (day, month - month.min(1)), (day, month + 1)];
    let there_is = |(day, month): &(u32, u32)| (1..=31).contains(day) && (1..=24).contains(month);
    moved.into_iter().filter(there_is).map(|(day, month)| format!("day {day} of month {month}")).collect()
}

fn of_cadence(text: &str) -> Vec<String> {
    match text.split_once(':') {
        Some(("weekly", day)) => around(&WEEKDAYS, day).into_iter().map(|day| format!("weekly:{day}")).collect(),
        Some(("monthly", day)) => {
            let day = day.parse::<u32>().unwrap_or(0);
            let days = [day.saturating_sub(1), day + 1];
            days.into_iter().filter(|day| (1..=31).contains(day)).map(|day| format!("monthly:{day}")).collect()
        }
        _ => vec!["weekly:monday".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Place;

    fn steps(path: &str, text: &str) -> Vec<String> {
        let place = Place { file: 0, start: 0, end: 0 };
        of(&Table::default(), path, &Node { value: Value::Text(text.to_owned()), place, change: None })
    }

    #[test]
    fn each_kind_of_value_moves_by_its_smallest_step() {
        for (path, text, moved) in [
            ("coop.threshold", "4000.00 USD", &["3999.99 USD", "4000.01 USD"][..]),
            ("coop.threshold", "0.00 USD", &["0.01 USD"]),
            ("lever.x.rate", "4.75%", &["4.7499%", "4.7501%"]),
            ("lever.x.rate", "0%", &["0.0001%"]),
            ("payout.due", "45d", &["44d", "46d"]),
            ("competency.gold.erp.people", "1 people", &["2 people"]),
            ("gate.x.at_least", "25 points", &["24.99 points", "25.01 points"]),
            ("calendar.earning_period", "6mo", &["4mo", "12mo"]),
            ("calendar.program_year_ends", "december", &["november", "january"]),
            ("calendar.claim_opens", "day 1 of month 2", &["day 2 of month 2", "day 1 of month 1", "day 1 of month 3"]),
            ("assessment.cadence", "weekly:monday", &["weekly:sunday", "weekly:tuesday"]),
            ("assessment.cadence", "monthly:31", &["monthly:30"]),
            ("rounding.unit", "0.01 USD", &["0.001 USD", "0.02 USD"]),
            ("gate.x.upkeep", "entry_only", &["continuous"]),
            ("gate.x.source", "either", &["computed", "declared"]),
            ("coop.extension.x.earning_period", "FY20H2", &[]),
            ("lever.x.cap.window", "life", &["program_year", "earning_period"]),
            ("gate.x.fail_code", "IVDMPN", &[]),
            ("benefits.gold.annual_fee", "1.00 USD", &[]),
        ] {
            assert_eq!(steps(path, text), moved, "{path} {text}");
        }
    }
}
