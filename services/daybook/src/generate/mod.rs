//! A synthetic history of any size: the same options give the same bytes, on any machine.
//!
//! It has the shape of the real thing: a few partners with most of the business, ids without order, credits and
//! reversals of earlier lines, late events, three currencies, claims, and facts that lapse. Money is whole cents
//! throughout.

mod calendar;
mod catalogue;
mod chance;
mod claims;
mod drafts;
mod history;
mod lines;
mod partners;
mod schedule;
#[cfg(test)]
mod tests;

use clap::ValueEnum;
use daybook_event::{Envelope, Month};
use daybook_proto::limits::{YEAR_MAX, YEAR_MIN};
use drafts::{Draft, Maker};
use history::History;
use std::io::{self, Write};
use std::sync::mpsc::sync_channel;
use std::thread;

/// Most partners of one history: their ids come from a range of this size.
pub(crate) const PARTNERS_MAX: u32 = 1_000_000;

/// Most months of one history.
pub(crate) const MONTHS_MAX: u16 = 1_200;

/// What to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct GenerateOptions {
    /// How many partners; the first sells most.
    pub(crate) partners: u32,
    /// How many events in all: exactly so many lines.
    pub(crate) events: u64,
    /// How many months the history covers.
    pub(crate) months: u16,
    /// Where chance begins: another seed, another history.
    pub(crate) seed: u64,
    /// The first month.
    pub(crate) start_month: Month,
}

impl GenerateOptions {
    /// The first month unless told otherwise: two years from it take in the change of terms of October 2021.
    pub(crate) const START_MONTH: &'static str = "2020-10";

    fn check(&self) -> Result<(), GenerateError> {
        if self.partners == 0 || self.partners > PARTNERS_MAX {
            return Err(GenerateError::Partners(self.partners));
        }
        if self.months == 0 || self.months > MONTHS_MAX {
            return Err(GenerateError::Months(self.months));
        }
        // Facts may be dated up to a year before the first month, certifications expire up to two years after the last.
        let last = self.start_month.plus(i32::from(self.months));
        if self.start_month.year() <= YEAR_MIN || last.year() + 2 >= YEAR_MAX {
            return Err(GenerateError::Years(self.start_month));
        }
        Ok(())
    }
}

/// Why a history cannot be generated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GenerateError {
    /// Too few or too many partners.
    #[error("cannot generate {0} partners: give 1 to {PARTNERS_MAX}")]
    Partners(u32),
    /// Too few or too many months.
    #[error("cannot generate {0} months: give 1 to {MONTHS_MAX}")]
    Months(u16),
    /// The history would leave the years that events may be dated in.
    #[error("a history from {0} on leaves the years {YEAR_MIN} to {YEAR_MAX}: start later, or give fewer months")]
    Years(Month),
    /// The output refused a line.
    #[error("cannot write the generated events: {0}")]
    Write(#[from] io::Error),
}

/// The history as envelopes, in the order of publication.
pub(crate) fn generate_envelopes(
    options: GenerateOptions,
) -> Result<impl Iterator<Item = Envelope> + use<>, GenerateError> {
    options.check()?;
    let history = History::new(options);
    let maker = history.maker();
    Ok(history.map(move |draft| maker.envelope(draft)))
}

/// How the events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventFormat {
    /// One event a line.
    Ndjson,
    /// Envelopes, each after its length (a varint).
    Protobuf,
}

/// Events that are handed on together.
const BATCH_EVENTS: usize = 256;
/// Batches that wait for the next thread: it bounds memory.
const BATCHES_WAITING_MAX: usize = 16;
/// Room for the text of an event, so that a batch rarely grows.
const EVENT_BYTES: usize = 576;
/// The most threads that make text: one draws for no more.
const WRITERS_MAX: usize = 4;

/// Writes the history. One thread draws events, others make their text in turn, and the caller writes that in order.
pub(crate) fn generate(
    options: GenerateOptions,
    format: EventFormat,
    out: &mut impl Write,
) -> Result<(), GenerateError> {
    options.check()?;
    let mut history = History::new(options);
    let threads = thread::available_parallelism().map_or(1, |threads| threads.get().min(WRITERS_MAX));
    thread::scope(|scope| {
        let (mut to_writers, mut from_writers) = (Vec::new(), Vec::new());
        for _ in 0..threads {
            let (drafts_tx, drafts) = sync_channel::<Vec<Draft>>(BATCHES_WAITING_MAX);
            let (text_tx, text) = sync_channel(BATCHES_WAITING_MAX);
            let maker = history.maker();
            // Who takes no more has met an error, or knows of one.
            scope.spawn(move || {
                drafts.into_iter().map(|batch| text_of(batch, &maker, format)).try_for_each(|text| text_tx.send(text))
            });
            to_writers.push(drafts_tx);
            from_writers.push(text);
        }
        scope.spawn(move || {
            for writer in to_writers.iter().cycle() {
                let batch: Vec<Draft> = history.by_ref().take(BATCH_EVENTS).collect();
                if batch.is_empty() || writer.send(batch).is_err() {
                    return;
                }
            }
        });
        // The batches went round in this order; the first that has no more text had none to make.
        let mut text = from_writers.iter().cycle().map_while(|text| text.recv().ok());
        let written = text.try_for_each(|text| out.write_all(&text)).and_then(|()| out.flush());
        drop(from_writers);
        Ok(written?)
    })
}

fn text_of(batch: Vec<Draft>, maker: &Maker, format: EventFormat) -> Vec<u8> {
    let mut text = Vec::with_capacity(batch.len() * EVENT_BYTES);
    for draft in batch {
        let envelope = maker.envelope(draft);
        match format {
            EventFormat::Ndjson => {
                daybook_proto::encode_json_push(&envelope, &mut text);
                text.push(b'\n');
            }
            EventFormat::Protobuf => daybook_proto::encode_delimited_push(&envelope, &mut text),
        }
    }
    text
}
