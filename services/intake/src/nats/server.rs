//! A nats-server of our own, as a child process: for the demo and the tests.
//!
//! The server must not outlive its parent, not even one that was killed. The kernel's parent-death signal cannot be set
//! from safe code, so a small shell stands between: it holds the reading end of a pipe, and when the writing end closes,
//! because the parent said so or because it is gone, it stops the server.

use super::search::{ServerNotFound, find_server};
use serde::Deserialize;
use std::fs;
use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Runs the server (`"$@"`) until a line or the end comes on standard input. The line names the signal.
const KEEPER: &str = r#"
"$@" </dev/null &
server=$!
read -r signal || signal=TERM
kill -s "$signal" "$server"
wait "$server"
"#;

const POLL: Duration = Duration::from_millis(5);
/// How much of the server's log an error quotes.
const LOG_LINES_QUOTED: usize = 3;

/// How a server is started.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// The binary; none: [`find_server`].
    pub binary: Option<PathBuf>,
    /// The port on loopback; none: a free one.
    pub port: Option<u16>,
    /// A configuration file, for users, permissions and TLS.
    pub config_file: Option<PathBuf>,
    /// How long it may take to start. Default 10 s.
    pub start_timeout_ms: u64,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { binary: None, port: None, config_file: None, start_timeout_ms: 10_000 }
    }
}

/// Why a server did not start or stop.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// There is no binary.
    #[error(transparent)]
    NotFound(#[from] ServerNotFound),
    /// A folder or process could not be made.
    #[error("{doing} failed: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// The system's message.
        source: io::Error,
    },
    /// It did not say that it listens.
    #[error("{binary} did not start within {timeout_ms} ms; its log {log} ends: {log_end}")]
    Silent {
        /// Which binary.
        binary: PathBuf,
        /// How long it was given.
        timeout_ms: u64,
        /// Its log file.
        log: PathBuf,
        /// The log's last lines.
        log_end: String,
    },
}

fn io_error(doing: impl Into<String>) -> impl FnOnce(io::Error) -> ServerError {
    let doing = doing.into();
    move |source| ServerError::Io { doing, source }
}

/// A running server with JetStream on a loopback port. Dropping it stops it.
#[derive(Debug)]
pub struct NatsServer {
    keeper: Option<Child>,
    binary: PathBuf,
    store_dir: PathBuf,
    options: ServerOptions,
    port: u16,
}

/// The server's ports file, as far as it is used.
#[derive(Deserialize)]
struct Ports {
    nats: Vec<String>,
}

