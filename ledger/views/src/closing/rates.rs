//! Exchange rates that the last closing did not count.

use super::Closing;
use crate::fx::{FxTable, Published};
use crate::of_no_partner::{FactsOfNoPartner, is_named};
use chrono::NaiveDate;
use daybook_event::{Currency, EventRef, Month, Position};
use daybook_rules::model::RuleBook;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A rate of a closed month, or the reversal of one, that the statements of the last closing do not contain.
#[derive(Debug, Clone)]
pub(crate) struct LateRate {
    pub(crate) position: Position,
    pub(crate) cause: String,
    pub(crate) currency: Currency,
    pub(crate) month: Month,
    /// The table with it and those before it.
    pub(crate) fx: Arc<FxTable>,
}

/// The rates that the last closing counted, and those that came after it, in order of position.
#[derive(Debug)]
pub(crate) struct LateRates {
    at_close: Arc<FxTable>,
    late: Vec<LateRate>,
}

impl LateRates {
    pub(crate) fn of(facts: &FactsOfNoPartner, closing: &Closing, book: &RuleBook, through: NaiveDate) -> Self {
        let was_counted = |rate: &Published| rate.position <= closing.position && rate.effective_on <= closing.through;
        let counts = |rate: &Published| rate.effective_on <= through && is_named(book, &rate.id.source);
        let table_at = |position: Position| {
            let known = position.max(closing.position);
            let is_reversed = |id: &EventRef| facts.reversals().reversed_from(id).is_some_and(|from| from <= known);
            let is_known = |rate: &Published| was_counted(rate) || rate.position <= position;
            facts.fx().filtered(|rate| counts(rate) && is_known(rate) && !is_reversed(&rate.id))
        };
        let at_close = Arc::new(table_at(Position::ZERO));
        let (mut before, mut late) = (Arc::clone(&at_close), Vec::new());
        for (position, (cause, currency, month)) in changes(facts, closing, &was_counted, &counts) {
            let table = table_at(position);
            if !table.changed_from(&before).is_empty() {
                before = Arc::new(table);
            }
            late.push(LateRate { position, cause, currency, month, fx: Arc::clone(&before) });
        }
        Self { at_close, late }
    }

    pub(crate) fn all(&self) -> &[LateRate] {
        &self.late
    }

    /// The table as of a position.
    pub(crate) fn table(&self, position: Position) -> &FxTable {
        let known = self.late.partition_point(|rate| rate.position <= position);
        known.checked_sub(1).and_then(|last| self.late.get(last)).map_or(&self.at_close, |rate| &rate.fx)
    }
}

/// Late rates of closed months and reversals of such rates: the cause, and of what it is a rate.
fn changes(
    facts: &FactsOfNoPartner,
    closing: &Closing,
    was_counted: &impl Fn(&Published) -> bool,
    counts: &impl Fn(&Published) -> bool,
) -> BTreeMap<Position, (String, Currency, Month)> {
    let mut changes = BTreeMap::new();
    let mut of_event = BTreeMap::new();
    for (currency, month, rate) in facts.fx().all().filter(|(_, month, rate)| *month <= closing.month && counts(rate)) {
        of_event.insert(&rate.id, (currency, month));
        if !was_counted(rate) {
            changes.insert(rate.position, (format!("exchange_rate:{}", rate.id), currency, month));
        }
    }
    for (position, reversal, target, _) in facts.reversals().of_facts_after(closing.position) {
        if let Some((currency, month)) = of_event.get(target) {
            changes.insert(position, (format!("reversal:{reversal}"), *currency, *month));
        }
    }
    changes
}
