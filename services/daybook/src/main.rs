//! The daybook binary: command line, `serve`, `demo`. I/O: everything that is not a library.
//!
//! Every verb returns what went wrong as a [`failure::Failure`]; only this file turns it into a message and an exit
//! status.

mod books;
mod cancel;
mod cli;
mod closed;
mod columns;
mod completeness;
mod demo;
mod failure;
mod four_eyes;
mod generate;
mod growing;
mod import;
mod nats;
mod output;
mod person;
mod progress;
mod reconcile;
mod rows_file;
mod serve;
mod shards;
mod signing;
mod verbs;
mod waiting;
mod window;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = cli::Cli::parse();
    match verbs::run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            failure.exit_code()
        }
    }
}
