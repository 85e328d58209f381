//! What became of a claim, step by step, and what each check held against what.

use super::change::SmallestChange;
use super::line::ExchangeUsed;
use super::subject::Subject;
use super::{Cited, ExplainError, Explainer, claim_change, meaning};
use daybook_event::{ClaimState, Exact, NaiveDate, PartnerId, Position};
use daybook_rules::calendar::Period;
use daybook_rules::model::{RuleBook, RuleSet};
use daybook_views::codes::Refusal;
use daybook_views::reasons::{Against, Check, LotSums, PartnerOn, StepReason, claim_steps, claim_steps_closed};
use daybook_views::rows::ClaimRow;
use daybook_views::{FactKind, LotDays};
use serde::Serialize;

/// A claim explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaimExplanation {
    /// One plain sentence.
    pub summary: String,
    /// The row.
    #[serde(flatten)]
    pub row: ClaimRow,
    /// The through date.
    pub through: NaiveDate,
    /// Of a refused claim: what the code means.
    pub sentence: String,
    /// Of a refused claim: what to do.
    pub how_to: String,
    /// The dates of the lot that it draws on; none where its dates name none.
    pub lot_days: Option<LotWindow>,
    /// The numbers of the rule book that it used.
    pub rules: Vec<Cited>,
    /// Its steps in order.
    pub steps: Vec<ExplainedStep>,
    /// Of a refused claim: with what it would have been accepted; none where nothing tried would have sufficed.
    pub smallest_change: Option<SmallestChange>,
}

/// The dates of a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LotWindow {
    /// First and last day of the earning period.
    pub earned_between: (NaiveDate, NaiveDate),
    /// First and last day of the usage period.
    pub used_between: (NaiveDate, NaiveDate),
    /// First and last day of the claim window.
    pub claimed_between: (NaiveDate, NaiveDate),
}

impl LotWindow {
    pub(super) fn of(book: &RuleBook, period: Period) -> Self {
        let LotDays { used, claimed } = LotDays::of(book, period);
        let earned_between = (period.first_day(), period.last_day());
        Self { earned_between, used_between: used, claimed_between: claimed }
    }
}

/// A step of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedStep {
    /// The event.
    pub event: String,
    /// The record.
    pub position: Position,
    /// Its date.
    pub on: NaiveDate,
    /// Where the claim stood before; empty: it was not known.
    pub from: String,
    /// The state that the step names.
    pub to: String,
    /// Where the claim stands after it; empty: a claim cannot take this step from there, so it has no effect.
    pub stage: String,
    /// The money of the step, with its currency; empty where it names none.
    pub amount: String,
    /// Program currency after the step; none without a rate.
    pub program_amount: Option<Exact>,
    /// The exchange rate used, where one was: that of the month of the last submission.
    pub exchange: Option<ExchangeUsed>,
    /// The activity after the step.
    pub activity: String,
    /// Its first and last day after the step; one without a first day has no lot.
    pub activity_days: (Option<NaiveDate>, Option<NaiveDate>),
    /// The earning period of the lot that the claim draws on after the step; empty for none.
    pub period: String,
    /// Of a submission: every check, in order. The first that does not pass refuses it.
    pub checks: Vec<ExplainedCheck>,
    /// The lot before the step.
    pub lot_before: LotBalance,
    /// The lot after it.
    pub lot_after: LotBalance,
}

/// One check of a submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedCheck {
    /// The refusal that it gives where it does not pass.
    pub code: String,
    /// Whether it passes.
    pub passed: bool,
    /// What was measured.
    pub measured: String,
    /// What was required.
    pub required: String,
    /// Where it compares money: what would be left after it, negative where it does not pass.
    pub margin: Option<Exact>,
}

/// What a lot holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LotBalance {
    /// `open`, `usable`, `converted` or `none`.
    pub state: String,
    /// Its co-op on the through date.
    pub accrued: Exact,
    /// Neither consumed nor reserved.
    pub left: Exact,
    /// Held back for claims under way.
    pub reserved: Exact,
    /// Taken, overdrawn included.
    pub consumed: Exact,
    /// Approved beyond what was there.
    pub overdrawn: Exact,
}

