//! From an event to the figures that it is part of.

use super::event_line::{of_line, of_pinned_line};
use super::event_money::{caused, of_money, of_true_up};
use super::subject::Subject;
use super::{ExplainError, Explainer, closed, event_shared};
use daybook_event::{Amount, EventRef, Exact, ManualAdjustment, NaiveDate, Opening, PartnerId, Position};
use daybook_views::rows::TrueUpRow;
use daybook_views::{Fact, FactKind, FactSource, PartnerRows};
use serde::Serialize;

/// An event and the figures that it is part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventExplanation {
    /// One plain sentence.
    pub summary: String,
    /// The partner.
    pub partner_id: PartnerId,
    /// The event.
    pub event: String,
    /// The record.
    pub position: Position,
    /// The date it counts for; none of a reversal, which acts from its record on.
    pub effective_on: Option<NaiveDate>,
    /// What it is.
    pub what: String,
    /// The through date.
    pub through: NaiveDate,
    /// Whether it counts: it is dated up to the through date, and not reversed.
    pub counts: bool,
    /// The reversal that takes it out, if there is one.
    pub reversed_by: Option<String>,
    /// The record of that reversal.
    pub reversed_at: Option<Position>,
    /// The figures that it is part of, from the nearest on.
    pub uses: Vec<EventUse>,
}

/// One figure that an event is part of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventUse {
    /// Which view: `conservation`, `postings`, `lots`, `payouts`, `claims`, `standing`, `true_ups`, `findings`, `gates`.
    pub view: String,
    /// Which row of it.
    pub row: String,
    /// What the event is in it.
    pub part: String,
    /// The event's own share of the figure, where it has one.
    pub amount: Option<Exact>,
    /// What explains the figure further; empty where nothing does.
    pub ask: String,
}

/// Explains what an event of a partner is part of.
///
/// # Errors
/// [`ExplainError`] when the partner has no such event.
pub(super) fn explain(
    explainer: &Explainer<'_>,
    partner_id: &PartnerId,
    event: &EventRef,
) -> Result<EventExplanation, ExplainError> {
    let subject = Subject::new(explainer, partner_id)?;
    let through = subject.through;
    let missing = || ExplainError::NoEvent { partner_id: partner_id.to_string(), event: event.to_string() };
    if let Some(explained) = event_shared::explain(&subject, explainer.histories.of_no_partner(), event) {
        return Ok(explained);
    }
    let fact = subject.fact(event).ok_or_else(missing)?;
    let rows = subject.rows();
    let counts = subject.counts(fact);
    let mut uses = Vec::new();
    if counts {
        match &fact.kind {
            FactKind::Line(_) => uses.extend(of_line(&subject, fact, &rows)?),
            FactKind::Claim(claim) => uses.extend(of_claim(&subject, &rows, &claim.claim_id)),
            FactKind::Adjustment(adjustment) => uses.extend(of_adjustment(&subject, fact, &rows, adjustment)),
            FactKind::Opening(opening) => uses.extend(of_opening(&subject, fact, &rows, opening)),
            // Rows that name them are found below.
            FactKind::Standing(_) | FactKind::Certification(_) | FactKind::Moneyless => {}
        }
    }
    let reversals = subject.history.reversals().of(&fact.id);
    let reversed = reversals.first().copied();
    if let Some((at, _)) = reversed {
        uses.extend(of_pinned(&subject, fact, &rows, at)?);
    }
    uses.extend(cited(&subject, &rows, event));
    let taken_back = |(_, by): &(Position, &EventRef)| caused(&subject, &rows, by, "takes it back");
    uses.extend(reversals.iter().flat_map(taken_back));
    Ok(EventExplanation {
        summary: summary(&subject, fact, counts, reversed, uses.len()),
        partner_id: partner_id.clone(),
        event: event.to_string(),
        position: fact.position,
        effective_on: Some(fact.effective_on),
        what: what(fact),
        through,
        counts,
        reversed_by: reversed.map(|(_, by)| by.to_string()),
        reversed_at: reversed.map(|(at, _)| at),
        uses,
    })
}

fn what(fact: &Fact) -> String {
    match &fact.kind {
        FactKind::Line(line) => format!("{} {} billed to {}", line.amount, line.currency, line.customer_id),
        FactKind::Standing(standing) => format!("standing fact {}", standing.fact),
        FactKind::Certification(exam) => format!("certification in {}", exam.competency_area),
        FactKind::Claim(claim) => format!("claim {} {}", claim.claim_id, claim.state.as_str()),
        FactKind::Opening(_) => "opening balance".to_owned(),
        FactKind::Adjustment(_) => "correction by hand".to_owned(),
        FactKind::Moneyless => "change of a subscription without money".to_owned(),
    }
}

fn summary(
    subject: &Subject<'_>,
    fact: &Fact,
    counts: bool,
    reversed: Option<(Position, &EventRef)>,
    uses: usize,
) -> String {
    let why = if counts {
        let late = closed::closing(subject, fact.month()).filter(|closing| fact.position > closing.position);
        let late = late.map(|closing| format!("; {} was closed before it was recorded", closing.month));
        format!("is part of {uses} figures{}", late.unwrap_or_default())
    } else if let Some((at, by)) = reversed {
        match uses {
            0 => format!("is reversed at record {at} by {by}: it is part of no figure"),
            _ => format!(
                "is reversed at record {at} by {by}: of {uses} figures some were pinned with it, others take it back"
            ),
        }
    } else {
        format!("is dated after the through date {}: it does not count yet", subject.through)
    };
    format!("{} ({}, {}) {why}.", fact.id, what(fact), fact.effective_on)
}

