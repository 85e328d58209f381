//! The real binary, run as people run it.

use crate::daybook_bin;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Far longer than anything here takes on a loaded machine: what reaches it hangs.
pub const PATIENCE: Duration = Duration::from_secs(120);

const POLL: Duration = Duration::from_millis(2);

/// What a person's environment could say to the binary: tests say it all themselves.
const VARIABLES: &[&str] = &[
    "DAYBOOK_LEDGER",
    "DAYBOOK_RULES",
    "DAYBOOK_CONFIG",
    "DAYBOOK_LISTEN",
    "DAYBOOK_TOKENS",
    "DAYBOOK_BOOK",
    "DAYBOOK_FOUR_EYES",
    "DAYBOOK_SIGNING_KEY",
    "DAYBOOK_BATCH_RECORDS_MAX",
    "DAYBOOK_PERSON_KEYS",
    "DAYBOOK_LOG",
    "DAYBOOK_CRASH_POINT",
    "NATS_URL",
    "COLUMNS",
];

/// The binary, pointed at one ledger.
#[derive(Debug, Clone)]
pub struct Daybook {
    bin: PathBuf,
    ledger: PathBuf,
    environment: Vec<(String, String)>,
}

impl Daybook {
    /// The binary with `--ledger` for this folder.
    #[must_use]
    pub fn on(ledger: &Path) -> Self {
        let bin = daybook_bin().unwrap_or_else(|missing| panic!("{missing}"));
        Self { bin, ledger: ledger.to_owned(), environment: Vec::new() }
    }

    /// The same with a variable in its environment.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut environment = self.environment.clone();
        environment.push((name.to_owned(), value.to_owned()));
        Self { environment, ..self.clone() }
    }

    /// Its ledger's folder.
    #[must_use]
    pub fn ledger(&self) -> &Path {
        &self.ledger
    }

    /// The command with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.bin);
        for variable in VARIABLES {
            command.env_remove(variable);
        }
        command.args(arguments).arg("--ledger").arg(&self.ledger);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        // Whatever a dying process leaves behind lands where the test cleans up.
        command.current_dir(self.ledger.parent().unwrap_or(Path::new(".")));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts it so that a file which may not grow any more is an error of its write, as on a full disk, and not its end.
    pub fn start_ignoring_file_limit(&self, arguments: &[&str]) -> Running {
        let inner = self.command(arguments);
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(inner.get_program()).args(inner.get_args());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.current_dir(inner.get_current_dir().unwrap_or(Path::new(".")));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.spawn(command, arguments)
    }

    /// Starts it.
    pub fn start(&self, arguments: &[&str]) -> Running {
        self.spawn(self.command(arguments), arguments)
    }

    fn spawn(&self, mut command: Command, arguments: &[&str]) -> Running {
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.bin.display()));
        let stdout = Stream::read(child.stdout.take());
        let stderr = Stream::read(child.stderr.take());
        Running { what: arguments.join(" "), child: Guarded(child), stdout, stderr }
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Done {
        self.start(arguments).wait()
    }

    /// Runs it and returns what it printed; it must end well.
    pub fn ok(&self, arguments: &[&str]) -> String {
        self.run(arguments).ok()
    }

    /// Runs it with `--format json` and returns the document; it must end well.
    pub fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let text = self.ok(&[arguments, &["--format", "json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?} printed no JSON: {error}\n{text}"))
    }
}

