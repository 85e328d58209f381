//! Nudges: what can be moved, and how far a nudge reaches.
#![allow(missing_docs, clippy::unwrap_used)]

use chrono::NaiveDate;
use daybook_event::{Exact, Rate, RuleFile};
use daybook_rules::model::ResolveAt;
use daybook_rules::{NudgeableValue, RuleLibrary, lint, shipped_rule_files, shipped_tests};

/// By version, what can be moved in its file.
const PATHS: [(&str, &[&str]); 7] = [
    (
        "2020-01",
        &[
            "validity.from",
            "calendar.earning_period",
            "calendar.anchor",
            "calendar.claim_opens",
            "calendar.claim_closes",
            "calendar.program_year_ends",
            "assessment.cadence",
            "gate.competency.at_least",
            "gate.competency.source",
            "gate.ttm_revenue.window",
            "gate.ttm_revenue.at_least",
            "gate.ttm_revenue.upkeep",
            "competency.silver.cloud_productivity.new_customers.window",
            "competency.silver.cloud_productivity.new_customers.at_least",
            "competency.silver.cloud_productivity.fee",
            "competency.gold.cloud_productivity.new_customers.window",
            "competency.gold.cloud_productivity.new_customers.at_least",
            "competency.gold.cloud_productivity.people",
            "competency.gold.cloud_productivity.fee",
            "certification.two_years.holds",
            "lever.core_modern_work.rate",
            "lever.core_biz_apps.rate",
            "lever.core_azure.rate",
            "lever.customer_add_modern_work.base.months",
            "lever.customer_add_modern_work.base.monthly_at_least",
            "lever.customer_add_modern_work.rate",
            "split.rebate",
            "split.coop",
            "coop.threshold",
            "coop.resolve_at",
            "coop.activity.syndicated_content.limit.amount",
            "coop.activity.customer_offers.limit.share",
            "coop.activity.internal_incentives.limit.share",
            "coop.activity.on_site_champ.limit.share",
            "coop.activity.microsoft_hosted_conferences.limit.amount",
            "coop.activity.product_seeding.limit.amount",
            "coop.activity.product_seeding.limit.share",
            "coop.activity.product_seeding.limit.take",
            "payout.minimum",
            "payout.due",
            "payout.hold",
            "payout.program_year_end",
            "rounding.unit",
        ],
    ),
    (
        "2020-10",
        &[
            "validity.from",
            "certification.one_year.earned_from",
            "certification.one_year.holds",
            "lever.core_biz_apps.rate",
            "coop.extension.december_2020.usage_until",
            "coop.extension.december_2020.claims_until",
        ],
    ),
    ("2021-10", &["validity.from", "gate.ttm_revenue.at_least", "lever.nonprofit_accelerator.rate", "coop.threshold"]),
    ("2022-10", &["validity.from", "gate.designation.any_of.6.at_least", "gate.designation.any_of.6.on"]),
    ("2023-10", &["validity.from"]),
    (
        "2024-10",
        &["validity.from", "lever.core_modern_work.rate", "lever.strategic_tier_1.rate", "lever.strategic_tier_2.rate"],
    ),
    (
        "2025-07",
        &[
            "validity.from",
            "gate.designation.any_of.6.at_least",
            "gate.designation.any_of.7.at_least",
            "gate.designation.any_of.8.at_least",
            "gate.modern_work_and_security.any_of.2.at_least",
            "gate.modern_work_and_security.any_of.3.at_least",
            "lever.core_biz_apps.rate",
            "lever.strategic_tier_1.rate",
            "lever.core_modern_work_fy26.rate",
            "lever.core_modern_work_fy26.cap.amount",
            "lever.core_modern_work_fy26.cap.per",
            "lever.core_modern_work_fy26.cap.window",
            "lever.strategic_tier_2_fy26.rate",
            "lever.strategic_tier_2_fy26.cap.amount",
            "lever.strategic_tier_2_fy26.cap.per",
            "lever.strategic_tier_2_fy26.cap.window",
            "lever.growth.rate",
            "lever.growth.cap.amount",
            "lever.growth.cap.per",
            "lever.growth.cap.window",
        ],
    ),
];

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
    let found: Vec<String> = values.iter().map(|value| format!("{} {}", value.version, value.path)).collect();
    let of_version = |(version, paths): &(&str, &[&str])| -> Vec<String> {
        paths.iter().map(|path| format!("{version} {path}")).collect()
    };
    assert_eq!(found, PATHS.iter().flat_map(of_version).collect::<Vec<_>>());
}

