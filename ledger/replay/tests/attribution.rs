//! Whose doing each delta is, over whole histories: every method foots, threads and parts of the histories change nothing,
//! and what must not change is caught.
#![allow(missing_docs, clippy::unwrap_used)]

use daybook_event::{Exact, Instant, NaiveDate, Position, RuleFile, date_parse};
use daybook_replay::{
    Attributed, AttributedPartners, AttributionMethod, AttributionPlan, AttributionRequest, Histories,
    HistoriesBuilder, Impact, MEASURES, Measure, Tally, attribute, compare, impact, replay,
};
use daybook_rules::model::RuleBook;
use daybook_rules::{BookArgument, Players, RuleLibrary, load_tests, shipped_rule_files};
use proptest::prelude::*;

fn shipped() -> RuleLibrary {
    RuleLibrary::load(&shipped_rule_files()).0.unwrap()
}

fn cut(library: &RuleLibrary, argument: &str) -> RuleLibrary {
    library.cut(&BookArgument::parse(argument).unwrap()).unwrap()
}

fn players(reference: &str, candidate: &str) -> Players {
    let library = shipped();
    Players::between(&cut(&library, reference), &cut(&library, candidate))
}

/// The shipped rules with a what-if.
fn with_what_if(extends: &str, from: &str, changes: &str) -> RuleLibrary {
    let text = format!(
        "format = \"incentive-rules/1\"\nprogram = \"csp-indirect-reseller\"\nversion = \"what-if\"\nextends = \"{extends}\"\n\
         title = \"What if\"\nhypothetical = true\n[validity]\nfrom = {from}\n[source.me]\ntitle = \"Me\"\n\
         authority = \"internal-reading\"\ngrade = \"inferred\"\n{changes}"
    );
    let file = RuleFile { name: "what-if.toml".to_owned(), bytes: text.into_bytes() };
    shipped().with_file(file).unwrap_or_else(|found| panic!("{}", found[0]))
}

fn set(id: &str, path: &str, from: &str, to: &str) -> String {
    format!(
        "[[change]]\nid = \"{id}\"\nset = \"{path}\"\nfrom = \"{from}\"\nto = \"{to}\"\nwhy = \"w\"\ncite = \"me\"\n"
    )
}

/// The histories of partners who hold every fact that a gate asks for, and sell these lines.
fn histories(book: &RuleBook, given: &str) -> Histories {
    let text = format!(
        "format = \"incentive-tests/1\"\n[[test]]\nname = \"t\"\nperiod = \"FY22H2\"\ngiven = \"\"\"\ndate | partner | customer | product | segment | amount\n{given}\n\"\"\"\nexpect = \"\"\"\npartner | earned\nP-1 | 0.00\n\"\"\"\n"
    );
    let (tests, diagnostics) = load_tests(&[RuleFile { name: "t.tests.toml".to_owned(), bytes: text.into_bytes() }]);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let mut builder = HistoriesBuilder::default();
    for (position, envelope) in (1..).zip(tests[0].envelopes(book)) {
        builder.add(Position::new(position), Instant::default(), envelope);
    }
    builder.finish()
}

/// Partners on either side of every threshold of October 2021.
const GIVEN: &str = "2021-08-10 | P-A | C-1 | Azure | commercial | 180000.00
2021-11-10 | P-A | C-1 | Microsoft 365 | nonprofit | 50000.00
2022-01-10 | P-A | C-1 | Microsoft 365 | commercial | 450000.33
2022-02-10 | P-A | C-2 | Microsoft 365 | nonprofit | 50000.17
2021-12-14 | P-B | C-3 | Microsoft 365 | commercial | 6000.00
2022-01-11 | P-B | C-4 | Microsoft 365 | nonprofit | 3000.00
2022-03-15 | P-C | C-5 | Azure | commercial | 400000.00
2020-11-15 | P-D | C-6 | Azure | commercial | 100.01";

fn request(method: AttributionMethod) -> AttributionRequest {
    let method = Some(method);
    AttributionRequest { method, seed: 7, readings: false, varied: Vec::new(), keep_rows: true }
}

fn through() -> NaiveDate {
    date_parse("2023-03-31").unwrap()
}

fn attributed(players: &Players, request: AttributionRequest, given: &str, threads: usize) -> Attributed {
    let plan = AttributionPlan::new(players, request, through());
    let histories = histories(players.reference(), given);
    let partners = attribute(&histories, &plan, through(), threads, &|_| ()).unwrap();
    partners.finish(&plan, ("one", "other"), Position::new(9)).unwrap()
}