/// One stream of a process, read on a thread so that the process never waits for us.
#[derive(Debug)]
struct Stream {
    text: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Stream {
    fn read(from: Option<impl Read + Send + 'static>) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&text);
        let reader = std::thread::spawn(move || {
            let Some(mut from) = from else { return };
            let mut part = [0_u8; 8_192];
            while let Ok(length) = from.read(&mut part) {
                if length == 0 {
                    return;
                }
                shared.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&part[..length]);
            }
        });
        Self { text, reader }
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    fn end(self) -> String {
        self.reader.join().expect("the reading thread does not panic");
        String::from_utf8_lossy(&self.text.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

/// A child that does not outlive a test that fails.
#[derive(Debug)]
struct Guarded(Child);

impl Drop for Guarded {
    fn drop(&mut self) {
        // Both fail only for a process that is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process at work.
#[derive(Debug)]
pub struct Running {
    what: String,
    child: Guarded,
    stdout: Stream,
    stderr: Stream,
}

impl Running {
    /// What it has said on standard error so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.stderr.so_far()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.0.try_wait().expect("our own child can be asked").is_some()
    }

    /// Waits until its log holds this text so many times, or until it ends: then false.
    pub fn has_said(&mut self, text: &str, times: usize) -> bool {
        let since = Instant::now();
        loop {
            let has_ended = self.has_ended();
            if self.log().matches(text).count() >= times {
                return true;
            }
            if has_ended {
                return false;
            }
            assert!(since.elapsed() < PATIENCE, "{} never says {text:?}: {}", self.what, self.log());
            std::thread::sleep(POLL);
        }
    }

    /// The address that it says it listens on.
    pub fn address(&mut self) -> String {
        const SAYS: &str = "listen=";
        assert!(self.has_said(SAYS, 1), "{} ended: {}", self.what, self.log());
        // The line may still be on its way.
        let since = Instant::now();
        loop {
            let log = self.log();
            let rest = log.split_once(SAYS).map_or("", |(_, rest)| rest);
            if let Some((address, _)) = rest.split_once('\n') {
                return address.trim().to_owned();
            }
            assert!(since.elapsed() < PATIENCE, "{log}");
            std::thread::sleep(POLL);
        }
    }

    /// Kills it, as kill -9 does, and says how it ended: it may have been faster.
    pub fn kill(mut self) -> Done {
        // Fails only for a process that is gone, which is what is wanted.
        let _ = self.child.0.kill();
        self.wait()
    }

    /// Asks it to stop, as a service manager does.
    pub fn terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    /// Asks it to stop, as Ctrl-C does.
    pub fn interrupt(&self) {
        self.signal(rustix::process::Signal::INT);
    }

    /// Holds it where it is: nothing of it runs until [`Running::resume`].
    pub fn pause(&self) {
        self.signal(rustix::process::Signal::STOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.signal(rustix::process::Signal::CONT);
    }

    /// From now on none of its files may grow beyond so many bytes; none: as they like.
    pub fn file_bytes_max(&self, bytes_max: Option<u64>) {
        let resource = rustix::process::Resource::Fsize;
        let maximum = rustix::process::getrlimit(resource).maximum;
        let limit = rustix::process::Rlimit { current: bytes_max.or(maximum), maximum };
        rustix::process::prlimit(Some(self.id()), resource, limit).expect("our own child can be limited");
    }

    fn id(&self) -> rustix::process::Pid {
        let id = i32::try_from(self.child.0.id()).ok().and_then(rustix::process::Pid::from_raw);
        id.expect("a child has a process id")
    }

    fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.id(), signal).expect("our own child can be signalled");
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Done {
        let since = Instant::now();
        let status = loop {
            if let Some(status) = self.child.0.try_wait().expect("our own child can be waited for") {
                break status;
            }
            assert!(since.elapsed() < PATIENCE, "{} does not end: {}", self.what, self.log());
            std::thread::sleep(POLL);
        };
        Done { what: self.what, status, stdout: self.stdout.end(), stderr: self.stderr.end() }
    }
}

/// How a process ended.
#[derive(Debug)]
pub struct Done {
    /// Its arguments.
    pub what: String,
    /// Its status.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Done {
    /// What it printed; it must have ended well.
    pub fn ok(self) -> String {
        assert!(self.status.success(), "{}: {}\n{}\n{}", self.what, self.status, self.stderr, self.stdout);
        self.stdout
    }

    /// Its exit status; none where a signal ended it.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The signal that ended it.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        self.status.signal()
    }

    /// It must have ended with this status and named all of these on standard error.
    pub fn expect(&self, code: i32, named: &[&str]) {
        assert_eq!(self.code(), Some(code), "{}: {}\n{}", self.what, self.stderr, self.stdout);
        for name in named {
            assert!(self.stderr.contains(name), "{}: its message does not name {name:?}: {}", self.what, self.stderr);
        }
        assert!(!self.stderr.contains("panicked"), "{}: {}", self.what, self.stderr);
    }
}
