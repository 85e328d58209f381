//! Why a month was paid, held, carried or lost.

use super::subject::Subject;
use super::{Cited, ExplainError, Explainer};
use daybook_event::{Exact, Month, NaiveDate, PartnerId};
use daybook_views::rows::PayoutRow;
use daybook_views::{Fact, FactKind, PartnerRows};
use serde::Serialize;

/// A payout explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PayoutExplanation {
    /// One plain sentence.
    pub summary: String,
    /// The row.
    #[serde(flatten)]
    pub row: PayoutRow,
    /// The through date.
    pub through: NaiveDate,
    /// Which terms and why.
    pub terms: String,
    /// The numbers of the rule book that it used.
    pub rules: Vec<Cited>,
    /// What is payable, a part each.
    pub parts: Vec<PayoutPart>,
    /// The sum of the parts.
    pub payable: Exact,
    /// The tax and bank facts up to the through date: a hold asks for both.
    pub standing_facts: Vec<String>,
    /// The arithmetic, a step each.
    pub arithmetic: Vec<String>,
}

/// A part of what is payable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PayoutPart {
    /// What it is.
    pub of: String,
    /// How much.
    pub amount: Exact,
}

/// Explains the payout of a partner's month.
///
/// # Errors
/// [`ExplainError`] when there is none.
pub(super) fn explain(
    explainer: &Explainer<'_>,
    partner_id: &PartnerId,
    month: Month,
) -> Result<PayoutExplanation, ExplainError> {
    let subject = Subject::new(explainer, partner_id)?;
    let (book, through) = (subject.book, subject.through);
    let rows = subject.rows();
    let no_payout = || ExplainError::NoPayout { partner_id: partner_id.to_string(), month };
    let row = rows.payouts.iter().find(|row| row.month == month).cloned().ok_or_else(no_payout)?;
    let set = book.set_on_or_first(month.last_day());
    let parts = parts(&rows, &row)?;
    let payable = parts.iter().try_fold(Exact::ZERO, |sum, part| sum.plus(part.amount))?;
    let paths = ["payout.minimum", "payout.due", "payout.hold", "payout.program_year_end"];
    let known = set.origins.keys().filter(|path| paths.iter().any(|known| path.starts_with(known)));
    Ok(PayoutExplanation {
        summary: summary(&row, payable),
        through,
        terms: format!(
            "{} ({}), in force from {}: the month's last day decides",
            set.version, set.title, set.valid_from
        ),
        rules: known.map(|path| Cited::stated(set, path)).collect(),
        arithmetic: arithmetic(&row, payable, set.payout.minimum),
        standing_facts: standing_facts(&subject),
        parts,
        payable,
        row,
    })
}

fn parts(rows: &PartnerRows, row: &PayoutRow) -> Result<Vec<PayoutPart>, ExplainError> {
    let mut found = Vec::new();
    for posting in rows.postings.iter().filter(|posting| posting.month == row.month) {
        let of = format!("rebate of {} under {}", posting.lever, posting.rule_set);
        found.push(PayoutPart { of, amount: posting.rebate });
    }
    if !row.converted.is_zero() {
        found.push(PayoutPart { of: "co-op converted to rebate".to_owned(), amount: row.converted });
    }
    for true_up in rows.true_ups.iter().filter(|true_up| true_up.month == row.month) {
        let of = format!("true-up of {} ({})", true_up.closed_month, true_up.cause);
        found.push(PayoutPart { of, amount: true_up.rebate });
    }
    let before = rows.payouts.iter().rev().find(|other| other.month < row.month);
    let carried = before.map(|other| other.carried_out).unwrap_or_default();
    if !carried.is_zero() {
        found.push(PayoutPart { of: "carried in from the month before".to_owned(), amount: carried });
    }
    let opening = row.carried_in.minus(carried)?;
    if !opening.is_zero() {
        found.push(PayoutPart { of: "carried in from before the ledger began".to_owned(), amount: opening });
    }
    Ok(found)
}

/// What is known of tax and bank data, a line each.
fn standing_facts(subject: &Subject<'_>) -> Vec<String> {
    let told = |fact: &Fact| match &fact.kind {
        FactKind::Standing(standing) if matches!(standing.fact.as_str(), "tax_profile" | "bank_profile") => {
            let held = if standing.value == daybook_event::StandingValue::Lapsed { "lapsed" } else { "held" };
            Some(format!("{} {} {held} ({} #{})", fact.effective_on, standing.fact, fact.id, fact.position))
        }
        _ => None,
    };
    subject.history.facts().iter().filter(|fact| subject.counts(fact)).filter_map(told).collect()
}

fn summary(row: &PayoutRow, payable: Exact) -> String {
    let PayoutRow { partner_id, month, paid, held, forfeited, carried_out, due_on, .. } = row;
    let what = if !held.is_zero() {
        format!("{held} waits for tax or bank data since {due_on}")
    } else if !forfeited.is_zero() {
        format!("{forfeited} is lost")
    } else if !carried_out.is_zero() {
        format!("{carried_out} is carried to the next month")
    } else {
        format!("{paid} is paid, due on {due_on}")
    };
    format!("{payable} is payable to {partner_id} for {month}: {what}.")
}

fn arithmetic(row: &PayoutRow, payable: Exact, minimum: Exact) -> Vec<String> {
    let comparison = if payable >= minimum && !payable.is_negative() { "at least" } else { "below" };
    vec![
        format!(
            "payable = rebate {} + converted {} + true-ups {} + carried in {} = {payable}",
            row.rebate, row.converted, row.true_up, row.carried_in
        ),
        format!("{payable} is {comparison} the minimum of {minimum}"),
        format!(
            "{payable} = paid {} + held {} + forfeited {} + carried out {}",
            row.paid, row.held, row.forfeited, row.carried_out
        ),
    ]
}
