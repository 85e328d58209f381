//! Lines that are looked at one by one: credits, lines of levers for new customers, growth and caps, and, where somebody wants
//! to know about each line, all of them.

use crate::codes::LineCode;
use crate::credits::{LinesUnder, Resolved};
use crate::lines::LinesError;
use crate::month::Stop;
use crate::pricing::{Bucket, Contribution, Outcome, PricedLine, PricedOn, Pricer};
use crate::state::PartnerState;
use chrono::NaiveDate;
use daybook_event::{Exact, Name, Overflow};

/// A line priced by itself.
#[derive(Debug)]
pub(crate) struct Apart {
    pub(crate) row: usize,
    /// The number of the customer of the line that prices it.
    pub(crate) customer: usize,
    /// The date of the line that prices it.
    pub(crate) priced_on: NaiveDate,
    pub(crate) priced: PricedLine,
}

/// Finds the line's bucket and what applies to it. Growth and caps come after, when all lines are priced.
pub(crate) fn price(
    under: &LinesUnder<'_>,
    state: &PartnerState,
    pricer: &mut Pricer<'_>,
    line: &Resolved,
    customer: usize,
) -> Result<Apart, Stop> {
    let priced_on = under.on(line.by);
    let span = under.terms.span_on(priced_on);
    let mut priced = PricedLine {
        fact: line.row,
        amount: line.amount,
        credit_of: None,
        rule_set: span.map(|span| under.terms.rule_set(span)),
        bucket: Bucket::Unmatched,
        contributions: Vec::new(),
        growth: Vec::new(),
    };
    match (line.amount, span) {
        (None, _) => priced.bucket = Bucket::Unconverted,
        (Some(_), _) if line.of_reversed => {}
        (Some(_), None) => priced.bucket = Bucket::NoTerms,
        (Some(amount), Some(span)) => {
            let outcome = outcome(under, state, pricer, line.by, customer, span)?;
            apply(under, &mut priced, outcome, amount)?;
        }
    }
    Ok(Apart { row: line.row, customer, priced_on, priced })
}

fn outcome(
    under: &LinesUnder<'_>,
    state: &PartnerState,
    pricer: &mut Pricer<'_>,
    by: usize,
    customer: usize,
    span: usize,
) -> Result<Outcome, Stop> {
    if is_own_tenant(under, state, by)? {
        return Ok(Outcome::nothing(Bucket::Ineligible(Name::known(LineCode::OwnTenant.as_str()))));
    }
    let Some(day) = state.judged(under.on(by)) else {
        // Every line's day is judged before the line is priced, and a credit's first line was a line of its day.
        unreachable!("the day of row {by} was not judged")
    };
    let rule_set = under.terms.rule_set(span);
    let fit = under.terms.fits(span).fit_of_class(under.class(by));
    let levers = fit.map(|fit| fit.levers.as_slice()).unwrap_or_default();
    Ok(pricer.outcome(&PricedOn { rule_set, day, customer: Some(customer) }, levers)?)
}

fn apply(under: &LinesUnder<'_>, priced: &mut PricedLine, outcome: Outcome, base: Exact) -> Result<(), Overflow> {
    let Some(set) = priced.rule_set.map(|at| &under.terms.book.sets[at]) else { return Ok(()) };
    for lever in outcome.levers {
        let amount = base.times(set.levers[lever].rate)?;
        let (before_cap, sum_before, growth) = (amount, None, None);
        priced.contributions.push(Contribution { lever, base, before_cap, amount, sum_before, growth });
    }
    priced.bucket = outcome.bucket;
    priced.growth = outcome.growth;
    Ok(())
}

/// Whether the customer of a row is the partner itself on the row's date.
pub(crate) fn is_own_tenant(under: &LinesUnder<'_>, state: &PartnerState, row: usize) -> Result<bool, LinesError> {
    if !state.has_own_tenants() {
        return Ok(false);
    }
    let customer_id = under.lines.customer_id(under.lines.customers[row])?;
    Ok(state.is_own_tenant(customer_id, under.on(row)))
}
