//! What our figures say: every revenue line with its contributions, split as its posting is.

use crate::histories::Histories;
use daybook_event::{
    Amount, Currency, EventRef, Exact, ExchangeRate, Month, NaiveDate, Overflow, PartnerId, Position, Rate,
};
use daybook_rules::model::{Base, RuleBook};
use daybook_views::{Bucket, Fact, FactSource, FoldError, FxTable, PartnerHistory, PartnerState, PricedLine, step};

/// A revenue line of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OurLine {
    /// The event.
    pub event: String,
    /// The record.
    pub position: Position,
    /// The date it counts for.
    pub on: NaiveDate,
    /// The customer.
    pub customer_id: String,
    /// The subscription.
    pub subscription_id: String,
    /// The product's id.
    pub product_id: String,
    /// The product's name.
    pub product_name: String,
    /// What was billed, in its own currency.
    pub amount: Amount,
    /// Its own currency.
    pub currency: Currency,
    /// Program currency per unit; none where it is in program currency, or has no rate.
    pub exchange: Option<ExchangeRate>,
    /// In program currency; none without a rate.
    pub base: Option<Exact>,
    /// Where it went, with the code.
    pub bucket: String,
    /// What it contributed.
    pub contributions: Vec<OurContribution>,
}

/// What a line contributed under one lever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OurContribution {
    /// The lever.
    pub lever: String,
    /// The rule set that priced it.
    pub rule_set: String,
    /// The lever's rate.
    pub rate: Rate,
    /// The rebate's share.
    pub rebate_share: Rate,
    /// What counts: after growth and caps, exact.
    pub amount: Exact,
    /// Whether it is the line's own amount times the rate: no growth, and no cap that took anything.
    pub is_plain: bool,
}

impl OurLine {
    /// The earning month.
    #[must_use]
    pub fn month(&self) -> Month {
        Month::of(self.on)
    }
}

impl OurContribution {
    /// The rebate part and the co-op part, which together are all of it.
    ///
    /// # Errors
    /// [`Overflow`] when a product leaves the range of exact money.
    pub fn parts(&self) -> Result<(Exact, Exact), Overflow> {
        parted(self.amount, self.rebate_share)
    }
}

/// The share of an amount, and the rest. The share is cut after 25 decimals; the rest takes what is cut, so that nothing
/// is lost.
pub(super) fn parted(amount: Exact, share: Rate) -> Result<(Exact, Exact), Overflow> {
    const MILLION: i128 = 1_000_000;
    let (raw, millionths) = (amount.raw(), i128::from(share.millionths()));
    let whole = (raw / MILLION).checked_mul(millionths).ok_or(Overflow)?;
    let first = Exact::from_raw(whole).plus(Exact::from_raw(raw % MILLION * millionths / MILLION))?;
    Ok((first, amount.minus(first)?))
}

/// Every revenue line of a partner up to the through date, in order.
///
/// # Errors
/// [`Overflow`] when a sum leaves the range of exact money: the partner then has no figures.
pub fn lines_of_partner(
    histories: &Histories,
    book: &RuleBook,
    partner_id: &PartnerId,
    through: NaiveDate,
) -> Result<Vec<OurLine>, Overflow> {
    let Some(history) = histories.partner(partner_id) else { return Ok(Vec::new()) };
    let Some(first) = history.first_month() else { return Ok(Vec::new()) };
    let fx = histories.of_no_partner().fx_counting(book, through);
    let mut state = PartnerState::before(first);
    let mut lines = Vec::new();
    while state.next_month <= Month::of(through) {
        let month = state.next_month;
        let priced = step(book, &fx, partner_id, history, &mut state, through).map_err(|error| match error {
            FoldError::Overflow(overflow) => overflow,
            FoldError::Facts(never) => match never {},
        })?;
        let Ok(facts) = history.month(month);
        let of_month = OfMonth { book, fx: &fx, history, month };
        lines.extend(priced.iter().filter_map(|priced| of_month.line(&facts[priced.fact], priced)));
    }
    Ok(lines)
}

struct OfMonth<'a> {
    book: &'a RuleBook,
    fx: &'a FxTable,
    history: &'a PartnerHistory,
    month: Month,
}

impl OfMonth<'_> {
    fn line(&self, fact: &Fact, priced: &PricedLine) -> Option<OurLine> {
        let line = fact.line()?;
        let rate_month = priced.credit_of.as_ref().and_then(|root| self.month_of(root)).unwrap_or(self.month);
        let is_foreign = line.currency != self.book.sets[0].currency;
        let exchange = self.fx.rate(line.currency, rate_month).filter(|_| is_foreign);
        Some(OurLine {
            event: fact.id.to_string(),
            position: fact.position,
            on: fact.effective_on,
            customer_id: line.customer_id.clone(),
            subscription_id: line.subscription_id.clone(),
            product_id: line.product.product_id.clone(),
            product_name: line.product.product_name.clone(),
            amount: line.amount,
            currency: line.currency,
            exchange: exchange.map(|(rate, _)| rate),
            base: priced.amount,
            bucket: bucket(&priced.bucket),
            contributions: self.contributions(priced),
        })
    }

    fn contributions(&self, priced: &PricedLine) -> Vec<OurContribution> {
        let Some(set) = priced.rule_set.map(|at| &self.book.sets[at]) else { return Vec::new() };
        let contribution = |part: &daybook_views::Contribution| {
            let lever = &set.levers[part.lever];
            OurContribution {
                lever: lever.name.clone(),
                rule_set: set.version.clone(),
                rate: lever.rate,
                rebate_share: set.split.rebate,
                amount: part.amount,
                is_plain: !matches!(lever.base, Base::Growth) && part.amount == part.before_cap,
            }
        };
        priced.contributions.iter().map(contribution).collect()
    }

    /// A credit's line is dated no later than the credit, so it is in this month or before it.
    fn month_of(&self, id: &EventRef) -> Option<Month> {
        let Ok(fact) = self.history.find_before(id, self.month.next());
        fact.map(|fact| fact.month())
    }
}

fn bucket(bucket: &Bucket) -> String {
    match bucket {
        Bucket::Earning => "earning".to_owned(),
        Bucket::Unconverted => "unconverted:NOFX".to_owned(),
        Bucket::NoTerms => "provisional:NOTERMS".to_owned(),
        Bucket::Ineligible(code) => format!("ineligible:{code}"),
        Bucket::Unmatched => "unmatched".to_owned(),
        Bucket::Capped => "capped".to_owned(),
    }
}
