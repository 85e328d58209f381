//! Double-entry accounting of a partner's rows, as the payer of the incentives books them.
//!
//! Entries are a function of the rows, so that they hold at the rows' own coordinates and nowhere else: what the views
//! say is what the books say. What stood before the ledger began is in no row by itself; it is the difference between a
//! row and what the ledger's own facts add up to, and is booked against `equity:opening`.

mod accounts;
mod balances;
mod claim_days;
mod co_op;
mod hledger;
mod payouts;
#[cfg(test)]
mod tests;

pub use accounts::{Account, AccountName};
pub use balances::{AccountBalance, balances_of_entries, balances_of_rows};
pub use claim_days::ClaimDays;
pub use hledger::HledgerJournal;

use daybook_event::{Exact, Month, NaiveDate, Overflow, PartnerId};
use daybook_rules::model::RuleBook;
use daybook_views::PartnerRows;
use serde::Serialize;
use std::fmt;

/// Why money moved between accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A lot or a carry from before the ledger's first event.
    Opening,
    /// A posting: rebate and co-op are owed.
    Accrual,
    /// A difference of a closed month, or a correction by hand.
    TrueUp,
    /// A lot becomes rebate.
    Conversion,
    /// A claim was approved: the lot is drawn on.
    Claim,
    /// An approved claim was paid.
    ClaimPayment,
    /// Claims were approved beyond what the lot had.
    Overdraft,
    /// A lot's rest was lost when its claim window closed.
    CoopForfeit,
    /// A month's payout was decided.
    Payout,
    /// A carry was lost at the end of the program year, or a payout after its hold.
    PayoutForfeit,
    /// A payout waits for tax or bank data.
    Hold,
    /// A payout's day came.
    Payment,
}

impl EntryKind {
    /// Every kind, in order.
    pub const ALL: [Self; 12] = [
        Self::Opening,
        Self::Accrual,
        Self::TrueUp,
        Self::Conversion,
        Self::Claim,
        Self::ClaimPayment,
        Self::Overdraft,
        Self::CoopForfeit,
        Self::Payout,
        Self::PayoutForfeit,
        Self::Hold,
        Self::Payment,
    ];

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Accrual => "accrual",
            Self::TrueUp => "true_up",
            Self::Conversion => "conversion",
            Self::Claim => "claim",
            Self::ClaimPayment => "claim_payment",
            Self::Overdraft => "overdraft",
            Self::CoopForfeit => "coop_forfeit",
            Self::Payout => "payout",
            Self::PayoutForfeit => "payout_forfeit",
            Self::Hold => "hold",
            Self::Payment => "payment",
        }
    }
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What an entry comes from; what does not apply is none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize)]
pub struct EntryOrigin {
    /// The earning month, or the month paid for.
    pub month: Option<Month>,
    /// The lever of a posting or true-up.
    pub lever: Option<String>,
    /// The rule set of a posting.
    pub rule_set: Option<String>,
    /// The earning period of the lot.
    pub lot: Option<String>,
    /// The claim.
    pub claim_id: Option<String>,
    /// What caused a true-up.
    pub cause: Option<String>,
}

/// One side of an entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct AccountLine {
    /// The account.
    pub account: Account,
    /// Program currency; a debit is positive, a credit negative.
    pub amount: Exact,
}

/// Money that moved between accounts on a date: its lines sum to zero. Ordered as outputs show entries.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct AccountEntry {
    /// The date it is booked on, never after the through date.
    pub on: NaiveDate,
    /// The partner.
    pub partner_id: PartnerId,
    /// Why.
    pub kind: EntryKind,
    /// What it comes from.
    #[serde(flatten)]
    pub origin: EntryOrigin,
    /// One plain line.
    pub description: String,
    /// Debits and credits; none is zero.
    pub lines: Vec<AccountLine>,
}

impl AccountEntry {
    /// What its lines sum to: zero.
    ///
    /// # Errors
    /// [`Overflow`] when the sum leaves the range of exact money.
    pub fn sum(&self) -> Result<Exact, Overflow> {
        self.lines.iter().try_fold(Exact::ZERO, |sum, line| sum.plus(line.amount))
    }
}

