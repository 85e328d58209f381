//! PostgreSQL, as a server of the run's own with the settings that it comes with: made, used and removed.

use crate::data::{Data, Wire};
use crate::process::run;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where distributions put the server's programs, which are in no search path.
const FOLDERS: &str = "/usr/lib/postgresql";
/// The account that a server runs as where the run's own may not: it refuses root.
const ACCOUNT: &str = "postgres";
/// The opening of a file in COPY's binary form: a signature, no flags, no extension.
const COPY_OPENING: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const COPY_END: [u8; 2] = (-1_i16).to_be_bytes();
const COLUMNS: u16 = 3;

const TABLE: &str = "drop table if exists events; \
    create table events (source text not null, event_id text not null, envelope bytea not null); \
    create unique index events_once on events (source, event_id); checkpoint";

/// PostgreSQL, or why there is none.
pub(crate) enum Found {
    /// It runs.
    Here(Box<Postgres>),
    /// A sentence for the table.
    Missing(String),
}

/// How events get in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// COPY of a file on the server, in its binary form.
    Copy,
    /// One INSERT out of a table that has them already and keeps no log, passing over those that stand.
    OnConflict,
}

/// A running server. It ends with this.
pub(crate) struct Postgres {
    programs: PathBuf,
    dir: PathBuf,
    events_file: PathBuf,
    events: u64,
    version: String,
}

impl Postgres {
    /// Makes a server and the file of events.
    pub(crate) fn start(data: &Data) -> Result<Found, String> {
        let Some(programs) = programs() else {
            return Ok(Found::Missing("PostgreSQL is not installed on this machine: left out.".to_owned()));
        };
        let dir = std::path::absolute(data.options.peers_dir.join("pg")).map_err(|error| error.to_string())?;
        remove(&dir)?;
        std::fs::create_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
        // It reads the events' file itself, and may be another account.
        let events_file = dir.join("events.pgcopy");
        let events = copy_file(data, &events_file)?;
        std::fs::set_permissions(&dir, PermissionsExt::from_mode(0o755)).map_err(|error| error.to_string())?;
        let mut peer = Self { programs, dir, events_file, events, version: String::new() };
        peer.serve()?;
        peer.version = peer.ask(&["select split_part(version(), ' on ', 1)"])?.trim().to_owned();
        peer.ask(&[&format!("{TABLE}; create unlogged table waiting (like events)")])?;
        peer.ask(&[&format!("copy waiting from '{}' with (format binary)", peer.events_file.display())])?;
        Ok(Found::Here(Box::new(peer)))
    }

    fn serve(&self) -> Result<(), String> {
        let cluster = self.dir.join("data");
        if is_root() {
            run(Command::new("chown").arg(ACCOUNT).arg(&self.dir))?;
        }
        run(self.program("initdb").args(["--auth", "trust", "--username", ACCOUNT, "--pgdata"]).arg(&cluster))?;
        let settings = format!("-c listen_addresses='' -k {}", self.dir.display());
        let log = self.dir.join("log");
        let mut start = self.program("pg_ctl");
        start.arg("--pgdata").arg(&cluster).arg("--log").arg(&log).args(["--wait", "--options", &settings, "start"]);
        run(&mut start).map(|_| ())
    }

    /// Its version.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Takes all events into a new table with its index; how long that took.
    pub(crate) fn take_all(&self, door: Door) -> Result<u64, String> {
        self.ask(&[TABLE])?;
        let act = match door {
            Door::Copy => format!("copy events from '{}' with (format binary)", self.events_file.display()),
            Door::OnConflict => "insert into events select * from waiting on conflict do nothing".to_owned(),
        };
        let said = self.ask(&["\\timing on", &act])?;
        let count = self.ask(&["select count(*) from events"])?;
        if count.trim() != self.events.to_string() {
            return Err(format!("PostgreSQL has {} of {} events", count.trim(), self.events));
        }
        micros_of(&said).ok_or_else(|| format!("no time in {said:?}"))
    }

    fn ask(&self, acts: &[&str]) -> Result<String, String> {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", ACCOUNT, "-d", "postgres", "-h"])
            .arg(&self.dir);
        for act in acts {
            psql.args(["-c", act]);
        }
        run(&mut psql).map(|ended| ended.stdout)
    }

    /// One of its programs, as somebody who may run it.
    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        if !is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command.args(["--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups"]).arg(program);
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        stop.arg("--pgdata").arg(self.dir.join("data")).args(["--wait", "--mode", "immediate", "stop"]);
        // What does not stop or cannot be removed is named at the next start.
        let _ = run(&mut stop);
        let _ = remove(&self.dir);
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn remove(dir: &Path) -> Result<(), String> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(format!("{}: {error}", dir.display())),
        _ => Ok(()),
    }
}

/// The folder with the server's programs: of several the last by name.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let mut installed: Vec<PathBuf> =
        std::fs::read_dir(FOLDERS).into_iter().flatten().flatten().map(|entry| entry.path().join("bin")).collect();
    installed.sort();
    installed.reverse();
    folders.extend(installed);
    folders.into_iter().find(|folder| folder.join("initdb").is_file() && folder.join("psql").is_file())
}

/// Writes all events in COPY's binary form.
fn copy_file(data: &Data, to: &Path) -> Result<u64, String> {
    let fault = |error: std::io::Error| format!("{}: {error}", to.display());
    let mut out = BufWriter::with_capacity(1 << 20, File::create(to).map_err(fault)?);
    out.write_all(COPY_OPENING).map_err(fault)?;
    let mut events = 0;
    data.visit(&data.file(data.main(), Wire::Ndjson)?, |event| {
        events += 1;
        let envelope = daybook_proto::encode(event);
        let (source, event_id) = (event.id.source.to_string(), event.id.event_id.to_string());
        out.write_all(&COLUMNS.to_be_bytes()).map_err(fault)?;
        for field in [source.as_bytes(), event_id.as_bytes(), &envelope] {
            let length = i32::try_from(field.len()).map_err(|error| error.to_string())?;
            out.write_all(&length.to_be_bytes()).and_then(|()| out.write_all(field)).map_err(fault)?;
        }
        Ok(())
    })?;
    out.write_all(&COPY_END).and_then(|()| out.flush()).map_err(fault)?;
    Ok(events)
}

/// The time that psql says an act took: `Time: 1234.567 ms`, and more words where it is long.
fn micros_of(said: &str) -> Option<u64> {
    let text = said.lines().rev().find_map(|line| line.strip_prefix("Time: "))?.split(' ').next()?;
    let (whole, part) = text.split_once('.')?;
    Some(whole.parse::<u64>().ok()? * 1_000 + format!("{part:0<3}").get(..3)?.parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_psql_are_read_to_the_microsecond() {
        assert_eq!(micros_of("Timing is on.\nTime: 4131.087 ms (00:04.131)\n"), Some(4_131_087));
        assert_eq!(micros_of("Time: 0.5 ms\n"), Some(500));
        assert_eq!(micros_of("COPY 5"), None);
    }
}