fn part(attributed: &Attributed, measure: Measure, id: &str) -> Exact {
    let total = attributed.comparison.totals.iter().find(|total| total.measure == measure).unwrap();
    total.by_change.as_ref().unwrap().iter().find(|(known, _)| *known == id).unwrap().1
}

/// Every row's parts add up to its delta, and the totals are the sums of the rows.
fn foots(attributed: &Attributed) {
    let sum =
        |parts: &daybook_replay::ByChange| parts.iter().fold(Exact::ZERO, |sum, (_, amount)| sum.plus(amount).unwrap());
    for row in &attributed.comparison.partners {
        assert_eq!(sum(row.by_change.as_ref().unwrap()), row.delta.delta, "{row:?}");
    }
    for total in &attributed.comparison.totals {
        assert_eq!(sum(total.by_change.as_ref().unwrap()), total.delta.delta, "{total:?}");
    }
    assert!(attributed.earlier_differences.is_empty(), "{:?}", attributed.earlier_differences);
}

/// The impact of the same partners: every row of every cut foots, and by size the parts add up to those of the totals.
fn cuts_foot(players: &Players, attributed: &Attributed, given: &str) -> Impact {
    let (before, after) = attributed.sides.as_ref().unwrap();
    let (one, other) = ((players.reference(), before), (players.candidate(), after));
    let found = impact(&histories(players.reference(), given), through(), one, other, None, Some(attributed)).unwrap();
    let months = found.by_month.iter().map(|row| &row.tally);
    let levers = found.by_lever.iter().map(|row| &row.tally).chain(found.by_area.iter().map(|row| &row.tally));
    for tally in months.chain(levers).chain(found.by_size.iter().map(|row| &row.tally)) {
        let parts = tally.by_change.as_ref().unwrap_or_else(|| panic!("no parts: {tally:?}"));
        let sum = parts.iter().fold(Exact::ZERO, |sum, (_, part)| sum.plus(part).unwrap());
        assert_eq!(sum, tally.delta.delta, "{tally:?}");
    }
    for total in &attributed.comparison.totals {
        let of_sizes = parts_over(&mut found.by_size.iter().map(|row| &row.tally), total.measure, total);
        assert_eq!(of_sizes, total.by_change.as_ref().unwrap().amounts, "{}", total.measure);
    }
    found
}

/// The parts of some rows, added up, as many as a total has.
fn parts_over(
    rows: &mut dyn Iterator<Item = &Tally>,
    measure: Measure,
    total: &daybook_replay::MeasureTotal,
) -> Vec<Exact> {
    let mut sums = vec![Exact::ZERO; total.by_change.as_ref().unwrap().amounts.len()];
    for tally in rows.filter(|tally| tally.measure == measure) {
        for (sum, part) in sums.iter_mut().zip(&tally.by_change.as_ref().unwrap().amounts) {
            *sum = sum.plus(*part).unwrap();
        }
    }
    sums
}

#[test]
fn every_row_of_every_cut_foots_under_every_method() {
    let players = players("2020-10", "2021-10");
    for method in [AttributionMethod::Shapley, AttributionMethod::Announced, AttributionMethod::Alone] {
        let attributed = attributed(&players, request(method), GIVEN, 2);
        let found = cuts_foot(&players, &attributed, GIVEN);
        for total in &attributed.comparison.totals {
            let parts = &total.by_change.as_ref().unwrap().amounts;
            let of_months = parts_over(&mut found.by_month.iter().map(|row| &row.tally), total.measure, total);
            let of_levers = parts_over(&mut found.by_lever.iter().map(|row| &row.tally), total.measure, total);
            let of_areas = parts_over(&mut found.by_area.iter().map(|row| &row.tally), total.measure, total);
            assert_eq!(of_levers.len(), parts.len());
            if method == AttributionMethod::Shapley {
                // Each row is rounded by itself: cents may stand elsewhere, and no more than one a row and a change.
                let bound = Exact::parse("0.01").unwrap().raw() * i128::try_from(found.by_month.len() + 9).unwrap();
                let off = of_months.iter().zip(parts).map(|(one, other)| one.minus(*other).unwrap().raw().abs());
                assert!(off.max().unwrap() <= bound, "{}: {of_months:?} {parts:?}", total.measure);
                continue;
            }
            // Nothing is rounded where parts are plain differences.
            assert_eq!(&of_months, parts, "{method:?} {}", total.measure);
            assert_eq!(of_levers, of_areas, "{method:?} {}", total.measure);
            if matches!(total.measure, Measure::Earned | Measure::Rebate | Measure::CoopAccrued) {
                assert_eq!(&of_levers, parts, "{method:?} {}", total.measure);
            }
        }
    }
}

