//! The smallest change with which a refused claim would have been accepted: found by putting right one failing check after
//! the other, and trying.

use super::change::{Need, SmallestChange};
use super::claim::all_steps;
use super::subject::Subject;
use super::{ExplainError, lot_change};
use daybook_event::{Amount, ClaimState, CoopClaim, Exact, Month, NaiveDate, Overflow};
use daybook_rules::calendar::Period;
use daybook_rules::model::{ResolveAt, RuleBook};
use daybook_views::codes::Refusal;
use daybook_views::reasons::{Against, Check, StepReason};
use daybook_views::{Fact, FactKind, LotDays};

/// The fields of a submission that a change may touch.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fields {
    on: NaiveDate,
    start: Option<NaiveDate>,
    end: Option<NaiveDate>,
    activity: String,
    /// In program currency; none: as it is.
    amount: Option<Exact>,
}

/// What comes of a failing check.
enum Repair {
    /// Try again with other fields.
    Fields(Fields),
    /// This is the change, whatever the fields.
    Is(SmallestChange),
    /// Nothing of the submission would help.
    Nothing,
}

/// Failing checks that are put right at the most: there are nine, and each is put right once.
const REPAIRS_MAX: usize = 9;

/// The smallest change; none where no change of the submission alone would have sufficed.
pub(super) fn smallest(
    subject: &Subject<'_>,
    claim_id: &str,
    steps: &[StepReason],
) -> Result<Option<SmallestChange>, ExplainError> {
    let mut submissions = steps.iter().rev().filter(|step| step.to == ClaimState::Submitted && step.stage.is_some());
    let Some(step) = submissions.next() else { return Ok(None) };
    let Some(fact) = subject.fact(&step.event) else { return Ok(None) };
    let FactKind::Claim(claim) = &fact.kind else { return Ok(None) };
    let (start, end) = step.activity_days;
    let own = Fields { on: step.on, start, end, activity: step.activity.clone(), amount: None };
    let mut fields = own.clone();
    for _ in 0..REPAIRS_MAX {
        let Some(tried) = tried(subject, fact, claim, &fields)? else { return Ok(None) };
        let Some(failing) = tried.checks.iter().find(|check| !check.passed) else {
            let needs = differences(step, &own, &fields);
            let outcome = format!("the check accepts claim {claim_id}");
            return Ok((!needs.is_empty()).then(|| SmallestChange::of(needs, &outcome)));
        };
        match repair(subject, failing, &tried, &fields)? {
            Repair::Fields(next) if next != fields => fields = next,
            Repair::Is(change) => return Ok(Some(change)),
            Repair::Fields(_) | Repair::Nothing => return Ok(None),
        }
    }
    Ok(None)
}

/// The submission judged with these fields.
fn tried(
    subject: &Subject<'_>,
    fact: &Fact,
    claim: &CoopClaim,
    fields: &Fields,
) -> Result<Option<StepReason>, Overflow> {
    let amount = fields.amount.map(|amount| Amount::parse(&amount.to_string())).transpose();
    let Ok(amount) = amount else { return Ok(None) };
    let program = subject.book.sets[0].currency;
    let claim = CoopClaim {
        activity: fields.activity.clone(),
        activity_start: fields.start,
        activity_end: fields.end,
        amount: amount.or(claim.amount),
        currency: if amount.is_some() { Some(program) } else { claim.currency },
        ..claim.clone()
    };
    let changed = Fact { effective_on: fields.on, kind: FactKind::Claim(claim), ..fact.clone() };
    // A later date of submission must be past to count.
    let through = subject.through.max(fields.on);
    let later = subject.later(through);
    let steps = all_steps(&later, &subject.with(&[changed]))?;
    Ok(steps.into_iter().find(|step| step.event == fact.id && step.stage.is_some()))
}

fn repair(subject: &Subject<'_>, failing: &Check, tried: &StepReason, fields: &Fields) -> Result<Repair, ExplainError> {
    let with = |change: &dyn Fn(&mut Fields)| {
        let mut next = fields.clone();
        change(&mut next);
        Repair::Fields(next)
    };
    let unit = subject.book.set_on_or_first(fields.start.unwrap_or(fields.on)).rounding.unit();
    Ok(match (&failing.against, failing.code) {
        (Against::Lot { start }, _) => no_lot(subject, *start, fields)?,
        (Against::Window { last, .. }, Refusal::Late) => with(&|next| next.on = *last),
        (Against::Window { first, .. }, _) => with(&|next| next.on = *first),
        (Against::Usage { start, end, last, .. }, _) => {
            let end = end.unwrap_or(*start).clamp(*start, *last);
            with(&|next| next.end = Some(end))
        }
        (Against::Activity { .. }, _) => match free_activity(subject.book, fields) {
            Some(name) => with(&|next| next.activity.clone_from(&name)),
            None => Repair::Nothing,
        },
        (Against::Amount { .. }, _) => with(&|next| next.amount = Some(unit)),
        (Against::Rate { .. }, _) => {
            let currency = tried.amount.and_then(|(_, currency)| currency);
            let Some(currency) = currency else { return Ok(Repair::Nothing) };
            let need = Need::ExchangeRate { currency: currency.to_string(), month: tried.submitted_in };
            Repair::Is(SmallestChange::of(vec![need], "the claim is judged anew by itself"))
        }
        (Against::Limit { amount, .. } | Against::Balance { amount, .. }, _) => {
            let with = |amount: Exact| Fields { amount: Some(amount), ..fields.clone() };
            let most = most(*amount, unit, |amount| accepts(subject, tried, &with(amount)))?;
            most.map_or(Repair::Nothing, |amount| Repair::Fields(with(amount)))
        }
    })
}

