//! What would have made a converted lot usable: the missing co-op, and the least billed amount that brings it.

use super::change::{Need, SmallestChange};
use super::subject::Subject;
use daybook_event::{Amount, Exact, Overflow};
use daybook_rules::calendar::Period;
use daybook_rules::model::{Base, RuleSet};
use daybook_views::{Bucket, Fact, FactKind, Line, PricedLine};

/// A line that earned in the period, after which a further one can be modelled.
struct Like {
    fact: Fact,
    rule_set: usize,
    rate_millionths: i128,
}

/// The smallest change; where no line earned in the period there is none to be modelled after.
pub(super) fn smallest(
    subject: &Subject<'_>,
    period: Period,
    missing: Exact,
) -> Result<Option<SmallestChange>, Overflow> {
    let Some(like) = like(subject, period)? else { return Ok(None) };
    let set = &subject.book.sets[like.rule_set];
    let is_enough = |cents: i128| -> Result<bool, Overflow> {
        let Some(amount) = amount_of(set, cents) else { return Ok(false) };
        Ok(is_usable(subject, period, &like, amount))
    };
    let Some(least) = least_that(upper(set, &like, missing), is_enough)? else { return Ok(None) };
    let Some(amount) = amount_of(set, least) else { return Ok(None) };
    let needs = vec![
        Need::Coop { amount: missing },
        Need::Billed { amount, like: like.fact.id.to_string(), on: like.fact.effective_on },
    ];
    let outcome = format!("the lot of {period} is usable");
    let sentence = format!(
        "The smallest change: {missing} more co-op, which {amount} more billed on {} on a line like {} brings. Then {outcome}.",
        like.fact.effective_on, like.fact.id
    );
    Ok(Some(SmallestChange { sentence, needs, outcome }))
}

/// Of the lines of the period that earned on what was billed, without a cap, the one with the highest rate; the last of
/// several.
fn like(subject: &Subject<'_>, period: Period) -> Result<Option<Like>, Overflow> {
    let mut best: Option<Like> = None;
    let mut month = period.first_month();
    while month <= period.last_month() {
        let folded = subject.month(month)?;
        for (fact, priced) in folded.iter().flat_map(|one| one.lines.iter().map(|line| (&one.facts[line.fact], line))) {
            let Some((rule_set, rate)) = rate_of(subject, priced).filter(|_| fact.line().is_some()) else { continue };
            if best.as_ref().is_none_or(|best| rate >= best.rate_millionths) {
                best = Some(Like { fact: fact.clone(), rule_set, rate_millionths: rate });
            }
        }
        month = month.next();
    }
    Ok(best)
}

/// The rates of everything that the line contributes to; none where some of it is no plain share of what was billed.
fn rate_of(subject: &Subject<'_>, priced: &PricedLine) -> Option<(usize, i128)> {
    let at = priced.rule_set.filter(|_| priced.bucket == Bucket::Earning && priced.credit_of.is_none())?;
    let set = &subject.book.sets[at];
    let levers = || priced.contributions.iter().map(|part| &set.levers[part.lever]);
    let is_plain = levers().all(|lever| lever.base != Base::Growth && lever.cap.is_none()) && priced.growth.is_empty();
    let rate: i128 = levers().map(|lever| i128::from(lever.rate.millionths())).sum();
    (is_plain && rate > 0).then_some((at, rate))
}

/// So many of the unit to which postings are rounded.
fn amount_of(set: &RuleSet, units: i128) -> Option<Exact> {
    set.rounding.unit().raw().checked_mul(units).map(Exact::from_raw)
}

/// An amount that is certainly enough: what the rate and the co-op share ask, and what roundings may take.
fn upper(set: &RuleSet, like: &Like, missing: Exact) -> i128 {
    const MILLION: i128 = 1_000_000;
    let share = i128::from(set.split.coop.millionths()).max(1);
    let units = missing.raw() / set.rounding.unit().raw().max(1) + 4;
    // Both quotients are rounded up.
    let earned = units.saturating_mul(MILLION) / share + 1;
    earned.saturating_mul(MILLION) / like.rate_millionths.max(1) + 1
}

/// The least number up to the upper one that is enough, where more is never worse.
fn least_that(upper: i128, is_enough: impl Fn(i128) -> Result<bool, Overflow>) -> Result<Option<i128>, Overflow> {
    if !is_enough(upper)? {
        return Ok(None);
    }
    let (mut too_few, mut enough) = (0, upper);
    while enough - too_few > 1 {
        let middle = too_few + (enough - too_few) / 2;
        if is_enough(middle)? {
            enough = middle;
        } else {
            too_few = middle;
        }
    }
    Ok(Some(enough))
}

fn is_usable(subject: &Subject<'_>, period: Period, like: &Like, amount: Exact) -> bool {
    let (Some(line), Ok(amount)) = (like.fact.line(), Amount::parse(&amount.to_string())) else { return false };
    let currency = subject.book.sets[like.rule_set].currency;
    let further = FactKind::Line(Line { amount, currency, credits: None, ..line.clone() });
    let Some(further) = subject.supposed(0, like.fact.effective_on, further) else { return false };
    let rows = subject.rows_of(&subject.with(&[further]));
    rows.lots.iter().any(|lot| lot.period == period.to_string() && lot.state == "usable")
}
