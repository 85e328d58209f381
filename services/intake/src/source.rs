//! Where inputs come from. The same writer takes them from the broker and from this process, so that a history without a
//! broker is judged, batched and appended exactly like one with it.

use crate::batch::{BatchLimits, BatchWriter, Committed, Input};
use daybook_store::{AppendError, Incoming, Ledger};
use std::time::Duration;

/// What a source answers.
pub enum Next<T> {
    /// Inputs that are there, at least one.
    Inputs(Vec<Input<T>>),
    /// Nothing came in the time given.
    Quiet,
    /// There will be no more.
    End,
}

/// A source of inputs, in order. It blocks: the writer has a thread of its own.
pub trait EventSource {
    /// What comes back with each outcome.
    type Tag;

    /// The next inputs. Waits for them: at most `wait_max`, where given, and not at all when that is zero.
    fn next(&mut self, wait_max: Option<Duration>) -> Next<Self::Tag>;
}

/// The most inputs that are taken from an iterator together.
const TOGETHER_MAX: usize = 256;

/// An iterator as a source: a file's lines, or the receiving end of a bounded channel.
pub struct IterSource<I>(pub I);

impl<T, I: Iterator<Item = (Incoming, T)>> EventSource for IterSource<I> {
    type Tag = T;

    /// An iterator is not followed live: how long a batch waits does not matter, and is not asked.
    fn next(&mut self, _wait_max: Option<Duration>) -> Next<T> {
        let together = self.0.by_ref().take(TOGETHER_MAX);
        let inputs: Vec<_> = together.map(|(incoming, tag)| Input { incoming, place: None, tag }).collect();
        if inputs.is_empty() { Next::End } else { Next::Inputs(inputs) }
    }
}

/// Appends everything from a source, handing each batch on once it is durable.
///
/// # Errors
/// [`AppendError`] of the first batch that failed; what was handed on before is durable.
pub fn drain<S: EventSource>(
    ledger: &mut Ledger,
    source: &mut S,
    limits: BatchLimits,
    mut on_committed: impl FnMut(Committed<S::Tag>),
) -> Result<(), AppendError> {
    let mut writer = BatchWriter::new(ledger, limits);
    loop {
        let wait_max = writer.wait_max();
        match source.next(wait_max) {
            Next::Inputs(inputs) => {
                for input in inputs {
                    writer.push(input)?.into_iter().for_each(&mut on_committed);
                }
            }
            Next::Quiet => writer.commit()?.into_iter().for_each(&mut on_committed),
            Next::End => break,
        }
    }
    if let Some(committed) = writer.commit()? {
        on_committed(committed);
    }
    Ok(())
}

/// Appends inputs of this process to a ledger bound to files: imported lines, or a history without a broker.
///
/// # Errors
/// [`AppendError`], as for [`drain`].
pub fn append_source<T>(
    ledger: &mut Ledger,
    inputs: impl IntoIterator<Item = (Incoming, T)>,
    limits: BatchLimits,
    on_committed: impl FnMut(Committed<T>),
) -> Result<(), AppendError> {
    drain(ledger, &mut IterSource(inputs.into_iter()), limits, on_committed)
}

#[cfg(test)]
mod tests;
