//! Folds a partner again from the first month that something changed.

use crate::ProjectError;
use crate::breath::Breath;
use crate::kept::KeptStates;
use crate::partner::PartnerMeta;
use crate::source::DerivedFacts;
use chrono::NaiveDate;
use daybook_event::{Month, PartnerId};
use daybook_rules::calendar::Calendar;
use daybook_rules::model::RuleBook;
use daybook_store::{DerivedRead, DerivedWrite};
use daybook_views::{
    ClosedMonths, ClosedTerms, FactsOfNoPartner, FoldError, FxTable, PartnerRows, PartnerState, advance,
    digest_of_partner, overflowed, overflowed_closed, settle, settle_closed,
};
use std::collections::{BTreeMap, BTreeSet};

/// Month-end states kept before the month of the through date: late events mostly belong there.
const RECENT_STATES: i32 = 3;
/// Earning periods whose end states are kept: what a corrected statement of the last half-year goes back to.
const PERIOD_STATES: usize = 2;

/// Everything a refold depends on beside the partner's facts.
pub(crate) struct Terms<'a> {
    pub(crate) generation: u32,
    pub(crate) book: &'a RuleBook,
    /// The rates that count.
    pub(crate) fx: FxTable,
    pub(crate) through: NaiveDate,
    /// What is closed.
    pub(crate) closed: Option<ClosedMonths<'a>>,
    /// Gives up or rests in the middle of a step: folding every partner again may take minutes.
    pub(crate) breath: &'a Breath,
}

impl<'a> Terms<'a> {
    /// Those of a book on a date; without `closed` terms as if nothing were closed.
    pub(crate) fn new(
        generation: u32,
        book: &'a RuleBook,
        facts: &FactsOfNoPartner,
        closed: Option<&'a ClosedTerms>,
        through: NaiveDate,
        breath: &'a Breath,
    ) -> Self {
        let closed = closed.and_then(|closed| ClosedMonths::of(facts, book, closed, through));
        Self { generation, book, fx: facts.fx_counting(book, through), through, closed, breath }
    }
}

/// Folds partners again, each from its month on.
pub(crate) fn refold_all(
    write: &mut DerivedWrite,
    terms: &Terms<'_>,
    states: &mut KeptStates,
    affected: &BTreeMap<PartnerId, Month>,
) -> Result<(), ProjectError> {
    for (partner_id, month) in affected {
        let meta: PartnerMeta = write.partner(partner_id.as_str())?.unwrap_or_default();
        refold(write, terms, states, partner_id, &meta, *month)?;
    }
    Ok(())
}

/// A partner folded again, not written yet.
struct Refolded {
    rows: PartnerRows,
    /// The first month that was folded again.
    from: Month,
    /// New states worth keeping.
    states: Vec<PartnerState>,
}

/// Folds the partner again from a month on, and puts its rows and states in their place.
pub(crate) fn refold(
    write: &mut DerivedWrite,
    terms: &Terms<'_>,
    states: &mut KeptStates,
    partner_id: &PartnerId,
    meta: &PartnerMeta,
    affected: Month,
) -> Result<(), ProjectError> {
    terms.breath.take()?;
    let kept = months_kept(terms.book.calendar(), terms.through);
    let start = states.read(write, terms.generation, partner_id, affected.min(Month::of(terms.through)).plus(-1))?;
    let refolded = fold_from(write, terms, partner_id, meta, affected, start, &kept)?;
    states.forget_from(partner_id, refolded.from);
    let partner = partner_id.as_str();
    write.rows_put(terms.generation, partner, &refolded.rows)?;
    write.digest_put(terms.generation, partner, &digest_of_partner(partner_id, &refolded.rows).0)?;
    for month in write.state_months(terms.generation, partner)? {
        if month >= refolded.from || !kept.contains(&month) {
            write.state_delete(terms.generation, partner, month)?;
        }
    }
    for state in &refolded.states {
        write.state_put(terms.generation, partner, state.next_month.plus(-1), state)?;
    }
    Ok(())
}