#[test]
fn a_change_of_one_lever_has_its_part_in_the_row_of_that_lever() {
    let changes =
        set("azure", "lever.core_azure.rate", "4%", "5%") + &set("gate", "payout.minimum", "200.00 USD", "10.00 USD");
    let players = Players::between(&shipped(), &with_what_if("2021-10", "2022-01-01", &changes));
    let attributed = attributed(&players, request(AttributionMethod::Shapley), GIVEN, 1);
    let found = cuts_foot(&players, &attributed, GIVEN);
    let rows = |tally: &Tally| tally.by_change.as_ref().unwrap().iter().find(|(id, _)| *id == "azure").unwrap().1;
    let azure = found.by_lever.iter().find(|row| row.lever == "core_azure" && row.tally.measure == Measure::Earned);
    assert_eq!(rows(&azure.unwrap().tally), Exact::parse("4000.00").unwrap());
    let others = found.by_lever.iter().filter(|row| row.lever != "core_azure");
    assert!(others.map(|row| rows(&row.tally)).all(|part| part.is_zero()));
}

#[test]
fn where_deltas_are_not_split_the_rows_of_cuts_have_no_parts() {
    let players = players("2020-10", "2021-10");
    let unsplit = AttributionRequest { method: None, ..request(AttributionMethod::Shapley) };
    let plain = attributed(&players, unsplit, GIVEN, 1);
    let (before, after) = plain.sides.as_ref().unwrap();
    let (one, other) = ((players.reference(), before), (players.candidate(), after));
    let found = impact(&histories(players.reference(), GIVEN), through(), one, other, None, Some(&plain)).unwrap();
    assert!(!found.by_month.is_empty() && !serde_json::to_string(&found).unwrap().contains("by_change"));
}

#[test]
fn every_method_foots_and_both_sides_are_those_of_a_plain_comparison() {
    let players = players("2020-10", "2021-10");
    let histories = histories(players.reference(), GIVEN);
    let sides = [players.reference(), players.candidate()].map(|book| replay(&histories, book, through(), 1));
    let calendar = players.reference().calendar();
    let plain = compare(calendar, ("one", "other"), Position::new(9), &sides[0], &sides[1]).unwrap();
    for method in [AttributionMethod::Shapley, AttributionMethod::Announced, AttributionMethod::Alone] {
        let attributed = attributed(&players, request(method), GIVEN, 1);
        foots(&attributed);
        let deltas =
            |totals: &[daybook_replay::MeasureTotal]| totals.iter().map(|total| total.delta).collect::<Vec<_>>();
        assert_eq!(deltas(&attributed.comparison.totals), deltas(&plain.totals), "{method:?}");
        let (one, other) = attributed.sides.unwrap();
        assert_eq!((one.digest(), other.digest()), (sides[0].digest(), sides[1].digest()));
    }
}

#[test]
fn each_alone_leaves_an_interaction_and_the_announced_order_none() {
    let players = players("2020-10", "2021-10");
    let alone = attributed(&players, request(AttributionMethod::Alone), GIVEN, 1);
    assert!(!part(&alone, Measure::Cash, "interaction").is_zero());
    let announced = attributed(&players, request(AttributionMethod::Announced), GIVEN, 1);
    assert_eq!(alone.comparison.totals[0].by_change.as_ref().unwrap().amounts.len(), 4);
    assert_eq!(announced.comparison.totals[0].by_change.as_ref().unwrap().amounts.len(), 3);
    // The first in announced order adds the same as alone.
    let first = "ttm-threshold";
    for measure in MEASURES {
        assert_eq!(part(&announced, measure, first), part(&alone, measure, first), "{measure}");
    }
}

#[test]
fn neither_threads_nor_parts_of_the_histories_change_the_answer() {
    let players = players("2020-10", "2021-10");
    let json = |attributed: &Attributed| serde_json::to_string(attributed).unwrap();
    let whole = attributed(&players, request(AttributionMethod::Shapley), GIVEN, 1);
    for threads in [2, 5] {
        assert_eq!(json(&attributed(&players, request(AttributionMethod::Shapley), GIVEN, threads)), json(&whole));
    }
    let plan = AttributionPlan::new(&players, request(AttributionMethod::Shapley), through());
    let mut partners = AttributedPartners::default();
    for partner in ["P-C", "P-A", "P-D", "P-B"] {
        let lines: Vec<&str> = GIVEN.lines().filter(|line| line.contains(partner)).collect();
        let part = histories(players.reference(), &lines.join("\n"));
        partners.add(&part, &plan, through(), 1, &|_| ()).unwrap();
    }
    assert_eq!(json(&partners.finish(&plan, ("one", "other"), Position::new(9)).unwrap()), json(&whole));
}

