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
#[allow(clippy::too_many_lines)] // the list is the test
fn every_number_of_the_shipped_sets_can_be_moved() {
    let values = library().nudgeable_values();
    let paths: Vec<String> = values.iter().map(|value| format!("{} {}", value.version, value.path)).collect();
    assert_eq!(
        paths,
        [
            "2020-01 validity.from",
            "2020-01 calendar.earning_period",
            "2020-01 calendar.anchor",
            "2020-01 calendar.claim_opens",
            "2020-01 calendar.claim_closes",
            "2020-01 calendar.program_year_ends",
            "2020-01 assessment.cadence",
            "2020-01 gate.competency.at_least",
            "2020-01 gate.competency.source",
            "2020-01 gate.ttm_revenue.window",
            "2020-01 gate.ttm_revenue.at_least",
            "2020-01 gate.ttm_revenue.upkeep",
            "2020-01 competency.silver.cloud_productivity.new_customers.window",
            "2020-01 competency.silver.cloud_productivity.new_customers.at_least",
            "2020-01 competency.silver.cloud_productivity.fee",
            "2020-01 competency.gold.cloud_productivity.new_customers.window",
            "2020-01 competency.gold.cloud_productivity.new_customers.at_least",
            "2020-01 competency.gold.cloud_productivity.people",
            "2020-01 competency.gold.cloud_productivity.fee",
            "2020-01 certification.two_years.holds",
            "2020-01 lever.core_modern_work.rate",
            "2020-01 lever.core_biz_apps.rate",
            "2020-01 lever.core_azure.rate",
            "2020-01 lever.customer_add_modern_work.base.months",
            "2020-01 lever.customer_add_modern_work.base.monthly_at_least",
            "2020-01 lever.customer_add_modern_work.rate",
            "2020-01 split.rebate",
            "2020-01 split.coop",
            "2020-01 coop.threshold",
            "2020-01 coop.resolve_at",
            "2020-01 coop.activity.syndicated_content.limit.amount",
            "2020-01 coop.activity.customer_offers.limit.share",
            "2020-01 coop.activity.internal_incentives.limit.share",
            "2020-01 coop.activity.on_site_champ.limit.share",
            "2020-01 coop.activity.microsoft_hosted_conferences.limit.amount",
            "2020-01 coop.activity.product_seeding.limit.amount",
            "2020-01 coop.activity.product_seeding.limit.share",
            "2020-01 coop.activity.product_seeding.limit.take",
            "2020-01 payout.minimum",
            "2020-01 payout.due",
            "2020-01 payout.hold",
            "2020-01 payout.program_year_end",
            "2020-01 rounding.unit",
            "2020-10 validity.from",
            "2020-10 certification.one_year.earned_from",
            "2020-10 certification.one_year.holds",
            "2020-10 lever.core_biz_apps.rate",
            "2020-10 coop.extension.december_2020.usage_until",
            "2020-10 coop.extension.december_2020.claims_until",
            "2021-10 validity.from",
            "2021-10 gate.ttm_revenue.at_least",
            "2021-10 lever.nonprofit_accelerator.rate",
            "2021-10 coop.threshold",
            "2022-10 validity.from",
            "2022-10 gate.designation.any_of.6.at_least",
            "2022-10 gate.designation.any_of.6.on",
            "2023-10 validity.from",
            "2024-10 validity.from",
            "2024-10 lever.core_modern_work.rate",
            "2024-10 lever.strategic_tier_1.rate",
            "2024-10 lever.strategic_tier_2.rate",
            "2025-07 validity.from",
            "2025-07 gate.designation.any_of.6.at_least",
            "2025-07 gate.designation.any_of.7.at_least",
            "2025-07 gate.designation.any_of.8.at_least",
            "2025-07 gate.modern_work_and_security.any_of.2.at_least",
            "2025-07 gate.modern_work_and_security.any_of.3.at_least",
            "2025-07 lever.core_biz_apps.rate",
            "2025-07 lever.strategic_tier_1.rate",
            "2025-07 lever.core_modern_work_fy26.rate",
            "2025-07 lever.core_modern_work_fy26.cap.amount",
            "2025-07 lever.core_modern_work_fy26.cap.per",
            "2025-07 lever.core_modern_work_fy26.cap.window",
            "2025-07 lever.strategic_tier_2_fy26.rate",
            "2025-07 lever.strategic_tier_2_fy26.cap.amount",
            "2025-07 lever.strategic_tier_2_fy26.cap.per",
            "2025-07 lever.strategic_tier_2_fy26.cap.window",
            "2025-07 lever.growth.rate",
            "2025-07 lever.growth.cap.amount",
            "2025-07 lever.growth.cap.per",
            "2025-07 lever.growth.cap.window",
        ]
    );
    for value in values {
        assert!(!value.steps.is_empty(), "{}", value.path);
        for step in &value.steps {
            // Co-op of a second half-year that may be used for longer has no place in a calendar of whole years.
            let has_place = value.path != "calendar.earning_period" || step != "12mo";
            assert_eq!(library().nudged(&value, step).is_some(), has_place, "{} -> {step}", value.path);
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
