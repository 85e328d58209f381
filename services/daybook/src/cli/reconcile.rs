//! The arguments of `daybook reconcile`.

use super::{FormatArgument, WindowArguments, month};
use clap::{Args, ValueEnum};
use daybook_event::{Month, PartnerId};
use std::path::PathBuf;

/// Which of their dates says in which month an earning counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DatedBy {
    /// The date of the earning; where it is blank, that of the transaction.
    Earning,
    /// The date of the transaction; where it is blank, that of the earning.
    Transaction,
}

#[derive(Debug, Args)]
#[command(
    after_help = "A variance is theirs less ours. Exit status 1 if anything but rounding differs, or a line cannot be read; 2 if there is nothing to compare."
)]
pub(crate) struct ReconcileArguments {
    /// Earnings files as Partner Center exports them, CSV.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// A file that names the partner of a Microsoft partner id: the same as for import.
    #[arg(long, value_name = "FILE")]
    pub(crate) partner_map: Option<PathBuf>,
    /// A file that names our lever for each of theirs: TOML, a table [levers] of "their name" = "our_lever".
    #[arg(long, value_name = "FILE")]
    pub(crate) lever_map: Option<PathBuf>,
    /// Which of their dates says the month.
    #[arg(long, value_enum, default_value_t = DatedBy::Earning)]
    pub(crate) dated_by: DatedBy,
    /// Only this month. Default: every month that the files name.
    #[arg(long, value_parser = month)]
    pub(crate) month: Option<Month>,
    /// Only this partner. Default: every partner that the files name.
    #[arg(long, value_parser = PartnerId::parse)]
    pub(crate) partner: Option<PartnerId>,
    #[command(flatten)]
    pub(crate) window: WindowArguments,
    /// The rule book: current, a version, a rule file, any of these with @DATE.
    #[arg(long, default_value = "current")]
    pub(crate) book: String,
    /// Where to write the dispute pack: a folder that is new or empty.
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// How many variances the table lists; JSON and CSV list all.
    #[arg(long, default_value_t = 20)]
    pub(crate) top: usize,
    #[command(flatten)]
    pub(crate) format: FormatArgument,
}
