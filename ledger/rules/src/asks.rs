//! What a rule set may ask of what is known of a partner. What nobody asks need not be kept: a partner may have many customers.

use crate::model::{Base, Competency, CompetencySource, GateTest, RuleSet};

/// Whether something is asked, and of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asks {
    /// Of nobody.
    Never,
    /// Of partners who ever paid a fee: it is the first thing that a computed level asks.
    WhereFeePaid,
    /// Of everybody.
    Always,
}

impl Asks {
    /// Whether it is asked of a partner.
    #[must_use]
    pub fn of(self, has_paid_fee: bool) -> bool {
        match self {
            Self::Never => false,
            Self::WhereFeePaid => has_paid_fee,
            Self::Always => true,
        }
    }
}

/// How the names of standing facts begin that say that a fee was paid.
pub const FEE_FACTS: &str = "competency_fee:";

impl RuleSet {
    /// Whether it may ask since when somebody is a customer.
    #[must_use]
    pub fn asks_newness(&self) -> Asks {
        let adds = self.levers.iter().any(|lever| matches!(lever.base, Base::CustomerAdd { .. }));
        if adds { Asks::Always } else { self.computes(|level| level.new_customers.is_some()) }
    }

    /// Whether it may ask what was billed of some products alone over a window.
    #[must_use]
    pub fn asks_revenue_of_groups(&self) -> Asks {
        let tests = self.gates.iter().flat_map(|gate| &gate.any_of);
        let by_gate = |test: &GateTest| matches!(test, GateTest::TrailingRevenue { groups, .. } if !groups.is_empty());
        if tests.into_iter().any(by_gate) { Asks::Always } else { self.computes(|level| level.revenue.is_some()) }
    }

    /// Of whom some gate asks for a computed level that asks for such a thing.
    fn computes(&self, asks: impl Fn(&Competency) -> bool) -> Asks {
        let is_computed = |test: &GateTest| {
            matches!(test, GateTest::Competency { source: CompetencySource::Computed | CompetencySource::Either, .. })
        };
        if !self.gates.iter().flat_map(|gate| &gate.any_of).any(is_computed) {
            return Asks::Never;
        }
        let of_level = |level: &Competency| if level.fee { Asks::WhereFeePaid } else { Asks::Always };
        self.competencies.iter().filter(|level| asks(level)).map(of_level).max().unwrap_or(Asks::Never)
    }
}
