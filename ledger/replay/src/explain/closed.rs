//! What a closing keeps of a figure, and what was booked for it later.

use super::ExplainError;
use super::subject::Subject;
use daybook_event::{Exact, Month, NaiveDate, Position};
use daybook_views::Closing;
use daybook_views::rows::{PostingRow, TrueUpRow};
use serde::Serialize;

/// A closed month: its explanation says what the records give now, this says what was pinned, and how both meet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClosedMonth {
    /// The closing.
    pub event: String,
    /// The record of the closing.
    pub recorded: Position,
    /// The last record that the statement contains.
    pub position: Position,
    /// The through date that the statement was computed with.
    pub through: NaiveDate,
    /// The postings as they were pinned.
    pub pinned: Vec<PostingRow>,
    /// What was booked for the month later, in whichever month, by cause.
    pub true_ups: Vec<TrueUpRow>,
    /// The arithmetic, a step each.
    pub arithmetic: Vec<String>,
}

/// The closing of a month; none where it is open.
pub(super) fn closing<'s>(subject: &'s Subject<'_>, month: Month) -> Option<&'s Closing> {
    let closings = subject.closed.map(|closed| closed.closings()).unwrap_or_default();
    closings.iter().find(|closing| closing.month == month)
}

/// A closed month against what the records give now; none where the month is open.
pub(super) fn month(
    subject: &Subject<'_>,
    month: Month,
    now: &[PostingRow],
) -> Result<Option<ClosedMonth>, ExplainError> {
    let Some(closing) = closing(subject, month) else { return Ok(None) };
    let rows = subject.rows();
    let mut pinned = rows.postings;
    pinned.retain(|row| row.month == month);
    let mut true_ups = rows.true_ups;
    true_ups.retain(|row| row.closed_month == month);
    let found = || true_ups.iter().filter(|row| row.cause != "manual");
    let now = || now.iter().filter(|row| row.month == month);
    let of = |part: &str, was: Exact, booked: Exact, gives: Exact| {
        format!("{part}: pinned {was} + true-ups {booked} = {gives}, as the records give it now")
    };
    let rebate = of(
        "rebate",
        sum(pinned.iter().map(|row| row.rebate))?,
        sum(found().map(|row| row.rebate))?,
        sum(now().map(|row| row.rebate))?,
    );
    let coop = of(
        "co-op",
        sum(pinned.iter().map(|row| row.coop))?,
        sum(found().map(|row| row.coop))?,
        sum(now().map(|row| row.coop))?,
    );
    Ok(Some(ClosedMonth {
        event: closing.event.to_string(),
        recorded: closing.recorded,
        position: closing.position,
        through: closing.through,
        arithmetic: vec![rebate, coop],
        pinned,
        true_ups,
    }))
}

/// The closing that decided the lot of a period, if its last month is closed.
pub(super) fn decided(subject: &Subject<'_>, last_month: Month) -> Option<String> {
    closing(subject, last_month).map(|closing| closing.event.to_string())
}

fn sum(mut amounts: impl Iterator<Item = Exact>) -> Result<Exact, ExplainError> {
    Ok(amounts.try_fold(Exact::ZERO, Exact::plus)?)
}
