//! Where a nats-server binary is.

use std::env;
use std::path::{Path, PathBuf};

/// Names a binary outright.
const VARIABLE: &str = "NATS_SERVER_BIN";
/// Where `scripts/get-nats-server.sh` puts one, below the repository's root.
const TOOL: &str = ".tools/nats/bin/nats-server";
const BINARY: &str = "nats-server";

/// No nats-server was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no nats-server found ({}): run scripts/get-nats-server.sh, or set NATS_SERVER_BIN", searched.join("; "))]
pub struct ServerNotFound {
    /// Where it was looked for.
    pub searched: Vec<String>,
}

/// Finds a nats-server: `NATS_SERVER_BIN`, then `.tools/nats/bin/nats-server` in the current folder or one above it, then
/// `PATH`. A variable that names no file is an error, not a reason to look further.
///
/// # Errors
/// [`ServerNotFound`], with the places searched.
pub fn find_server() -> Result<PathBuf, ServerNotFound> {
    let folder = env::current_dir().unwrap_or_default();
    let path: Vec<PathBuf> = env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    search(env::var_os(VARIABLE).map(PathBuf::from).as_deref(), &folder, &path)
}

fn search(named: Option<&Path>, folder: &Path, path: &[PathBuf]) -> Result<PathBuf, ServerNotFound> {
    if let Some(named) = named.filter(|named| !named.as_os_str().is_empty()) {
        return if named.is_file() {
            Ok(named.to_owned())
        } else {
            Err(ServerNotFound { searched: vec![format!("{VARIABLE} names {}, which is no file", named.display())] })
        };
    }
    let tools = folder.ancestors().map(|above| above.join(TOOL));
    let found = tools.chain(path.iter().map(|folder| folder.join(BINARY))).find(|candidate| candidate.is_file());
    found.ok_or_else(|| ServerNotFound {
        searched: vec![
            format!("{VARIABLE} is not set"),
            format!("no {TOOL} in {} or above", folder.display()),
            format!("no {BINARY} in the {} folders of PATH", path.len()),
        ],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn touch(path: &Path) -> PathBuf {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
        path.to_owned()
    }

    #[test]
    fn the_order_is_variable_then_tools_above_then_path() {
        let root = tempfile::tempdir().unwrap();
        let below = root.path().join("services/intake");
        fs::create_dir_all(&below).unwrap();
        let in_path = touch(&root.path().join("bin/nats-server"));
        let path = [root.path().join("empty"), root.path().join("bin")];
        assert_eq!(search(None, &below, &path), Ok(in_path));
        let tool = touch(&root.path().join(TOOL));
        assert_eq!(search(None, &below, &path), Ok(tool));
        let named = touch(&root.path().join("own/server"));
        assert_eq!(search(Some(&named), &below, &path), Ok(named));
    }

    #[test]
    fn a_missing_server_names_the_script_and_the_places() {
        let root = tempfile::tempdir().unwrap();
        let message = search(None, root.path(), &[]).unwrap_err().to_string();
        assert!(message.contains("scripts/get-nats-server.sh") && message.contains(TOOL), "{message}");
        let wrong = search(Some(Path::new("/nowhere/server")), root.path(), &[]).unwrap_err().to_string();
        assert!(wrong.contains("/nowhere/server") && wrong.contains("NATS_SERVER_BIN"), "{wrong}");
    }
}