#[test]
fn what_touches_nothing_gets_nothing() {
    let idle =
        set("idle", "lever.core_biz_apps.rate", "4.75%", "9%") + &set("azure", "lever.core_azure.rate", "4%", "5%");
    let library = with_what_if("2021-10", "2022-01-01", &idle);
    let players = Players::between(&shipped(), &library);
    let attributed = attributed(&players, request(AttributionMethod::Shapley), GIVEN, 1);
    foots(&attributed);
    for measure in MEASURES {
        assert_eq!(part(&attributed, measure, "idle"), Exact::ZERO, "{measure}");
    }
    assert_eq!(part(&attributed, Measure::Earned, "azure"), Exact::parse("4000.00").unwrap());
}

/// A what-if of thirteen changes that can stand apart.
fn many_changes() -> RuleLibrary {
    let changes = [
        set("azure", "lever.core_azure.rate", "4%", "5%"),
        set("modern-work", "lever.core_modern_work.rate", "4%", "3%"),
        set("biz-apps", "lever.core_biz_apps.rate", "4.75%", "5%"),
        set("coop", "coop.threshold", "10000.00 USD", "8000.00 USD"),
        set("gate", "gate.ttm_revenue.at_least", "25000.00 USD", "1000.00 USD"),
        set("window", "gate.ttm_revenue.window", "365d", "300d"),
        set("upkeep", "gate.ttm_revenue.upkeep", "entry_only", "continuous"),
        set("cadence", "assessment.cadence", "weekly:monday", "daily"),
        set("edge", "coop.resolve_at", "period_end", "period_start"),
        set("minimum", "payout.minimum", "200.00 USD", "10.00 USD"),
        set("hold", "payout.hold", "180d", "90d"),
        set("year-end", "payout.program_year_end", "forfeit", "carry"),
        set("accelerator", "lever.nonprofit_accelerator.rate", "12%", "6%"),
    ];
    with_what_if("2021-10", "2022-01-01", &changes.concat())
}

#[test]
fn too_many_changes_are_grouped_by_version() {
    let library = many_changes();
    let players = Players::between(&cut(&library, "2020-10"), &cut(&library, "what-if"));
    assert!(players.list().len() > 12, "{:?}", players.list());
    let attributed = attributed(&players, request(AttributionMethod::Shapley), GIVEN, 2);
    assert!(attributed.attribution.grouped_by_version);
    let ids: Vec<&str> = attributed.changes.iter().map(|change| change.id.as_str()).collect();
    assert_eq!(ids, ["2021-10", "what-if"]);
    foots(&attributed);
}

#[test]
fn too_many_changes_of_one_version_are_drawn_in_orders_and_the_error_is_shown() {
    let library = many_changes();
    let players = Players::between(&cut(&library, "2021-10"), &cut(&library, "what-if"));
    assert_eq!(players.list().len(), 13, "{:?}", players.list());
    let drawn = attributed(&players, request(AttributionMethod::Shapley), GIVEN, 2);
    foots(&drawn);
    cuts_foot(&players, &drawn, GIVEN);
    let head = &drawn.attribution;
    assert_eq!((head.grouped_by_version, head.orders, head.seed), (false, Some(39), Some(7)));
    let errors: Vec<_> = head.standard_errors.iter().flat_map(|error| error.by_change.iter()).collect();
    assert!(
        errors.iter().any(|(_, error)| error.is_positive()) && !errors.iter().any(|(_, error)| error.is_negative())
    );
    let again = attributed(&players, request(AttributionMethod::Shapley), GIVEN, 1);
    assert_eq!(serde_json::to_string(&again).unwrap(), serde_json::to_string(&drawn).unwrap());
    let other = AttributionRequest { seed: 8, ..request(AttributionMethod::Shapley) };
    foots(&attributed(&players, other, GIVEN, 1));
}

#[test]
fn what_begins_long_after_the_through_date_is_not_folded_and_has_nothing() {
    let players = players("2020-10", "2025-07");
    let attributed = attributed(&players, request(AttributionMethod::Shapley), GIVEN, 2);
    foots(&attributed);
    let late: Vec<&str> = players
        .list()
        .iter()
        .filter(|player| player.begins.to_string().as_str() > "2024-04")
        .map(|p| p.id.as_str())
        .collect();
    assert!(!late.is_empty());
    for measure in MEASURES {
        assert!(late.iter().all(|id| part(&attributed, measure, id).is_zero()), "{measure}");
    }
    let begun = players.list().len() - late.len();
    assert!(attributed.attribution.folds <= 1 << begun, "{} for {begun}", attributed.attribution.folds);
}