#[test]
fn every_step_moves_its_number_to_another_value() {
    let library = library();
    for value in library.nudgeable_values() {
        assert!(!value.steps.is_empty(), "{}", value.path);
        for step in &value.steps {
            // Co-op of a second half-year that may be used for longer has no place in a calendar of whole years.
            let has_place = value.path != "calendar.earning_period" || step != "12mo";
            assert_eq!(library.nudged(&value, step).is_some(), has_place, "{} -> {step}", value.path);
            assert_ne!(*step, value.value, "{}", value.path);
        }
    }
}

#[test]
fn a_nudge_reaches_who_inherits_and_nobody_else() {
    let moved = nudged("2020-01", "lever.core_azure.rate", "4.0001%");
    let levers = moved.versions().iter().flat_map(|version| &version.set.levers);
    let rates: Vec<Rate> = levers.filter(|lever| lever.name == "core_azure").map(|lever| lever.rate).collect();
    assert_eq!(
        rates,
        [Rate::parse_percent("4.0001%").unwrap(); 5],
        "in every version up to the one that takes it away"
    );
    let thresholds = |library: &RuleLibrary| -> Vec<Exact> {
        library.versions().iter().map(|version| version.set.coop.threshold).collect()
    };
    let usd = |text: &str| Exact::parse(text).unwrap();
    let parent = nudged("2020-01", "coop.threshold", "3999.99 USD");
    let moved = usd("3999.99");
    assert_eq!(
        thresholds(&parent)[..3],
        [moved, moved, usd("10000")],
        "the child sets its own, whatever its from says"
    );
    let child = nudged("2021-10", "coop.threshold", "9999.99 USD");
    let moved = usd("9999.99");
    assert_eq!(thresholds(&child)[..4], [usd("4000"), usd("4000"), moved, moved]);
}

#[test]
fn a_reading_can_be_moved_though_an_interpretation_states_it() {
    let moved = nudged("2020-01", "coop.resolve_at", "period_start");
    assert!(moved.versions().iter().all(|version| version.set.coop.resolve_at == ResolveAt::PeriodStart));
}

#[test]
fn what_one_part_of_the_split_gains_the_other_loses() {
    let split = nudged("2020-01", "split.rebate", "60.0001%").versions()[0].set.split;
    assert_eq!(split.coop, Rate::parse_percent("39.9999%").unwrap());
    assert!(library().nudged(&value("2020-01", "split.rebate"), "101%").is_none(), "there is no such split");
    assert!(library().nudged(&value("2020-01", "payout.due"), "soon").is_none());
}

#[test]
fn a_first_date_moves_alone() {
    let moved = nudged("2021-10", "validity.from", "2021-09-30");
    let dates: Vec<String> = moved.versions().iter().map(|version| version.set.valid_from.to_string()).collect();
    assert_eq!(dates[..4], ["2020-01-01", "2020-10-01", "2021-09-30", "2022-10-01"]);
}

#[test]
fn the_shipped_folder_gives_no_warning() {
    let owned = |(name, bytes): &(&str, &[u8])| RuleFile { name: (*name).to_owned(), bytes: bytes.to_vec() };
    let tests: Vec<RuleFile> = shipped_tests().iter().map(owned).collect();
    let until = NaiveDate::from_ymd_opt(2030, 1, 1).unwrap();
    assert_eq!(lint(&shipped_rule_files(), &tests, until), []);
    let alone = lint(&shipped_rule_files(), &[], until);
    let codes: Vec<String> = alone.iter().map(|found| format!("{} {}", found.code, found.at.file)).collect();
    let untested = |file: &str| codes.iter().filter(|code| **code == format!("R025 {file}")).count();
    let counts = ["2020-01.toml", "2021-10.toml", "2025-07.toml"].map(untested);
    assert_eq!(counts, [6, 2, 3], "thresholds, limits and caps without their tests");
    assert_eq!(codes.len(), counts.iter().sum::<usize>(), "and nothing else: {codes:?}");
}
