//! Who gains and who loses by the terms of October 2021: every cut adds up, and every partner has one place.
#![allow(missing_docs, clippy::unwrap_used)]

use daybook_event::{Exact, Instant, Position, RuleFile, date_parse};
use daybook_replay::{
    Band, Histories, HistoriesBuilder, Impact, MEASURES, Measure, Side, State, Tally, impact, replay,
};
use daybook_rules::model::RuleBook;
use daybook_rules::{RuleLibrary, load_tests, shipped_rule_files};
use proptest::prelude::*;
use std::sync::OnceLock;

fn book(version: &str) -> RuleBook {
    static LIBRARY: OnceLock<RuleLibrary> = OnceLock::new();
    LIBRARY.get_or_init(|| RuleLibrary::load(&shipped_rule_files()).0.unwrap()).up_to(version).unwrap()
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

fn impact_of(given: &str, through: &str) -> Impact {
    let (before, after) = (book("2020-10"), book("2021-10"));
    let histories = histories(&before, given);
    let through = date_parse(through).unwrap();
    let replayed = [&before, &after].map(|book| replay(&histories, book, through, 1));
    impact(&histories, through, (&before, &replayed[0]), (&after, &replayed[1]), None, None).unwrap()
}

fn exact(text: &str) -> Exact {
    Exact::parse(text).unwrap()
}

/// Lines of the same amount on the tenth of each of twelve months from July 2021.
fn monthly(partner: &str, product: &str, segment: &str, amount: &str) -> String {
    let months = ["2021-07", "2021-08", "2021-09", "2021-10", "2021-11", "2021-12"];
    let later = ["2022-01", "2022-02", "2022-03", "2022-04", "2022-05", "2022-06"];
    let line = |month: &&str| format!("{month}-12 | {partner} | C-1 | {product} | {segment} | {amount}");
    months.iter().chain(&later).map(line).collect::<Vec<_>>().join("\n")
}

fn everybody() -> String {
    [
        // 300,000 a half-year: 4,800 of co-op, usable from 4,000, converted below 10,000.
        monthly("P-COOP", "Azure", "commercial", "50000.00"),
        // 2,000 a month are below the revenue threshold.
        monthly("P-GATE", "Azure", "commercial", "1000.00"),
        // The accelerator for nonprofits, with 9,984.00 of co-op in the second half-year: paid as rebate on both sides.
        monthly("P-GAIN", "Microsoft 365", "nonprofit", "26000.00"),
        // Co-op stays above both thresholds.
        monthly("P-SAME", "Azure", "commercial", "150000.00"),
    ]
    .join("\n")
}

fn band_of(impact: &Impact, partner: &str) -> Band {
    impact.everyone.iter().find(|of| of.partner_id.as_str() == partner).unwrap().band
}

#[test]
fn each_partner_is_in_the_band_of_its_story() {
    let impact = impact_of(&everybody(), "2022-12-31");
    assert_eq!(band_of(&impact, "P-COOP"), Band::LostCoopUse);
    assert_eq!(band_of(&impact, "P-GATE"), Band::LostEligibility);
    assert_eq!(band_of(&impact, "P-GAIN"), Band::GainOver5);
    assert_eq!(band_of(&impact, "P-SAME"), Band::Unchanged);
    let movers: Vec<&str> = impact.movers.iter().map(|mover| mover.partner_id.as_str()).collect();
    assert_eq!(movers, ["P-GATE", "P-COOP", "P-GAIN"]);
}

#[test]
fn lots_that_stop_being_usable_stand_off_the_diagonal_with_their_co_op() {
    let impact = impact_of(&everybody(), "2022-12-31");
    let cell = impact.transitions.iter().find(|of| (of.from, of.to) == (State::CoopUsable, State::CoopConverted));
    let cell = cell.unwrap();
    // Two half-years of 300,000 at 4 %, two fifths of it co-op: all of it becomes cash.
    assert_eq!((cell.partners, cell.periods, cell.amount), (1, 2, exact("9600.00")));
    assert_eq!((cell.earned, cell.coop_usable, cell.cash), (Exact::ZERO, exact("-9600.00"), exact("9600.00")));
}

fn json(impact: &Impact) -> serde_json::Value {
    serde_json::to_value(impact).unwrap()
}

#[test]
fn the_names_of_its_json_are_those_that_scripts_read() {
    let value = json(&impact_of(&everybody(), "2022-12-31"));
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(
        keys(&value),
        "bands states transitions by_month by_lever by_area by_size distribution concentration near_cliffs movers \
         provisional_partners"
    );
    assert_eq!(
        keys(&value["bands"]),
        "lost_eligibility lost_coop_use loss_over_5 loss_up_to_5 unchanged shifted gain_up_to_5 gain_over_5 \
         gained_coop_use gained_eligibility"
    );
    assert_eq!(
        keys(&value["bands"]["unchanged"]),
        "partners earned rebate coop_accrued cash coop_usable coop_forfeited"
    );
    assert_eq!(keys(&value["transitions"][0]), "from to partners periods amount earned cash coop_usable");
    assert_eq!(keys(&value["by_month"][0]), "month measure reference candidate delta partners gain lose");
    assert_eq!(keys(&value["distribution"][0]), "measure class from below partners amount");
    assert_eq!(
        keys(&value["near_cliffs"][0]),
        "partner_id side path period measured required distance is_met at_stake"
    );
    assert!(keys(&value["movers"][0]).starts_with("partner_id band size earned_percent earned rebate"));
    assert_eq!(value["by_area"][0]["area"], "azure");
}

#[test]
fn nobody_and_nothing_give_an_empty_impact() {
    let (before, after) = (book("2020-10"), book("2021-10"));
    let nobody = Histories::default();
    let through = date_parse("2022-12-31").unwrap();
    let replayed = [&before, &after].map(|book| replay(&nobody, book, through, 1));
    let impact = impact(&nobody, through, (&before, &replayed[0]), (&after, &replayed[1]), None, None).unwrap();
    assert!(impact.everyone.is_empty() && impact.by_month.is_empty() && impact.movers.is_empty());
    assert_eq!(impact.bands.iter().map(|(_, tally)| tally.partners).sum::<usize>(), 0);
    assert!(impact.concentration.iter().all(|of| of.percent.is_empty()));
}

#[test]
fn who_is_within_five_percent_of_a_threshold_is_told_on_which_side() {
    // 24,000 a year: a thousand short of the revenue threshold, which only the candidate has.
    let sales = monthly("P-NEAR", "Azure", "commercial", "2000.00");
    let impact = impact_of(&sales, "2022-06-30");
    let gates: Vec<_> = impact.near_cliffs.iter().filter(|cliff| cliff.path.starts_with("gate.")).collect();
    assert_eq!(gates.len(), 1);
    assert_eq!((gates[0].side, gates[0].is_met), (Side::Candidate, false));
    assert_eq!((gates[0].measured, gates[0].distance), (exact("24000.00"), exact("-1000.00")));
    assert_eq!(gates[0].at_stake, exact("960.00"));
    // 4,000 of co-op and a little more in the first half-year, under the reference's threshold of 4,000.
    let sales = "2021-08-10 | P-EDGE | C-1 | Azure | commercial | 260000.00";
    let impact = impact_of(sales, "2022-06-30");
    let lots: Vec<_> = impact.near_cliffs.iter().filter(|cliff| cliff.path == "coop.threshold").collect();
    assert_eq!(lots.len(), 1);
    assert_eq!((lots[0].side, lots[0].is_met, lots[0].period.as_str()), (Side::Reference, true, "FY22H1"));
    assert_eq!((lots[0].distance, lots[0].at_stake), (exact("160.00"), exact("4160.00")));
}

/// The deltas of a measure in a cut, added up.
fn sum_of<'a>(tallies: impl Iterator<Item = &'a Tally>, measure: Measure) -> Exact {
    let deltas = tallies.filter(|tally| tally.measure == measure).map(|tally| tally.delta.delta);
    deltas.fold(Exact::ZERO, |sum, delta| sum.plus(delta).unwrap())
}

