//! The arguments of `daybook export`.

use super::WindowArguments;
use clap::{Args, ValueEnum};
use daybook_event::PartnerId;
use std::path::PathBuf;

/// What an export is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportForm {
    /// An hledger journal that asserts its own balances.
    Hledger,
    /// The same entries as CSV, a debit or credit a row.
    Csv,
    /// The same entries and balances as JSON, amounts as decimal text.
    Json,
}

#[derive(Debug, Args)]
#[command(
    after_help = "The books are those of the payer: what is owed, paid, spent and kept, a set of accounts per partner.\n\
                        Check a journal with: hledger check --strict ordereddates -f FILE"
)]
pub(crate) struct ExportArguments {
    /// What to write.
    #[arg(long, value_enum)]
    pub(crate) to: ExportForm,
    /// Where to write; standard output if left out.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) window: WindowArguments,
    /// The rule book: current, a version, a rule file, any of these with @DATE.
    #[arg(long, default_value = "current")]
    pub(crate) book: String,
    /// Only this partner.
    #[arg(long, value_parser = PartnerId::parse)]
    pub(crate) partner: Option<PartnerId>,
}
