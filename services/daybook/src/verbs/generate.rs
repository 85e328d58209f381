//! `daybook generate`: a synthetic history.

use crate::cli::GenerateArguments;
use crate::failure::Failure;
use crate::generate::{GenerateOptions, generate};

pub(crate) fn run(arguments: &GenerateArguments) -> Result<(), Failure> {
    let options = GenerateOptions {
        partners: arguments.partners,
        events: arguments.events,
        months: arguments.months,
        seed: arguments.seed,
        start_month: arguments.start,
    };
    generate(options, arguments.format, &mut std::io::stdout().lock()).map_err(Failure::from)
}
