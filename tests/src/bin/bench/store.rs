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
    for _ in 0..data.options.rounds {
        let mut command = Command::new(&program);
        // It makes its ledger in the folder for temporary files: that shall be on the disk that is measured.
        let said = run(command.args([&events, BATCH]).env("TMPDIR", &data.options.dir))?.stdout;
        ours.push(number_after(&said, "rate ").ok_or_else(|| format!("no rate in {said:?}"))?);
        if let Some(plain) = number_after(&said, "plain rows rate ") {
            rows.push(plain);
        }
    }
    let row = Row::new(format!("append with random ids, batches of {BATCH}"), ours);
    if rows.is_empty() {
        report.add(row);
        report.note("This build's example takes no plain rows beside it.");
    } else {
        report.add(row.against("rows without an index", rows).target(Target::RatioAtLeast(600)));
    }
    Ok(())
}

/// The number of the line that begins so.
fn number_after(said: &str, opening: &str) -> Option<u64> {
    let rest = said.lines().find_map(|line| line.strip_prefix(opening))?;
    rest.split(' ').next()?.parse().ok()
}