fn everything_adds_up(impact: &Impact) {
    let partners = impact.everyone.len();
    assert_eq!(impact.bands.iter().map(|(_, tally)| tally.partners).sum::<usize>(), partners);
    for measure in MEASURES {
        let deltas = impact.everyone.iter().map(|of| of.measured.delta(measure));
        let total = deltas.fold(Exact::ZERO, |sum, delta| sum.plus(delta).unwrap());
        let of_bands = impact.bands.iter().map(|(_, tally)| tally.measured.delta(measure));
        assert_eq!(of_bands.fold(Exact::ZERO, |sum, delta| sum.plus(delta).unwrap()), total, "bands, {measure}");
        assert_eq!(sum_of(impact.by_month.iter().map(|of| &of.tally), measure), total, "months, {measure}");
        assert_eq!(sum_of(impact.by_size.iter().map(|of| &of.tally), measure), total, "sizes, {measure}");
        if [Measure::Earned, Measure::Rebate, Measure::CoopAccrued].contains(&measure) {
            assert_eq!(sum_of(impact.by_lever.iter().map(|of| &of.tally), measure), total, "levers, {measure}");
            assert_eq!(sum_of(impact.by_area.iter().map(|of| &of.tally), measure), total, "areas, {measure}");
        }
        let classes = || impact.distribution.iter().filter(|class| class.measure == measure);
        assert_eq!(classes().map(|class| class.partners).sum::<usize>(), partners, "classes, {measure}");
        assert_eq!(classes().fold(Exact::ZERO, |sum, class| sum.plus(class.amount).unwrap()), total, "{measure}");
    }
    for state in &impact.states {
        let periods = |side: fn(&daybook_replay::Transition) -> State| -> usize {
            impact.transitions.iter().filter(|cell| side(cell) == state.state).map(|cell| cell.periods).sum()
        };
        assert_eq!(periods(|cell| cell.from), state.reference, "row {}", state.state);
        assert_eq!(periods(|cell| cell.to), state.candidate, "column {}", state.state);
    }
    let moved = impact.everyone.iter().filter(|partner| partner.is_changed).count();
    assert_eq!(impact.movers.len(), moved);
    let unchanged = impact.everyone.iter().filter(|partner| partner.band == Band::Unchanged);
    assert!(unchanged.into_iter().all(|partner| !partner.is_changed));
}

