//! What did not earn, and why not.

use super::change::{Need, SmallestChange};
use super::line::{ExplainedLine, explained, pricing_fact};
use super::subject::{FoldedMonth, Subject};
use super::unmatched::{self, NearLever};
use super::why_not::{self, DayWhyNot, NotEligible};
use super::{Cited, meaning};
use daybook_event::{Exact, Month, NaiveDate, Overflow};
use daybook_rules::model::{CapPer, CapWindow};
use daybook_views::rows::UnconvertedSum;
use daybook_views::{Bucket, Fact, PricedLine};
use serde::Serialize;
use std::collections::BTreeMap;

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
    /// Sums of what could not be converted, in its own currencies.
    pub unconverted: Vec<UnconvertedSum>,
    /// Its lines in order.
    pub lines: Vec<ExplainedLine>,
    /// Of an ineligible bucket: a reason for each date that decides.
    pub days: Vec<DayWhyNot>,
    /// Of unmatched lines: the lever that came nearest to each.
    pub nearest: Vec<NearLever>,
    /// Of capped lines: the caps, used up.
    pub caps: Vec<CapUsed>,
    /// Of unconverted lines: the rates that are missing.
    pub smallest_change: Option<SmallestChange>,
}

impl BucketExplanation {
    fn add(&mut self, amount: Option<Exact>, fact: &Fact) -> Result<(), Overflow> {
        if let Some(amount) = amount {
            self.amount = self.amount.plus(amount)?;
            return Ok(());
        }
        let Some(line) = fact.line() else { return Ok(()) };
        match self.unconverted.iter_mut().find(|sum| sum.currency == line.currency) {
            Some(sum) => sum.amount = sum.amount.plus(line.amount.exact())?,
            None => {
                self.unconverted.push(UnconvertedSum { currency: line.currency, amount: line.amount.exact() });
                self.unconverted.sort_by_key(|sum| sum.currency);
            }
        }
        Ok(())
    }

    /// What is in it, in words: what could not be converted in its own currencies.
    pub(super) fn money(&self) -> String {
        let amount = Some(self.amount).filter(|amount| !amount.is_zero() || self.unconverted.is_empty());
        let amounts = amount.iter().map(Exact::to_string).chain(self.unconverted.iter().map(in_own_currency));
        amounts.collect::<Vec<_>>().join(" + ")
    }
}

pub(super) fn in_own_currency(sum: &UnconvertedSum) -> String {
    format!("{} {}", sum.amount, sum.currency)
}

/// A cap that leaves nothing to a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CapUsed {
    /// The line.
    pub event: String,
    /// The lever.
    pub lever: String,
    /// Counted per customer or per partner, over which window.
    pub counted: String,
    /// The cap.
    pub cap: Cited,
    /// What the lever had contributed before this line, before caps.
    pub used_before: Exact,
    /// What the line would have added.
    pub before_cap: Exact,
    /// What was left for it.
    pub left: Exact,
    /// First month of the next window; none where there is none.
    pub next_window_from: Option<Month>,
}

/// Every bucket of the month that does not earn, by name.
pub(super) fn not_earning(subject: &Subject<'_>, folded: &FoldedMonth) -> Result<Vec<BucketExplanation>, Overflow> {
    let mut buckets: BTreeMap<String, BucketExplanation> = BTreeMap::new();
    for priced in &folded.lines {
        let Some(name) = name_of(&priced.bucket) else { continue };
        let line = explained(subject, folded, priced);
        let (sentence, how_to) = meaning::of_bucket(subject.book, &priced.bucket, priced.rule_set);
        let bucket = buckets.entry(name.clone()).or_insert_with(|| BucketExplanation {
            bucket: name,
            sentence,
            how_to,
            amount: Exact::ZERO,
            unconverted: Vec::new(),
            lines: Vec::new(),
            days: Vec::new(),
            nearest: Vec::new(),
            caps: Vec::new(),
            smallest_change: None,
        });
        bucket.add(priced.amount, &folded.facts[priced.fact])?;
        explain(subject, folded, priced, &line, bucket)?;
        bucket.lines.push(line);
    }
    Ok(buckets.into_values().collect())
}

