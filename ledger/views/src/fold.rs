//! The fold itself: month-steps, then the settlement of everything that looks across months.

use crate::booking::{book_month, note_oddities};
use crate::caps::apply_caps;
use crate::claims::ClaimStep;
use crate::closing::Pinned;
use crate::competency::Certification;
use crate::coop::settle_coop;
use crate::credits::{Resolved, Resolver};
use crate::customers::{Asked, Told};
use crate::fact::{Fact, FactKind};
use crate::fx::FxTable;
use crate::growth::{self, BilledAs};
use crate::history::{FactSource, PartnerHistory};
use crate::lots::lots;
use crate::openings::{note_adjustment, note_balance, note_opening};
use crate::payout::settle_payouts;
use crate::pricing::{PricedLine, Pricer};
use crate::rows::{FindingRow, PartnerRows, PostingRow, ProvisionalRow, TrueUpRow};
use crate::standing::MonthOfStanding;
use crate::state::{Credited, FactHistory, FactValue, PartnerState};
use chrono::{Days, NaiveDate};
use daybook_event::{EventRef, Month, Name, Overflow, PartnerId};
use daybook_rules::model::RuleBook;

/// Why a fold stopped.
#[derive(Debug, thiserror::Error)]
pub enum FoldError<E> {
    /// A sum left the range of exact money. The partner then has no figures, and says so.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// The facts could not be read.
    #[error("cannot read the partner's facts: {0}")]
    Facts(E),
}

/// A partner folded whole.
#[derive(Debug, Clone)]
pub struct PartnerFold {
    /// Every row.
    pub rows: PartnerRows,
    /// The state at the end, from which the next month could be folded.
    pub state: PartnerState,
}

/// Folds a partner from its first fact to the through date.
///
/// Where a sum leaves the range of exact money the rows hold nothing but the finding `OVERFLOW`, and a provisional flag:
/// no figure rather than a wrong one.
#[must_use]
pub fn fold_partner(
    book: &RuleBook,
    fx: &FxTable,
    partner_id: &PartnerId,
    history: &PartnerHistory,
    through: NaiveDate,
) -> PartnerRows {
    let Some(first) = history.first_month() else { return empty_of(partner_id, history) };
    let mut state = PartnerState::before(first);
    let folded = (|| -> Result<PartnerRows, FoldError<std::convert::Infallible>> {
        while state.next_month <= Month::of(through) {
            step(book, fx, partner_id, history, &mut state, through)?;
        }
        Ok(settle(book, fx, partner_id, history, &state, through)?)
    })();
    match folded {
        Ok(rows) => rows,
        Err(FoldError::Overflow(_)) => overflowed(partner_id, first),
        Err(FoldError::Facts(never)) => match never {},
    }
}

/// The rows of a partner whose sums cannot be held: a finding, and no figure.
#[must_use]
pub fn overflowed(partner_id: &PartnerId, first: Month) -> PartnerRows {
    let partner = partner_id.to_string();
    PartnerRows {
        provisional: vec![ProvisionalRow {
            partner_id: partner_id.clone(),
            month: first,
            why: Name::known("OVERFLOW"),
        }],
        findings: vec![FindingRow { partner_id: partner, code: Name::known("OVERFLOW"), events: Vec::new() }],
        ..PartnerRows::default()
    }
}

fn empty_of(partner_id: &PartnerId, source: &impl FactSource) -> PartnerRows {
    let mut findings = reversal_findings(partner_id, source);
    findings.sort();
    PartnerRows { findings, ..PartnerRows::default() }
}

