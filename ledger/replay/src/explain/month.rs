//! Why a month earned what it earned, and why the rest did not.

use super::bucket::{self, BucketExplanation};
use super::closed::{self, ClosedMonth};
use super::line::{ExplainedContribution, ExplainedLine, explained};
use super::meaning::FlagExplanation;
use super::subject::{FoldedMonth, Subject};
use super::{Cited, ExplainError, Explainer};
use daybook_event::{Exact, Month, NaiveDate, PartnerId};
use daybook_rules::model::{Base, RuleSet};
use daybook_views::rows::{ConservationRow, PostingRow};
use daybook_views::{PricedLine, settle};
use serde::Serialize;
use std::collections::BTreeSet;

/// A month explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MonthExplanation {
    /// One plain sentence.
    pub summary: String,
    /// The partner.
    pub partner_id: PartnerId,
    /// The earning month.
    pub month: Month,
    /// The through date.
    pub through: NaiveDate,
    /// What earned, a posting each.
    pub postings: Vec<PostingExplanation>,
    /// What did not, a bucket each.
    pub not_earning: Vec<BucketExplanation>,
    /// Where everything billed went; empty when only one lever was asked for.
    pub conservation: Option<ConservationRow>,
    /// What the figures of the month miss.
    pub provisional: Vec<FlagExplanation>,
    /// Of a closed month: what was pinned, and what was booked for it later.
    pub closed: Option<ClosedMonth>,
}

/// A posting explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PostingExplanation {
    /// The row.
    #[serde(flatten)]
    pub row: PostingRow,
    /// Which terms and why.
    pub terms: String,
    /// The numbers of the rule book that it used.
    pub rules: Vec<Cited>,
    /// Its lines in order.
    pub lines: Vec<ExplainedLine>,
    /// Sum of the contributions, before rounding.
    pub contributions: Exact,
    /// The arithmetic, a step each.
    pub arithmetic: Vec<String>,
}

/// Explains a month of a partner: all its postings or those of one lever, and what did not earn.
///
/// # Errors
/// [`ExplainError`] when there is nothing to explain, saying what there is instead.
pub(super) fn explain(
    explainer: &Explainer<'_>,
    partner_id: &PartnerId,
    month: Month,
    lever: Option<&str>,
) -> Result<MonthExplanation, ExplainError> {
    let subject = Subject::new(explainer, partner_id)?;
    let through = subject.through;
    let closed = closed::month(&subject, month, lever)?;
    let Some(folded) = subject.month(month)?.filter(|folded| !folded.lines.is_empty()) else {
        return unbilled(&subject, month, lever, closed);
    };
    let rows = settle(subject.book, &subject.fx, partner_id, subject.history, &folded.state, through)?;
    let of_month: Vec<&PostingRow> = rows.postings.iter().filter(|row| row.month == month).collect();
    let wanted = |row: &&&PostingRow| lever.is_none_or(|lever| row.lever == lever);
    let is_pinned = closed.as_ref().is_some_and(ClosedMonth::has_rows);
    if let Some(lever) = lever.filter(|_| !is_pinned && !of_month.iter().any(|row| wanted(&row))) {
        let known = of_month.iter().map(|row| row.lever.to_string());
        return Err(no_lever(&subject, month, lever, known.collect())?);
    }
    let posting = |row: &&PostingRow| posting(&subject, &folded, row);
    let postings = of_month.iter().filter(wanted).map(posting).collect::<Result<Vec<_>, _>>()?;
    let not_earning = if lever.is_none() { bucket::not_earning(&subject, &folded)? } else { Vec::new() };
    let provisional = rows.provisional.iter().filter(|row| row.month == month).map(FlagExplanation::of).collect();
    let conservation = rows.conservation.into_iter().find(|row| row.month == month).filter(|_| lever.is_none());
    Ok(MonthExplanation {
        summary: summary(partner_id, month, lever, &postings, &not_earning, closed.as_ref())?,
        partner_id: partner_id.clone(),
        month,
        through,
        postings,
        not_earning,
        conservation,
        provisional,
        closed,
    })
}

/// A month in which nothing that counts was billed: of a closed one, what was pinned all the same.
fn unbilled(
    subject: &Subject<'_>,
    month: Month,
    lever: Option<&str>,
    closed: Option<ClosedMonth>,
) -> Result<MonthExplanation, ExplainError> {
    let (partner_id, through) = (subject.partner_id, subject.through);
    let Some(closed) = closed.filter(ClosedMonth::has_rows) else {
        let whole = closed::month(subject, month, None)?.filter(ClosedMonth::has_rows);
        if let (Some(lever), Some(_)) = (lever, whole) {
            return Err(no_lever(subject, month, lever, BTreeSet::new())?);
        }
        return Err(ExplainError::NothingBilled { partner_id: partner_id.to_string(), month, through });
    };
    Ok(MonthExplanation {
        summary: summary(partner_id, month, lever, &[], &[], Some(&closed))?,
        partner_id: partner_id.clone(),
        month,
        through,
        postings: Vec::new(),
        not_earning: Vec::new(),
        conservation: None,
        provisional: Vec::new(),
        closed: Some(closed),
    })
}

