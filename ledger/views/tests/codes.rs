//! Every code says what is wrong and what to do, and the page on figures says the same.
#![allow(missing_docs, clippy::unwrap_used)]

use daybook_views::codes::{Flag, LineCode, Meaning, Refusal};
use std::path::Path;

/// All codes that the engine gives by itself. A new variant does not compile here until it is named, and fails until it
/// is in its table.
fn all() -> Vec<(&'static str, Meaning)> {
    let lines = [LineCode::OwnTenant, LineCode::NotEnrolled, LineCode::NoRate, LineCode::NoTerms];
    let named = |code: LineCode| match code {
        LineCode::OwnTenant | LineCode::NotEnrolled | LineCode::NoRate | LineCode::NoTerms => {
            assert_eq!(LineCode::parse(code.as_str()), Some(code));
            (code.as_str(), code.meaning())
        }
    };
    let refusals = [
        Refusal::NoLot,
        Refusal::Late,
        Refusal::Early,
        Refusal::OutsideUsage,
        Refusal::NotApprovedActivity,
        Refusal::NotPositive,
        Refusal::NoRate,
        Refusal::OverLimit,
        Refusal::OverBalance,
    ];
    let refused = |code: Refusal| match code {
        Refusal::NoLot
        | Refusal::Late
        | Refusal::Early
        | Refusal::OutsideUsage
        | Refusal::NotApprovedActivity
        | Refusal::NotPositive
        | Refusal::NoRate
        | Refusal::OverLimit
        | Refusal::OverBalance => {
            assert_eq!(Refusal::parse(code.as_str()), Some(code));
            (code.as_str(), code.meaning())
        }
    };
    let flags = [Flag::NoRate, Flag::NoTerms, Flag::NoBase, Flag::Overflow];
    let flagged = |flag: Flag| match flag {
        Flag::NoRate | Flag::NoTerms | Flag::NoBase | Flag::Overflow => {
            assert_eq!(Flag::parse(flag.as_str()), Some(flag));
            (flag.as_str(), flag.meaning())
        }
    };
    let numbers = (lines.len(), refusals.len(), flags.len());
    assert_eq!(numbers, (LineCode::ALL.len(), Refusal::ALL.len(), Flag::ALL.len()));
    let (lines, refusals) = (lines.into_iter().map(named), refusals.into_iter().map(refused));
    lines.chain(refusals).chain(flags.into_iter().map(flagged)).collect()
}

#[test]
fn every_code_has_a_sentence_and_says_how_to_become_eligible_again() {
    for (code, meaning) in all() {
        assert!(
            !code.is_empty() && meaning.sentence.ends_with('.') && meaning.how_to.ends_with('.'),
            "{code}: {meaning:?}"
        );
    }
}

#[test]
fn the_page_on_figures_says_the_same() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/figures.md");
    let page = std::fs::read_to_string(page).unwrap();
    for (code, meaning) in all() {
        let row = format!("| `{code}` | {} | {} |", meaning.sentence, meaning.how_to);
        assert!(page.contains(&row), "docs/figures.md has no row\n{row}");
    }
}
