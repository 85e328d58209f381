//! The files that ship with the crate: they load clean, and the lock holds them.
#![allow(missing_docs, clippy::unwrap_used)]

use daybook_rules::{RuleLibrary, load_book, lock_text, shipped_rule_files};

#[test]
fn the_shipped_book_loads_without_a_finding() {
    let (book, diagnostics) = load_book(&shipped_rule_files());
    let text: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(text.join("\n\n"), "");
    let book = book.unwrap();
    let versions: Vec<&str> = book.sets.iter().map(|set| set.version.as_str()).collect();
    assert_eq!(versions, ["2020-01", "2020-10", "2021-10", "2022-10", "2023-10", "2024-10", "2025-07"]);
    assert_eq!(book.sources_of_no_partner, ["rates"]);
}

#[test]
fn the_lock_holds_every_byte() {
    let unlocked: Vec<_> = shipped_rule_files().into_iter().filter(|file| file.name != "rules.lock").collect();
    let (library, _) = RuleLibrary::load(&unlocked);
    let expected = lock_text(&library.unwrap());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/csp-indirect-reseller/rules.lock");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, &expected).unwrap();
    }
    let locked = std::fs::read_to_string(path).unwrap();
    assert_eq!(locked, expected, "an adopted file differs from its lock; UPDATE_EXPECT=1 rewrites the lock");
}
