//! Lots: the co-op of a partner's earning periods, and what becomes of it.

use crate::claims::Claim;
use crate::closing::Pinned;
use crate::fold::Booked;
use crate::openings::{OpeningLot, Stood};
use crate::rows::LotRow;
use crate::state::PartnerState;
use chrono::NaiveDate;
use daybook_event::{Exact, Name, Overflow, PartnerId};
use daybook_rules::calendar::Period;
use daybook_rules::model::{ResolveAt, RuleBook};
use std::collections::BTreeMap;

/// What became of a period's co-op.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The period is not over.
    Open,
    Usable,
    Converted,
    /// Nothing accrued: only claims name it.
    None,
}

#[derive(Debug, Clone)]
pub(crate) struct Lot {
    pub(crate) outcome: Outcome,
    pub(crate) accrued: Exact,
    /// The part of `accrued` that was converted, and paid, before the ledger began.
    converted_before: Exact,
    /// Neither consumed nor reserved. It is `available` until the claim window closes and `forfeited` afterwards, so
    /// one number serves claims on both sides of that day.
    pub(crate) pool: Exact,
    pub(crate) reserved: Exact,
    /// Overdrawn included.
    pub(crate) consumed: Exact,
    pub(crate) overdrawn: Exact,
}

/// What a lot is made of.
#[derive(Debug, Clone, Default)]
struct Parts {
    accrued: Exact,
    opening: OpeningLot,
}

/// Every lot with something accrued. What a closing decided is not decided again; what a closed period's months show is
/// not counted again either, since its lot was pinned with it.
pub(crate) fn lots(
    book: &RuleBook,
    state: &PartnerState,
    booked: &Booked,
    pinned: &Pinned<'_>,
    through: NaiveDate,
) -> Result<BTreeMap<Period, Lot>, Overflow> {
    let calendar = book.calendar();
    let known_until = |month| pinned.known_until(month);
    let mut parts: BTreeMap<Period, Parts> = BTreeMap::new();
    for (first, opening) in state.openings.lots(calendar, known_until)? {
        parts.insert(calendar.period_of(first), Parts { accrued: opening.accrued, opening });
    }
    let postings = booked.postings.iter().map(|posting| (posting.month, posting.coop));
    let true_ups = booked.true_ups.iter().map(|true_up| (true_up.month, true_up.coop));
    for (month, coop) in postings.chain(true_ups) {
        let period = calendar.period_of(month);
        if known_until(period.last_month()).is_none() {
            let accrued = &mut parts.entry(period).or_default().accrued;
            *accrued = accrued.plus(coop)?;
        }
    }
    for row in pinned.statements().filter_map(|statement| statement.lot.as_ref()) {
        calendar.period_parse(&row.period).map(|period| parts.entry(period).or_default());
    }
    let mut lots = BTreeMap::new();
    for (period, of) in parts {
        let lot = match pinned.lot(period.last_month()) {
            Some(row) => Lot::pinned(row, &of.opening)?,
            None if of.is_nothing() => continue,
            None => lot(book, period, &of, through)?,
        };
        lots.insert(period, lot);
    }
    Ok(lots)
}

impl Parts {
    fn is_nothing(&self) -> bool {
        [self.accrued, self.opening.consumed, self.opening.converted].iter().all(|sum| sum.is_zero())
    }
}

fn lot(book: &RuleBook, period: Period, of: &Parts, through: NaiveDate) -> Result<Lot, Overflow> {
    let Parts { accrued, opening } = of;
    let is_enough = match opening.stood {
        Stood::Open => *accrued >= coop_threshold(book, period),
        Stood::Usable => true,
        Stood::Converted => false,
    };
    let outcome = if accrued.is_zero() && opening.converted.is_zero() {
        Outcome::None
    } else if period.last_day() > through {
        Outcome::Open
    } else if is_enough && accrued.is_positive() {
        Outcome::Usable
    } else {
        Outcome::Converted
    };
    Lot::of(outcome, *accrued, opening)
}

/// The co-op threshold of a period. Which of its edges decides is itself a term: that of its last day.
#[must_use]
pub fn coop_threshold(book: &RuleBook, period: Period) -> Exact {
    let at_end = &book.set_on_or_first(period.last_day()).coop;
    match at_end.resolve_at {
        ResolveAt::PeriodEnd => at_end.threshold,
        ResolveAt::PeriodStart => book.set_on_or_first(period.first_day()).coop.threshold,
    }
}

/// The days on which a lot may be used, and those on which claims on it may be submitted, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LotDays {
    /// First and last day of use.
    pub used: (NaiveDate, NaiveDate),
    /// First and last day of submission.
    pub claimed: (NaiveDate, NaiveDate),
}

impl LotDays {
    /// The days of the lots of an earning period. The terms of the last day of its usage period say whether it is
    /// extended.
    #[must_use]
    pub fn of(book: &RuleBook, period: Period) -> Self {
        let usage = period.next();
        let (opens, closes) = book.calendar().claim_window(period);
        let extensions = &book.set_on_or_first(usage.last_day()).coop.extensions;
        let extension = extensions.iter().find(|extension| extension.period == period);
        let used_until = extension.map_or(usage.last_day(), |extension| extension.usage_until);
        let claimed_until = extension.map_or(closes, |extension| extension.claims_until);
        Self { used: (usage.first_day(), used_until), claimed: (opens, claimed_until) }
    }