/// Whether the submission is accepted with these fields.
fn accepts(subject: &Subject<'_>, step: &StepReason, fields: &Fields) -> Result<bool, Overflow> {
    let fact = subject.fact(&step.event);
    let Some((fact, FactKind::Claim(claim))) = fact.map(|fact| (fact, &fact.kind)) else { return Ok(false) };
    let tried = tried(subject, fact, claim, fields)?;
    Ok(tried.is_some_and(|step| step.checks.iter().all(|check| check.passed)))
}

/// The greatest whole number of units up to the amount that is accepted: less is never worse. Found by trying, since several
/// lots may take the claim, each with what it has left.
fn most(
    amount: Exact,
    unit: Exact,
    accepts: impl Fn(Exact) -> Result<bool, Overflow>,
) -> Result<Option<Exact>, Overflow> {
    let of = |units: i128| Exact::from_raw(units * unit.raw());
    let (mut accepted, mut too_much) = (0, amount.raw() / unit.raw() + 1);
    while too_much - accepted > 1 {
        let middle = accepted + (too_much - accepted) / 2;
        if accepts(of(middle))? {
            accepted = middle;
        } else {
            too_much = middle;
        }
    }
    Ok((accepted > 0).then(|| of(accepted)))
}

/// The first activity without a limit, or else the first.
fn free_activity(book: &RuleBook, fields: &Fields) -> Option<String> {
    let activities = &book.set_on_or_first(fields.start?).coop.activities;
    let free = activities.iter().find(|activity| activity.limit.is_none());
    free.or(activities.first()).map(|activity| activity.name.clone())
}

/// Without a usable lot on the activity's first day: the lot that should have been, or else the days of another one.
fn no_lot(subject: &Subject<'_>, start: Option<NaiveDate>, fields: &Fields) -> Result<Repair, ExplainError> {
    let (book, calendar) = (subject.book, subject.book.calendar());
    let lots = subject.rows().lots;
    let asked = start.unwrap_or(fields.on);
    let ordinary = calendar.period_of(Month::of(asked)).previous();
    let of_ordinary = lots.iter().find(|lot| lot.period == ordinary.to_string());
    if of_ordinary.is_some_and(|lot| lot.state == "open") {
        let date = ordinary.last_day();
        let outcome = format!("the lot of {ordinary} is decided, and the claim judged anew by itself");
        return Ok(Repair::Is(SmallestChange::of(vec![Need::Through { date }], &outcome)));
    }
    let usable = lots.iter().filter(|lot| lot.state == "usable").filter_map(|lot| calendar.period_parse(&lot.period));
    let distance = |period: &Period| {
        let (first, last) = LotDays::of(book, *period).used;
        (asked - asked.clamp(first, last)).num_days().abs()
    };
    if let Some(period) = usable.min_by_key(distance) {
        let (first, last) = LotDays::of(book, period).used;
        let start = asked.clamp(first, last);
        let end = fields.end.unwrap_or(start).clamp(start, last);
        return Ok(Repair::Fields(Fields { start: Some(start), end: Some(end), ..fields.clone() }));
    }
    let accrued = of_ordinary.map(|lot| lot.accrued).unwrap_or_default();
    let missing = threshold(book, ordinary).minus(accrued)?;
    let change = if missing.is_positive() { lot_change::smallest(subject, ordinary, missing)? } else { None };
    Ok(change.map_or(Repair::Nothing, Repair::Is))
}

/// The threshold of a period's lot.
pub(super) fn threshold(book: &RuleBook, period: Period) -> Exact {
    let at_end = &book.set_on_or_first(period.last_day()).coop;
    match at_end.resolve_at {
        ResolveAt::PeriodEnd => at_end.threshold,
        ResolveAt::PeriodStart => book.set_on_or_first(period.first_day()).coop.threshold,
    }
}

/// What is otherwise than it was submitted.
fn differences(step: &StepReason, own: &Fields, other: &Fields) -> Vec<Need> {
    let text = |date: Option<NaiveDate>| date.map(|date| date.to_string()).unwrap_or_default();
    let amount = |fields: &Fields| fields.amount.or(step.program_amount).map(|amount| amount.to_string());
    let fields = [
        ("submitted_on", own.on.to_string(), other.on.to_string()),
        ("activity_start", text(own.start), text(other.start)),
        ("activity_end", text(own.end), text(other.end)),
        ("activity", own.activity.clone(), other.activity.clone()),
        ("amount", amount(own).unwrap_or_default(), amount(other).unwrap_or_default()),
    ];
    let differ = fields.into_iter().filter(|(_, has, wants)| has != wants);
    let need = |(field, has, wants): (&str, String, String)| Need::Submission {
        event: step.event.to_string(),
        field: field.to_owned(),
        has,
        wants,
    };
    differ.map(need).collect()
}
