//! `daybook backup` and `daybook restore`.

use super::FormatArgument;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// The folder: a new or empty one, or an earlier backup of the same ledger, which gets what is new.
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) format: FormatArgument,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The folder that the backup was made into. The ledger is built in the folder of --ledger, which must have none.
    pub(crate) dir: PathBuf,
    /// Restore the ledger as it was at this position.
    #[arg(long)]
    pub(crate) position: Option<u64>,
    /// A public key that you trust, or a file of them: the newest checkpoint must be signed by one. Without it the keys in the
    /// backup are taken.
    #[arg(long, value_name = "VKEY|FILE")]
    pub(crate) key: Vec<String>,
    #[command(flatten)]
    pub(crate) format: FormatArgument,
}
