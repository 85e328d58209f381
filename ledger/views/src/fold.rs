//! The fold itself: month-steps, then the settlement of everything that looks across months.

use crate::apart::Apart;
use crate::claims::ClaimStep;
use crate::closing::Pinned;
use crate::competency::Certification;
use crate::compiled::CompiledBook;
use crate::coop::settle_coop;
use crate::credits::LinesUnder;
use crate::fact::{Fact, FactKind};
use crate::fx::FxTable;
use crate::gathered::Gathered;
use crate::history::{FactSource, PartnerHistory, Reversals};
use crate::lines::{LineClasses, LinesError, PartnerColumns};
use crate::lots::lots;
use crate::month::{LineFold, Stop};
use crate::openings::{note_adjustment, note_balance, note_opening};
use crate::payout::settle_payouts;
use crate::pricing::PricedLine;
use crate::rows::{FindingRow, PartnerRows, PostingRow, ProvisionalRow, TrueUpRow};
use crate::standing::MonthOfStanding;
use crate::state::{Credited, PartnerState};
use chrono::{Days, NaiveDate};
use daybook_event::{EventRef, Month, Name, Overflow, PartnerId};
use daybook_rules::asks::FEE_FACTS;
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
    let first = history.first_month().unwrap_or(Month::of(through));
    let mut classes = LineClasses::default();
    let Ok(columns) = PartnerColumns::of(history, &mut classes) else { return overflowed(partner_id, first) };
    let terms = CompiledBook::of(book, classes.all());
    // Columns that are in memory whole lack nothing.
    fold_columns(&terms, fx, partner_id, &columns, through).unwrap_or_else(|_| overflowed(partner_id, first))
}

/// Folds a partner whose lines are in columns, as if nothing were closed. The columns' classes are those of the terms.
///
/// # Errors
/// [`LinesError`] where columns that are read late cannot be come by.
pub fn fold_columns(
    terms: &CompiledBook<'_>,
    fx: &FxTable,
    partner_id: &PartnerId,
    columns: &PartnerColumns,
    through: NaiveDate,
) -> Result<PartnerRows, LinesError> {
    let Some(first) = columns.first_month() else { return Ok(empty_of(partner_id, &columns.reversals)) };
    let mut state = PartnerState::before(first);
    let end = Month::of(through).next();
    let folded = advance_columns(terms, fx, partner_id, columns, &mut state, end, through);
    let reversals = &columns.reversals;
    let settled = folded.and_then(|()| Ok(settle_open(terms.book, fx, partner_id, reversals, &state, through)?));
    match settled {
        Ok(rows) => Ok(rows),
        Err(FoldError::Overflow(_)) => Ok(overflowed(partner_id, first)),
        Err(FoldError::Facts(error)) => Err(error),
    }
}

