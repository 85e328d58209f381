//! `daybook witness`.

use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(
    after_help = "For distributors and auditors: run it on a machine of your own. It signs a checkpoint only if the ledger \
                  has grown out of the last one that you saw, so nobody can show you one history and others another. Send \
                  the signed note back; daybook checkpoint --cosign takes it."
)]
pub(crate) struct WitnessArguments {
    /// The checkpoint to witness: a signed note.
    #[arg(value_name = "NOTE", required_unless_present = "public_key")]
    pub(crate) note: Option<PathBuf>,
    /// The public key of the ledger, or a file of them.
    #[arg(long, value_name = "KEY|FILE", required_unless_present = "public_key")]
    pub(crate) log_key: Vec<String>,
    /// Your own secret key. Made at first, with --name.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// What you are called, when your key is made: such as example.org/witness.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Where the last checkpoint that you saw is kept. The first is taken as it comes.
    #[arg(long, value_name = "FILE", required_unless_present = "public_key")]
    pub(crate) old: Option<PathBuf>,
    /// The proof that the ledger grew out of it: daybook prove --from N --to N.
    #[arg(long, value_name = "FILE")]
    pub(crate) proof: Option<PathBuf>,
    /// Print your public key, and do nothing else.
    #[arg(long)]
    pub(crate) public_key: bool,
}
