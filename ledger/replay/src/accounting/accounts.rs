//! The chart of accounts: what the payer of the incentives owes, paid, spent and kept.

use daybook_event::PartnerId;
use serde::{Serialize, Serializer};
use std::fmt;

/// An account's kind, in the order of outputs. Debits are positive: assets and expenses grow upwards, what is owed and
/// what is kept downwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AccountName {
    /// Money that left for a partner.
    Bank,
    /// Approved claims that are not paid yet.
    ClaimsPayable,
    /// Co-op of a lot that the partner may still ask for.
    CoopPayable,
    /// Payouts decided at a month's end, until their day comes.
    PayoutsDue,
    /// Payouts that wait for tax or bank data.
    PayoutsHeld,
    /// Rebate that no payout has taken yet; a negative carry stands here as a debit.
    RebatePayable,
    /// What stood before the ledger's first event.
    Opening,
    /// Co-op lost when a claim window closed.
    CoopForfeited,
    /// Payouts lost after a hold, or at the end of the program year.
    PayoutsForfeited,
    /// The co-op part of what partners earn.
    CoopExpense,
    /// Claims approved beyond what their lot had.
    OverdrawnExpense,
    /// The rebate part of what partners earn.
    RebateExpense,
}

impl AccountName {
    /// Every kind, in order.
    pub const ALL: [Self; 12] = [
        Self::Bank,
        Self::ClaimsPayable,
        Self::CoopPayable,
        Self::PayoutsDue,
        Self::PayoutsHeld,
        Self::RebatePayable,
        Self::Opening,
        Self::CoopForfeited,
        Self::PayoutsForfeited,
        Self::CoopExpense,
        Self::OverdrawnExpense,
        Self::RebateExpense,
    ];

    /// Its place in the chart. A contract with the people who read the journal.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Bank => "assets:bank",
            Self::ClaimsPayable => "liabilities:claims",
            Self::CoopPayable => "liabilities:co-op",
            Self::PayoutsDue => "liabilities:payouts-due",
            Self::PayoutsHeld => "liabilities:payouts-held",
            Self::RebatePayable => "liabilities:rebate",
            Self::Opening => "equity:opening",
            Self::CoopForfeited => "revenues:co-op-forfeited",
            Self::PayoutsForfeited => "revenues:payouts-forfeited",
            Self::CoopExpense => "expenses:co-op",
            Self::OverdrawnExpense => "expenses:overdrawn",
            Self::RebateExpense => "expenses:rebate",
        }
    }
}

/// An account: its kind, whose it is, and of co-op which lot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    /// The kind.
    pub name: AccountName,
    /// The partner.
    pub partner_id: PartnerId,
    /// The earning period of the lot; none where the account is of no lot.
    pub lot: Option<String>,
}

impl fmt::Display for Account {
    /// The path, the partner and the lot: every partner's balances can be read alone, and any level of them together.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name.path(), self.partner_id)?;
        self.lot.iter().try_for_each(|lot| write!(f, ":{lot}"))
    }
}

impl Serialize for Account {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
