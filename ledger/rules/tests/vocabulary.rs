//! The whole vocabulary in one what-if, down to the typed model.
#![allow(missing_docs, clippy::unwrap_used)]

use daybook_event::{Exact, Rate, RuleFile, Segment};
use daybook_rules::model::{
    ActivityLimit, Base, Cadence, Cap, CapPer, CapWindow, CompetencySource, GateTest, RuleSet, Upkeep,
};
use daybook_rules::{RuleLibrary, shipped_rule_files};

const EVERYTHING: &str = include_str!("vocabulary/everything.toml");

fn everything() -> RuleSet {
    let mut files = shipped_rule_files();
    files.push(RuleFile { name: "everything.toml".to_owned(), bytes: EVERYTHING.as_bytes().to_vec() });
    let (library, diagnostics) = RuleLibrary::load(&files);
    let text: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(text.join("\n\n"), "");
    library.unwrap().version("everything").unwrap().set.clone()
}

fn usd(text: &str) -> Exact {
    Exact::parse(text).unwrap()
}

fn percent(text: &str) -> Rate {
    Rate::parse_percent(text).unwrap()
}

#[test]
fn gates_and_competencies() {
    let set = everything();
    assert_eq!(set.assessment, Cadence::Monthly(31));
    let gate = set.gates.last().unwrap();
    assert_eq!((gate.name.as_str(), gate.entry, gate.onboarding, gate.upkeep), ("designation", true, true, true));
    assert_eq!(gate.offboards, Some(Upkeep::Continuous));
    assert_eq!(
        gate.any_of,
        [
            GateTest::Held { fact: "designation:azure".to_owned() },
            GateTest::HeldOn {
                fact: "competency:gold:erp".to_owned(),
                on: daybook_event::date_parse("2021-09-30").unwrap()
            },
            GateTest::NumberAtLeast { fact: "capability_points:azure".to_owned(), at_least: usd("25.5") },
            GateTest::TrailingRevenue {
                window_days: 30,
                groups: vec!["azure".to_owned(), "biz_apps".to_owned()],
                at_least: Some(usd("1.00"))
            },
            GateTest::Competency {
                level: 1,
                areas: vec!["erp".to_owned()],
                source: CompetencySource::Either,
                held_on: None
            },
            GateTest::Competency {
                level: 0,
                areas: vec!["erp".to_owned()],
                source: CompetencySource::Declared,
                held_on: daybook_event::date_parse("2021-09-30")
            },
        ]
    );
    let gold = set.competencies.iter().find(|competency| competency.area == "erp").unwrap();
    assert_eq!((gold.level, gold.area.as_str(), gold.people, gold.fee), (1, "erp", Some(2), true));
    assert_eq!(gold.new_customers.as_ref().unwrap().at_least, 4);
    assert_eq!(gold.revenue.as_ref().unwrap().at_least, usd("1000"));
    assert_eq!(set.certification_validity.last().unwrap().months, 12);
    assert_eq!(set.benefits[0].annual_fee, Some(usd("1670")));
    assert_eq!(set.gates[3].offboards, Some(Upkeep::Continuous));
    assert!(set.interpretations.iter().all(|reading| reading.path != "gate.ttm_revenue.upkeep"), "superseded");
}

#[test]
fn levers_activities_and_payout() {
    let set = everything();
    let names: Vec<&str> = set.levers.iter().map(|lever| lever.name.as_str()).collect();
    assert_eq!(names, ["core_modern_work", "core_azure", "nonprofit_accelerator", "azure_add", "growth"]);
    let add = &set.levers[3];
    assert_eq!(add.base, Base::CustomerAdd { months: 12, monthly_at_least: usd("250") });
    assert_eq!(add.matches.groups, [0, 1]);
    assert_eq!(add.matches.segments, [Segment::Commercial, Segment::Education]);
    assert_eq!((add.matches.markets.as_slice(), add.matches.charge_types.len()), (&["DE".to_owned()][..], 2));
    assert_eq!(set.gates[add.needs[0]].name, "designation");
    assert_eq!(add.cap, Some(Cap { amount: usd("100000"), per: CapPer::Customer, window: CapWindow::Life }));
    assert_eq!((set.levers[4].base, set.levers[4].rate), (Base::Growth, percent("7.5%")));
    let limit = |name: &str| set.coop.activities.iter().find(|activity| activity.name == name).unwrap().limit;
    assert_eq!(limit("sky_writing"), Some(ActivityLimit::Share(percent("25%"))));
    assert_eq!(limit("demo_days"), Some(ActivityLimit::GreaterOf(usd("3000"), percent("10%"))));
    assert_eq!(limit("telemarketing"), None);
    let [_, longer] = set.coop.extensions.as_slice() else { panic!("{:?}", set.coop.extensions) };
    assert_eq!((longer.name.as_str(), longer.period.to_string().as_str()), ("longer", "FY21H2"));
    assert_eq!(
        (longer.usage_until.to_string().as_str(), longer.claims_until.to_string().as_str()),
        ("2022-06-30", "2022-08-15")
    );
    assert_eq!(set.payout.hold_days, Some(90));
    assert_eq!(set.split.rebate, percent("60%"));
}

#[test]
fn every_parameter_says_where_it_stands_and_who_says_so() {
    let set = everything();
    let threshold = &set.origins["gate.ttm_revenue.at_least"];
    assert_eq!(threshold.change_id.as_deref(), Some("ttm-threshold"));
    assert_eq!((threshold.file.as_str(), threshold.version.as_str()), ("2021-10.toml", "2021-10"));
    assert_eq!(threshold.cite, "mycsp-2021-10, pax8, sherweb-fy22");
    let rate = &set.origins["lever.core_azure.rate"];
    assert_eq!((rate.version.as_str(), rate.change_id.as_ref()), ("2020-01", None));
    assert!(rate.source_title.contains("Microsoft deck, March 2020"), "{}", rate.source_title);
    assert_eq!(set.origins["coop.activity.sky_writing.limit.share"].change_id.as_deref(), Some("offers"));
    assert_eq!(set.origins["gate.designation.any_of.3.window"].version, "everything");
    assert!(!set.origins.contains_key("lever.core_biz_apps.rate"));
    for (path, origin) in &set.origins {
        let of_whole_book = path == "currency";
        assert!(of_whole_book || !origin.cite.is_empty(), "{path} cites nobody");
        assert!(of_whole_book || !origin.source_title.is_empty(), "{path}");
        assert!(origin.line > 1 && origin.file.ends_with(".toml"), "{path}");
    }
}

#[test]
fn the_changes_of_a_version_are_its_own() {
    let (library, _) = RuleLibrary::load(&shipped_rule_files());
    let library = library.unwrap();
    let ids: Vec<_> = library.versions()[2]
        .changes
        .iter()
        .map(|change| (change.id.as_str(), change.path.as_str(), change.from.as_deref(), change.to.as_deref()))
        .collect();
    assert_eq!(
        ids,
        [
            ("ttm-threshold", "gate.ttm_revenue.at_least", Some("none"), Some("25000.00 USD")),
            ("coop-threshold", "coop.threshold", Some("4000.00 USD"), Some("10000.00 USD")),
            ("nonprofit-accelerator", "lever.nonprofit_accelerator", None, None),
        ]
    );
    assert!(library.versions()[0].changes.is_empty());
}
