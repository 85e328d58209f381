//! A revenue line as an explanation shows it.

use super::subject::{FoldedMonth, Subject};
use daybook_event::{Currency, EventRef, Exact, Month, NaiveDate, Position, Rate};
use daybook_views::{Contribution, Fact, PricedLine};
use serde::Serialize;

/// A line of a posting or bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedLine {
    /// The event.
    pub event: String,
    /// The record.
    pub position: Position,
    /// The date it counts for.
    pub effective_on: NaiveDate,
    /// The date that chose its terms: its own, or of a credit that of the line credited.
    pub priced_on: NaiveDate,
    /// The terms in force on that date; none before the first.
    pub rule_set: Option<String>,
    /// The customer.
    pub customer_id: String,
    /// The product.
    pub product: String,
    /// The product groups that it is in, under those terms.
    pub groups: Vec<String>,
    /// What was billed, in its own currency.
    pub amount: String,
    /// Its own currency.
    pub currency: Currency,
    /// The exchange rate used, where one was.
    pub exchange: Option<ExchangeUsed>,
    /// In program currency; none without a rate.
    pub program_amount: Option<Exact>,
    /// For a credit: the line whose terms it took over.
    pub credit_of: Option<String>,
    /// What it contributes to this posting.
    pub contribution: Option<ExplainedContribution>,
}

/// The exchange rate used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExchangeUsed {
    /// Program currency per unit.
    pub rate: String,
    /// The month whose rate it is.
    pub month: Month,
    /// The event that published it.
    pub event: String,
}

/// Base x rate, and what the lever's cap leaves of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedContribution {
    /// What the rate applies to: the billed amount, or the growth over the year before that this line stands for.
    pub base: Exact,
    /// The rate.
    pub rate: Rate,
    /// The exact product.
    pub before_cap: Exact,
    /// What counts of it.
    pub amount: Exact,
    /// Where the lever has a cap: the sum that it had before this line in the cap's window, before caps.
    pub sum_before: Option<Exact>,
    /// The cap's amount, where the lever has one.
    pub cap: Option<Exact>,
    /// Where the base is growth: what it is the difference of.
    pub growth: Option<ExplainedGrowth>,
}

impl ExplainedContribution {
    pub(super) fn of(part: &Contribution, rate: Rate, cap: Option<Exact>) -> Self {
        Self {
            base: part.base,
            rate,
            before_cap: part.before_cap,
            amount: part.amount,
            sum_before: part.sum_before,
            cap,
            growth: part.growth.map(|of| ExplainedGrowth { billed: of.billed, year_before: of.year_before }),
        }
    }
}

/// What the customer was billed on lines of the lever; the base is the difference, or zero if it is negative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedGrowth {
    /// In the month.
    pub billed: Exact,
    /// In the same month a year before.
    pub year_before: Exact,
}

/// The line whose terms price this one: the one credited, or else itself.
pub(super) fn pricing_fact<'f>(subject: &'f Subject<'_>, fact: &'f Fact, priced: &PricedLine) -> &'f Fact {
    priced.credit_of.as_ref().and_then(|root| subject.fact(root)).unwrap_or(fact)
}

/// Shows a line of a folded month.
pub(super) fn explained(subject: &Subject<'_>, folded: &FoldedMonth, priced: &PricedLine) -> ExplainedLine {
    let fact = &folded.facts[priced.fact];
    let pricing = pricing_fact(subject, fact, priced);
    // Lines are the only facts that are priced.
    let line = fact.line();
    let currency = line.map_or(Currency::USD, |line| line.currency);
    let foreign = currency != subject.book.sets[0].currency;
    let rate = subject.fx.rate(currency, pricing.month()).filter(|_| foreign);
    let product = line.map(|line| &line.product);
    let named = |text: &String| (!text.is_empty()).then(|| text.clone());
    let set = priced.rule_set.map(|at| &subject.book.sets[at]);
    let groups = set.zip(pricing.line()).map(|(set, line)| {
        let family = subject.book.catalogue.family_of(&line.product, pricing.effective_on);
        set.groups_of(&line.product, family).into_iter().map(|at| set.product_groups[at].name.clone()).collect()
    });
    ExplainedLine {
        event: fact.id.to_string(),
        position: fact.position,
        effective_on: fact.effective_on,
        priced_on: pricing.effective_on,
        rule_set: set.map(|set| set.version.clone()),
        customer_id: line.map(|line| line.customer_id.clone()).unwrap_or_default(),
        product: product
            .and_then(|product| named(&product.product_name).or_else(|| named(&product.product_id)))
            .unwrap_or_default(),
        groups: groups.unwrap_or_default(),
        amount: line.map(|line| line.amount.to_string()).unwrap_or_default(),
        currency,
        exchange: rate.map(|(rate, event)| ExchangeUsed {
            rate: rate.to_string(),
            month: pricing.month(),
            event: event.to_string(),
        }),
        program_amount: priced.amount,
        credit_of: priced.credit_of.as_ref().map(EventRef::to_string),
        contribution: None,
    }
}
