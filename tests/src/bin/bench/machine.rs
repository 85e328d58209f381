//! What the figures were taken on: a figure without its machine says nothing.

use crate::measure::{Samples, Unit, percentile};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Blocks that are written and made durable one by one to learn how fast the disk is.
const SYNCS: usize = 400;

/// The machine and the build.
#[derive(Debug, Default)]
pub(crate) struct Machine {
    lines: Vec<(&'static str, String)>,
}

impl Machine {
    /// Asks the system.
    pub(crate) fn look() -> Self {
        let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
        let memory_kib: u64 = field(&read("/proc/meminfo"), "MemTotal").parse().unwrap_or(0);
        let sha = if read("/proc/cpuinfo").contains("sha_ni") { ", SHA instructions" } else { "" };
        let dirty =
            if said("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty() { "" } else { ", changed" };
        let lines = vec![
            ("cpu", format!("{}{sha}, {cores} cores", field(&read("/proc/cpuinfo"), "model name"))),
            ("memory", format!("{} MB", memory_kib * 1_024 / 1_000_000)),
            ("kernel", read("/proc/sys/kernel/osrelease").trim().to_owned()),
            ("compiler", said("rustc", &["--version"])),
            ("commit", format!("{}{dirty}", said("git", &["rev-parse", "--short=12", "HEAD"]))),
            ("load", read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" ")),
        ];
        Self { lines }
    }

    /// Adds a line.
    pub(crate) fn add(&mut self, name: &'static str, value: String) {
        self.lines.push((name, value));
    }

    /// What it is, name by name.
    pub(crate) fn lines(&self) -> &[(&'static str, String)] {
        &self.lines
    }
}

/// How long the disk under this folder takes to make 4 KiB durable: the half of `SYNCS` that are faster, and 99 of 100.
pub(crate) fn disk_sync(dir: &Path) -> Result<(Samples, u64), String> {
    let path = dir.join("sync");
    let fault = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = File::create(&path).map_err(fault)?;
    file.write_all(&vec![1; 4_096 * SYNCS]).and_then(|()| file.sync_all()).map_err(fault)?;
    file.seek(SeekFrom::Start(0)).map_err(fault)?;
    let mut times = Vec::with_capacity(SYNCS);
    for number in 0..SYNCS {
        let since = Instant::now();
        file.write_all(&[u8::try_from(number % 251).unwrap_or(0); 4_096]).map_err(fault)?;
        file.sync_data().map_err(fault)?;
        times.push(crate::measure::micros(since.elapsed()));
    }
    std::fs::remove_file(&path).map_err(fault)?;
    Ok((Samples::one(Unit::Micros, percentile(&times, 50)), percentile(&times, 99)))
}

fn read(path: &str) -> String {
    let mut text = String::new();
    // A system without it has no such line.
    let _ = File::open(path).and_then(|mut file| file.read_to_string(&mut text));
    text
}

/// The first word of a field, or all of a model's name.
fn field(text: &str, name: &str) -> String {
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    let value = line.split_once(':').map_or("", |(_, value)| value.trim());
    value.strip_suffix(" kB").unwrap_or(value).to_owned()
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output.map_or_else(|_| "unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
