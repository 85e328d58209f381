//! What a history begins with: standing facts, exchange rates, opening balances.

use super::Maker;
use super::events::product;
use super::money::{amount, currency};
use crate::model::time::{Period, Ym};
use chrono::{Days, NaiveDate};
use daybook_event::{ExchangeRate, FxRate, Month, Opening, PartnerId, PartnerStanding, Payload, StandingValue};

/// The standing facts that some gate of a book asks for.
pub(super) const FACTS: [&str; 11] = [
    "mpn_membership",
    "reseller_agreement",
    "competency:silver:cloud_productivity",
    "competency:gold:erp",
    "invitation_accepted",
    "incentive_tool",
    "tax_profile",
    "bank_profile",
    "capability_points:security",
    "designation:security",
    "market:DE",
];

impl Maker {
    pub(super) fn set_up(&mut self) {
        let first = self.dates.first();
        for partner in self.partners.clone() {
            // Most partners have all they need from the start; of others a fact comes late or never.
            let late_one_in = self.one_of(&[3, 12, 1_000, 1_000]);
            let is_only_invited = self.chance(6);
            for fact in FACTS.into_iter().filter(|fact| !is_only_invited || *fact != "tax_profile") {
                let on =
                    if self.chance(late_one_in) { self.a_date() } else { first - Days::new(self.dice.between(0, 60)) };
                if !self.chance(late_one_in * 2) {
                    self.standing_fact(&partner, fact, true, on);
                }
            }
            for _ in 0..self.dice.between(0, 2) {
                if self.chance(2) {
                    self.opening(&partner);
                }
            }
        }
        for _ in 0..self.dice.between(2, 8) {
            self.exchange_rate();
        }
    }

    pub(super) fn a_date(&mut self) -> NaiveDate {
        self.dates.any(&mut self.dice)
    }

    pub(super) fn standing_fact(&mut self, partner: &PartnerId, fact: &str, held: bool, on: NaiveDate) {
        let value = if fact.starts_with("capability_points") {
            StandingValue::Number(amount(self.one_of(&["69.99", "70", "70", "85", "0"])))
        } else if held {
            StandingValue::Held
        } else {
            StandingValue::Lapsed
        };
        let payload = Payload::PartnerStanding(PartnerStanding { fact: fact.to_owned(), value });
        self.push(Some(partner.clone()), on, payload);
    }

    /// Holds what onboarding asks for anew, on the day of the offboarding, which is too early, or later; and sells
    /// enough around it to be invited again.
    pub(super) fn comeback(&mut self, partner: &PartnerId, offboarded_on: NaiveDate) {
        let days = self.one_of(&[0, 1, 1, 2, 20]);
        for fact in [
            "invitation_accepted",
            "designation:security",
            "incentive_tool",
            "tax_profile",
            "bank_profile",
            "mpn_membership",
        ] {
            // Of some facts it is one fact alone that is not held anew.
            let too_early = self.chance(8);
            let on = if too_early { offboarded_on } else { offboarded_on + Days::new(days) };
            self.standing_fact(partner, fact, true, on);
        }
        // Little enough before that the offboarding stays, enough after it to be invited again.
        for (on, billed) in [(offboarded_on - Days::new(1), "10.00"), (offboarded_on, "10.00")] {
            if self.chance(2) {
                self.sale_on(partner, on, billed);
            }
        }
        if !self.chance(4) {
            let soon = offboarded_on + Days::new(self.dice.between(1, 2));
            self.sale_on(partner, soon, "60000.00");
        }
    }

    /// A rate of one of the last months, published in that month, late, or corrected.
    pub(super) fn exchange_rate(&mut self) {
        let of_date = self.a_date();
        let code = self.one_of(&["EUR", "EUR", "EUR", "GBP"]);
        let text = self.one_of(&["1.1", "1.0845", "1.2345678901", "0.9"]);
        let rate = ExchangeRate::parse(text).expect("a rate");
        let on = self.dates.after(&mut self.dice, of_date);
        self.push(None, on, Payload::FxRate(FxRate { currency: currency(code), month: Month::of(of_date), rate }));
    }

    fn opening(&mut self, partner: &PartnerId) {
        let first = self.dates.first();
        let before = Ym(Ym::of(first).0 - i32::try_from(self.dice.between(0, 14)).expect("small"));
        let on = if self.chance(3) { self.a_date() } else { first };
        let opening = match self.dice.between(0, 3) {
            0 | 1 => Opening::Revenue {
                customer_id: "c-old".to_owned(),
                product: product(self.dice.place(7)),
                month: Month::parse(&before.to_string()).expect("a month"),
                amount: amount(self.one_of(&["24999.99", "25000", "10000", "-500", "26000.5"])),
            },
            2 => Opening::Lot {
                period: if self.chance(8) {
                    "FY2H".to_owned()
                } else {
                    Period::holding(&self.book, before).label(&self.book)
                },
                accrued: amount(self.one_of(&["3999.99", "4000", "10000", "12000.5", "100", "0", "-50"])),
                state: self.one_of(&["open", "open", "usable", "converted"]).to_owned(),
                consumed: amount(self.one_of(&["0", "0", "0", "100", "5000", "-1"])),
            },
            _ => Opening::Carry { amount: amount(self.one_of(&["199.99", "200", "50", "-75.25"])) },
        };
        self.push(Some(partner.clone()), on, Payload::Opening(opening));
    }
}