/// Takes the state through its next month: standing day by day, then the month's lines in order. Returns the lines.
///
/// # Errors
/// [`FoldError`]; the state is then of no use.
pub fn step<S: FactSource>(
    book: &RuleBook,
    fx: &FxTable,
    partner_id: &PartnerId,
    source: &S,
    state: &mut PartnerState,
    through: NaiveDate,
) -> Result<Vec<PricedLine>, FoldError<S::Error>> {
    let month = state.next_month;
    let facts = source.month(month).map_err(FoldError::Facts)?;
    let resolver = Resolver::new(source, month, through, &facts, fx, book.sets[0].currency);
    let counting = |fact: &&Fact| fact.effective_on <= through && !source.reversals().names(&fact.id);
    let mut lines = Vec::new();
    for (at, fact) in facts.iter().enumerate().filter(|(_, fact)| counting(fact)) {
        if let Some(line) = fact.line() {
            lines.push(resolver.resolve(at, fact, line).map_err(FoldError::Facts)?);
        }
    }
    let asked = Asked::by(book, month);
    let mut standing = MonthOfStanding::new(book, partner_id);
    let mut counted = facts.iter().filter(counting).peekable();
    let mut revenue = lines.iter().peekable();
    let mut day = month.first_day();
    while day <= month.last_day() && day <= through {
        while let Some(fact) = counted.next_if(|fact| fact.effective_on == day) {
            note(book, fx, partner_id, state, fact)?;
        }
        let mut has_lines = false;
        while let Some(line) = revenue.next_if(|line| line.fact.effective_on == day) {
            has_lines = true;
            note_line(asked, state, month, line)?;
        }
        standing.day(state, day, has_lines)?;
        day = day + Days::new(1);
    }
    note_reversed_balances(book, partner_id, source, state, &facts, through);
    state.days.extend(standing.finish());
    let mut pricer = Pricer::new(book, state);
    let mut priced = lines.iter().map(|line| pricer.price(line)).collect::<Result<Vec<_>, _>>()?;
    growth::contribute(book, partner_id, state, month, &lines, &mut priced)?;
    apply_caps(book, state, &lines, &mut priced)?;
    book_month(book, partner_id, state, month, &lines, &priced)?;
    note_oddities(partner_id, state, &lines)?;
    state.next_month = month.next();
    state.growth.forget_before(state.next_month);
    Ok(priced)
}

/// Takes a revenue line into everything that sums lines: trailing revenue, and what the terms ask of customers.
fn note_line(asked: Asked, state: &mut PartnerState, month: Month, line: &Resolved<'_>) -> Result<(), Overflow> {
    let of = line.pricing_line();
    let priced_on = line.pricing_fact().effective_on;
    let product = state.products.number_of(&of.product);
    state.customers.had_revenue_in(month);
    // A sale without an exchange rate makes a customer all the same; a sale to the partner itself does not.
    let is_sale = line.line.amount.is_positive();
    if asked.newness && is_sale && !state.is_own_tenant(&of.customer_id, priced_on) {
        let on = line.fact.effective_on;
        let told = Told { on, seq: line.fact.seq, event: &line.fact.id, known_from: on };
        state.customers.bought(&of.customer_id, product, told);
    }
    let Some(amount) = line.amount else { return Ok(()) };
    state.revenue.add(line.fact.effective_on, product, amount)?;
    if asked.totals {
        state.customers.bill(&of.customer_id, month, product, amount)?;
    }
    if let Some(asks) = asked.growth {
        let customer = state.customers.number_of(&of.customer_id);
        state.growth.bill(month, customer, BilledAs::of(asks, of, product, priced_on), amount)?;
    }
    Ok(())
}

/// Takes a fact that is no revenue line into the state.
fn note(
    book: &RuleBook,
    fx: &FxTable,
    partner_id: &PartnerId,
    state: &mut PartnerState,
    fact: &Fact,
) -> Result<(), Overflow> {
    match &fact.kind {
        FactKind::Line(_) | FactKind::Moneyless => {}
        FactKind::Certification(exam) => state.certifications.push(Certification::of(book, fact, exam)),
        FactKind::Standing(standing) => {
            let history = state.facts.entry(standing.fact.clone()).or_insert(FactHistory { values: Vec::new() });
            history.values.push(FactValue::new(fact.effective_on, fact.id.clone(), &standing.value));
        }
        FactKind::Claim(claim) => state.claims.push(ClaimStep::of(&fact.id, fact.effective_on, claim)),
        FactKind::Opening(opening) => note_opening(book, partner_id, state, fact, opening)?,
        FactKind::Adjustment(adjustment) => note_adjustment(book, fx, partner_id, state, fact, adjustment),
    }
    Ok(())
}