pub(super) fn name_of(bucket: &Bucket) -> Option<String> {
    Some(match bucket {
        Bucket::Earning => return None,
        Bucket::Unconverted => "unconverted:NOFX".to_owned(),
        Bucket::NoTerms => "provisional:NOTERMS".to_owned(),
        Bucket::Ineligible(code) => format!("ineligible:{code}"),
        Bucket::Unmatched => "unmatched".to_owned(),
        Bucket::Capped => "capped".to_owned(),
    })
}

/// Adds to a bucket why this line is in it.
fn explain(
    subject: &Subject<'_>,
    folded: &FoldedMonth,
    priced: &PricedLine,
    line: &ExplainedLine,
    bucket: &mut BucketExplanation,
) -> Result<(), Overflow> {
    let fact = &folded.facts[priced.fact];
    let pricing = pricing_fact(subject, fact, priced);
    match &priced.bucket {
        Bucket::Ineligible(code) => {
            let is_known = |day: &DayWhyNot| day.on == pricing.effective_on;
            // A sale to oneself never earns: no gate says so, and nothing done earlier would help.
            if code != "CUSEQPTR" && !bucket.days.iter().any(is_known) {
                let line = NotEligible { fact, priced_on: pricing.effective_on, code };
                bucket.days.push(why_not::day(subject, &line)?);
            }
        }
        Bucket::Unmatched => bucket.nearest.extend(unmatched::nearest(subject, folded, fact, priced)?),
        Bucket::Capped => bucket.caps.extend(caps(subject, priced, line, pricing.effective_on)?),
        Bucket::Unconverted => {
            let mut needs = bucket.smallest_change.take().map(|change| change.needs).unwrap_or_default();
            for need in rates_missing(subject, [fact, pricing], pricing.month()) {
                if !needs.contains(&need) {
                    needs.push(need);
                }
            }
            bucket.smallest_change = Some(SmallestChange::of(needs, "the lines are converted and priced"));
        }
        Bucket::NoTerms | Bucket::Earning => {}
    }
    Ok(())
}

/// The rates without which a line is not converted: its own, and of a credit that of the line credited.
fn rates_missing(subject: &Subject<'_>, facts: [&Fact; 2], month: Month) -> Vec<Need> {
    let currencies = facts.into_iter().filter_map(|fact| fact.line()).map(|line| line.currency);
    let program = subject.book.sets[0].currency;
    let missing = currencies.filter(|currency| *currency != program && subject.fx.rate(*currency, month).is_none());
    missing.map(|currency| Need::ExchangeRate { currency: currency.to_string(), month }).collect()
}

fn caps(
    subject: &Subject<'_>,
    priced: &PricedLine,
    line: &ExplainedLine,
    priced_on: NaiveDate,
) -> Result<Vec<CapUsed>, Overflow> {
    let Some(set) = priced.rule_set.map(|at| &subject.book.sets[at]) else { return Ok(Vec::new()) };
    let calendar = subject.book.calendar();
    let mut found = Vec::new();
    for part in &priced.contributions {
        let lever = &set.levers[part.lever];
        let (Some(cap), Some(used_before)) = (lever.cap, part.sum_before) else { continue };
        let (window, next) = match cap.window {
            CapWindow::EarningPeriod => {
                let next = calendar.period_of(Month::of(priced_on)).next();
                ("an earning period", Some(next.first_month()))
            }
            CapWindow::ProgramYear => ("a program year", Some(calendar.program_year_of(Month::of(priced_on)).1.next())),
            CapWindow::Life => ("all time", None),
        };
        let per = if cap.per == CapPer::Customer { "customer" } else { "partner" };
        found.push(CapUsed {
            event: line.event.clone(),
            lever: lever.name.clone(),
            counted: format!("per {per}, over {window}"),
            cap: Cited::of(set, &format!("lever.{}.cap.amount", lever.name), cap.amount),
            used_before,
            before_cap: part.before_cap,
            left: cap.amount.minus(used_before.min(cap.amount))?,
            next_window_from: next,
        });
    }
    Ok(found)
}
