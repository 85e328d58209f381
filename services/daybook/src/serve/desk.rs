//! Who computes for the HTTP door: the verbs of this binary, each in a process of its own.
//!
//! So the door says exactly what the command line says, a query that takes too long can be ended at any point, and what it
//! takes in memory is never the writer's.

use super::config::Config;
use crate::cli::NatsArguments;
use crate::failure::Failure;
use daybook_console::http::{ANSWER_BYTES_MAX, Desk, Ran, Running};
use daybook_event::{Position, SourceId};
use daybook_intake::import::{ImportError, ImportItem, ndjson};
use daybook_store::LedgerReader;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

/// The desk of a running `serve`.
pub(super) struct Verbs {
    program: PathBuf,
    ledger: LedgerReader,
    dir: PathBuf,
    rules: Option<PathBuf>,
    nats: NatsArguments,
    is_four_eyes: bool,
}

/// The running program itself. Its path may name a newer one after an update; this link never does.
const OWN_PROGRAM: &str = "/proc/self/exe";
/// What is kept of what a verb says on standard error.
const SAID_BYTES_MAX: usize = 16 * 1024;

impl Verbs {
    pub(super) fn new(config: &Config, ledger: LedgerReader) -> Result<Self, Failure> {
        let link = Path::new(OWN_PROGRAM);
        let program = if link.exists() { link.to_owned() } else { std::env::current_exe()? };
        // A process that is begun elsewhere must find the same folders.
        let (dir, rules) = (std::path::absolute(&config.ledger)?, config.rules.clone());
        let rules = rules.map(std::path::absolute).transpose()?;
        Ok(Self { program, ledger, dir, rules, nats: config.nats.clone(), is_four_eyes: config.four_eyes })
    }

    /// The verb with nothing of our environment: what it shall know stands in its words.
    fn command(&self, words: Vec<String>) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().arg(with("--ledger=", &self.dir));
        command.args(self.rules.as_ref().map(|rules| with("--rules=", rules)));
        command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        command
    }
}

/// A flag and its value in one word.
fn with(flag: &str, value: &Path) -> OsString {
    let mut word = OsString::from(flag);
    word.push(value);
    word
}

/// The broker, as flags of a verb that writes. Its address goes by the environment: it may hold a password, and the words
/// of a process can be read by others.
fn broker_flags(nats: &NatsArguments) -> Vec<String> {
    let files = [
        ("--nats-tls-ca", &nats.nats_tls_ca),
        ("--nats-tls-cert", &nats.nats_tls_cert),
        ("--nats-tls-key", &nats.nats_tls_key),
        ("--nats-creds", &nats.nats_creds),
        ("--nats-nkey", &nats.nats_nkey),
        ("--nats-password-file", &nats.nats_password_file),
        ("--nats-token-file", &nats.nats_token_file),
    ];
    let files = files.into_iter().filter_map(|(flag, file)| Some(format!("{flag}={}", file.as_ref()?.display())));
    files.chain(nats.nats_user.as_ref().map(|user| format!("--nats-user={user}"))).collect()
}

impl Desk for Verbs {
    fn head(&self) -> Result<Value, String> {
        let snapshot = self.ledger.snapshot().map_err(|error| error.to_string())?;
        let head = snapshot.head();
        Ok(json!({
            "position": head.position,
            "root": hex::encode(head.root),
            "recorded_at": head.recorded_at.to_string(),
            "ledger_id": hex::encode(snapshot.identity().ledger_id),
        }))
    }

    fn record(&self, position: u64) -> Result<Option<Value>, String> {
        let snapshot = self.ledger.snapshot().map_err(|error| error.to_string())?;
        let record = snapshot.record(Position::new(position)).map_err(|error| error.to_string())?;
        Ok(record.map(|record| {
            let event = daybook_proto::decode(&record.envelope).ok();
            let event = event.and_then(|event| serde_json::from_str::<Value>(&daybook_proto::encode_json(&event)).ok());
            json!({
                "position": record.position,
                "recorded_at": record.recorded_at.to_string(),
                "event": event,
                "envelope_hex": hex::encode(&record.envelope),
            })
        }))
    }

    fn sources(&self, text: &[u8]) -> Result<BTreeSet<SourceId>, String> {
        let mut sources = BTreeSet::new();
        let looked = ndjson(text, &mut |item| match item {
            ImportItem::Event { envelope, .. } => {
                sources.insert(envelope.id.source);
                Ok(())
            }
            ImportItem::Faulty { detail, origin, .. } => Err(format!("line {}: {detail}", origin.line)),
            ImportItem::Skipped { origin, .. } => Err(format!("line {}: is a webhook, no event", origin.line)),
        });
        match looked {
            Ok(_) => Ok(sources),
            Err(ImportError::Sink(why)) => Err(why),
            Err(ImportError::File(error)) => Err(error.to_string()),
        }
    }

    fn ask(&self, words: Vec<String>) -> Running {
        let command = self.command(words);
        Box::pin(run(command, None))
    }

    fn act(&self, mut words: Vec<String>, input: Option<Vec<u8>>) -> Running {
        // Flags end where values begin.
        let at = words.iter().position(|word| word == "--").unwrap_or(words.len());
        let at = words.iter().position(|word| word.starts_with("--")).map_or(at, |first| first.min(at));
        words.splice(at..at, broker_flags(&self.nats));
        let mut command = self.command(words);
        command.envs(self.nats.nats.as_ref().map(|url| ("NATS_URL", url)));
        command.envs(self.is_four_eyes.then_some(("DAYBOOK_FOUR_EYES", "true")));
        if input.is_some() {
            command.stdin(Stdio::piped());
        }
        Box::pin(run(command, input))
    }
}

async fn run(mut command: Command, input: Option<Vec<u8>>) -> Result<Ran, String> {
    let child = command.spawn().map_err(|error| format!("the verb cannot be begun: {error}"))?;
    ended(child, input).await.map_err(|error| format!("the verb cannot be read: {error}"))
}

async fn ended(mut child: Child, input: Option<Vec<u8>>) -> std::io::Result<Ran> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let (Some(mut stdin), Some(input)) = (stdin, input) {
            // It may have ended before it read all: its status says why.
            let _ = stdin.write_all(&input).await;
        }
    };
    // Both are read to their end, so that it never waits for us; what is beyond the limits is dropped.
    let read = async { tokio::try_join!(read(stdout, ANSWER_BYTES_MAX + 1), read(stderr, SAID_BYTES_MAX)) };
    let ((), read) = tokio::join!(write, read);
    let (output, said) = read?;
    let status = child.wait().await?.code();
    Ok(Ran { status, output, said: String::from_utf8_lossy(&said).into_owned() })
}

async fn read(from: Option<impl AsyncRead + Unpin>, bytes_max: usize) -> std::io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    let Some(from) = from else { return Ok(kept) };
    let mut from = from.take(bytes_max as u64);
    from.read_to_end(&mut kept).await?;
    tokio::io::copy(from.get_mut(), &mut tokio::io::sink()).await?;
    Ok(kept)
}
