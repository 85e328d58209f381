//! What is missing of each source, for the metrics: read on beside the service, each record once.

use crate::completeness::Growing;
use daybook_console::metrics::{self, Figures};
use daybook_replay::SourceNumbers;
use daybook_store::LedgerReader;
use std::sync::{Arc, Mutex, PoisonError};

/// What was read last.
#[derive(Default)]
struct Read {
    /// None until somebody asks, and after a fault: then the whole ledger is read.
    growing: Option<Growing>,
    numbers: Vec<SourceNumbers>,
    is_reading: bool,
}

/// Each source in numbers, as of a moment ago.
#[derive(Default)]
pub(super) struct Sources {
    read: Arc<Mutex<Read>>,
}

impl Sources {
    /// Tells what is known, and has the records since then read. The first time that is the whole ledger, so whoever asks for
    /// figures does not wait for it.
    pub(super) fn tell(&self, ledger: &LedgerReader, figures: &mut Figures) {
        let mut read = lock(&self.read);
        for source in &read.numbers {
            let name = [source.source.as_str()];
            figures.set_of(&metrics::SOURCE_EVENTS, &name, source.events);
            figures.set_of(&metrics::SOURCE_MISSING, &name, source.missing);
            figures.set_of(&metrics::SOURCE_TWICE, &name, source.twice);
            figures.set_of(&metrics::SOURCE_DIFFERING, &name, source.manifests_differing);
        }
        if std::mem::replace(&mut read.is_reading, true) {
            return;
        }
        let growing = read.growing.take().unwrap_or_else(Growing::quiet);
        let (shared, ledger) = (Arc::clone(&self.read), ledger.clone());
        std::thread::spawn(move || read_on(&shared, &ledger, growing));
    }
}

fn read_on(shared: &Mutex<Read>, ledger: &LedgerReader, mut growing: Growing) {
    let numbers = ledger.snapshot().map_err(crate::failure::Failure::from).and_then(|snapshot| {
        let completeness = growing.up_to_head(&snapshot)?;
        Ok(completeness.numbers().collect())
    });
    let mut read = lock(shared);
    read.is_reading = false;
    match numbers {
        Ok(numbers) => (read.growing, read.numbers) = (Some(growing), numbers),
        // It begins anew when somebody asks again: a reader ends with the service.
        Err(error) => tracing::debug!(%error, "the ledger cannot be read for what is missing of its sources"),
    }
}

/// What is shared is put in its place whole, so a panic elsewhere leaves it as it was.
fn lock(read: &Mutex<Read>) -> std::sync::MutexGuard<'_, Read> {
    read.lock().unwrap_or_else(PoisonError::into_inner)
}
