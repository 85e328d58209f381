//! Levers: what is earned on which lines.

use daybook_event::{Exact, Rate, Segment};

/// One incentive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lever {
    /// Its name.
    pub name: String,
    /// Levers of one slot exclude each other; slots add up.
    pub slot: String,
    /// Which lines it looks at.
    pub matches: Match,
    /// What the rate applies to.
    pub base: Base,
    /// The rate.
    pub rate: Rate,
    /// Gates tested on the line's date for this lever only, by index into `gates`.
    pub needs: Vec<usize>,
    /// The most that it contributes.
    pub cap: Option<Cap>,
}

/// Which lines a lever looks at. Empty lists match everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Match {
    /// Product groups, by index into `product_groups`.
    pub groups: Vec<usize>,
    /// Segments.
    pub segments: Vec<Segment>,
    /// Markets (`market:CODE` held by the partner on the line's date).
    pub markets: Vec<String>,
    /// Charge types.
    pub charge_types: Vec<String>,
}

impl Match {
    /// Whether it takes a line of that segment. An unknown segment is taken only where none is asked for.
    #[must_use]
    pub fn takes_segment(&self, segment: Option<Segment>) -> bool {
        self.segments.is_empty() || segment.is_some_and(|segment| self.segments.contains(&segment))
    }

    /// Whether it takes a line of that charge type.
    #[must_use]
    pub fn takes_charge_type(&self, charge_type: &str) -> bool {
        self.charge_types.is_empty() || self.charge_types.iter().any(|wanted| wanted == charge_type)
    }
}

/// What a lever's rate applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// The line's billed revenue.
    BilledRevenue,
    /// Billed revenue of customers new to the group.
    CustomerAdd {
        /// Months from the customer's new date in which it earns.
        months: i32,
        /// The least total of the customer in the group in the month.
        monthly_at_least: Exact,
    },
    /// Growth of a customer's month over the same month a year before.
    Growth,
}

/// The most that a lever contributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    /// The amount.
    pub amount: Exact,
    /// Counted per what.
    pub per: CapPer,
    /// Counted over what.
    pub window: CapWindow,
}

/// What a cap is counted per.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapPer {
    /// Per customer of the partner.
    Customer,
    /// Per partner.
    Partner,
}

/// What a cap is counted over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapWindow {
    /// An earning period.
    EarningPeriod,
    /// A program year.
    ProgramYear,
    /// For ever.
    Life,
}
