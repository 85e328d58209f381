//! What the fold puts out: the rows of `daybook views`, one struct per view. Names are a contract with other people's
//! scripts: they may be added to, never renamed.

use chrono::NaiveDate;
use daybook_event::{Currency, Exact, Month, Name, PartnerId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Every row of one partner, each view sorted as the outputs show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[allow(missing_docs)] // each view is documented at its row
pub struct PartnerRows {
    pub standing: Vec<StandingRow>,
    pub postings: Vec<PostingRow>,
    pub lots: Vec<LotRow>,
    pub claims: Vec<ClaimRow>,
    pub true_ups: Vec<TrueUpRow>,
    pub payouts: Vec<PayoutRow>,
    pub conservation: Vec<ConservationRow>,
    pub provisional: Vec<ProvisionalRow>,
    pub findings: Vec<FindingRow>,
}

impl PartnerRows {
    /// Whether a sum of this one partner could not be held: there are no figures then but what closed months have pinned.
    #[must_use]
    pub fn is_overflowed(&self) -> bool {
        self.findings.iter().any(|finding| finding.code == "OVERFLOW")
    }

    /// Adds another partner's rows behind these. Partners must come in order.
    pub fn append(&mut self, rows: Self) {
        self.standing.extend(rows.standing);
        self.postings.extend(rows.postings);
        self.lots.extend(rows.lots);
        self.claims.extend(rows.claims);
        self.true_ups.extend(rows.true_ups);
        self.payouts.extend(rows.payouts);
        self.conservation.extend(rows.conservation);
        self.provisional.extend(rows.provisional);
        self.findings.extend(rows.findings);
    }
}

/// A partner's standing changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingRow {
    /// The partner.
    pub partner_id: PartnerId,
    /// On which date.
    pub on: NaiveDate,
    /// `invited`, `enrolled` or `offboarded`.
    pub state: Name,
    /// The gate that decided, or `entry_gates` / `onboarding_gates` where all of them did.
    pub cause: Name,
    /// What was measured, where the cause measures something.
    pub measured: String,
    /// What was required.
    pub required: String,
    /// The rule set in force on that date.
    pub rule_set: Name,
    /// The facts that hold the gates.
    pub events: Vec<String>,
}

/// What a partner earned in a month under one lever, under the terms of one rule set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PostingRow {
    /// The partner.
    pub partner_id: PartnerId,
    /// The earning month.
    pub month: Month,
    /// The earning period's label.
    pub period: Name,
    /// The lever.
    pub lever: Name,
    /// The rule set that priced the lines.
    pub rule_set: Name,
    /// Sum of the lines in it, before caps, exact.
    pub base: Exact,
    /// The rounded sum of contributions.
    pub earned: Exact,
    /// The part paid as rebate.
    pub rebate: Exact,
    /// The part accrued as co-op.
    pub coop: Exact,
}

/// The co-op of a partner's earning period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LotRow {
    /// The partner.
    pub partner_id: PartnerId,
    /// The earning period's label.
    pub period: Name,
    /// Co-op of its postings and true-ups.
    pub accrued: Exact,
    /// `open`, `usable`, `converted`, or `none` where only claims name it.
    pub state: Name,
    /// Turned into rebate.
    pub converted: Exact,
    /// Taken by approved and paid claims, overdrawn included.
    pub consumed: Exact,
    /// Held back for claims under way.
    pub reserved: Exact,
    /// Still to be claimed.
    pub available: Exact,
    /// Lost when the claim window closed.
    pub forfeited: Exact,
    /// Approved beyond what was there.
    pub overdrawn: Exact,
}

impl LotRow {
    /// The row of a period without a lot, which only claims name.
    #[must_use]
    pub fn none(partner_id: &PartnerId, period: &str) -> Self {
        Self {
            partner_id: partner_id.clone(),
            period: period.into(),
            accrued: Exact::ZERO,
            state: Name::known("none"),
            converted: Exact::ZERO,
            consumed: Exact::ZERO,
            reserved: Exact::ZERO,
            available: Exact::ZERO,
            forfeited: Exact::ZERO,
            overdrawn: Exact::ZERO,
        }
    }
}

/// A claim as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRow {
    /// The partner.
    pub partner_id: PartnerId,
    /// The claim.
    pub claim_id: String,
    /// The label of the period whose lot it draws on; empty where its dates name none.
    pub period: Name,
    /// The last state that took effect; `refused` while our own check refused the last submission.
    pub state: Name,
    /// Program currency, as submitted, then as approved; empty without a rate.
    pub amount: String,
    /// The code of our refusal; empty where we did not refuse.
    pub refused: Name,
}

/// A difference of a closed month, or a correction by hand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TrueUpRow {
    /// The partner.
    pub partner_id: PartnerId,
    /// The month it is booked in.
    pub month: Month,
    /// The month it concerns.
    pub closed_month: Month,
    /// The lever; empty for none.
    pub lever: Name,
    /// The rebate part.
    pub rebate: Exact,
    /// The co-op part.
    pub coop: Exact,
    /// What caused it.
    pub cause: Name,
}

/// What a partner is paid for a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutRow {
    /// The partner.
    pub partner_id: PartnerId,
    /// The month paid for.
    pub month: Month,
    /// Rebate of the month's postings.
    pub rebate: Exact,
    /// Co-op converted to rebate, due with this month.
    pub converted: Exact,
    /// Rebate of true-ups booked in this month.
    pub true_up: Exact,
    /// Carried from the month before.
    pub carried_in: Exact,
    /// Paid.
    pub paid: Exact,
    /// Waiting for tax or bank data.
    pub held: Exact,
    /// Lost at the end of the program year.
    pub forfeited: Exact,
    /// Carried to the next month.
    pub carried_out: Exact,
    /// When it is due.
    pub due_on: NaiveDate,
}

/// Where everything billed in a month went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConservationRow {
    /// The partner.
    pub partner_id: PartnerId,
    /// The earning month.
    pub month: Month,
    /// Everything billed, unconverted apart.
    pub billed: Exact,
    /// Lines that earned.
    pub earning: Exact,
    /// Lines that may not earn, by code.
    pub ineligible: BTreeMap<Name, Exact>,
    /// Lines that no lever matches.
    pub unmatched: Exact,
    /// Lines whose every contribution a cap left at zero.
    pub capped: Exact,
    /// Lines dated before the first rule set.
    pub provisional_noterms: Exact,
    /// Lines without an exchange rate, each currency apart, in no sum.
    pub unconverted: Vec<UnconvertedSum>,
}

/// Lines of one currency that have no exchange rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnconvertedSum {
    /// The currency.
    pub currency: Currency,
    /// The sum, in that currency.
    pub amount: Exact,
}

/// A month whose figures miss something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProvisionalRow {
    /// The partner.
    pub partner_id: PartnerId,
    /// The month.
    pub month: Month,
    /// What is missing.
    pub why: Name,
}

/// Something odd that changes no figure by itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FindingRow {
    /// The partner; empty for findings on facts of no partner.
    pub partner_id: String,
    /// What.
    pub code: Name,
    /// The events concerned.
    pub events: Vec<String>,
}