#[test]
fn other_readings_and_values_have_a_price() {
    let players = players("2020-10", "2021-10");
    let varied = vec![players.varied("coop.threshold=0..20000/2").unwrap()];
    let request = AttributionRequest { readings: true, varied, ..request(AttributionMethod::Shapley) };
    let attributed = attributed(&players, request, GIVEN, 1);
    foots(&attributed);
    let edge = attributed.interpretations.iter().find(|priced| priced.reading.path == "coop.resolve_at").unwrap();
    assert!(edge.priced && edge.deltas.len() == MEASURES.len());
    let words = attributed.interpretations.iter().find(|priced| !priced.priced).unwrap();
    assert!(words.deltas.is_empty());
    for (range, total) in attributed.ranges.iter().zip(&attributed.comparison.totals) {
        assert!(range.least <= range.delta && range.delta <= range.greatest);
        assert_eq!(range.delta, total.delta.delta);
    }
    let points = &attributed.sensitivity[0].points;
    let usable: Vec<Exact> = points.iter().map(|point| point.totals[&Measure::CoopUsable]).collect();
    assert_eq!(usable[1], attributed.comparison.totals[4].delta.candidate);
    assert!(usable[0] > usable[1] && usable[1] > usable[2], "{usable:?}");
}

#[test]
fn the_smaller_book_gives_the_same_parts_with_the_other_sign_but_for_odd_cents() {
    let there = attributed(&players("2020-10", "2021-10"), request(AttributionMethod::Shapley), GIVEN, 1);
    let back = attributed(&players("2021-10", "2020-10"), request(AttributionMethod::Shapley), GIVEN, 1);
    foots(&back);
    let cent = Exact::parse("0.01").unwrap();
    for (one, other) in there.comparison.partners.iter().zip(&back.comparison.partners) {
        for ((id, forth), (_, back)) in
            one.by_change.as_ref().unwrap().iter().zip(other.by_change.as_ref().unwrap().iter())
        {
            let rest = forth.plus(back).unwrap();
            assert!(rest <= cent && rest.negate() <= cent, "{id}: {forth} and {back}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn parts_of_any_sales_foot_partner_by_partner(
        amounts in prop::collection::vec((0_usize..4, 0_usize..12, 0_usize..3, 1_u32..60_000_000), 1..8)
    ) {
        let players = players("2020-10", "2021-10");
        let products = [("Azure", "commercial"), ("Microsoft 365", "commercial"), ("Microsoft 365", "nonprofit")];
        let line = |(partner, month, product, cents): &(usize, usize, usize, u32)| {
            let (product, segment) = products[*product];
            let (year, month) = (2021 + (month + 6) / 12, (month + 6) % 12 + 1);
            let (units, cents) = (cents / 100, cents % 100);
            format!("{year}-{month:02}-12 | P-{partner} | C-{partner} | {product} | {segment} | {units}.{cents:02}")
        };
        let given = amounts.iter().map(line).collect::<Vec<_>>().join("\n");
        let whole = attributed(&players, request(AttributionMethod::Shapley), &given, 2);
        foots(&whole);
        cuts_foot(&players, &whole, &given);
        // A partner's parts are its own: alone it has the same rows.
        let lines: Vec<&str> = given.lines().filter(|line| line.contains("| P-0 |")).collect();
        if !lines.is_empty() {
            let alone = attributed(&players, request(AttributionMethod::Shapley), &lines.join("\n"), 1);
            let own = whole.comparison.partners.iter().filter(|row| row.partner_id.as_str() == "P-0");
            prop_assert_eq!(own.cloned().collect::<Vec<_>>(), alone.comparison.partners);
        }
    }
}

#[test]
fn what_was_seen_on_the_way_is_the_impact_of_the_rows() {
    let players = players("2020-10", "2021-10");
    for method in [Some(AttributionMethod::Shapley), None] {
        let asked = AttributionRequest { method, ..request(AttributionMethod::Shapley) };
        let mut attributed = attributed(&players, asked, GIVEN, 3);
        let histories = histories(players.reference(), GIVEN);
        let (before, after) = attributed.sides.take().unwrap();
        let (one, other) = ((players.reference(), &before), (players.candidate(), &after));
        let of_rows = impact(&histories, through(), one, other, None, Some(&attributed)).unwrap();
        let last = daybook_replay::last_billed(&histories, through());
        let seen = daybook_replay::impact_seen(&mut attributed, through(), Some(last)).unwrap();
        assert!(!seen.everyone.is_empty() && !seen.by_lever.is_empty());
        assert_eq!(seen, of_rows);
    }
}
