//! Partners close to a threshold: where little decides much.

use super::{ImpactPage, words};
use crate::html::{Cell, Table};
use crate::money::{grouped, signed};
use daybook_replay::{NearCliff, Side};

/// Rows of the table.
const CLIFFS_MAX: usize = 100;

pub(crate) fn write(html: &mut String, of: &ImpactPage<'_>) {
    html.push_str("<section>\n<h2>Close to a threshold</h2>\n");
    if of.impact.near_cliffs.is_empty() {
        html.push_str("<p>No partner is within 5 % of a co-op threshold or of a revenue gate.</p>\n</section>\n");
        return;
    }
    let mut nearest: Vec<&NearCliff> = of.impact.near_cliffs.iter().collect();
    // The most that is at stake first; the table is cut there.
    nearest.sort_by_key(|cliff| std::cmp::Reverse(cliff.at_stake.raw().abs()));
    let shown = &nearest[..nearest.len().min(CLIFFS_MAX)];
    let columns = ["Partner", "Under", "Threshold", "Period", "Has", "Needs", "Distance", "Passes", "At stake"];
    let mut table = Table::new("Partners within 5 % of a co-op threshold or of a revenue gate", &columns);
    for cliff in shown {
        let side = match cliff.side {
            Side::Reference => of.reference.name,
            Side::Candidate => of.candidate.name,
        };
        let period = if cliff.period.is_empty() { format!("on {}", of.through) } else { cliff.period.clone() };
        table.row(vec![
            Cell::code(&cliff.partner_id),
            Cell::text(side),
            Cell::code(&cliff.path),
            Cell::text(period),
            Cell::number(grouped(cliff.measured)),
            Cell::number(grouped(cliff.required)),
            Cell::number(signed(cliff.distance)),
            Cell::text(if cliff.is_met { "yes" } else { "no" }),
            Cell::number(grouped(cliff.at_stake)),
        ]);
    }
    table.write(html);
    html.push_str(&format!(
        "<p class=\"note\">{} At stake: the co-op of the lot, which is usable or paid as rebate; for a gate, what the \
         partner earned in the last twelve months under the book that gave it more.</p>\n</section>\n",
        words::shown(shown.len(), nearest.len(), "Rows")
    ));
}