impl NatsServer {
    /// Starts a server that keeps its streams, log and ports file in `store_dir`. Blocks until it listens.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn start(store_dir: &Path, options: ServerOptions) -> Result<Self, ServerError> {
        let binary = match &options.binary {
            Some(binary) => binary.clone(),
            None => find_server()?,
        };
        let mut server = Self { keeper: None, binary, store_dir: store_dir.to_owned(), options, port: 0 };
        server.spawn()?;
        Ok(server)
    }

    /// The URL that it listens on.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The port that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its log file.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.store_dir.join("nats-server.log")
    }

    /// Kills it, as a crash would.
    ///
    /// # Errors
    /// [`ServerError::Io`].
    pub fn kill(&mut self) -> Result<(), ServerError> {
        self.end("KILL")
    }

    /// Stops it in good order.
    ///
    /// # Errors
    /// [`ServerError::Io`].
    pub fn stop(&mut self) -> Result<(), ServerError> {
        self.end("TERM")
    }

    /// Kills it if it runs, and starts it on the same port and store.
    ///
    /// # Errors
    /// [`ServerError`].
    pub fn restart(&mut self) -> Result<(), ServerError> {
        self.kill()?;
        self.options.port = Some(self.port);
        self.spawn()
    }

    /// Makes it read its configuration file again.
    ///
    /// # Errors
    /// [`ServerError::Io`].
    pub fn reload(&self) -> Result<(), ServerError> {
        let doing = || format!("asking {} to read its configuration again", self.binary.display());
        let pid_file = self.pid_file();
        let pid = fs::read_to_string(&pid_file).map_err(io_error(format!("reading {}", pid_file.display())))?;
        let reload = format!("reload={}", pid.trim());
        let done = Command::new(&self.binary).args(["--signal", &reload]).output().map_err(io_error(doing()))?;
        if done.status.success() { Ok(()) } else { Err(io_error(doing())(io::Error::other("it refused"))) }
    }

    fn pid_file(&self) -> PathBuf {
        self.store_dir.join("nats-server.pid")
    }

    fn end(&mut self, signal: &str) -> Result<(), ServerError> {
        let Some(mut keeper) = self.keeper.take() else { return Ok(()) };
        if let Some(mut input) = keeper.stdin.take() {
            // A keeper that is gone already has nothing left to stop.
            let _ = writeln!(input, "{signal}");
        }
        keeper.wait().map(|_| ()).map_err(io_error("waiting for nats-server to end"))
    }

    fn spawn(&mut self) -> Result<(), ServerError> {
        let ports_dir = self.store_dir.join("ports");
        // A killed server leaves its ports file: it would be taken for the new one's.
        match fs::remove_dir_all(&ports_dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(io_error(format!("clearing {}", ports_dir.display()))(error));
            }
            _ => {}
        }
        fs::create_dir_all(&ports_dir).map_err(io_error(format!("creating {}", ports_dir.display())))?;
        let log = fs::File::options().create(true).append(true).open(self.log_file());
        let log = log.map_err(io_error(format!("opening {}", self.log_file().display())))?;
        let log_too = log.try_clone().map_err(io_error("opening the log twice"))?;
        let mut command = self.command(&ports_dir);
        // Its own process group: Ctrl-C in a terminal reaches the parent, which then stops the server in order.
        command.stdin(Stdio::piped()).stdout(log).stderr(log_too).process_group(0);
        self.keeper = Some(command.spawn().map_err(io_error("starting sh to run nats-server"))?);
        self.port = self.port_wait(&ports_dir)?;
        Ok(())
    }

    fn command(&self, ports_dir: &Path) -> Command {
        let port = self.options.port.map_or_else(|| "-1".to_owned(), |port| port.to_string());
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "nats-keeper"]).arg(&self.binary);
        command.args(["--addr", "127.0.0.1", "--port", &port, "--jetstream"]);
        command.arg("--store_dir").arg(&self.store_dir).arg("--ports_file_dir").arg(ports_dir);
        command.arg("--pid").arg(self.pid_file());
        if let Some(config_file) = &self.options.config_file {
            command.arg("--config").arg(config_file);
        }
        command
    }

    fn port_wait(&self, ports_dir: &Path) -> Result<u16, ServerError> {
        let timeout_ms = self.options.start_timeout_ms;
        let started_at = Instant::now();
        while started_at.elapsed() < Duration::from_millis(timeout_ms) {
            if let Some(port) = port_read(ports_dir) {
                return Ok(port);
            }
            thread::sleep(POLL);
        }
        let (binary, log) = (self.binary.clone(), self.log_file());
        let log_end = log_end(&log);
        Err(ServerError::Silent { binary, timeout_ms, log, log_end })
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        // An error here can only mean that there is no process to wait for.
        let _ = self.stop();
    }
}

/// The port in the ports file; none until the file is there and whole.
fn port_read(ports_dir: &Path) -> Option<u16> {
    let file =
        fs::read_dir(ports_dir).ok()?.flatten().find(|file| file.path().extension().is_some_and(|e| e == "ports"))?;
    let ports: Ports = serde_json::from_str(&fs::read_to_string(file.path()).ok()?).ok()?;
    ports.nats.first()?.rsplit_once(':')?.1.parse().ok()
}

fn log_end(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES_QUOTED)..].join(" | ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn a_parent_that_is_gone_takes_the_server_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut server =
            NatsServer::start(dir.path(), ServerOptions::default()).unwrap_or_else(|error| panic!("{error}"));
        let keeper = server.keeper.as_mut().unwrap();
        // What the system does to the pipe of a process that was killed: it ends without a word.
        drop(keeper.stdin.take());
        keeper.wait().unwrap();
        assert!(TcpStream::connect(("127.0.0.1", server.port())).is_err());
    }

    #[test]
    fn a_ports_file_that_is_not_whole_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(port_read(dir.path()), None);
        fs::write(dir.path().join("nats-server_1.ports"), "{\"nats\":[\"nats://127.0.0.1:41").unwrap();
        assert_eq!(port_read(dir.path()), None);
        fs::write(dir.path().join("nats-server_1.ports"), "{\"nats\":[\"nats://127.0.0.1:4111\"]}").unwrap();
        assert_eq!(port_read(dir.path()), Some(4111));
    }
}