/// Explains a claim of a partner.
///
/// # Errors
/// [`ExplainError`] when there is no such claim, naming those that there are.
pub(super) fn explain(
    explainer: &Explainer<'_>,
    partner_id: &PartnerId,
    claim_id: &str,
) -> Result<ClaimExplanation, ExplainError> {
    let subject = Subject::new(explainer, partner_id)?;
    let (book, through) = (subject.book, subject.through);
    let rows = subject.rows();
    let known = rows.claims.iter().map(|row| row.claim_id.as_str()).collect::<Vec<_>>().join(", ");
    let no_claim = || ExplainError::NoClaim {
        partner_id: partner_id.to_string(),
        claim_id: claim_id.to_owned(),
        through,
        known: if known.is_empty() { "none".to_owned() } else { known.clone() },
    };
    let steps = steps_of(&subject, claim_id)?;
    // A claim whose first step is none that it may take is in no row, and has nothing to explain but that.
    let row = rows.claims.iter().find(|row| row.claim_id == claim_id).cloned().ok_or_else(no_claim)?;
    let period = steps.iter().rev().find_map(|step| step.period);
    let refusal = Refusal::parse(&row.refused);
    let (sentence, how_to) = refusal.map_or_else(Default::default, |_| meaning::of_claim(&row));
    let smallest_change = if refusal.is_some() { claim_change::smallest(&subject, claim_id, &steps)? } else { None };
    Ok(ClaimExplanation {
        summary: summary(&row, period, book),
        through,
        sentence,
        how_to,
        lot_days: period.map(|period| LotWindow::of(book, period)),
        rules: rules(book, &steps),
        steps: steps.iter().map(|step| explained(&subject, step)).collect(),
        smallest_change,
        row,
    })
}

/// The claim's steps with what each did.
pub(super) fn steps_of(subject: &Subject<'_>, claim_id: &str) -> Result<Vec<StepReason>, ExplainError> {
    let is_step = |step: &StepReason| {
        let fact = subject.fact(&step.event).map(|fact| &fact.kind);
        matches!(fact, Some(FactKind::Claim(claim)) if claim.claim_id == claim_id)
    };
    let mut steps = all_steps(subject, subject.history)?;
    steps.retain(is_step);
    Ok(steps)
}

/// Every step of every claim in a history of the partner.
pub(super) fn all_steps(
    subject: &Subject<'_>,
    history: &daybook_views::PartnerHistory,
) -> Result<Vec<StepReason>, daybook_event::Overflow> {
    let (book, fx, partner_id) = (subject.book, &subject.fx, subject.partner_id);
    let state = PartnerOn::fold(book, fx, partner_id, history, subject.through)?.into_state();
    match subject.closed {
        Some(closed) => claim_steps_closed(closed, partner_id, history, &state),
        None => claim_steps(book, fx, partner_id, &state, subject.through),
    }
}

fn explained(subject: &Subject<'_>, step: &StepReason) -> ExplainedStep {
    let program = subject.book.sets[0].currency;
    let currency = step.amount.and_then(|(_, currency)| currency).filter(|currency| *currency != program);
    let rate = currency.and_then(|currency| subject.fx.rate(currency, step.submitted_in));
    let fact = subject.fact(&step.event);
    let (amount, named) = match step.amount {
        Some((amount, Some(currency))) => (format!("{amount} {currency}"), true),
        Some((amount, None)) => (amount.to_string(), true),
        None => (String::new(), false),
    };
    ExplainedStep {
        event: step.event.to_string(),
        position: fact.map(|fact| fact.position).unwrap_or_default(),
        on: step.on,
        from: step.from.unwrap_or_default().to_owned(),
        to: step.to.as_str().to_owned(),
        stage: step.stage.unwrap_or_default().to_owned(),
        amount,
        program_amount: step.program_amount,
        exchange: rate.filter(|_| named).map(|(rate, event)| ExchangeUsed {
            rate: rate.to_string(),
            month: step.submitted_in,
            event: event.to_string(),
        }),
        activity: step.activity.clone(),
        activity_days: step.activity_days,
        period: step.period.map(|period| period.to_string()).unwrap_or_default(),
        checks: step.checks.iter().map(check).collect(),
        lot_before: balance(&step.before),
        lot_after: balance(&step.after),
    }
}

