//! Section 4, second half: the states, day by day, and the code of a day that may not earn.

use super::facts::Partner;
use super::gates::Verdict;
use super::terms::{number_on, set_on};
use super::time::Ym;
use chrono::{Datelike, NaiveDate};
use daybook_rules::model::{Cadence, Gate, RuleBook, RuleSet, Upkeep};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    NotInvited,
    Invited,
    Enrolled,
    Offboarded,
}

/// A partner's standing from the first rule set's first day to the through date.
pub(crate) struct Standing {
    /// Days that enrolment covers, after the fact too.
    enrolled: BTreeSet<NaiveDate>,
    /// The last offboarding up to each day after one.
    offboarded: BTreeMap<NaiveDate, NaiveDate>,
    pub(crate) rows: Vec<Value>,
}

/// What the walk from day to day remembers.
struct Walk<'a> {
    partner: &'a Partner<'a>,
    state: State,
    offboarded_on: Option<NaiveDate>,
    met_once: BTreeSet<String>,
    standing: Standing,
}

impl Partner<'_> {
    pub(crate) fn standing(&self) -> Standing {
        let standing = Standing { enrolled: BTreeSet::new(), offboarded: BTreeMap::new(), rows: Vec::new() };
        let mut walk =
            Walk { partner: self, state: State::NotInvited, offboarded_on: None, met_once: BTreeSet::new(), standing };
        let mut day = self.world.book.sets[0].valid_from;
        while day <= self.world.through && !self.records.is_empty() {
            walk.day(day);
            day = day.succ_opt().expect("a next day");
        }
        walk.standing
    }

    /// Why the day may not earn; none: it may.
    pub(crate) fn code_of(&self, standing: &Standing, day: NaiveDate) -> Option<String> {
        let set = set_on(self.world.book, day);
        let is_met = |gate: &Gate, after| self.judge(set, gate, day, after).met;
        if standing.enrolled.contains(&day) {
            let unmet = set.gates.iter().find(|gate| gate.upkeep && !is_met(gate, None));
            return unmet.map(|gate| gate.fail_code.clone());
        }
        let offboarded_on = standing.offboarded.get(&day).copied();
        let is_unmet = |gate: &&Gate| {
            let again = gate.onboarding && !is_met(gate, offboarded_on);
            (gate.entry || gate.onboarding || gate.upkeep) && (again || !is_met(gate, None))
        };
        let unmet = set.gates.iter().find(is_unmet);
        Some(unmet.map_or_else(|| "NOT_ENROLLED".to_owned(), |gate| gate.fail_code.clone()))
    }
}

impl Walk<'_> {
    fn day(&mut self, day: NaiveDate) {
        let book = self.partner.world.book;
        let set = set_on(book, day);
        if is_assessment(book, day) {
            self.offboard(set, day);
            let out = matches!(self.state, State::NotInvited | State::Offboarded);
            if out && self.offboarded_on != Some(day) {
                self.invite(set, day);
            }
        }
        if self.state == State::Invited {
            self.enrol(set, day);
        }
        if self.state == State::Enrolled {
            self.standing.enrolled.insert(day);
        }
        if let Some(date) = self.offboarded_on {
            self.standing.offboarded.insert(day, date);
        }
    }

    /// Rule 3. Whether a gate was ever met is remembered in whatever state the partner is.
    fn offboard(&mut self, set: &RuleSet, day: NaiveDate) {
        let mut failed: Option<(&Gate, Verdict)> = None;
        for gate in set.gates.iter().filter(|gate| gate.offboards.is_some()) {
            let verdict = self.partner.judge(set, gate, day, None);
            if verdict.met && verdict.revenue.is_some() {
                self.met_once.insert(gate.name.clone());
            }
            let is_kept = gate.offboards == Some(Upkeep::EntryOnly) && self.met_once.contains(&gate.name);
            if !verdict.met && !is_kept && failed.is_none() {
                failed = Some((gate, verdict));
            }
        }
        let is_in = matches!(self.state, State::Invited | State::Enrolled);
        if let Some((gate, verdict)) = failed.filter(|_| is_in) {
            self.state = State::Offboarded;
            self.offboarded_on = Some(day);
            self.row(set, day, "offboarded", &gate.name, verdict.revenue.map(text), Vec::new());
        }
    }

    /// Rule 1.
    fn invite(&mut self, set: &RuleSet, day: NaiveDate) {
        let mut verdicts: Vec<(&Gate, Verdict)> = Vec::new();
        for gate in set.gates.iter().filter(|gate| gate.entry) {
            let verdict = self.partner.judge(set, gate, day, None);
            if !verdict.met {
                return;
            }
            verdicts.push((gate, verdict));
        }
        self.state = State::Invited;
        let by_revenue = verdicts.iter().find(|(_, verdict)| verdict.revenue.is_some());
        let cause = by_revenue.map_or("entry_gates", |(gate, _)| &gate.name);
        let revenue = by_revenue.and_then(|(_, verdict)| verdict.revenue).map(text);
        let events = verdicts.iter().flat_map(|(_, verdict)| verdict.events.clone()).collect();
        self.row(set, day, "invited", cause, revenue, events);
    }

    /// Rule 2.
    fn enrol(&mut self, set: &RuleSet, day: NaiveDate) {
        let mut verdicts = Vec::new();
        for gate in set.gates.iter().filter(|gate| gate.onboarding) {
            let verdict = self.partner.judge(set, gate, day, self.offboarded_on);
            if !verdict.met {
                return;
            }
            verdicts.push(verdict);
        }
        self.state = State::Enrolled;
        let mut earning = Ym::of(day).first_day();
        while earning < day {
            if self.offboarded_on.is_none_or(|date| date <= earning) {
                self.standing.enrolled.insert(earning);
            }
            earning = earning.succ_opt().expect("a next day");
        }
        let events = verdicts.into_iter().flat_map(|verdict| verdict.events).collect();
        self.row(set, day, "enrolled", "onboarding_gates", None, events);
    }

    fn row(
        &mut self,
        set: &RuleSet,
        on: NaiveDate,
        to: &str,
        cause: &str,
        revenue: Option<(String, String)>,
        mut events: Vec<String>,
    ) {
        events.sort();
        events.dedup();
        let (measured, required) = revenue.unwrap_or_default();
        self.standing.rows.push(json!({
            "partner_id": self.partner.id, "on": on, "state": to, "cause": cause, "measured": measured,
            "required": required, "rule_set": set.version, "events": events,
        }));
    }
}

fn text((measured, required): (super::number::Num, super::number::Num)) -> (String, String) {
    (measured.to_string(), required.to_string())
}

/// The cadence of the rule set in force, and every first day of a rule set whose gates differ, the first one's included.
fn is_assessment(book: &RuleBook, day: NaiveDate) -> bool {
    let Some(at) = number_on(book, day) else { return false };
    let set = &book.sets[at];
    if set.valid_from == day && (at == 0 || gates_differ(&book.sets[at - 1], set)) {
        return true;
    }
    match set.assessment {
        Cadence::Daily => true,
        Cadence::Weekly(weekday) => day.weekday() == weekday,
        Cadence::Monthly(number) => Ym::of(day).day(number) == day,
    }
}

fn gates_differ(before: &RuleSet, after: &RuleSet) -> bool {
    let terms = |set: &RuleSet| {
        let gates = set.gates.iter();
        gates.map(|g| format!("{:?}", (&g.name, g.entry, g.onboarding, g.upkeep, &g.any_of, g.offboards))).collect()
    };
    let (before, after): (Vec<String>, Vec<String>) = (terms(before), terms(after));
    before != after
}
