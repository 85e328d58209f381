//! A fact about a partner that gates look at.

use crate::Amount;

/// What the fact says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StandingValue {
    /// The partner has it.
    Held,
    /// The partner no longer has it.
    Lapsed,
    /// It is a number, such as capability points.
    Number(Amount),
}

/// A standing fact took a value on the envelope's `effective_on`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerStanding {
    /// Which fact: `mpn_membership`, `competency:silver:cloud_productivity`, `market:DE`, ...
    pub fact: String,
    /// Its value from that date on.
    pub value: StandingValue,
}
