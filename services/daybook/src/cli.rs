//! The command line: one struct per verb. `--help` is part of the feature.

mod backup;
mod checkpoint;
mod close;
mod compare;
mod explain;
mod export;
mod person;
mod prove;
mod quarantine;
mod receipt;
mod reconcile;
mod replay;
mod rules;
mod statement;
mod token;
mod verify;
mod witness;

pub(crate) use backup::{BackupArguments, RestoreArguments};
pub(crate) use checkpoint::CheckpointArguments;
pub(crate) use close::CloseArguments;
pub(crate) use compare::{Attribution, AttributionArguments, CompareFilesArguments, SEED};
pub(crate) use explain::ExplainArguments;
pub(crate) use export::{ExportArguments, ExportForm};
pub(crate) use person::{PersonArguments, PersonVerb};
pub(crate) use prove::ProveArguments;
pub(crate) use quarantine::{DecideArguments, QuarantineListArguments, QuarantineVerb, SelectionArguments, StateName};
pub(crate) use receipt::ReceiptArguments;
pub(crate) use reconcile::{DatedBy, ReconcileArguments};
pub(crate) use replay::{MemoryArguments, ReplayArguments};
pub(crate) use rules::{
    FourEyesArguments, RulesAdoptArguments, RulesDiffArguments, RulesListArguments, RulesVerb, SignatureArguments,
};
pub(crate) use statement::StatementArguments;
pub(crate) use token::{TokenNewArguments, TokenVerb};
pub(crate) use verify::{ClosedMonths, VerifyArguments};
pub(crate) use witness::WitnessArguments;

use crate::generate::EventFormat;
use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use daybook_event::{Month, NaiveDate, PartnerId, SourceId};
use std::path::PathBuf;

/// The ledger for Microsoft CSP partner incentives: what is a partner owed, why, and what would it be under other terms?
#[derive(Debug, Parser)]
#[command(name = "daybook", version, about, long_about = None, propagate_version = true, max_term_width = 110)]
#[command(
    after_help = "Exit status: 0 done, 1 a check failed, 2 bad arguments or input (message on standard error).\n\
                        Start with: daybook demo"
)]
pub(crate) struct Cli {
    /// The ledger's folder.
    #[arg(long, global = true, env = "DAYBOOK_LEDGER", default_value = "./daybook-data", value_name = "DIR")]
    pub(crate) ledger: PathBuf,
    /// A folder of rule files, instead of the rules built into the binary.
    #[arg(long, global = true, env = "DAYBOOK_RULES", value_name = "DIR")]
    pub(crate) rules: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run the whole main job on the demo history: broker, ledger, views, comparison.
    Demo(DemoArguments),
    /// Follow the broker's stream: append, project, answer until stopped.
    Serve(ServeArguments),
    /// Take events from files into the ledger.
    Import(ImportArguments),
    /// Write a synthetic history to standard output.
    Generate(GenerateArguments),
    /// Print the views: standing, postings, lots, claims, payouts, conservation, findings.
    Views(ViewsArguments),
    /// Fold a window under a chosen rule book, apart from the live views; print rate and digest.
    Replay(ReplayArguments),
    /// Compare two rule books over the same records: who gains, who loses, in every measure.
    Compare(CompareArguments),
    /// Explain a figure down to its events, rule lines, dates and rounding.
    Explain(ExplainArguments),
    /// Write the books in double entry: an hledger journal, CSV or JSON.
    Export(ExportArguments),
    /// Pin a month: its statements become records, and what changes later is booked as true-ups.
    Close(Box<CloseArguments>),
    /// A partner's statement of a month, with its proof.
    Statement(StatementArguments),
    /// Hold Microsoft's own statement of earnings against our figures, and class every difference.
    Reconcile(ReconcileArguments),
    /// Recompute the whole tree from stored bytes, and the views from records; name every finding.
    Verify(Box<VerifyArguments>),
    /// Sign what the ledger is now: a checkpoint that others can hold it against.
    Checkpoint(CheckpointArguments),
    /// Write a proof as a file: that a record is in the ledger, or that the ledger only grew.
    Prove(ProveArguments),
    /// Cosign a ledger's checkpoint, as somebody who is not its keeper.
    Witness(WitnessArguments),
    /// Copy the ledger into a folder while it is written; again, and only what is new is added.
    Backup(BackupArguments),
    /// Build a ledger from a backup, whole or as it was at a position, and hold it against the newest checkpoint.
    Restore(RestoreArguments),
    /// List, adopt, check, test and compare the rule files.
    #[command(subcommand)]
    Rules(RulesVerb),
    /// Look at what could not be appended, and decide what is to become of it.
    #[command(subcommand)]
    Quarantine(QuarantineVerb),
    /// What became of one event, or what is missing of a source.
    Receipt(ReceiptArguments),
    /// Seal personal data of a certified person, read it, or forget the person by destroying the key.
    #[command(subcommand)]
    Person(PersonVerb),
    /// Make the tokens that the HTTP door lets people and programs in by.
    #[command(subcommand)]
    Token(TokenVerb),
    /// Print shell completions.
    Completions {
        /// For which shell.
        shell: clap_complete::Shell,
    },
    /// Print the manual page.
    Man,
}

