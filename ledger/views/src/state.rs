//! What a month-step hands to the next: a serialisable value that stands for everything before it.

use crate::caps::CapSums;
use crate::claims::ClaimStep;
use crate::competency::Certification;
use crate::customers::Customers;
use crate::facts::StandingFacts;
use crate::growth::GrowthBases;
use crate::openings::{Adjusted, OpeningBalances};
use crate::products::Products;
use crate::revenue::TrailingRevenue;
use crate::rows::{ConservationRow, FindingRow, PostingRow, ProvisionalRow, StandingRow};
use crate::verdicts::Verdicts;
use chrono::NaiveDate;
use daybook_event::{EventRef, Exact, Month};
use daybook_rules::compiled::{DayCode, GateMask};
use daybook_rules::model::Match;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A partner at the end of a month: enough to fold the next one, and the rows of the months so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerState {
    /// The first month not folded yet.
    pub next_month: Month,
    /// Where the partner stands.
    pub(crate) standing: Standing,
    /// Everything billed and opened, each amount without its sign, in counts of 10^-25: while this is far from the end of the
    /// range, sums may be taken in any order.
    weight: i128,
    /// Standing facts by name.
    pub(crate) facts: StandingFacts,
    /// What they say of the gates.
    #[serde(skip)]
    pub(crate) verdicts: Verdicts,
    /// Certifications in order.
    pub(crate) certifications: Vec<Certification>,
    /// The products of its revenue, by number.
    pub(crate) products: Products,
    /// Revenue per day, for trailing sums.
    pub(crate) revenue: TrailingRevenue,
    /// Since when each customer is one, and what it was billed per month.
    pub(crate) customers: Customers,
    /// What customers were billed a year back, for growth.
    pub(crate) growth: GrowthBases,
    /// What capped levers contributed so far.
    pub(crate) cap_sums: CapSums,
    /// What each day with a line was judged to be: credits of later months ask for it.
    pub(crate) days: Vec<JudgedDay>,
    /// Credits so far, by the first line of their chain.
    pub(crate) credited: BTreeMap<EventRef, Credited>,
    /// Steps of claims in order.
    pub(crate) claims: Vec<ClaimStep>,
    /// Opening balances that settle with the months.
    pub(crate) openings: OpeningBalances,
    pub(crate) standing_rows: Vec<StandingRow>,
    pub(crate) postings: Vec<PostingRow>,
    /// Corrections by hand.
    pub(crate) adjustments: Vec<Adjusted>,
    pub(crate) conservation: Vec<ConservationRow>,
    pub(crate) provisional: Vec<ProvisionalRow>,
    pub(crate) findings: Vec<FindingRow>,
}

/// The states of section 4 of the program's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    NotInvited,
    Invited,
    Enrolled,
    Offboarded,
}

/// Where a partner stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) status: Status,
    /// The date of the last offboarding.
    pub(crate) offboarded_on: Option<NaiveDate>,
    /// Revenue gates met on some assessment date since they first had a threshold.
    pub(crate) met_once: BTreeSet<String>,
}

/// What a day with revenue lines was judged to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JudgedDay {
    pub(crate) on: NaiveDate,
    /// Whether it may earn, or why not.
    pub(crate) code: DayCode,
    /// Gates of the day's rule set that are unmet that day, among those that some lever needs.
    pub(crate) unmet_needs: GateMask,
}

/// Credits of one line so far, in program currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credited {
    pub(crate) line: Exact,
    pub(crate) credits: Exact,
    pub(crate) events: Vec<EventRef>,
}

impl PartnerState {
    /// A partner before its first month.
    #[must_use]
    pub fn before(first: Month) -> Self {
        let standing = Standing { status: Status::NotInvited, offboarded_on: None, met_once: BTreeSet::new() };
        Self {
            next_month: first,
            standing,
            weight: 0,
            facts: StandingFacts::default(),
            verdicts: Verdicts::default(),
            certifications: Vec::new(),
            products: Products::default(),
            revenue: TrailingRevenue::default(),
            customers: Customers::default(),
            growth: GrowthBases::default(),
            cap_sums: CapSums::default(),
            days: Vec::new(),
            credited: BTreeMap::new(),
            claims: Vec::new(),
            openings: OpeningBalances::default(),
            standing_rows: Vec::new(),
            postings: Vec::new(),
            adjustments: Vec::new(),
            conservation: Vec::new(),
            provisional: Vec::new(),
            findings: Vec::new(),
        }
    }

    /// Notes that an amount goes into sums.
    pub(crate) fn weigh(&mut self, amount: Exact) {
        self.weight = self.weight.saturating_add(amount.raw().saturating_abs());
    }

    /// Whether some sum may leave the range of exact money, so that sums must be taken in order.
    #[must_use]
    pub fn is_heavy(&self) -> bool {
        // A rate is at most ten, and every sum is of parts of the whole.
        self.weight > i128::MAX / 64
    }

    /// Whether some customer may be the partner itself.
    pub(crate) fn has_own_tenants(&self) -> bool {
        self.facts.any_begins_with("own_tenant:")
    }

    /// Whether the standing fact is held on a date that is folded already.
    pub(crate) fn is_held(&self, fact: &str, on: NaiveDate) -> bool {
        self.facts.is_held(fact, on)
    }

    /// Whether the customer is the partner itself on a date that is folded already.
    pub(crate) fn is_own_tenant(&self, customer_id: &str, on: NaiveDate) -> bool {
        // Few partners have the fact: no text is made for those who do not.
        self.has_own_tenants() && self.is_held(&format!("own_tenant:{customer_id}"), on)
    }

    /// Whether the partner is, on a date that is folded already, in a market that the match takes.
    pub(crate) fn is_in_market(&self, matches: &Match, on: NaiveDate) -> bool {
        let holds = |market: &String| self.is_held(&format!("market:{market}"), on);
        matches.markets.is_empty() || matches.markets.iter().any(holds)
    }

    /// What the day was judged to be, if it had revenue lines.
    pub(crate) fn judged(&self, on: NaiveDate) -> Option<&JudgedDay> {
        let at = self.days.binary_search_by(|day| day.on.cmp(&on)).ok()?;
        self.days.get(at)
    }
}
