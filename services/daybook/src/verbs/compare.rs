//! `daybook compare`: two rule books over the same records.

mod files;

use crate::books::Books;
use crate::cli::{Cli, CompareArguments, Format};
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::window;
use daybook_event::{Exact, PartnerId};
use daybook_replay::{Comparison, Impact, MEASURES, Measure, PartnerDelta, compare, impact, replay};
use serde::Serialize;
use std::collections::BTreeMap;

pub(crate) fn run(cli: &Cli, arguments: &CompareArguments) -> Result<(), Failure> {
    let known = window::known(&cli.ledger, arguments.window.known_as_of.as_deref())?;
    let books = Books::known(cli.rules.as_deref(), &known)?;
    let (reference, candidate) = (books.book(&arguments.reference)?, books.book(&arguments.candidate)?);
    let window = window::read(&known, arguments.window.through)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let before = replay(&window.histories, &reference.book, window.through, threads);
    let after = replay(&window.histories, &candidate.book, window.through, threads);
    let names = (arguments.reference.as_str(), arguments.candidate.as_str());
    let mut comparison = compare(reference.book.calendar(), names, window.position, &before, &after)?;
    if let Some(partner) = &arguments.partner {
        if !before.has(partner) {
            return Err(window::partner_missing(partner));
        }
        comparison = comparison.of_partner(partner)?;
    }
    let sides = [(&reference.book, &before), (&candidate.book, &after)];
    let impact = impact(&window.histories, window.through, sides[0], sides[1], arguments.partner.as_ref())?;
    files::write(cli, arguments, &books, &window, [&reference.book, &candidate.book], &comparison, &impact)?;
    let head = [
        ("reference", reference.note),
        ("candidate", candidate.note),
        ("position", window.position.to_string()),
        ("through", window.through.to_string()),
    ];
    let sections = match arguments.format.format {
        Format::Csv => vec![Section::new("partners", &comparison.partners)?],
        Format::Table | Format::Json => {
            let mut sections = tables(&comparison, arguments.top)?;
            sections.extend(files::impact_tables(&impact)?);
            sections
        }
    };
    let document = Document { comparison: &comparison, impact: &impact };
    output::print(arguments.format.format, &document, &head, &sections)
}

/// What is printed as JSON: the comparison, and what it does to whom.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    comparison: &'a Comparison,
    #[serde(flatten)]
    impact: &'a Impact,
}

/// A partner's change in every measure, all periods together.
#[derive(Serialize)]
struct Mover {
    partner_id: PartnerId,
    #[serde(flatten)]
    deltas: serde_json::Map<String, serde_json::Value>,
}

/// The tables of a comparison: totals, who gains and who loses. Shared with the demo.
pub(crate) fn tables(comparison: &Comparison, top: usize) -> Result<Vec<Section>, Failure> {
    let (gain, lose) = movers(&comparison.partners)?;
    let title = |what: &str, all: &[Mover]| {
        let shown = all.len().min(top);
        format!("partners that {what}: {shown} of {}, by change in earned, then cash", all.len())
    };
    let shown = |all: &[Mover]| all.iter().take(top).map(serde_json::to_value).collect::<Result<Vec<_>, _>>();
    Ok(vec![
        Section::new("totals", &comparison.totals)?,
        Section { name: title("lose", &lose), rows: shown(&lose)? },
        Section { name: title("gain", &gain), rows: shown(&gain)? },
    ])
}

/// Partners with any change: gainers and losers by the change in what they earned; where that is nothing, in cash.
fn movers(rows: &[PartnerDelta]) -> Result<(Vec<Mover>, Vec<Mover>), Failure> {
    let mut sums: BTreeMap<&PartnerId, BTreeMap<Measure, Exact>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !row.delta.delta.is_zero()) {
        let sum = sums.entry(&row.partner_id).or_default().entry(row.measure).or_default();
        *sum = sum.plus(row.delta.delta)?;
    }
    let mut ranked: Vec<(Exact, Exact, Mover)> = Vec::new();
    for (partner_id, deltas) in sums {
        let of = |measure: Measure| deltas.get(&measure).copied().unwrap_or_default();
        let named = MEASURES.iter().map(|measure| (measure.to_string(), of(*measure).to_string().into())).collect();
        ranked.push((of(Measure::Earned), of(Measure::Cash), Mover { partner_id: partner_id.clone(), deltas: named }));
    }
    ranked.sort_by(|a, b| (a.0, a.1, &a.2.partner_id).cmp(&(b.0, b.1, &b.2.partner_id)));
    let loses = |(earned, cash, _): &(Exact, Exact, Mover)| (*earned, *cash) < (Exact::ZERO, Exact::ZERO);
    let (lose, gain): (Vec<_>, Vec<_>) = ranked.into_iter().partition(loses);
    let movers = |all: Vec<(Exact, Exact, Mover)>| all.into_iter().map(|(_, _, mover)| mover).collect::<Vec<_>>();
    Ok((movers(gain.into_iter().rev().collect()), movers(lose)))
}
