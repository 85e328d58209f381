//! Competencies that are computed, or declared on a fixed date; and what proves them.

use super::Maker;
use super::books::{Change, pick};
use super::dates::date;
use super::events::product;
use super::money::amount;
use crate::dice::Dice;
use crate::model::time::Ym;
use chrono::{Datelike, Days};
use daybook_event::{CertificationEarned, Exact, Month, Opening, PartnerId, Payload, Sealed};
use daybook_rules::model::{
    CertificationValidity, Competency, CompetencySource, GateTest, GroupRevenue, NewCustomers, RuleSet,
};

pub(super) const CHANGES: [Change; 4] = [computed, computed, held_on, validity];

/// The areas that generated competencies are computed in.
const AREAS: [&str; 2] = ["cloud_productivity", "erp"];

fn tests_of_competency(set: &mut RuleSet) -> impl Iterator<Item = &mut GateTest> {
    let tests = set.gates.iter_mut().flat_map(|gate| &mut gate.any_of);
    tests.filter(|test| matches!(test, GateTest::Competency { .. }))
}

/// Small numbers, so that few events decide.
fn computed(set: &mut RuleSet, dice: &mut Dice) -> String {
    let by = pick(dice, &[CompetencySource::Computed, CompetencySource::Computed, CompetencySource::Either]);
    let at_least = dice.place(set.competency_levels.len());
    for test in tests_of_competency(set) {
        *test = GateTest::Competency {
            level: at_least,
            areas: AREAS.map(str::to_owned).to_vec(),
            source: by,
            held_on: None,
        };
    }
    set.competencies.clear();
    for level in 0..set.competency_levels.len() {
        for area in AREAS {
            if dice.between(0, 3) > 0 {
                let one = competency(set, dice, level, area);
                set.competencies.push(one);
            }
        }
    }
    // A stage more: after an offboarding its fee must be held anew.
    if dice.between(0, 2) == 0 {
        let is_proved = |test: &GateTest| matches!(test, GateTest::Competency { .. });
        for gate in set.gates.iter_mut().filter(|gate| gate.any_of.iter().any(is_proved)) {
            gate.onboarding = true;
        }
    }
    format!("competency {by:?} at least {at_least}: {:?}", set.competencies)
}

fn competency(set: &RuleSet, dice: &mut Dice, level: usize, area: &str) -> Competency {
    let group = set.product_groups[dice.place(set.product_groups.len())].name.clone();
    let window_days = pick(dice, &[30, 90, 365]);
    let customers = NewCustomers { group: group.clone(), window_days, at_least: pick(dice, &[1, 1, 2, 3]) };
    let revenue = GroupRevenue { group, window_days, at_least: Exact::from_units(pick(dice, &[1_000, 5_000])) };
    let [has_customers, has_revenue, has_people, fee] = [2, 4, 2, 4].map(|one_in| dice.between(1, one_in) == 1);
    let has_none = !(has_customers || has_revenue || fee);
    Competency {
        level,
        area: area.to_owned(),
        new_customers: has_customers.then_some(customers),
        revenue: has_revenue.then_some(revenue),
        people: (has_people || has_none).then(|| pick(dice, &[1, 1, 2])),
        fee,
    }
}

fn held_on(set: &mut RuleSet, dice: &mut Dice) -> String {
    let on = pick(dice, &[date(2021, 1, 31), date(2021, 9, 30), date(2021, 10, 4)]);
    for test in tests_of_competency(set) {
        let areas = vec!["erp".to_owned(), "cloud_productivity".to_owned()];
        *test = GateTest::Competency { level: 0, areas, source: CompetencySource::Declared, held_on: Some(on) };
    }
    format!("competency declared on {on}")
}

fn validity(set: &mut RuleSet, dice: &mut Dice) -> String {
    let entry = |from, months| CertificationValidity { earned_from: from, months };
    let first = entry(date(2020, 1, 1), pick(dice, &[1, 6, 12, 24]));
    set.certification_validity = vec![first, entry(date(2021, 4, 1), pick(dice, &[1, 12, 18]))];
    format!("certification_validity {:?}", set.certification_validity)
}

