//! What every account must stand at: once from the entries, once from the views, which know nothing of entries.

use super::co_op::drawn;
use super::{Account, AccountEntry, AccountName};
use daybook_event::{Exact, NaiveDate, Overflow, PartnerId};
use daybook_views::PartnerRows;
use daybook_views::rows::LotRow;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// An account and what stands on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct AccountBalance {
    /// The account.
    pub account: Account,
    /// Program currency; a debit is positive, a credit negative.
    pub balance: Exact,
}

/// Sums of entries, by account. An account that cancels out stays, with zero.
///
/// # Errors
/// [`Overflow`] when a sum leaves the range of exact money.
pub fn balances_of_entries(entries: &[AccountEntry]) -> Result<Vec<AccountBalance>, Overflow> {
    let mut sums: BTreeMap<&Account, Exact> = BTreeMap::new();
    for line in entries.iter().flat_map(|entry| &entry.lines) {
        let sum = sums.entry(&line.account).or_default();
        *sum = sum.plus(line.amount)?;
    }
    Ok(sums.into_iter().map(|(account, balance)| AccountBalance { account: account.clone(), balance }).collect())
}

/// What a partner's accounts must stand at by its rows alone. Accounts at zero are left out, and all of them where its figures
/// cannot be held.
///
/// `equity:opening` is what remains: all accounts sum to zero.
///
/// # Errors
/// [`Overflow`] when a sum leaves the range of exact money.
pub fn balances_of_rows(
    partner_id: &PartnerId,
    rows: &PartnerRows,
    through: NaiveDate,
) -> Result<Vec<AccountBalance>, Overflow> {
    if rows.is_overflowed() {
        return Ok(Vec::new());
    }
    let mut sums = Sums { partner_id, sums: BTreeMap::new() };
    sums.accrued(rows)?;
    sums.of_lots(rows)?;
    sums.of_payouts(rows, through)?;
    let all = sums.sums.values().try_fold(Exact::ZERO, |sum, balance| sum.plus(*balance))?;
    sums.add(AccountName::Opening, None, all.negate())?;
    let nonzero = sums.sums.into_iter().filter(|(_, balance)| !balance.is_zero());
    Ok(nonzero.map(|(account, balance)| AccountBalance { account, balance }).collect())
}

struct Sums<'a> {
    partner_id: &'a PartnerId,
    sums: BTreeMap<Account, Exact>,
}

impl Sums<'_> {
    fn add(&mut self, name: AccountName, lot: Option<&str>, amount: Exact) -> Result<(), Overflow> {
        let account = Account { name, partner_id: self.partner_id.clone(), lot: lot.map(str::to_owned) };
        let sum = self.sums.entry(account).or_default();
        *sum = sum.plus(amount)?;
        Ok(())
    }

    fn accrued(&mut self, rows: &PartnerRows) -> Result<(), Overflow> {
        let postings = rows.postings.iter().map(|row| (row.month, row.rebate, row.coop));
        let true_ups = rows.true_ups.iter().map(|row| (row.month, row.rebate, row.coop));
        let paid_for: BTreeSet<_> = rows.payouts.iter().map(|row| row.month).collect();
        for (month, rebate, coop) in postings.chain(true_ups) {
            self.add(AccountName::RebateExpense, None, rebate)?;
            self.add(AccountName::CoopExpense, None, coop)?;
            // Until the month is past, no payout has taken its rebate.
            if !paid_for.contains(&month) {
                self.add(AccountName::RebatePayable, None, rebate.negate())?;
            }
        }
        Ok(())
    }

    fn of_lots(&mut self, rows: &PartnerRows) -> Result<(), Overflow> {
        for row in &rows.lots {
            self.add(AccountName::CoopPayable, Some(&row.period), owed(row)?.negate())?;
            self.add(AccountName::OverdrawnExpense, None, row.overdrawn)?;
            self.add(AccountName::CoopForfeited, None, row.forfeited.negate())?;
        }
        for claim in &rows.claims {
            let stands_on = if claim.state == "paid" { AccountName::Bank } else { AccountName::ClaimsPayable };
            self.add(stands_on, None, drawn(claim).negate())?;
        }
        Ok(())
    }

    fn of_payouts(&mut self, rows: &PartnerRows, through: NaiveDate) -> Result<(), Overflow> {
        if let Some(last) = rows.payouts.last() {
            self.add(AccountName::RebatePayable, None, last.carried_out.negate())?;
        }
        for row in &rows.payouts {
            let is_past = row.due_on <= through;
            let stands_on = if is_past { AccountName::Bank } else { AccountName::PayoutsDue };
            self.add(stands_on, None, row.paid.negate())?;
            self.add(AccountName::PayoutsHeld, None, row.held.negate())?;
            self.add(AccountName::PayoutsForfeited, None, row.forfeited.negate())?;
        }
        Ok(())
    }
}

/// What a lot still owes: all that accrued while it is open, then what is reserved and available.
fn owed(row: &LotRow) -> Result<Exact, Overflow> {
    if row.state == "open" { Ok(row.accrued) } else { row.reserved.plus(row.available) }
}