/// How a reading verb prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Default)]
pub(crate) enum Format {
    /// Tables that fit the terminal.
    #[default]
    Table,
    /// JSON, amounts as decimal text.
    Json,
    /// CSV, one view at a time.
    Csv,
}

#[derive(Debug, Args, Default)]
pub(crate) struct FormatArgument {
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}

/// Which records count, and up to which date.
#[derive(Debug, Args, Default, Clone)]
pub(crate) struct WindowArguments {
    /// The last date that has happened; facts dated later do not count. Default: the date of the last record.
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(crate) through: Option<NaiveDate>,
    /// Only records up to this position, or taken up to this instant (RFC 3339).
    #[arg(long, value_name = "POSITION|INSTANT")]
    pub(crate) known_as_of: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Run through an in-process source instead of a NATS server.
    #[arg(long)]
    pub(crate) no_nats: bool,
    /// Leave the NATS server running afterwards, for writing verbs.
    #[arg(long, conflicts_with = "no_nats")]
    pub(crate) keep_server: bool,
}

#[derive(Debug, Args, Default, Clone)]
pub(crate) struct NatsArguments {
    /// The broker, such as nats://127.0.0.1:4222 or tls://broker:4222.
    #[arg(long, env = "NATS_URL", value_name = "URL")]
    pub(crate) nats: Option<String>,
    /// A file of certificate authorities to trust.
    #[arg(long, value_name = "FILE")]
    pub(crate) nats_tls_ca: Option<PathBuf>,
    /// Our certificate, for brokers that ask for one.
    #[arg(long, value_name = "FILE", requires = "nats_tls_key")]
    pub(crate) nats_tls_cert: Option<PathBuf>,
    /// Its key.
    #[arg(long, value_name = "FILE", requires = "nats_tls_cert")]
    pub(crate) nats_tls_key: Option<PathBuf>,
    /// A NATS credentials file.
    #[arg(long, value_name = "FILE")]
    pub(crate) nats_creds: Option<PathBuf>,
    /// A file with an NKey seed.
    #[arg(long, value_name = "FILE")]
    pub(crate) nats_nkey: Option<PathBuf>,
    /// A user name; its password stands in --nats-password-file.
    #[arg(long, requires = "nats_password_file")]
    pub(crate) nats_user: Option<String>,
    /// A file with the password of --nats-user.
    #[arg(long, value_name = "FILE", requires = "nats_user")]
    pub(crate) nats_password_file: Option<PathBuf>,
    /// A file with a token.
    #[arg(long, value_name = "FILE")]
    pub(crate) nats_token_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// The configuration file. Flags win over environment, environment over file.
    #[arg(long, env = "DAYBOOK_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) nats: NatsArguments,
    /// Where the HTTP door answers. Beyond loopback it needs a file of tokens.
    #[arg(long, env = "DAYBOOK_LISTEN", value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// The file of tokens that the HTTP door lets in by; without one it says how the service is, and no more.
    #[arg(long, env = "DAYBOOK_TOKENS", value_name = "FILE")]
    pub(crate) tokens: Option<PathBuf>,
    /// The rule book of the live views.
    #[arg(long, env = "DAYBOOK_BOOK")]
    pub(crate) book: Option<String>,
    /// Refuse an adoption, a closing or a decision about the quarantine that nobody else approves, where it comes through
    /// the socket, and log adoptions that stand so.
    #[arg(long, env = "DAYBOOK_FOUR_EYES", value_parser = FalseyValueParser::new())]
    pub(crate) four_eyes: bool,
    /// The through date of the live views. Default: today, moving with the clock.
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(crate) through: Option<NaiveDate>,
    /// Go on after the stream was made anew or restored: takes the stream as it is now from its first message.
    #[arg(long)]
    pub(crate) accept_stream_reset: bool,
    /// Messages in a batch at the most.
    #[arg(long, env = "DAYBOOK_BATCH_RECORDS_MAX", value_name = "COUNT")]
    pub(crate) batch_records_max: Option<usize>,
    /// Stop once the stream is drained and projected: for scripts.
    #[arg(long)]
    pub(crate) until_drained: bool,
}

