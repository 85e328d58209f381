//! Small rule books: the shipped one with numbers and terms changed, and rule sets added inside a period.

use super::dates::date;
use super::{bases, proofs, waits};
use crate::dice::Dice;
use chrono::{Days, NaiveDate, Weekday};
use daybook_event::{Amount, Exact, Rate, Rounding, Segment};
use daybook_rules::model::{
    ActivityLimit, Cadence, Gate, GateTest, Lever, Match, ProductPattern, ProgramYearEnd, ResolveAt, RuleBook, RuleSet,
    Upkeep,
};

/// A change of one rule set; what it did, in words.
pub(super) type Change = fn(&mut RuleSet, &mut Dice) -> String;

const CHANGES: [Change; 18] = [
    cadence,
    revenue_threshold,
    upkeep,
    coop_threshold,
    resolve_at,
    split,
    minimum,
    program_year,
    rates,
    needs,
    another_slot,
    segment_or_charge,
    any_of,
    number_gate,
    limits,
    rounding,
    onboarding_again,
    product_group,
];

/// A book for one history, and how it differs from the shipped one.
pub(super) fn vary(shipped: &RuleBook, dice: &mut Dice) -> (RuleBook, Vec<String>) {
    let mut book = shipped.clone();
    let mut words = Vec::new();
    if dice.between(0, 5) == 0 {
        return (book, words);
    }
    if dice.between(0, 3) == 0 {
        let mut more = book.sets.last().expect("a rule set").clone();
        more.valid_from = more.valid_from + Days::new(pick(dice, &[45, 123, 273]));
        more.version = "later".to_owned();
        words.push(format!("rule set later: the last one again from {}", more.valid_from));
        book.sets.push(more);
    }
    if dice.between(0, 5) == 0 {
        let from = book.sets[0].valid_from + Days::new(92);
        words.push(format!("{}: from {from}", book.sets[0].version));
        book.sets[0].valid_from = from;
    }
    if dice.between(0, 7) == 0 {
        book.sources_of_no_partner.clear();
        words.push("no source of facts of no partner is named".to_owned());
    }
    if dice.between(0, 5) == 0 {
        let mut edition = book.catalogue.editions[0].clone();
        edition.from = date(2021, 10, 18);
        edition.families.retain(|(_, family)| family != "Azure");
        book.catalogue.editions.push(edition);
        words.push("the catalogue no longer knows Azure from 2021-10-18".to_owned());
    }
    if dice.between(0, 7) == 0 {
        book.sets[0].calendar.period_months = 3;
        let calendar = book.sets[0].calendar;
        for set in &mut book.sets {
            set.calendar = calendar;
            // They name halves.
            set.coop.extensions.clear();
        }
        words.push("quarters for halves".to_owned());
    }
    if dice.between(0, 2) == 0 {
        // Small thresholds, so that lots are usable and their claims are judged.
        for set in &mut book.sets {
            set.coop.threshold = Exact::from_units(16);
            words.push(format!("{}: coop.threshold 16.00", set.version));
            if dice.between(0, 1) == 0 {
                let done = limits(set, dice);
                words.push(format!("{}: {done}", set.version));
            }
        }
    }
    let changes = dice.between(0, 6);
    apply(&mut book, dice, &CHANGES, changes, &mut words);
    // Changes that belong together, so that a book has several of one kind.
    for group in [bases::CHANGES.as_slice(), &proofs::CHANGES, &waits::CHANGES] {
        let changes = dice.between(0, 5).saturating_sub(1);
        apply(&mut book, dice, group, changes, &mut words);
    }
    if dice.between(0, 9) == 0 {
        words.push(waits::resolve_apart(&mut book, dice));
    }
    (book, words)
}

/// The book with one more rule set: the one in force on the date, changed, from that date on.
pub fn with_version(book: &RuleBook, from: NaiveDate, changed: bool, dice: &mut Dice) -> RuleBook {
    let mut book = book.clone();
    let at = book.sets.iter().filter(|set| set.valid_from <= from).count();
    let mut set = book.sets[at - 1].clone();
    set.valid_from = from;
    "new".clone_into(&mut set.version);
    let groups = [CHANGES.as_slice(), &bases::CHANGES, &proofs::CHANGES, &waits::CHANGES];
    for _ in 0..if changed { dice.between(1, 8) } else { 0 } {
        let changes = groups[dice.place(groups.len())];
        changes[dice.place(changes.len())](&mut set, dice);
    }
    book.sets.insert(at, set);
    book
}

/// The book with one more change of its rule sets: no date, no calendar.
pub(super) fn vary_further(book: &RuleBook, dice: &mut Dice) -> RuleBook {
    let mut book = book.clone();
    let groups = [CHANGES.as_slice(), &CHANGES, &[rates, split, coop_threshold], &bases::CHANGES, &waits::CHANGES];
    let changes = groups[dice.place(groups.len())];
    let before = book.sets.clone();
    apply(&mut book, dice, changes, 1, &mut Vec::new());
    for (set, before) in book.sets.iter_mut().zip(&before) {
        if format!("{set:?}") != format!("{before:?}") {
            // Other terms have another hash; what it is does not matter.
            set.hashes.terms_hash = format!("{:064x}", dice.roll());
        }
    }
    book
}

