//! Where a partner stands on a date, how it came there, and what every gate says.

use super::gates::{self, GateExplanation};
use super::subject::Subject;
use super::{Cited, ExplainError, Explainer};
use daybook_event::{NaiveDate, PartnerId};
use daybook_views::reasons::next_assessment;
use daybook_views::rows::StandingRow;
use serde::Serialize;

/// A partner's standing on a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StandingExplanation {
    /// One plain sentence.
    pub summary: String,
    /// The partner.
    pub partner_id: PartnerId,
    /// The date.
    pub on: NaiveDate,
    /// The through date.
    pub through: NaiveDate,
    /// `not_invited`, `invited`, `enrolled` or `offboarded`.
    pub state: String,
    /// Since when; none: it was never anything else.
    pub since: Option<NaiveDate>,
    /// Which terms are in force on the date, and why.
    pub terms: String,
    /// The date of the last offboarding up to the date.
    pub offboarded_on: Option<NaiveDate>,
    /// The gates that keep a sale on that date from earning, in file order. Enrolment later in the month reaches back to
    /// its first day.
    pub keeps_from_earning: Vec<String>,
    /// The next date on which standing is assessed; none within two years.
    pub next_assessment: Option<NaiveDate>,
    /// The parameter that says when standing is assessed.
    pub rules: Vec<Cited>,
    /// Every gate of the terms, in file order.
    pub gates: Vec<GateExplanation>,
    /// Every change of the standing up to the date.
    pub changes: Vec<StandingRow>,
}

/// Explains a partner's standing on a date.
///
/// # Errors
/// [`ExplainError`] when the partner has no facts, or the date is still to come.
pub(super) fn explain(
    explainer: &Explainer<'_>,
    partner_id: &PartnerId,
    on: NaiveDate,
) -> Result<StandingExplanation, ExplainError> {
    let subject = Subject::new(explainer, partner_id)?;
    let (book, through) = (subject.book, subject.through);
    if on > through {
        return Err(ExplainError::NotYet { on, through });
    }
    let partner = subject.on(on)?;
    let set = partner.rule_set();
    let mut changes = subject.rows().standing;
    changes.retain(|row| row.on <= on);
    let state = partner.status();
    let enrolled = state == "enrolled";
    let offboarded_on = partner.offboarded_on();
    let gates = gates::of_day(&partner, offboarded_on.filter(|_| !enrolled))?;
    let keeps = |gate: &&GateExplanation| {
        let stages = &gate.stages;
        !gate.met && stages.iter().any(|stage| *stage == "upkeep" || (!enrolled && *stage != "lever"))
    };
    let keeps_from_earning: Vec<String> = gates.iter().filter(keeps).map(|gate| gate.gate.clone()).collect();
    let since = changes.last().map(|row| row.on);
    let terms = match book.index_on(on) {
        Some(_) => format!("{} ({}), in force from {}: the date decides", set.version, set.title, set.valid_from),
        None => format!("none is in force yet: the first, {}, is used ahead of time", set.version),
    };
    let cadence = ["assessment.cadence", "assessment.every"].into_iter().filter(|path| set.origins.contains_key(*path));
    Ok(StandingExplanation {
        summary: summary(partner_id, on, state, since, &keeps_from_earning),
        partner_id: partner_id.clone(),
        on,
        through,
        state: state.to_owned(),
        since,
        terms,
        offboarded_on,
        keeps_from_earning,
        next_assessment: next_assessment(book, on),
        rules: cadence.map(|path| Cited::stated(set, path)).collect(),
        gates,
        changes,
    })
}

fn summary(
    partner_id: &PartnerId,
    on: NaiveDate,
    state: &str,
    since: Option<NaiveDate>,
    keeps_from_earning: &[String],
) -> String {
    let state = state.replace('_', " ");
    let since = since.map(|since| format!(" since {since}")).unwrap_or_default();
    let earns = match (state.as_str(), keeps_from_earning.is_empty()) {
        ("enrolled", true) => "a sale on that date may earn".to_owned(),
        (_, true) => "every gate is met, but the partner is not enrolled".to_owned(),
        (_, false) => format!("what keeps a sale on that date from earning: {}", keeps_from_earning.join(", ")),
    };
    format!("{partner_id} is {state} on {on}{since}; {earns}.")
}
