//! Winners and losers in bands: how many partners, how much money.

use super::{ImpactPage, words};
use crate::html::{Cell, Table, figure};
use crate::money::{count, signed};
use crate::svg::{Anchor, Svg};
use daybook_replay::{Band, BandTally, MEASURES, Measure, percent};

const WIDTH: i32 = 1080;
const PLOT: (i32, i32) = (250, 640);
const ROW: i32 = 27;
const TOP: i32 = 26;

/// How a band is drawn.
pub(crate) fn class(band: Band) -> &'static str {
    match band {
        Band::LostEligibility | Band::LossOver5 | Band::LossUpTo5 => "loss",
        Band::LostCoopUse => "down",
        Band::Unchanged => "same",
        Band::Shifted => "other",
        Band::GainUpTo5 | Band::GainOver5 | Band::GainedEligibility => "gain",
        Band::GainedCoopUse => "up",
    }
}

pub(crate) fn write(html: &mut String, of: &ImpactPage<'_>) {
    let title = "Partners by what the change does to them";
    let note = "Every partner is in one band, the first that holds: eligibility before co-op use before money. \
                The percentages are of what the partner earned under the reference.";
    figure(html, "bands", title, &picture(of, title), note, &table(of, title));
}

fn picture(of: &ImpactPage<'_>, title: &str) -> String {
    let all: Vec<&(Band, BandTally)> = of.impact.bands.iter().collect();
    let most = all.iter().map(|(_, tally)| tally.partners).max().unwrap_or(0).max(1);
    let rows = i32::try_from(all.len()).unwrap_or(0);
    let says = format!("A bar per band, as long as it has partners; the longest has {most}.");
    let mut svg = Svg::new("bands", title, &says, (WIDTH, TOP + rows * ROW + 6));
    svg.text("small", (PLOT.0, 16), Anchor::Start, "partners");
    svg.text("small", (860, 16), Anchor::End, "change of earned");
    svg.text("small", (WIDTH - 8, 16), Anchor::End, "change of cash");
    svg.line("axis", (PLOT.0, TOP), (PLOT.0, TOP + rows * ROW));
    for (at, (band, tally)) in (0_i32..).zip(all) {
        let y = TOP + at * ROW;
        // Counts of partners are far below what a product with a width in pixels could overflow.
        let length = i32::try_from((PLOT.1 - PLOT.0) as usize * tally.partners / most).unwrap_or(0);
        svg.text("label", (PLOT.0 - 10, y + 18), Anchor::End, words::band(*band));
        if tally.partners > 0 {
            svg.rect(class(*band), (PLOT.0, y + 4), (PLOT.0 + length.max(2), y + ROW - 4));
        }
        svg.text("number", (PLOT.0 + length.max(2) + 8, y + 18), Anchor::Start, &count(tally.partners));
        for (measure, x) in [(Measure::Earned, 860), (Measure::Cash, WIDTH - 8)] {
            svg.text("number", (x, y + 18), Anchor::End, &signed(tally.measured.delta(measure)));
        }
    }
    svg.finish()
}

fn table(of: &ImpactPage<'_>, title: &str) -> Table {
    let names: Vec<&str> = MEASURES.into_iter().map(words::measure).collect();
    let mut table = Table::new(title, &[&["Band", "Partners", "% of partners"], names.as_slice()].concat());
    let whole = daybook_event::Exact::from_units(i64::try_from(of.impact.everyone.len()).unwrap_or(i64::MAX));
    for (band, tally) in of.impact.bands.iter() {
        let part = daybook_event::Exact::from_units(i64::try_from(tally.partners).unwrap_or(i64::MAX));
        let mut row = vec![
            Cell::text(words::band(*band)),
            Cell::number(count(tally.partners)),
            Cell::number(percent(part, whole)),
        ];
        row.extend(MEASURES.into_iter().map(|measure| Cell::number(signed(tally.measured.delta(measure)))));
        table.row(row);
    }
    table
}
