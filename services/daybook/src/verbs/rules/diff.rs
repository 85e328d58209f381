//! `daybook rules diff`: what differs between two books, and what it touches in the ledger.

use super::html;
use crate::books::{Books, NamedBook};
use crate::cli::{Cli, Format, RulesDiffArguments};
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::window::{self, Known};
use daybook_event::{Month, PartnerId, Position};
use daybook_replay::{Replayed, compare, replay};
use daybook_rules::model::RuleBook;
use daybook_rules::{DiffLine, diff};
use daybook_views::PartnerRows;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What the verb prints as JSON.
#[derive(Serialize)]
pub(super) struct Report {
    pub(super) reference: String,
    pub(super) candidate: String,
    pub(super) reference_rule_book: String,
    pub(super) candidate_rule_book: String,
    pub(super) lines: Vec<DiffLine>,
    /// None where no ledger could be asked.
    pub(super) touched: Option<Touched>,
    /// Why none could; empty where one was.
    pub(super) not_counted: String,
}

/// What the difference does to the records at hand.
#[derive(Serialize)]
pub(super) struct Touched {
    /// Partners with another figure in any measure.
    pub(super) partners: usize,
    /// The first month in which a posting, a change of standing or a bucket differs; none where none does.
    pub(super) first_month: Option<Month>,
    pub(super) position: Position,
    pub(super) through: String,
}

pub(crate) fn run(cli: &Cli, arguments: &RulesDiffArguments) -> Result<(), Failure> {
    let (books, known) = Books::of_ledger_if_any(cli, arguments.window.known_as_of.as_deref())?;
    let named = [books.book(&arguments.reference)?, books.book(&arguments.candidate)?];
    let [reference, candidate] = [&named[0].book, &named[1].book];
    let (touched, not_counted) = match touched(&known, arguments, reference, candidate)? {
        Asked::Answer(touched) => (Some(touched), String::new()),
        Asked::Nobody(why) => (None, why),
    };
    let report = Report {
        reference: arguments.reference.clone(),
        candidate: arguments.candidate.clone(),
        reference_rule_book: reference.terms_hash.clone(),
        candidate_rule_book: candidate.terms_hash.clone(),
        lines: diff(reference, candidate),
        touched,
        not_counted,
    };
    if let Some(path) = &arguments.html {
        std::fs::write(path, html::page(&report))
            .map_err(|error| Failure::Input(format!("cannot write the page {}: {error}", path.display())))?;
    }
    if arguments.format.format == Format::Table {
        return text(&report, &named);
    }
    output::print(arguments.format.format, &report, &[], &[Section::new("lines", &report.lines)?])
}

fn text(report: &Report, books: &[NamedBook; 2]) -> Result<(), Failure> {
    crate::output::say!("reference  {}", books[0].note);
    crate::output::say!("candidate  {}", books[1].note);
    for line in &report.lines {
        crate::output::say!("\n{}", line_text(line));
    }
    crate::output::say!("\n{}", summary(report));
    Ok(())
}

/// A difference on a few lines: terms are sentences, and do not fit the columns of a table.
fn line_text(line: &DiffLine) -> String {
    let value = |side: &Option<String>| side.clone().unwrap_or_else(|| "nothing".to_owned());
    let mut text = format!("{}  {}\n    {} -> {}", dates(line), line.path, value(&line.from), value(&line.to));
    let (why, source) = (&line.why, sources(line));
    let of_change = if line.change.is_empty() { String::new() } else { format!(", change {}", line.change) };
    for (name, said) in [("why", why), ("by", &format!("{}{of_change}", line.version)), ("source", &source)] {
        if !said.is_empty() {
            text.push_str(&format!("\n    {name}: {said}"));
        }
    }
    text
}

/// From when to when a difference holds.
pub(super) fn dates(line: &DiffLine) -> String {
    match line.ends {
        Some(ends) => format!("from {} until {ends}", line.begins),
        None => format!("from {}", line.begins),
    }
}

/// Who says so: titles with the keys that the files cite them by.
pub(super) fn sources(line: &DiffLine) -> String {
    if line.cite.is_empty() { String::new() } else { format!("{} [{}]", line.source, line.cite) }
}

/// The last line: how much differs, and whom it touches.
pub(super) fn summary(report: &Report) -> String {
    let differences = match report.lines.len() {
        1 => "1 difference".to_owned(),
        count => format!("{count} differences"),
    };
    let Some(touched) = &report.touched else {
        return format!("{differences}; partners touched not counted: {}", report.not_counted);
    };
    let of = format!("in the records up to position {}, through {}", touched.position, touched.through);
    let partners =
        if touched.partners == 1 { "1 partner".to_owned() } else { format!("{} partners", touched.partners) };
    match touched.first_month {
        Some(month) => format!("{differences}; {partners} touched, a figure first changes in {month}, {of}"),
        None => format!("{differences}; no figure changes {of}"),
    }
}

