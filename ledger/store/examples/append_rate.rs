//! Measures appending with random 128-bit event ids: rate, bytes of disk per event, and a scan.
//!
//! `cargo run --release -p daybook-store --example append_rate -- [EVENTS] [BATCH] [CACHE_MIB]`

use daybook_event::{EventId, EventRef, Instant, Position, SourceId};
use daybook_store::{Binding, ContentHash, Incoming, Ledger, LedgerOptions, Origin, ReadError};
use std::error::Error;
use std::ops::ControlFlow;

/// A small generator of random bits: the same events in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

/// About 200 bytes with what a sale has: random ids, a few products, an amount.
fn event(random: &mut Random, source: &SourceId, number: u64) -> Result<Incoming, Box<dyn Error>> {
    let event_id = format!("{:016x}{:016x}", random.next(), random.next());
    let partner = random.next() % 10_000;
    let product = random.next() % 40;
    let amount = random.next() % 1_000_000;
    let subscription = random.next();
    let envelope = format!(
        "{source}\n{event_id}\nP-{partner:05}\n2022-{:02}-{:02}\nC-{:06}\n{subscription:016x}\nCFQ7TTC0{product:04}\n0002\n\
         Microsoft 365 Business Premium\ncommercial\n{}\n{amount}\nUSD\nnew\nG{:06}",
        number % 12 + 1,
        number % 28 + 1,
        random.next() % 100_000,
        random.next() % 50,
        number / 500
    )
    .into_bytes();
    Ok(Incoming::Event {
        id: EventRef { source: source.clone(), event_id: EventId::parse(&event_id)? },
        content_hash: ContentHash::of(&envelope),
        recorded_at: Instant::from_micros(i64::try_from(number)? * 1_000),
        envelope,
        origin: Origin::default(),
        decision: None,
    })
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let events = arguments.next().transpose()?.unwrap_or(1_000_000);
    let batch_events = arguments.next().transpose()?.unwrap_or(10_000);
    let cache_mib = usize::try_from(arguments.next().transpose()?.unwrap_or(64))?;
    let dir = std::env::temp_dir().join(format!("daybook-append-rate-{}", std::process::id()));
    let options = LedgerOptions { cache_bytes_max: cache_mib * 1024 * 1024, ..LedgerOptions::default() };
    let mut ledger = Ledger::create_or_open(&dir, Some(Binding::Files), &options)?;
    let (mut random, source) = (Random(0x9e37_79b9_7f4a_7c15), SourceId::parse("contoso")?);
    let (mut appending, mut done, mut envelope_bytes) = (std::time::Duration::ZERO, 0, 0_u64);
    while done < events {
        let count = batch_events.min(events - done);
        let batch = (done..done + count).map(|n| event(&mut random, &source, n)).collect::<Result<Vec<_>, _>>()?;
        for incoming in &batch {
            if let Incoming::Event { envelope, .. } = incoming {
                envelope_bytes += envelope.len() as u64;
            }
        }
        let started = std::time::Instant::now();
        ledger.append(batch, None, &[])?;
        appending += started.elapsed();
        done += count;
    }
    let usage = ledger.reader().disk_usage()?;
    println!("appended {events} events of {} B in batches of {batch_events}", envelope_bytes / events.max(1));
    println!("rate {} events/s", per_second(events, appending));
    println!(
        "file {} B/event, records {} B/event, idempotency {} B/event, fragmented {} B/event, {} segments",
        usage.file_bytes / events,
        usage.records_bytes / events,
        usage.keys_bytes / events,
        usage.fragmented_bytes / events,
        usage.segments
    );
    let (started, mut seen) = (std::time::Instant::now(), 0_u64);
    ledger.reader().scan(Position::ZERO, Position::new(u64::MAX), |record| {
        seen += u64::from(!record.envelope.is_empty());
        Ok::<_, ReadError>(ControlFlow::Continue(()))
    })?;
    println!("scanned {seen} records at {} records/s", per_second(seen, started.elapsed()));
    ledger.close()?;
    std::fs::remove_dir_all(&dir)?;
    Ok(())
}

fn per_second(count: u64, time: std::time::Duration) -> u128 {
    u128::from(count) * 1_000_000 / time.as_micros().max(1)
}
