//! Where inputs come from. The same writer takes them from the broker and from this process, so that a history without a
//! broker is judged, batched and appended exactly like one with it.

use crate::batch::{BatchLimits, BatchWriter, Committed, Input};
use daybook_store::{AppendError, Incoming, Ledger};
use std::time::Duration;

/// What a source answers.
pub enum Next<T> {
    /// An input.
    Input(Box<Input<T>>),
    /// Nothing came in the time given.
    Quiet,
    /// There will be no more.
    End,
}

/// A source of inputs, in order. It blocks: the writer has a thread of its own.
pub trait EventSource {
    /// What comes back with each outcome.
    type Tag;

    /// The next input. Waits for it: at most `wait_max`, where given, and not at all when that is zero. A zero is answered
    /// by `Quiet` even where an input is there: the batch in hand has waited long enough.
    fn next(&mut self, wait_max: Option<Duration>) -> Next<Self::Tag>;
}

/// An iterator as a source: a file's lines, or the receiving end of a bounded channel.
pub struct IterSource<I>(pub I);

impl<T, I: Iterator<Item = (Incoming, T)>> EventSource for IterSource<I> {
    type Tag = T;

    /// An iterator is not followed live: how long a batch waits does not matter, and is not asked.
    fn next(&mut self, _wait_max: Option<Duration>) -> Next<T> {
        match self.0.next() {
            Some((incoming, tag)) => Next::Input(Box::new(Input { incoming, place: None, tag })),
            None => Next::End,
        }
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
        let committed = match source.next(wait_max) {
            Next::Input(input) => writer.push(*input)?,
            Next::Quiet => writer.commit()?,
            Next::End => break,
        };
        if let Some(committed) = committed {
            on_committed(committed);
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
