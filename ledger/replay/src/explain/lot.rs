//! Why a period's co-op is what it is.

use super::change::SmallestChange;
use super::closed;
use super::subject::Subject;
use super::{Cited, ExplainError, Explainer, lot_change, meaning};
use daybook_event::{Exact, NaiveDate, Opening, PartnerId, Position};
use daybook_rules::calendar::Period;
use daybook_rules::model::{ResolveAt, RuleBook};
use daybook_views::rows::{ClaimRow, LotRow};
use daybook_views::{Closing, Fact, FactKind, FactSource, LotDays, PartnerHistory};
use serde::Serialize;

/// A lot explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LotExplanation {
    /// One plain sentence.
    pub summary: String,
    /// The row.
    #[serde(flatten)]
    pub row: LotRow,
    /// The through date.
    pub through: NaiveDate,
    /// First and last day of the earning period.
    pub earned_between: (NaiveDate, NaiveDate),
    /// First and last day of the usage period.
    pub used_between: (NaiveDate, NaiveDate),
    /// First and last day of the claim window.
    pub claimed_between: (NaiveDate, NaiveDate),
    /// The numbers of the rule book that it used.
    pub rules: Vec<Cited>,
    /// The postings and true-ups that it is made of.
    pub parts: Vec<LotPart>,
    /// The claims on it.
    pub claims: Vec<ClaimPart>,
    /// The closing that decided its outcome; none where it is decided by the records.
    pub decided_by: Option<String>,
    /// How much co-op is missing to the threshold; zero where none is.
    pub missing: Exact,
    /// Of a converted lot: with what it would have been usable; none where nothing tried would have sufficed.
    pub smallest_change: Option<SmallestChange>,
    /// The arithmetic, a step each.
    pub arithmetic: Vec<String>,
}

/// A posting or true-up of the lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LotPart {
    /// What it is: month, lever and rule set, or the cause of a true-up.
    pub of: String,
    /// Its co-op.
    pub coop: Exact,
}

/// A claim on the lot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaimPart {
    /// The row.
    #[serde(flatten)]
    pub row: ClaimRow,
    /// What it means.
    pub sentence: String,
    /// Of a refused claim: what would have to change. Else empty.
    pub how_to: String,
    /// Its steps in order.
    pub steps: Vec<ClaimStepPart>,
}

/// A step of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaimStepPart {
    /// The event.
    pub event: String,
    /// The record.
    pub position: Position,
    /// Its date.
    pub on: NaiveDate,
    /// The state it moved to.
    pub state: String,
    /// The money of the step, with its currency; empty where the step names none.
    pub amount: String,
}

/// Explains the lot of a partner's earning period.
///
/// # Errors
/// [`ExplainError`] when there is no such lot.
pub(super) fn explain(
    explainer: &Explainer<'_>,
    partner_id: &PartnerId,
    period: Period,
) -> Result<LotExplanation, ExplainError> {
    let subject = Subject::new(explainer, partner_id)?;
    let (book, through) = (subject.book, subject.through);
    let history = subject.history;
    let rows = subject.rows();
    let label = period.to_string();
    let no_lot = || ExplainError::NoLot { partner_id: partner_id.to_string(), period: label.clone() };
    let has_claims = rows.claims.iter().any(|claim| claim.period == label);
    let claimed_only = || has_claims.then(|| LotRow::none(partner_id, &label));
    let row = rows.lots.into_iter().find(|row| row.period == label).or_else(claimed_only).ok_or_else(no_lot)?;
    let inside = |month| period.first_month() <= month && month <= period.last_month();
    let mut parts: Vec<LotPart> = Vec::new();
    for posting in rows.postings.iter().filter(|posting| inside(posting.month)) {
        let of = format!("{} {} under {}", posting.month, posting.lever, posting.rule_set);
        parts.push(LotPart { of, coop: posting.coop });
    }
    for true_up in rows.true_ups.iter().filter(|true_up| inside(true_up.month)) {
        parts.push(LotPart { of: format!("{} true-up ({})", true_up.month, true_up.cause), coop: true_up.coop });
    }
    let claims = rows.claims.into_iter().filter(|claim| claim.period == label);
    let part = |row: ClaimRow| {
        let (sentence, how_to) = meaning::of_claim(&row);
        ClaimPart { sentence, how_to, steps: steps(history, &row, through), row }
    };
    let claims: Vec<ClaimPart> = claims.map(part).collect();
    let (mut rules, threshold) = rules(book, period);
    let days = LotDays::of(book, period);
    let stood = stood(book, history, &row, through);
    let mut missing = threshold.minus(row.accrued)?;
    let closing = closed::decided(&subject, period.last_month());
    let smallest_change = if row.state == "converted" && !stood && closing.is_none() && missing.is_positive() {
        lot_change::smallest(&subject, period, missing)?
    } else {
        None
    };
    if closing.is_some() {
        // The terms of now decided nothing here: those of the closing did, and its records show them.
        (rules, missing) = (Vec::new(), Exact::ZERO);
    }
    let decided_by = closing.map(|closing| closing.event.to_string());
    Ok(LotExplanation {
        missing: missing.max(Exact::ZERO),
        smallest_change,
        summary: match closing {
            Some(closing) => summary_closed(&row, closing),
            None => summary(&row, stood, threshold, period),
        },
        arithmetic: arithmetic(&row, stood, decided_by.as_deref(), threshold, &parts)?,
        decided_by,
        through,
        earned_between: (period.first_day(), period.last_day()),
        used_between: days.used,
        claimed_between: days.claimed,
        rules,
        parts,
        claims,
        row,
    })
}

