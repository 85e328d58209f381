//! The file of tokens, as it is now: a token that is taken out of it lets nobody in a moment later.

use crate::failure::Failure;
use daybook_console::http::Tokens;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Between two looks at the file.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Reads the file. One that its group or others may write would let in whom they like.
pub(crate) fn read(path: &Path) -> Result<Tokens, Failure> {
    let wrong = |why: String| Failure::Input(format!("the file of tokens {}: {why}", path.display()));
    let mode = std::fs::metadata(path).map_err(|error| wrong(error.to_string()))?.permissions().mode();
    if mode & 0o022 != 0 {
        return Err(wrong("its group or others may write it: chmod go-w it first".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    Tokens::parse(&text).map_err(|fault| wrong(fault.to_string()))
}

/// Reads the file, and again whenever it changes, until told to stop.
pub(super) fn follow(path: PathBuf, stop: CancellationToken) -> Result<watch::Receiver<Arc<Tokens>>, Failure> {
    let mut seen = changed_at(&path);
    let (told, tokens) = watch::channel(Arc::new(read(&path)?));
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(POLL_INTERVAL) => {}
            }
            let now = changed_at(&path);
            if now == seen {
                continue;
            }
            seen = now;
            match read(&path) {
                Ok(read) => {
                    told.send_replace(Arc::new(read));
                    tracing::info!(file = %path.display(), "read the file of tokens again");
                }
                // A file that is written wrong lets nobody new in, and nobody out who runs the place.
                Err(why) => tracing::error!(%why, "the tokens stay as they were"),
            }
        }
    });
    Ok(tokens)
}

fn changed_at(path: &Path) -> Option<(SystemTime, u64)> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.modified().ok()?, file.len()))
}

#[cfg(test)]
mod tests {
    use daybook_console::http::Tokens;
    use std::path::Path;

    #[test]
    fn the_example_files_let_nobody_in() {
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
        for name in ["tokens.example.toml", "kustomize/tokens.toml"] {
            // The text alone: who may write a checked out file is not ours to say.
            let text = std::fs::read_to_string(deploy.join(name)).unwrap();
            assert!(Tokens::parse(&text).is_ok_and(|tokens| tokens.caller("").is_none()), "{name}");
        }
    }
}
