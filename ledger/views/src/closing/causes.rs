//! What came after the last closing and can matter to closed months.

use super::months::ClosedMonths;
use crate::fact::{Fact, FactKind, Line};
use crate::history::{FactSource, Reversals};
use chrono::NaiveDate;
use daybook_event::{EventRef, Month, Opening, Position};
use std::collections::BTreeMap;

/// So many causes of one partner are told apart. Each costs a fold.
const RUNS_MAX: usize = 256;

/// A record that can matter.
#[derive(Debug, Clone)]
struct LateRecord {
    position: Position,
    cause: String,
    /// The first month that it can change.
    month: Month,
    /// Whether no posting can depend on it.
    is_inert: bool,
}

/// Late records, one after the other, that are taken as one cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// What true-ups name.
    pub(crate) cause: String,
    /// The last record in it.
    pub(crate) until: Position,
    /// The first month that it can change.
    pub(crate) month: Month,
}

/// The causes of one partner, in order of position, less those that can change no posting.
pub(crate) fn runs<S: FactSource>(closed: &ClosedMonths<'_>, source: &S) -> Result<Vec<Run>, S::Error> {
    let mut late = late_facts(closed, source)?;
    let (known, last) = (closed.known(), closed.last());
    let reversed = source.reversals().of_facts_after(known).filter(|(_, _, _, month)| *month <= last);
    late.extend(reversed.map(|(position, id, _, month)| LateRecord {
        position,
        cause: format!("reversal:{id}"),
        month,
        is_inert: false,
    }));
    // A rate that converts nothing takes no place in a run either: the rows of a partner stay as they are when one comes.
    late.extend(closed.rates_used(source).map(|rate| LateRecord {
        position: rate.position,
        cause: rate.cause.clone(),
        month: rate.month,
        is_inert: false,
    }));
    late.sort_by_key(|record| record.position);
    let of_run = late.len().div_ceil(RUNS_MAX).max(1);
    Ok(late.chunks(of_run).filter_map(run).collect())
}

fn run(records: &[LateRecord]) -> Option<Run> {
    let (first, last) = (records.first()?, records.last()?);
    let month = records.iter().filter(|record| !record.is_inert).map(|record| record.month).min()?;
    let more = match records.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(Run { cause: format!("{}{more}", first.cause), until: last.position, month })
}

/// The partner's own facts of closed months that were recorded after the last closing's statements. Corrections by hand are no
/// cause: they are booked for themselves.
fn late_facts<S: FactSource>(closed: &ClosedMonths<'_>, source: &S) -> Result<Vec<LateRecord>, S::Error> {
    let known = closed.known();
    let mut late = Vec::new();
    for month in source.months_recorded_after(known, closed.last()) {
        let facts = source.month(month)?;
        let taken_out = lines_taken_out(&facts, source.reversals(), known);
        let of_month = facts.iter().filter(|fact| fact.position > known);
        for fact in of_month.filter(|fact| !matches!(fact.kind, FactKind::Adjustment(_))) {
            let kind = kind_of(fact, &taken_out);
            let cause = format!("{kind}:{}", fact.id);
            late.push(LateRecord { position: fact.position, cause, month, is_inert: is_inert(fact) });
        }
    }
    Ok(late)
}

/// What a line and the one that replaces it have in common: source, subscription, product, SKU and date.
type LineKey<'a> = (&'a str, &'a str, &'a str, &'a str, NaiveDate);

fn line_key<'a>(fact: &'a Fact, line: &'a Line) -> Option<LineKey<'a>> {
    let (subscription, product) = (line.subscription_id.as_str(), &line.product);
    let key = (fact.id.source.as_str(), subscription, &*product.product_id, &*product.sku_id, fact.effective_on);
    (!subscription.is_empty()).then_some(key)
}

/// The lines of a month that reversals after a position took out.
fn lines_taken_out<'a>(
    facts: &'a [Fact],
    reversals: &Reversals,
    known: Position,
) -> BTreeMap<LineKey<'a>, Vec<&'a EventRef>> {
    let mut taken_out: BTreeMap<LineKey<'a>, Vec<&EventRef>> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| reversals.reversed_from(&fact.id).is_some_and(|from| from > known)) {
        if let Some(key) = fact.line().and_then(|line| line_key(fact, line)) {
            taken_out.entry(key).or_default().push(&fact.id);
        }
    }
    taken_out
}

fn kind_of(fact: &Fact, taken_out: &BTreeMap<LineKey<'_>, Vec<&EventRef>>) -> &'static str {
    let Some(line) = fact.line() else { return "late_event" };
    if line.credits.is_some() {
        return "credit";
    }
    let replaced = line_key(fact, line).and_then(|key| taken_out.get(&key));
    // A line that is itself taken out later replaces nothing by being there.
    if replaced.is_some_and(|ids| ids.iter().any(|id| **id != fact.id)) { "correction" } else { "late_event" }
}

/// Whether no posting can depend on the fact, so that it needs no fold of its own.
fn is_inert(fact: &Fact) -> bool {
    match &fact.kind {
        FactKind::Claim(_) | FactKind::Moneyless | FactKind::Adjustment(_) => true,
        FactKind::Opening(opening) => matches!(opening, Opening::Lot { .. } | Opening::Carry { .. }),
        FactKind::Line(_) | FactKind::Standing(_) | FactKind::Certification(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(at: u64, is_inert: bool) -> LateRecord {
        let month = Month::from_index(i32::try_from(at).unwrap());
        LateRecord { position: Position::new(at), cause: format!("late_event:s/{at}"), month, is_inert }
    }

    #[test]
    fn a_run_is_named_after_its_first_record_and_says_how_many_more() {
        let alone = run(&[record(3, false)]).unwrap();
        assert_eq!((alone.cause.as_str(), alone.until), ("late_event:s/3", Position::new(3)));
        let three = run(&[record(3, true), record(5, false), record(9, true)]).unwrap();
        let expected =
            Run { cause: "late_event:s/3 and 2 more".to_owned(), until: Position::new(9), month: Month::from_index(5) };
        assert_eq!(three, expected);
        assert_eq!(run(&[record(3, true)]), None, "no posting can depend on it");
    }
}
