//! The arithmetic of every explanation, done again from its own numbers.

use super::{Case, Told, every_case, list, number, share, text};
use daybook_tests::model::number::Num;
use serde_json::Value;
use std::collections::BTreeMap;

/// The value of a rule that the explanation cites.
fn rule<'v>(told: &'v Value, path: &str) -> &'v str {
    let cited = list(told, "rules").iter().find(|cited| cited["path"] == path);
    text(cited.unwrap_or_else(|| panic!("{path} is not cited: {told}")), "value")
}

#[test]
fn postings_and_buckets_add_up_to_the_figures() {
    let (mut postings, mut buckets) = (0, 0);
    every_case(|case| {
        for month in case.months() {
            let what = format!("{} {}", case.name, month.asked);
            for posting in list(&month.json, "postings") {
                check_posting(&what, posting);
                postings += 1;
            }
            check_rows(case, month);
            buckets += check_buckets(&what, &month.json);
        }
    });
    assert!(postings >= 150 && buckets >= 40, "only {postings} postings and {buckets} buckets seen");
}

fn check_posting(what: &str, posting: &Value) {
    let what = format!("{what} {}", text(posting, "lever"));
    let (mut base, mut sum) = (Num::ZERO, Num::ZERO);
    for line in list(posting, "lines") {
        check_conversion(&what, line);
        let part = &line["contribution"];
        if part.is_null() {
            continue;
        }
        let (of_base, rate) = (number(part, "base"), share(text(part, "rate")));
        let expected_base = match &part["growth"] {
            Value::Null => number(line, "program_amount"),
            growth => number(growth, "billed").minus(number(growth, "year_before")).max(Num::ZERO),
        };
        assert_eq!(of_base, expected_base, "{what}: base of {line}");
        assert_eq!(rate, share(rule(posting, &format!("lever.{}.rate", text(posting, "lever")))), "{what}");
        let before_cap = of_base.times(rate);
        assert_eq!(number(part, "before_cap"), before_cap, "{what}: {line}");
        let counts = match (&part["sum_before"], &part["cap"]) {
            (Value::String(before), Value::String(cap)) => {
                let (before, cap) = (Num::parse(before), Num::parse(cap));
                before.plus(before_cap).min(cap).minus(before.min(cap))
            }
            _ => before_cap,
        };
        assert_eq!(number(part, "amount"), counts, "{what}: {line}");
        (base, sum) = (base.plus(of_base), sum.plus(counts));
    }
    let unit = Num::parse(rule(posting, "rounding.unit"));
    let earned = sum.rounded(unit);
    let rebate = earned.times(share(rule(posting, "split.rebate"))).rounded(unit);
    let coop = earned.minus(rebate);
    for (field, value) in
        [("base", base), ("contributions", sum), ("earned", earned), ("rebate", rebate), ("coop", coop)]
    {
        assert_eq!(number(posting, field), value, "{what}: {field}");
    }
    let results: Vec<Num> = list(posting, "arithmetic")
        .iter()
        .map(|step| Num::parse(step.as_str().unwrap().rsplit(" = ").next().unwrap()))
        .collect();
    assert_eq!(results, [sum, earned, rebate, coop], "{what}: the arithmetic in words");
}

/// What was billed, in program currency.
fn check_conversion(what: &str, line: &Value) {
    if line["program_amount"].is_null() {
        return;
    }
    let rate = if line["exchange"].is_null() { Num::parse("1") } else { number(&line["exchange"], "rate") };
    assert_eq!(number(line, "amount").times(rate), number(line, "program_amount"), "{what}: {line}");
}

/// The explained postings are the rows of the views, one for one.
fn check_rows(case: &Case<'_>, month: &Told) {
    let of_month: Vec<Value> = case
        .rows
        .postings
        .iter()
        .filter(|row| row.month.to_string() == month.asked)
        .map(|row| serde_json::to_value(row).unwrap())
        .collect();
    let keys = ["partner_id", "month", "period", "lever", "rule_set", "base", "earned", "rebate", "coop"];
    let pick = |value: &Value| keys.map(|key| value[key].clone());
    let told: Vec<_> = list(&month.json, "postings").iter().map(pick).collect();
    assert_eq!(told, of_month.iter().map(pick).collect::<Vec<_>>(), "{} {}", case.name, month.asked);
}

