//! The codes that the engine itself gives a partner, with what each means and how the partner becomes eligible again.
//!
//! Codes of gates stand in rule files, each with its sentence and its `how_to` beside it; these are the rest. A code is a
//! variant, so that none can be given that is not in the tables here.

/// What a code says to a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// What is wrong.
    pub sentence: &'static str,
    /// What would have to change.
    pub how_to: &'static str,
}

const fn says(sentence: &'static str, how_to: &'static str) -> Meaning {
    Meaning { sentence, how_to }
}

/// Why a line does not earn, where no gate says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineCode {
    /// The customer is the partner's own tenant.
    OwnTenant,
    /// Every gate is met, but the partner is not enrolled.
    NotEnrolled,
    /// No exchange rate.
    NoRate,
    /// Before the first rule set.
    NoTerms,
}

impl LineCode {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::OwnTenant, Self::NotEnrolled, Self::NoRate, Self::NoTerms];

    /// The code as printed, and what it says.
    const fn entry(self) -> (&'static str, Meaning) {
        match self {
            Self::OwnTenant => (
                "CUSEQPTR",
                says(
                    "The customer is the partner's own tenant.",
                    "A sale to oneself never earns. If the tenant is not the partner's own, have the fact corrected.",
                ),
            ),
            Self::NotEnrolled => (
                "NOT_ENROLLED",
                says(
                    "Every gate is met, but the partner was not enrolled on that date.",
                    "Nothing is missing: the next assessment invites, and enrolment then covers its whole month. \
                     Earlier sales stay ineligible.",
                ),
            ),
            Self::NoRate => (
                "NOFX",
                says(
                    "There is no exchange rate for the month.",
                    "Publish an fx_rate for its currency and month, from a source that the rule book names.",
                ),
            ),
            Self::NoTerms => (
                "NOTERMS",
                says("The line is dated before the first rule set.", "Add the terms of that time to the rule book."),
            ),
        }
    }

    /// The code as printed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.entry().0
    }

    /// What it says.
    #[must_use]
    pub const fn meaning(self) -> Meaning {
        self.entry().1
    }

    /// The code of a text; none where it is a gate's.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }
}

/// What the figures of a month miss. A month without a rate or terms has the code of its lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Flag {
    /// No exchange rate.
    NoRate,
    /// Before the first rule set.
    NoTerms,
    /// Growth over a year before of which nothing is known.
    NoBase,
    /// A sum that cannot be held.
    Overflow,
}

impl Flag {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::NoRate, Self::NoTerms, Self::NoBase, Self::Overflow];

    /// The code as printed, and what it says.
    const fn entry(self) -> (&'static str, Meaning) {
        match self {
            Self::NoRate => LineCode::NoRate.entry(),
            Self::NoTerms => LineCode::NoTerms.entry(),
            Self::NoBase => (
                "NOBASE",
                says(
                    "A customer's growth was measured against a year before of which nothing is known.",
                    "Publish what was billed in the same month a year before, as opening revenue.",
                ),
            ),
            Self::Overflow => (
                "OVERFLOW",
                says(
                    "A sum is too large to hold, so the partner has no figures.",
                    "Find the line whose amount is wrong, and have it reversed.",
                ),
            ),
        }
    }

    /// The code as printed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.entry().0
    }

    /// What it says.
    #[must_use]
    pub const fn meaning(self) -> Meaning {
        self.entry().1
    }

    /// The flag of a text; none where it is no flag of the fold's.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.as_str() == text)
    }
}

/// Why our own check refuses a claim, in the order of the check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// None, open, or converted.
    NoLot,
    /// After the claim window.
    Late,
    /// Before the claim window.
    Early,
    /// The activity is not within the usage period.
    OutsideUsage,
    /// The rule set has no such activity.
    NotApprovedActivity,
    /// Missing, zero or negative.
    NotPositive,
    /// No exchange rate for the month of submission.
    NoRate,
    /// Over the activity's limit.
    OverLimit,
    /// Over what the lot has left.
    OverBalance,
}

impl Refusal {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::NoLot,
        Self::Late,
        Self::Early,
        Self::OutsideUsage,
        Self::NotApprovedActivity,
        Self::NotPositive,
        Self::NoRate,
        Self::OverLimit,
        Self::OverBalance,
    ];

    /// The code as printed, and what it says.
    const fn entry(self) -> (&'static str, Meaning) {
        match self {
            Self::NoLot => (
                "NO_LOT",
                says(
                    "There is no usable lot to draw on: none, or it is still open, or it was converted.",
                    "Submit it again once the lot is usable. A lot below the threshold is paid out as rebate and \
                     takes no claims.",
                ),
            ),
            Self::Late => (
                "LATE",
                says(
                    "It was submitted after the claim window.",
                    "This lot takes no more claims. Claim later activities on the lot of their own period, in its \
                     window.",
                ),
            ),
            Self::Early => {
                ("EARLY", says("It was submitted before the claim window.", "Submit it again once the window is open."))
            }
            Self::OutsideUsage => (
                "OUTSIDE_USAGE",
                says(
                    "The activity does not lie within the usage period.",
                    "Submit it again with the right dates. An activity beyond the period is claimed on a later lot.",
                ),
            ),
            Self::NotApprovedActivity => (
                "NOT_APPROVED_ACTIVITY",
                says("The terms have no such activity.", "Submit it again under the name of an approved activity."),
            ),
            Self::NotPositive => (
                "NOT_POSITIVE",
                says("The amount is missing, zero or negative.", "Submit it again with what the activity cost."),
            ),
            Self::NoRate => (
                "NOFX",
                says(
                    "There is no exchange rate for the month of submission.",
                    "Publish an fx_rate for its currency and that month; the claim is then judged anew by itself.",
                ),
            ),
            Self::OverLimit => (
                "OVER_LIMIT",
                says(
                    "With what other claims hold, it exceeds the activity's limit in this lot.",
                    "Submit it again with what is left of the limit, or withdraw another claim of the activity.",
                ),
            ),
            Self::OverBalance => (
                "OVER_BALANCE",
                says(
                    "The lot has less than that left.",
                    "Submit it again with what is available, or withdraw another claim on the lot.",
                ),
            ),
        }
    }

    /// The code as printed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.entry().0
    }

    /// What it says.
    #[must_use]
    pub const fn meaning(self) -> Meaning {
        self.entry().1
    }

    /// The code of a text; none where it is no refusal.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }
}
