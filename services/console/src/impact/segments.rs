//! The change by solution area, lever and size of the partner.

use super::{ImpactPage, words};
use crate::html::{Cell, Table};
use crate::money::{count, grouped, signed};
use daybook_replay::{Tally, percent};

pub(crate) fn write(html: &mut String, of: &ImpactPage<'_>) {
    html.push_str("<section>\n<h2>By solution area, lever and size</h2>\n");
    let named = |name: &str| if name.is_empty() { "(no lever)".to_owned() } else { name.to_owned() };
    let impact = of.impact;
    table(
        html,
        "By solution area: the product groups that a lever matches",
        "Solution area",
        impact.by_area.iter().map(|row| (named(&row.area), &row.tally)),
    );
    table(html, "By lever", "Lever", impact.by_lever.iter().map(|row| (named(&row.lever), &row.tally)));
    table(
        html,
        "By size of the partner: what was billed in the last twelve months",
        "Billed",
        impact.by_size.iter().map(|row| (words::size(row.size).to_owned(), &row.tally)),
    );
    html.push_str("<p class=\"note\">What is paid, and what becomes of a lot, belongs to no lever. By size every measure adds up to its total.</p>\n</section>\n");
}

fn table<'a>(html: &mut String, caption: &str, part: &str, rows: impl Iterator<Item = (String, &'a Tally)>) {
    let columns = [part, "Measure", "Partners", "Gain", "Lose", "% lose", "Reference", "Candidate", "Change", "%"];
    let mut table = Table::new(caption, &columns);
    for (name, tally) in rows {
        table.row(vec![
            Cell::text(name),
            Cell::text(words::measure(tally.measure)),
            Cell::number(count(tally.partners)),
            Cell::number(count(tally.gain)),
            Cell::number(count(tally.lose)),
            Cell::number(share(tally.lose, tally.partners)),
            Cell::number(grouped(tally.delta.reference)),
            Cell::number(grouped(tally.delta.candidate)),
            Cell::number(signed(tally.delta.delta)),
            Cell::number(percent(tally.delta.delta, tally.delta.reference)),
        ]);
    }
    if table.is_empty() {
        return;
    }
    table.write(html);
}

/// A count as a share of another, in percent.
fn share(part: usize, whole: usize) -> String {
    let exact = |number: usize| daybook_event::Exact::from_units(i64::try_from(number).unwrap_or(i64::MAX));
    percent(exact(part), exact(whole))
}