/// Every entry of one partner, in order; none where its figures cannot be held, since what is pinned alone makes no books.
///
/// # Errors
/// [`Overflow`] when a sum leaves the range of exact money.
pub fn account_entries(
    book: &RuleBook,
    partner_id: &PartnerId,
    rows: &PartnerRows,
    claim_days: &ClaimDays,
    through: NaiveDate,
) -> Result<Vec<AccountEntry>, Overflow> {
    if rows.is_overflowed() {
        return Ok(Vec::new());
    }
    let mut keeper = Bookkeeper { book, partner_id, rows, claim_days, through, entries: Vec::new() };
    keeper.accruals()?;
    keeper.true_ups()?;
    keeper.lots()?;
    keeper.payouts()?;
    keeper.entries.sort();
    Ok(keeper.entries)
}

/// Takes down the entries of one partner.
struct Bookkeeper<'a> {
    book: &'a RuleBook,
    partner_id: &'a PartnerId,
    rows: &'a PartnerRows,
    claim_days: &'a ClaimDays,
    through: NaiveDate,
    entries: Vec<AccountEntry>,
}

/// What one entry says beside its money.
struct Said {
    on: NaiveDate,
    kind: EntryKind,
    origin: EntryOrigin,
    description: String,
}

impl Bookkeeper<'_> {
    /// Takes an entry down; lines of nothing are left out, and an entry of nothing is none.
    ///
    /// # Panics
    /// When the lines do not sum to zero: our own bug, and no books are better than wrong ones.
    fn enter(&mut self, said: Said, lines: &[(AccountName, Exact)]) -> Result<(), Overflow> {
        let account = |name: AccountName| Account {
            name,
            partner_id: self.partner_id.clone(),
            lot: said.origin.lot.clone().filter(|_| name == AccountName::CoopPayable),
        };
        let moved = lines.iter().filter(|(_, amount)| !amount.is_zero());
        let lines: Vec<AccountLine> =
            moved.map(|&(name, amount)| AccountLine { account: account(name), amount }).collect();
        if lines.is_empty() {
            return Ok(());
        }
        let Said { kind, origin, description, .. } = said;
        // Books hold what has happened: a month under way is booked as it stands on the through date.
        let on = said.on.min(self.through);
        let entry = AccountEntry { on, partner_id: self.partner_id.clone(), kind, origin, description, lines };
        assert_eq!(
            entry.sum()?,
            Exact::ZERO,
            "the entry {} of {} does not balance",
            entry.description,
            entry.partner_id
        );
        self.entries.push(entry);
        Ok(())
    }

    fn accruals(&mut self) -> Result<(), Overflow> {
        for row in &self.rows.postings {
            let origin = EntryOrigin {
                month: Some(row.month),
                lever: Some(row.lever.to_string()),
                rule_set: Some(row.rule_set.to_string()),
                lot: Some(self.book.calendar().period_of(row.month).to_string()),
                ..EntryOrigin::default()
            };
            let description = format!("accrual of {}, {} under {}", row.month, row.lever, row.rule_set);
            let said = Said { on: row.month.last_day(), kind: EntryKind::Accrual, origin, description };
            self.enter(said, &owed(row.rebate, row.coop))?;
        }
        Ok(())
    }

    fn true_ups(&mut self) -> Result<(), Overflow> {
        for row in &self.rows.true_ups {
            let origin = EntryOrigin {
                month: Some(row.month),
                lever: Some(row.lever.to_string()).filter(|lever| !lever.is_empty()),
                lot: Some(self.book.calendar().period_of(row.month).to_string()),
                cause: Some(row.cause.to_string()),
                ..EntryOrigin::default()
            };
            let description = format!("true-up of {}, booked in {}: {}", row.closed_month, row.month, row.cause);
            let said = Said { on: row.month.last_day(), kind: EntryKind::TrueUp, origin, description };
            self.enter(said, &owed(row.rebate, row.coop))?;
        }
        Ok(())
    }
}

/// What is earned is an expense, and owed until it is paid, claimed or lost.
fn owed(rebate: Exact, coop: Exact) -> [(AccountName, Exact); 4] {
    [
        (AccountName::RebateExpense, rebate),
        (AccountName::CoopExpense, coop),
        (AccountName::RebatePayable, rebate.negate()),
        (AccountName::CoopPayable, coop.negate()),
    ]
}
