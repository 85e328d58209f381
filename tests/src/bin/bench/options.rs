//! What is measured, and how large.

use std::path::PathBuf;

/// The flags of a run.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Events of the ledger that is replayed.
    pub(crate) events: u64,
    /// Partners that they are spread over.
    pub(crate) partners: u64,
    /// Months of the history.
    pub(crate) months: u64,
    /// How often each pair is taken.
    pub(crate) rounds: usize,
    /// Events of the stream that is drained.
    pub(crate) stream_events: u64,
    /// How long events are published at each rate.
    pub(crate) latency_seconds: u64,
    /// Whether DuckDB and PostgreSQL are measured too.
    pub(crate) has_peers: bool,
    /// The sections to measure; empty: all.
    pub(crate) only: Vec<String>,
    /// Where everything is made, and removed at the end.
    pub(crate) dir: PathBuf,
    /// Where the peers are installed.
    pub(crate) peers_dir: PathBuf,
    /// Where the table goes, as markdown.
    pub(crate) output: PathBuf,
    /// Whether what was made stays.
    pub(crate) is_kept: bool,
}

/// What there is to say about the flags.
pub(crate) const USAGE: &str = "usage: bench [--events N] [--partners N] [--months N] [--rounds N] [--stream-events N] \
[--latency-seconds N] [--peers] [--only SECTION,...] [--dir DIR] [--peers-dir DIR] [--output FILE] [--keep]\n\
sections: commands, replay, scale, compare, ingest, store, broker, latency, disk, start";

/// The history begins here and goes on for `--months`.
pub(crate) const FIRST_MONTH: (i32, u32) = (2020, 10);

impl Default for Options {
    fn default() -> Self {
        Self {
            events: 1_000_000,
            partners: 10_000,
            months: 24,
            rounds: 5,
            stream_events: 300_000,
            latency_seconds: 10,
            has_peers: false,
            only: Vec::new(),
            dir: PathBuf::from("target/bench"),
            peers_dir: PathBuf::from("target/bench-peers"),
            output: PathBuf::from("target/bench.md"),
            is_kept: false,
        }
    }
}

impl Options {
    /// Reads the command line.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let (mut options, mut arguments) = (Self::default(), arguments.into_iter());
        while let Some(flag) = arguments.next() {
            if flag == "--peers" {
                options.has_peers = true;
                continue;
            }
            if flag == "--keep" {
                options.is_kept = true;
                continue;
            }
            let value = arguments.next().ok_or_else(|| format!("{flag} needs a value\n{USAGE}"))?;
            options.set(&flag, &value)?;
        }
        Ok(options)
    }

    fn set(&mut self, flag: &str, value: &str) -> Result<(), String> {
        let number = || value.parse::<u64>().ok().filter(|number| *number > 0);
        let number = || number().ok_or_else(|| format!("{flag} {value}: give a number from 1"));
        match flag {
            "--events" => self.events = number()?,
            "--partners" => self.partners = number()?,
            "--months" => self.months = number()?,
            "--rounds" => self.rounds = usize::try_from(number()?).map_err(|error| error.to_string())?,
            "--stream-events" => self.stream_events = number()?,
            "--latency-seconds" => self.latency_seconds = number()?,
            "--only" => self.only = value.split(',').map(str::to_owned).collect(),
            "--dir" => self.dir = PathBuf::from(value),
            "--peers-dir" => self.peers_dir = PathBuf::from(value),
            "--output" => self.output = PathBuf::from(value),
            _ => return Err(format!("{flag} is no flag\n{USAGE}")),
        }
        Ok(())
    }

    /// Whether this section is asked for.
    pub(crate) fn asks_for(&self, section: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == section)
    }

    /// The last day of the month after the history's last: everything in it has happened by then.
    pub(crate) fn through(&self) -> String {
        let (year, month) = FIRST_MONTH;
        // The first day of the second month after the last one, less a day.
        let months = i32::try_from(self.months).unwrap_or(i32::MAX - 12).saturating_add(month.cast_signed());
        let first = chrono::NaiveDate::from_ymd_opt(year + months / 12, (months % 12).cast_unsigned() + 1, 1);
        first.and_then(|first| first.pred_opt()).map_or_else(String::new, |last| last.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Options, String> {
        Options::parse(text.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn flags_change_the_defaults() {
        let options = parse("--events 5 --peers --only replay,disk --rounds 2").unwrap();
        assert_eq!((options.events, options.rounds, options.has_peers), (5, 2, true));
        assert!(options.asks_for("disk") && !options.asks_for("store"));
        assert!(Options::default().asks_for("store"));
    }

    #[test]
    fn a_wrong_flag_says_what_there_is() {
        for wrong in ["--event 5", "--events", "--events none", "--rounds 0"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn through_is_a_month_after_the_history() {
        let through = |months| Options { months, ..Options::default() }.through();
        assert_eq!(
            (through(24).as_str(), through(2).as_str(), through(3).as_str()),
            ("2022-10-31", "2020-12-31", "2021-01-31")
        );
    }
}
