//! From the moment at which an event should be published to the service's word that it is durable.

use crate::broker::{Acks, Events, Scene};
use crate::data::{Data, History};
use crate::machine::disk_sync;
use crate::measure::{Samples, Unit, micros, percentile};
use crate::report::{Report, Row, Target};
use daybook_intake::nats::Outgoing;
use std::time::{Duration, Instant};

/// More rounds say little more: a round has tens of thousands of events.
const ROUNDS_MAX: usize = 3;
/// Between a round's end and the next one's beginning.
const PAUSE: Duration = Duration::from_millis(500);
/// From the decision to publish to the first event.
const LEAD: Duration = Duration::from_millis(5);

/// A rate, and how many times the disk's own time the slowest of a hundred may take, in thousandths.
struct Case {
    rate: u64,
    most: u64,
}

const CASES: [Case; 2] = [Case { rate: 5_000, most: 15_000 }, Case { rate: 50_000, most: 60_000 }];

pub(crate) fn measure(data: &Data, report: &mut Report) -> Result<(), String> {
    let of_many = data.options.partners;
    many_and_one(data, report, "", of_many, &CASES)?;
    many_and_one(data, report, ", one partner has them all", 1, &CASES[..1])
}

/// A stream that is filled and drained first, and then published to at each rate.
fn many_and_one(data: &Data, report: &mut Report, about: &str, partners: u64, cases: &[Case]) -> Result<(), String> {
    let rounds = data.options.rounds.min(ROUNDS_MAX);
    let each_round: u64 = cases.iter().map(|case| case.rate * data.options.latency_seconds).sum();
    let before = data.options.stream_events;
    let history = History { events: before + each_round * rounds as u64, partners, seed: 4 };
    let mut events = Events::of(data, history)?;
    let scene = Scene::start(data, &format!("latency-{partners}"))?;
    let ledger = data.place(&format!("latency-{partners}"));
    let mut last = scene.publish(&mut events, before)?;
    let following = scene.follow(data, &ledger)?;
    following.wait_for(last)?;
    for case in cases {
        let (mut half, mut most) = (Samples::new(Unit::Micros), Samples::new(Unit::Micros));
        let mut syncs = Samples::new(Unit::Micros);
        for _ in 0..rounds {
            std::thread::sleep(PAUSE);
            syncs.push(disk_sync(&data.options.dir)?.0.median());
            let round: Vec<Outgoing> = events.take(case.rate * data.options.latency_seconds).collect();
            let count = round.len() as u64;
            scene.acks.clear();
            let began = publish_on_time(&scene, round, case.rate)?;
            following.wait_for(last + count)?;
            let waits = waits(&scene.acks, began, last, count, case.rate);
            last += count;
            half.push(percentile(&waits, 50));
            most.push(percentile(&waits, 99));
        }
        let row = |of: &str, ours: Samples| {
            Row::new(format!("{} events/s{about}, {of}", case.rate), ours).against("fdatasync, median", syncs.clone())
        };
        report.add(row("median", half));
        report.add(row("99 of 100", most).target(Target::RatioAtMost(case.most)));
    }
    let memory = Row::new(format!("memory of `serve` meanwhile{about}"), Samples::one(Unit::Bytes, following.end()?));
    report.add(memory.target(Target::AtMost(300_000_000)));
    std::fs::remove_dir_all(&ledger).map_err(|error| error.to_string())
}

/// When an event of a round should be sent.
fn due(began: Instant, number: u64, rate: u64) -> Instant {
    began + Duration::from_nanos(number.saturating_mul(1_000_000_000) / rate)
}

/// Publishes each event when it is due, or as soon after it as can be; when the round began.
fn publish_on_time(scene: &Scene, round: Vec<Outgoing>, rate: u64) -> Result<Instant, String> {
    let client = scene.client().clone();
    let began = Instant::now() + LEAD;
    scene.runtime().block_on(async {
        for (number, outgoing) in (0..).zip(round) {
            let at = due(began, number, rate);
            // This thread has nothing else to do: the connection is written by another. The runtime's own clock ticks too slowly.
            std::thread::sleep(at.saturating_duration_since(Instant::now()));
            client.publish(outgoing.subject, outgoing.payload.into()).await.map_err(|error| error.to_string())?;
        }
        client.flush().await.map_err(|error| error.to_string())
    })?;
    Ok(began)
}

/// What each event waited from when it was due until it was said to be durable.
fn waits(acks: &Acks, began: Instant, last_before: u64, count: u64, rate: u64) -> Vec<u64> {
    let acks = acks.all();
    let mut at = 0;
    let mut waits = Vec::new();
    for number in 0..count {
        let sequence = last_before + 1 + number;
        while acks.get(at).is_some_and(|(_, durable)| *durable < sequence) {
            at += 1;
        }
        if let Some((heard, _)) = acks.get(at) {
            waits.push(micros(heard.saturating_duration_since(due(began, number, rate))));
        }
    }
    waits
}
