//! The fuzzer: libFuzzer runs one target, named by the environment. I/O: what libFuzzer does.
//!
//! `scripts/fuzz.sh` builds and runs it.
#![no_main]

mod targets;

use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;

/// The variable that names the target.
const TARGET: &str = "DAYBOOK_FUZZ_TARGET";

static RUN: OnceLock<fn(&[u8])> = OnceLock::new();

fuzz_target!(
    init: {
        let name = std::env::var(TARGET).unwrap_or_default();
        match targets::TARGETS.iter().find(|target| target.name == name) {
            Some(target) => RUN.get_or_init(|| target.run),
            None => {
                let names: Vec<&str> = targets::TARGETS.iter().map(|target| target.name).collect();
                eprintln!("{TARGET} names no target: set it to one of {}", names.join(", "));
                std::process::exit(2);
            }
        };
    },
    |bytes: &[u8]| {
        if let Some(run) = RUN.get() {
            run(bytes);
        }
    }
);