    /// Whether the lot may be used on the date.
    #[must_use]
    pub fn may_use(&self, on: NaiveDate) -> bool {
        self.used.0 <= on && on <= self.used.1
    }
}

impl Lot {
    fn of(outcome: Outcome, accrued: Exact, opening: &OpeningLot) -> Result<Self, Overflow> {
        let there = if outcome == Outcome::Usable { accrued } else { Exact::ZERO };
        let taken = opening.consumed.min(there);
        Ok(Self {
            outcome,
            accrued,
            converted_before: opening.converted,
            pool: there.minus(taken)?,
            reserved: Exact::ZERO,
            consumed: opening.consumed,
            overdrawn: opening.consumed.minus(taken)?,
        })
    }

    /// A lot as its closing left it; none of a statement: nothing accrued.
    fn pinned(row: Option<&LotRow>, opening: &OpeningLot) -> Result<Self, Overflow> {
        let state = row.map_or("none", |row| row.state.as_str());
        let accrued = row.map_or(Exact::ZERO, |row| row.accrued);
        match state {
            "usable" => Self::of(Outcome::Usable, accrued, opening),
            "converted" => Self::of(Outcome::Converted, accrued, opening),
            _ => Self::of(Outcome::None, Exact::ZERO, opening),
        }
    }

    pub(crate) fn empty() -> Self {
        let zero = Exact::ZERO;
        Self {
            outcome: Outcome::None,
            accrued: zero,
            converted_before: zero,
            pool: zero,
            reserved: zero,
            consumed: zero,
            overdrawn: zero,
        }
    }

    /// What its conversion brings to the payout of the period's last month.
    pub(crate) fn conversion_due(&self) -> Result<Exact, Overflow> {
        if self.outcome == Outcome::Converted { self.accrued.minus(self.converted_before) } else { Ok(Exact::ZERO) }
    }

    pub(crate) fn reserve(&mut self, claim: &mut Claim, amount: Exact) -> Result<(), Overflow> {
        self.pool = self.pool.minus(amount)?;
        self.reserved = self.reserved.plus(amount)?;
        claim.reserved = amount;
        Ok(())
    }

    /// Takes the amount from what is there; what is not there is overdrawn.
    pub(crate) fn consume(&mut self, claim: &mut Claim, amount: Exact) -> Result<(), Overflow> {
        let there = amount.min(self.pool);
        self.pool = self.pool.minus(there)?;
        self.consumed = self.consumed.plus(amount)?;
        claim.consumed = amount;
        claim.overdrawn = amount.minus(there)?;
        self.overdrawn = self.overdrawn.plus(claim.overdrawn)?;
        Ok(())
    }

    /// Gives back what the claim holds. What it overdrew was never there, so it goes with it.
    pub(crate) fn release(&mut self, claim: &mut Claim) -> Result<(), Overflow> {
        let held = claim.reserved.plus(claim.consumed)?.minus(claim.overdrawn)?;
        self.pool = self.pool.plus(held)?;
        self.reserved = self.reserved.minus(claim.reserved)?;
        self.consumed = self.consumed.minus(claim.consumed)?;
        self.overdrawn = self.overdrawn.minus(claim.overdrawn)?;
        (claim.reserved, claim.consumed, claim.overdrawn) = (Exact::ZERO, Exact::ZERO, Exact::ZERO);
        Ok(())
    }
}

/// The row, with the identity of section 7 checked: a sum that does not close is our own bug.
pub(crate) fn lot_row(
    partner_id: &PartnerId,
    period: Period,
    lot: &Lot,
    window_closed: bool,
) -> Result<LotRow, Overflow> {
    let is = |outcome| lot.outcome == outcome;
    let converted = if is(Outcome::Converted) { lot.accrued } else { Exact::ZERO };
    let (available, forfeited) = if window_closed { (Exact::ZERO, lot.pool) } else { (lot.pool, Exact::ZERO) };
    if !is(Outcome::Open) {
        let had = lot.accrued.plus(lot.overdrawn)?;
        let went = converted.plus(lot.consumed)?.plus(lot.reserved)?.plus(available)?.plus(forfeited)?;
        assert_eq!(had, went, "lot {period} of {partner_id} does not close");
    }
    let state = match lot.outcome {
        Outcome::Open => "open",
        Outcome::Usable => "usable",
        Outcome::Converted => "converted",
        Outcome::None => "none",
    };
    Ok(LotRow {
        partner_id: partner_id.clone(),
        period: period.to_string().into(),
        accrued: lot.accrued,
        state: Name::known(state),
        converted,
        consumed: lot.consumed,
        reserved: lot.reserved,
        available,
        forfeited,
        overdrawn: lot.overdrawn,
    })
}
