//! Draining a filled stream into a ledger, beside a client that drains it and does nothing.

mod acks;
mod scene;

pub(crate) use acks::Acks;
pub(crate) use scene::{Events, Scene};

use crate::data::{Data, History};
use crate::disk::allocated_bytes;
use crate::measure::{Samples, Unit, milli_bytes_each, rate};
use crate::report::{Report, Row, Target};

pub(crate) fn measure(data: &Data, report: &mut Report) -> Result<(), String> {
    let events = data.options.stream_events;
    let scene = Scene::start(data, "drain")?;
    let history = History { events, partners: data.options.partners, seed: 3 };
    let mut messages = Events::of(data, history)?;
    let last = scene.publish(&mut messages, events)?;
    let (mut ours, mut idle) = (Samples::new(Unit::EventsPerSecond), Samples::new(Unit::EventsPerSecond));
    let (mut memory, mut cpu) = (Samples::new(Unit::Bytes), Samples::new(Unit::NanosPerEvent));
    let (mut on_disk, mut raw) = (Samples::new(Unit::MilliBytesPerEvent), Samples::new(Unit::MilliBytesPerEvent));
    for round in 0..data.options.rounds {
        let ledger = data.place(&format!("drained-{round}"));
        let following = scene.follow(data, &ledger)?;
        let taken = following.wait_for(last)?;
        ours.push(rate(events, taken));
        cpu.push(following.cpu_micros().saturating_mul(1_000) / events);
        on_disk.push(milli_bytes_each(allocated_bytes(&ledger.join("ledger.redb"))?, events));
        raw.push(milli_bytes_each(messages.bytes, events));
        memory.push(following.end()?);
        std::fs::remove_dir_all(&ledger).map_err(|error| error.to_string())?;
        idle.push(rate(events, scene.drain_idly(last)?));
    }
    let row = Row::new(format!("`serve` drains {events} events until all are durable"), ours);
    report.add(row.against("the same client, doing nothing", idle).target(Target::RatioAtLeast(600)));
    report.add(Row::new("processors' time of `serve` until then, each event, views included", cpu));
    let row = Row::new("memory of `serve` while a full stream is delivered", memory);
    report.add(row.target(Target::AtMost(300_000_000)));
    let row = Row::new("ledger, allocated while `serve` has written it", on_disk);
    report.add(row.against("protobuf bytes of its events", raw).target(Target::RatioAtMost(1_000)));
    Ok(())
}