/// So many of the changes, each to one rule set, or to this one and all after it.
fn apply(book: &mut RuleBook, dice: &mut Dice, changes: &[Change], times: u64, words: &mut Vec<String>) {
    for _ in 0..times {
        let change = changes[dice.place(changes.len())];
        let first = dice.place(book.sets.len());
        let last = if dice.between(0, 1) == 0 { first } else { book.sets.len() - 1 };
        let state = dice.clone();
        for set in &mut book.sets[first..=last] {
            *dice = state.clone();
            let done = change(set, dice);
            words.push(format!("{}: {done}", set.version));
        }
    }
}

pub(super) fn pick<T: Copy>(dice: &mut Dice, choices: &[T]) -> T {
    choices[dice.place(choices.len())]
}

fn cadence(set: &mut RuleSet, dice: &mut Dice) -> String {
    let choices = [Cadence::Daily, Cadence::Weekly(Weekday::Sun), Cadence::Monthly(1), Cadence::Monthly(31)];
    set.assessment = pick(dice, &choices);
    format!("cadence {:?}", set.assessment)
}

fn revenue_gates(set: &mut RuleSet) -> impl Iterator<Item = &mut Gate> {
    set.gates.iter_mut().filter(|gate| gate.offboards.is_some())
}

fn revenue_threshold(set: &mut RuleSet, dice: &mut Dice) -> String {
    let least = pick(dice, &[Some(1_000), Some(5_000), Some(25_000), None]).map(Exact::from_units);
    let only = pick(dice, &[None, None, Some("azure")]);
    let days = pick(dice, &[365, 365, 30, 1]);
    for gate in revenue_gates(set) {
        for test in &mut gate.any_of {
            if let GateTest::TrailingRevenue { window_days, groups, at_least } = test {
                (*window_days, *groups, *at_least) = (days, only.map(str::to_owned).into_iter().collect(), least);
            }
        }
    }
    format!("trailing revenue of {only:?} in {days} days at least {least:?}")
}

fn upkeep(set: &mut RuleSet, dice: &mut Dice) -> String {
    let upkeep = pick(dice, &[Upkeep::Continuous, Upkeep::Continuous, Upkeep::EntryOnly]);
    let (entry, upkeep_stage) = pick(dice, &[(true, false), (true, true), (false, false)]);
    for gate in revenue_gates(set) {
        (gate.offboards, gate.entry, gate.upkeep) = (Some(upkeep), entry, upkeep_stage);
    }
    format!("trailing revenue: {upkeep:?}, entry {entry}, upkeep {upkeep_stage}")
}

fn coop_threshold(set: &mut RuleSet, dice: &mut Dice) -> String {
    set.coop.threshold = Exact::from_units(pick(dice, &[16, 200, 1_000, 4_000]));
    format!("coop.threshold {}", set.coop.threshold)
}

fn resolve_at(set: &mut RuleSet, dice: &mut Dice) -> String {
    set.coop.resolve_at = pick(dice, &[ResolveAt::PeriodStart, ResolveAt::PeriodEnd]);
    format!("coop.resolve_at {:?}", set.coop.resolve_at)
}

fn split(set: &mut RuleSet, dice: &mut Dice) -> String {
    let rebate = pick(dice, &[500_000, 666_667, 1_000_000, 0]);
    set.split.rebate = Rate::from_millionths(rebate);
    set.split.coop = Rate::from_millionths(1_000_000 - rebate);
    format!("split.rebate {}", set.split.rebate)
}

fn minimum(set: &mut RuleSet, dice: &mut Dice) -> String {
    set.payout.minimum = Exact::from_units(pick(dice, &[0, 10, 1_000, 5_000]));
    set.payout.due_days = pick(dice, &[0, 30, 45]);
    format!("payout.minimum {}, due {} days", set.payout.minimum, set.payout.due_days)
}

fn program_year(set: &mut RuleSet, dice: &mut Dice) -> String {
    set.payout.program_year_end = pick(dice, &[ProgramYearEnd::Carry, ProgramYearEnd::Forfeit]);
    format!("payout.program_year_end {:?}", set.payout.program_year_end)
}

fn rates(set: &mut RuleSet, dice: &mut Dice) -> String {
    let at = dice.place(set.levers.len());
    let rate = Rate::from_millionths(pick(dice, &[0, 40_000, 47_501, 333_333, 1_000_000]));
    set.levers[at].rate = rate;
    format!("lever.{}.rate {rate}", set.levers[at].name)
}

