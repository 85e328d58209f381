//! Running programs under the clock, and watching what memory they hold.

use crate::measure::micros;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often memory is looked at: a peak that is shorter than this is missed.
const LOOK: Duration = Duration::from_millis(5);

/// What the system counts processors' time in.
const TICK_MICROS: u64 = 10_000;

/// The `daybook` binary.
#[derive(Debug, Clone)]
pub(crate) struct Daybook {
    bin: PathBuf,
}

/// A command that has ended well.
#[derive(Debug)]
pub(crate) struct Ended {
    /// What it printed.
    pub(crate) stdout: String,
    /// From its start to its end.
    pub(crate) micros: u64,
    /// What the processors did for it, on all of its threads.
    pub(crate) cpu_micros: u64,
    /// The most anonymous memory that it was seen to hold, in bytes; zero where nobody looked.
    pub(crate) memory_bytes: u64,
}

impl Ended {
    /// The JSON that it printed.
    pub(crate) fn json(&self) -> Result<serde_json::Value, String> {
        serde_json::from_str(&self.stdout).map_err(|error| format!("no JSON was printed: {error}"))
    }
}

impl Daybook {
    /// The binary that was built beside this program, or `DAYBOOK_BIN`.
    pub(crate) fn find() -> Result<Self, String> {
        if let Some(named) = std::env::var_os("DAYBOOK_BIN") {
            return Ok(Self { bin: PathBuf::from(named) });
        }
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        let bin = own.with_file_name(format!("daybook{}", std::env::consts::EXE_SUFFIX));
        bin.is_file()
            .then_some(Self { bin })
            .ok_or_else(|| "no daybook binary beside this program: run `cargo build --release -p daybook`".to_owned())
    }

    /// A program that was built beside it, such as `examples/append_rate`.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.bin.with_file_name(name)
    }

    /// The command, with nothing of the caller's settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.bin);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("DAYBOOK_") || name == "NATS_URL" {
                command.env_remove(name);
            }
        }
        command.args(arguments).stdin(Stdio::null());
        command
    }

    /// The command on a ledger.
    pub(crate) fn on(&self, ledger: &Path, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.arg("--ledger").arg(ledger);
        command
    }

    /// Whether the help of a verb names this: what a build cannot do is left out of its table.
    pub(crate) fn knows(&self, verb: &str, word: &str) -> bool {
        let output = self.command(&[verb, "--help"]).output();
        output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(word))
    }
}

/// Runs a command to its end, which must be a good one. Its standard output is kept unless the command says otherwise.
pub(crate) fn run(command: &mut Command) -> Result<Ended, String> {
    run_watched(command, false)
}

/// The same, and looks how much memory it holds. Looking costs it some time: do not take both from one run.
pub(crate) fn run_looking(command: &mut Command) -> Result<Ended, String> {
    run_watched(command, true)
}

fn run_watched(command: &mut Command, is_watched: bool) -> Result<Ended, String> {
    let what = format!("{:?}", command.get_args().collect::<Vec<_>>());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let (since, cpu_before) = (Instant::now(), children_cpu_micros());
    let child = command.spawn().map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    let memory = is_watched.then(|| Memory::watch(child.id()));
    let output = child.wait_with_output().map_err(|error| format!("{what}: {error}"))?;
    let took = micros(since.elapsed());
    let memory_bytes = memory.map_or(0, Memory::peak_bytes);
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{what} ended with {}: {}", output.status, said.trim()));
    }
    let cpu_micros = children_cpu_micros().saturating_sub(cpu_before);
    Ok(Ended { stdout: String::from_utf8_lossy(&output.stdout).into_owned(), micros: took, cpu_micros, memory_bytes })
}

/// The processors' time of all children that have ended, as far as the system counts it: in ticks.
fn children_cpu_micros() -> u64 {
    cpu_micros("self", 13)
}

