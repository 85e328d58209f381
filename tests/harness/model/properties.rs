//! What must hold of any history, whatever the model says.

use super::compare::{of_engine, replayed};
use super::named;
use daybook_event::{Amount, Envelope, EventId, Payload};
use daybook_tests::dice::Dice;
use daybook_tests::json_differences;
use daybook_tests::model::Shipped;
use daybook_tests::model::facts::{Partner, World, billed};
use daybook_tests::model::generate::{Case, generate};
use daybook_tests::model::number::Num;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Histories for each property.
const HISTORIES: u64 = 500;

pub(super) fn each(mut check: impl FnMut(&Case, &mut Dice)) {
    let shipped = Shipped::load();
    let first = named("DAYBOOK_MODEL_SEED", 1_000_000);
    for seed in first..first + HISTORIES {
        check(&generate(shipped.for_seed(seed), seed), &mut Dice::new(seed));
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

/// What a split may not change: every row but those of single events, with what earns and what is capped together.
fn without_caps(case: &Case) -> (Value, BTreeMap<String, Num>) {
    let mut rows = of_engine(case);
    let mut capped = BTreeMap::new();
    for (id, rows) in rows.as_object_mut().expect("partners") {
        rows.as_object_mut().expect("views").remove("findings");
        for row in rows["standing"].as_array_mut().into_iter().flatten() {
            row["events"].take();
        }
        for row in rows["conservation"].as_array_mut().into_iter().flatten() {
            let [earning, of_caps] =
                ["earning", "capped"].map(|bucket| Num::parse(row[bucket].as_str().expect("a sum")));
            row["earning"] = earning.plus(of_caps).to_string().into();
            row["capped"].take();
            capped.insert(format!("{id} {}", row["month"]), of_caps);
        }
    }
    (rows, capped)
}

/// Postings, lots, payouts and all buckets stay. Only a cap tells the halves apart: where the whole earned, one of them may
/// find the cap full; and where the whole was growth alone and capped, its first half contributes nothing, so it earns.
#[test]
fn a_sale_split_in_two_gives_the_same_rows_but_for_a_half_that_is_capped() {
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
        let Some(parts) = split(&case.events[at]) else { return };
        let mut halves = case.clone();
        halves.events.retain(|event| event.id != parts[0].id);
        halves.events.extend(parts.clone());
        let ((before, capped), (after, capped_after)) = (without_caps(case), without_caps(&halves));
        let differences = json_differences(&before, &after);
        assert!(differences.is_empty(), "DAYBOOK_MODEL_SEED={}: {}", case.seed, differences.join("\n"));
        let world = World::new(&halves.book, halves.through, &halves.events);
        let id = parts[0].partner_id.as_ref().expect("a sale has a partner");
        let partner = Partner::new(&world, id);
        let worth_of = |part: &Envelope| {
            let line = partner.lines.iter().find(|line| line.event.id == part.id);
            line.and_then(|line| line.worth).unwrap_or_default()
        };
        let [one, other] = [worth_of(&parts[0]), worth_of(&parts[1])];
        for (month, was) in capped {
            let more = capped_after[&month].minus(was);
            let allowed = [Num::ZERO, one, other, Num::ZERO.minus(one)];
            assert!(allowed.contains(&more), "{month}: {more} more capped, DAYBOOK_MODEL_SEED={}", case.seed);
        }
        splits += 1;
    });
    assert!(splits > HISTORIES / 6, "only {splits} sales were split");
}
