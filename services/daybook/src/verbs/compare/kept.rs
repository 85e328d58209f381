//! `daybook compare --keep-closed`: what two books would make of the months that are open, with the closed ones kept.

use super::{Coordinates, Frame, tables};
use crate::books::{Books, NamedBook};
use crate::cli::{CompareArguments, Format};
use crate::closed;
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::shards::threads_of_machine;
use crate::waiting::Waiting;
use crate::window::Window;
use daybook_replay::{Comparison, Replayed, compare};
use daybook_rules::RuleLibrary;
use daybook_views::rows::TrueUpRow;
use serde::Serialize;

/// The comparison, and the true-ups that only one side books.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    comparison: &'a Comparison,
    #[serde(flatten)]
    coordinates: Coordinates,
    closed: &'a str,
    true_ups_of_reference: &'a [TrueUpRow],
    true_ups_of_candidate: &'a [TrueUpRow],
}

pub(super) fn run(
    arguments: &CompareArguments,
    books: &Books,
    (window, waiting): (&Window, &Waiting),
    sides: [(&NamedBook, &RuleLibrary); 2],
) -> Result<(), Failure> {
    let [(reference, before), (candidate, after)] = sides;
    let replay = |library: &RuleLibrary| {
        closed::replay_keeping(&window.histories, books, library, window.through, threads_of_machine())
    };
    let (before, after) = (replay(before)?, replay(after)?);
    let names = (arguments.reference.as_str(), arguments.candidate.as_str());
    let (rows_before, rows_after) = (&before.replayed, &after.replayed);
    let comparison = compare(reference.book.calendar(), names, window.position, rows_before, rows_after)?;
    let (only_before, only_after) = (only_in(rows_before, rows_after), only_in(rows_after, rows_before));
    let document = Document {
        comparison: &comparison,
        coordinates: Coordinates::of(&Frame::of(window), &reference.book, &candidate.book),
        closed: &after.note,
        true_ups_of_reference: &only_before,
        true_ups_of_candidate: &only_after,
    };
    let head = [
        ("reference", reference.note.clone()),
        ("candidate", candidate.note.clone()),
        ("closed", after.note.clone()),
        ("position", window.position.to_string()),
        ("through", window.through.to_string()),
    ];
    let sections = match arguments.format.format {
        Format::Csv => vec![Section::new("partners", &comparison.partners)?],
        Format::Table | Format::Json => {
            let mut sections = tables(&comparison, arguments.top)?;
            sections.push(Section::new("true-ups of the reference alone", &only_before)?);
            sections.push(Section::new("true-ups of the candidate alone", &only_after)?);
            sections
        }
    };
    output::print_figures(arguments.format.format, &document, &head, &sections, waiting)
}

/// True-ups of one side that the other does not book.
fn only_in(one: &Replayed, other: &Replayed) -> Vec<TrueUpRow> {
    let rows = |replayed: &Replayed| -> Vec<TrueUpRow> {
        replayed.partners.iter().flat_map(|(_, rows)| rows.true_ups.iter().cloned()).collect()
    };
    let others = rows(other);
    rows(one).into_iter().filter(|row| others.binary_search(row).is_err()).collect()
}