/// Buckets are the sums of their lines, and with what earned they are everything billed.
fn check_buckets(what: &str, month: &Value) -> usize {
    let conservation = &month["conservation"];
    let mut sums: BTreeMap<String, Num> = BTreeMap::new();
    for bucket in list(month, "not_earning") {
        let lines = list(bucket, "lines");
        lines.iter().for_each(|line| check_conversion(what, line));
        let sum = Num::sum(
            lines.iter().filter(|line| !line["program_amount"].is_null()).map(|line| number(line, "program_amount")),
        );
        assert_eq!(number(bucket, "amount"), sum, "{what}: {bucket}");
        let mut beside: BTreeMap<&str, Num> = BTreeMap::new();
        for line in lines.iter().filter(|line| line["program_amount"].is_null()) {
            let sum = beside.entry(text(line, "currency")).or_insert(Num::ZERO);
            *sum = sum.plus(number(line, "amount"));
        }
        let told = list(bucket, "unconverted").iter().map(|sum| (text(sum, "currency"), number(sum, "amount")));
        assert_eq!(told.collect::<Vec<_>>(), beside.into_iter().collect::<Vec<_>>(), "{what}: {bucket}");
        sums.insert(text(bucket, "bucket").to_owned(), sum);
    }
    let mut earning: BTreeMap<&str, Num> = BTreeMap::new();
    for posting in list(month, "postings") {
        earning.extend(list(posting, "lines").iter().map(|line| (text(line, "event"), number(line, "program_amount"))));
    }
    for bucket in list(month, "not_earning") {
        // A capped line stands in its posting too, where it contributes nothing.
        let events: Vec<&str> = list(bucket, "lines").iter().map(|line| text(line, "event")).collect();
        earning.retain(|event, _| !events.contains(event));
    }
    let of = |name: &str| sums.get(name).copied().unwrap_or(Num::ZERO);
    assert_eq!(number(conservation, "earning"), Num::sum(earning.into_values()), "{what}: earning");
    assert_eq!(number(conservation, "unmatched"), of("unmatched"), "{what}");
    assert_eq!(number(conservation, "capped"), of("capped"), "{what}");
    assert_eq!(number(conservation, "provisional_noterms"), of("provisional:NOTERMS"), "{what}");
    let ineligible = conservation["ineligible"].as_object().unwrap();
    for (code, amount) in ineligible {
        assert_eq!(Num::parse(amount.as_str().unwrap()), of(&format!("ineligible:{code}")), "{what}: {code}");
    }
    let named = ["earning", "unmatched", "capped", "provisional_noterms"].map(|key| number(conservation, key));
    let codes = ineligible.values().map(|amount| Num::parse(amount.as_str().unwrap()));
    assert_eq!(number(conservation, "billed"), Num::sum(named.into_iter().chain(codes)), "{what}: billed");
    sums.len()
}

#[test]
fn every_number_that_a_gate_measures_says_of_what() {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    every_case(|case| {
        for told in case.standings() {
            for gate in list(&told.json, "gates") {
                let asked = list(gate, "any_of").iter().flat_map(|alternative| alternative.as_array().unwrap());
                for one in asked.filter(|one| !one["missing"].is_null()) {
                    let of = text(one, "of");
                    let first = of.split(' ').next().unwrap_or_default();
                    assert!(["billed", "of", "people", "new"].contains(&first), "{}: {one}", case.name);
                    *seen.entry(first.to_owned()).or_default() += 1;
                }
            }
        }
    });
    assert!(["billed", "people", "new"].iter().all(|first| seen.contains_key(*first)), "only {seen:?} seen");
}

#[test]
fn lots_add_up_and_their_threshold_decides() {
    let mut seen = 0;
    every_case(|case| {
        for lot in case.lots() {
            let (what, told) = (format!("{} {}", case.name, lot.asked), &lot.json);
            let parts = Num::sum(list(told, "parts").iter().map(|part| number(part, "coop")));
            let accrued = number(told, "accrued");
            let steps: Vec<&str> = list(told, "arithmetic").iter().map(|step| step.as_str().unwrap()).collect();
            assert_eq!(Num::parse(steps[0].rsplit(" = ").next().unwrap()), parts, "{what}: {steps:?}");
            if accrued != parts {
                let opening = format!("accrued = {parts} + opening lot {} = {accrued}", accrued.minus(parts));
                assert!(steps.contains(&opening.as_str()), "{what}: {steps:?}");
            }
            let threshold = Num::parse(rule(told, "coop.threshold"));
            assert_eq!(number(told, "missing"), threshold.minus(accrued).max(Num::ZERO), "{what}");
            let stood = steps.iter().any(|step| step.contains("before the ledger began"));
            if !stood && matches!(text(told, "state"), "usable" | "converted") {
                assert_eq!(text(told, "state") == "usable", accrued >= threshold, "{what}");
            }
            let went = ["converted", "consumed", "reserved", "available", "forfeited"].map(|key| number(told, key));
            if text(told, "state") != "open" {
                assert_eq!(accrued.plus(number(told, "overdrawn")), Num::sum(went), "{what}");
            }
            seen += 1;
        }
    });
    assert!(seen >= 60, "only {seen} lots seen");
}

