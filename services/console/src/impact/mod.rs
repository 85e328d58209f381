//! The page of a comparison: who gains, who loses, by which change. One file, nothing fetched, nothing that runs, fit for
//! paper.
//!
//! Every picture stands beside its table, tells nothing by colour alone, and is placed in whole numbers: the same
//! comparison gives the same bytes.

mod bands;
mod changes;
mod checks;
mod cliffs;
mod head;
mod histogram;
mod matrix;
mod months;
mod movers;
mod readings;
mod scatter;
mod segments;
mod sensitivity;
mod style;
mod waterfall;
mod words;

use crate::html::escaped;
use daybook_event::{Exact, NaiveDate, Position};
use daybook_replay::{Impact, Measure, MeasureTotal};
use daybook_rules::DiffLine;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Everything that the page tells.
#[derive(Debug)]
pub struct ImpactPage<'a> {
    /// The book in force.
    pub reference: BookHead<'a>,
    /// The book proposed.
    pub candidate: BookHead<'a>,
    /// The last position compared.
    pub position: Position,
    /// The ledger's root at that position, in hex; empty where it is not known.
    pub root: &'a str,
    /// The last date that has happened.
    pub through: NaiveDate,
    /// The number of the meaning of the figures.
    pub engine_semantics: u32,
    /// The program currency.
    pub currency: &'a str,
    /// The command line that makes this page again.
    pub command: &'a str,
    /// What differs between the books.
    pub lines: &'a [DiffLine],
    /// Where the sources that the lines cite can be read, by key.
    pub source_urls: &'a BTreeMap<String, String>,
    /// The measures over everyone.
    pub totals: &'a [MeasureTotal],
    /// Who gains and who loses.
    pub impact: &'a Impact,
    /// The parts of each change, where they were computed.
    pub attribution: Option<Attribution>,
    /// The other readings of the terms, priced.
    pub readings: Vec<PricedReading>,
    /// The totals over a range of one parameter, where asked for.
    pub sensitivity: Option<Sensitivity>,
    /// Days by which cash moves, as text; none where it was not computed.
    pub cash_days: Option<String>,
    /// What was checked beside the sums of the page itself.
    pub checks: Vec<Check>,
}

/// One of the two books.
#[derive(Debug, Clone, Copy)]
pub struct BookHead<'a> {
    /// The argument that names it.
    pub name: &'a str,
    /// The hash of its terms.
    pub terms_hash: &'a str,
    /// Its co-op thresholds, smallest first.
    pub coop_thresholds: &'a [Exact],
}

/// What each change does, measure by measure. The parts of a measure add up to its delta.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribution {
    /// How the parts were computed, in a sentence.
    pub method: String,
    /// The changes in announced order.
    pub parts: Vec<Part>,
}

/// What one change does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The change.
    pub id: String,
    /// Its part of each measure's delta; absent is zero.
    pub amounts: BTreeMap<Measure, Exact>,
}

/// The comparison under another reading of the terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedReading {
    /// The parameter.
    pub path: String,
    /// The reading that the book takes.
    pub chosen: String,
    /// The other one.
    pub other: String,
    /// Each measure's delta under the other reading, or why it could not be priced.
    pub deltas: Result<BTreeMap<Measure, Exact>, String>,
}

/// Totals of the candidate over a range of one parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sensitivity {
    /// The parameter.
    pub path: String,
    /// The value, as it is written, and the measures under it.
    pub points: Vec<(String, BTreeMap<Measure, Exact>)>,
}

/// Something that must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What.
    pub name: String,
    /// Whether it does.
    pub has_passed: bool,
    /// What was found.
    pub says: String,
}

/// The page, whole.
#[must_use]
pub fn page(of: &ImpactPage<'_>) -> String {
    let title = format!("What changes: {} against {}", of.candidate.name, of.reference.name);
    let mut html = String::from("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    let _ = write!(
        html,
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n{}<header>\n<h1>{}</h1>\n",
        escaped(&title),
        style::STYLE,
        style::PATTERNS,
        escaped(&title)
    );
    let checks = checks::all(of);
    head::write(&mut html, of, &checks);
    html.push_str("</header>\n<main>\n");
    changes::write(&mut html, of);
    waterfall::write(&mut html, of);
    html.push_str("<section>\n<h2>Winners and losers</h2>\n");
    bands::write(&mut html, of);
    histogram::write(&mut html, of);
    matrix::write(&mut html, of);
    scatter::write(&mut html, of);
    html.push_str("</section>\n");
    segments::write(&mut html, of);
    months::write(&mut html, of);
    movers::write(&mut html, of);
    cliffs::write(&mut html, of);
    readings::write(&mut html, of);
    sensitivity::write(&mut html, of);
    checks::write(&mut html, &checks);
    html.push_str("</main>\n</body>\n</html>\n");
    html
}
