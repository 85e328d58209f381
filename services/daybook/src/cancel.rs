//! Ctrl-C during long reading work: it stops at once, and no half file is left.
//!
//! A verb that only reads has nothing to bring to an end but its own unfinished files. So a signal need not wait for a fold
//! to come to a place where it can stop: the files are removed and the process ends.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};

/// Files that are not whole yet.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

fn unfinished() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    // The set is never left half changed.
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From here on SIGINT and SIGTERM end the process with status 130 or 143, without unfinished files.
pub(crate) fn stop_on_signal() {
    let (ready, is_ready) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        // Where signals cannot be listened for they keep their default effect, which ends the process too.
        let Ok(runtime) = runtime else { return };
        let Some(status) = runtime.block_on(wait(&ready)) else { return };
        end(status);
    });
    // An error says that the thread is gone: then there is nothing to wait for.
    let _ = is_ready.recv();
}

/// Waits for a signal and returns the exit status that a shell would show.
async fn wait(ready: &mpsc::Sender<()>) -> Option<i32> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt()).ok()?;
    let mut terminate = signal(SignalKind::terminate()).ok()?;
    let _ = ready.send(());
    tokio::select! {
        _ = interrupt.recv() => Some(130),
        _ = terminate.recv() => Some(143),
    }
}

fn end(status: i32) -> ! {
    // Held until the end: a file can then neither be begun nor come to its place any more.
    let files = unfinished();
    for path in files.iter() {
        // One that is gone already is what is wanted.
        let _ = std::fs::remove_file(path);
    }
    let line = if std::io::stderr().is_terminal() { "\n" } else { "" };
    eprintln!("{line}daybook: stopped by a signal; nothing was written, the ledger is as it was");
    std::process::exit(status)
}

/// A file that is not whole: removed when dropped, or when a signal ends the process.
#[derive(Debug)]
pub(crate) struct Unfinished {
    path: PathBuf,
}

impl Unfinished {
    /// Begins a file.
    pub(crate) fn create(path: PathBuf) -> std::io::Result<(Self, File)> {
        let mut files = unfinished();
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
        files.insert(path.clone());
        Ok((Self { path }, file))
    }

    /// The file is whole: gives it its name.
    pub(crate) fn finish(self, path: &Path) -> std::io::Result<()> {
        let mut files = unfinished();
        std::fs::rename(&self.path, path)?;
        files.remove(&self.path);
        Ok(())
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if unfinished().remove(&self.path) {
            // It stands beside the file that was asked for, under a name that says what it is.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let (part, whole) = (dir.path().join("rows.part"), dir.path().join("rows"));
        drop(Unfinished::create(part.clone()).unwrap());
        assert!(!part.exists());
        let (unfinished, file) = Unfinished::create(part.clone()).unwrap();
        drop(file);
        unfinished.finish(&whole).unwrap();
        assert!(whole.exists() && !part.exists());
    }
}