fn needs(set: &mut RuleSet, dice: &mut Dice) -> String {
    let (lever, gate) = (dice.place(set.levers.len()), dice.place(set.gates.len()));
    set.levers[lever].needs.push(gate);
    format!("lever.{} needs {}", set.levers[lever].name, set.gates[gate].name)
}

fn another_slot(set: &mut RuleSet, dice: &mut Dice) -> String {
    let mut lever: Lever = set.levers[dice.place(set.levers.len())].clone();
    lever.name = format!("extra_{}", set.levers.len());
    lever.slot = pick(dice, &["extra", "core"]).to_owned();
    if dice.between(0, 1) == 0 {
        lever.matches = Match::default();
    }
    lever.rate = Rate::from_millionths(pick(dice, &[5_000, 12_345, 0]));
    let name = lever.name.clone();
    let at = dice.place(set.levers.len() + 1);
    set.levers.insert(at, lever);
    format!("{name} at {at}: {:?}", set.levers[at])
}

fn segment_or_charge(set: &mut RuleSet, dice: &mut Dice) -> String {
    let at = dice.place(set.levers.len());
    let Lever { name, matches, .. } = &mut set.levers[at];
    match dice.between(0, 2) {
        0 => matches.segments = vec![Segment::Commercial, Segment::Nonprofit],
        1 => matches.charge_types = vec![pick(dice, &["new", "change"]).to_owned()],
        _ => matches.markets = vec!["DE".to_owned()],
    }
    format!("lever.{name}.match {matches:?}")
}

fn any_of(set: &mut RuleSet, dice: &mut Dice) -> String {
    let at = dice.place(set.gates.len());
    let held_on = GateTest::HeldOn { fact: "designation:security".to_owned(), on: date(2021, 9, 30) };
    let held = GateTest::Held { fact: "designation:security".to_owned() };
    let points =
        GateTest::NumberAtLeast { fact: "capability_points:security".to_owned(), at_least: Exact::from_units(70) };
    let test = [held_on, held, points][dice.place(3)].clone();
    if set.gates[at].onboarding && dice.between(0, 1) == 0 {
        // Alone, so that coming back depends on it.
        set.gates[at].any_of.clear();
    }
    let place = dice.place(set.gates[at].any_of.len() + 1);
    let words = format!("gate.{} any_of {test:?} at {place}", set.gates[at].name);
    set.gates[at].any_of.insert(place, test);
    words
}

fn number_gate(set: &mut RuleSet, dice: &mut Dice) -> String {
    let mut gate = set.gates[0].clone();
    gate.name = "points".to_owned();
    (gate.entry, gate.onboarding, gate.upkeep) =
        pick(dice, &[(true, false, false), (false, true, true), (false, false, true), (false, true, false)]);
    let fact = "capability_points:security".to_owned();
    gate.any_of = vec![GateTest::NumberAtLeast { fact, at_least: Exact::from_units(70) }];
    "POINTS".clone_into(&mut gate.fail_code);
    let words = format!("gate.points {:?}", (gate.entry, gate.onboarding, gate.upkeep));
    set.gates.retain(|other| other.name != "points" || set.levers.iter().any(|lever| !lever.needs.is_empty()));
    set.gates.push(gate);
    words
}

fn limits(set: &mut RuleSet, dice: &mut Dice) -> String {
    let (amount, share) = (Exact::from_units(500), Rate::from_millionths(250_000));
    let choices = [
        ActivityLimit::Amount(amount),
        ActivityLimit::Share(share),
        ActivityLimit::GreaterOf(amount, share),
        ActivityLimit::LesserOf(amount, share),
    ];
    let limit = pick(dice, &choices);
    set.coop.activities[0].limit = Some(limit);
    format!("{} limit {limit:?}", set.coop.activities[0].name)
}

fn rounding(set: &mut RuleSet, dice: &mut Dice) -> String {
    let unit = pick(dice, &["0.05", "1", "0.001"]);
    set.rounding = Rounding::half_even(Amount::parse(unit).expect("a unit")).expect("a unit");
    format!("rounding.unit {unit}")
}

fn onboarding_again(set: &mut RuleSet, dice: &mut Dice) -> String {
    let at = dice.place(set.gates.len());
    let gate = &mut set.gates[at];
    (gate.onboarding, gate.upkeep) = pick(dice, &[(true, true), (true, false), (false, true)]);
    format!("gate.{} onboarding {}, upkeep {}", gate.name, gate.onboarding, gate.upkeep)
}

fn product_group(set: &mut RuleSet, dice: &mut Dice) -> String {
    let at = dice.place(set.product_groups.len());
    let pattern = match dice.between(0, 2) {
        0 => ProductPattern::ProductId("CFQ6".to_owned()),
        1 => ProductPattern::Name("oFFice".to_owned()),
        _ => ProductPattern::Family("Marketplace".to_owned()),
    };
    let words = format!("product_group.{} with {pattern:?}", set.product_groups[at].name);
    set.product_groups[at].patterns.push(pattern);
    words
}
