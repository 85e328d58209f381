//! Why a month earned what it earned, and why the rest did not.

use super::{Cited, ExplainError, meaning};
use crate::histories::Histories;
use daybook_event::{Currency, EventRef, Exact, Month, NaiveDate, PartnerId, Position, Rate};
use daybook_rules::model::{Base, RuleBook, RuleSet};
use daybook_views::rows::{ConservationRow, PostingRow};
use daybook_views::{
    Bucket, Contribution, Fact, FactSource, FoldError, FxTable, PartnerHistory, PartnerState, PricedLine, settle, step,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// A month explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MonthExplanation {
    /// One plain sentence.
    pub summary: String,
    /// The partner.
    pub partner_id: PartnerId,
    /// The earning month.
    pub month: Month,
    /// The through date.
    pub through: NaiveDate,
    /// What earned, a posting each.
    pub postings: Vec<PostingExplanation>,
    /// What did not, a bucket each.
    pub not_earning: Vec<BucketExplanation>,
    /// Where everything billed went; empty when only one lever was asked for.
    pub conservation: Option<ConservationRow>,
}

/// A posting explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PostingExplanation {
    /// The row.
    #[serde(flatten)]
    pub row: PostingRow,
    /// Which terms and why.
    pub terms: String,
    /// The numbers of the rule book that it used.
    pub rules: Vec<Cited>,
    /// Its lines in order.
    pub lines: Vec<ExplainedLine>,
    /// Sum of the contributions, before rounding.
    pub contributions: Exact,
    /// The arithmetic, a step each.
    pub arithmetic: Vec<String>,
}

/// A line of a posting or bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedLine {
    /// The event.
    pub event: String,
    /// The record.
    pub position: Position,
    /// The date it counts for.
    pub effective_on: NaiveDate,
    /// The customer.
    pub customer_id: String,
    /// The product.
    pub product: String,
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
    /// Where the base is growth: what it is the difference of.
    pub growth: Option<ExplainedGrowth>,
}

impl ExplainedContribution {
    fn of(part: &Contribution, rate: Rate) -> Self {
        Self {
            base: part.base,
            rate,
            before_cap: part.before_cap,
            amount: part.amount,
            sum_before: part.sum_before,
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

/// A bucket that does not earn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BucketExplanation {
    /// The bucket, with its code.
    pub bucket: String,
    /// What it means.
    pub sentence: String,
    /// What would have to change.
    pub how_to: String,
    /// Sum in program currency.
    pub amount: Exact,
    /// Its lines in order.
    pub lines: Vec<ExplainedLine>,
}

/// A month folded with its lines kept.
struct Folded<'a> {
    book: &'a RuleBook,
    fx: &'a FxTable,
    facts: Vec<Fact>,
    history: &'a PartnerHistory,
    month: Month,
    lines: Vec<PricedLine>,
}

/// Explains a month of a partner: all its postings or those of one lever, and what did not earn.
///
/// # Errors
/// [`ExplainError`] when there is nothing to explain, saying what there is instead.
pub fn explain_month(
    histories: &Histories,
    book: &RuleBook,
    through: NaiveDate,
    partner_id: &PartnerId,
    month: Month,
    lever: Option<&str>,
) -> Result<MonthExplanation, ExplainError> {
    let history = histories.partner(partner_id).ok_or_else(|| ExplainError::NoPartner(partner_id.to_string()))?;
    let fx = histories.of_no_partner().fx_counting(book, through);
    let (folded, state) = fold_to(book, &fx, partner_id, history, month, through)?;
    if folded.lines.is_empty() {
        let partner_id = partner_id.to_string();
        return Err(ExplainError::NothingBilled { partner_id, month, through });
    }
    let rows = settle(book, &fx, partner_id, history, &state, through)?;
    let of_month: Vec<&PostingRow> = rows.postings.iter().filter(|row| row.month == month).collect();
    let wanted = |row: &&&PostingRow| lever.is_none_or(|lever| row.lever == lever);
    if let Some(lever) = lever.filter(|_| !of_month.iter().any(|row| wanted(&row))) {
        let known = of_month.iter().map(|row| row.lever.as_str()).collect::<Vec<_>>().join(", ");
        let known = if known.is_empty() { "none".to_owned() } else { known };
        let (partner_id, lever) = (partner_id.to_string(), lever.to_owned());
        return Err(ExplainError::NoLever { partner_id, month, lever, known });
    }
    let postings = of_month.iter().filter(wanted).map(|row| folded.posting(row)).collect::<Result<Vec<_>, _>>()?;
    let not_earning = if lever.is_none() { folded.not_earning()? } else { Vec::new() };
    let conservation = rows.conservation.into_iter().find(|row| row.month == month).filter(|_| lever.is_none());
    let summary = summary(partner_id, month, &postings, &not_earning)?;
    Ok(MonthExplanation {
        summary,
        partner_id: partner_id.clone(),
        month,
        through,
        postings,
        not_earning,
        conservation,
    })
}

fn fold_to<'a>(
    book: &'a RuleBook,
    fx: &'a FxTable,
    partner_id: &PartnerId,
    history: &'a PartnerHistory,
    month: Month,
    through: NaiveDate,
) -> Result<(Folded<'a>, PartnerState), ExplainError> {
    let first = history.first_month().unwrap_or(month);
    let mut state = PartnerState::before(first);
    let mut lines = Vec::new();
    while state.next_month <= month.min(Month::of(through)) {
        lines = step(book, fx, partner_id, history, &mut state, through).map_err(|error| match error {
            FoldError::Overflow(overflow) => ExplainError::Overflow(overflow),
            FoldError::Facts(never) => match never {},
        })?;
    }
    let reached = state.next_month == month.next() && first <= month;
    let Ok(facts) = history.month(month);
    let lines = if reached { lines } else { Vec::new() };
    Ok((Folded { book, fx, facts: facts.into_owned(), history, month, lines }, state))
}

