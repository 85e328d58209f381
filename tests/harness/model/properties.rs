//! What must hold of any history, whatever the model says.

use super::compare::replayed;
use super::facts::billed;
use super::generate::{Case, generate};
use super::{named, shipped};
use daybook_event::{Amount, Envelope, EventId, Exact, Payload};
use daybook_replay::Replayed;
use daybook_tests::dice::Dice;
use std::collections::{BTreeMap, BTreeSet};

/// Histories for each property.
const HISTORIES: u64 = 150;

fn each(mut check: impl FnMut(&Case, &mut Dice)) {
    let shipped = shipped();
    let first = named("DAYBOOK_MODEL_SEED", 1_000_000);
    for seed in first..first + HISTORIES {
        check(&generate(&shipped, seed), &mut Dice::new(seed));
    }
}

#[test]
fn rows_do_not_depend_on_the_order_of_arrival_nor_on_threads() {
    each(|case, dice| {
        let expected = replayed(case, &case.events, 1).digest();
        let mut shuffled = case.events.clone();
        dice.shuffle(&mut shuffled);
        assert_eq!(replayed(case, &shuffled, 1).digest(), expected, "shuffled, DAYBOOK_MODEL_SEED={}", case.seed);
        assert_eq!(replayed(case, &shuffled, 2).digest(), expected, "threads, DAYBOOK_MODEL_SEED={}", case.seed);
    });
}

/// Base per posting, and billed per bucket, by partner and month.
fn bases(replayed: &Replayed) -> BTreeMap<String, Exact> {
    let mut bases = BTreeMap::new();
    for (id, rows) in &replayed.partners {
        for row in &rows.postings {
            bases.insert(format!("{id} {} {} {}", row.month, row.lever, row.rule_set), row.base);
        }
        for row in &rows.conservation {
            let buckets = [("billed", row.billed), ("earning", row.earning), ("unmatched", row.unmatched)];
            let codes = row.ineligible.iter().map(|(code, sum)| (code.as_str(), *sum));
            for (bucket, sum) in buckets.into_iter().chain(codes) {
                bases.insert(format!("{id} {} {bucket}", row.month), sum);
            }
        }
    }
    bases
}

/// A sale in two halves that differ by a cent, the second under another name.
fn split(event: &Envelope) -> Option<[Envelope; 2]> {
    let Payload::LicenseSale(sale) = &event.payload else { return None };
    let whole = sale.amount.decimal();
    let part = rust_decimal::Decimal::from_i128_with_scale(whole.mantissa() / 2, whole.scale());
    let amount = |value: rust_decimal::Decimal| Amount::parse(&value.to_string()).expect("a part of an amount");
    let halves = [(event.id.event_id.as_str().to_owned(), part), (format!("{}.2", event.id.event_id), whole - part)];
    Some(halves.map(|(event_id, value)| {
        let mut half = event.clone();
        half.id.event_id = EventId::parse(&event_id).expect("a plain id");
        half.payload = Payload::LicenseSale(daybook_event::LicenseSale { amount: amount(value), ..sale.clone() });
        half
    }))
}

#[test]
fn a_sale_split_in_two_has_the_same_bases_and_buckets() {
    let mut splits = 0;
    each(|case, dice| {
        let named_by_others: BTreeSet<EventId> = case
            .events
            .iter()
            .filter_map(|event| match &event.payload {
                Payload::Reversal(reversal) => Some(reversal.reverses.clone()),
                _ => billed(event).and_then(|line| line.credits.cloned()),
            })
            .collect();
        // What others name keeps its name and amount.
        let is_free = |event: &Envelope| {
            matches!(event.payload, Payload::LicenseSale(_)) && !named_by_others.contains(&event.id.event_id)
        };
        let free: Vec<usize> = (0..case.events.len()).filter(|&at| is_free(&case.events[at])).collect();
        if free.is_empty() {
            return;
        }
        let at = free[dice.place(free.len())];
        let Some([one, other]) = split(&case.events[at]) else { return };
        let mut events = case.events.clone();
        events.retain(|event| event.id != one.id);
        events.extend([one, other]);
        let (whole, halves) = (replayed(case, &case.events, 1), replayed(case, &events, 1));
        assert_eq!(bases(&halves), bases(&whole), "DAYBOOK_MODEL_SEED={}", case.seed);
        splits += 1;
    });
    assert!(splits > HISTORIES / 6, "only {splits} sales were split");
}
