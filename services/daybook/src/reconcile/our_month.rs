//! How we come to our figure of a month: its postings, its true-ups, and the lines behind them.

use super::pack::{Pack, in_cell};
use crate::failure::Failure;
use daybook_event::{Exact, Month, PartnerId};
use daybook_replay::{ExplainError, Explanation, explain_month};
use daybook_views::rows::TrueUpRow;
use std::fmt::Write as _;

/// A partner's month in a dispute pack. Postings and true-ups sum to the figure that the pack's totals say is ours.
pub(super) struct OurMonth<'a> {
    month: Month,
    /// Both together.
    ours: Exact,
    /// What the month's postings earn: of a closed month, as they were pinned.
    posted: Exact,
    /// What was booked in the month besides.
    true_ups: Vec<&'a TrueUpRow>,
    trued_up: Exact,
    /// What the explained lines come to, and the explanation; else why there is none.
    explained: Result<(Exact, String), String>,
}

impl<'a> OurMonth<'a> {
    pub(super) fn of(pack: &Pack<'a>, partner_id: &PartnerId, month: Month) -> Result<Self, Failure> {
        let partners = &pack.replayed.partners;
        let rows = partners.binary_search_by(|(id, _)| id.cmp(partner_id)).ok().map(|at| &partners[at].1);
        let postings = rows.into_iter().flat_map(|rows| &rows.postings).filter(|row| row.month == month);
        let posted = postings.map(|row| row.earned).try_fold(Exact::ZERO, Exact::plus)?;
        let booked = rows.into_iter().flat_map(|rows| &rows.true_ups).filter(|row| row.month == month);
        let true_ups: Vec<&TrueUpRow> = booked.collect();
        let trued_up = true_ups.iter().try_fold(Exact::ZERO, |sum, row| sum.plus(row.rebate)?.plus(row.coop))?;
        let found = explain_month(&pack.window.histories, pack.book, pack.window.through, partner_id, month, None);
        let explained = match found {
            Ok(of) => {
                let earned = of.postings.iter().map(|posting| posting.row.earned).try_fold(Exact::ZERO, Exact::plus)?;
                Ok((earned, Explanation::Month(of).to_string()))
            }
            Err(ExplainError::NothingBilled { .. } | ExplainError::NoPartner(_)) => {
                Err(format!("We know of no sale of this partner that counts in {month}."))
            }
            Err(other) => Err(format!("The lines cannot be explained: {other}.")),
        };
        Ok(Self { month, ours: posted.plus(trued_up)?, posted, true_ups, trued_up, explained })
    }

    pub(super) fn write(&self, text: &mut String) {
        let Self { month, ours, posted, trued_up, .. } = self;
        let _ = writeln!(text, "\n### {month}\n");
        let _ =
            writeln!(text, "Ours is {ours}: {posted} of the month's sales and {trued_up} of true-ups booked in it.\n");
        self.write_true_ups(text);
        match &self.explained {
            Ok((earned, explanation)) => {
                if earned != posted {
                    let _ = writeln!(
                        text,
                        "The month is closed: {posted} stands as it was pinned. The records of now come to {earned}, as \
                         shown here; the difference is trued up in the months open since.\n"
                    );
                }
                let _ = writeln!(text, "```\n{}\n```", explanation.trim_end());
            }
            Err(nothing) => {
                let _ = writeln!(text, "{nothing}");
            }
        }
    }

    fn write_true_ups(&self, text: &mut String) {
        if self.true_ups.is_empty() {
            return;
        }
        text.push_str("| true-up for | lever | rebate | co-op | cause |\n|---|---|---|---|---|\n");
        for row in &self.true_ups {
            let (lever, cause) = (in_cell(&row.lever), in_cell(&row.cause));
            let _ = writeln!(text, "| {} | {lever} | {} | {} | {cause} |", row.closed_month, row.rebate, row.coop);
        }
        text.push('\n');
    }
}