/// The processors' time of a running process.
fn running_cpu_micros(id: u32) -> u64 {
    cpu_micros(&id.to_string(), 11)
}

/// Two fields of a process's line, user and system, counted behind its name.
fn cpu_micros(process: &str, at: usize) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = text.rsplit_once(") ").map_or("", |(_, fields)| fields).split(' ');
    fields.skip(at).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * TICK_MICROS
}

/// Runs a command with its standard output in a file, and says how long it took.
pub(crate) fn run_into(command: &mut Command, file: &Path) -> Result<u64, String> {
    let to = File::create(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let since = Instant::now();
    let output = command.stdout(to).stderr(Stdio::piped()).output().map_err(|error| error.to_string())?;
    let took = micros(since.elapsed());
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(took) } else { Err(format!("{}: {}", output.status, said.trim())) }
}

/// Runs one command into the other, and says how long both took together.
pub(crate) fn run_pipe(from: &mut Command, to: &mut Command) -> Result<u64, String> {
    let since = Instant::now();
    let mut first = from.stdout(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
    let pipe = first.stdout.take().ok_or("no pipe")?;
    let output = to.stdin(pipe).output().map_err(|error| error.to_string())?;
    let status = first.wait().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr);
    let is_well = status.success() && output.status.success();
    if is_well { Ok(micros(since.elapsed())) } else { Err(format!("{status}, {}: {}", output.status, said.trim())) }
}

/// A process that serves until it is told to stop. It does not outlive this program's own errors.
#[derive(Debug)]
pub(crate) struct Serving {
    child: Child,
    log: PathBuf,
    /// When it was started.
    pub(crate) since: Instant,
}

impl Serving {
    /// Starts it, with what it says in a file.
    pub(crate) fn start(command: &mut Command, log: PathBuf) -> Result<Self, String> {
        let to = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let since = Instant::now();
        let child = command.stdout(Stdio::null()).stderr(to).spawn().map_err(|error| error.to_string())?;
        Ok(Self { child, log, since })
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The processors' time that it has taken.
    pub(crate) fn cpu_micros(&self) -> u64 {
        running_cpu_micros(self.id())
    }

    /// What it has said.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Fails where it has ended.
    pub(crate) fn check(&mut self) -> Result<(), String> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            _ => Err(format!("the service ended: {}", self.said())),
        }
    }

    /// Waits for its end, however it ends.
    pub(crate) fn wait(mut self) -> Result<(), String> {
        self.child.wait().map(|_| ()).map_err(|error| error.to_string())
    }

    /// Kills it, as kill -9 does.
    pub(crate) fn kill(mut self) -> Result<(), String> {
        self.child.kill().map_err(|error| error.to_string())?;
        self.wait()
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) fn stop(self) -> Result<(), String> {
        let id = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw).ok_or("no process id")?;
        rustix::process::kill_process(id, rustix::process::Signal::TERM).map_err(|error| error.to_string())?;
        self.wait()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Both fail only for a process that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks at a process's anonymous memory, what is in no file, until it is asked for the most.
#[derive(Debug)]
pub(crate) struct Memory {
    stop: Arc<AtomicBool>,
    looking: std::thread::JoinHandle<u64>,
}

impl Memory {
    /// Begins to look.
    pub(crate) fn watch(id: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let looking = std::thread::spawn(move || {
            let mut most = 0;
            while !stopped.load(Ordering::Relaxed) {
                most = most.max(anonymous_bytes(id));
                std::thread::sleep(LOOK);
            }
            most
        });
        Self { stop, looking }
    }

    /// The most that was seen.
    pub(crate) fn peak_bytes(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.looking.join().unwrap_or(0)
    }
}

fn anonymous_bytes(id: u32) -> u64 {
    let mut text = String::new();
    // A process that has just ended has no memory any more.
    let _ = File::open(format!("/proc/{id}/status")).and_then(|mut file| file.read_to_string(&mut text));
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1_024
}
