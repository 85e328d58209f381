//! `make bench` and `make bench-peers`: what the ledger does in which time, each figure beside what bounds it, in one run.
//!
//! It drives the release binary as people do. It asserts no time: it prints where each figure should be, and whether it is.

mod broker;
mod commands;
mod compare;
mod data;
mod disk;
mod ingest;
mod latency;
mod machine;
mod measure;
mod options;
mod peers;
mod process;
mod replay;
mod report;
mod scale;
mod start;
mod store;

use data::Data;
use machine::Machine;
use options::Options;
use process::Daybook;
use report::Report;
use std::process::ExitCode;

/// A part of the run: its name on the command line, its heading, what does it.
type Section = (&'static str, &'static str, fn(&Data, &mut Report) -> Result<(), String>);

/// In this order: what needs a quiet disk comes before what fills it.
const SECTIONS: &[Section] = &[
    ("commands", "Commands", commands::measure),
    ("replay", "Replay", replay::measure),
    ("scale", "Scale", scale::measure),
    ("compare", "Compare", compare::measure),
    ("ingest", "Ingest", ingest::measure),
    ("store", "Store alone", store::measure),
    ("broker", "Draining a stream", broker::measure),
    ("latency", "Publish to durable", latency::measure),
    ("disk", "Disk", disk::measure),
    ("start", "Start", start::measure),
];

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(usage) => {
            eprintln!("{usage}");
            return ExitCode::from(2);
        }
    };
    match measure_all(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every part could be measured; where its figures are is no failure.
fn measure_all(options: &Options) -> Result<bool, String> {
    let fault = |error: std::io::Error| format!("{}: {error}", options.dir.display());
    let daybook = Daybook::find()?;
    std::fs::create_dir_all(&options.dir).map_err(fault)?;
    let dir = std::path::absolute(&options.dir).map_err(fault)?;
    let options = &Options { dir, ..options.clone() };
    let mut machine = Machine::look();
    let (sync, sync_p99) = machine::disk_sync(&options.dir)?;
    machine.add("fdatasync", format!("{sync} in the median of 4 KiB blocks, {sync_p99} us at the 99th percentile"));
    let data = Data { daybook: &daybook, options };
    let (mut report, mut is_whole) = (Report::default(), true);
    for (name, heading, measure) in SECTIONS.iter().filter(|(name, ..)| options.asks_for(name)) {
        eprintln!("{name}");
        report.section(heading);
        if let Err(why) = measure(&data, &mut report) {
            report.note(format!("Could not be measured: {why}"));
            is_whole = false;
        }
    }
    let command: Vec<String> = std::env::args().skip(1).collect();
    let command = format!("bench {}", command.join(" "));
    std::fs::write(&options.output, report.markdown(&machine, command.trim()))
        .map_err(|error| format!("{}: {error}", options.output.display()))?;
    print!("\n{}", report.text(&machine));
    println!("The same as markdown: {}", options.output.display());
    if !options.is_kept {
        std::fs::remove_dir_all(&options.dir).map_err(fault)?;
    }
    Ok(is_whole)
}