/// What was pinned with an event that was reversed later.
fn of_pinned(
    subject: &Subject<'_>,
    fact: &Fact,
    rows: &PartnerRows,
    reversed_at: Position,
) -> Result<Vec<EventUse>, ExplainError> {
    Ok(match &fact.kind {
        FactKind::Line(_) => of_pinned_line(subject, fact, rows, reversed_at)?,
        FactKind::Adjustment(adjustment) if closed::pinned_between(subject, fact, reversed_at) => {
            of_adjustment(subject, fact, rows, adjustment)
        }
        _ => Vec::new(),
    })
}

fn of_claim(subject: &Subject<'_>, rows: &PartnerRows, claim_id: &str) -> Vec<EventUse> {
    let Some(claim) = rows.claims.iter().find(|claim| claim.claim_id == claim_id) else { return Vec::new() };
    let partner_id = subject.partner_id;
    let step = EventUse {
        view: "claims".to_owned(),
        row: claim_id.to_owned(),
        part: format!("a step of it; it is {}", claim.state),
        amount: None,
        ask: format!("daybook explain --partner {partner_id} --claim {claim_id}"),
    };
    let lot = rows.lots.iter().find(|lot| lot.period == claim.period).map(|lot| EventUse {
        view: "lots".to_owned(),
        row: lot.period.to_string(),
        part: "a claim on it".to_owned(),
        amount: None,
        ask: format!("daybook explain --partner {partner_id} --lot {}", lot.period),
    });
    [step].into_iter().chain(lot).collect()
}

/// The true-up that a correction by hand is booked as; none without an exchange rate.
fn of_adjustment(
    subject: &Subject<'_>,
    fact: &Fact,
    rows: &PartnerRows,
    adjustment: &ManualAdjustment,
) -> Vec<EventUse> {
    let rate = subject.fx.rate(adjustment.currency, fact.month()).map(|(rate, _)| rate);
    let is_program = adjustment.currency == subject.book.sets[0].currency;
    let convert = |amount: Amount| if is_program { Some(amount.exact()) } else { amount.convert(rate?).ok() };
    let (Some(rebate), Some(coop)) = (convert(adjustment.rebate), convert(adjustment.coop)) else {
        return Vec::new();
    };
    let is_its = |row: &&TrueUpRow| {
        let concerns = row.closed_month == adjustment.month && row.lever == adjustment.lever;
        row.cause == "manual" && concerns && row.month >= fact.month() && (row.rebate, row.coop) == (rebate, coop)
    };
    let Some(row) = rows.true_ups.iter().find(is_its) else { return Vec::new() };
    let itself = of_true_up(subject, row, "the correction itself".to_owned());
    [itself].into_iter().chain(of_money(subject, rows, row.month, "true-ups")).collect()
}

/// The figure that an opening balance begins with.
fn of_opening(subject: &Subject<'_>, fact: &Fact, rows: &PartnerRows, opening: &Opening) -> Vec<EventUse> {
    let partner_id = subject.partner_id;
    let begins = |view: &str, row: String, ask: String| EventUse {
        view: view.to_owned(),
        row,
        part: "what stood before the ledger began".to_owned(),
        amount: None,
        ask,
    };
    match opening {
        Opening::Lot { period, .. } if rows.lots.iter().any(|lot| lot.period == *period) => {
            vec![begins("lots", period.clone(), format!("daybook explain --partner {partner_id} --lot {period}"))]
        }
        Opening::Carry { .. } => {
            let month = fact.month();
            vec![begins(
                "payouts",
                month.to_string(),
                format!("daybook explain --partner {partner_id} --payout {month}"),
            )]
        }
        Opening::Lot { .. } | Opening::Revenue { .. } | Opening::CustomerSince { .. } => Vec::new(),
    }
}

/// Rows that name the event: changes of standing, true-ups that it caused, findings.
pub(super) fn cited(subject: &Subject<'_>, rows: &PartnerRows, event: &EventRef) -> Vec<EventUse> {
    let name = event.to_string();
    let partner_id = subject.partner_id;
    let mut found = Vec::new();
    for row in rows.standing.iter().filter(|row| row.events.contains(&name)) {
        found.push(EventUse {
            view: "standing".to_owned(),
            row: format!("{} {}", row.on, row.state),
            part: format!("one of the facts that decided ({})", row.cause),
            amount: None,
            ask: format!("daybook explain --partner {partner_id} --standing {}", row.on),
        });
    }
    found.extend(caused(subject, rows, event, "its cause"));
    for row in rows.findings.iter().filter(|row| row.events.contains(&name)) {
        found.push(EventUse {
            view: "findings".to_owned(),
            row: row.code.to_string(),
            part: "named by it".to_owned(),
            amount: None,
            ask: String::new(),
        });
    }
    found
}
