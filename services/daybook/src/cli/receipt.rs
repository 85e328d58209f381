//! `daybook receipt`.

use super::FormatArgument;
use clap::Args;
use daybook_event::{EventId, SourceId};

#[derive(Debug, Args)]
#[command(
    after_help = "Without --event: what is missing of a source, or of every source: numbers of its own count that no record \
                  has, numbers that two have, and dates whose count or sum is not what its manifest says. With --complete any \
                  such finding makes the exit status 1."
)]
pub(crate) struct ReceiptArguments {
    /// Who published it. Default: every source.
    #[arg(long, value_parser = SourceId::parse)]
    pub(crate) source: Option<SourceId>,
    /// The event's id: what became of this event.
    #[arg(long, value_parser = EventId::parse, requires = "source")]
    pub(crate) event: Option<EventId>,
    /// Fail with exit status 1 if anything is missing.
    #[arg(long, conflicts_with = "event")]
    pub(crate) complete: bool,
    #[command(flatten)]
    pub(crate) format: FormatArgument,
}