/// Takes the state through its next months, up to the one before `end`, from columns.
///
/// # Errors
/// [`FoldError`]; the state is then of no use.
pub fn advance_columns(
    terms: &CompiledBook<'_>,
    fx: &FxTable,
    partner_id: &PartnerId,
    columns: &PartnerColumns,
    state: &mut PartnerState,
    end: Month,
    through: NaiveDate,
) -> Result<(), FoldError<LinesError>> {
    let under = LinesUnder { terms, fx, lines: &columns.lines, reversed: &columns.reversed };
    let mut fold = LineFold::new(under, false);
    // Nobody asks for a state that is folded from columns, and all facts there are are at hand.
    if !columns.others.iter().any(|fact| matches!(fact.kind, FactKind::Opening(_))) {
        // Nothing but lines names customers then.
        fold.number_customers(state);
    }
    let is_fee = |fact: &Fact| matches!(&fact.kind, FactKind::Standing(told) if told.fact.starts_with(FEE_FACTS));
    if !columns.others.iter().any(is_fee) {
        fold.never_paid_fee();
    }
    while state.next_month < end {
        let others = columns.others_of(state.next_month);
        let facts = MonthOfFacts { facts: others, reversals: &columns.reversals };
        fold_month(&mut fold, partner_id, state, facts, through).map_err(|stop| match stop {
            Stop::Overflow(overflow) => FoldError::Overflow(overflow),
            Stop::Lines(error) => FoldError::Facts(error),
        })?;
    }
    Ok(())
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

fn empty_of(partner_id: &PartnerId, reversals: &Reversals) -> PartnerRows {
    let mut findings = reversal_findings(partner_id, reversals);
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
    step_by(book, fx, partner_id, source, state, through, true)
}

/// The same for whoever asks for no lines: those that are treated alike are summed.
///
/// # Errors
/// [`FoldError`]; the state is then of no use.
pub fn advance<S: FactSource>(
    book: &RuleBook,
    fx: &FxTable,
    partner_id: &PartnerId,
    source: &S,
    state: &mut PartnerState,
    through: NaiveDate,
) -> Result<(), FoldError<S::Error>> {
    step_by(book, fx, partner_id, source, state, through, false).map(|_| ())
}

#[allow(clippy::too_many_arguments)] // those of `step`, and whether lines are wanted
fn step_by<S: FactSource>(
    book: &RuleBook,
    fx: &FxTable,
    partner_id: &PartnerId,
    source: &S,
    state: &mut PartnerState,
    through: NaiveDate,
    by_line: bool,
) -> Result<Vec<PricedLine>, FoldError<S::Error>> {
    let month = state.next_month;
    let facts = source.month(month).map_err(FoldError::Facts)?;
    let gathered = Gathered::of(source, month, &facts, through).map_err(FoldError::Facts)?;
    let mut classes = LineClasses::default();
    // More lines than 32 bits count cannot be in memory; if they were, there would be no figure of them.
    let lines = gathered.lines(&mut classes).map_err(|_| Overflow)?;
    let terms = CompiledBook::of_month(book, classes.all(), month);
    let under = LinesUnder { terms: &terms, fx, lines: &lines, reversed: &gathered.reversed };
    let of_month = MonthOfFacts { facts: &facts, reversals: source.reversals() };
    let apart = fold_month(&mut LineFold::new(under, by_line), partner_id, state, of_month, through);
    let apart = apart.map_err(|stop| match stop {
        Stop::Overflow(overflow) => FoldError::Overflow(overflow),
        Stop::Lines(_) => FoldError::Overflow(Overflow),
    })?;
    Ok(apart.into_iter().map(|line| gathered.priced(&under, line)).collect())
}

/// A month's facts, those that are no line among them, and what was reversed.
#[derive(Clone, Copy)]
struct MonthOfFacts<'a> {
    facts: &'a [Fact],
    reversals: &'a Reversals,
}

/// Takes the state through its next month. Returns the lines that were looked at one by one.
fn fold_month(
    fold: &mut LineFold<'_>,
    partner_id: &PartnerId,
    state: &mut PartnerState,
    of_month: MonthOfFacts<'_>,
    through: NaiveDate,
) -> Result<Vec<Apart>, Stop> {
    let (book, fx, month) = (fold.under.terms.book, fold.under.fx, state.next_month);
    let mut lines = fold.month(state, month, through);
    let counts = |fact: &&Fact| fact.effective_on <= through && !of_month.reversals.names(&fact.id);
    let mut facts = of_month.facts.iter().filter(counts).peekable();
    let mut standing = MonthOfStanding::new(book, partner_id, month);
    let (mut row, end) = (lines.rows().start, lines.rows().end);
    let (mut day, last) = (month.first_day(), month.last_day().min(through));
    loop {
        let of_fact = facts.peek().map(|fact| fact.effective_on);
        let of_line = (row < end).then(|| fold.under.on(row));
        let Some(on) = of_fact.into_iter().chain(of_line).min() else { break };
        if day < on {
            standing.quiet(state, day, on - Days::new(1))?;
        }
        while let Some(fact) = facts.next_if(|fact| fact.effective_on == on) {
            note(book, fx, partner_id, state, fact)?;
        }
        let mut has_lines = false;
        if of_line == Some(on) {
            let rows = fold.under.lines.rows_of_date(row, end);
            row = rows.end;
            has_lines = fold.note_day(state, &mut lines, on, rows)?;
        }
        standing.day(state, on, has_lines)?;
        day = on + Days::new(1);
    }
    standing.quiet(state, day, last)?;
    note_reversed_balances(book, partner_id, of_month, state, through);
    standing.finish(state);
    let apart = fold.book(partner_id, state, lines)?;
    state.next_month = month.next();
    state.growth.forget_before(state.next_month);
    Ok(apart)
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
            state.facts.note(standing, fact.effective_on, &fact.id);
        }
        FactKind::Claim(claim) => state.claims.push(ClaimStep::of(&fact.id, fact.effective_on, claim)),
        FactKind::Opening(opening) => note_opening(book, partner_id, state, fact, opening)?,
        FactKind::Adjustment(adjustment) => note_adjustment(book, fx, partner_id, state, fact, adjustment),
    }
    Ok(())
}

