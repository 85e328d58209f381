//! The verbs under `daybook quarantine`.

use super::{FormatArgument, FourEyesArguments, NatsArguments, SignatureArguments};
use clap::{Args, Subcommand, ValueEnum};
use daybook_event::SourceId;
use daybook_store::QuarantineReason;

#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineVerb {
    /// List the entries with what became of them.
    List(QuarantineListArguments),
    /// Show one entry with its bytes, and what was decided.
    Show {
        /// The entry's number.
        entry: u64,
        #[command(flatten)]
        format: FormatArgument,
    },
    /// Decide that entries are events after all: their bytes are judged again, and what passes becomes a record.
    Retry(Box<DecideArguments>),
    /// Decide that entries will never be records.
    Dismiss(Box<DecideArguments>),
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub(crate) enum StateName {
    /// Whatever became of it.
    #[default]
    All,
    /// Nothing yet: figures may miss it.
    Open,
    /// It is a record now.
    Retried,
    /// It will never be one.
    Dismissed,
    /// Another input of the same id is a record.
    Corrected,
}

/// Which entries.
#[derive(Debug, Args, Default)]
pub(crate) struct SelectionArguments {
    /// Only entries with this reason, such as subject_mismatch.
    #[arg(long, value_name = "CODE", value_parser = clap::builder::PossibleValuesParser::new(QuarantineReason::CODES))]
    pub(crate) reason_code: Option<String>,
    /// Only entries whose bytes name this source.
    #[arg(long, value_parser = SourceId::parse)]
    pub(crate) source: Option<SourceId>,
}

#[derive(Debug, Args)]
pub(crate) struct QuarantineListArguments {
    /// Only entries of which this became.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) state: StateName,
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,
    #[command(flatten)]
    pub(crate) format: FormatArgument,
}

#[derive(Debug, Args)]
#[command(
    after_help = "An entry whose bytes are faulty stays so: publish the corrected event under the same id instead, which \
                  resolves the entry, or dismiss it. What would happen is said by --dry-run, and nothing is recorded."
)]
pub(crate) struct DecideArguments {
    /// The entries' numbers.
    #[arg(value_name = "ENTRY", required_unless_present = "all", conflicts_with = "all")]
    pub(crate) entries: Vec<u64>,
    /// Every open entry of which the decision would make something, instead of those named.
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,
    /// Say what would happen, and record nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) signatures: SignatureArguments,
    #[command(flatten)]
    pub(crate) four_eyes: FourEyesArguments,
    #[command(flatten)]
    pub(crate) nats: NatsArguments,
    #[command(flatten)]
    pub(crate) format: FormatArgument,
}
