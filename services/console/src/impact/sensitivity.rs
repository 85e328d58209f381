//! The totals over a range of one parameter.

use super::{ImpactPage, words};
use crate::html::{Cell, Table, figure};
use crate::money::{grouped, short, thousandths};
use crate::scale::Linear;
use crate::svg::{Anchor, Svg};
use daybook_event::Exact;
use daybook_replay::{MEASURES, Measure, Sensitivity};

const WIDTH: i32 = 1080;
const PLOT: (i32, i32) = (90, 1040);
const PANEL: i32 = 130;

pub(crate) fn write(html: &mut String, of: &ImpactPage<'_>) {
    let varied = of.attributed.sensitivity.iter().filter(|varied| !varied.points.is_empty());
    for (at, varied) in varied.enumerate() {
        if at == 0 {
            html.push_str("<section>\n<h2>How much hangs on one parameter</h2>\n");
        }
        let name = format!("sensitivity-{}", at + 1);
        let title = format!("Totals of the candidate by {}", varied.path);
        let note = "Every point is a replay of all partners with that value.";
        figure(html, &name, &title, &picture(&name, &title, varied), note, &table(&title, varied));
    }
    if of.attributed.sensitivity.iter().any(|varied| !varied.points.is_empty()) {
        html.push_str("</section>\n");
    }
}

fn picture(name: &str, title: &str, of: &Sensitivity) -> String {
    let says = "A curve per measure: its total over all partners at each value of the parameter.";
    let mut svg = Svg::new(name, title, says, (WIDTH, 3 * (PANEL + 30) + 40));
    let last = i32::try_from(of.points.len() - 1).unwrap_or(0);
    let place = |at: i32| PLOT.0 + (PLOT.1 - PLOT.0) * at / last.max(1);
    for (panel, measure) in (0_i32..).zip([Measure::Earned, Measure::Cash, Measure::CoopUsable]) {
        let top = 22 + panel * (PANEL + 30);
        let amounts: Vec<Exact> =
            of.points.iter().map(|point| point.totals.get(&measure).copied().unwrap_or_default()).collect();
        let axis = Linear::around(amounts.iter().map(|amount| thousandths(*amount)), (top + PANEL, top), 4);
        svg.text("strong", (PLOT.0, top - 7), Anchor::Start, words::measure(measure));
        for tick in axis.ticks() {
            svg.line(if tick == 0 { "axis" } else { "grid" }, (PLOT.0, axis.at(tick)), (PLOT.1, axis.at(tick)));
            svg.text("small", (PLOT.0 - 8, axis.at(tick) + 4), Anchor::End, &short(tick));
        }
        let points: Vec<(i32, i32)> =
            (0_i32..).zip(&amounts).map(|(at, amount)| (place(at), axis.at(thousandths(*amount)))).collect();
        svg.polyline("curve", &points);
        points.iter().for_each(|point| svg.mark(crate::svg::Mark::Better, *point, 4, ""));
    }
    let every = of.points.len() / 8 + 1;
    for (at, point) in (0_i32..).zip(&of.points).step_by(every) {
        svg.text("small", (place(at), 3 * (PANEL + 30) + 16), Anchor::Middle, &point.value);
    }
    svg.finish()
}

fn table(title: &str, of: &Sensitivity) -> Table {
    let names: Vec<&str> = MEASURES.into_iter().map(words::measure).collect();
    let mut table = Table::new(title, &[&["Value"], names.as_slice()].concat());
    for point in &of.points {
        let total = |measure: Measure| grouped(point.totals.get(&measure).copied().unwrap_or_default());
        let mut row = vec![Cell::number(&point.value)];
        row.extend(MEASURES.into_iter().map(|measure| Cell::number(total(measure))));
        table.row(row);
    }
    table
}