/// That there is no such lever, with those that there are: of now, pinned, or booked later.
fn no_lever(
    subject: &Subject<'_>,
    month: Month,
    lever: &str,
    mut known: BTreeSet<String>,
) -> Result<ExplainError, ExplainError> {
    if let Some(closed) = closed::month(subject, month, None)? {
        known.extend(closed.pinned.into_iter().map(|row| row.lever.to_string()));
        known.extend(closed.true_ups.into_iter().map(|row| row.lever.to_string()));
    }
    let known = known.into_iter().collect::<Vec<_>>().join(", ");
    let known = if known.is_empty() { "none".to_owned() } else { known };
    Ok(ExplainError::NoLever { partner_id: subject.partner_id.to_string(), month, lever: lever.to_owned(), known })
}

/// A posting with its lines; its own arithmetic must give the row.
fn posting(subject: &Subject<'_>, folded: &FoldedMonth, row: &PostingRow) -> Result<PostingExplanation, ExplainError> {
    let sets = &subject.book.sets;
    let set = sets.iter().find(|set| set.version == row.rule_set).unwrap_or(&sets[0]);
    let mut lines = Vec::new();
    let (mut base, mut contributions) = (Exact::ZERO, Exact::ZERO);
    let is_of = |at: usize| set.levers[at].name == row.lever;
    let of_set = |priced: &&PricedLine| priced.rule_set.is_some_and(|at| sets[at].version == row.rule_set);
    for priced in folded.lines.iter().filter(of_set) {
        let part = priced.contributions.iter().find(|part| is_of(part.lever));
        // A line of a growth lever stands here without a part of its own: the customer's last one has it.
        if part.is_none() && !priced.growth.iter().any(|&at| is_of(at)) {
            continue;
        }
        let mut line = explained(subject, folded, priced);
        line.contribution = part.map(|part| {
            let lever = &set.levers[part.lever];
            ExplainedContribution::of(part, lever.rate, lever.cap.map(|cap| cap.amount))
        });
        if let Some(part) = part {
            base = base.plus(part.base)?;
            contributions = contributions.plus(part.amount)?;
        }
        lines.push(line);
    }
    let earned = set.rounding.round(contributions);
    let rebate = set.rounding.round(earned.times(set.split.rebate)?);
    let coop = earned.minus(rebate)?;
    assert_eq!(
        (base, earned, rebate, coop),
        (row.base, row.earned, row.rebate, row.coop),
        "the explanation of {} {} {} disagrees with its figure",
        row.partner_id,
        row.month,
        row.lever
    );
    let arithmetic = vec![
        format!("sum of contributions of {} lines = {contributions}", lines.len()),
        format!("earned = round({contributions}) to {}, half to even = {earned}", set.rounding.unit()),
        format!("rebate = round({earned} x {}) = {rebate}", set.split.rebate),
        format!("co-op  = {earned} - {rebate} = {coop}"),
    ];
    Ok(PostingExplanation {
        terms: terms(set),
        rules: posting_rules(set, &row.lever),
        row: row.clone(),
        lines,
        contributions,
        arithmetic,
    })
}

fn terms(set: &RuleSet) -> String {
    format!(
        "{} ({}), in force from {}: the date of each line decides (a credit: its line's)",
        set.version, set.title, set.valid_from
    )
}

fn posting_rules(set: &RuleSet, name: &str) -> Vec<Cited> {
    let mut cited = Vec::new();
    if let Some(lever) = set.levers.iter().find(|lever| lever.name == name) {
        let asked = ["match.product_group", "match.segment", "match.market", "match.charge_type", "needs"];
        let paths = asked.iter().map(|key| format!("lever.{name}.{key}"));
        cited.extend(paths.filter(|path| set.origins.contains_key(path)).map(|path| Cited::stated(set, &path)));
        cited.push(Cited::of(set, &format!("lever.{name}.rate"), lever.rate));
        if let Base::CustomerAdd { months, monthly_at_least } = lever.base {
            cited.push(Cited::of(set, &format!("lever.{name}.base.months"), format!("{months}mo")));
            cited.push(Cited::of(set, &format!("lever.{name}.base.monthly_at_least"), monthly_at_least));
        }
        if let Some(cap) = lever.cap {
            cited.push(Cited::of(set, &format!("lever.{name}.cap.amount"), cap.amount));
        }
    }
    cited.push(Cited::of(set, "rounding.unit", set.rounding.unit()));
    cited.push(Cited::of(set, "split.rebate", set.split.rebate));
    cited.push(Cited::of(set, "split.coop", set.split.coop));
    cited
}

fn summary(
    partner_id: &PartnerId,
    month: Month,
    lever: Option<&str>,
    postings: &[PostingExplanation],
    not_earning: &[BucketExplanation],
    closed: Option<&ClosedMonth>,
) -> Result<String, ExplainError> {
    let mut earned = Exact::ZERO;
    let (mut rebate, mut coop) = (Exact::ZERO, Exact::ZERO);
    for posting in postings {
        earned = earned.plus(posting.row.earned)?;
        rebate = rebate.plus(posting.row.rebate)?;
        coop = coop.plus(posting.row.coop)?;
    }
    let with = lever.map(|lever| format!(" with {lever}")).unwrap_or_default();
    let mut text = format!("{partner_id} earned {earned}{with} in {month}: {rebate} as rebate and {coop} as co-op");
    if let Some(closed) = closed {
        text.push_str(&format!(", as the records give it now; closed with {}", closed.earned()?));
    }
    text.push('.');
    for bucket in not_earning {
        text.push_str(&format!(" {} did not earn ({}).", bucket.money(), bucket.bucket));
    }
    Ok(text)
}
