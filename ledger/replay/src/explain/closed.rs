//! What a closing keeps of a figure, and what was booked for it later.

use super::ExplainError;
use super::subject::Subject;
use daybook_event::{Exact, Month, NaiveDate, Position};
use daybook_views::rows::{PostingRow, TrueUpRow};
use daybook_views::{Closing, Fact, PartnerRows};
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

impl ClosedMonth {
    /// Whether anything was pinned or booked.
    pub(super) fn has_rows(&self) -> bool {
        !self.pinned.is_empty() || !self.true_ups.is_empty()
    }

    /// What was pinned as earned.
    pub(super) fn earned(&self) -> Result<Exact, ExplainError> {
        sum(self.pinned.iter().map(|row| row.earned))
    }
}

/// The closing of a month; none where it is open.
pub(super) fn closing<'s>(subject: &'s Subject<'_>, month: Month) -> Option<&'s Closing> {
    let closings = subject.closed.map(|closed| closed.closings()).unwrap_or_default();
    closings.iter().find(|closing| closing.month == month)
}

/// Whether a correction by hand was pinned before it was reversed: the first closing of its month or a later one that knows
/// it did not know the reversal.
pub(super) fn pinned_between(subject: &Subject<'_>, fact: &Fact, reversed_at: Position) -> bool {
    let closings = subject.closed.map(|closed| closed.closings()).unwrap_or_default();
    let first = closings.iter().find(|closing| closing.position >= fact.position && closing.month >= fact.month());
    first.is_some_and(|closing| closing.position < reversed_at)
}

/// A closed month, or one lever of it, against what the records give now; none where the month is open.
pub(super) fn month(
    subject: &Subject<'_>,
    month: Month,
    lever: Option<&str>,
) -> Result<Option<ClosedMonth>, ExplainError> {
    let Some(closing) = closing(subject, month) else { return Ok(None) };
    let wanted = |of: &str| lever.is_none_or(|lever| lever == of);
    let PartnerRows { postings: mut pinned, mut true_ups, .. } = subject.rows();
    pinned.retain(|row| row.month == month && wanted(&row.lever));
    true_ups.retain(|row| row.closed_month == month && wanted(&row.lever));
    let mut open = subject.rows_if_open();
    open.postings.retain(|row| row.month == month && wanted(&row.lever));
    open.true_ups.retain(|row| row.closed_month == month && wanted(&row.lever));
    let meeting = Meeting { pinned: &pinned, true_ups: &true_ups, open: &open };
    let of = lever.map(|lever| format!(" of {lever}")).unwrap_or_default();
    let rebate = meeting.sentence(&format!("rebate{of}"), |row| row.rebate, |row| row.rebate)?;
    let coop = meeting.sentence(&format!("co-op{of}"), |row| row.coop, |row| row.coop)?;
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

/// What was pinned, what was booked for it later, and the rows as if nothing were closed.
struct Meeting<'a> {
    pinned: &'a [PostingRow],
    true_ups: &'a [TrueUpRow],
    open: &'a PartnerRows,
}

impl Meeting<'_> {
    /// How both meet in what the records give now.
    fn sentence(
        &self,
        part: &str,
        of_posting: impl Fn(&PostingRow) -> Exact,
        of_true_up: impl Fn(&TrueUpRow) -> Exact,
    ) -> Result<String, ExplainError> {
        let was = sum(self.pinned.iter().map(&of_posting))?;
        let gives = sum(self.open.postings.iter().map(&of_posting))?;
        // Corrections by hand that stand are no postings; one that was taken back stands twice in the list, as nothing.
        let by_hand = sum(self.open.true_ups.iter().map(&of_true_up))?;
        let booked = sum(self.true_ups.iter().map(&of_true_up))?.minus(by_hand)?;
        let meets = was.plus(booked)? == gives;
        let equals = if meets { "=" } else { "is not" };
        Ok(format!("{part}: pinned {was} + true-ups {booked} {equals} {gives}, as the records give it now"))
    }
}

/// The closing that decided the lot of a period, if its last month is closed.
pub(super) fn decided<'s>(subject: &'s Subject<'_>, last_month: Month) -> Option<&'s Closing> {
    closing(subject, last_month)
}

fn sum(mut amounts: impl Iterator<Item = Exact>) -> Result<Exact, ExplainError> {
    Ok(amounts.try_fold(Exact::ZERO, Exact::plus)?)
}
