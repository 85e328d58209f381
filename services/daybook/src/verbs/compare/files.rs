//! What a comparison writes beside its output: the page, and every table as CSV.

use super::{Document, Frame, attributed};
use crate::books::Books;
use crate::cli::{self, Cli, CompareArguments};
use crate::failure::Failure;
use crate::output::{self, Section};
use clap::ValueEnum;
use daybook_console::impact::{BookHead, ImpactPage, page};
use daybook_event::Exact;
use daybook_replay::{Attributed, Impact};
use daybook_rules::diff;
use daybook_rules::model::RuleBook;
use daybook_views::ENGINE_SEMANTICS;
use serde_json::{Map, Value};
use std::path::Path;

/// Writes the files that are asked for.
pub(super) fn write(
    cli: &Cli,
    arguments: &CompareArguments,
    books: &Books,
    frame: &Frame,
    [reference, candidate]: [&RuleBook; 2],
    document: &Document<'_>,
) -> Result<(), Failure> {
    let Document { comparison: attributed, closed, impact, .. } = *document;
    if let Some(folder) = &arguments.files.csv {
        write_csv(folder, attributed, impact)?;
    }
    let Some(path) = &arguments.files.html else { return Ok(()) };
    let thresholds = [coop_thresholds(reference), coop_thresholds(candidate)];
    let text = page(&ImpactPage {
        reference: BookHead {
            name: &arguments.reference,
            terms_hash: &reference.terms_hash,
            coop_thresholds: &thresholds[0],
        },
        candidate: BookHead {
            name: &arguments.candidate,
            terms_hash: &candidate.terms_hash,
            coop_thresholds: &thresholds[1],
        },
        root: &hex::encode(frame.root),
        through: frame.through,
        closed,
        engine_semantics: ENGINE_SEMANTICS,
        currency: &reference.sets[0].currency.to_string(),
        command: &command(cli, arguments, frame),
        lines: &diff(reference, candidate),
        source_urls: &books.source_urls(),
        attributed,
        method: &attributed::said(&attributed.attribution, attributed.changes.len()),
        impact,
    });
    std::fs::write(path, text)
        .map_err(|error| Failure::Input(format!("cannot write the page {}: {error}", path.display())))
}

/// The thresholds that the rule sets of a book name, each once, smallest first.
fn coop_thresholds(book: &RuleBook) -> Vec<Exact> {
    let mut thresholds: Vec<Exact> = book.sets.iter().map(|set| set.coop.threshold).collect();
    thresholds.sort_unstable();
    thresholds.dedup();
    thresholds
}

/// The command line that makes the page again: every coordinate in words, so that neither the day nor later records matter.
fn command(cli: &Cli, arguments: &CompareArguments, frame: &Frame) -> String {
    let mut words = vec!["daybook".to_owned(), "compare".to_owned()];
    if let Some(rules) = &cli.rules {
        words.extend(["--rules".to_owned(), quoted(&rules.display().to_string())]);
    }
    words.extend(["--reference".to_owned(), quoted(&arguments.reference)]);
    words.extend(["--candidate".to_owned(), quoted(&arguments.candidate)]);
    if let Some(partner) = &arguments.partner {
        words.extend(["--partner".to_owned(), partner.to_string()]);
    }
    let asked = &arguments.attribution;
    if let Some(named) =
        asked.attribution.to_possible_value().filter(|_| asked.attribution != cli::Attribution::Shapley)
    {
        words.extend(["--attribution".to_owned(), named.get_name().to_owned()]);
    }
    if asked.seed != cli::SEED {
        words.extend(["--seed".to_owned(), asked.seed.to_string()]);
    }
    words.extend(asked.vary.iter().flat_map(|range| ["--vary".to_owned(), quoted(range)]));
    words.extend(asked.no_interpretations.then(|| "--no-interpretations".to_owned()));
    words.extend(["--known-as-of".to_owned(), frame.position.to_string()]);
    words.extend(["--through".to_owned(), frame.through.to_string(), "--html".to_owned(), "FILE".to_owned()]);
    words.join(" ")
}

/// A word of a command line, in quotes where a shell would take it apart.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./@:+,=".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Every table, a file each.
fn write_csv(folder: &Path, attributed: &Attributed, impact: &Impact) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::Input(format!("cannot make the folder {}: {error}", folder.display())))?;
    let sections = [
        attributed::flat(Section::new("totals", &attributed.comparison.totals)?),
        attributed::flat(Section::new("partners", &attributed.comparison.partners)?),
        Section::new("changes", &attributed.changes)?,
        Section::new("cash_days", &attributed.cash_days.partners)?,
        attributed::flat(Section::new("interpretations", &attributed.interpretations)?),
        Section::new("ranges", &attributed.ranges)?,
        bands(impact)?,
        Section::new("states", &impact.states)?,
        Section::new("transitions", &impact.transitions)?,
        attributed::flat(Section::new("by_month", &impact.by_month)?),
        attributed::flat(Section::new("by_lever", &impact.by_lever)?),
        attributed::flat(Section::new("by_area", &impact.by_area)?),
        attributed::flat(Section::new("by_size", &impact.by_size)?),
        Section::new("distribution", &impact.distribution)?,
        Section::new("concentration", &impact.concentration)?,
        Section::new("near_cliffs", &impact.near_cliffs)?,
        Section::new("movers", &impact.movers)?,
    ];
    let varied = attributed
        .sensitivity
        .iter()
        .map(|varied| Section { name: format!("sensitivity-{}", varied.path), ..attributed::values(varied) });
    sections.into_iter().chain(varied).try_for_each(|section| output::csv_file(folder, &section))
}

/// The tables on a terminal beside totals and movers.
pub(super) fn impact_tables(impact: &Impact) -> Result<Vec<Section>, Failure> {
    let mut bands = bands(impact)?;
    "bands: every partner is in one".clone_into(&mut bands.name);
    let mut transitions = Section::new("transitions", &impact.transitions)?;
    "transitions: earning periods of partners, from the state under the reference to that under the candidate"
        .clone_into(&mut transitions.name);
    Ok(vec![bands, transitions])
}

/// The bands as rows: JSON has them by name.
fn bands(impact: &Impact) -> Result<Section, Failure> {
    let row = |(band, tally): &(daybook_replay::Band, daybook_replay::BandTally)| {
        let mut row = Map::from_iter([("band".to_owned(), Value::String(band.to_string()))]);
        if let Value::Object(fields) = serde_json::to_value(tally)? {
            row.extend(fields);
        }
        Ok(Value::Object(row))
    };
    let rows = impact.bands.iter().map(row).collect::<Result<_, Failure>>()?;
    Ok(Section { name: "bands".to_owned(), rows })
}
