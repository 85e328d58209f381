//! Lines again: in the same month, in those in which a customer is new, and a year later.

use super::Maker;
use super::money::currency;
use crate::model::time::Ym;
use chrono::NaiveDate;
use daybook_event::{Envelope, PartnerId, Payload};

impl Maker {
    /// What the terms of new customers, growth, caps and computed competencies look at.
    pub(super) fn more(&mut self) {
        self.proofs();
        for _ in 0..self.dice.between(0, 16) {
            let partner = self.a_partner();
            match self.dice.between(0, 8) {
                0..=2 => self.proof(&partner),
                3..=5 => self.a_year_later(&partner),
                _ => self.again(&partner),
            }
        }
    }

    /// A line again: by the same customer, for the same product, with what is missing to a threshold.
    fn repeat(&mut self, partner: &PartnerId, on: impl Fn(&mut Self, NaiveDate) -> NaiveDate) {
        let is_line = |event: &&Envelope| {
            event.partner_id.as_ref() == Some(partner) && matches!(event.payload, Payload::LicenseSale(_))
        };
        let lines: Vec<Envelope> = self.events.iter().filter(is_line).cloned().collect();
        if lines.is_empty() {
            return;
        }
        let line = self.one_of(&lines);
        let Payload::LicenseSale(mut sale) = line.payload else { return };
        let on = on(self, line.effective_on);
        sale.credits = None;
        if !self.chance(4) {
            (sale.amount, sale.currency) = (self.reaching(partner, &sale.customer_id, on), currency("USD"));
        }
        self.dates.also(on);
        self.push(Some(partner.clone()), on, Payload::LicenseSale(sale));
    }

    fn a_year_later(&mut self, partner: &PartnerId) {
        self.repeat(partner, |maker, on| {
            let month = Ym(Ym::of(on).0 + 12);
            month.day(u32::try_from(maker.dice.between(1, 31)).expect("a day"))
        });
    }

    /// In the same month, the next one, or the last that still counts as new.
    fn again(&mut self, partner: &PartnerId) {
        self.repeat(partner, |maker, on| {
            let month = Ym(Ym::of(on).0 + maker.one_of(&[0, 0, 1, 2, 3, 11, 12]));
            month.day(u32::try_from(maker.dice.between(1, 31)).expect("a day"))
        });
    }
}
