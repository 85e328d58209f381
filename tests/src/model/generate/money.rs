//! Amounts that hit thresholds to the cent, and ordinary ones.

use super::Maker;
use crate::model::facts::billed;
use crate::model::number::Num;
use crate::model::time::Ym;
use chrono::NaiveDate;
use daybook_event::{Amount, Currency, Envelope, PartnerId};
use daybook_rules::model::Base;

pub(super) fn amount(text: &str) -> Amount {
    Amount::parse(text).unwrap_or_else(|fault| panic!("{fault}"))
}

pub(super) fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a code")
}

impl Maker {
    /// The amount of a line and its currency.
    pub(super) fn billed_amount(&mut self, partner: &PartnerId) -> (Amount, Currency) {
        let dollars = currency("USD");
        match self.dice.between(0, 11) {
            0..=2 => (self.completing(partner), dollars),
            3 => (
                amount(self.one_of(&["0", "0.01", "0.005", "-0.01", "25000", "24999.99", "250000", "625000"])),
                dollars,
            ),
            4 if self.chance(2) => {
                (amount(&format!("-{}.{:02}", self.dice.between(0, 9000), self.dice.between(0, 99))), dollars)
            }
            5 => {
                let text = format!("{}.{:09}", self.dice.between(0, 90_000), self.dice.between(0, 999_999_999));
                (amount(&text), dollars)
            }
            6 | 7 => {
                let code = self.one_of(&["EUR", "EUR", "GBP", "CHF"]);
                (amount(&format!("{}.{:02}", self.dice.between(1, 90_000), self.dice.between(0, 99))), currency(code))
            }
            _ => (amount(&format!("{}.{:02}", self.dice.between(1, 200_000), self.dice.between(0, 99))), dollars),
        }
    }

    /// What is missing of a customer's month, or of all that it or the partner bought, to a sum that decides something;
    /// a cent more or less.
    pub(super) fn reaching(&mut self, partner: &PartnerId, customer: &str, on: NaiveDate) -> Amount {
        let (in_month, of_partner) = (self.chance(2), self.chance(3));
        let is_counted = |event: &&Envelope| {
            event.partner_id.as_ref() == Some(partner)
                && (!in_month || Ym::of(event.effective_on) == Ym::of(on))
                && billed(event).is_some_and(|line| of_partner || line.customer == customer)
        };
        let lines = self.events.iter().filter(is_counted).filter_map(billed);
        let so_far = Num::sum(lines.filter(|line| line.currency == currency("USD")).map(|line| line.amount));
        let targets = self.deciding();
        let target = self.one_of(&targets);
        // 0.25 at 4 % is a cent.
        let off = self.one_of(&["0", "0", "0", "0.01", "-0.01", "0.25", "-0.25"]);
        let missing = target.minus(so_far).plus(Num::parse(off));
        let wanted = if missing.is_negative() && !self.chance(4) { target } else { missing };
        amount(&wanted.to_string())
    }

    /// Sums that decide something under a rule set of the book: a customer's month, or what fills a cap.
    fn deciding(&mut self) -> Vec<Num> {
        let at = self.dice.place(self.book.sets.len());
        let mut sums = vec![Num::parse("1000"), Num::parse("25000")];
        for lever in &self.book.sets[at].levers {
            if let Base::CustomerAdd { monthly_at_least, .. } = lever.base {
                sums.push(Num::of_term(monthly_at_least));
            }
            let fills = |sum: &Num| {
                lever.cap.is_some_and(|cap| sum.times(Num::of_rate(lever.rate)) == Num::of_term(cap.amount))
            };
            let round = ["100", "250", "1000", "2500", "10000", "25000", "40000", "100000"].map(Num::parse);
            sums.extend(round.into_iter().filter(fills));
        }
        sums
    }

    /// What is missing to a threshold, or a cent less or more: the sum of trailing revenue, or what a core rate turns
    /// into just enough co-op.
    fn completing(&mut self, partner: &PartnerId) -> Amount {
        let of_partner = self.events.iter().filter(|event| event.partner_id.as_ref() == Some(partner));
        let lines = of_partner.filter_map(billed).filter(|line| line.currency == currency("USD"));
        let so_far = Num::sum(lines.map(|line| line.amount));
        // 1.6 % of 250,000 is 4,000, of 625,000 it is 10,000; a step of 0.63 moves such a sum by a cent.
        let target = self.one_of(&["25000", "25000", "250000", "625000", "1000", "5000", "12500"]);
        let off = self.one_of(&["0", "0", "0.01", "-0.01", "0.63", "-0.63"]);
        let missing = Num::parse(target).minus(so_far).plus(Num::parse(off));
        // A target passed long ago is missed by a cent from above.
        let wanted = if missing.is_negative() && !self.chance(6) { Num::parse(target) } else { missing };
        amount(&wanted.to_string())
    }
}
