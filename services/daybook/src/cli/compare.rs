//! What `daybook compare` is asked, and where it writes beside its output.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How each delta is split among the changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Attribution {
    /// The mean over every order in which the changes can be made (Shapley).
    Shapley,
    /// One change after the other, in the order in which they were announced.
    Announced,
    /// Each change alone; what they do only together stands apart as `interaction`.
    Alone,
    /// Not at all: the quickest.
    None,
}

/// What orders are drawn from where nobody says otherwise.
pub(crate) const SEED: u64 = 1;

/// What a comparison computes beside the two sides.
#[derive(Debug, Args)]
pub(crate) struct AttributionArguments {
    /// Whose doing each delta is: how it is split among the changes.
    #[arg(long, value_enum, default_value_t = Attribution::Shapley)]
    pub(crate) attribution: Attribution,
    /// What orders are drawn from, where there are too many changes to look at every order. The same seed gives the same
    /// figures.
    #[arg(long, default_value_t = SEED)]
    pub(crate) seed: u64,
    /// Totals of the candidate at other values of a parameter, such as coop.threshold=0..20000/20. May be given again.
    #[arg(long, value_name = "PATH=FROM..TO/STEPS")]
    pub(crate) vary: Vec<String>,
    /// Leave out what the answer would be under the other readings that the rule files name.
    #[arg(long)]
    pub(crate) no_interpretations: bool,
}

/// Files of a comparison.
#[derive(Debug, Args)]
pub(crate) struct CompareFilesArguments {
    /// Where to write the comparison as a page that can be printed: pictures, tables, checks, nothing fetched.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// A folder to write every table of the comparison into, a CSV file each.
    #[arg(long, value_name = "DIR")]
    pub(crate) csv: Option<PathBuf>,
}
