//! The partners that the change moves most.

use super::{ImpactPage, words};
use crate::html::{Cell, Table};
use crate::money::signed;
use daybook_event::{Exact, PartnerId};
use daybook_replay::{MEASURES, Measure, Mover};
use std::collections::BTreeMap;

/// Rows of each table.
const MOVERS_MAX: usize = 50;

pub(crate) fn write(html: &mut String, of: &ImpactPage<'_>) {
    html.push_str("<section>\n<h2>Who moves most</h2>\n");
    let loses = |mover: &&Mover| {
        let delta = |measure: Measure| mover.measured.delta(measure);
        (delta(Measure::Earned), delta(Measure::Cash)) < (Exact::ZERO, Exact::ZERO)
    };
    let (lose, gain): (Vec<&Mover>, Vec<&Mover>) = of.impact.movers.iter().partition(loses);
    let gain: Vec<&Mover> = gain.into_iter().rev().collect();
    table(html, of, "Largest losses, by change of earned, then cash", &lose);
    table(html, of, "Largest gains, by change of earned, then cash", &gain);
    html.push_str("</section>\n");
}

/// The change whose part is the largest, for each of these partners: of earned, or of cash where earned is the same.
fn main_causes<'a>(of: &'a ImpactPage<'_>, movers: &[&Mover]) -> BTreeMap<PartnerId, &'a str> {
    let measure_of: BTreeMap<&PartnerId, Measure> = movers
        .iter()
        .map(|mover| {
            let is_same = mover.measured.delta(Measure::Earned).is_zero();
            (&mover.partner_id, if is_same { Measure::Cash } else { Measure::Earned })
        })
        .collect();
    let mut sums: BTreeMap<&PartnerId, Vec<(&str, i128)>> = BTreeMap::new();
    for row in &of.attributed.comparison.partners {
        let Some(parts) = row.by_change.as_ref().filter(|_| measure_of.get(&row.partner_id) == Some(&row.measure))
        else {
            continue;
        };
        let sum = sums.entry(&row.partner_id).or_insert_with(|| parts.iter().map(|(id, _)| (id, 0)).collect());
        // Only the largest is looked for: a sum beyond what can be held stays the largest.
        sum.iter_mut().zip(parts.iter()).for_each(|((_, sum), (_, part))| *sum = sum.saturating_add(part.raw()));
    }
    let largest = |(partner_id, parts): (&PartnerId, Vec<(&'a str, i128)>)| {
        let (id, part) = parts.into_iter().rev().max_by_key(|(_, part)| part.unsigned_abs())?;
        (part != 0).then(|| (partner_id.clone(), id))
    };
    sums.into_iter().filter_map(largest).collect()
}

fn table(html: &mut String, of: &ImpactPage<'_>, caption: &str, movers: &[&Mover]) {
    let names: Vec<&str> = MEASURES.into_iter().map(words::measure).collect();
    let columns = [&["Partner", "Band", "Billed in a year", "Mostly by", "% of earned"], names.as_slice()].concat();
    let shown = &movers[..movers.len().min(MOVERS_MAX)];
    let causes = main_causes(of, shown);
    let mut table = Table::new(caption, &columns);
    for mover in shown {
        let mut row = vec![
            Cell::code(&mover.partner_id),
            Cell::text(words::band(mover.band)),
            Cell::text(words::size(mover.size)),
            Cell::text(causes.get(&mover.partner_id).copied().unwrap_or_default()),
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