#[test]
fn the_stories_add_up_in_every_cut() {
    everything_adds_up(&impact_of(&everybody(), "2022-12-31"));
    everything_adds_up(&impact_of(&everybody(), "2022-03-15"));
    everything_adds_up(&impact_of(&monthly("P-ONE", "Azure", "", "-5.00"), "2022-03-15"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// Whatever is sold: every partner is in one band, and every cut adds up to the same sums.
    #[test]
    fn every_cut_adds_up(
        sales in proptest::collection::vec((0_u8..6, 0_u32..24, -2_000_i64..400_000, 0_u8..3, any::<bool>()), 1..40),
        through in 0_u32..30,
    ) {
        let start = date_parse("2021-01-05").unwrap();
        let on = |month: u32| start.checked_add_months(chrono::Months::new(month)).unwrap();
        let line = |(partner, month, amount, product, nonprofit): &(u8, u32, i64, u8, bool)| {
            let product = ["Azure", "Microsoft 365", "Dynamics 365"][usize::from(*product)];
            let segment = if *nonprofit { "nonprofit" } else { "commercial" };
            format!("{} | P-{partner} | C-1 | {product} | {segment} | {amount}.25", on(*month))
        };
        let given: Vec<String> = sales.iter().map(line).collect();
        everything_adds_up(&impact_of(&given.join("\n"), &on(through).to_string()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    /// Partners that monthly sums rule out are not folded again: none of them may be near a revenue gate.
    #[test]
    fn near_gates_are_those_of_a_fold_of_everyone(
        sales in proptest::collection::vec((0_u8..4, 0_u64..430, -3_000_i64..12_000), 1..14),
        day in 0_u64..40,
    ) {
        let on = |day: u64| date_parse("2021-11-03").unwrap() + chrono::Days::new(day);
        let line = |(partner, day, amount): &(u8, u64, i64)| {
            format!("{} | P-{partner} | C-1 | Azure | commercial | {amount}.25", on(*day))
        };
        let given: Vec<String> = sales.iter().map(line).collect();
        let (before, after) = (book("2020-10"), book("2021-10"));
        let histories = histories(&before, &given.join("\n"));
        let through = on(400 + day);
        let replayed = [&before, &after].map(|book| replay(&histories, book, through, 1));
        let found = impact(&histories, through, (&before, &replayed[0]), (&after, &replayed[1]), None, None).unwrap();
        let found: Vec<(String, Exact)> = found
            .near_cliffs
            .iter()
            .filter(|cliff| cliff.path == "gate.ttm_revenue.at_least")
            .map(|cliff| (cliff.partner_id.to_string(), cliff.measured))
            .collect();
        let rates = histories.of_no_partner().fx_counting(&after, through);
        let mut expected = Vec::new();
        for (partner_id, history) in histories.partners() {
            for margin in daybook_views::revenue_margins(&after, &rates, partner_id, history, through).unwrap() {
                let distance = margin.measured.minus(margin.required).unwrap().raw().abs();
                if distance * 20 <= margin.required.raw() {
                    expected.push((partner_id.to_string(), margin.measured));
                }
            }
        }
        prop_assert_eq!(found, expected);
    }
}
