//! The socket in a ledger's folder: how a writing verb gets things done while `serve` holds the ledger.
//!
//! One JSON document a line each way: a batch of inputs, then what became of each; or a thing to do, then what became of it.
//! The socket belongs to the user who serves (mode 0600): who may write the ledger's file may write here.

use crate::failure::Failure;
use crate::import::{Door, Part, Settled, Waiting};
use crate::signing::{Control, Controlled};
use daybook_intake::import::Outcome;
use daybook_store::{Incoming, LedgerOptions, LedgerReader, QuarantineReason};
use rustix::fs::Mode;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;
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
pub(super) struct WireInput {
    /// The envelope, or the faulty line, in hex.
    pub(super) bytes: String,
    /// Why it is faulty; none for an event, which the server judges by its bytes.
    pub(super) reason: Option<QuarantineReason>,
    pub(super) file: Option<String>,
    pub(super) line: Option<u64>,
}

/// What a client sends in a line.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WireRequest {
    /// Inputs to append.
    Inputs(Vec<WireInput>),
    /// Something to be done by whoever may write the ledger.
    Control(Control),
}

/// What the server answers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WireAnswer {
    /// Code and quarantine reason of each input, in order.
    Outcomes(Vec<WireOutcome>),
    /// Nothing of the batch was appended.
    Refused(String),
    /// What became of something else that was to be done.
    Control(Controlled),
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WireOutcome {
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

/// What answers the clients of a socket.
pub(super) trait Answers {
    /// What became of a batch of inputs.
    fn inputs(&mut self, inputs: Vec<WireInput>) -> Result<WireAnswer, Failure>;

    /// What became of something that whoever may write the ledger was asked to do.
    fn control(&mut self, control: &Control) -> Controlled;

    /// Called now and then while nobody asks for anything.
    fn idle(&mut self);
}

/// The server's end.
pub(super) struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Binds it. The caller holds the ledger's lock, so a socket file that is there is a dead server's.
    pub(super) fn bind(ledger: &Path) -> Result<Self, Failure> {
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
        Ok(Self { listener, path })
    }

    /// Answers clients, one at a time, until told to stop; gives back what answered.
    pub(super) fn serve<A: Answers>(self, mut answers: A, stop: &CancellationToken) -> Result<A, Failure> {
        while !stop.is_cancelled() {
            match self.listener.accept() {
                Ok((client, _)) => {
                    if let Err(failure) = attend(&client, &mut answers, stop) {
                        tracing::warn!(?failure, "a client of the socket was let go");
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    answers.idle();
                    std::thread::sleep(POLL_INTERVAL);
                }
                Err(error) => return Err(Failure::input(error)),
            }
        }
        std::fs::remove_file(&self.path)?;
        Ok(answers)
    }
}

/// One client, request by request, until it hangs up. A batch that was committed stays, whatever becomes of the client.
fn attend(client: &UnixStream, answers: &mut impl Answers, stop: &CancellationToken) -> Result<(), Failure> {
    client.set_nonblocking(false)?;
    client.set_read_timeout(Some(READ_TIMEOUT))?;
    let mut reader = BufReader::new(client);
    let mut line = String::new();
    while !stop.is_cancelled() {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let answer = match serde_json::from_str(&line)? {
            WireRequest::Inputs(inputs) => answers.inputs(inputs)?,
            WireRequest::Control(control) => WireAnswer::Control(answers.control(&control)),
        };
        let mut writer = client;
        serde_json::to_writer(&mut writer, &answer)?;
        writer.write_all(b"\n")?;
    }
    Ok(())
}

/// Asks the `serve` that holds the ledger to do something.
pub(crate) fn control(ledger: &Path, control: &Control) -> Result<Controlled, Failure> {
    let mut stream = UnixStream::connect(path(ledger))?;
    let mut text = serde_json::to_string(&WireRequest::Control(control.clone()))?;
    text.push('\n');
    stream.write_all(text.as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line)?;
    if line.is_empty() {
        return Err(Failure::Input("serve hung up before it answered: look into its log, and ask again".to_owned()));
    }
    match serde_json::from_str(&line)? {
        WireAnswer::Control(controlled) => Ok(controlled),
        WireAnswer::Refused(why) => Err(Failure::Input(why)),
        WireAnswer::Outcomes(_) => {
            Err(Failure::Input("serve answered something else: is it of another version?".to_owned()))
        }
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
            WireAnswer::Refused(why) | WireAnswer::Control(Controlled::Refused(why)) => Err(Failure::Input(why)),
            WireAnswer::Control(Controlled::Made(_)) => Err(Failure::Input("serve answered something else".to_owned())),
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
