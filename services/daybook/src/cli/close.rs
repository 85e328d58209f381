//! `daybook close`.

use super::{FormatArgument, FourEyesArguments, NatsArguments, SignatureArguments, date, month};
use clap::Args;
use daybook_event::{Month, NaiveDate};

#[derive(Debug, Args)]
#[command(
    after_help = "Blocked by a figure that misses something or by billed amounts that do not add up: each reason is listed, \
                  nothing is recorded, and the exit status is 1. --override closes all the same."
)]
pub(crate) struct CloseArguments {
    /// The earning month to close: the one after the last closed, and past.
    #[arg(long, value_parser = month)]
    pub(crate) month: Month,
    /// Close every open month before it too, in order.
    #[arg(long)]
    pub(crate) with_earlier: bool,
    /// Print what would be pinned, and what blocks it, and record nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Close though something blocks it, and keep this reason in the record.
    #[arg(long = "override", value_name = "TEXT")]
    pub(crate) override_reason: Option<String>,
    /// The last date that has happened. Default: the date of the last record.
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(crate) through: Option<NaiveDate>,
    #[command(flatten)]
    pub(crate) signatures: SignatureArguments,
    #[command(flatten)]
    pub(crate) four_eyes: FourEyesArguments,
    #[command(flatten)]
    pub(crate) nats: NatsArguments,
    #[command(flatten)]
    pub(crate) format: FormatArgument,
}