#[test]
fn payouts_are_the_sums_of_their_parts() {
    let mut seen = 0;
    every_case(|case| {
        for payout in case.payouts() {
            let (what, told) = (format!("{} {}", case.name, payout.asked), &payout.json);
            let payable = number(told, "payable");
            assert_eq!(payable, Num::sum(list(told, "parts").iter().map(|part| number(part, "amount"))), "{what}");
            let ins = ["rebate", "converted", "true_up", "carried_in"].map(|key| number(told, key));
            let outs = ["paid", "held", "forfeited", "carried_out"].map(|key| number(told, key));
            assert_eq!((payable, payable), (Num::sum(ins), Num::sum(outs)), "{what}");
            let minimum = rule(told, "payout.minimum").split(' ').next().unwrap();
            let is_enough = payable >= Num::parse(minimum) && !payable.is_negative();
            // What is enough is paid, held, or lost after a hold; what is not is carried, or lost with the program year.
            let on_time = number(told, "paid").is_zero() && number(told, "held").is_zero();
            assert!(is_enough || on_time, "{what}: too little was paid: {told}");
            assert!(!is_enough || number(told, "carried_out").is_zero(), "{what}: enough was carried: {told}");
            seen += 1;
        }
    });
    assert!(seen >= 100, "only {seen} payouts seen");
}

#[test]
fn checks_of_claims_say_what_they_compare() {
    let (mut checks, mut refused) = (0, 0);
    every_case(|case| {
        for claim in case.claims() {
            let (what, told) = (format!("{} {}", case.name, claim.asked), &claim.json);
            for step in list(told, "steps") {
                checks += check_step(&what, step);
            }
            let submitted =
                list(told, "steps").iter().rev().find(|step| step["to"] == "submitted" && step["stage"] != "");
            let failing = submitted.and_then(|step| list(step, "checks").iter().find(|check| check["passed"] == false));
            assert_eq!(failing.map_or("", |check| text(check, "code")), text(told, "refused"), "{what}");
            refused += usize::from(failing.is_some());
        }
    });
    assert!(checks >= 200 && refused >= 10, "only {checks} checks and {refused} refusals seen");
}

fn check_step(what: &str, step: &Value) -> usize {
    if !step["exchange"].is_null() && !step["program_amount"].is_null() {
        let own = Num::parse(text(step, "amount").split(' ').next().unwrap());
        let exact = own.times(number(&step["exchange"], "rate"));
        assert_eq!(exact.rounded(Num::parse("0.01")), number(step, "program_amount"), "{what}: {step}");
    }
    let words = |check: &Value, key: &str, before: &str| text(check, key).strip_prefix(before).map(str::to_owned);
    for check in list(step, "checks") {
        let passed = check["passed"].as_bool().unwrap();
        match text(check, "code") {
            "LATE" => {
                let (on, last) = (words(check, "measured", "submitted on "), words(check, "required", "by "));
                assert_eq!(on.unwrap() <= last.unwrap(), passed, "{what}: {check}");
            }
            "EARLY" => {
                let (on, first) = (words(check, "measured", "submitted on "), words(check, "required", "from "));
                assert_eq!(on.unwrap() >= first.unwrap(), passed, "{what}: {check}");
            }
            "OVER_LIMIT" => {
                let used = text(check, "measured").split(" by other claims + ").map(Num::parse);
                let limit = Num::parse(&words(check, "required", "at most ").unwrap());
                let margin = limit.minus(Num::sum(used));
                assert_eq!((number(check, "margin"), !margin.is_negative()), (margin, passed), "{what}: {check}");
            }
            "OVER_BALANCE" => {
                let left = words(check, "required", "at most the ").unwrap();
                let margin = Num::parse(left.strip_suffix(" left").unwrap()).minus(number(check, "measured"));
                assert_eq!((number(check, "margin"), !margin.is_negative()), (margin, passed), "{what}: {check}");
            }
            _ => {}
        }
    }
    let moved = |key: &str| number(&step["lot_after"], key).minus(number(&step["lot_before"], key));
    if step["lot_after"]["state"] == "usable" {
        let taken = moved("reserved").plus(moved("consumed")).minus(moved("overdrawn"));
        assert_eq!(moved("left").plus(taken), Num::ZERO, "{what}: money of the lot came from nowhere: {step}");
    }
    list(step, "checks").len()
}

