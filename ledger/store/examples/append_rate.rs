//! Measures appending with random 128-bit event ids, beside plain redb rows of the same events without any index: rates in turn,
//! bytes of disk per event by part, opening, and a scan.
//!
//! `cargo run --release -p daybook-store --example append_rate -- [EVENTS] [BATCH] [CACHE_MIB]`
//!
//! Up to 100,000,000 events: the file of plain rows begins anew every 5,000,000, because its size changes nothing of its rate.

use daybook_event::{EventId, EventRef, Instant, Position, SourceId};
use daybook_store::{Binding, ContentHash, DiskUsage, Incoming, Ledger, LedgerOptions, Origin, ReadError};
use redb::{Database, TableDefinition};
use std::error::Error;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const ROWS: TableDefinition<u64, &[u8]> = TableDefinition::new("rows");
const PLAIN_EVENTS_MAX: u64 = 5_000_000;

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
fn event(random: &mut Random, source: &SourceId, number: u64) -> Result<Incoming> {
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

/// Plain rows: number and envelope, durable with each batch, and nothing else.
struct Plain {
    path: PathBuf,
    cache_bytes: usize,
    open: Option<(Database, u64)>,
}

impl Plain {
    fn take(&mut self, from: u64, envelopes: &[Vec<u8>]) -> Result<Spent> {
        if self.open.as_ref().is_none_or(|(_, events)| *events >= PLAIN_EVENTS_MAX) {
            self.open = None;
            let _ = std::fs::remove_file(&self.path);
            self.open = Some((Database::builder().set_cache_size(self.cache_bytes).create(&self.path)?, 0));
        }
        let (database, events) = self.open.as_mut().ok_or("no file")?;
        *events += envelopes.len() as u64;
        Spent::of(|| {
            let transaction = database.begin_write()?;
            {
                let mut rows = transaction.open_table(ROWS)?;
                for (number, envelope) in (from..).zip(envelopes) {
                    rows.insert(number, envelope.as_slice())?;
                }
            }
            Ok(transaction.commit()?)
        })
    }
}

/// Time by the clock, and on a processor.
#[derive(Default, Clone, Copy)]
struct Spent {
    clock: Duration,
    processor: Duration,
    slowest: Duration,
}

impl Spent {
    fn of(work: impl FnOnce() -> Result<()>) -> Result<Self> {
        let (processor, started) = (on_processor(), std::time::Instant::now());
        work()?;
        let clock = started.elapsed();
        Ok(Self { clock, processor: on_processor().saturating_sub(processor), slowest: clock })
    }

    fn add(&mut self, other: Self) {
        self.clock += other.clock;
        self.processor += other.processor;
        self.slowest = self.slowest.max(other.slowest);
    }
}

/// What this thread has spent on a processor; nothing where the system does not say.
fn on_processor() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(text.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u64>());
    let events = arguments.next().transpose()?.unwrap_or(1_000_000);
    let batch_events = arguments.next().transpose()?.unwrap_or(10_000);
    let cache_bytes = usize::try_from(arguments.next().transpose()?.unwrap_or(64))? * 1024 * 1024;
    let dir = std::env::temp_dir().join(format!("daybook-append-rate-{}", std::process::id()));
    let done = measure(&dir, events, batch_events, cache_bytes);
    std::fs::remove_dir_all(&dir)?;
    done
}

