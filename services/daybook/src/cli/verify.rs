//! `daybook verify`.

use super::{FormatArgument, FourEyesArguments, month};
use clap::Args;
use daybook_event::Month;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// Verify this file instead, without a ledger: a proof, a signed note, or the evidence of a statement.
    #[arg(value_name = "FILE", conflicts_with_all = ["ledger_only", "month", "against"])]
    pub(crate) file: Option<PathBuf>,
    /// A public key that you trust, or a file of them. Default for a ledger: the keys in its own folder, and it says so.
    #[arg(long, value_name = "KEY|FILE")]
    pub(crate) key: Vec<String>,
    /// Of a proof file that does not hold the record: the record's bytes.
    #[arg(long, value_name = "FILE", requires = "file")]
    pub(crate) record: Option<PathBuf>,
    /// Hold the ledger, or the backup, against this checkpoint, kept elsewhere: an old copy is otherwise a whole ledger too.
    #[arg(long, value_name = "NOTE")]
    pub(crate) against: Option<PathBuf>,
    /// The public key of a witness, or a file of them: its cosignature is checked.
    #[arg(long, value_name = "KEY|FILE")]
    pub(crate) witness: Vec<String>,
    /// How many of the witnesses must have signed the newest checkpoint. Default: all that are given.
    #[arg(long, value_name = "COUNT", requires = "witness")]
    pub(crate) witnesses_min: Option<usize>,
    /// Only the ledger: do not hold the live views and the column files against its records.
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
