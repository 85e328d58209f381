//! Commands that a person waits for.

use crate::data::{Data, Wire};
use crate::measure::{Samples, Unit, rate};
use crate::process::{run, run_into};
use crate::report::{Report, Row, Target};
use std::path::Path;

/// A start of the program is short: more rounds cost nothing.
const HELP_ROUNDS: usize = 25;

pub(crate) fn measure(data: &Data, report: &mut Report) -> Result<(), String> {
    let mut help = Samples::new(Unit::Micros);
    for _ in 0..HELP_ROUNDS {
        help.push(run(&mut data.daybook.command(&["--help"]))?.micros);
    }
    report.add(Row::new("`daybook --help`", help).target(Target::AtMost(10_000)));
    for wire in Wire::known(data.daybook) {
        let mut rates = Samples::new(Unit::EventsPerSecond);
        for _ in 0..data.options.rounds {
            let took = run_into(&mut data.generate(data.main(), wire), Path::new("/dev/null"))?;
            rates.push(rate(data.options.events, took));
        }
        let what = format!("`daybook generate`, {}", wire.word());
        report.add(Row::new(what, rates).target(Target::AtLeast(1_000_000)));
    }
    views(data, report)
}

/// One partner's views out of the whole ledger: first without, then with what a run before may have left beside it.
fn views(data: &Data, report: &mut Report) -> Result<(), String> {
    let ledger = data.ledger(data.main())?;
    let partner = partner_of(data)?;
    let arguments = ["views", "--partner", &partner, "--through", &data.options.through(), "--format", "json"];
    let first = run(&mut data.daybook.on(&ledger, &arguments))?;
    let mut times = Samples::new(Unit::Micros);
    for _ in 0..data.options.rounds {
        times.push(run(&mut data.daybook.on(&ledger, &arguments))?.micros);
    }
    report.add(Row::new("`daybook views --partner`, first", Samples::one(Unit::Micros, first.micros)));
    report.add(Row::new("`daybook views --partner`, again", times).target(Target::AtMost(100_000)));
    Ok(())
}

/// A partner of the history.
fn partner_of(data: &Data) -> Result<String, String> {
    let few = crate::data::History { events: 1_000.min(data.options.events), ..data.main() };
    let file = data.file(few, Wire::Ndjson)?;
    let mut found = None;
    data.visit(&file, |event| {
        found = found.take().or_else(|| event.partner_id.clone());
        Ok(())
    })?;
    found.map(|partner| partner.to_string()).ok_or_else(|| "the history has no partner".to_owned())
}
