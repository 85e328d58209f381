//! How far a partner's sums can reach at most, whatever the signs of its lines.
//!
//! A sum that leaves the range of exact money takes every figure away from a partner. Whether one does may depend on the
//! rates, line by line, so a state folded under one book may be priced under another only where none can.

use crate::fact::FactKind;
use crate::fx::FxTable;
use crate::history::PartnerHistory;
use daybook_event::{Currency, Exact, ExchangeRate, Opening};
use daybook_rules::model::{RuleBook, RuleSet};
use std::collections::BTreeMap;

/// One in millionths.
const MILLION: i64 = 1_000_000;
/// Far enough below what exact money holds that bases, their growth and sums of both fit as well.
const UNITS_MAX: i64 = 1_000_000_000_000;

/// What partners may be billed at most for their states to be priced under several books.
#[derive(Debug, Clone)]
pub struct Reach {
    currency: Currency,
    highest: BTreeMap<Currency, ExchangeRate>,
    most: Exact,
}

impl Reach {
    /// For books of one currency and these exchange rates.
    #[must_use]
    pub fn of<'b>(books: impl IntoIterator<Item = &'b RuleBook>, currency: Currency, fx: &FxTable) -> Self {
        let of_set = |set: &RuleSet| set.levers.iter().map(|lever| lever.rate.millionths()).sum::<i64>();
        let sets = books.into_iter().flat_map(|book| &book.sets);
        let rates = sets.map(of_set).max().unwrap_or_default();
        Self { currency, highest: fx.highest(), most: Exact::from_units(UNITS_MAX / (rates / MILLION + 1)) }
    }

    /// Whether no sum of the partner's can leave the range of exact money under one of the books alone: what it was billed,
    /// each amount taken as positive and at the highest rate of its currency, is not too much.
    #[must_use]
    pub fn holds(&self, history: &PartnerHistory) -> bool {
        let mut left = self.most;
        history.facts().iter().all(|fact| {
            let amount = match &fact.kind {
                FactKind::Line(line) if line.currency == self.currency => Some(line.amount.exact()),
                FactKind::Line(line) => match self.highest.get(&line.currency) {
                    Some(rate) => line.amount.convert(*rate).ok(),
                    // Without a rate it is in no sum.
                    None => Some(Exact::ZERO),
                },
                FactKind::Opening(Opening::Revenue { amount, .. }) => Some(amount.exact()),
                _ => Some(Exact::ZERO),
            };
            let size = |amount: Exact| if amount.is_negative() { amount.negate() } else { amount };
            let after = amount.and_then(|amount| left.minus(size(amount)).ok());
            left = after.unwrap_or(left);
            after.is_some_and(|left| !left.is_negative())
        })
    }
}