/// Opening balances that were reversed: they count on in months that were closed before.
fn note_reversed_balances(
    book: &RuleBook,
    partner_id: &PartnerId,
    of_month: MonthOfFacts<'_>,
    state: &mut PartnerState,
    through: NaiveDate,
) {
    for fact in of_month.facts.iter().filter(|fact| fact.effective_on <= through) {
        let FactKind::Opening(opening) = &fact.kind else { continue };
        if let from @ Some(_) = of_month.reversals.reversed_from(&fact.id) {
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
    settle_open(book, fx, partner_id, source.reversals(), state, through)
}

fn settle_open(
    book: &RuleBook,
    fx: &FxTable,
    partner_id: &PartnerId,
    reversals: &Reversals,
    state: &PartnerState,
    through: NaiveDate,
) -> Result<PartnerRows, Overflow> {
    settle_booked(book, fx, partner_id, reversals, state, Booked::as_if_open(state), &Pinned::default(), through)
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
    reversals: &Reversals,
    state: &PartnerState,
    booked: Booked,
    pinned: &Pinned<'_>,
    through: NaiveDate,
) -> Result<PartnerRows, Overflow> {
    let coop = settle_coop(book, fx, partner_id, state, lots(book, state, &booked, pinned, through)?, through)?;
    let payouts = settle_payouts(book, partner_id, state, &booked, pinned, &coop.conversions, through)?;
    let mut findings = state.findings.clone();
    findings.extend(coop.findings);
    findings.extend(reversal_findings(partner_id, reversals));
    findings.extend(credit_findings(partner_id, state)?);
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

/// Lines of which credits take more than there was.
pub(crate) fn credit_findings(partner_id: &PartnerId, state: &PartnerState) -> Result<Vec<FindingRow>, Overflow> {
    let mut findings = Vec::new();
    for (root, credited) in &state.credited {
        if is_above(credited)? {
            let mut events: Vec<String> = credited.events.iter().map(EventRef::to_string).collect();
            events.sort();
            events.insert(0, root.to_string());
            findings.push(finding(partner_id, "CREDIT_ABOVE_LINE", events));
        }
    }
    Ok(findings)
}

/// Whether the credits take more than the line had, on whichever side of zero it is.
fn is_above(credited: &Credited) -> Result<bool, Overflow> {
    let rest = credited.line.plus(credited.credits)?;
    Ok(if credited.line.is_negative() { rest.is_positive() } else { rest.is_negative() })
}

pub(crate) fn reversal_findings(partner_id: &PartnerId, reversals: &Reversals) -> Vec<FindingRow> {
    let found = reversals.findings();
    found.into_iter().map(|(code, reversal)| finding(partner_id, code, vec![reversal.to_string()])).collect()
}

pub(crate) fn finding(partner_id: &PartnerId, code: &'static str, events: Vec<String>) -> FindingRow {
    FindingRow { partner_id: partner_id.to_string(), code: Name::known(code), events }
}
