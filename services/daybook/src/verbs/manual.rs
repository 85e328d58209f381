//! `daybook completions` and `daybook man`.

use crate::cli::Cli;
use crate::failure::Failure;
use clap::CommandFactory;
use std::io::Write;

pub(crate) fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "daybook", &mut bytes);
    std::io::stdout().write_all(&bytes)?;
    Ok(())
}

pub(crate) fn man() -> Result<(), Failure> {
    let mut bytes = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut bytes)?;
    std::io::stdout().write_all(&bytes)?;
    Ok(())
}
