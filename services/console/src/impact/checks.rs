//! What must hold of every comparison, looked at again before it is shown.

use super::{Check, ImpactPage, waterfall};
use crate::html::{Cell, Table};
use daybook_event::{Exact, Month};
use daybook_replay::{MEASURES, Measure, Tally};

/// The sums of the page, then what the comparison found.
pub(crate) fn all(of: &ImpactPage<'_>) -> Vec<Check> {
    let mut checks = vec![everybody_has_a_band(of), cuts_add_up(of)];
    if let Some(has_passed) = waterfall::foots(of) {
        let says = "In every measure the parts of the changes add up to the whole change, to the cent.";
        checks.push(check("the parts add up", has_passed, says));
    }
    checks.extend([nothing_before(of), no_row_before(of)]);
    checks
}

fn check(name: &str, has_passed: bool, says: &str) -> Check {
    Check { name: name.to_owned(), has_passed, says: says.to_owned() }
}

fn everybody_has_a_band(of: &ImpactPage<'_>) -> Check {
    let in_bands: usize = of.impact.bands.iter().map(|(_, tally)| tally.partners).sum();
    let all = of.impact.everyone.len();
    let says = format!("{in_bands} of {all} partners are in a band.");
    check("every partner is in one band", in_bands == all, &says)
}

fn cuts_add_up(of: &ImpactPage<'_>) -> Check {
    let sums = |tallies: &mut dyn Iterator<Item = &Tally>, measure: Measure| {
        let deltas = tallies.filter(|tally| tally.measure == measure).map(|tally| tally.delta.delta);
        deltas.into_iter().try_fold(Exact::ZERO, |sum, delta| sum.plus(delta))
    };
    let holds = MEASURES.into_iter().all(|measure| {
        let total = Some(of.total(measure).delta);
        let months = sums(&mut of.impact.by_month.iter().map(|row| &row.tally), measure);
        let sizes = sums(&mut of.impact.by_size.iter().map(|row| &row.tally), measure);
        months.ok() == total && sizes.ok() == total
    });
    check("the cuts add up", holds, "Months and sizes add up to the totals, in every measure.")
}

/// Earned and cash of months that end before any difference between the books begins.
fn nothing_before(of: &ImpactPage<'_>) -> Check {
    let name = "nothing changes before the first date";
    let Some(first) = of.lines.iter().map(|line| line.begins).min() else {
        let holds = of.impact.movers.is_empty();
        return check(name, holds, "The books say the same, so nothing may change at all.");
    };
    let early = of.impact.by_month.iter().filter(|row| row.month < Month::of(first));
    let early = early.filter(|row| [Measure::Earned, Measure::Cash].contains(&row.tally.measure));
    let changed: Vec<String> =
        early.filter(|row| !row.tally.delta.delta.is_zero()).map(|row| row.month.to_string()).collect();
    if changed.is_empty() {
        return check(name, true, &format!("No month before {first} has a change of earned or cash."));
    }
    check(name, false, &format!("Terms differ from {first} on, but these months change: {}.", changed.join(", ")))
}

/// Every row of every partner, as the comparison itself looks at it.
fn no_row_before(of: &ImpactPage<'_>) -> Check {
    let earlier = &of.attributed.earlier_differences;
    let name = "no row of an earlier month differs";
    let Some(first) = earlier.first() else {
        let says = "Postings, standing, buckets and payouts of the months before are the same on both sides.";
        return check(name, true, says);
    };
    let says =
        format!("{} rows differ, first {} of {} in {}.", earlier.len(), first.figure, first.partner_id, first.month);
    check(name, false, &says)
}

pub(crate) fn write(html: &mut String, checks: &[Check]) {
    html.push_str("<section>\n<h2>Checks</h2>\n");
    let mut table = Table::new("What must hold", &["Check", "Passed", "Found"]);
    for check in checks {
        let passed = if check.has_passed { "yes" } else { "NO" };
        table.row(vec![Cell::text(&check.name), Cell::text(passed), Cell::text(&check.says)]);
    }
    table.write(html);
    html.push_str("</section>\n");
}
