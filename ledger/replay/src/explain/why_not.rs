//! Why a day may not earn, and the smallest change with which it might have.

use super::change::{Need, SmallestChange, billable, supposed_facts};
use super::gates::{self, GateExplanation};
use super::subject::Subject;
use daybook_event::{EventRef, Exact, Month, NaiveDate, Overflow};
use daybook_rules::model::{Gate, RuleSet};
use daybook_views::reasons::{Alternative, GateReason, PartnerOn, Wants, assessments, next_assessment};
use daybook_views::{Bucket, Fact};
use serde::Serialize;
use std::collections::BTreeMap;

/// A date whose lines may not earn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DayWhyNot {
    /// The date that decides: the line's, of a credit that of the line credited.
    pub on: NaiveDate,
    /// Where the partner stands at the end of it.
    pub standing: String,
    /// The terms in force.
    pub rule_set: String,
    /// The gates that keep it from earning, in file order.
    pub unmet: Vec<GateExplanation>,
    /// With what it would have earned; none where nothing tried would have sufficed.
    pub smallest_change: Option<SmallestChange>,
}

/// A line that may not earn.
pub(super) struct NotEligible<'a> {
    pub(super) fact: &'a Fact,
    /// The date that decides.
    pub(super) priced_on: NaiveDate,
    pub(super) code: &'a str,
}

/// Explains the day of a line that may not earn.
pub(super) fn day(subject: &Subject<'_>, line: &NotEligible<'_>) -> Result<DayWhyNot, Overflow> {
    let partner = subject.on(line.priced_on)?;
    let enrolled = is_enrolled(subject, line.priced_on);
    let renewed_after = partner.offboarded_on().filter(|_| !enrolled);
    let set = partner.rule_set();
    let keeps_out = |gate: &Gate| gate.upkeep || (!enrolled && (gate.entry || gate.onboarding));
    let asked = |explained: &GateExplanation| {
        let gate = set.gates.iter().find(|gate| gate.name == explained.gate);
        gate.is_some_and(|gate| keeps_out(gate) || gate.fail_code == line.code)
    };
    let gates = gates::of_day(&partner, renewed_after)?;
    Ok(DayWhyNot {
        on: line.priced_on,
        standing: partner.status().to_owned(),
        rule_set: set.version.clone(),
        unmet: gates.into_iter().filter(|gate| !gate.met && asked(gate)).collect(),
        smallest_change: smallest_change(subject, line, &partner, enrolled)?,
    })
}

/// Whether the partner is enrolled on the date, or earns on it after the fact because it enrolled later in the month.
fn is_enrolled(subject: &Subject<'_>, on: NaiveDate) -> bool {
    let (mut state, mut offboarded_on) = ("", None);
    let rows = subject.rows();
    for row in rows.standing.iter().filter(|row| row.on <= Month::of(on).last_day()) {
        if row.on > on && row.state != "enrolled" {
            continue;
        }
        if row.state == "offboarded" {
            offboarded_on = Some(row.on);
        }
        let reaches_back = row.on > on && offboarded_on.is_none_or(|date| date <= on);
        if row.on <= on || reaches_back {
            state = row.state.as_str();
        }
    }
    state == "enrolled"
}

/// A set of needs that may suffice, with what it costs.
struct Plan {
    needs: Vec<Need>,
    by: NaiveDate,
}

impl Plan {
    /// Fewer needs first, then less money, then the latest date.
    fn cost(&self) -> (usize, Exact, std::cmp::Reverse<NaiveDate>) {
        let money =
            self.needs.iter().map(|need| if let Need::Revenue { amount, .. } = need { *amount } else { Exact::ZERO });
        let money = money.fold(Exact::ZERO, |sum, amount| sum.plus(amount).unwrap_or(sum));
        (self.needs.len(), money, std::cmp::Reverse(self.by))
    }
}

fn smallest_change(
    subject: &Subject<'_>,
    line: &NotEligible<'_>,
    partner: &PartnerOn<'_>,
    enrolled: bool,
) -> Result<Option<SmallestChange>, Overflow> {
    let mut plans = if enrolled { vec![upkeep_plan(partner, line)?] } else { plans_to_enrol(subject, partner, line)? };
    plans.retain(|plan| !plan.needs.is_empty());
    plans.sort_by_key(Plan::cost);
    for plan in plans {
        let Some(facts) = supposed_facts(subject, partner.rule_set(), &plan.needs) else { continue };
        let (month, id) = (line.fact.month(), &line.fact.id);
        let bucket = subject.bucket_of(&subject.with(&facts), month, id)?;
        if let Some(outcome) = bucket.as_ref().and_then(|bucket| outcome_of(bucket, id)) {
            return Ok(Some(SmallestChange::of(plan.needs, &outcome)));
        }
    }
    wait(subject, line)
}

/// What became of the line, if it may earn.
fn outcome_of(bucket: &Bucket, id: &EventRef) -> Option<String> {
    match bucket {
        Bucket::Earning => Some(format!("{id} earns")),
        Bucket::Capped => Some(format!("{id} may earn, but a cap leaves nothing")),
        Bucket::Unmatched => Some(format!("{id} may earn, but no lever matches it")),
        Bucket::Ineligible(_) | Bucket::NoTerms | Bucket::Unconverted => None,
    }
}

