//! The change month by month, with the dates on which terms change.

use super::{ImpactPage, words};
use crate::html::{Cell, Table, figure};
use crate::money::{short, signed, thousandths};
use crate::scale::Linear;
use crate::svg::{Anchor, Svg};
use daybook_event::{Exact, Month};
use daybook_replay::{MEASURES, Measure};
use std::collections::{BTreeMap, BTreeSet};

const WIDTH: i32 = 1080;
const PLOT: (i32, i32) = (80, 1060);
const PANEL: i32 = 150;
/// Months drawn at most: the last ones.
const MONTHS_MAX: usize = 96;

type Deltas = BTreeMap<(Month, Measure), Exact>;

pub(crate) fn write(html: &mut String, of: &ImpactPage<'_>) {
    html.push_str("<section>\n<h2>Month by month</h2>\n");
    let deltas: Deltas =
        of.impact.by_month.iter().map(|row| ((row.month, row.tally.measure), row.tally.delta.delta)).collect();
    let Some(range) = range(of) else {
        html.push_str("<p>Nothing was earned or paid in any month.</p>\n</section>\n");
        return;
    };
    let title = "Change of earned and of cash by earning month";
    let note = "A month's cash is what is paid for that month. Broken lines: the first day of other terms. \
                Dotted lines: ends of earning periods. Usable and forfeited co-op stand in the last month of their \
                earning period.";
    figure(html, "months", title, &picture(of, title, &deltas, range), note, &table(title, &deltas));
    html.push_str("</section>\n");
}

/// The first and the last month with anything on either side.
fn range(of: &ImpactPage<'_>) -> Option<(Month, Month)> {
    let months = || of.impact.by_month.iter().map(|row| row.month);
    let (first, last) = (months().min()?, months().max()?);
    let span = i32::try_from(MONTHS_MAX).unwrap_or(i32::MAX);
    Some((first.max(last.plus(1 - span)), last))
}

fn picture(of: &ImpactPage<'_>, title: &str, deltas: &Deltas, (first, last): (Month, Month)) -> String {
    let begins: BTreeSet<Month> = of.lines.iter().map(|line| Month::of(line.begins)).collect();
    let says = "Two rows of bars, up for more and down for less: what is earned, and what is paid.";
    let mut svg = Svg::new("months", title, says, (WIDTH, 2 * PANEL + 100));
    let count = last.since(first) + 1;
    let step = (PLOT.1 - PLOT.0) / count;
    let place = |month: Month| PLOT.0 + month.since(first) * step;
    for (at, measure) in (0_i32..).zip([Measure::Earned, Measure::Cash]) {
        let top = 24 + at * (PANEL + 28);
        let inside = |month: Month| (first..=last).contains(&month);
        let amounts = deltas.iter().filter(|((month, of), _)| *of == measure && inside(*month));
        let amounts: Vec<(Month, Exact)> = amounts.map(|((month, _), amount)| (*month, *amount)).collect();
        let axis = Linear::around(amounts.iter().map(|(_, amount)| thousandths(*amount)), (top + PANEL, top), 5);
        svg.text("strong", (PLOT.0, top - 8), Anchor::Start, words::measure(measure));
        for tick in axis.ticks() {
            let y = axis.at(tick);
            svg.line(if tick == 0 { "zero-line" } else { "grid" }, (PLOT.0, y), (PLOT.1, y));
            svg.text("small", (PLOT.0 - 8, y + 4), Anchor::End, &short(tick));
        }
        for (month, amount) in amounts.iter().filter(|(_, amount)| !amount.is_zero()) {
            let kind = if amount.is_negative() { "loss" } else { "gain" };
            let (x, y) = (place(*month), axis.at(thousandths(*amount)));
            let gap = (step / 6).max(1);
            svg.rect(kind, (x + gap, axis.at(0)), (x + step - gap, y));
        }
        for month in ends_of_periods(of).into_iter().filter(|month| inside(*month) && *month > first) {
            svg.line("threshold", (place(month), top), (place(month), top + PANEL));
        }
        for month in begins.iter().filter(|month| inside(**month)) {
            svg.line("dash", (place(*month), top - 4), (place(*month), top + PANEL));
        }
    }
    months_named(&mut svg, (first, last), &begins, step);
    svg.finish()
}

/// The months after the last ones of earning periods: what a lot becomes is decided between them.
fn ends_of_periods(of: &ImpactPage<'_>) -> BTreeSet<Month> {
    let periods = of.impact.everyone.iter().flat_map(|partner| &partner.periods);
    periods.map(|of_partner| of_partner.period.last_month().next()).collect()
}

/// Names under the axis, as many as have room; months of other terms always.
fn months_named(svg: &mut Svg, (first, last): (Month, Month), begins: &BTreeSet<Month>, step: i32) {
    let y = 24 + 2 * PANEL + 28 + 18;
    let every = (62 / step.max(1) + 1).max(1);
    for at in (0..=last.since(first)).filter(|at| at % every == 0) {
        let x = PLOT.0 + at * step + step / 2;
        svg.text("small", (x, y), Anchor::Middle, &first.plus(at).to_string());
    }
    for month in begins.iter().filter(|month| (first..=last).contains(*month)) {
        let x = PLOT.0 + month.since(first) * step;
        svg.text("small strong", (x, y + 18), Anchor::Middle, &format!("terms change {month}"));
    }
}

fn table(title: &str, deltas: &Deltas) -> Table {
    let names: Vec<&str> = MEASURES.into_iter().map(words::measure).collect();
    let mut table = Table::new(title, &[&["Month"], names.as_slice()].concat());
    let months: BTreeSet<Month> = deltas.keys().map(|(month, _)| *month).collect();
    for month in months {
        let of = |measure: Measure| deltas.get(&(month, measure)).copied().unwrap_or_default();
        let mut row = vec![Cell::text(month)];
        row.extend(MEASURES.into_iter().map(|measure| Cell::number(signed(of(measure)))));
        table.row(row);
    }
    table
}
