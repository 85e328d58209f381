//! `daybook token`.

use crate::cli::{TokenNewArguments, TokenVerb};
use crate::failure::Failure;
use crate::output::say;
use crate::serve::tokens;
use daybook_console::http::{Tokens, hash};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;
use zeroize::Zeroizing;

/// Bytes of chance in a token: nobody guesses it.
const TOKEN_BYTES: usize = 32;

pub(crate) fn run(verb: &TokenVerb) -> Result<(), Failure> {
    match verb {
        TokenVerb::New(arguments) => new(arguments),
    }
}

fn new(arguments: &TokenNewArguments) -> Result<(), Failure> {
    let mut chance = Zeroizing::new([0; TOKEN_BYTES]);
    getrandom::fill(chance.as_mut_slice())
        .map_err(|error| Failure::Input(format!("the system gives no randomness for a token: {error}")))?;
    let token = Zeroizing::new(format!("daybook-{}", hex::encode(chance.as_slice())));
    let entry = entry(arguments, &token);
    add(&arguments.tokens, &entry)?;
    say!("{}", token.as_str());
    eprintln!(
        "daybook: the token of {} ({}) is printed this once; {} has its hash",
        arguments.name,
        arguments.role,
        arguments.tokens.display()
    );
    Ok(())
}

/// The token's table.
fn entry(arguments: &TokenNewArguments, token: &str) -> String {
    // What JSON quotes, TOML reads as the same text; the whole is read back before it is kept.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let mut lines = vec!["[[token]]".to_owned(), format!("name = {}", quoted(arguments.name.trim()))];
    lines.push(format!("role = {}", quoted(arguments.role.as_str())));
    if !arguments.sources.is_empty() {
        let sources: Vec<String> = arguments.sources.iter().map(|source| quoted(source.as_str())).collect();
        lines.push(format!("sources = [{}]", sources.join(", ")));
    }
    if arguments.partner_totals {
        lines.push("partner_totals = true".to_owned());
    }
    lines.push(format!("sha256 = \"{}\"", hex::encode(hash(token))));
    lines.join("\n") + "\n"
}

/// Adds the table where the whole is a good file then; else the file stays as it is.
fn add(path: &Path, entry: &str) -> Result<(), Failure> {
    let mut text = String::new();
    if path.exists() {
        tokens::read(path)?;
        text = std::fs::read_to_string(path)?;
        text.push('\n');
    }
    text.push_str(entry);
    Tokens::parse(&text).map_err(|fault| Failure::Input(format!("the file of tokens {}: {fault}", path.display())))?;
    let cannot = |error| Failure::Input(format!("cannot write the file of tokens {}: {error}", path.display()));
    let beside = path.with_extension(format!("{}.part", std::process::id()));
    // A running serve never reads half a file.
    let written = || {
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        read_by_the_same(path, &file)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    written().map_err(|error| {
        // It is of no use to anybody; that it is still there would be the lesser trouble.
        let _ = std::fs::remove_file(&beside);
        cannot(error)
    })
}

/// Gives a new file the owner, group and mode of the one that it takes the place of: a serve of another user must be able
/// to read it again, or it goes on with the tokens of before.
fn read_by_the_same(old: &Path, new: &File) -> std::io::Result<()> {
    let old = match std::fs::metadata(old) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        old => old?,
    };
    let now = new.metadata()?;
    if (old.uid(), old.gid()) != (now.uid(), now.gid()) {
        fchown(new, Some(old.uid()), Some(old.gid()))?;
    }
    new.set_permissions(old.permissions())
}
