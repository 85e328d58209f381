//! Section 7: until when a lot may be used and claimed, and the lots that a claim may be for.

use super::terms::set_on;
use super::time::{Period, Ym};
use chrono::NaiveDate;
use daybook_rules::model::{RuleBook, UsageExtension};

impl Period {
    /// The extension of this period's lot, by the terms of the last day of its ordinary usage.
    fn extension(self, book: &RuleBook) -> Option<&UsageExtension> {
        let set = set_on(book, self.next(book).last_day());
        set.coop.extensions.iter().find(|one| Ym::of_month(one.period.first_month()) == self.first)
    }

    /// The first and the last day on which the lot may be used.
    pub fn usage(self, book: &RuleBook) -> (NaiveDate, NaiveDate) {
        let usage = self.next(book);
        (usage.first_day(), self.extension(book).map_or(usage.last_day(), |one| one.usage_until))
    }

    /// The first and the last day on which the lot may be claimed.
    pub fn claims(self, book: &RuleBook) -> (NaiveDate, NaiveDate) {
        let (opens, closes) = self.claim_window(book);
        (opens, self.extension(book).map_or(closes, |one| one.claims_until))
    }

    /// The periods whose lots may be used on the date, older first.
    pub fn usable_on(book: &RuleBook, date: NaiveDate) -> Vec<Self> {
        let ordinary = Self::holding(book, Ym::of(date)).previous(book);
        let mut all = vec![ordinary];
        // No extension of a generated book is longer than eight periods.
        for _ in 0..8 {
            all.insert(0, all[0].previous(book));
        }
        all.retain(|period| {
            let (first, last) = period.usage(book);
            first <= date && date <= last
        });
        all
    }
}
