//! `daybook compare`: two rule books over the same records.

mod answer;
mod attributed;
mod bases;
mod files;
mod kept;

use crate::books::Books;
use crate::cancel;
use crate::cli::{Cli, CompareArguments, Format};
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::waiting::Waiting;
use crate::window::{self, Known, Window};
use answer::{Effort, Frame};
use daybook_event::{Exact, NaiveDate, PartnerId};
use daybook_replay::{Attributed, Comparison, Impact, MEASURES, Measure, PartnerDelta, impact_seen};
use daybook_rules::Players;
use daybook_rules::model::RuleBook;
use daybook_views::ENGINE_SEMANTICS;
use serde::Serialize;
use std::collections::BTreeMap;

pub(crate) fn run(cli: &Cli, arguments: &CompareArguments) -> Result<(), Failure> {
    cancel::stop_on_signal();
    // One CSV on standard output is the partners' rows: the values would be computed and lost.
    if !arguments.attribution.vary.is_empty() && arguments.format.format == Format::Csv && arguments.files.csv.is_none()
    {
        return Err(Failure::Input(
            "--vary has no place in --format csv, which is the partners' rows: give --csv DIR, which has a file of them, or \
             another --format"
                .to_owned(),
        ));
    }
    let known = window::known(&cli.ledger, arguments.window.known_as_of.as_deref())?;
    let books = Books::known(cli.rules.as_deref(), &known)?;
    let (reference, candidate) = (books.book(&arguments.reference)?, books.book(&arguments.candidate)?);
    let libraries = [&arguments.reference, &arguments.candidate].map(|named| books.library_of_book(named));
    let [before, after] = libraries;
    let (before, after) = (before?, after?);
    if arguments.keep_closed {
        let window = windowed(&known, arguments)?;
        let waiting = Waiting::of(&known.snapshot, arguments.partner.as_ref())?;
        return kept::run(arguments, &books, (&window, &waiting), [(&reference, &before), (&candidate, &after)]);
    }
    let players = Players::between(&before, &after);
    let mut answer = answer::compute(arguments, &known, &players)?;
    let waiting = Waiting::of(&known.snapshot, arguments.partner.as_ref())?;
    let impact = impact_seen(&mut answer.attributed, answer.frame.through, answer.last_billed)?;
    let (attributed, frame, effort) = (&answer.attributed, &answer.frame, &answer.effort);
    let coordinates = Coordinates::of(frame, &reference.book, &candidate.book);
    let closed = answer.closed.as_str();
    let document = Document { comparison: attributed, coordinates: &coordinates, effort, closed, impact: &impact };
    files::write(cli, arguments, &books, frame, [&reference.book, &candidate.book], &document)?;
    let head = [
        ("reference", reference.note),
        ("candidate", candidate.note),
        ("closed", closed.to_owned()),
        ("position", frame.position.to_string()),
        ("through", frame.through.to_string()),
        ("attribution", attributed::said(&attributed.attribution, attributed.changes.len())),
        ("events read", effort.events_read.to_string()),
        ("folding", effort.said(attributed.attribution.folds)),
    ];
    let sections = match arguments.format.format {
        Format::Csv => vec![attributed::flat(Section::new("partners", &attributed.comparison.partners)?)],
        Format::Table | Format::Json => {
            let mut sections = tables(&attributed.comparison, arguments.top)?;
            sections.extend(attributed::tables(attributed)?);
            sections.extend(files::impact_tables(&impact)?);
            sections
        }
    };
    output::print_figures(arguments.format.format, &document, &head, &sections, &waiting)?;
    attributed::check(attributed)
}

/// The records that are asked for, in memory.
fn windowed(known: &Known, arguments: &CompareArguments) -> Result<Window, Failure> {
    let Some(partner_id) = &arguments.partner else { return window::read(known, arguments.window.through) };
    let window = window::read_partner(known, arguments.window.through, partner_id)?;
    if window.histories.partner(partner_id).is_none() {
        return Err(window::partner_missing(partner_id));
    }
    Ok(window)
}

/// What a comparison was computed from, beside its position: the same coordinates give the same figures for ever.
#[derive(Serialize)]
struct Coordinates {
    through: NaiveDate,
    root: String,
    /// The hash of the reference's terms.
    reference_book: String,
    /// The hash of the candidate's terms.
    candidate_book: String,
    engine_semantics: u32,
}

impl Coordinates {
    fn of(frame: &Frame, reference: &RuleBook, candidate: &RuleBook) -> Self {
        Self {
            through: frame.through,
            root: hex::encode(frame.root),
            reference_book: reference.terms_hash.clone(),
            candidate_book: candidate.terms_hash.clone(),
            engine_semantics: ENGINE_SEMANTICS,
        }
    }
}

/// What is printed as JSON: the comparison, and what it does to whom.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    comparison: &'a Attributed,
    #[serde(flatten)]
    coordinates: &'a Coordinates,
    #[serde(flatten)]
    effort: &'a Effort,
    /// What is closed, and that it was not kept.
    closed: &'a str,
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
        attributed::without_parts(Section::new("totals", &comparison.totals)?),
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
