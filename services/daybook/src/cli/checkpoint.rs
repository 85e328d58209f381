//! `daybook checkpoint`.

use super::FormatArgument;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(
    after_help = "A checkpoint names the ledger's size and root, and is signed: publish it where the ledger's keeper cannot \
                  change it, and nobody can rewrite history before it unseen. While serve runs, it signs with its own key."
)]
pub(crate) struct CheckpointArguments {
    /// List every checkpoint, oldest first.
    #[arg(long, conflicts_with_all = ["show", "rotate", "cosign", "public_key"])]
    pub(crate) list: bool,
    /// Print the signed note of this checkpoint.
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["rotate", "cosign", "public_key"])]
    pub(crate) show: Option<u64>,
    /// Draw a new key. The checkpoint names it, is signed by both keys, and is the last that the old one signs.
    #[arg(long, conflicts_with_all = ["cosign", "public_key"])]
    pub(crate) rotate: bool,
    /// Add the signatures of witnesses that this note holds to the checkpoint that it is.
    #[arg(long, value_name = "FILE", conflicts_with = "public_key")]
    pub(crate) cosign: Option<PathBuf>,
    /// With --cosign: the public key of a witness, or a file of them. Only signatures that they verify are added.
    #[arg(long, value_name = "KEY|FILE", requires = "cosign")]
    pub(crate) witness: Vec<String>,
    /// Print the public key, for those who verify.
    #[arg(long)]
    pub(crate) public_key: bool,
    /// What the ledger is called in its checkpoints: at the first one, for good. Default: daybook/ and the ledger's id.
    #[arg(long, value_name = "NAME")]
    pub(crate) origin: Option<String>,
    /// The file of the signing key. Default: signing.key in the ledger's folder, made at the first checkpoint.
    #[arg(long, env = "DAYBOOK_SIGNING_KEY", value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Where to write the signed note.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The configuration file: its [checkpoint] table names the key.
    #[arg(long, env = "DAYBOOK_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: FormatArgument,
}