impl Folded<'_> {
    fn posting(&self, row: &PostingRow) -> Result<PostingExplanation, ExplainError> {
        let set = self.book.sets.iter().find(|set| set.version == row.rule_set).unwrap_or(&self.book.sets[0]);
        let mut lines = Vec::new();
        let (mut base, mut contributions) = (Exact::ZERO, Exact::ZERO);
        let is_of = |at: usize| set.levers[at].name == row.lever;
        let of_set =
            |priced: &&PricedLine| priced.rule_set.is_some_and(|at| self.book.sets[at].version == row.rule_set);
        for priced in self.lines.iter().filter(of_set) {
            let part = priced.contributions.iter().find(|part| is_of(part.lever));
            // A line of a growth lever stands here without a part of its own: the customer's last one has it.
            if part.is_none() && !priced.growth.iter().any(|&at| is_of(at)) {
                continue;
            }
            let mut line = self.line(priced);
            line.contribution = part.map(|part| ExplainedContribution::of(part, set.levers[part.lever].rate));
            if let Some(part) = part {
                base = base.plus(part.base)?;
                contributions = contributions.plus(part.amount)?;
            }
            lines.push(line);
        }
        let earned = set.rounding.round(contributions);
        let rebate = set.rounding.round(earned.times(set.split.rebate)?);
        let coop = earned.minus(rebate)?;
        assert_eq!(
            (base, earned, rebate, coop),
            (row.base, row.earned, row.rebate, row.coop),
            "the explanation of {} {} {} disagrees with its figure",
            row.partner_id,
            row.month,
            row.lever
        );
        let arithmetic = vec![
            format!("sum of contributions of {} lines = {contributions}", lines.len()),
            format!("earned = round({contributions}) to {}, half to even = {earned}", set.rounding.unit()),
            format!("rebate = round({earned} x {}) = {rebate}", set.split.rebate),
            format!("co-op  = {earned} - {rebate} = {coop}"),
        ];
        Ok(PostingExplanation {
            terms: terms(set),
            rules: posting_rules(set, &row.lever),
            row: row.clone(),
            lines,
            contributions,
            arithmetic,
        })
    }

    fn line(&self, priced: &PricedLine) -> ExplainedLine {
        let fact = &self.facts[priced.fact];
        let credit_of = priced.credit_of.as_ref();
        // Lines are the only facts that are priced.
        let line = fact.line();
        let currency = line.map_or(Currency::USD, |line| line.currency);
        let rate_month = credit_of.and_then(|root| self.fact_month(root)).unwrap_or_else(|| fact.month());
        let foreign = currency != self.book.sets[0].currency;
        let rate = self.fx.rate(currency, rate_month).filter(|_| foreign);
        let product = line.map(|line| &line.product);
        let named = |text: &String| (!text.is_empty()).then(|| text.clone());
        ExplainedLine {
            event: fact.id.to_string(),
            position: fact.position,
            effective_on: fact.effective_on,
            customer_id: line.map(|line| line.customer_id.clone()).unwrap_or_default(),
            product: product
                .and_then(|product| named(&product.product_name).or_else(|| named(&product.product_id)))
                .unwrap_or_default(),
            amount: line.map(|line| line.amount.to_string()).unwrap_or_default(),
            currency,
            exchange: rate.map(|(rate, event)| ExchangeUsed {
                rate: rate.to_string(),
                month: rate_month,
                event: event.to_string(),
            }),
            program_amount: priced.amount,
            credit_of: credit_of.map(EventRef::to_string),
            contribution: None,
        }
    }

    fn fact_month(&self, id: &EventRef) -> Option<Month> {
        // A credit's line is dated no later than the credit, so it is in this month or before it.
        let Ok(fact) = self.history.find_before(id, self.month.next());
        fact.map(|fact| fact.month())
    }

    fn not_earning(&self) -> Result<Vec<BucketExplanation>, ExplainError> {
        let mut buckets: BTreeMap<String, BucketExplanation> = BTreeMap::new();
        for priced in &self.lines {
            let name = match &priced.bucket {
                Bucket::Earning => continue,
                Bucket::Unconverted => "unconverted:NOFX".to_owned(),
                Bucket::NoTerms => "provisional:NOTERMS".to_owned(),
                Bucket::Ineligible(code) => format!("ineligible:{code}"),
                Bucket::Unmatched => "unmatched".to_owned(),
                Bucket::Capped => "capped".to_owned(),
            };
            let line = self.line(priced);
            let (sentence, how_to) = meaning::of_bucket(self.book, &priced.bucket, priced.rule_set);
            let bucket = buckets.entry(name.clone()).or_insert_with(|| BucketExplanation {
                bucket: name,
                sentence,
                how_to,
                amount: Exact::ZERO,
                lines: Vec::new(),
            });
            bucket.amount = bucket.amount.plus(priced.amount.unwrap_or_default())?;
            bucket.lines.push(line);
        }
        Ok(buckets.into_values().collect())
    }
}

