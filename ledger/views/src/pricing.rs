//! Where each billed amount goes, and what it contributes.

use crate::credits::Resolved;
use crate::fact::Line;
use crate::state::{JudgedDay, PartnerState};
use daybook_event::{EventRef, Exact, Overflow};
use daybook_rules::model::{Lever, RuleBook, RuleSet};

/// Where a billed amount goes: the first that holds, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bucket {
    /// No exchange rate.
    Unconverted,
    /// Dated before the first rule set.
    NoTerms,
    /// May not earn; the code says why.
    Ineligible(String),
    /// No lever matches.
    Unmatched,
    /// Levers match, but caps leave every contribution zero.
    Capped,
    /// It earns.
    Earning,
}

/// What a line contributes under one lever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// Index into the rule set's levers.
    pub lever: usize,
    /// Base x rate, exact.
    pub amount: Exact,
}

/// A revenue line with its bucket and contributions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedLine {
    /// Index into the month's facts.
    pub fact: usize,
    /// In program currency; none without a rate.
    pub amount: Option<Exact>,
    /// For a credit: the line whose terms it took over.
    pub credit_of: Option<EventRef>,
    /// The rule set that priced it, by index into the book; none before the first.
    pub rule_set: Option<usize>,
    /// Where it went.
    pub bucket: Bucket,
    /// What it contributed. Empty unless it earns or is capped.
    pub contributions: Vec<Contribution>,
}

/// Prices a resolved line. The day of the line that prices it must have been judged already.
pub(crate) fn price(book: &RuleBook, state: &PartnerState, resolved: &Resolved<'_>) -> Result<PricedLine, Overflow> {
    let fact = resolved.pricing_fact();
    let rule_set = book.index_on(fact.effective_on);
    let mut priced = PricedLine {
        fact: resolved.at,
        amount: resolved.amount,
        credit_of: resolved.root.as_ref().map(|root| root.id.clone()),
        rule_set,
        bucket: Bucket::Unmatched,
        contributions: Vec::new(),
    };
    let Some(amount) = resolved.amount else {
        priced.bucket = Bucket::Unconverted;
        return Ok(priced);
    };
    if resolved.of_reversed {
        return Ok(priced);
    }
    let Some(set) = rule_set.map(|at| &book.sets[at]) else {
        priced.bucket = Bucket::NoTerms;
        return Ok(priced);
    };
    let Some(day) = state.judged(fact.effective_on) else {
        // Every line's day is judged before the line is priced, and a credit's first line was a line of its day.
        unreachable!("the day of {} was not judged", fact.id)
    };
    if state.is_held(&format!("own_tenant:{}", resolved.pricing_line().customer_id), day.on) {
        priced.bucket = Bucket::Ineligible("CUSEQPTR".to_owned());
        return Ok(priced);
    }
    if let Some(code) = &day.code {
        priced.bucket = Bucket::Ineligible(code.clone());
        return Ok(priced);
    }
    let line = PricedOn { state, set, day, line: resolved.pricing_line() };
    apply_levers(book, &line, amount, &mut priced)?;
    Ok(priced)
}

/// What levers look at: the line that prices, on its day.
struct PricedOn<'a> {
    state: &'a PartnerState,
    set: &'a RuleSet,
    day: &'a JudgedDay,
    line: &'a Line,
}

/// In each slot the first lever in file order whose match and needs hold; slots add up.
fn apply_levers(book: &RuleBook, on: &PricedOn<'_>, amount: Exact, priced: &mut PricedLine) -> Result<(), Overflow> {
    let PricedOn { set, day, line, .. } = on;
    let family = book.catalogue.family_of(&line.product, day.on);
    let groups = set.groups_of(&line.product, family);
    let mut slots_taken: Vec<&str> = Vec::new();
    let mut first_unmet_need = None;
    for (at, lever) in set.levers.iter().enumerate() {
        if slots_taken.contains(&lever.slot.as_str()) || !matches(lever, &groups, on) {
            continue;
        }
        let unmet = lever.needs.iter().map(|&need| &set.gates[need]).find(|gate| day.unmet_needs.contains(&gate.name));
        if let Some(gate) = unmet {
            first_unmet_need = first_unmet_need.or(Some(&gate.fail_code));
            continue;
        }
        slots_taken.push(&lever.slot);
        priced.contributions.push(Contribution { lever: at, amount: amount.times(lever.rate)? });
    }
    priced.bucket = match (priced.contributions.is_empty(), first_unmet_need) {
        (false, _) => Bucket::Earning,
        (true, Some(code)) => Bucket::Ineligible(code.clone()),
        (true, None) => Bucket::Unmatched,
    };
    Ok(())
}

fn matches(lever: &Lever, groups: &[usize], on: &PricedOn<'_>) -> bool {
    let (line, wanted) = (on.line, &lever.matches);
    let in_market = |market: &String| on.state.is_held(&format!("market:{market}"), on.day.on);
    (wanted.groups.is_empty() || wanted.groups.iter().any(|group| groups.contains(group)))
        && (wanted.segments.is_empty() || line.segment.is_some_and(|segment| wanted.segments.contains(&segment)))
        && (wanted.charge_types.is_empty() || wanted.charge_types.contains(&line.charge_type))
        && (wanted.markets.is_empty() || wanted.markets.iter().any(in_market))
}
