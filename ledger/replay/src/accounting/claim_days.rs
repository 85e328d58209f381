//! On which days claims were approved and paid.

use chrono::NaiveDate;
use daybook_event::ClaimState;
use daybook_views::{FactKind, FactSource, PartnerHistory};
use std::collections::BTreeMap;

/// The days on which a partner's claims were decided: rows say how claims stand, not since when.
#[derive(Debug, Clone, Default)]
pub struct ClaimDays {
    claims: BTreeMap<String, Days>,
}

/// What the steps of a claim came to.
#[derive(Debug, Clone, Copy, Default)]
struct Days {
    /// Whether an approval is what the claim may come to next.
    is_pending: bool,
    approved_on: Option<NaiveDate>,
    paid_on: Option<NaiveDate>,
    /// The last step that says approved or paid, whether it took effect or not.
    last_named_on: Option<NaiveDate>,
}

impl ClaimDays {
    /// Reads the days off the steps that count by the through date.
    #[must_use]
    pub fn of(history: &PartnerHistory, through: NaiveDate) -> Self {
        let mut claims: BTreeMap<String, Days> = BTreeMap::new();
        for fact in history.facts() {
            let FactKind::Claim(claim) = &fact.kind else { continue };
            if fact.effective_on <= through && !history.reversals().names(&fact.id) {
                claims.entry(claim.claim_id.clone()).or_default().take(claim.state, fact.effective_on);
            }
        }
        Self { claims }
    }

    /// The day from which the claim draws on its lot.
    pub(super) fn approved_on(&self, claim_id: &str) -> Option<NaiveDate> {
        // A step that our own check of the claim makes count or not is not told apart here: then the last one that names
        // the state gives the day.
        self.claims.get(claim_id).and_then(|days| days.approved_on.or(days.last_named_on))
    }

    /// The day on which it was paid.
    pub(super) fn paid_on(&self, claim_id: &str) -> Option<NaiveDate> {
        self.claims.get(claim_id).and_then(|days| days.paid_on.or(days.last_named_on))
    }
}

impl Days {
    fn take(&mut self, state: ClaimState, on: NaiveDate) {
        if matches!(state, ClaimState::Approved | ClaimState::Paid) {
            self.last_named_on = Some(on);
        }
        // Nothing takes a paid claim back.
        if self.paid_on.is_some() {
            return;
        }
        match state {
            ClaimState::Submitted | ClaimState::Disputed | ClaimState::ActionRequired => {
                self.is_pending |= self.approved_on.is_none();
            }
            ClaimState::Approved if self.is_pending => {
                (self.is_pending, self.approved_on) = (false, Some(on));
            }
            ClaimState::Paid if self.is_pending || self.approved_on.is_some() => {
                self.is_pending = false;
                self.approved_on = self.approved_on.or(Some(on));
                self.paid_on = Some(on);
            }
            ClaimState::Approved | ClaimState::Paid => {}
            ClaimState::Rejected | ClaimState::Withdrawn => (self.is_pending, self.approved_on) = (false, None),
        }
    }
}