fn terms(set: &RuleSet) -> String {
    format!(
        "{} ({}), in force from {}: the date of each line decides (a credit: its line's)",
        set.version, set.title, set.valid_from
    )
}

fn posting_rules(set: &RuleSet, name: &str) -> Vec<Cited> {
    let mut cited = Vec::new();
    if let Some(lever) = set.levers.iter().find(|lever| lever.name == name) {
        cited.push(Cited::of(set, &format!("lever.{name}.rate"), lever.rate));
        if let Base::CustomerAdd { months, monthly_at_least } = lever.base {
            cited.push(Cited::of(set, &format!("lever.{name}.base.months"), format!("{months}mo")));
            cited.push(Cited::of(set, &format!("lever.{name}.base.monthly_at_least"), monthly_at_least));
        }
        if let Some(cap) = lever.cap {
            cited.push(Cited::of(set, &format!("lever.{name}.cap.amount"), cap.amount));
        }
    }
    cited.push(Cited::of(set, "rounding.unit", set.rounding.unit()));
    cited.push(Cited::of(set, "split.rebate", set.split.rebate));
    cited.push(Cited::of(set, "split.coop", set.split.coop));
    cited
}

fn summary(
    partner_id: &PartnerId,
    month: Month,
    postings: &[PostingExplanation],
    not_earning: &[BucketExplanation],
) -> Result<String, ExplainError> {
    let mut earned = Exact::ZERO;
    let (mut rebate, mut coop) = (Exact::ZERO, Exact::ZERO);
    for posting in postings {
        earned = earned.plus(posting.row.earned)?;
        rebate = rebate.plus(posting.row.rebate)?;
        coop = coop.plus(posting.row.coop)?;
    }
    let mut text = format!("{partner_id} earned {earned} in {month}: {rebate} as rebate and {coop} as co-op.");
    for bucket in not_earning {
        text.push_str(&format!(" {} did not earn ({}).", bucket.amount, bucket.bucket));
    }
    Ok(text)
}
