//! Entries of lots: opening balances, conversions, claims, overdrafts and what is forfeited.
//!
//! A reservation is no entry: a claim under way changes what may still be asked for, not what is owed. So the balance of
//! a lot that is not open is what is reserved and what is available, together.

use super::{AccountName, Bookkeeper, EntryKind, EntryOrigin, Said};
use chrono::NaiveDate;
use daybook_event::{Exact, Month, Overflow};
use daybook_rules::calendar::Period;
use daybook_views::LotDays;
use daybook_views::rows::{ClaimRow, LotRow};
use std::collections::BTreeMap;

/// What a claim draws on its lot; a claim that nobody approved, or that has no amount for want of a rate, draws nothing.
pub(super) fn drawn(claim: &ClaimRow) -> Exact {
    if !matches!(claim.state.as_str(), "approved" | "paid") {
        return Exact::ZERO;
    }
    // Rows print their own amounts: what does not parse is the empty text.
    Exact::parse(&claim.amount).unwrap_or_default()
}

impl Bookkeeper<'_> {
    /// Entries of every lot, also of those that have no row because nothing is left to show.
    pub(super) fn lots(&mut self) -> Result<(), Overflow> {
        let calendar = self.book.calendar();
        let mut accrued_here: BTreeMap<String, Exact> = BTreeMap::new();
        let postings = self.rows.postings.iter().map(|row| (row.month, row.coop));
        let true_ups = self.rows.true_ups.iter().map(|row| (row.month, row.coop));
        for (month, coop) in postings.chain(true_ups) {
            let sum = accrued_here.entry(calendar.period_of(month).to_string()).or_default();
            *sum = sum.plus(coop)?;
        }
        for row in &self.rows.lots {
            accrued_here.entry(row.period.to_string()).or_default();
        }
        for (label, accrued_here) in accrued_here {
            let row = self.rows.lots.iter().find(|row| row.period == label).cloned();
            let row = row.unwrap_or_else(|| LotRow::none(self.partner_id, &label));
            // Labels come from the calendar that reads them here.
            let period = calendar.period_parse(&label).unwrap_or_else(|| calendar.period_of(Month::of(self.through)));
            self.lot(&row, period, accrued_here)?;
        }
        Ok(())
    }

    fn lot(&mut self, row: &LotRow, period: Period, accrued_here: Exact) -> Result<(), Overflow> {
        let claims = self.rows.claims.iter().filter(|claim| claim.period == row.period);
        let claimed = claims.into_iter().try_fold(Exact::ZERO, |sum, claim| sum.plus(drawn(claim)))?;
        let opening = row.accrued.minus(accrued_here)?.minus(row.consumed.minus(claimed)?)?;
        let description = format!("opening balance of co-op lot {}", row.period);
        let said = said_of_lot(row, period.first_day(), EntryKind::Opening, description);
        self.enter(said, &[(AccountName::CoopPayable, opening.negate()), (AccountName::Opening, opening)])?;
        self.conversion(row, period)?;
        let last_claim_on = self.claims(row)?;
        let description = format!("claims beyond what co-op lot {} had", row.period);
        let said = said_of_lot(row, last_claim_on.unwrap_or(period.first_day()), EntryKind::Overdraft, description);
        let overdrawn = row.overdrawn;
        self.enter(
            said,
            &[(AccountName::OverdrawnExpense, overdrawn), (AccountName::CoopPayable, overdrawn.negate())],
        )?;
        let (_, window_closed_on) = LotDays::of(self.book, period).claimed;
        let description = format!("rest of co-op lot {} forfeited: its claim window closed", row.period);
        let said = said_of_lot(row, window_closed_on, EntryKind::CoopForfeit, description);
        let forfeited = row.forfeited;
        self.enter(said, &[(AccountName::CoopPayable, forfeited), (AccountName::CoopForfeited, forfeited.negate())])
    }

    /// What the payout of the period's last month does not show as converted was paid before the ledger began.
    fn conversion(&mut self, row: &LotRow, period: Period) -> Result<(), Overflow> {
        if row.state != "converted" {
            return Ok(());
        }
        let payout = self.rows.payouts.iter().find(|payout| payout.month == period.last_month());
        let due = payout.map_or(Exact::ZERO, |payout| payout.converted);
        let before = row.converted.minus(due)?;
        let description = format!("co-op lot {} converted to rebate", row.period);
        let said = said_of_lot(row, period.last_day(), EntryKind::Conversion, description);
        self.enter(
            said,
            &[
                (AccountName::CoopPayable, row.converted),
                (AccountName::RebatePayable, due.negate()),
                (AccountName::Opening, before.negate()),
            ],
        )
    }

    /// Entries of the lot's claims; the day of the last approval among them.
    fn claims(&mut self, row: &LotRow) -> Result<Option<NaiveDate>, Overflow> {
        let mut last_on = None;
        for claim in self.rows.claims.iter().filter(|claim| claim.period == row.period) {
            let amount = drawn(claim);
            if amount.is_zero() {
                continue;
            }
            let claim_id = &claim.claim_id;
            let approved_on = self.claim_days.approved_on(claim_id).unwrap_or(self.through);
            last_on = last_on.max(Some(approved_on));
            let description = format!("claim {claim_id} approved on co-op lot {}", row.period);
            let said = said_of_claim(row, claim_id, approved_on, EntryKind::Claim, description);
            self.enter(said, &[(AccountName::CoopPayable, amount), (AccountName::ClaimsPayable, amount.negate())])?;
            if claim.state == "paid" {
                let paid_on = self.claim_days.paid_on(claim_id).unwrap_or(self.through);
                let description = format!("claim {claim_id} paid");
                let said = said_of_claim(row, claim_id, paid_on, EntryKind::ClaimPayment, description);
                self.enter(said, &[(AccountName::ClaimsPayable, amount), (AccountName::Bank, amount.negate())])?;
            }
        }
        Ok(last_on)
    }
}

fn said_of_lot(row: &LotRow, on: NaiveDate, kind: EntryKind, description: String) -> Said {
    Said { on, kind, origin: EntryOrigin { lot: Some(row.period.to_string()), ..EntryOrigin::default() }, description }
}

fn said_of_claim(row: &LotRow, claim_id: &str, on: NaiveDate, kind: EntryKind, description: String) -> Said {
    let mut said = said_of_lot(row, on, kind, description);
    said.origin.claim_id = Some(claim_id.to_owned());
    said
}
