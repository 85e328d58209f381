//! Names of measures, bands and states in plain words.

use daybook_replay::{Band, Measure, SizeBand, State};

/// The measure, as a heading.
pub(crate) fn measure(measure: Measure) -> &'static str {
    match measure {
        Measure::Earned => "Earned",
        Measure::Rebate => "Rebate",
        Measure::CoopAccrued => "Co-op accrued",
        Measure::Cash => "Cash",
        Measure::CoopUsable => "Co-op usable",
        Measure::CoopForfeited => "Co-op forfeited",
    }
}

/// The band.
pub(crate) fn band(band: Band) -> &'static str {
    match band {
        Band::LostEligibility => "lost eligibility",
        Band::LostCoopUse => "lost co-op use, kept the cash",
        Band::LossOver5 => "loss > 5 %",
        Band::LossUpTo5 => "loss up to 5 %",
        Band::Unchanged => "unchanged",
        Band::Shifted => "same sum, other kind or date",
        Band::GainUpTo5 => "gain up to 5 %",
        Band::GainOver5 => "gain > 5 %",
        Band::GainedCoopUse => "gained co-op use",
        Band::GainedEligibility => "gained eligibility",
    }
}

/// The state of a period.
pub(crate) fn state(state: State) -> &'static str {
    match state {
        State::NotEligible => "not eligible",
        State::NoCoop => "no co-op",
        State::CoopOpen => "co-op still open",
        State::CoopConverted => "co-op converted",
        State::CoopUsable => "co-op usable",
    }
}

/// The size of a partner.
pub(crate) fn size(size: SizeBand) -> &'static str {
    match size {
        SizeBand::Under25k => "below 25k",
        SizeBand::From25k => "25k to 250k",
        SizeBand::From250k => "250k to 625k",
        SizeBand::From625k => "625k and more",
    }
}

/// How many of them are shown, where not all are.
pub(crate) fn shown(shown: usize, all: usize, what: &str) -> String {
    if shown == all {
        return format!("{what}: {all} in all.");
    }
    format!("{what}: {shown} of {all} are shown; --format json and --csv list all.")
}
