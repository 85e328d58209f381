//! The socket in a file-bound ledger's folder: how a writing verb appends while `serve` holds the ledger.
//!
//! One JSON document a line each way: a batch of inputs, then what became of each. The socket belongs to the user who
//! serves (mode 0600): who may write the ledger's file may write here.

use crate::failure::Failure;
use crate::four_eyes;
use crate::import::{Door, Part, Settled, Waiting, now};
use daybook_event::{Payload, Position};
use daybook_intake::import::Outcome;
use daybook_intake::{IntakeProgress, classify};
use daybook_store::{Appended, Incoming, Ledger, LedgerOptions, LedgerReader, Origin, QuarantineReason};
use rustix::fs::Mode;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant as ClockInstant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Its name in the ledger's folder.
const SOCKET_FILE: &str = "daybook.sock";
/// Inputs sent at once.
const BATCH_INPUTS_MAX: usize = 5_000;
/// Their bytes at the most; twice as many characters in hex.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How often the server looks whether it should stop.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// How long a client may keep the server waiting in the middle of a line.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// One input on its way.
#[derive(Serialize, Deserialize)]
struct WireInput {
    /// The envelope, or the faulty line, in hex.
    bytes: String,
    /// Why it is faulty; none for an event, which the server judges by its bytes.
    reason: Option<QuarantineReason>,
    file: Option<String>,
    line: Option<u64>,
}

/// What the server answers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireAnswer {
    /// Code and quarantine reason of each input, in order.
    Outcomes(Vec<WireOutcome>),
    /// Nothing of the batch was appended.
    Refused(String),
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireOutcome {
    Appended,
    Duplicate,
    Conflict,
    Quarantined,
}

fn path(ledger: &Path) -> PathBuf {
    ledger.join(SOCKET_FILE)
}

/// Whether a `serve` answers in the ledger's folder. A socket file alone says nothing: a killed server leaves it.
pub(crate) fn is_listening(ledger: &Path) -> bool {
    UnixStream::connect(path(ledger)).is_ok()
}

/// Who hears of what is appended.
pub(super) struct Told {
    pub(super) head: watch::Sender<Position>,
    pub(super) progress: watch::Sender<IntakeProgress>,
}

impl Told {
    fn appended(&self, appended: &Appended, took: Duration) {
        self.head.send_replace(appended.head.position);
        self.progress.send_modify(|progress| progress.batch(&appended.head, appended.outcomes.iter(), took));
    }
}

/// The server's end.
pub(super) struct Socket {
    listener: UnixListener,
    path: PathBuf,
    is_four_eyes: bool,
}

