//! Entries of payouts: decided at the month's end, paid on their day, held, forfeited. What is carried stays owed, so a
//! carry is no entry.

use super::{AccountName, Bookkeeper, EntryKind, EntryOrigin, Said};
use chrono::{Days, NaiveDate};
use daybook_event::{Exact, Overflow};
use daybook_views::rows::PayoutRow;

impl Bookkeeper<'_> {
    pub(super) fn payouts(&mut self) -> Result<(), Overflow> {
        let mut carried = Exact::ZERO;
        for row in &self.rows.payouts {
            let opening = row.carried_in.minus(carried)?;
            let description = format!("opening carry into {}", row.month);
            let said = said_of_month(row, row.month.first_day(), EntryKind::Opening, description);
            self.enter(said, &[(AccountName::Opening, opening), (AccountName::RebatePayable, opening.negate())])?;
            self.payout(row)?;
            carried = row.carried_out;
        }
        Ok(())
    }

    fn payout(&mut self, row: &PayoutRow) -> Result<(), Overflow> {
        let (month, ends_on) = (row.month, row.month.last_day());
        let held_once = self.lost_after_hold(row)?;
        let lost_on_year_end = if held_once.is_none() { row.forfeited } else { Exact::ZERO };
        let description = format!("carry of {month} forfeited at the end of the program year");
        let said = said_of_month(row, ends_on, EntryKind::PayoutForfeit, description);
        self.enter(
            said,
            &[
                (AccountName::RebatePayable, lost_on_year_end),
                (AccountName::PayoutsForfeited, lost_on_year_end.negate()),
            ],
        )?;
        let decided = row.paid.plus(row.held)?.plus(row.forfeited)?.minus(lost_on_year_end)?;
        let description = format!("payout of {month} decided, due on {}", row.due_on);
        let said = said_of_month(row, ends_on, EntryKind::Payout, description);
        self.enter(said, &[(AccountName::RebatePayable, decided), (AccountName::PayoutsDue, decided.negate())])?;
        if row.due_on > self.through {
            return Ok(());
        }
        let said = said_of_month(row, row.due_on, EntryKind::Payment, format!("payout of {month} paid"));
        self.enter(said, &[(AccountName::PayoutsDue, row.paid), (AccountName::Bank, row.paid.negate())])?;
        let held = row.held.plus(held_once.map_or(Exact::ZERO, |_| row.forfeited))?;
        let description = format!("payout of {month} held: tax or bank data are missing");
        let said = said_of_month(row, row.due_on, EntryKind::Hold, description);
        self.enter(said, &[(AccountName::PayoutsDue, held), (AccountName::PayoutsHeld, held.negate())])?;
        let Some(lost_on) = held_once else { return Ok(()) };
        let description = format!("payout of {month} forfeited: nothing released it from its hold");
        let said = said_of_month(row, lost_on, EntryKind::PayoutForfeit, description);
        let lost = row.forfeited;
        self.enter(said, &[(AccountName::PayoutsHeld, lost), (AccountName::PayoutsForfeited, lost.negate())])
    }

    /// The last day of a hold that ended in a loss; none where nothing was lost, or lost as a carry. A sum that reached
    /// the minimum would have been paid: only a hold can have lost it.
    fn lost_after_hold(&self, row: &PayoutRow) -> Result<Option<NaiveDate>, Overflow> {
        let terms = &self.book.set_on_or_first(row.month.last_day()).payout;
        let sum = row.rebate.plus(row.converted)?.plus(row.true_up)?.plus(row.carried_in)?;
        let Some(hold_days) = terms.hold_days.filter(|_| !row.forfeited.is_zero() && sum >= terms.minimum) else {
            return Ok(None);
        };
        let until = row.due_on.checked_add_days(Days::new(u64::from(hold_days)));
        Ok(until.filter(|_| row.due_on <= self.through))
    }
}

fn said_of_month(row: &PayoutRow, on: NaiveDate, kind: EntryKind, description: String) -> Said {
    Said { on, kind, origin: EntryOrigin { month: Some(row.month), ..EntryOrigin::default() }, description }
}
