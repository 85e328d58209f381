//! The store alone, beside rows of the same engine without an index of ids.

use crate::data::Data;
use crate::measure::{Samples, Unit};
use crate::process::run;
use crate::report::{Report, Row, Target};
use std::process::Command;

const BATCH: &str = "10000";

pub(crate) fn measure(data: &Data, report: &mut Report) -> Result<(), String> {
    let program = data.daybook.beside("examples/append_rate");
    if !program.is_file() {
        return Err("run `cargo build --release -p daybook-store --example append_rate` first".to_owned());
    }
    let events = data.options.events.to_string();
    let (mut ours, mut rows) = (Samples::new(Unit::EventsPerSecond), Samples::new(Unit::EventsPerSecond));
    let (mut first, mut last) = (Samples::new(Unit::EventsPerSecond), Samples::new(Unit::EventsPerSecond));
    for _ in 0..data.options.rounds {
        let mut command = Command::new(&program);
        // It makes its ledger in the folder for temporary files: that shall be on the disk that is measured.
        let said = run(command.args([&events, BATCH]).env("TMPDIR", &data.options.dir))?.stdout;
        ours.push(number_after(&said, "rate ").ok_or_else(|| format!("no rate in {said:?}"))?);
        if let Some(plain) = number_after(&said, "plain rows rate ") {
            rows.push(plain);
        }
        let tenths: Vec<u64> = said.lines().filter_map(nanos_of_tenth).collect();
        if let [of_first, .., of_last] = tenths.as_slice() {
            first.push(1_000_000_000 / (*of_first).max(1));
            last.push(1_000_000_000 / (*of_last).max(1));
        }
    }
    let row = Row::new(format!("append with random ids, batches of {BATCH}"), ours);
    if rows.is_empty() {
        report.add(row);
        report.note("This build's example takes no plain rows beside it.");
    } else {
        report.add(row.against("rows without an index", rows).target(Target::RatioAtLeast(600)));
    }
    if !last.is_empty() {
        let row = Row::new(format!("the last tenth of {events} events"), last);
        report.add(row.against("the first tenth", first).target(Target::RatioAtLeast(800)));
    }
    Ok(())
}

/// What an event took in a tenth of the run: `at N events: N ns/event ...`.
fn nanos_of_tenth(line: &str) -> Option<u64> {
    let (_, said) = line.strip_prefix("at ")?.split_once(" events: ")?;
    said.split_once(" ns/event")?.0.parse().ok()
}

/// The number of the line that begins so.
fn number_after(said: &str, opening: &str) -> Option<u64> {
    let rest = said.lines().find_map(|line| line.strip_prefix(opening))?;
    rest.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_from_the_lines_of_their_name() {
        let said = "appended 5 events\nrate 120 events/s\nplain rows rate 340 events/s\n";
        assert_eq!((number_after(said, "rate "), number_after(said, "plain rows rate ")), (Some(120), Some(340)));
        assert_eq!(number_after("appended 5 events", "rate "), None);
    }

    #[test]
    fn a_tenth_is_a_line_of_its_own() {
        assert_eq!(nanos_of_tenth("at 2000 events: 1400 ns/event (1200 on a processor)"), Some(1_400));
        assert_eq!(nanos_of_tenth("in all: 1400 ns/event"), None);
    }
}
