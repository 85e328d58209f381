//! The generated histories and the ledgers made of them: each is made once in a run, when it is first asked for.

use crate::options::Options;
use crate::process::{Daybook, run_into, run_pipe};
use daybook_event::Envelope;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// A generated history: the same numbers are the same events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct History {
    /// How many events.
    pub(crate) events: u64,
    /// How many partners they are spread over.
    pub(crate) partners: u64,
    /// The seed.
    pub(crate) seed: u64,
}

impl History {
    fn name(self) -> String {
        format!("{}-{}-{}", self.events, self.partners, self.seed)
    }
}

/// Makes and keeps them.
#[derive(Debug)]
pub(crate) struct Data<'a> {
    /// What runs.
    pub(crate) daybook: &'a Daybook,
    /// How large.
    pub(crate) options: &'a Options,
}

/// How the generator and the import write events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// A JSON object a line.
    Ndjson,
    /// Protobuf messages with their lengths before them.
    Protobuf,
}

impl Wire {
    /// As flags and file names have it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Protobuf => "protobuf",
        }
    }

    /// Those that this build can generate and import.
    pub(crate) fn known(daybook: &Daybook) -> Vec<Self> {
        let has_protobuf = daybook.knows("generate", "protobuf") && daybook.knows("import", "protobuf:");
        if has_protobuf { vec![Self::Ndjson, Self::Protobuf] } else { vec![Self::Ndjson] }
    }
}

impl Data<'_> {
    /// The history of most measurements.
    pub(crate) fn main(&self) -> History {
        History { events: self.options.events, partners: self.options.partners, seed: 1 }
    }

    /// A place in the folder of this run.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.options.dir.join(name)
    }

    /// The command that generates a history.
    pub(crate) fn generate(&self, history: History, wire: Wire) -> std::process::Command {
        let mut command = self.daybook.command(&["generate"]);
        let numbers = [
            ("--events", history.events),
            ("--partners", history.partners),
            ("--seed", history.seed),
            ("--months", self.options.months),
        ];
        for (flag, number) in numbers {
            command.arg(flag).arg(number.to_string());
        }
        if wire == Wire::Protobuf {
            command.args(["--format", "protobuf"]);
        }
        command
    }

    /// A history in a file.
    pub(crate) fn file(&self, history: History, wire: Wire) -> Result<PathBuf, String> {
        let file = self.place(&format!("{}.{}", history.name(), wire.word()));
        if !file.exists() {
            run_into(&mut self.generate(history, wire), &file)?;
        }
        Ok(file)
    }

    /// A history in a ledger, without a file of it.
    pub(crate) fn ledger(&self, history: History) -> Result<PathBuf, String> {
        let ledger = self.place(&format!("ledger-{}", history.name()));
        if !ledger.exists() {
            let wire = Wire::known(self.daybook).pop().unwrap_or(Wire::Ndjson);
            eprintln!("    making a ledger of {} events of {} partners", history.events, history.partners);
            let mut import = self.daybook.on(&ledger, &["import", "--from", wire.word(), "-"]);
            run_pipe(&mut self.generate(history, wire), &mut import)?;
        }
        Ok(ledger)
    }

    /// Visits every event of a file of lines.
    pub(crate) fn visit(
        &self,
        file: &Path,
        mut visit: impl FnMut(&Envelope) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut lines = BufReader::with_capacity(1 << 20, open(file)?);
        let mut line = String::new();
        loop {
            line.clear();
            if lines.read_line(&mut line).map_err(|error| error.to_string())? == 0 {
                return Ok(());
            }
            let event = daybook_proto::decode_json(&line).map_err(|fault| format!("{}: {fault}", file.display()))?;
            visit(&event)?;
        }
    }
}

/// Opens a file, with its name in the error.
pub(crate) fn open(file: &Path) -> Result<File, String> {
    File::open(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// The first bytes of a file.
pub(crate) fn head(file: &Path, bytes_max: u64) -> Result<Vec<u8>, String> {
    let mut head = Vec::new();
    open(file)?.take(bytes_max).read_to_end(&mut head).map_err(|error| error.to_string())?;
    Ok(head)
}

/// The length of a file.
pub(crate) fn length(file: &Path) -> Result<u64, String> {
    std::fs::metadata(file).map(|found| found.len()).map_err(|error| format!("{}: {error}", file.display()))
}
