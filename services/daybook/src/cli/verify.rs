//! `daybook verify`.

use super::{FormatArgument, FourEyesArguments, month};
use clap::Args;
use daybook_event::Month;

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// Only the ledger: do not hold the live views against its records.
    #[arg(long)]
    pub(crate) ledger_only: bool,
    /// Compute this closed month again from its records and the book it was closed under, and hold every row against
    /// what was pinned; `all` for every closed month.
    #[arg(long, value_name = "MONTH|all", value_parser = months)]
    pub(crate) month: Option<ClosedMonths>,
    /// Fail too if something of a source is missing: a hole in its own count, or another count or sum than its manifest.
    #[arg(long)]
    pub(crate) complete: bool,
    #[command(flatten)]
    pub(crate) four_eyes: FourEyesArguments,
    #[command(flatten)]
    pub(crate) format: FormatArgument,
}

/// Which closed months are computed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClosedMonths {
    /// Every one.
    All,
    /// This one.
    One(Month),
}

fn months(text: &str) -> Result<ClosedMonths, String> {
    match text {
        "all" => Ok(ClosedMonths::All),
        text => month(text).map(ClosedMonths::One).map_err(|why| format!("{why}, or all")),
    }
}