fn fold_from(
    read: &impl DerivedRead,
    terms: &Terms<'_>,
    partner_id: &PartnerId,
    meta: &PartnerMeta,
    affected: Month,
    start: Option<PartnerState>,
    kept: &BTreeSet<Month>,
) -> Result<Refolded, ProjectError> {
    let last = Month::of(terms.through);
    // A partner without facts has no month of its own: whatever its state starts with, there is nothing in it.
    let first = meta.facts.first().unwrap_or(last);
    let mut state = start.unwrap_or_else(|| PartnerState::before(first));
    let from = state.next_month;
    let source = DerivedFacts::new(read, partner_id, meta, from, last)?;
    let mut states = Vec::new();
    let mut fold = || {
        while state.next_month <= last {
            advance(terms.book, &terms.fx, partner_id, &source, &mut state, terms.through)?;
            if kept.contains(&state.next_month.plus(-1)) {
                states.push(state.clone());
            }
        }
        match &terms.closed {
            Some(closed) => {
                let again = Again { terms, closed, partner_id, meta, affected };
                again.settle(read, &source, &state)
            }
            None => Ok(settle(terms.book, &terms.fx, partner_id, &source, &state, terms.through)?),
        }
    };
    let rows = match fold() {
        Ok(rows) => rows,
        Err(FoldError::Overflow(_)) => match &terms.closed {
            Some(closed) => overflowed_closed(closed, partner_id, &source)?,
            None => overflowed(partner_id, first),
        },
        Err(FoldError::Facts(error)) => return Err(error),
    };
    Ok(Refolded { rows, from, states })
}

/// A settlement that may have to fold closed months again.
struct Again<'a> {
    terms: &'a Terms<'a>,
    closed: &'a ClosedMonths<'a>,
    partner_id: &'a PartnerId,
    meta: &'a PartnerMeta,
    /// The first month that was folded again: states after it are not what is kept.
    affected: Month,
}

impl Again<'_> {
    fn settle<R: DerivedRead>(
        &self,
        read: &R,
        source: &DerivedFacts<'_, R>,
        state: &PartnerState,
    ) -> Result<PartnerRows, FoldError<ProjectError>> {
        let Some(month) = self.closed.again_from(source) else {
            return settle_closed(self.closed, self.partner_id, source, state, None);
        };
        let before = self.affected.min(month).plus(-1);
        let known = read.state_last::<PartnerState>(self.terms.generation, self.partner_id.as_str(), before);
        let start = known.map_err(|error| FoldError::Facts(error.into()))?.map(|(_, state)| state);
        let first = self.meta.facts.first().unwrap_or(month);
        let from = start.as_ref().map_or(first, |state| state.next_month);
        // Other months than those folded before: their credits lead elsewhere.
        let facts = DerivedFacts::new(read, self.partner_id, self.meta, from, self.closed.last());
        settle_closed(self.closed, self.partner_id, &facts.map_err(FoldError::Facts)?, state, start)
    }
}

/// The months whose end states are worth keeping. Only whole months: the month of the through date is folded again
/// whenever that date moves, unless it is over.
fn months_kept(calendar: &Calendar, through: NaiveDate) -> BTreeSet<Month> {
    let month = Month::of(through);
    let last_whole = if month.last_day() == through { month } else { month.plus(-1) };
    let recent = (0..RECENT_STATES).map(|back| last_whole.plus(-back));
    let period = calendar.period_of(last_whole);
    let ended = if period.last_month() <= last_whole { period } else { period.previous() };
    let periods = std::iter::successors(Some(ended), |period| Some(period.previous())).take(PERIOD_STATES);
    recent.chain(periods.map(|period| period.last_month())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use daybook_event::date_parse;
    use daybook_rules::calendar::MonthDay;

    #[test]
    fn states_are_kept_of_whole_months_and_ended_periods() {
        let calendar = Calendar {
            period_months: 6,
            period_anchor: Month::parse("2020-07").unwrap(),
            claim_opens: MonthDay { month: 2, day: 16 },
            claim_closes: MonthDay { month: 8, day: 15 },
            program_year_last_month: 9,
        };
        let kept = |through: &str| {
            let months = months_kept(&calendar, date_parse(through).unwrap());
            months.iter().map(Month::to_string).collect::<Vec<_>>()
        };
        assert_eq!(kept("2022-05-14"), ["2021-06", "2021-12", "2022-02", "2022-03", "2022-04"]);
        assert_eq!(kept("2022-05-31"), ["2021-06", "2021-12", "2022-03", "2022-04", "2022-05"]);
        assert_eq!(kept("2022-06-30"), ["2021-12", "2022-04", "2022-05", "2022-06"]);
        assert_eq!(kept("2022-07-01"), ["2021-12", "2022-04", "2022-05", "2022-06"]);
    }
}