impl Socket {
    /// Binds it. The caller holds the ledger's lock, so a socket file that is there is a dead server's.
    pub(super) fn bind(ledger: &Path, is_four_eyes: bool) -> Result<Self, Failure> {
        let path = path(ledger);
        if path.exists() {
            std::fs::remove_file(&path)?;
        }
        // The file is made with the mode that it keeps: there is no moment in which others could connect.
        let before = rustix::process::umask(Mode::from_raw_mode(0o177));
        let bound = UnixListener::bind(&path);
        rustix::process::umask(before);
        let listener =
            bound.map_err(|error| Failure::Input(format!("cannot listen on {}: {error}", path.display())))?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, path, is_four_eyes })
    }

    /// Appends what clients send, one client at a time, until told to stop; gives the ledger back.
    pub(super) fn serve(self, mut ledger: Ledger, told: &Told, stop: &CancellationToken) -> Result<Ledger, Failure> {
        while !stop.is_cancelled() {
            match self.listener.accept() {
                Ok((client, _)) => {
                    if let Err(failure) = attend(&client, &mut ledger, self.is_four_eyes, told, stop) {
                        tracing::warn!(?failure, "a client of the socket was let go");
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => std::thread::sleep(POLL_INTERVAL),
                Err(error) => return Err(Failure::input(error)),
            }
        }
        std::fs::remove_file(&self.path)?;
        Ok(ledger)
    }
}

/// One client, batch by batch, until it hangs up. A batch that was committed stays, whatever becomes of the client.
fn attend(
    client: &UnixStream,
    ledger: &mut Ledger,
    is_four_eyes: bool,
    told: &Told,
    stop: &CancellationToken,
) -> Result<(), Failure> {
    client.set_nonblocking(false)?;
    client.set_read_timeout(Some(READ_TIMEOUT))?;
    let mut reader = BufReader::new(client);
    let mut line = String::new();
    while !stop.is_cancelled() {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let inputs: Vec<WireInput> = serde_json::from_str(&line)?;
        let batch = inputs.into_iter().map(incoming).collect::<Result<Vec<_>, _>>()?;
        let unsigned = batch.iter().filter(|_| is_four_eyes).find_map(refusal);
        let since = ClockInstant::now();
        let answer = match unsigned.map_or_else(|| ledger.append(batch, None, &[]).map_err(|why| why.to_string()), Err)
        {
            Ok(appended) => {
                told.appended(&appended, since.elapsed());
                WireAnswer::Outcomes(appended.outcomes.into_iter().map(wire).collect())
            }
            Err(why) => WireAnswer::Refused(why),
        };
        let mut writer = client;
        serde_json::to_writer(&mut writer, &answer)?;
        writer.write_all(b"\n")?;
    }
    Ok(())
}

/// Why an act of the operators may not pass under four eyes, whichever verb sends it; none for whatever may.
fn refusal(incoming: &Incoming) -> Option<String> {
    let Incoming::Event { id, envelope, .. } = incoming else { return None };
    if !id.source.is_ledger() {
        return None;
    }
    let why = match daybook_proto::decode(envelope).ok()?.payload {
        Payload::RuleBookAdopted(act) => four_eyes::fault(&act.adopted_by, &act.approver)?,
        Payload::PeriodClosed(act) => four_eyes::fault(&act.closed_by, &act.approver)?,
        Payload::QuarantineDecision(act) => four_eyes::fault(&act.decided_by, &act.approver)?,
        _ => return None,
    };
    Some(format!(
        "{id}: four eyes are required by the configuration of serve, and {why}; nothing of its batch is taken in"
    ))
}

fn incoming(input: WireInput) -> Result<Incoming, Failure> {
    let bytes = hex::decode(&input.bytes).map_err(|error| Failure::Input(format!("an input is not hex: {error}")))?;
    let origin = Origin { subject: None, stream_sequence: None, file: input.file, line: input.line };
    let recorded_at = now();
    Ok(match input.reason {
        None => classify(bytes, recorded_at, origin),
        Some(reason) => {
            let id = daybook_proto::peek_head(&bytes).id();
            Incoming::Faulty { reason, id, recorded_at, origin, bytes }
        }
    })
}

fn wire(outcome: daybook_store::Outcome) -> WireOutcome {
    match outcome {
        daybook_store::Outcome::Appended(_) => WireOutcome::Appended,
        daybook_store::Outcome::Duplicate { .. } => WireOutcome::Duplicate,
        daybook_store::Outcome::Conflict { .. } => WireOutcome::Conflict,
        daybook_store::Outcome::Quarantined { .. } => WireOutcome::Quarantined,
    }
}

/// The client's end.
pub(crate) struct SocketDoor {
    ledger: PathBuf,
    reader: BufReader<UnixStream>,
    batch: Vec<WireInput>,
    bytes: usize,
    waiting: Waiting,
}

impl SocketDoor {
    pub(crate) fn open(ledger: &Path) -> Result<Self, Failure> {
        let stream = UnixStream::connect(path(ledger))?;
        let reader = BufReader::new(stream);
        Ok(Self { ledger: ledger.to_owned(), reader, batch: Vec::new(), bytes: 0, waiting: Waiting::default() })
    }

    fn send(&mut self) -> Result<Vec<Settled>, Failure> {
        if self.batch.is_empty() {
            return Ok(Vec::new());
        }
        let mut text = serde_json::to_string(&self.batch)?;
        text.push('\n');
        self.batch.clear();
        self.bytes = 0;
        self.reader.get_mut().write_all(text.as_bytes())?;
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Err(Failure::Input(
                "serve hung up: what it answered is durable; do the same again: nothing is added twice".to_owned(),
            ));
        }
        match serde_json::from_str(&line)? {
            WireAnswer::Refused(why) => Err(Failure::Input(why)),
            WireAnswer::Outcomes(outcomes) => {
                let settle = |outcome: WireOutcome| self.waiting.settle(|reason| said(outcome, reason));
                Ok(outcomes.into_iter().filter_map(settle).collect())
            }
        }
    }
}

fn said(outcome: WireOutcome, reason: Option<String>) -> Outcome {
    match outcome {
        WireOutcome::Appended => Outcome::Appended,
        WireOutcome::Duplicate => Outcome::Duplicate,
        WireOutcome::Conflict => Outcome::Quarantined("conflict".to_owned()),
        WireOutcome::Quarantined => Outcome::Quarantined(reason.unwrap_or_default()),
    }
}

impl Door for SocketDoor {
    fn push(&mut self, incoming: Incoming, part: Part) -> Result<Vec<Settled>, Failure> {
        self.waiting.push(&incoming, part);
        let (bytes, reason, origin) = match incoming {
            Incoming::Event { envelope, origin, .. } => (envelope, None, origin),
            Incoming::Faulty { bytes, reason, origin, .. } => (bytes, Some(reason), origin),
        };
        self.bytes += bytes.len();
        self.batch.push(WireInput { bytes: hex::encode(bytes), reason, file: origin.file, line: origin.line });
        if self.batch.len() < BATCH_INPUTS_MAX && self.bytes < BATCH_BYTES_MAX { Ok(Vec::new()) } else { self.send() }
    }

    fn flush(&mut self) -> Result<Vec<Settled>, Failure> {
        self.send()
    }

    fn reader(&self) -> Result<LedgerReader, Failure> {
        Ok(LedgerReader::open(&self.ledger, &LedgerOptions::default())?)
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<Settled>, Failure> {
        self.flush()
    }
}
