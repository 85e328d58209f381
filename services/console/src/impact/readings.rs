//! What the comparison would be under the other readings of unclear terms.

use super::{ImpactPage, words};
use crate::html::{Cell, Table, figure};
use crate::money::{short, signed, thousandths};
use crate::scale::Linear;
use crate::svg::{Anchor, Svg, cut};
use daybook_event::Exact;
use daybook_replay::{MEASURES, Measure, PricedReading};

const WIDTH: i32 = 1080;
const PLOT: (i32, i32) = (420, 920);
const ROW: i32 = 26;
const TOP: i32 = 24;

pub(crate) fn write(html: &mut String, of: &ImpactPage<'_>) {
    html.push_str("<section>\n<h2>Where the terms can be read otherwise</h2>\n");
    let readings = &of.attributed.interpretations;
    if readings.is_empty() {
        html.push_str("<p>No other reading was priced.</p>\n</section>\n");
        return;
    }
    let (priced, unpriced): (Vec<&PricedReading>, Vec<_>) = readings.iter().partition(|reading| reading.priced);
    let title = "The change of earned, cash and usable co-op under each other reading";
    let matters =
        |reading: &&&PricedReading| SHOWN.iter().any(|&of_these| value(reading, of_these) != of.total(of_these).delta);
    let drawn: Vec<&PricedReading> = priced.iter().filter(matters).copied().collect();
    let note = format!(
        "Each reading alone takes the place of the one chosen. The upright line is the change as compared. {} other \
         readings make no difference here and have no bar.",
        priced.len() - drawn.len()
    );
    figure(html, "readings", title, &picture(of, title, &drawn), &note, &table(of, title, &priced));
    if !unpriced.is_empty() {
        let columns = ["Parameter", "Chosen", "Other reading"];
        let mut table = Table::new("Readings in words, which the terms cannot say: they have no price", &columns);
        for PricedReading { reading, .. } in unpriced {
            table.row(vec![Cell::code(&reading.path), Cell::text(&reading.chosen), Cell::text(&reading.other)]);
        }
        table.write(html);
    }
    html.push_str("</section>\n");
}

const SHOWN: [Measure; 3] = [Measure::Earned, Measure::Cash, Measure::CoopUsable];

fn value(reading: &PricedReading, measure: Measure) -> Exact {
    reading.deltas.get(&measure).copied().unwrap_or_default()
}

fn picture(of: &ImpactPage<'_>, title: &str, priced: &[&PricedReading]) -> String {
    let rows = i32::try_from(priced.len()).unwrap_or(0);
    let panel = TOP + rows * ROW + 40;
    let says = "For each measure a bar per reading, from the change as compared to the change under that reading.";
    let mut svg = Svg::new("readings", title, says, (WIDTH, 3 * panel));
    for (at, measure) in (0_i32..).zip(SHOWN) {
        let (top, chosen) = (at * panel + TOP, of.total(measure).delta);
        let amounts = priced.iter().map(|reading| value(reading, measure)).chain([chosen]);
        let axis = Linear::around(amounts.map(thousandths), PLOT, 6);
        svg.text("strong", (PLOT.0, top - 8), Anchor::Start, words::measure(measure));
        for tick in axis.ticks() {
            svg.line("grid", (axis.at(tick), top), (axis.at(tick), top + rows * ROW));
            svg.text("small", (axis.at(tick), top + rows * ROW + 15), Anchor::Middle, &short(tick));
        }
        let middle = axis.at(thousandths(chosen));
        for (row, reading) in (0_i32..).zip(priced) {
            let (y, amount) = (top + row * ROW, value(reading, measure));
            let label = format!("{} = {}", reading.reading.path, reading.reading.other);
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

fn table(of: &ImpactPage<'_>, title: &str, priced: &[&PricedReading]) -> Table {
    let names: Vec<&str> = MEASURES.into_iter().map(words::measure).collect();
    let mut table = Table::new(title, &[&["Parameter", "Reading"], names.as_slice()].concat());
    let mut row = vec![Cell::text("as compared"), Cell::text("as chosen")];
    row.extend(MEASURES.into_iter().map(|measure| Cell::number(signed(of.total(measure).delta))));
    table.row(row);
    for reading in priced {
        let says = format!("{} instead of {}", reading.reading.other, reading.reading.chosen);
        let mut row = vec![Cell::code(&reading.reading.path), Cell::text(says)];
        row.extend(MEASURES.into_iter().map(|measure| Cell::number(signed(value(reading, measure)))));
        table.row(row);
    }
    table
}