/// What came of asking the ledger.
enum Asked {
    Answer(Touched),
    /// There was nothing to ask, and why.
    Nobody(String),
}

/// Both books over the ledger's records.
fn touched(
    known: &Result<Known, String>,
    arguments: &RulesDiffArguments,
    reference: &RuleBook,
    candidate: &RuleBook,
) -> Result<Asked, Failure> {
    let known = match known {
        Ok(known) => known,
        Err(missing) => return Ok(Asked::Nobody(missing.clone())),
    };
    let window = window::read(known, arguments.window.through)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let before = replay(&window.histories, reference, window.through, threads);
    let after = replay(&window.histories, candidate, window.through, threads);
    let names = (arguments.reference.as_str(), arguments.candidate.as_str());
    let comparison = compare(reference.calendar(), names, window.position, &before, &after)?;
    let changed = comparison.partners.iter().filter(|row| !row.delta.delta.is_zero());
    let partners: BTreeSet<&PartnerId> = changed.map(|row| &row.partner_id).collect();
    Ok(Asked::Answer(Touched {
        partners: partners.len(),
        first_month: first_month(&before, &after),
        position: window.position,
        through: window.through.to_string(),
    }))
}

/// The earliest month in which any partner's rows differ.
fn first_month(before: &Replayed, after: &Replayed) -> Option<Month> {
    let index = |replayed: &'_ Replayed| -> BTreeMap<PartnerId, usize> {
        replayed.partners.iter().enumerate().map(|(at, (partner_id, _))| (partner_id.clone(), at)).collect()
    };
    let (in_before, in_after) = (index(before), index(after));
    let nobody = PartnerRows::default();
    let everyone: BTreeSet<&PartnerId> = in_before.keys().chain(in_after.keys()).collect();
    let rows = |partner_id| {
        let one = in_before.get(partner_id).map_or(&nobody, |&at| &before.partners[at].1);
        (one, in_after.get(partner_id).map_or(&nobody, |&at| &after.partners[at].1))
    };
    everyone.into_iter().map(rows).filter(|(one, other)| one != other).filter_map(first_difference).min()
}

/// The earliest month of a row that only one side has. Which rule set a row names is no figure.
fn first_difference((one, other): (&PartnerRows, &PartnerRows)) -> Option<Month> {
    let postings = only_one_has(&one.postings, &other.postings, |row| {
        (row.month, &row.lever, row.base, row.earned, row.rebate, row.coop)
    });
    let standing = only_one_has(&one.standing, &other.standing, |row| (row.on, &row.state));
    let buckets = only_one_has(&one.conservation, &other.conservation, |row| row);
    let payouts = only_one_has(&one.payouts, &other.payouts, |row| row);
    let months = postings.into_iter().map(|row| row.month).chain(standing.into_iter().map(|row| Month::of(row.on)));
    let months = months.chain(buckets.into_iter().map(|row| row.month));
    months.chain(payouts.into_iter().map(|row| row.month)).min()
}

/// The rows of either side whose figures the other side has nowhere.
fn only_one_has<'r, T, F: PartialEq>(one: &'r [T], other: &'r [T], figures: impl Fn(&'r T) -> F) -> Vec<&'r T> {
    let absent = |row: &&'r T, from: &'r [T]| !from.iter().any(|known| figures(known) == figures(row));
    let of_one = one.iter().filter(|row| absent(row, other));
    of_one.chain(other.iter().filter(|row| absent(row, one))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::books;
    use daybook_event::Instant;
    use daybook_replay::HistoriesBuilder;

    /// The first month that differs in the records of a shipped rule test, between 2020-10 alone and all versions.
    fn first_month_of(test: &str) -> Option<String> {
        let (one, other) = (books::book(None, "2020-10").unwrap(), books::book(None, "current").unwrap());
        let tests = super::super::tests(None).unwrap();
        let test = tests.iter().find(|known| known.name.starts_with(test)).unwrap();
        let through = test.through(&other).unwrap();
        let replayed = |book: &RuleBook| {
            let mut builder = HistoriesBuilder::default();
            for (position, envelope) in (1..).zip(test.envelopes(&other)) {
                builder.add(Position::new(position), Instant::default(), envelope);
            }
            replay(&builder.finish(), book, through, 1)
        };
        first_month(&replayed(&one), &replayed(&other)).map(|month| month.to_string())
    }

    #[test]
    fn the_first_month_is_the_earliest_in_which_any_row_of_a_figure_differs() {
        // Offboarded on 1 October 2021; the posting that is missing is November's.
        assert_eq!(first_month_of("Who is below 25,000 on").as_deref(), Some("2021-10"));
        // Nothing but the outcome of the lot differs, which is paid with December.
        assert_eq!(first_month_of("The half-year that straddles").as_deref(), Some("2021-12"));
        assert_eq!(first_month_of("Claims open on"), None);
    }
}