impl Maker {
    /// What makes the proofs of a book's competencies likely, and what its needs ask for.
    pub(super) fn proofs(&mut self) {
        let is_computed = self.book.sets.iter().any(|set| !set.competencies.is_empty());
        for partner in self.partners.clone() {
            for fact in ["competency_fee:silver", "competency_fee:gold", "need:a", "need:b"] {
                if self.chance(3) {
                    let on = if self.chance(3) { self.a_date() } else { self.dates.first() };
                    self.standing_fact(&partner, fact, true, on);
                }
            }
            for _ in 0..if is_computed { self.dice.between(0, 4) } else { 0 } {
                self.certification(&partner);
            }
        }
    }

    /// What computed competencies and new customers are judged by.
    pub(super) fn proof(&mut self, partner: &PartnerId) {
        match self.dice.between(0, 5) {
            0..=2 => self.certification(partner),
            3 => {
                let fact = self.one_of(&["competency_fee:silver", "competency_fee:gold"]);
                let (on, held) = (self.a_date(), self.dice.between(0, 3) > 0);
                self.standing_fact(partner, fact, held, on);
            }
            4 => self.customer_since(partner),
            _ => self.opened_revenue(partner),
        }
    }

    /// A certification; what is looked at on its last day and on the day after is often a date of other events.
    fn certification(&mut self, partner: &PartnerId) {
        let on = if self.chance(3) { self.dates.first() - Days::new(self.dice.between(0, 300)) } else { self.a_date() };
        let days = self.one_of(&[1, 30, 90, 365]);
        let expires_on = self.chance(3).then(|| on + Days::new(days));
        let months = self.one_of(&[1, 6, 12, 18]);
        self.dates.also(expires_on.unwrap_or_else(|| Ym(Ym::of(on).0 + months).day(on.day())));
        let earned = CertificationEarned {
            person_id: self.one_of(&["p-1", "p-2", "p-3"]).to_owned(),
            certification: "exam".to_owned(),
            competency_area: self.one_of(&["cloud_productivity", "cloud_productivity", "erp", "elsewhere"]).to_owned(),
            expires_on,
            sealed: Sealed::default(),
        };
        self.push(Some(partner.clone()), on, Payload::CertificationEarned(earned));
    }

    fn customer_since(&mut self, partner: &PartnerId) {
        let since_on = self.a_date();
        let on = if self.chance(2) { self.dates.first() } else { self.dates.after(&mut self.dice, since_on) };
        let groups: Vec<String> = self.book.sets[0].product_groups.iter().map(|group| group.name.clone()).collect();
        let product_group = if self.chance(8) { "unheard_of".to_owned() } else { self.one_of(&groups) };
        let customer_id = self.one_of(&["c-1", "c-2", "c-3", "c-old"]).to_owned();
        let opening = Opening::CustomerSince { customer_id, product_group, since_on };
        self.push(Some(partner.clone()), on, Payload::Opening(opening));
    }

    /// Revenue of a month in or before the history, of a customer that buys in it.
    fn opened_revenue(&mut self, partner: &PartnerId) {
        let of_date = self.a_date();
        let back = self.one_of(&[0, 0, 1, 12]);
        let month = Ym(Ym::of(of_date).0 - back);
        let on = if self.chance(2) { self.dates.first() } else { self.dates.after(&mut self.dice, of_date) };
        let opening = Opening::Revenue {
            customer_id: self.one_of(&["c-1", "c-2", "c-3"]).to_owned(),
            product: product(self.dice.place(7)),
            month: Month::parse(&month.to_string()).expect("a month"),
            amount: amount(self.one_of(&["1000", "99.99", "-500", "0", "10000"])),
        };
        self.push(Some(partner.clone()), on, Payload::Opening(opening));
    }
}