/// Whether an opening says that the lot stood so: then no threshold of ours decided it.
fn stood(book: &RuleBook, history: &PartnerHistory, row: &LotRow, through: NaiveDate) -> bool {
    let counts = |fact: &&Fact| fact.effective_on <= through && !history.reversals().names(&fact.id);
    let says_so = |fact: &Fact| match &fact.kind {
        FactKind::Opening(Opening::Lot { period, state, .. }) => {
            let period = book.calendar().period_parse(period);
            *state == row.state && state != "open" && period.is_some_and(|period| period.to_string() == row.period)
        }
        _ => false,
    };
    history.facts().iter().filter(counts).any(says_so)
}

/// The claim's steps that count by the through date.
fn steps(history: &PartnerHistory, row: &ClaimRow, through: NaiveDate) -> Vec<ClaimStepPart> {
    let counts = |fact: &&Fact| fact.effective_on <= through && !history.reversals().names(&fact.id);
    let step = |fact: &Fact| {
        let FactKind::Claim(claim) = &fact.kind else { return None };
        let money = claim.amount.map(|amount| match claim.currency {
            Some(currency) => format!("{amount} {currency}"),
            None => amount.to_string(),
        });
        (claim.claim_id == row.claim_id).then(|| ClaimStepPart {
            event: fact.id.to_string(),
            position: fact.position,
            on: fact.effective_on,
            state: claim.state.as_str().to_owned(),
            amount: money.unwrap_or_default(),
        })
    };
    history.facts().iter().filter(counts).filter_map(step).collect()
}

fn rules(book: &RuleBook, period: Period) -> (Vec<Cited>, Exact) {
    let at_end = book.set_on_or_first(period.last_day());
    let (set, edge) = match at_end.coop.resolve_at {
        ResolveAt::PeriodEnd => (at_end, "period_end"),
        ResolveAt::PeriodStart => (book.set_on_or_first(period.first_day()), "period_start"),
    };
    let threshold = set.coop.threshold;
    (vec![Cited::of(set, "coop.threshold", threshold), Cited::of(at_end, "coop.resolve_at", edge)], threshold)
}

/// Of a lot that a closing decided: what it became then, and where the terms that decided it are to be seen.
fn summary_closed(row: &LotRow, closing: &Closing) -> String {
    let LotRow { partner_id, period, accrued, state, .. } = row;
    let became = match state.as_str() {
        "usable" => format!(
            "usable: {} was consumed, {} is reserved, {} is available, {} was forfeited",
            row.consumed, row.reserved, row.available, row.forfeited
        ),
        "converted" => format!("converted to rebate, due with {}", closing.month),
        _ => "nothing".to_owned(),
    };
    format!(
        "{partner_id} accrued {accrued} of co-op in {period}; {} closed {} and left it {became}. It is not decided again; \
         --known-as-of {} --through {} shows the terms that decided it.",
        closing.event, closing.month, closing.position, closing.through
    )
}

fn summary(row: &LotRow, stood: bool, threshold: Exact, period: Period) -> String {
    let LotRow { partner_id, accrued, .. } = row;
    let why_usable = if stood {
        "usable since before the ledger began".to_owned()
    } else {
        format!("at least the {threshold} that make it usable")
    };
    match row.state.as_str() {
        "usable" => format!(
            "{partner_id} accrued {accrued} of co-op in {period}, {why_usable}: {} was consumed, {} is reserved, {} is \
             available, {} was forfeited.",
            row.consumed, row.reserved, row.available, row.forfeited
        ),
        "converted" if stood => format!(
            "{partner_id} accrued {accrued} of co-op in {period}: it was converted to rebate before the ledger began; what \
             was added since is due with {}.",
            period.last_month()
        ),
        "converted" => format!(
            "{partner_id} accrued {accrued} of co-op in {period}, less than the {threshold} that would make it usable: it \
             was converted to rebate, due with {}.",
            period.last_month()
        ),
        "open" => {
            format!("{partner_id} has accrued {accrued} of co-op in {period} so far; {} decides.", period.last_day())
        }
        _ if row.overdrawn.is_zero() => {
            format!("{partner_id} accrued no co-op in {period}: claims on it have nothing to draw on.")
        }
        _ => format!("{partner_id} accrued no co-op in {period}; claims on it are overdrawn by {}.", row.overdrawn),
    }
}

fn arithmetic(
    row: &LotRow,
    stood: bool,
    decided_by: Option<&str>,
    threshold: Exact,
    parts: &[LotPart],
) -> Result<Vec<String>, ExplainError> {
    let sum = parts.iter().try_fold(Exact::ZERO, |sum, part| sum.plus(part.coop))?;
    let opening = row.accrued.minus(sum)?;
    let mut steps = vec![format!("accrued = sum of co-op over {} postings and true-ups = {sum}", parts.len())];
    if !opening.is_zero() {
        steps.push(format!("accrued = {sum} + opening lot {opening} = {}", row.accrued));
    }
    let comparison = if row.accrued >= threshold { "at least" } else { "below" };
    steps.push(match decided_by {
        Some(event) => format!("{}: decided by {event}, not decided again", row.state),
        None if stood => format!("{} before the ledger began: not decided again", row.state),
        None => format!("{} is {comparison} the threshold of {threshold}: {}", row.accrued, row.state),
    });
    if row.state != "open" {
        steps.push(format!(
            "accrued {} + overdrawn {} = converted {} + consumed {} + reserved {} + available {} + forfeited {}",
            row.accrued, row.overdrawn, row.converted, row.consumed, row.reserved, row.available, row.forfeited
        ));
    }
    Ok(steps)
}
