//! What closed months lack, by what caused it: one record at a time, in order of position, then one change of the terms.

use super::rows::Closed;
use super::statements::{Sums, add};
use super::{Current, Record};
use crate::model::facts::{Partner, World, billed};
use crate::model::number::Num;
use crate::model::payout::TrueUp;
use crate::model::time::Ym;
use daybook_event::{Envelope, Payload, Product};
use daybook_rules::model::RuleBook;
use std::collections::BTreeSet;

/// What only says something of facts.
fn is_act(event: &Envelope) -> bool {
    let payload = &event.payload;
    matches!(payload, Payload::PinnedStatement(_) | Payload::PeriodClosed(_) | Payload::RuleBookAdopted(_))
}

impl Closed<'_> {
    /// What is to be booked in the earliest open month. A correction by hand is not among it.
    pub(super) fn missing(&self) -> Vec<TrueUp> {
        let last = self.last();
        let mut found = Vec::new();
        let mut said = Sums::new();
        self.statements.iter().for_each(|one| one.sum_into(&mut said));
        // A rate dated after the day of the last closing did not count then, however early it came.
        let is_later =
            |event: &Envelope| matches!(event.payload, Payload::FxRate(_)) && event.effective_on > last.through;
        let known = self.question.records.iter();
        let (taken, come): (Vec<_>, Vec<_>) =
            known.partition(|record| record.position <= last.contains && !is_later(&record.event));
        let mut taken: Vec<&Envelope> = taken.into_iter().map(|record| &record.event).collect();
        let at_close = self.question.book_at(last.contains);
        let mut worth = self.worth(at_close, &taken);
        self.differ(&said, &worth, "engine", &mut found);
        for record in come {
            if is_act(&record.event) || record.event.partner_id.as_ref().is_some_and(|id| id != self.partner.id) {
                continue;
            }
            taken.push(&record.event);
            let then = self.worth(at_close, &taken);
            self.differ(&worth, &then, &self.cause(&record.event), &mut found);
            worth = then;
        }
        let position = self.question.position();
        let is_since = |change: &&Current| last.contains < change.since && change.since <= position;
        for change in self.question.books.iter().filter(is_since) {
            let then = self.worth(&change.book, &taken);
            self.differ(&worth, &then, &change.cause, &mut found);
            worth = then;
        }
        found
    }

    /// What the closed months come to by those records under that book, as if none of them were closed.
    fn worth(&self, book: &RuleBook, records: &[&Envelope]) -> Sums {
        let last = self.last();
        let world = World::of(book, self.question.through, records.to_vec());
        let partner = Partner::new(&world, self.partner.id);
        let mut sums = Sums::new();
        let accrual = partner.accrual(&partner.standing());
        for posting in accrual.postings.iter().filter(|posting| posting.month <= last.month) {
            let lever = posting.row["lever"].as_str().expect("a lever");
            add(&mut sums, posting.month, lever, posting.rebate, posting.coop);
        }
        for adjustment in partner.adjustments() {
            let is_closed = self.pinned_in(adjustment.event).is_some();
            if let Some(one) = adjustment.true_up.filter(|_| is_closed) {
                add(&mut sums, one.concerns, &one.lever, one.rebate, one.coop);
            }
        }
        sums
    }

    /// The closed month that a correction by hand is booked in, if it is.
    pub(super) fn pinned_in(&self, event: &Envelope) -> Option<Ym> {
        let position = self.position_of(event);
        let month = Ym::of(event.effective_on);
        let holds = self.statements.iter().map(|one| one.closing);
        holds.into_iter().find(|one| one.contains >= position && one.month >= month).map(|one| one.month)
    }

    fn differ(&self, before: &Sums, after: &Sums, cause: &str, found: &mut Vec<TrueUp>) {
        let keys: BTreeSet<&(Ym, String)> = before.keys().chain(after.keys()).collect();
        for key in keys {
            let of = |sums: &Sums| sums.get(key).copied().unwrap_or((Num::ZERO, Num::ZERO));
            let (was, is) = (of(before), of(after));
            let (rebate, coop) = (is.0.minus(was.0), is.1.minus(was.1));
            if !rebate.is_zero() || !coop.is_zero() {
                let (concerns, lever) = key.clone();
                found.push(TrueUp { month: self.first_open(), concerns, lever, rebate, coop, cause: cause.to_owned() });
            }
        }
    }

    fn cause(&self, event: &Envelope) -> String {
        let kind = match &event.payload {
            Payload::FxRate(_) => "exchange_rate",
            Payload::Reversal(_) => "reversal",
            _ if billed(event).is_some_and(|line| line.credits.is_some()) => "credit",
            _ if self.replaces(event) => "correction",
            _ => "late_event",
        };
        format!("{kind}:{}", event.id)
    }

    /// Whether it is the same purchase as a line that was taken back after the last closing.
    fn replaces(&self, event: &Envelope) -> bool {
        let Some(line) = billed(event).filter(|line| !line.subscription.is_empty()) else { return false };
        let is_same = |other: &&&Envelope| {
            let product = |product: &Product| (product.product_id.clone(), product.sku_id.clone());
            billed(other).is_some_and(|taken| {
                other.id.source == event.id.source
                    && other.id != event.id
                    && other.effective_on == event.effective_on
                    && taken.subscription == line.subscription
                    && product(taken.product) == product(line.product)
            })
        };
        let mut same = self.partner.records.iter().filter(is_same);
        same.any(|other| self.reversed_at(other).is_some_and(|at| at > self.last().contains))
    }

    /// Where the first reversal of an event stands.
    fn reversed_at(&self, event: &Envelope) -> Option<u64> {
        let is_reversal = |record: &&Record| match &record.event.payload {
            Payload::Reversal(reversal) => {
                record.event.partner_id == event.partner_id
                    && record.event.id.source == event.id.source
                    && reversal.reverses == event.id.event_id
            }
            _ => false,
        };
        self.question.records.iter().find(is_reversal).map(|record| record.position)
    }
}
