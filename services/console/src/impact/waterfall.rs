//! What each change does to each measure: from nothing, change by change, to the whole delta.

use super::{ImpactPage, words};
use crate::html::{Cell, Table, figure};
use crate::money::{grouped, short, signed, thousandths};
use crate::scale::Linear;
use crate::svg::{Anchor, Svg, cut};
use daybook_event::Exact;
use daybook_replay::{Measure, MeasureDelta};
use std::fmt::Write as _;

const WIDTH: i32 = 1080;
const PLOT: (i32, i32) = (270, 860);
const ROW: i32 = 28;
const TOP: i32 = 12;

pub(crate) fn write(html: &mut String, of: &ImpactPage<'_>) {
    html.push_str("<section>\n<h2>What each change does</h2>\n");
    if of.totals().iter().all(|total| total.by_change.is_none()) {
        html.push_str("<p>The parts of each change were not computed.</p>\n");
    } else {
        let _ = writeln!(html, "<p>Each delta in parts: {}.</p>", crate::html::escaped(of.method));
    }
    totals(html, of);
    for total in of.totals() {
        let Some(parts) = &total.by_change else { continue };
        let delta = &total.delta;
        let parts: Vec<(&str, Exact)> = parts.iter().collect();
        if delta.delta.is_zero() && parts.iter().all(|(_, part)| part.is_zero()) {
            continue;
        }
        let name = words::measure(total.measure);
        let title = format!("{name}: the change, part by part");
        let (svg, table) = (picture(total.measure, &title, delta, &parts), table(&title, delta, &parts));
        figure(html, &format!("waterfall-{}", total.measure), &title, &svg, "", &table);
    }
    html.push_str("</section>\n");
}

/// All measures, always together.
fn totals(html: &mut String, of: &ImpactPage<'_>) {
    let mut table =
        Table::new("Every measure over all partners", &["Measure", "Reference", "Candidate", "Change", "%"]);
    for total in of.totals() {
        let delta = &total.delta;
        table.row(vec![
            Cell::text(words::measure(total.measure)),
            Cell::number(grouped(delta.reference)),
            Cell::number(grouped(delta.candidate)),
            Cell::number(signed(delta.delta)),
            Cell::number(daybook_replay::percent(delta.delta, delta.reference)),
        ]);
    }
    table.write(html);
}

fn picture(measure: Measure, title: &str, delta: &MeasureDelta, parts: &[(&str, Exact)]) -> String {
    let mut sums = vec![Exact::ZERO];
    for (_, part) in parts {
        let before = sums.last().copied().unwrap_or_default();
        // Parts of a delta that fits add up to it; a sum on the way that does not is drawn where it was.
        sums.push(before.plus(*part).unwrap_or(before));
    }
    let axis = Linear::around(sums.iter().chain([&delta.delta]).map(|sum| thousandths(*sum)), PLOT, 8);
    let rows = i32::try_from(parts.len()).unwrap_or(0) + 1;
    let bottom = TOP + rows * ROW;
    let says = format!(
        "{} changes from {} to {}, by {}. A bar per change begins where the one before ends.",
        words::measure(measure),
        grouped(delta.reference),
        grouped(delta.candidate),
        signed(delta.delta)
    );
    let mut svg = Svg::new(&format!("w-{measure}"), title, &says, (WIDTH, bottom + 26));
    for tick in axis.ticks() {
        let x = axis.at(tick);
        svg.line(if tick == 0 { "zero-line" } else { "grid" }, (x, TOP), (x, bottom));
        svg.text("small", (x, bottom + 16), Anchor::Middle, &short(tick));
    }
    let mut y = TOP;
    for ((id, part), sum) in parts.iter().zip(&sums) {
        let (from, to) = (axis.at(thousandths(*sum)), axis.at(thousandths(sum.plus(*part).unwrap_or(*sum))));
        row(&mut svg, y, id, *part, (from, to), if part.is_negative() { "loss" } else { "gain" });
        // From the end of this bar to the next: through the whole row where there is no bar.
        let top = if part.is_zero() { y } else { y + ROW - 5 };
        svg.line("link", (to, top), (to, y + ROW + 5));
        y += ROW;
    }
    row(&mut svg, y, "the whole change", delta.delta, (axis.at(0), axis.at(thousandths(delta.delta))), "sum");
    svg.finish()
}

fn row(svg: &mut Svg, y: i32, label: &str, amount: Exact, (from, to): (i32, i32), class: &str) {
    svg.text("label", (PLOT.0 - 12, y + 18), Anchor::End, &cut(label, 38));
    if !amount.is_zero() {
        // A part too small for the axis is still a line.
        let to = if from == to { to + 1 } else { to };
        svg.rect(class, (from, y + 5), (to, y + ROW - 5));
    }
    svg.text("number", (WIDTH - 8, y + 18), Anchor::End, &signed(amount));
}

fn table(title: &str, delta: &MeasureDelta, parts: &[(&str, Exact)]) -> Table {
    let mut table = Table::new(title, &["Change", "Part"]);
    table.row(vec![Cell::text("reference"), Cell::number(grouped(delta.reference))]);
    for (id, part) in parts {
        table.row(vec![Cell::code(id), Cell::number(signed(*part))]);
    }
    table.row(vec![Cell::text("candidate"), Cell::number(grouped(delta.candidate))]);
    table
}

/// Whether the parts of every measure add up to its delta; none where there are no parts.
pub(crate) fn foots(of: &ImpactPage<'_>) -> Option<bool> {
    let split = || of.totals().iter().filter_map(|total| Some((total.delta.delta, total.by_change.as_ref()?)));
    split().next()?;
    Some(split().all(|(delta, parts)| {
        let sum = parts.iter().try_fold(Exact::ZERO, |sum, (_, part)| sum.plus(part));
        sum.is_ok_and(|sum| sum == delta)
    }))
}