#[test]
fn gates_are_met_where_what_they_measure_is_enough() {
    let mut measured = 0;
    every_case(|case| {
        for standing in case.standings() {
            let (what, told) = (format!("{} {}", case.name, standing.asked), &standing.json);
            let last = list(told, "changes").last();
            assert_eq!(last.map_or("not_invited", |row| text(row, "state")), text(told, "state"), "{what}");
            for gate in list(told, "gates") {
                let holds = |one: &Value| one["met"].as_bool().unwrap();
                let all = |alternative: &Value| alternative.as_array().unwrap().iter().all(holds);
                assert_eq!(list(gate, "any_of").iter().any(all), holds(gate), "{what}: {gate}");
                for one in list(gate, "any_of").iter().flat_map(|all| all.as_array().unwrap()) {
                    if one["missing"].is_null() || one["required"] == "none" {
                        continue;
                    }
                    let missing = number(one, "required").minus(number(one, "measured")).max(Num::ZERO);
                    assert_eq!((number(one, "missing"), missing.is_zero()), (missing, holds(one)), "{what}: {one}");
                    measured += 1;
                }
            }
            for row in list(told, "changes").iter().filter(|row| row["on"] == told["on"] && row["measured"] != "") {
                let gate = list(told, "gates").iter().find(|gate| gate["gate"] == row["cause"]);
                let shown = gate.unwrap()["any_of"].to_string();
                assert!(
                    shown.contains(text(row, "measured")) && shown.contains(text(row, "required")),
                    "{what}: {shown}"
                );
            }
        }
    });
    assert!(measured >= 50, "only {measured} numbers of gates seen");
}

#[test]
fn what_events_are_part_of_adds_up_to_the_figures() {
    let (mut seen, mut by_hand) = (0, 0);
    every_case(|case| {
        let mut corrected = Num::ZERO;
        let mut buckets: BTreeMap<(String, String), Num> = BTreeMap::new();
        for event in case.events() {
            for one in list(&event.json, "uses").iter().filter(|one| one["part"] == "the correction itself") {
                corrected = corrected.plus(number(one, "amount"));
                by_hand += 1;
            }
            for one in list(&event.json, "uses").iter().filter(|one| one["view"] == "conservation") {
                let amount = if one["amount"].is_null() { Num::ZERO } else { number(one, "amount") };
                let sum =
                    buckets.entry((text(one, "row").to_owned(), text(one, "part").to_owned())).or_insert(Num::ZERO);
                *sum = sum.plus(amount);
                seen += 1;
            }
        }
        let manual = case.rows.true_ups.iter().filter(|row| row.cause == "manual");
        let booked = Num::sum(manual.map(|row| Num::of_term(row.rebate).plus(Num::of_term(row.coop))));
        assert_eq!(corrected, booked, "{}: corrections by hand", case.name);
        for row in &case.rows.conservation {
            let of = |bucket: &str| {
                let known = buckets.get(&(row.month.to_string(), format!("bucket {bucket}")));
                known.copied().unwrap_or(Num::ZERO).to_string()
            };
            let what = format!("{} {}", case.name, row.month);
            assert_eq!(of("earning"), row.earning.to_string(), "{what}");
            assert_eq!(of("unmatched"), row.unmatched.to_string(), "{what}");
            assert_eq!(of("capped"), row.capped.to_string(), "{what}");
            for (code, amount) in &row.ineligible {
                assert_eq!(of(&format!("ineligible:{code}")), amount.to_string(), "{what}");
            }
        }
    });
    assert!(seen >= 200 && by_hand > 0, "only {seen} lines and {by_hand} corrections by hand seen");
}