/// Of a partner that is enrolled: the upkeep gates of the day, or those that a lever needs.
fn upkeep_plan(partner: &PartnerOn<'_>, line: &NotEligible<'_>) -> Result<Plan, Overflow> {
    let set = partner.rule_set();
    let reasons = partner.gates(None)?;
    let unmet = |reason: &&GateReason| !reason.met;
    let of = |wanted: &dyn Fn(&Gate) -> bool| -> Vec<&GateReason> {
        reasons.iter().filter(unmet).filter(|reason| wanted(&set.gates[reason.gate])).collect()
    };
    let upkeep = of(&|gate| gate.upkeep);
    let asked = if upkeep.is_empty() { of(&|gate| gate.fail_code == line.code) } else { upkeep };
    let needs = asked.into_iter().flat_map(|reason| needs_of(set, reason, line.priced_on)).collect();
    Ok(Plan { needs, by: line.priced_on })
}

/// Of a partner that is not enrolled: for each assessment in reach, what an invitation on it and enrolment would take.
fn plans_to_enrol(
    subject: &Subject<'_>,
    partner: &PartnerOn<'_>,
    line: &NotEligible<'_>,
) -> Result<Vec<Plan>, Overflow> {
    let month = Month::of(line.priced_on);
    let last = month.last_day().min(subject.through);
    let mut dates = assessments(subject.book, month.plus(-1).first_day(), last);
    dates.extend(partner.offboarded_on());
    dates.push(line.priced_on);
    dates.sort_unstable();
    dates.dedup();
    let upkeep = upkeep_needs(partner, line.priced_on)?;
    dates.into_iter().map(|by| plan_by(subject, line, by, &upkeep)).collect()
}

fn upkeep_needs(partner: &PartnerOn<'_>, on: NaiveDate) -> Result<BTreeMap<String, Vec<Need>>, Overflow> {
    let set = partner.rule_set();
    let unmet = partner.gates(None)?.into_iter().filter(|reason| !reason.met && set.gates[reason.gate].upkeep);
    Ok(unmet.map(|reason| (set.gates[reason.gate].name.clone(), needs_of(set, &reason, on))).collect())
}

/// Everything that is missing on an assessment date, and on the day of the sale.
fn plan_by(
    subject: &Subject<'_>,
    line: &NotEligible<'_>,
    by: NaiveDate,
    upkeep: &BTreeMap<String, Vec<Need>>,
) -> Result<Plan, Overflow> {
    let partner = subject.on(by)?;
    let set = partner.rule_set();
    let is_in = matches!(partner.status(), "invited" | "enrolled");
    // On the date of an offboarding the way back begins with not being offboarded at all.
    let offboarded_here = partner.offboarded_on() == Some(by);
    let renewed_after = partner.offboarded_on().filter(|_| !offboarded_here);
    let mut needs: BTreeMap<String, Vec<Need>> = BTreeMap::new();
    for reason in partner.gates(renewed_after)?.iter().filter(|reason| !reason.met) {
        let gate = &set.gates[reason.gate];
        let asked = if offboarded_here { gate.offboards.is_some() } else { gate.onboarding || (gate.entry && !is_in) };
        if asked {
            // What the day of the sale asks too must be there by then.
            let on = if upkeep.contains_key(&gate.name) { by.min(line.priced_on) } else { by };
            needs.insert(gate.name.clone(), needs_of(set, reason, on));
        }
    }
    for (gate, of_day) in upkeep {
        needs.entry(gate.clone()).or_insert_with(|| of_day.clone());
    }
    let in_file_order = set.gates.iter().filter_map(|gate| needs.remove(&gate.name)).flatten();
    Ok(Plan { needs: in_file_order.collect(), by })
}

/// What would meet the gate on the date: of its alternatives the one that lacks the least.
fn needs_of(set: &RuleSet, reason: &GateReason, by: NaiveDate) -> Vec<Need> {
    let lacks = |alternative: &&Alternative| alternative.all_of.iter().filter(|one| !one.met).count();
    let Some(nearest) = reason.any_of.iter().min_by_key(lacks) else { return Vec::new() };
    let unmet = nearest.all_of.iter().filter(|one| !one.met);
    unmet.map(|one| need_of(set, &one.wants, by)).collect()
}

fn need_of(set: &RuleSet, wants: &Wants, by: NaiveDate) -> Need {
    match wants {
        Wants::Held { fact, then } => Need::StandingFact { fact: fact.clone(), by: then.unwrap_or(by) },
        Wants::Number { fact, at_least } => Need::Number { fact: fact.clone(), at_least: *at_least, by },
        Wants::Revenue { groups, from, missing } => {
            let amount = billable(*missing, &set.rounding);
            Need::Revenue { amount, groups: groups.clone(), from: *from, by }
        }
        Wants::People { area, missing } => Need::People { people: *missing, area: area.clone(), by },
        Wants::NewCustomers { group, from, missing } => {
            Need::NewCustomers { customers: *missing, group: group.clone(), from: *from, by }
        }
    }
}

/// Where nothing is missing but the next assessment: it reaches back to the first of its month.
fn wait(subject: &Subject<'_>, line: &NotEligible<'_>) -> Result<Option<SmallestChange>, Overflow> {
    let Some(date) = next_assessment(subject.book, subject.through) else { return Ok(None) };
    if Month::of(date) != Month::of(line.priced_on) {
        return Ok(None);
    }
    let later = subject.later(date);
    let bucket = later.bucket_of(subject.history, line.fact.month(), &line.fact.id)?;
    let outcome = bucket.as_ref().and_then(|bucket| outcome_of(bucket, &line.fact.id));
    Ok(outcome.map(|outcome| SmallestChange::of(vec![Need::Through { date }], &outcome)))
}