/// What kind of file an import reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportFormat {
    /// One event a line, as the stream carries them.
    Ndjson,
    /// The same events in protobuf: envelopes, each after its length (a varint).
    Protobuf,
    /// Partner Center reconciliation, CSV or JSON; webhooks are known and make no events.
    PartnerCenter,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// What the files are.
    #[arg(long, value_enum)]
    pub(crate) from: ImportFormat,
    /// The files; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Partner Center: the source that the lines are published under.
    #[arg(long, default_value = "partner-center", value_parser = SourceId::parse)]
    pub(crate) source: SourceId,
    /// Partner Center: a file that names the partner of a customer or MPN id.
    #[arg(long, value_name = "FILE")]
    pub(crate) partner_map: Option<PathBuf>,
    /// Partner Center: the invoice number of a legacy license file, which has no column for it.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) invoice: Option<String>,
    /// The files are later issues: a line whose id stands with other content takes its place, and the record is reversed.
    #[arg(long)]
    pub(crate) supersede: bool,
    /// The files hold acts of the ledger's operators (source `ledger`), such as corrections by hand: take them too.
    #[arg(long)]
    pub(crate) operator_acts: bool,
    #[command(flatten)]
    pub(crate) nats: NatsArguments,
    #[command(flatten)]
    pub(crate) format: FormatArgument,
}

#[derive(Debug, Args)]
pub(crate) struct GenerateArguments {
    /// How many partners.
    #[arg(long, default_value_t = 100)]
    pub(crate) partners: u32,
    /// How many events.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) events: u64,
    /// How many months.
    #[arg(long, default_value_t = 24)]
    pub(crate) months: u16,
    /// The same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// The first month.
    #[arg(long, default_value = "2020-10", value_parser = month)]
    pub(crate) start: Month,
    /// How the events are written.
    #[arg(long, value_enum, default_value = "ndjson")]
    pub(crate) format: EventFormat,
}

/// One of the views.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum ViewName {
    Standing,
    Postings,
    Lots,
    Claims,
    TrueUps,
    Payouts,
    Conservation,
    Provisional,
    Findings,
}

#[derive(Debug, Args)]
pub(crate) struct ViewsArguments {
    #[command(flatten)]
    pub(crate) window: WindowArguments,
    /// The rule book: current, a version, a rule file, any of these with @DATE.
    #[arg(long, default_value = "current")]
    pub(crate) book: String,
    /// Only this partner.
    #[arg(long, value_parser = PartnerId::parse)]
    pub(crate) partner: Option<PartnerId>,
    /// Only this earning period, such as FY22H1.
    #[arg(long)]
    pub(crate) period: Option<String>,
    /// Only this view.
    #[arg(long, value_enum)]
    pub(crate) view: Option<ViewName>,
    #[command(flatten)]
    pub(crate) memory: MemoryArguments,
    #[command(flatten)]
    pub(crate) format: FormatArgument,
}

#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    #[command(flatten)]
    pub(crate) window: WindowArguments,
    /// The book in force.
    #[arg(long, default_value = "current")]
    pub(crate) reference: String,
    /// The book proposed.
    #[arg(long)]
    pub(crate) candidate: String,
    /// Only this partner.
    #[arg(long, value_parser = PartnerId::parse)]
    pub(crate) partner: Option<PartnerId>,
    /// How many partners the table lists; JSON and CSV list all.
    #[arg(long, default_value_t = 20)]
    pub(crate) top: usize,
    /// Keep closed months as they were pinned, on both sides: what a book would change of them stands as true-ups in the
    /// earliest open month. Deltas are not split among changes then; the causes of true-ups name them.
    #[arg(long, conflicts_with_all = ["attribution", "seed", "vary", "no_interpretations", "html", "csv"])]
    pub(crate) keep_closed: bool,
    #[command(flatten)]
    pub(crate) attribution: AttributionArguments,
    #[command(flatten)]
    pub(crate) files: CompareFilesArguments,
    #[command(flatten)]
    pub(crate) format: FormatArgument,
}

fn date(text: &str) -> Result<NaiveDate, String> {
    daybook_event::date_parse(text).ok_or_else(|| "a date is written YYYY-MM-DD".to_owned())
}

fn month(text: &str) -> Result<Month, String> {
    Month::parse(text).ok_or_else(|| "a month is written YYYY-MM".to_owned())
}
