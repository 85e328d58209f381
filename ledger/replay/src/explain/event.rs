//! From an event to the figures that it is part of.

use super::bucket;
use super::subject::{FoldedMonth, Subject};
use super::{ExplainError, Explainer, line};
use daybook_event::{Amount, EventRef, Exact, ManualAdjustment, Month, NaiveDate, Opening, PartnerId, Position};
use daybook_rules::model::GateTest;
use daybook_views::rows::TrueUpRow;
use daybook_views::{Fact, FactKind, FactSource, PartnerRows, PricedLine};
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
    /// The date it counts for.
    pub effective_on: NaiveDate,
    /// What it is.
    pub what: String,
    /// The through date.
    pub through: NaiveDate,
    /// Whether it counts: it is dated up to the through date, and not reversed.
    pub counts: bool,
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
    if let Some(target) = subject.history.reversals().target_of(event) {
        return Err(ExplainError::IsReversal { event: event.to_string(), target: target.to_string() });
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
    uses.extend(cited(&subject, &rows, event));
    Ok(EventExplanation {
        summary: summary(&subject, fact, counts, uses.len()),
        partner_id: partner_id.clone(),
        event: event.to_string(),
        position: fact.position,
        effective_on: fact.effective_on,
        what: what(fact),
        through,
        counts,
        uses,
    })
}

fn what(fact: &Fact) -> String {
    match &fact.kind {
        FactKind::Line(line) => format!("{} {} billed to {}", line.amount, line.currency, line.customer_id),
        FactKind::Standing(standing) => format!("standing fact {}", standing.fact),
        FactKind::Certification(earned) => format!("certification in {}", earned.competency_area),
        FactKind::Claim(claim) => format!("claim {} {}", claim.claim_id, claim.state.as_str()),
        FactKind::Opening(_) => "opening balance".to_owned(),
        FactKind::Adjustment(_) => "correction by hand".to_owned(),
        FactKind::Moneyless => "change of a subscription without money".to_owned(),
    }
}

fn summary(subject: &Subject<'_>, fact: &Fact, counts: bool, uses: usize) -> String {
    let why = if counts {
        format!("is part of {uses} figures")
    } else if subject.history.reversals().names(&fact.id) {
        "is reversed: it is part of no figure".to_owned()
    } else {
        format!("is dated after the through date {}: it does not count yet", subject.through)
    };
    format!("{} ({}, {}) {why}.", fact.id, what(fact), fact.effective_on)
}

fn of_line(subject: &Subject<'_>, fact: &Fact, rows: &PartnerRows) -> Result<Vec<EventUse>, ExplainError> {
    let month = fact.month();
    let Some(folded) = subject.month(month)? else { return Ok(Vec::new()) };
    let Some(priced) = folded.lines.iter().find(|priced| folded.facts[priced.fact].id == fact.id) else {
        return Ok(Vec::new());
    };
    let ask = format!("daybook explain --partner {} --month {month}", subject.partner_id);
    let bucket = bucket::name_of(&priced.bucket).unwrap_or_else(|| "earning".to_owned());
    let mut uses = vec![EventUse {
        view: "conservation".to_owned(),
        row: month.to_string(),
        part: format!("bucket {bucket}"),
        amount: priced.amount,
        ask: ask.clone(),
    }];
    let postings = of_postings(subject, &folded, priced, month, &ask);
    if !postings.is_empty() {
        uses.extend(postings);
        uses.extend(of_money(subject, rows, month));
    }
    uses.extend(of_gates(subject, fact, priced));
    uses.extend(of_credits(subject, fact, priced));
    Ok(uses)
}

fn of_postings(
    subject: &Subject<'_>,
    folded: &FoldedMonth,
    priced: &PricedLine,
    month: Month,
    ask: &str,
) -> Vec<EventUse> {
    let Some(set) = priced.rule_set.map(|at| &subject.book.sets[at]) else { return Vec::new() };
    let shown = line::explained(subject, folded, priced);
    let parts = priced.contributions.iter().map(|part| {
        let lever = &set.levers[part.lever];
        let words = format!("{} x {} on {}", part.base, lever.rate, shown.groups.join(", "));
        (&lever.name, words, Some(part.amount))
    });
    let growth = priced.growth.iter().filter(|at| !priced.contributions.iter().any(|part| part.lever == **at));
    let growth = growth.map(|&at| (&set.levers[at].name, "in the sum that grows".to_owned(), None));
    let posting = |(lever, part, amount): (&String, String, Option<Exact>)| EventUse {
        view: "postings".to_owned(),
        row: format!("{month} {lever} {}", set.version),
        part,
        amount,
        ask: format!("{ask} --lever {lever}"),
    };
    parts.chain(growth).map(posting).collect()
}

