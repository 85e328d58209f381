//! How near each lever came to a line.

use super::PartnerOn;
use crate::fact::Line;
use crate::pricing::{PricedOn, Pricer};
use chrono::NaiveDate;
use daybook_event::{Exact, Overflow};

/// What a lever asks of a line, and whether the line has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeverFit {
    /// Index into the rule set's levers.
    pub lever: usize,
    /// The product is in one of its groups.
    pub group: bool,
    /// The segment is one that it takes.
    pub segment: bool,
    /// The charge type is one that it takes.
    pub charge_type: bool,
    /// The partner is in one of its markets.
    pub market: bool,
    /// Where it pays for new customers.
    pub new_customer: Option<NewCustomerFit>,
}

/// What a lever for new customers measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCustomerFit {
    /// Since when the customer is one in the lever's groups.
    pub new_on: Option<NaiveDate>,
    /// Whether the month is one of those in which it pays.
    pub in_time: bool,
    /// What the customer was billed in the month.
    pub total: Exact,
    /// The least that passes.
    pub at_least: Exact,
}

impl LeverFit {
    /// How many of the line's attributes miss.
    #[must_use]
    pub fn misses(&self) -> usize {
        let base = self.new_customer.as_ref();
        let base = base.map_or([true, true], |base| [base.in_time, base.total >= base.at_least]);
        [self.group, self.segment, self.charge_type, self.market].into_iter().chain(base).filter(|fits| !fits).count()
    }
}

/// How every lever of the terms of `priced_on` fits a line, in file order. The partner must be folded to the end of that
/// month; none where the day had no line or no terms.
///
/// # Errors
/// [`Overflow`] when a sum leaves the range of exact money.
pub fn lever_fits(
    partner: &PartnerOn<'_>,
    priced_on: NaiveDate,
    line: &Line,
) -> Result<Option<Vec<LeverFit>>, Overflow> {
    let (book, state) = (partner.book, &partner.state);
    let (Some(rule_set), Some(day)) = (book.index_on(priced_on), state.judged(priced_on)) else { return Ok(None) };
    let customer = state.customers.number(&line.customer_id);
    Pricer::new(book, state).fits(&PricedOn { rule_set, day, customer }, line).map(Some)
}
