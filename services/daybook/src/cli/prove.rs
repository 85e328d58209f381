//! `daybook prove`.

use super::month;
use clap::Args;
use daybook_event::{Month, PartnerId};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(
    after_help = "The file proves itself to whoever has the public key: daybook verify FILE --key KEY, without a ledger. \
                  Files of one record are C2SP tlog-proofs, which other tools verify too."
)]
pub(crate) struct ProveArguments {
    /// The event: SOURCE/EVENT_ID.
    #[arg(long, value_name = "SOURCE/ID", conflicts_with_all = ["position", "partner", "from"])]
    pub(crate) event: Option<String>,
    /// The record at this position.
    #[arg(long, conflicts_with_all = ["partner", "from"])]
    pub(crate) position: Option<u64>,
    /// The record that pinned this partner's statement of --month.
    #[arg(long, value_parser = PartnerId::parse, requires = "month", conflicts_with = "from")]
    pub(crate) partner: Option<PartnerId>,
    /// The closed month of --partner's statement.
    #[arg(long, value_parser = month, requires = "partner")]
    pub(crate) month: Option<Month>,
    /// Prove to this checkpoint. Default: the newest.
    #[arg(long, value_name = "NUMBER", conflicts_with = "from")]
    pub(crate) checkpoint: Option<u64>,
    /// Prove that the ledger at this checkpoint ...
    #[arg(long, value_name = "NUMBER", requires = "to")]
    pub(crate) from: Option<u64>,
    /// ... is the beginning of the ledger at this one.
    #[arg(long, value_name = "NUMBER", requires = "from")]
    pub(crate) to: Option<u64>,
    /// Where to write the proof: .tlog-proof for a record, .tlog-consistency between checkpoints. Default: standard output.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}
