//! From which state to which: earning periods of partners under both books.

use super::{ImpactPage, words};
use crate::html::{Cell, Table, figure};
use crate::money::{count, grouped, signed};
use crate::svg::{Anchor, Svg};
use daybook_replay::{StateCount, Transition};

const LEFT: i32 = 190;
const TOP: i32 = 62;
const ROW: i32 = 58;

pub(crate) fn write(html: &mut String, of: &ImpactPage<'_>) {
    if of.impact.states.is_empty() {
        return;
    }
    let title = "States of partners' earning periods: reference down, candidate across";
    let note = "Each cell: earning periods of partners, and the co-op concerned: what is accrued under the reference, or \
                where that is nothing, under the candidate. Grey: the same state. Striped: a worse one. Blue: a better one.";
    figure(html, "transitions", title, &picture(of, title), note, &table(of, title));
}

fn picture(of: &ImpactPage<'_>, title: &str) -> String {
    let states = &of.impact.states;
    let columns = i32::try_from(states.len()).unwrap_or(0);
    let width = 700 / columns.max(1);
    let (right, bottom) = (LEFT + columns * width, TOP + columns * ROW);
    let says = "A table of states before and after; off the grey diagonal, periods change their state.";
    let mut svg = Svg::new("transitions", title, says, (1080, bottom + 40));
    svg.text("strong", (LEFT, 18), Anchor::Start, "under the candidate");
    svg.text("strong", (LEFT - 14, TOP - 12), Anchor::End, "under the reference");
    for (at, state) in (0_i32..).zip(states) {
        let (x, y) = (LEFT + at * width, TOP + at * ROW);
        svg.text("label", (x + width / 2, TOP - 12), Anchor::Middle, words::state(state.state));
        svg.text("label", (LEFT - 14, y + ROW / 2 + 4), Anchor::End, words::state(state.state));
        let all = |periods: usize| format!("{} in all", count(periods));
        svg.text("small", (right + 14, y + ROW / 2 + 4), Anchor::Start, &all(state.reference));
        svg.text("small", (x + width / 2, bottom + 20), Anchor::Middle, &all(state.candidate));
        for (to_at, to) in (0_i32..).zip(states) {
            cell(&mut svg, of, (state, to), (LEFT + to_at * width, y), width);
        }
    }
    svg.finish()
}

fn cell(svg: &mut Svg, of: &ImpactPage<'_>, (from, to): (&StateCount, &StateCount), (x, y): (i32, i32), width: i32) {
    let found = of.impact.transitions.iter().find(|cell| (cell.from, cell.to) == (from.state, to.state));
    // States are ordered from worse to better for the partner.
    let class = match (found, from.state.cmp(&to.state)) {
        (None, std::cmp::Ordering::Equal) | (Some(_), std::cmp::Ordering::Equal) => "cell-same",
        (None, _) => "cell",
        (Some(_), std::cmp::Ordering::Greater) => "cell-worse",
        (Some(_), std::cmp::Ordering::Less) => "cell-better",
    };
    svg.rect(class, (x + 2, y + 2), (x + width - 2, y + ROW - 2));
    let Some(Transition { periods, amount, .. }) = found else { return };
    let middle = x + width / 2;
    svg.text("strong number", (middle, y + ROW / 2 - 3), Anchor::Middle, &count(*periods));
    svg.text("small number", (middle, y + ROW / 2 + 15), Anchor::Middle, &grouped(*amount));
}

fn table(of: &ImpactPage<'_>, title: &str) -> Table {
    let columns = [
        "From",
        "To",
        "Partners",
        "Periods",
        "Co-op concerned",
        "Change of earned",
        "Change of cash",
        "Change of usable co-op",
    ];
    let mut table = Table::new(title, &columns);
    for cell in &of.impact.transitions {
        table.row(vec![
            Cell::text(words::state(cell.from)),
            Cell::text(words::state(cell.to)),
            Cell::number(count(cell.partners)),
            Cell::number(count(cell.periods)),
            Cell::number(grouped(cell.amount)),
            Cell::number(signed(cell.earned)),
            Cell::number(signed(cell.cash)),
            Cell::number(signed(cell.coop_usable)),
        ]);
    }
    table
}
