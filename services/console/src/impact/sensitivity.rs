//! The totals over a range of one parameter.

use super::{ImpactPage, Sensitivity, words};
use crate::html::{Cell, Table, figure};
use crate::money::{grouped, short, thousandths};
use crate::scale::Linear;
use crate::svg::{Anchor, Svg};
use daybook_event::Exact;
use daybook_replay::{MEASURES, Measure};

const WIDTH: i32 = 1080;
const PLOT: (i32, i32) = (90, 1040);
const PANEL: i32 = 130;

pub(crate) fn write(html: &mut String, of: &ImpactPage<'_>) {
    let Some(sensitivity) = of.sensitivity.as_ref().filter(|varied| !varied.points.is_empty()) else { return };
    html.push_str("<section>\n<h2>How much hangs on one parameter</h2>\n");
    let title = format!("Cash and usable co-op of the candidate over {}", sensitivity.path);
    let note = "Every point is a replay of all partners with that value.";
    figure(html, "sensitivity", &title, &picture(&title, sensitivity), note, &table(&title, sensitivity));
    html.push_str("</section>\n");
}

fn picture(title: &str, of: &Sensitivity) -> String {
    let says = "A curve per measure: its total over all partners at each value of the parameter.";
    let mut svg = Svg::new("sensitivity", title, says, (WIDTH, 3 * (PANEL + 30) + 40));
    let last = i32::try_from(of.points.len() - 1).unwrap_or(0);
    let place = |at: i32| PLOT.0 + (PLOT.1 - PLOT.0) * at / last.max(1);
    for (panel, measure) in (0_i32..).zip([Measure::Earned, Measure::Cash, Measure::CoopUsable]) {
        let top = 22 + panel * (PANEL + 30);
        let amounts: Vec<Exact> =
            of.points.iter().map(|(_, sums)| sums.get(&measure).copied().unwrap_or_default()).collect();
        let axis = Linear::around(amounts.iter().map(|amount| thousandths(*amount)), (top + PANEL, top), 4);
        svg.text("strong", (PLOT.0, top - 7), Anchor::Start, words::measure(measure));
        for tick in axis.ticks(4) {
            svg.line(if tick == 0 { "axis" } else { "grid" }, (PLOT.0, axis.at(tick)), (PLOT.1, axis.at(tick)));
            svg.text("small", (PLOT.0 - 8, axis.at(tick) + 4), Anchor::End, &short(tick));
        }
        let points: Vec<(i32, i32)> =
            (0_i32..).zip(&amounts).map(|(at, amount)| (place(at), axis.at(thousandths(*amount)))).collect();
        svg.polyline("curve", &points);
        points.iter().for_each(|point| svg.mark(crate::svg::Mark::Better, *point, 4, ""));
    }
    let every = of.points.len() / 8 + 1;
    for (at, (value, _)) in (0_i32..).zip(&of.points).step_by(every) {
        svg.text("small", (place(at), 3 * (PANEL + 30) + 16), Anchor::Middle, value);
    }
    svg.finish()
}

fn table(title: &str, of: &Sensitivity) -> Table {
    let names: Vec<&str> = MEASURES.into_iter().map(words::measure).collect();
    let mut table = Table::new(title, &[&["Value"], names.as_slice()].concat());
    for (value, sums) in &of.points {
        let mut row = vec![Cell::number(value)];
        row.extend(
            MEASURES.into_iter().map(|measure| Cell::number(grouped(sums.get(&measure).copied().unwrap_or_default()))),
        );
        table.row(row);
    }
    table
}
