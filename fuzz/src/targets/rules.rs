//! Rule files, the tests beside them, and how a book is named.

use super::message;
use daybook_event::RuleFile;
use daybook_rules::{BookArgument, Diagnostic, RuleLibrary, load_tests, shipped_rule_files};
use std::sync::OnceLock;

const ARGUMENT_BYTES_MAX: usize = 128;

/// The first byte says whether the file stands alone or beside the shipped ones, which it then follows.
pub(super) fn files(bytes: &[u8]) {
    let Some((&beside, rest)) = bytes.split_first() else { return };
    let file = RuleFile { name: "2031-01.toml".to_owned(), bytes: rest.to_vec() };
    let mut files = if beside % 2 == 0 { Vec::new() } else { shipped().to_vec() };
    files.push(file);
    let (library, diagnostics) = RuleLibrary::load(&files);
    let has_error = diagnostics.iter().any(Diagnostic::is_error);
    assert_eq!(library.is_none(), has_error, "a library with errors, or none without: {diagnostics:?}");
    diagnostics.iter().for_each(diagnostic_check);
    let (_, again) = RuleLibrary::load(&files);
    assert_eq!(diagnostics, again, "the same files have two sets of findings");
}

/// The first and the last of the shipped sets: terms to stand on, without the time that all of them take.
fn shipped() -> &'static [RuleFile] {
    static FILES: OnceLock<Vec<RuleFile>> = OnceLock::new();
    FILES.get_or_init(|| shipped_rule_files().into_iter().take(1).collect())
}

fn diagnostic_check(diagnostic: &Diagnostic) {
    assert!(!diagnostic.to_string().trim().is_empty(), "a finding that says nothing");
}

pub(super) fn tests(bytes: &[u8]) {
    let read = || load_tests(&[RuleFile { name: "tests/any.toml".to_owned(), bytes: bytes.to_vec() }]);
    let (tests, diagnostics) = read();
    assert!(!tests.is_empty() || !diagnostics.is_empty(), "neither a test nor a reason");
    diagnostics.iter().for_each(diagnostic_check);
    assert_eq!(diagnostics, read().1);
}

pub(super) fn book_argument(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    // It comes from a command line, which is quoted in the message.
    if text.len() > ARGUMENT_BYTES_MAX {
        return;
    }
    match BookArgument::parse(text) {
        Ok(argument) => assert_eq!(BookArgument::parse(&argument.to_string()).as_ref(), Ok(&argument), "{text:?}"),
        Err(error) => message::check(&error),
    }
}