fn balance(sums: &LotSums) -> LotBalance {
    let LotSums { state, accrued, left, reserved, consumed, overdrawn } = *sums;
    LotBalance { state: state.to_owned(), accrued, left, reserved, consumed, overdrawn }
}

fn check(check: &Check) -> ExplainedCheck {
    let date = |date: Option<NaiveDate>| date.map_or_else(|| "no date".to_owned(), |date| date.to_string());
    let money = |amount: Option<String>| amount.unwrap_or_else(|| "none".to_owned());
    let (measured, required, margin) = match &check.against {
        Against::Lot { start } => {
            let measured = format!("activity from {}", date(*start));
            (measured, "a usable lot whose usage period holds that day".to_owned(), None)
        }
        Against::Window { on, first, last } => {
            let required = if check.code == Refusal::Late { format!("by {last}") } else { format!("from {first}") };
            (format!("submitted on {on}"), required, None)
        }
        Against::Usage { start, end, first, last } => {
            (format!("activity {start} to {}", date(*end)), format!("within {first} to {last}"), None)
        }
        Against::Activity { name } => (format!("activity {name:?}"), "an approved activity".to_owned(), None),
        Against::Amount { amount } => {
            (money(amount.map(|amount| amount.to_string())), "more than zero".to_owned(), None)
        }
        Against::Rate { amount } => {
            let measured = money(amount.map(|amount| amount.to_string()));
            (measured, "an exchange rate for the month of submission".to_owned(), None)
        }
        Against::Limit { amount, used, limit } => {
            let margin = limit.minus(*used).and_then(|left| left.minus(*amount)).ok();
            (format!("{used} by other claims + {amount}"), format!("at most {limit}"), margin)
        }
        Against::Balance { amount, left } => {
            (amount.to_string(), format!("at most the {left} left"), left.minus(*amount).ok())
        }
    };
    ExplainedCheck { code: check.code.as_str().to_owned(), passed: check.passed, measured, required, margin }
}

/// The limit of each activity claimed, and what splits and rounds.
fn rules(book: &RuleBook, steps: &[StepReason]) -> Vec<Cited> {
    let mut found: Vec<Cited> = Vec::new();
    for step in steps.iter().filter(|step| step.to == ClaimState::Submitted) {
        let Some(start) = step.activity_days.0 else { continue };
        let set = book.set_on_or_first(start);
        let under = format!("coop.activity.{}.", step.activity);
        let of_activity = set.origins.range(under.clone()..).take_while(|(path, _)| path.starts_with(&under));
        let mut cite = |set: &RuleSet, path: &str| {
            let cited = Cited::stated(set, path);
            if !found.contains(&cited) {
                found.push(cited);
            }
        };
        of_activity.for_each(|(path, _)| cite(set, path));
    }
    found
}

fn summary(row: &ClaimRow, period: Option<Period>, book: &RuleBook) -> String {
    let lot = period.map_or_else(
        || "names no lot".to_owned(),
        |period| {
            let (_, closes) = LotDays::of(book, period).claimed;
            format!("draws on the lot of {period}, claimable until {closes}")
        },
    );
    let amount =
        if row.amount.is_empty() { "an amount without an exchange rate".to_owned() } else { row.amount.clone() };
    let refused =
        if row.refused.is_empty() { String::new() } else { format!(" Our check refused it: {}.", row.refused) };
    format!("Claim {} of {} is {} for {amount}; it {lot}.{refused}", row.claim_id, row.partner_id, row.state)
}
