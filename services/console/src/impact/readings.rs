//! What the comparison would be under the other readings of unclear terms.

use super::{ImpactPage, PricedReading, words};
use crate::html::{Cell, Table, figure};
use crate::money::{short, signed, thousandths};
use crate::scale::Linear;
use crate::svg::{Anchor, Svg, cut};
use daybook_event::Exact;
use daybook_replay::{MEASURES, Measure};
use std::collections::BTreeMap;

const WIDTH: i32 = 1080;
const PLOT: (i32, i32) = (420, 920);
const ROW: i32 = 26;
const TOP: i32 = 24;

/// A reading that could be priced.
type Priced<'a> = (&'a PricedReading, &'a BTreeMap<Measure, Exact>);

pub(crate) fn write(html: &mut String, of: &ImpactPage<'_>) {
    html.push_str("<section>\n<h2>Where the terms can be read otherwise</h2>\n");
    if of.readings.is_empty() {
        html.push_str("<p>No other reading was priced.</p>\n</section>\n");
        return;
    }
    let priced: Vec<Priced<'_>> =
        of.readings.iter().filter_map(|reading| Some((reading, reading.deltas.as_ref().ok()?))).collect();
    let title = "The change of earned, cash and usable co-op under each other reading";
    let note = "Each reading alone takes the place of the one chosen. The upright line is the change as compared.";
    figure(html, "readings", title, &picture(of, title, &priced), note, &table(of, title, &priced));
    let unpriced: Vec<_> = of.readings.iter().filter_map(|one| Some((one, one.deltas.as_ref().err()?))).collect();
    if !unpriced.is_empty() {
        let mut table = Table::new("Readings without a price", &["Parameter", "Chosen", "Other reading", "Why not"]);
        for (one, why) in unpriced {
            table.row(vec![Cell::code(&one.path), Cell::text(&one.chosen), Cell::text(&one.other), Cell::text(why)]);
        }
        table.write(html);
    }
    html.push_str("</section>\n");
}

const SHOWN: [Measure; 3] = [Measure::Earned, Measure::Cash, Measure::CoopUsable];

fn delta_of(of: &ImpactPage<'_>, measure: Measure) -> Exact {
    of.totals.iter().find(|total| total.measure == measure).map(|total| total.delta.delta).unwrap_or_default()
}

fn picture(of: &ImpactPage<'_>, title: &str, priced: &[Priced<'_>]) -> String {
    let rows = i32::try_from(priced.len()).unwrap_or(0);
    let panel = TOP + rows * ROW + 40;
    let says = "For each measure a bar per reading, from the change as compared to the change under that reading.";
    let mut svg = Svg::new("readings", title, says, (WIDTH, 3 * panel));
    for (at, measure) in (0_i32..).zip(SHOWN) {
        let (top, chosen) = (at * panel + TOP, delta_of(of, measure));
        let value = |deltas: &BTreeMap<Measure, Exact>| deltas.get(&measure).copied().unwrap_or_default();
        let amounts = priced.iter().map(|(_, deltas)| value(deltas)).chain([chosen]);
        let axis = Linear::around(amounts.map(thousandths), PLOT, 6);
        svg.text("strong", (PLOT.0, top - 8), Anchor::Start, words::measure(measure));
        for tick in axis.ticks(6) {
            svg.line("grid", (axis.at(tick), top), (axis.at(tick), top + rows * ROW));
            svg.text("small", (axis.at(tick), top + rows * ROW + 15), Anchor::Middle, &short(tick));
        }
        let middle = axis.at(thousandths(chosen));
        for (row, (reading, deltas)) in (0_i32..).zip(priced) {
            let (y, amount) = (top + row * ROW, value(deltas));
            let label = format!("{} = {}", reading.path, reading.other);
            svg.text("label", (PLOT.0 - 12, y + 17), Anchor::End, &cut(&label, 58));
            let kind = if amount < chosen { "loss" } else { "gain" };
            if amount != chosen {
                svg.rect(kind, (middle, y + 5), (axis.at(thousandths(amount)), y + ROW - 5));
            }
            svg.text("number", (WIDTH - 8, y + 17), Anchor::End, &signed(amount));
        }
        svg.line("zero-line", (middle, top - 2), (middle, top + rows * ROW));
    }
    svg.finish()
}

fn table(of: &ImpactPage<'_>, title: &str, priced: &[Priced<'_>]) -> Table {
    let names: Vec<&str> = MEASURES.into_iter().map(words::measure).collect();
    let mut table = Table::new(title, &[&["Parameter", "Reading"], names.as_slice()].concat());
    let mut row = vec![Cell::text("as compared"), Cell::text("as chosen")];
    row.extend(MEASURES.into_iter().map(|measure| Cell::number(signed(delta_of(of, measure)))));
    table.row(row);
    for (reading, deltas) in priced {
        let says = format!("{} instead of {}", reading.other, reading.chosen);
        let mut row = vec![Cell::code(&reading.path), Cell::text(says)];
        let value = |measure: Measure| deltas.get(&measure).copied().unwrap_or_default();
        row.extend(MEASURES.into_iter().map(|measure| Cell::number(signed(value(measure)))));
        table.row(row);
    }
    table
}
