//! Explanations hold: their own arithmetic gives the figure, every number of a rule stands where it is said to stand, and
//! the smallest change that they name makes the difference, while a cent less does not.
//!
//! All of it over every situation of `replay-fixtures/`, from the JSON that people get, without a look at the fold.

mod cited;
mod claims;
mod recomputed;
mod refold;
mod smallest;

use crate::golden::situation::Situation;
use daybook_event::{EventRef, NaiveDate, PartnerId};
use daybook_replay::{Explainer, Explanation, Histories, replay};
use daybook_rules::model::RuleBook;
use daybook_tests::model::number::Num;
use daybook_views::PartnerRows;
use serde_json::Value;
use std::sync::{LazyLock, OnceLock};

/// A partner of a situation.
pub(super) struct Case<'a> {
    pub(super) name: String,
    pub(super) histories: &'a Histories,
    pub(super) book: &'a RuleBook,
    pub(super) through: NaiveDate,
    pub(super) partner_id: PartnerId,
    pub(super) rows: PartnerRows,
    /// Asked for by many tests, and dear: what did not earn was tried with changes.
    months: OnceLock<Vec<Told>>,
}

/// An explanation, by what was asked.
pub(super) struct Told {
    pub(super) asked: String,
    pub(super) json: Value,
}

/// What a situation's records say, and under what it looks at them.
struct Coordinates {
    name: String,
    histories: Histories,
    book: RuleBook,
    through: NaiveDate,
}

/// Visits every partner of every situation.
pub(super) fn every_case(visit: impl FnMut(&Case<'_>)) {
    static SITUATIONS: LazyLock<Vec<Coordinates>> = LazyLock::new(|| {
        let of = |situation: &Situation| {
            let (histories, book, through) = situation.coordinates();
            Coordinates { name: situation.name(), histories, book, through }
        };
        Situation::all().iter().map(of).collect()
    });
    static CASES: LazyLock<Vec<Case<'static>>> = LazyLock::new(|| SITUATIONS.iter().flat_map(cases).collect());
    CASES.iter().for_each(visit);
}

fn cases(of: &Coordinates) -> Vec<Case<'_>> {
    let Coordinates { name, histories, book, through } = of;
    let case = |(partner_id, rows): (PartnerId, PartnerRows)| Case {
        name: format!("{name} {partner_id}"),
        histories,
        book,
        through: *through,
        partner_id,
        rows,
        months: OnceLock::new(),
    };
    replay(histories, book, *through, 1).partners.into_iter().map(case).collect()
}

impl Case<'_> {
    fn told(&self, asked: &str, explanation: &Explanation) -> Told {
        assert!(!explanation.to_string().is_empty(), "{} {asked}: no text", self.name);
        Told { asked: asked.to_owned(), json: serde_json::to_value(explanation).unwrap() }
    }

    pub(super) fn months(&self) -> &[Told] {
        let explainer = Explainer::new(self.histories, self.book, self.through);
        let month = |row: &daybook_views::rows::ConservationRow| {
            let told = explainer.month(&self.partner_id, row.month, None);
            self.told(&row.month.to_string(), &Explanation::Month(told.unwrap()))
        };
        self.months.get_or_init(|| self.rows.conservation.iter().map(month).collect())
    }

    pub(super) fn lots(&self) -> Vec<Told> {
        let explainer = Explainer::new(self.histories, self.book, self.through);
        let lot = |row: &daybook_views::rows::LotRow| {
            let period = self.book.calendar().period_parse(&row.period).unwrap();
            let told = explainer.lot(&self.partner_id, period);
            self.told(&row.period, &Explanation::Lot(told.unwrap()))
        };
        self.rows.lots.iter().map(lot).collect()
    }

    pub(super) fn claims(&self) -> Vec<Told> {
        let explainer = Explainer::new(self.histories, self.book, self.through);
        let claim = |row: &daybook_views::rows::ClaimRow| {
            let told = explainer.claim(&self.partner_id, &row.claim_id);
            self.told(&row.claim_id, &Explanation::Claim(told.unwrap()))
        };
        self.rows.claims.iter().map(claim).collect()
    }

    pub(super) fn payouts(&self) -> Vec<Told> {
        let explainer = Explainer::new(self.histories, self.book, self.through);
        let payout = |row: &daybook_views::rows::PayoutRow| {
            let told = explainer.payout(&self.partner_id, row.month);
            self.told(&row.month.to_string(), &Explanation::Payout(told.unwrap()))
        };
        self.rows.payouts.iter().map(payout).collect()
    }

    /// On every date of a change, and on the through date.
    pub(super) fn standings(&self) -> Vec<Told> {
        let explainer = Explainer::new(self.histories, self.book, self.through);
        let mut dates: Vec<NaiveDate> = self.rows.standing.iter().map(|row| row.on).collect();
        dates.push(self.through);
        dates.dedup();
        // A partner whose sums cannot be held has no standing either.
        let known = dates.into_iter().filter(|_| !self.rows.findings.iter().any(|row| row.code == "OVERFLOW"));
        let standing = |on: NaiveDate| {
            let told = explainer.standing(&self.partner_id, on);
            self.told(&on.to_string(), &Explanation::Standing(told.unwrap()))
        };
        known.map(standing).collect()
    }

    pub(super) fn events(&self) -> Vec<Told> {
        let explainer = Explainer::new(self.histories, self.book, self.through);
        let facts = self.histories.partner(&self.partner_id).unwrap().facts();
        let ids: Vec<EventRef> = facts.iter().map(|fact| fact.id.clone()).collect();
        let known = ids.into_iter().filter(|_| !self.rows.findings.iter().any(|row| row.code == "OVERFLOW"));
        let event = |id: EventRef| {
            let told = explainer.event(&self.partner_id, &id);
            self.told(&id.to_string(), &Explanation::Event(told.unwrap()))
        };
        known.map(event).collect()
    }
}

/// The text of a field.
pub(super) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_else(|| panic!("no text {key} in {value}"))
}

/// The number of a field.
pub(super) fn number(value: &Value, key: &str) -> Num {
    Num::parse(text(value, key))
}

/// The items of a list.
pub(super) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("no list {key} in {value}"))
}

/// A percentage as printed.
pub(super) fn share(text: &str) -> Num {
    Num::parse(text.strip_suffix('%').unwrap_or_else(|| panic!("{text:?} is no percentage"))).times(Num::new(1, 2))
}
