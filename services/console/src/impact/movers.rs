//! The partners that the change moves most.

use super::{ImpactPage, words};
use crate::html::{Cell, Table};
use crate::money::signed;
use daybook_event::Exact;
use daybook_replay::{MEASURES, Measure, Mover};

/// Rows of each table.
const MOVERS_MAX: usize = 50;

pub(crate) fn write(html: &mut String, of: &ImpactPage<'_>) {
    html.push_str("<section>\n<h2>Who moves most</h2>\n");
    let loses = |mover: &&Mover| {
        let delta = |measure: Measure| mover.measured.delta(measure);
        (delta(Measure::Earned), delta(Measure::Cash)) < (Exact::ZERO, Exact::ZERO)
    };
    let (lose, gain): (Vec<&Mover>, Vec<&Mover>) = of.impact.movers.iter().partition(loses);
    table(html, "Largest losses, by change of earned, then cash", &lose);
    table(html, "Largest gains, by change of earned, then cash", &gain.into_iter().rev().collect::<Vec<_>>());
    html.push_str("</section>\n");
}

fn table(html: &mut String, caption: &str, movers: &[&Mover]) {
    let names: Vec<&str> = MEASURES.into_iter().map(words::measure).collect();
    let columns = [&["Partner", "Band", "Billed in a year", "% of earned"], names.as_slice()].concat();
    let shown = &movers[..movers.len().min(MOVERS_MAX)];
    let mut table = Table::new(caption, &columns);
    for mover in shown {
        let mut row = vec![
            Cell::code(&mover.partner_id),
            Cell::text(words::band(mover.band)),
            Cell::text(words::size(mover.size)),
            Cell::number(&mover.earned_percent),
        ];
        row.extend(MEASURES.into_iter().map(|measure| Cell::number(signed(mover.measured.delta(measure)))));
        table.row(row);
    }
    if table.is_empty() {
        html.push_str("<p>Nobody.</p>\n");
        return;
    }
    table.write(html);
    html.push_str(&format!("<p class=\"note\">{}</p>\n", words::shown(shown.len(), movers.len(), "Partners")));
}
