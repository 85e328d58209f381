//! `make sim` and `make soak`: one simulation, or seed after seed until told to stop.

use daybook_tests::sim::{Counts, run};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<u64>().ok());
    match (arguments.first().map(String::as_str), number(1), number(2)) {
        (Some("one"), Some(seed), Some(steps)) => one(seed, steps),
        (Some("soak"), Some(first), Some(steps)) => soak(first, steps),
        _ => {
            eprintln!("usage: sim one SEED STEPS | sim soak FIRST_SEED STEPS");
            ExitCode::from(2)
        }
    }
}

fn one(seed: u64, steps: u64) -> ExitCode {
    match run(seed, steps) {
        Ok(report) => {
            print!("{}", report.counts);
            println!("seed {seed}, {steps} steps: {} records, digest {}", report.records, report.digest);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// Goes on until it is interrupted, or a seed fails.
fn soak(first: u64, steps: u64) -> ExitCode {
    let stopped = Arc::new(AtomicBool::new(false));
    if let Err(why) = stop_on_interrupt(Arc::clone(&stopped)) {
        eprintln!("an interrupt cannot be waited for: {why}");
        return ExitCode::FAILURE;
    }
    let (since, mut counts, mut seed) = (Instant::now(), Counts::default(), first);
    while !stopped.load(Ordering::Relaxed) {
        match run(seed, steps) {
            Ok(report) => counts.add(&report.counts),
            Err(failure) => {
                eprintln!("{failure}");
                return ExitCode::FAILURE;
            }
        }
        seed += 1;
    }
    print!("{counts}");
    println!("{} seeds from {first} of {steps} steps each in {} s", seed - first, since.elapsed().as_secs());
    ExitCode::SUCCESS
}

fn stop_on_interrupt(stopped: Arc<AtomicBool>) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("interrupt".to_owned()).spawn(move || {
        // Where no interrupt can be waited for, the default ends the process.
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            stopped.store(true, Ordering::Relaxed);
        }
    })?;
    Ok(())
}
