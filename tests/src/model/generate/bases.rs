//! Levers that pay for new customers and for growth, and caps.

use super::books::{Change, pick};
use crate::dice::Dice;
use daybook_event::{Exact, Rate};
use daybook_rules::model::{Base, Cap, CapPer, CapWindow, Gate, Lever, Match, RuleSet};

pub(super) const CHANGES: [Change; 9] =
    [customer_add, customer_add, growth, growth, rebased, capped, capped, capped, several_needs];

/// A lever of its own slot, or before all others of the core slot.
fn beside(set: &mut RuleSet, dice: &mut Dice, name: &str, base: Base) -> String {
    let mut lever = set.levers[dice.place(set.levers.len())].clone();
    lever.name = format!("{name}_{}", set.levers.len());
    lever.slot = pick(dice, &[name, name, "core"]).to_owned();
    lever.base = base;
    lever.rate = Rate::from_millionths(pick(dice, &[40_000, 100_000, 12_345]));
    match dice.between(0, 3) {
        0 => lever.matches = Match::default(),
        1 => lever.matches.groups = vec![0, 1],
        _ => {}
    }
    let at = dice.place(set.levers.len() + 1);
    set.levers.insert(at, lever);
    format!("lever at {at}: {:?}", set.levers[at])
}

fn new_customers(dice: &mut Dice) -> Base {
    let least = pick(dice, &["0", "100", "1000", "5000"]);
    Base::CustomerAdd { months: pick(dice, &[1, 2, 3, 12]), monthly_at_least: exact(least) }
}

fn exact(text: &str) -> Exact {
    Exact::from_units(text.parse().expect("whole units"))
}

fn customer_add(set: &mut RuleSet, dice: &mut Dice) -> String {
    let base = new_customers(dice);
    beside(set, dice, "add", base)
}

fn growth(set: &mut RuleSet, dice: &mut Dice) -> String {
    beside(set, dice, "growth", Base::Growth)
}

/// Another base for a lever that stands: the same name then means different things under two rule sets.
fn rebased(set: &mut RuleSet, dice: &mut Dice) -> String {
    let base = match dice.between(0, 3) {
        0 => Base::BilledRevenue,
        1 => new_customers(dice),
        _ => Base::Growth,
    };
    let at = dice.place(set.levers.len());
    set.levers[at].base = base;
    format!("lever.{}.base {base:?}", set.levers[at].name)
}

fn capped(set: &mut RuleSet, dice: &mut Dice) -> String {
    let cap = Cap {
        amount: Exact::from_units(pick(dice, &[0, 10, 100, 100, 1_000, 1_000, 4_000])),
        per: pick(dice, &[CapPer::Customer, CapPer::Partner]),
        window: pick(dice, &[CapWindow::EarningPeriod, CapWindow::ProgramYear, CapWindow::Life]),
    };
    let all = dice.between(0, 2) == 0;
    let only = dice.place(set.levers.len());
    let is_meant = |at: usize| all || at == only;
    let mut words = Vec::new();
    for (at, Lever { name, cap: of_lever, .. }) in set.levers.iter_mut().enumerate() {
        if is_meant(at) {
            *of_lever = Some(cap);
            words.push(name.clone());
        }
    }
    format!("lever.{} cap {cap:?}", words.join(", "))
}

/// Two gates of no stage, which only this lever needs, in either order.
fn several_needs(set: &mut RuleSet, dice: &mut Dice) -> String {
    let at = dice.place(set.levers.len());
    let facts = [("need:a", "NEEDA"), ("need:b", "NEEDB")];
    let mut needs = Vec::new();
    for (fact, code) in facts {
        let gate = Gate {
            name: format!("need_{}", set.gates.len()),
            entry: false,
            onboarding: false,
            upkeep: false,
            any_of: vec![daybook_rules::model::GateTest::Held { fact: fact.to_owned() }],
            offboards: None,
            fail_code: code.to_owned(),
            ..set.gates[0].clone()
        };
        needs.push(set.gates.len());
        set.gates.push(gate);
    }
    if dice.between(0, 1) == 0 {
        needs.reverse();
    }
    set.levers[at].needs.extend(needs);
    format!("lever.{} needs {:?}", set.levers[at].name, set.levers[at].needs)
}
