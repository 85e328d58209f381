//! The verbs under `daybook token`.

use clap::{Args, Subcommand};
use daybook_console::http::Role;
use daybook_event::SourceId;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum TokenVerb {
    /// Make a token, print it once, and add its hash to the file of tokens.
    New(TokenNewArguments),
}

#[derive(Debug, Args)]
#[command(
    after_help = "The token is printed once and kept nowhere; the file has its SHA-256. A running serve reads the file again by \
                        itself.\nTo take a token back, take its table out of the file."
)]
pub(crate) struct TokenNewArguments {
    /// The file of tokens: the one of http.tokens in the configuration. It is made if it is missing.
    #[arg(long, env = "DAYBOOK_TOKENS", value_name = "FILE")]
    pub(crate) tokens: PathBuf,
    /// Whose it is: signs acts, and stands in the log.
    #[arg(long)]
    pub(crate) name: String,
    /// What it is for: distributor, auditor, finance or operator.
    #[arg(long, value_parser = role)]
    pub(crate) role: Role,
    /// Of a distributor: a source that is its own. May be given again.
    #[arg(long = "source", value_name = "SOURCE", value_parser = SourceId::parse)]
    pub(crate) sources: Vec<SourceId>,
    /// Of a distributor: it also sees the sums of a partner, in which lines of others are.
    #[arg(long)]
    pub(crate) partner_totals: bool,
}

fn role(text: &str) -> Result<Role, String> {
    let known: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    Role::parse(text).ok_or_else(|| format!("a role is one of {}", known.join(", ")))
}
