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
use daybook_event::{Exact, NaiveDate};
use daybook_replay::{Attributed, Impact, Measure, MeasureDelta, MeasureTotal};
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
    /// The ledger's root at that position, in hex; empty where it is not known.
    pub root: &'a str,
    /// The last date that has happened.
    pub through: NaiveDate,
    /// What is closed, and whether it is kept.
    pub closed: &'a str,
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
    /// The measures over everyone, the parts of each change, the other readings, other values of parameters.
    pub attributed: &'a Attributed,
    /// How the parts of each change were computed, in words.
    pub method: &'a str,
    /// Who gains and who loses.
    pub impact: &'a Impact,
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

/// Something that must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    /// What.
    pub(crate) name: String,
    /// Whether it does.
    pub(crate) has_passed: bool,
    /// What was found.
    pub(crate) says: String,
}

impl ImpactPage<'_> {
    /// The measures over everyone, always all of them.
    fn totals(&self) -> &[MeasureTotal] {
        &self.attributed.comparison.totals
    }

    /// One measure over everyone.
    fn total(&self, measure: Measure) -> MeasureDelta {
        self.totals().iter().find(|total| total.measure == measure).map(|total| total.delta).unwrap_or_default()
    }
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