fn measure(dir: &Path, events: u64, batch_events: u64, cache_bytes: usize) -> Result<()> {
    let options = LedgerOptions { cache_bytes_max: cache_bytes, ..LedgerOptions::default() };
    let mut ledger = Ledger::create_or_open(dir, Some(Binding::Files), &options)?;
    let mut plain = Plain { path: dir.join("plain.redb"), cache_bytes, open: None };
    let (mut random, source) = (Random(0x9e37_79b9_7f4a_7c15), SourceId::parse("contoso")?);
    let (mut ours, mut theirs, mut part) = (Spent::default(), Spent::default(), (Spent::default(), Spent::default()));
    let (mut done, mut envelope_bytes, tenth) = (0, 0_u64, (events / 10).max(1));
    while done < events {
        let count = batch_events.min(events - done);
        let batch = (done..done + count).map(|n| event(&mut random, &source, n)).collect::<Result<Vec<_>>>()?;
        let envelopes: Vec<Vec<u8>> = batch.iter().filter_map(envelope_of).collect();
        envelope_bytes += envelopes.iter().map(|envelope| envelope.len() as u64).sum::<u64>();
        part.0.add(Spent::of(|| Ok(ledger.append(batch, None, &[]).map(drop)?))?);
        part.1.add(plain.take(done, &envelopes)?);
        if (done + count) / tenth > done / tenth {
            println!("at {} events: {}", done + count, ratio(part, tenth));
            ours.add(part.0);
            theirs.add(part.1);
            part = Default::default();
        }
        done += count;
    }
    ours.add(part.0);
    theirs.add(part.1);
    println!("appended {events} events of {} B in batches of {batch_events}", envelope_bytes / events.max(1));
    println!("rate {} events/s", per_second(events, ours.clock));
    println!("plain rows rate {} events/s", per_second(events, theirs.clock));
    println!("in all: {}", ratio((ours, theirs), events));
    drop(plain);
    parts(&ledger.reader().disk_usage()?, events);
    scan(&ledger)?;
    let path = dir.join(daybook_store::LEDGER_FILE);
    println!("while open {} B/event allocated", allocated(&path)? / events);
    ledger.close()?;
    println!("closed {} B/event, {} allocated", std::fs::metadata(&path)?.len() / events, allocated(&path)? / events);
    let started = std::time::Instant::now();
    drop(Ledger::create_or_open(dir, None, &options)?);
    println!("opened for writing in {:?}", started.elapsed());
    Ok(())
}

fn envelope_of(incoming: &Incoming) -> Option<Vec<u8>> {
    match incoming {
        Incoming::Event { envelope, .. } => Some(envelope.clone()),
        Incoming::Faulty { .. } => None,
    }
}

fn ratio((ours, theirs): (Spent, Spent), events: u64) -> String {
    let nanos = |spent: Duration| spent.as_nanos() / u128::from(events.max(1));
    format!(
        "{} ns/event ({} on a processor, slowest batch {:?}), plain rows {} ({}): {} % of their rate, {} % by processor",
        nanos(ours.clock),
        nanos(ours.processor),
        ours.slowest,
        nanos(theirs.clock),
        nanos(theirs.processor),
        theirs.clock.as_nanos() * 100 / ours.clock.as_nanos().max(1),
        theirs.processor.as_nanos() * 100 / ours.processor.as_nanos().max(1)
    )
}

fn parts(usage: &DiskUsage, events: u64) {
    println!(
        "file {} B/event, records {} B/event, idempotency {} B/event, fragmented {} B/event, {} segments",
        usage.file_bytes / events,
        usage.records_bytes / events,
        usage.keys_bytes / events,
        usage.fragmented_bytes / events,
        usage.segments
    );
}

fn scan(ledger: &Ledger) -> Result<()> {
    let (started, mut seen) = (std::time::Instant::now(), 0_u64);
    ledger.reader().scan(Position::ZERO, Position::new(u64::MAX), |record| {
        seen += u64::from(!record.envelope.is_empty());
        Ok::<_, ReadError>(ControlFlow::Continue(()))
    })?;
    println!("scanned {seen} records at {} records/s", per_second(seen, started.elapsed()));
    Ok(())
}

/// What the file takes on the disk: blocks that were never written take nothing.
fn allocated(path: &Path) -> Result<u64> {
    use std::os::unix::fs::MetadataExt;
    Ok(std::fs::metadata(path)?.blocks() * 512)
}

fn per_second(count: u64, time: Duration) -> u128 {
    u128::from(count) * 1_000_000 / time.as_micros().max(1)
}
