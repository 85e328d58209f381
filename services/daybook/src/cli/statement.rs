//! `daybook statement`.

use super::{FormatArgument, WindowArguments, month};
use clap::Args;
use daybook_event::{Month, PartnerId};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct StatementArguments {
    /// The partner; or give --all.
    #[arg(long, value_parser = PartnerId::parse)]
    pub(crate) partner: Option<PartnerId>,
    /// The earning month. A closed one is shown as it was pinned, an open one as computed now.
    #[arg(long, value_parser = month)]
    pub(crate) month: Month,
    /// Every partner that has anything in the month: a page and a JSON document each.
    #[arg(long, conflicts_with = "partner", requires = "output")]
    pub(crate) all: bool,
    /// The folder for the statements of every partner.
    #[arg(long, value_name = "DIR", requires = "all")]
    pub(crate) output: Option<PathBuf>,
    /// Where to write the statement as a page that can be printed.
    #[arg(long, value_name = "FILE", conflicts_with = "all")]
    pub(crate) html: Option<PathBuf>,
    /// Where to write the evidence of a closed month: the records that the figures follow from, and the proof that they
    /// stand in the ledger. daybook verify FILE --key KEY computes the figures again from it alone.
    #[arg(long, value_name = "FILE", requires = "partner")]
    pub(crate) proof: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) window: WindowArguments,
    #[command(flatten)]
    pub(crate) format: FormatArgument,
}
