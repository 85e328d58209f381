//! `daybook rules lint` and `test`; the others have files of their own.

mod act;
mod adopt;
#[cfg(test)]
mod coverage;
mod diff;
mod effects;
mod html;
mod list;
mod mutate;
mod reverse;

use crate::books;
use crate::cli::{Cli, Format, FormatArgument, RulesVerb};
use crate::failure::Failure;
use crate::output::{self, Section};
use daybook_event::{Month, RuleFile};
use daybook_replay::{RuleTestOutcome, run_rule_test};
use daybook_rules::{RuleTest, Severity, load_tests, shipped_tests};
use std::path::Path;

/// The folder of rule tests within a folder of rules.
const TESTS_FOLDER: &str = "tests";
/// How far ahead somebody must be able to earn something.
const COVERAGE_MONTHS_AHEAD: i32 = 24;

pub(crate) fn run(cli: &Cli, verb: &RulesVerb) -> Result<(), Failure> {
    let rules = cli.rules.as_deref();
    match verb {
        RulesVerb::List(arguments) => list::run(cli, arguments),
        RulesVerb::Adopt(arguments) => adopt::run(cli, arguments),
        RulesVerb::Lint { against_ledger, format } => lint(cli, *against_ledger, format),
        RulesVerb::Test { format } => test(rules, format),
        RulesVerb::Diff(arguments) => diff::run(cli, arguments),
        RulesVerb::Mutate { format } => mutate::run(rules, format),
    }
}

fn lint(cli: &Cli, against_ledger: bool, format: &FormatArgument) -> Result<(), Failure> {
    let rules = cli.rules.as_deref();
    let files = books::rule_files(rules)?;
    let tests = match rules {
        // Rules without tests beside them are a finding, not a fault of the folder.
        Some(dir) if !dir.join(TESTS_FOLDER).is_dir() => Vec::new(),
        _ => test_files(rules)?,
    };
    let covered = Month::of(crate::import::now().date_utc()).plus(COVERAGE_MONTHS_AHEAD).last_day();
    let mut diagnostics = daybook_rules::lint(&files, &tests, covered);
    let has_errors = diagnostics.iter().any(daybook_rules::Diagnostic::is_error);
    let effects = (against_ledger && !has_errors).then(|| effects::check(cli)).transpose()?;
    diagnostics.extend(effects.iter().flat_map(|effects| effects.without.iter().cloned()));
    let count = |severity: Severity| diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if format.format == Format::Table {
        for diagnostic in &diagnostics {
            crate::output::say!("{diagnostic}");
        }
        if let Some(effects) = effects {
            crate::output::say!("{effects}");
        }
        crate::output::say!("{} rule files: {errors} errors, {warnings} warnings", files.len());
    } else {
        output::print(format.format, &diagnostics, &[], &[Section::new("diagnostics", &diagnostics)?])?;
    }
    if errors == 0 { Ok(()) } else { Err(Failure::Check(format!("the rule files have {errors} errors"))) }
}

fn test(rules: Option<&Path>, format: &FormatArgument) -> Result<(), Failure> {
    let library = books::library(rules)?;
    let tests = tests(rules)?;
    let mut outcomes: Vec<RuleTestOutcome> = Vec::new();
    for test in &tests {
        let book = library.book(&test.book).map_err(Failure::input)?;
        outcomes.push(run_rule_test(test, &book)?);
    }
    let failed = outcomes.iter().filter(|outcome| !outcome.passed()).count();
    let cells: usize = outcomes.iter().map(|outcome| outcome.cells).sum();
    if format.format == Format::Table {
        for outcome in &outcomes {
            crate::output::say!("{outcome}");
        }
        crate::output::say!("{} passed, {failed} failed; {cells} cells checked", outcomes.len() - failed);
    } else {
        output::print(format.format, &outcomes, &[], &[Section::new("tests", &outcomes)?])?;
    }
    if failed == 0 { Ok(()) } else { Err(Failure::Check(format!("{failed} rule tests failed"))) }
}

/// The rule tests; an error among them ends the verb with its text.
fn tests(rules: Option<&Path>) -> Result<Vec<RuleTest>, Failure> {
    let (tests, diagnostics) = load_tests(&test_files(rules)?);
    match diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error) {
        Some(first) => Err(Failure::Input(format!("the rule tests do not load\n\n{first}"))),
        None => Ok(tests),
    }
}

/// The shipped tests, or those in the folder `tests` of `--rules`.
fn test_files(rules: Option<&Path>) -> Result<Vec<RuleFile>, Failure> {
    let Some(dir) = rules else {
        let file = |(name, bytes): &(&str, &[u8])| RuleFile { name: (*name).to_owned(), bytes: bytes.to_vec() };
        return Ok(shipped_tests().iter().map(file).collect());
    };
    books::rule_files(Some(&dir.join(TESTS_FOLDER)))
}
