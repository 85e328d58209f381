//! Pure rule sets: parse, lint, resolve, diff and hash dated program terms.
//!
//! A *rule set* is one version of the terms, read from one TOML file. A *rule book* is the ordered list of rule sets
//! and the product catalogue. Files are handed in as bytes and findings come back as values: nothing here reads a disk
//! or a clock.

pub mod asks;
pub mod calendar;
pub mod compiled;
pub mod diagnostic;
pub mod model;

mod adoption;
mod diff;
mod document;
mod fold_terms;
mod hashes;
mod header;
mod library;
mod lower;
mod nudge;
mod players;
mod rule_test;
mod shipped;
mod suggest;
mod units;

pub use adoption::{
    Adopted, AdoptedFile, Adoption, AdoptionError, AdoptionFinding, AdoptionPlan, Adoptions, PlanError, WantedVersions,
    adoption_plan,
};
pub use diagnostic::{Code, Diagnostic, Severity};
pub use diff::{DiffLine, diff};
pub use fold_terms::FoldTerms;
pub use hashes::sha256_hex;
pub use library::{
    BookArgument, BookArgumentError, BookChoice, BookError, RuleLibrary, Version, VersionChange, book_file_names, lint,
    load_book, lock_text,
};
pub use nudge::NudgeableValue;
pub use players::{
    CoalitionError, PLAYERS_EXACT_MAX, Player, PlayerChange, Players, Reading, ReadingBook, Varied, VaryError,
    announced_steps,
};
pub use rule_test::{CertificationRow, ClaimRow, ExpectColumn, ExpectRow, GivenRow, RuleTest, StandingRow, load_tests};
pub use shipped::{shipped_files, shipped_rule_files, shipped_tests};
