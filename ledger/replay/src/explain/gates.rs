//! Gates as an explanation shows them: what was measured, what was required, and who says so.

use super::Cited;
use daybook_event::{EventRef, NaiveDate, Overflow};
use daybook_rules::model::{Gate, RuleSet};
use daybook_views::reasons::{GateReason, PartnerOn, Requirement, Wants};
use serde::Serialize;

/// A gate on a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GateExplanation {
    /// Its name.
    pub gate: String,
    /// When it is asked: entry, onboarding, upkeep, or need of a lever.
    pub stages: Vec<&'static str>,
    /// Whether it is met.
    pub met: bool,
    /// The code of a day that it keeps from earning.
    pub fail_code: String,
    /// What that code means.
    pub sentence: String,
    /// How to become eligible again.
    pub how_to: String,
    /// Its standing facts count only if held by an event dated later than this, after an offboarding.
    pub renewed_after: Option<NaiveDate>,
    /// Met when all of any of these hold.
    pub any_of: Vec<Vec<ExplainedRequirement>>,
}

/// One thing that a gate asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedRequirement {
    /// Whether it holds.
    pub met: bool,
    /// What was measured.
    pub measured: String,
    /// Where it measures a number: of what.
    pub of: Option<String>,
    /// What was required.
    pub required: String,
    /// Where it measures a number: how much is missing, `0` where nothing is.
    pub missing: Option<String>,
    /// Of a fact that is held: since when without a break.
    pub since: Option<NaiveDate>,
    /// The events that hold it.
    pub events: Vec<String>,
    /// The parameter that asks it.
    pub rule: Cited,
}

/// Every gate of the day's terms, in file order.
pub(super) fn of_day(
    partner: &PartnerOn<'_>,
    renewed_after: Option<NaiveDate>,
) -> Result<Vec<GateExplanation>, Overflow> {
    let set = partner.rule_set();
    Ok(partner.gates(renewed_after)?.iter().map(|reason| explained(set, reason)).collect())
}

fn explained(set: &RuleSet, reason: &GateReason) -> GateExplanation {
    let gate = &set.gates[reason.gate];
    let of = |one: &Requirement| requirement(set, one);
    GateExplanation {
        gate: gate.name.clone(),
        stages: stages(set, reason.gate, gate),
        met: reason.met,
        fail_code: gate.fail_code.clone(),
        sentence: gate.sentence.clone(),
        how_to: gate.how_to.clone(),
        renewed_after: reason.renewed_after,
        any_of: reason.any_of.iter().map(|alternative| alternative.all_of.iter().map(of).collect()).collect(),
    }
}

fn stages(set: &RuleSet, at: usize, gate: &Gate) -> Vec<&'static str> {
    let is_need = set.levers.iter().any(|lever| lever.needs.contains(&at));
    let all = [(gate.entry, "entry"), (gate.onboarding, "onboarding"), (gate.upkeep, "upkeep"), (is_need, "lever")];
    all.into_iter().filter(|(is_asked, _)| *is_asked).map(|(_, stage)| stage).collect()
}

fn requirement(set: &RuleSet, one: &Requirement) -> ExplainedRequirement {
    let missing = match &one.wants {
        Wants::Revenue { missing, .. } => Some(missing.to_string()),
        Wants::People { missing, .. } | Wants::NewCustomers { missing, .. } => Some(missing.to_string()),
        Wants::Held { .. } | Wants::Number { .. } => None,
    };
    ExplainedRequirement {
        met: one.met,
        measured: one.measured.clone(),
        of: of(one),
        required: one.required.clone(),
        missing,
        since: one.since,
        events: one.events.iter().map(EventRef::to_string).collect(),
        rule: Cited::stated(set, &one.path),
    }
}

/// What a number that was measured is a number of.
fn of(one: &Requirement) -> Option<String> {
    Some(match &one.wants {
        Wants::Held { .. } => return None,
        // Where there is no number, that is what the words say.
        Wants::Number { fact, .. } if one.measured.starts_with(fact.as_str()) => return None,
        Wants::Number { fact, .. } => fact.clone(),
        Wants::Revenue { groups, from, .. } if groups.is_empty() => format!("billed since {from}"),
        Wants::Revenue { groups, from, .. } => format!("of {} billed since {from}", groups.join(", ")),
        Wants::People { area, .. } => format!("people certified in {area}"),
        Wants::NewCustomers { group, from, .. } => format!("new customers of {group} since {from}"),
    })
}
