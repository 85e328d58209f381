//! `daybook explain`: from one figure back to its events.

use crate::books::Books;
use crate::cli::{Cli, ExplainArguments, Format};
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::window;
use daybook_replay::{Explanation, explain_lot, explain_month};
use std::io::Write;

pub(crate) fn run(cli: &Cli, arguments: &ExplainArguments) -> Result<(), Failure> {
    let known = window::known(&cli.ledger, arguments.window.known_as_of.as_deref())?;
    let books = Books::known(cli.rules.as_deref(), &known)?;
    let book = books.book(&arguments.book)?.book;
    let window = window::read_partner(&known, arguments.window.through, &arguments.partner)?;
    let (histories, through, partner) = (&window.histories, window.through, &arguments.partner);
    let explanation = match (arguments.month, &arguments.lot) {
        (Some(month), _) => {
            let lever = arguments.lever.as_deref();
            Explanation::Month(explain_month(histories, &book, through, partner, month, lever)?)
        }
        (None, lot) => {
            let label = lot.as_deref().unwrap_or_default();
            let period = book.calendar().period_parse(label);
            let period =
                period.ok_or_else(|| Failure::Input(format!("--lot {label:?} is no earning period: write FY22H1")))?;
            Explanation::Lot(explain_lot(histories, &book, through, partner, period)?)
        }
    };
    match (arguments.format.format, &explanation) {
        (Format::Table, _) => {
            let mut out = std::io::stdout().lock();
            write!(out, "{explanation}")?;
            out.flush()?;
            Ok(())
        }
        (format, Explanation::Month(month)) => {
            let lines: Vec<_> = month.postings.iter().flat_map(|posting| &posting.lines).collect();
            output::print(format, &explanation, &[], &[Section::new("lines", &lines)?])
        }
        (format, Explanation::Lot(lot)) => {
            output::print(format, &explanation, &[], &[Section::new("parts", &lot.parts)?])
        }
    }
}
