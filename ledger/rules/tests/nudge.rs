//! Nudges: what can be moved, and how far a nudge reaches.
#![allow(missing_docs, clippy::unwrap_used)]

use chrono::NaiveDate;
use daybook_event::{Exact, Rate, RuleFile};
use daybook_rules::model::ResolveAt;
use daybook_rules::{NudgeableValue, RuleLibrary, lint, shipped_rule_files, shipped_tests};

fn library() -> RuleLibrary {
    RuleLibrary::load(&shipped_rule_files()).0.unwrap()
}

fn value(version: &str, path: &str) -> NudgeableValue {
    let values = library().nudgeable_values();
    values.into_iter().find(|value| value.version == version && value.path == path).unwrap()
}

fn nudged(version: &str, path: &str, to: &str) -> RuleLibrary {
    library().nudged(&value(version, path), to).unwrap()
}

#[test]
fn every_number_of_the_shipped_sets_can_be_moved() {
    let values = library().nudgeable_values();
    let paths: Vec<String> = values.iter().map(|value| format!("{} {}", value.version, value.path)).collect();
    assert_eq!(
        paths,
        [
            "2020-10 validity.from",
            "2020-10 calendar.earning_period",
            "2020-10 calendar.anchor",
            "2020-10 calendar.claim_opens",
            "2020-10 calendar.claim_closes",
            "2020-10 calendar.program_year_ends",
            "2020-10 assessment.cadence",
            "2020-10 gate.competency.at_least",
            "2020-10 gate.competency.source",
            "2020-10 gate.ttm_revenue.window",
            "2020-10 gate.ttm_revenue.at_least",
            "2020-10 gate.ttm_revenue.upkeep",
            "2020-10 lever.core_modern_work.rate",
            "2020-10 lever.core_biz_apps.rate",
            "2020-10 lever.core_azure.rate",
            "2020-10 split.rebate",
            "2020-10 split.coop",
            "2020-10 coop.threshold",
            "2020-10 coop.resolve_at",
            "2020-10 payout.minimum",
            "2020-10 payout.due",
            "2020-10 payout.program_year_end",
            "2020-10 rounding.unit",
            "2021-10 validity.from",
            "2021-10 gate.ttm_revenue.at_least",
            "2021-10 lever.nonprofit_accelerator.rate",
            "2021-10 coop.threshold",
        ]
    );
    for value in values {
        assert!(!value.steps.is_empty(), "{}", value.path);
        for step in &value.steps {
            assert!(library().nudged(&value, step).is_some(), "{} -> {step}", value.path);
            assert_ne!(*step, value.value, "{}", value.path);
        }
    }
}

#[test]
fn a_nudge_reaches_who_inherits_and_nobody_else() {
    let moved = nudged("2020-10", "lever.core_azure.rate", "4.0001%");
    for version in moved.versions() {
        let lever = version.set.levers.iter().find(|lever| lever.name == "core_azure").unwrap();
        assert_eq!(lever.rate, Rate::parse_percent("4.0001%").unwrap(), "{}", version.set.version);
    }
    let thresholds = |library: &RuleLibrary| -> Vec<Exact> {
        library.versions().iter().map(|version| version.set.coop.threshold).collect()
    };
    let usd = |text: &str| Exact::parse(text).unwrap();
    let parent = nudged("2020-10", "coop.threshold", "3999.99 USD");
    assert_eq!(thresholds(&parent), [usd("3999.99"), usd("10000")], "the child sets its own, whatever its from says");
    let child = nudged("2021-10", "coop.threshold", "9999.99 USD");
    assert_eq!(thresholds(&child), [usd("4000"), usd("9999.99")]);
}

#[test]
fn a_reading_can_be_moved_though_an_interpretation_states_it() {
    let moved = nudged("2020-10", "coop.resolve_at", "period_start");
    assert!(moved.versions().iter().all(|version| version.set.coop.resolve_at == ResolveAt::PeriodStart));
}

#[test]
fn what_one_part_of_the_split_gains_the_other_loses() {
    let split = nudged("2020-10", "split.rebate", "60.0001%").versions()[0].set.split;
    assert_eq!(split.coop, Rate::parse_percent("39.9999%").unwrap());
    assert!(library().nudged(&value("2020-10", "split.rebate"), "101%").is_none(), "there is no such split");
    assert!(library().nudged(&value("2020-10", "payout.due"), "soon").is_none());
}

#[test]
fn a_first_date_moves_alone() {
    let moved = nudged("2021-10", "validity.from", "2021-09-30");
    let dates: Vec<String> = moved.versions().iter().map(|version| version.set.valid_from.to_string()).collect();
    assert_eq!(dates, ["2020-10-01", "2021-09-30"]);
}

#[test]
fn the_shipped_folder_gives_no_warning() {
    let owned = |(name, bytes): &(&str, &[u8])| RuleFile { name: (*name).to_owned(), bytes: bytes.to_vec() };
    let tests: Vec<RuleFile> = shipped_tests().iter().map(owned).collect();
    let until = NaiveDate::from_ymd_opt(2030, 1, 1).unwrap();
    assert_eq!(lint(&shipped_rule_files(), &tests, until), []);
    let alone = lint(&shipped_rule_files(), &[], until);
    let codes: Vec<String> = alone.iter().map(|found| format!("{} {}", found.code, found.at.file)).collect();
    let untested = |file: &str| format!("R025 {file}");
    let (old, new) = (untested("2020-10.toml"), untested("2021-10.toml"));
    assert_eq!(codes, [old.as_str(), &old, &new, &new], "thresholds without their tests");
}
