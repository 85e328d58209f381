//! Ten times the events, and one partner that has them all.

use crate::data::{Data, History};
use crate::measure::{Samples, Unit};
use crate::replay::replay;
use crate::report::{Report, Row, Target};

/// The events of the partner that is held against many small ones.
const ONE_PARTNER_EVENTS: u64 = 1_000_000;

pub(crate) fn measure(data: &Data, report: &mut Report) -> Result<(), String> {
    ten_times(data, report)?;
    one_partner(data, report)
}

/// A tenth of the events has a tenth of the partners: so the rows grow with the events.
fn ten_times(data: &Data, report: &mut Report) -> Result<(), String> {
    let large = data.main();
    let small = History { events: large.events / 10, partners: (large.partners / 10).max(1), seed: large.seed };
    let what = |history: History| format!("replay of {} events, {} partners", history.events, history.partners);
    let (large_times, small_times) = pair(data, large, small, |micros, _| micros, Unit::Micros)?;
    let row = Row::new(what(large), large_times).against(what(small), small_times);
    report.add(row.target(Target::RatioAtMost(11_000)));
    Ok(())
}

fn one_partner(data: &Data, report: &mut Report) -> Result<(), String> {
    let events = ONE_PARTNER_EVENTS.min(data.options.events);
    let one = History { events, partners: 1, seed: 2 };
    let many = History { events, partners: data.options.partners, seed: 2 };
    let nanos_each = |micros: u64, history: History| micros.saturating_mul(1_000) / history.events.max(1);
    let (ours, others) = pair(data, one, many, nanos_each, Unit::NanosPerEvent)?;
    let row = Row::new(format!("one partner with {events} events, each event"), ours);
    report.add(row.against(format!("{} partners", many.partners), others).target(Target::RatioAtMost(1_000)));
    Ok(())
}

/// Two histories replayed in turn, on one thread: one partner is folded by one.
fn pair(
    data: &Data,
    first: History,
    second: History,
    of: impl Fn(u64, History) -> u64,
    unit: Unit,
) -> Result<(Samples, Samples), String> {
    let ledgers = [data.ledger(first)?, data.ledger(second)?];
    for ledger in &ledgers {
        replay(data, ledger, "1", &[])?;
    }
    let (mut ours, mut others) = (Samples::new(unit), Samples::new(unit));
    for _ in 0..data.options.rounds {
        ours.push(of(replay(data, &ledgers[0], "1", &[])?.micros, first));
        others.push(of(replay(data, &ledgers[1], "1", &[])?.micros, second));
    }
    Ok((ours, others))
}
