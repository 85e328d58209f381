//! Draining a filled stream into a ledger, beside a client that drains it and does nothing.

mod acks;
mod scene;

pub(crate) use acks::Acks;
pub(crate) use scene::{Events, Scene};

use crate::data::{Data, History};
use crate::measure::{Samples, Unit, rate};
use crate::report::{Report, Row, Target};

pub(crate) fn measure(data: &Data, report: &mut Report) -> Result<(), String> {
    let events = data.options.stream_events;
    let scene = Scene::start(data, "drain")?;
    let history = History { events, partners: data.options.partners, seed: 3 };
    let last = scene.publish(&mut Events::of(data, history)?, events)?;
    let (mut ours, mut idle) = (Samples::new(Unit::EventsPerSecond), Samples::new(Unit::EventsPerSecond));
    let mut memory = Samples::new(Unit::Bytes);
    for round in 0..data.options.rounds {
        let ledger = data.place(&format!("drained-{round}"));
        let following = scene.follow(data, &ledger)?;
        let taken = following.wait_for(last)?;
        ours.push(rate(events, taken));
        memory.push(following.end()?);
        std::fs::remove_dir_all(&ledger).map_err(|error| error.to_string())?;
        idle.push(rate(events, scene.drain_idly(last)?));
    }
    let row = Row::new(format!("`serve` drains {events} events until all are durable"), ours);
    report.add(row.against("the same client, doing nothing", idle).target(Target::RatioAtLeast(600)));
    let row = Row::new("memory of `serve` while a full stream is delivered", memory);
    report.add(row.target(Target::AtMost(300_000_000)));
    Ok(())
}
