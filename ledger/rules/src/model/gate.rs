//! Gates: what a partner must pass, and when it is looked at.

use chrono::NaiveDate;
use daybook_event::Exact;

/// When standing is assessed, beside the first day of every version whose gates differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// Every day.
    Daily,
    /// Every week on this day.
    Weekly(chrono::Weekday),
    /// Every month on the day of this number (its last day where it has fewer).
    Monthly(u32),
}

/// One test a partner must pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Its name.
    pub name: String,
    /// Needed to be invited.
    pub entry: bool,
    /// Needed to be enrolled.
    pub onboarding: bool,
    /// Needed on the day of the sale.
    pub upkeep: bool,
    /// Met when any of these holds. Never empty.
    pub any_of: Vec<GateTest>,
    /// What an unmet revenue test does to a partner who is already in. Only on gates with a revenue test.
    pub offboards: Option<Upkeep>,
    /// The code of a day that it keeps from earning.
    pub fail_code: String,
    /// A sentence for the partner.
    pub sentence: String,
    /// How to become eligible again.
    pub how_to: String,
}

/// One alternative of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateTest {
    /// The standing fact is held.
    Held {
        /// Which fact.
        fact: String,
    },
    /// The standing fact was held on a fixed date.
    HeldOn {
        /// Which fact.
        fact: String,
        /// On which date.
        on: NaiveDate,
    },
    /// The number fact is at least this.
    NumberAtLeast {
        /// Which fact.
        fact: String,
        /// The least that passes.
        at_least: Exact,
    },
    /// Trailing revenue.
    TrailingRevenue {
        /// Days in the window that ends on the day judged.
        window_days: u32,
        /// Over these product groups; empty: over everything.
        groups: Vec<String>,
        /// The least that passes; none: no threshold yet, always met.
        at_least: Option<Exact>,
    },
    /// A competency level in one of the areas.
    Competency {
        /// The lowest level that passes, by index into `competency_levels`.
        level: usize,
        /// The areas.
        areas: Vec<String>,
        /// Who says so.
        source: CompetencySource,
        /// The date on which it was held; none: the day judged. Only where a standing fact says so.
        held_on: Option<NaiveDate>,
    },
}

/// What an unmet revenue gate does to a partner who is invited or enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upkeep {
    /// Offboards on any assessment date on which it is unmet.
    Continuous,
    /// Offboards only who has never met it since it first had a threshold.
    EntryOnly,
}

/// Where a competency level comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompetencySource {
    /// A standing fact says so.
    Declared,
    /// The tests of `[competency.LEVEL.AREA]` say so.
    Computed,
    /// Either suffices.
    Either,
}

/// The tests of one level in one area: all must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Competency {
    /// Index into `competency_levels`.
    pub level: usize,
    /// The area.
    pub area: String,
    /// New customers of a product group in a window.
    pub new_customers: Option<NewCustomers>,
    /// Trailing revenue of product groups.
    pub revenue: Option<GroupRevenue>,
    /// People with a certification of the area valid on the day.
    pub people: Option<u32>,
    /// Whether the fee fact `competency_fee:LEVEL` must be held.
    pub fee: bool,
}

/// New customers of a product group in a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCustomers {
    /// The product group.
    pub group: String,
    /// Days in the window.
    pub window_days: u32,
    /// The least number that passes.
    pub at_least: u32,
}

/// Trailing revenue of a product group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRevenue {
    /// The product group.
    pub group: String,
    /// Days in the window.
    pub window_days: u32,
    /// The least sum that passes.
    pub at_least: Exact,
}

/// How long a certification holds that was earned from a date on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificationValidity {
    /// First date earned that this governs.
    pub earned_from: NaiveDate,
    /// Months of validity.
    pub months: i32,
}
