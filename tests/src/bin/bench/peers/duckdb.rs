//! DuckDB with the same lines in a table of its own, driven through its Python module.

use super::lines::{BilledLines, Totals, basis_points};
use crate::data::Data;
use daybook_tests::workspace_root;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// DuckDB, or why there is none.
pub(crate) enum Found {
    /// It has the lines.
    Here(Box<DuckDb>),
    /// A sentence for the table.
    Missing(String),
}

/// A process of Python that holds the database and answers line by line.
pub(crate) struct DuckDb {
    child: Child,
    asking: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// How long it took to load and sort its table.
    pub(crate) load_micros: u64,
    version: String,
    lines: u64,
    expected: Totals,
}

impl DuckDb {
    /// Loads the billed lines of the main history, and checks what it makes of them.
    pub(crate) fn load(data: &Data) -> Result<Found, String> {
        let modules = std::path::absolute(data.options.peers_dir.join("python")).map_err(|error| error.to_string())?;
        if !modules.join("duckdb").is_dir() {
            return Ok(Found::Missing("DuckDB is not installed: `make bench-peers` gets it.".to_owned()));
        }
        let csv = data.place("lines.csv");
        let lines = BilledLines::export(data, data.main(), &csv)?;
        let rates: Vec<String> = (0..lines.products).map(|product| basis_points(product).to_string()).collect();
        let mut command = Command::new("python3");
        command.arg(workspace_root().join("scripts/bench_duckdb.py")).arg(&csv).arg(data.place("peer.duckdb"));
        command.arg(rates.join(",")).env("PYTHONPATH", modules);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| format!("python3: {error}"))?;
        let (asking, answers) = (child.stdin.take().ok_or("no pipe")?, child.stdout.take().ok_or("no pipe")?);
        let expected = lines.totals(data.options.months);
        let (answers, version) = (BufReader::new(answers), String::new());
        let mut peer = Self { child, asking, answers, load_micros: 0, version, lines: lines.count, expected };
        let loaded = peer.answer()?;
        peer.load_micros = loaded["micros"].as_u64().ok_or("no time of loading")?;
        peer.version = loaded["version"].as_str().unwrap_or_default().to_owned();
        for threads in [1, 2] {
            peer.query(threads)?;
            peer.query_packed(threads)?;
        }
        Ok(Found::Here(Box::new(peer)))
    }

    /// What was checked, as a sentence.
    pub(crate) fn checked(&self) -> String {
        format!("DuckDB {}: {} billed lines; its totals are those of a plain calculation.", self.version, self.lines)
    }

    /// Runs the hand-tuned query on so many threads; how long it took.
    pub(crate) fn query(&mut self, threads: u32) -> Result<u64, String> {
        self.ask("tuned", threads)
    }

    /// The same, grouped by one packed number in a table without hashing.
    pub(crate) fn query_packed(&mut self, threads: u32) -> Result<u64, String> {
        self.ask("packed", threads)
    }

    fn ask(&mut self, query: &str, threads: u32) -> Result<u64, String> {
        writeln!(self.asking, "{query} {threads}").map_err(|error| format!("DuckDB is gone: {error}"))?;
        let answer = self.answer()?;
        let totals: Vec<i128> = answer["totals"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|total| total.as_str()?.parse().ok())
            .collect();
        if totals != self.expected {
            return Err(format!("DuckDB's totals {totals:?} are not {:?}", self.expected));
        }
        answer["micros"].as_u64().ok_or_else(|| format!("no time in {answer}"))
    }

    fn answer(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|error| error.to_string())?;
        serde_json::from_str(&line).map_err(|error| format!("DuckDB answered {line:?}: {error}"))
    }
}

impl Drop for DuckDb {
    fn drop(&mut self) {
        // Both fail only for a process that has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