/// The lot and the payout that a posting of the month goes into.
fn of_money(subject: &Subject<'_>, rows: &PartnerRows, month: Month) -> Vec<EventUse> {
    let label = subject.book.calendar().period_of(month).to_string();
    let partner_id = subject.partner_id;
    let lot = rows.lots.iter().find(|lot| lot.period == label).map(|lot| EventUse {
        view: "lots".to_owned(),
        row: label.clone(),
        part: format!("the co-op of its postings; the lot is {}", lot.state),
        amount: None,
        ask: format!("daybook explain --partner {partner_id} --lot {label}"),
    });
    let payout = rows.payouts.iter().find(|payout| payout.month == month).map(|payout| EventUse {
        view: "payouts".to_owned(),
        row: month.to_string(),
        part: format!("the rebate of its postings; {} is paid", payout.paid),
        amount: None,
        ask: format!("daybook explain --partner {partner_id} --payout {month}"),
    });
    lot.into_iter().chain(payout).collect()
}

/// The trailing sums in which a line counts, by gate of the terms of its date.
fn of_gates(subject: &Subject<'_>, fact: &Fact, priced: &PricedLine) -> Vec<EventUse> {
    let set = subject.book.set_on_or_first(fact.effective_on);
    let mut found = Vec::new();
    for gate in &set.gates {
        for test in &gate.any_of {
            let GateTest::TrailingRevenue { window_days, groups, at_least: Some(_) } = test else { continue };
            let last = fact.effective_on.checked_add_days(chrono::Days::new(u64::from(window_days.saturating_sub(1))));
            let of = if groups.is_empty() { "any product".to_owned() } else { groups.join(", ") };
            found.push(EventUse {
                view: "gates".to_owned(),
                row: gate.name.clone(),
                part: format!(
                    "in the trailing revenue of {} to {} (over {of})",
                    fact.effective_on,
                    last.unwrap_or(NaiveDate::MAX)
                ),
                amount: priced.amount,
                ask: format!(
                    "daybook explain --partner {} --standing {}",
                    subject.partner_id,
                    fact.effective_on.min(subject.through)
                ),
            });
        }
    }
    found
}

/// The line that this one credits, and those that credit it.
fn of_credits(subject: &Subject<'_>, fact: &Fact, priced: &PricedLine) -> Vec<EventUse> {
    let credits = |other: &&Fact| {
        let named = other.line().and_then(|line| line.credits.as_ref());
        other.id.source == fact.id.source && named == Some(&fact.id.event_id) && subject.counts(other)
    };
    let with = |id: &EventRef, part: &str| EventUse {
        view: "events".to_owned(),
        row: id.to_string(),
        part: part.to_owned(),
        amount: None,
        ask: format!("daybook explain --partner {} --event {id}", subject.partner_id),
    };
    let root = priced.credit_of.iter().map(|root| with(root, "this event credits that line, and takes over its terms"));
    let by = subject.history.facts().iter().filter(credits).map(|other| with(&other.id, "that line credits this one"));
    root.chain(by).collect()
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
        row: lot.period.clone(),
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
) -> Option<EventUse> {
    let rate = subject.fx.rate(adjustment.currency, fact.month()).map(|(rate, _)| rate);
    let is_program = adjustment.currency == subject.book.sets[0].currency;
    let convert = |amount: Amount| if is_program { Some(amount.exact()) } else { amount.convert(rate?).ok() };
    let parts = (convert(adjustment.rebate)?, convert(adjustment.coop)?);
    let is_its = |row: &&TrueUpRow| {
        let concerns = row.closed_month == adjustment.month && row.lever == adjustment.lever;
        row.cause == "manual" && concerns && row.month >= fact.month() && (row.rebate, row.coop) == parts
    };
    rows.true_ups.iter().find(is_its).map(|row| EventUse {
        view: "true_ups".to_owned(),
        row: format!("{} of {} {}", row.month, row.closed_month, row.lever),
        part: "the correction itself".to_owned(),
        amount: row.rebate.plus(row.coop).ok(),
        ask: format!("daybook explain --partner {} --payout {}", subject.partner_id, row.month),
    })
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
fn cited(subject: &Subject<'_>, rows: &PartnerRows, event: &EventRef) -> Vec<EventUse> {
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
    let causes = |cause: &str| cause.split([' ', ':']).any(|word| word == name);
    for row in rows.true_ups.iter().filter(|row| causes(&row.cause)) {
        found.push(EventUse {
            view: "true_ups".to_owned(),
            row: format!("{} of {} {}", row.month, row.closed_month, row.lever),
            part: format!("its cause: {}", row.cause),
            amount: row.rebate.plus(row.coop).ok(),
            ask: format!("daybook explain --partner {partner_id} --payout {}", row.month),
        });
    }
    for row in rows.findings.iter().filter(|row| row.events.contains(&name)) {
        found.push(EventUse {
            view: "findings".to_owned(),
            row: row.code.clone(),
            part: "named by it".to_owned(),
            amount: None,
            ask: String::new(),
        });
    }
    found
}
