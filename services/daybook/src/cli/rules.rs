//! The verbs under `daybook rules`.

use super::{FormatArgument, NatsArguments, WindowArguments};
use clap::builder::FalseyValueParser;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum RulesVerb {
    /// List the versions with their dates, changes and hashes.
    List(RulesListArguments),
    /// Adopt versions, or take an adoption back: a record in the ledger makes them the ones in force, or no longer.
    Adopt(Box<RulesAdoptArguments>),
    /// Check the rule files and the tests beside them; exit status 1 if any file is wrong.
    Lint {
        /// Also fold the ledger without each [[change]], and warn of those on which no figure of it depends.
        #[arg(long)]
        against_ledger: bool,
        #[command(flatten)]
        format: FormatArgument,
    },
    /// Run the tests that stand beside the rule files; exit status 1 if any fails.
    Test {
        #[command(flatten)]
        format: FormatArgument,
    },
    /// Show what differs between two books: dates, values, reasons, sources, and what it touches in the ledger.
    Diff(RulesDiffArguments),
    /// Nudge each number, date and reading by its smallest step and name the test that notices; exit status 1 if none
    /// does.
    Mutate {
        #[command(flatten)]
        format: FormatArgument,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RulesListArguments {
    #[command(flatten)]
    pub(crate) four_eyes: FourEyesArguments,
    #[command(flatten)]
    pub(crate) format: FormatArgument,
}

/// Whether the operators' acts need two people, and the file that may say so.
#[derive(Debug, Args, Default)]
pub(crate) struct FourEyesArguments {
    /// An adoption, a closing or a decision about the quarantine needs an approver who is somebody else: refuse one without,
    /// and name the adoptions and closings that stand.
    #[arg(long, env = "DAYBOOK_FOUR_EYES", value_parser = FalseyValueParser::new())]
    pub(crate) four_eyes: bool,
    /// The configuration file of `serve`: ledger, rules, four_eyes, and the broker for acts, are taken from it.
    #[arg(long, env = "DAYBOOK_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Who signs an act.
#[derive(Debug, Args)]
pub(crate) struct SignatureArguments {
    /// Who does it.
    #[arg(long, value_name = "NAME")]
    pub(crate) by: String,
    /// Who approves: required under --four-eyes, and then somebody else than --by.
    #[arg(long, value_name = "NAME")]
    pub(crate) approver: Option<String>,
    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct RulesAdoptArguments {
    /// Which: versions of the rules, or rule set files. Default: every version that is not adopted yet.
    #[arg(value_name = "VERSION|FILE")]
    pub(crate) what: Vec<String>,
    /// Take back the adoption of this event id instead; `rules list` names it.
    #[arg(long, value_name = "EVENT", conflicts_with = "what")]
    pub(crate) reverse: Option<String>,
    #[command(flatten)]
    pub(crate) signatures: SignatureArguments,
    #[command(flatten)]
    pub(crate) four_eyes: FourEyesArguments,
    #[command(flatten)]
    pub(crate) nats: NatsArguments,
    #[command(flatten)]
    pub(crate) format: FormatArgument,
}

#[derive(Debug, Args)]
pub(crate) struct RulesDiffArguments {
    /// The book in force: current, a version, a rule file, any of these with @DATE.
    pub(crate) reference: String,
    /// The book to hold against it.
    pub(crate) candidate: String,
    /// Where to write the difference as a page that can be printed.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) window: WindowArguments,
    #[command(flatten)]
    pub(crate) format: FormatArgument,
}
