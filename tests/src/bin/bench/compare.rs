//! Comparing rule books, each beside one replay of the same ledger: whole commands, as a person waits for them.

use crate::data::Data;
use crate::measure::{Samples, Unit};
use crate::process::run;
use crate::replay::replay;
use crate::report::{Report, Row, Target};
use std::path::Path;

/// Changes of a rate and of the co-op threshold, and nothing that asks which events count.
const RATES: &str = r#"format = "incentive-rules/1"
program = "csp-indirect-reseller"
version = "rates-of-bench"
extends = "2021-10"
title = "Other rates"
hypothetical = true

[validity]
from = 2022-01-01

[source.bench]
title = "Measurement"
url = "https://example.org"
authority = "internal-reading"
grade = "inferred"

[[change]]
id = "rate"
set = "lever.core_biz_apps.rate"
from = "4.75%"
to = "5%"
why = "A rate."
cite = "bench"

[[change]]
id = "threshold"
set = "coop.threshold"
from = "10000.00 USD"
to = "12000.00 USD"
why = "A threshold."
cite = "bench"
"#;

pub(crate) fn measure(data: &Data, report: &mut Report) -> Result<(), String> {
    let ledger = data.ledger(data.main())?;
    let rates = data.place("rates.toml");
    std::fs::write(&rates, RATES).map_err(|error| format!("{}: {error}", rates.display()))?;
    let rates = rates.display().to_string();
    let october = ["--reference", "2020-10", "--candidate", "2021-10", "--attribution"];
    let none = [october.as_slice(), &["none"]].concat();
    let every = [october.as_slice(), &["shapley"]].concat();
    let other_rates = ["--reference", "2021-10", "--candidate", &rates, "--attribution", "none"];
    let cases = [
        ("two rule books", none, Target::RatioAtMost(1_350)),
        ("3 changes, 8 coalitions", every, Target::RatioAtMost(2_500)),
        ("a change of a rate and of the co-op threshold", other_rates.to_vec(), Target::RatioAtMost(100)),
    ];
    for (what, arguments, target) in cases {
        pair(data, &ledger, report, (what, &arguments, target))?;
    }
    Ok(())
}

fn pair(
    data: &Data,
    ledger: &Path,
    report: &mut Report,
    (what, arguments, target): (&str, &[&str], Target),
) -> Result<(), String> {
    let through = data.options.through();
    let compare = || {
        let fixed = ["compare", "--no-interpretations", "--format", "json", "--through", &through];
        run(data.daybook.on(ledger, &fixed).args(arguments))
    };
    // What is kept for the next comparison is kept by the first.
    let first = compare()?;
    let (mut ours, mut one) = (Samples::new(Unit::Micros), Samples::new(Unit::Micros));
    for _ in 0..data.options.rounds {
        ours.push(compare()?.micros);
        one.push(replay(data, ledger, "2", &["--book", "2021-10"])?.process_micros);
    }
    report.add(Row::new(format!("compare, {what}"), ours).against("one replay", one).target(target));
    if let Some(events) = first.json()?["events_read"].as_u64() {
        report.note(format!("{what}: {events} events read by the first comparison."));
    }
    Ok(())
}
