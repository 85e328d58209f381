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
    let mut out = std::io::BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    generate(options, &mut out).map_err(Failure::from)
}