/// Opening balances that were reversed: they count on in months that were closed before.
fn note_reversed_balances<S: FactSource>(
    book: &RuleBook,
    partner_id: &PartnerId,
    source: &S,
    state: &mut PartnerState,
    facts: &[Fact],
    through: NaiveDate,
) {
    for fact in facts.iter().filter(|fact| fact.effective_on <= through) {
        let FactKind::Opening(opening) = &fact.kind else { continue };
        if let from @ Some(_) = source.reversals().reversed_from(&fact.id) {
            note_balance(book, partner_id, state, fact, opening, from);
        }
    }
}

/// Turns a state into every row of the partner, each view sorted as the outputs show it; as if nothing were closed.
///
/// # Errors
/// [`Overflow`] when a sum leaves the range of exact money.
pub fn settle(
    book: &RuleBook,
    fx: &FxTable,
    partner_id: &PartnerId,
    source: &impl FactSource,
    state: &PartnerState,
    through: NaiveDate,
) -> Result<PartnerRows, Overflow> {
    settle_booked(book, fx, partner_id, source, state, Booked::as_if_open(state), &Pinned::default(), through)
}

/// What is booked in which month.
pub(crate) struct Booked {
    pub(crate) postings: Vec<PostingRow>,
    pub(crate) true_ups: Vec<TrueUpRow>,
}

impl Booked {
    /// What the state earned and what was corrected by hand, each in its own month, as if nothing were closed.
    pub(crate) fn as_if_open(state: &PartnerState) -> Self {
        let true_ups = state.adjustments.iter().map(|adjusted| adjusted.row.clone()).collect();
        Self { postings: state.postings.clone(), true_ups }
    }
}

/// Lots, claims and payouts of what is booked, and all the rows.
#[allow(clippy::too_many_arguments)] // those of `settle`, with what is booked and what is pinned
pub(crate) fn settle_booked(
    book: &RuleBook,
    fx: &FxTable,
    partner_id: &PartnerId,
    source: &impl FactSource,
    state: &PartnerState,
    booked: Booked,
    pinned: &Pinned<'_>,
    through: NaiveDate,
) -> Result<PartnerRows, Overflow> {
    let coop = settle_coop(book, fx, partner_id, state, lots(book, state, &booked, pinned, through)?, through)?;
    let payouts = settle_payouts(book, partner_id, state, &booked, pinned, &coop.conversions, through)?;
    let mut findings = state.findings.clone();
    findings.extend(coop.findings);
    findings.extend(reversal_findings(partner_id, source));
    for (root, credited) in &state.credited {
        if is_above(credited)? {
            let mut events: Vec<String> = credited.events.iter().map(EventRef::to_string).collect();
            events.sort();
            events.insert(0, root.to_string());
            findings.push(finding(partner_id, "CREDIT_ABOVE_LINE", events));
        }
    }
    findings.sort();
    let mut rows = PartnerRows {
        standing: state.standing_rows.clone(),
        postings: booked.postings,
        lots: coop.lots,
        claims: coop.claims,
        true_ups: booked.true_ups,
        payouts,
        conservation: state.conservation.clone(),
        provisional: state.provisional.clone(),
        findings,
    };
    rows.postings.sort();
    rows.true_ups.sort();
    rows.provisional.sort();
    rows.provisional.dedup();
    Ok(rows)
}

/// Whether the credits take more than the line had, on whichever side of zero it is.
fn is_above(credited: &Credited) -> Result<bool, Overflow> {
    let rest = credited.line.plus(credited.credits)?;
    Ok(if credited.line.is_negative() { rest.is_positive() } else { rest.is_negative() })
}

fn reversal_findings(partner_id: &PartnerId, source: &impl FactSource) -> Vec<FindingRow> {
    let found = source.reversals().findings();
    found.into_iter().map(|(code, reversal)| finding(partner_id, code, vec![reversal.to_string()])).collect()
}

pub(crate) fn finding(partner_id: &PartnerId, code: &'static str, events: Vec<String>) -> FindingRow {
    FindingRow { partner_id: partner_id.to_string(), code: Name::known(code), events }
}
