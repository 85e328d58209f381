//! `daybook explain`: from one figure back to its events, and from an event to its figures.

use crate::books::Books;
use crate::cli::{Cli, ExplainArguments, Format};
use crate::closed::Terms;
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::waiting::Waiting;
use crate::window;
use daybook_replay::{Explainer, Explanation};
use daybook_rules::model::RuleBook;
use std::io::Write;

pub(crate) fn run(cli: &Cli, arguments: &ExplainArguments) -> Result<(), Failure> {
    let known = window::known(&cli.ledger, arguments.window.known_as_of.as_deref())?;
    let books = Books::known(cli.rules.as_deref(), &known)?;
    let named = books.book(&arguments.book)?;
    let terms = Terms::of(&named, &books);
    let window = window::read_partner(&known, arguments.window.through, &arguments.partner)?;
    let (histories, through) = (&window.histories, window.through);
    let explainer = match terms.since(histories.of_no_partner(), through)? {
        Some(since) => Explainer::keeping(histories, &named.book, since, through),
        None => Explainer::new(histories, &named.book, through),
    };
    let explanation = explained(&explainer, &named.book, arguments)?;
    let waiting = Waiting::of(&known.snapshot, Some(&arguments.partner))?;
    if arguments.format.format == Format::Table {
        let mut out = std::io::stdout().lock();
        if let Some(line) = waiting.line() {
            writeln!(out, "quarantine: {line}\n")?;
        }
        write!(out, "{explanation}")?;
        out.flush()?;
        return Ok(());
    }
    output::print_figures(arguments.format.format, &explanation, &[], &[section(&explanation)?], &waiting)
}

fn explained(explainer: &Explainer<'_>, book: &RuleBook, arguments: &ExplainArguments) -> Result<Explanation, Failure> {
    let partner = &arguments.partner;
    if let Some(month) = arguments.month {
        return Ok(Explanation::Month(explainer.month(partner, month, arguments.lever.as_deref())?));
    }
    if let Some(claim_id) = &arguments.claim {
        return Ok(Explanation::Claim(explainer.claim(partner, claim_id)?));
    }
    if let Some(on) = arguments.standing {
        return Ok(Explanation::Standing(explainer.standing(partner, on)?));
    }
    if let Some(month) = arguments.payout {
        return Ok(Explanation::Payout(explainer.payout(partner, month)?));
    }
    if let Some(event) = &arguments.event {
        return Ok(Explanation::Event(explainer.event(partner, event)?));
    }
    // The command line asks for one of them, so this is the one that is left.
    let label = arguments.lot.as_deref().unwrap_or_default();
    let period = book.calendar().period_parse(label);
    let period = period.ok_or_else(|| Failure::Input(format!("--lot {label:?} is no earning period: write FY22H1")))?;
    Ok(Explanation::Lot(explainer.lot(partner, period)?))
}

/// The one list of an explanation that CSV shows.
fn section(explanation: &Explanation) -> Result<Section, Failure> {
    match explanation {
        Explanation::Month(month) => {
            let lines: Vec<_> = month.postings.iter().flat_map(|posting| &posting.lines).collect();
            Section::new("lines", &lines)
        }
        Explanation::Lot(lot) => Section::new("parts", &lot.parts),
        Explanation::Claim(claim) => Section::new("steps", &claim.steps),
        Explanation::Standing(standing) => Section::new("gates", &standing.gates),
        Explanation::Payout(payout) => Section::new("parts", &payout.parts),
        Explanation::Event(event) => Section::new("uses", &event.uses),
    }
}
