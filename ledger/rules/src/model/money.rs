//! What becomes of what is earned: split, co-op, payout, and what a level brings beside money.

use crate::calendar::Period;
use chrono::NaiveDate;
use daybook_event::{Exact, Rate};

/// How what is earned splits; the two add up to 100 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// The part paid as rebate.
    pub rebate: Rate,
    /// The part accrued as co-op.
    pub coop: Rate,
}

/// Co-op terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coop {
    /// The least accrued in an earning period that stays co-op.
    pub threshold: Exact,
    /// Whether the period's first or last day decides which version's threshold holds.
    pub resolve_at: ResolveAt,
    /// Approved activities in file order.
    pub activities: Vec<Activity>,
    /// Lots that may be used for longer than others, in file order.
    pub extensions: Vec<UsageExtension>,
}

/// A longer usage period and claim window for the lots of one earning period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageExtension {
    /// Its name.
    pub name: String,
    /// The earning period of the lots.
    pub period: Period,
    /// Last day on which they may be used.
    pub usage_until: NaiveDate,
    /// Last day on which claims on them may be submitted.
    pub claims_until: NaiveDate,
}

/// Which edge of a period decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResolveAt {
    /// Its first day.
    PeriodStart,
    /// Its last day.
    PeriodEnd,
}

/// An approved activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its name, as claims carry it.
    pub name: String,
    /// Its category.
    pub category: String,
    /// The most that may be claimed for it from one lot.
    pub limit: Option<ActivityLimit>,
}

/// The most that may be claimed for an activity from one lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivityLimit {
    /// An amount.
    Amount(Exact),
    /// A share of the lot.
    Share(Rate),
    /// The greater of both.
    GreaterOf(Exact, Rate),
    /// The lesser of both.
    LesserOf(Exact, Rate),
}

/// Payout terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payout {
    /// The least that is paid; below it the sum is carried.
    pub minimum: Exact,
    /// Days from the month's last day to the day due.
    pub due_days: u32,
    /// Days that a payout waits for missing tax or bank data; none: this version knows no hold.
    pub hold_days: Option<u32>,
    /// What becomes of a positive carry after the program year's last month.
    pub program_year_end: ProgramYearEnd,
}

/// What becomes of a positive carry after the program year's last month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramYearEnd {
    /// It is carried on.
    Carry,
    /// It is forfeited.
    Forfeit,
}

/// What a competency level brings beside money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Benefit {
    /// The level.
    pub level: String,
    /// The annual fee.
    pub annual_fee: Option<Exact>,
    /// Internal-use licences, as published.
    pub internal_use_licences: String,
}
