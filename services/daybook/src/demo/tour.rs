//! What the demo shows: payouts, the comparison, one explained figure, the verification, and what to try next.

use super::history;
use crate::cli::{Cli, FourEyesArguments, NatsArguments};
use crate::failure::Failure;
use crate::output;
use crate::serve::config::ActConfig;
use crate::verbs::{Trust, compare_tables, verify, verify_head};
use crate::{books, window};
use daybook_event::{Month, PartnerId};
use daybook_replay::{Explanation, Replayed, compare, explain_month, replay};
use daybook_views::PartnerRows;
use serde_json::json;
use std::path::Path;

/// The partners of the story, with what their story is.
const STORY: [(&str, &str); 4] = [
    ("P-ALPINE", "sells to nonprofits: the accelerator of October 2021 lifts it"),
    ("P-BIRCH", "accrues between 4,000 and 10,000 of co-op a half-year: the new threshold turns it into cash"),
    ("P-CEDAR", "sells less than 25,000 a year: the revenue gate of October 2021 ends its earnings"),
    ("P-DUNE", "sells enough of everything, and claims co-op"),
];

/// Rows of the comparison that the demo lists.
const MOVERS_SHOWN: usize = 6;

pub(super) fn print(cli: &Cli) -> Result<(), Failure> {
    let through = history::through();
    let window = window::read(&window::known(&cli.ledger, None)?, Some(through))?;
    let (before, after) =
        (books::book(cli.rules.as_deref(), "2020-10")?, books::book(cli.rules.as_deref(), "2021-10")?);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let reference = replay(&window.histories, &before, through, threads);
    let candidate = replay(&window.histories, &after, through, threads);

    title(&format!("1. What are partners owed? Payouts under the terms in force, through {through}"))?;
    for (partner, story) in STORY {
        crate::output::say!("{partner}  {story}");
    }
    crate::output::say!("{}\n", output::table(&payouts(&candidate)?));

    title("2. Who gains and who loses by the terms of October 2021? The same events under 2020-10 and 2021-10")?;
    let names = ("2020-10", "2021-10");
    let comparison = compare(before.calendar(), names, window.position, &reference, &candidate)?;
    for section in compare_tables(&comparison, MOVERS_SHOWN)? {
        crate::output::say!("{}\n{}\n", section.name, output::table(&section.rows));
    }

    title("3. Why? One figure back to its events and rule lines")?;
    let partner = PartnerId::parse("P-ALPINE").map_err(Failure::input)?;
    let month = Month::parse("2022-02").unwrap_or(Month::from_index(0));
    crate::output::say!(
        "{}",
        Explanation::Month(explain_month(&window.histories, &after, through, &partner, month, None)?)
    );

    title("4. Is the ledger whole? Everything recomputed from stored bytes")?;
    let config = ActConfig::of(cli, &NatsArguments::default(), &FourEyesArguments::default())?;
    let report = verify(&config, false, None, &Trust::default())?;
    for (name, value) in verify_head(&report) {
        crate::output::say!("{name:<11} {value}");
    }
    if report.findings.is_empty() { Ok(()) } else { Err(Failure::Check("verify found faults".to_owned())) }
}

fn title(text: &str) -> Result<(), Failure> {
    crate::output::say!("{text}\n{}", "-".repeat(text.len()));
    Ok(())
}

/// Per partner of the story and program half: what was earned and what was paid.
fn payouts(replayed: &Replayed) -> Result<Vec<serde_json::Value>, Failure> {
    let mut rows = Vec::new();
    for (name, _) in STORY {
        let of_partner = replayed.partners.iter().find(|(partner_id, _)| partner_id.as_str() == name);
        rows.extend(of_partner.map(|(_, rows)| last_payouts(name, rows)).unwrap_or_default());
    }
    Ok(rows)
}

/// The payouts of the half-year that both versions judge: July to December 2021.
fn last_payouts(name: &str, rows: &PartnerRows) -> Vec<serde_json::Value> {
    let months = ["2021-11", "2021-12", "2022-01"].map(|text| Month::parse(text).unwrap_or(Month::from_index(0)));
    let shown = rows.payouts.iter().filter(|row| months.contains(&row.month));
    let line = |row: &daybook_views::rows::PayoutRow| {
        json!({
            "partner": name, "month": row.month, "rebate": row.rebate, "converted": row.converted,
            "carried_in": row.carried_in, "paid": row.paid, "carried_out": row.carried_out, "due_on": row.due_on,
        })
    };
    shown.map(line).collect()
}

pub(super) fn what_next(ledger: &Path, broker: Option<&str>) -> Result<(), Failure> {
    let folder = ledger.display();
    let through = history::through();
    crate::output::say!(
        "\nThe ledger is in {folder}. Figures above are through {through}; facts dated later do not count. Try next:"
    );
    let default = Path::new("./daybook-data");
    let at = if ledger == default { String::new() } else { format!(" --ledger {folder}") };
    let daybook = std::env::args().next().unwrap_or_else(|| "daybook".to_owned());
    let lines = [
        format!("views --partner P-DUNE --through {through}"),
        format!("explain --partner P-BIRCH --lot FY22H1 --through {through}"),
        format!("explain --partner P-CEDAR --month 2021-11 --through {through}"),
        format!("compare --reference 2020-10 --candidate 2021-10 --through {through} --html compare.html"),
        "quarantine list".to_owned(),
        "verify".to_owned(),
    ];
    for line in &lines {
        crate::output::say!("  {daybook} {line}{at}");
    }
    if let Some(broker) = broker {
        crate::output::say!(
            "  {daybook} serve --nats {broker}{at}      (then, elsewhere: import, which publishes to the stream)"
        );
    }
    Ok(())
}
