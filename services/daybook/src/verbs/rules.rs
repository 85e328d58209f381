//! `daybook rules list`, `lint` and `test`; `diff` and `mutate` have files of their own.

#[cfg(test)]
mod coverage;
mod diff;
mod effects;
mod html;
mod mutate;

use crate::cli::{Cli, Format, FormatArgument, RulesVerb};
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::{books, output::print};
use daybook_event::{Month, RuleFile};
use daybook_replay::{RuleTestOutcome, run_rule_test};
use daybook_rules::{RuleTest, Severity, load_tests, shipped_tests};
use serde::Serialize;
use std::path::Path;

/// The folder of rule tests within a folder of rules.
const TESTS_FOLDER: &str = "tests";
/// How far ahead somebody must be able to earn something.
const COVERAGE_MONTHS_AHEAD: i32 = 24;

pub(crate) fn run(cli: &Cli, verb: &RulesVerb) -> Result<(), Failure> {
    let rules = cli.rules.as_deref();
    match verb {
        RulesVerb::List { format } => list(rules, format),
        RulesVerb::Lint { against_ledger, format } => lint(cli, *against_ledger, format),
        RulesVerb::Test { format } => test(rules, format),
        RulesVerb::Diff(arguments) => diff::run(cli, arguments),
        RulesVerb::Mutate { format } => mutate::run(rules, format),
    }
}

/// A version as the list shows it.
#[derive(Serialize)]
struct Line {
    version: String,
    valid_from: String,
    published: String,
    extends: String,
    title: String,
    changes: Vec<String>,
    file: String,
    file_sha256: String,
    document_hash: String,
    terms_hash: String,
}

fn list(rules: Option<&Path>, format: &FormatArgument) -> Result<(), Failure> {
    let library = books::library(rules)?;
    let line = |version: &daybook_rules::Version| Line {
        version: version.set.version.clone(),
        valid_from: version.set.valid_from.to_string(),
        published: version.set.published.map(|date| date.to_string()).unwrap_or_default(),
        extends: version.extends.clone().unwrap_or_default(),
        title: version.set.title.clone(),
        changes: version.changes.iter().map(|change| change.id.clone()).collect(),
        file: version.file.clone(),
        file_sha256: version.set.hashes.file_sha256.clone(),
        document_hash: version.set.hashes.document_hash.clone(),
        terms_hash: version.set.hashes.terms_hash.clone(),
    };
    let lines: Vec<Line> = library.versions().iter().map(line).collect();
    let head = [("rule book", library.current().terms_hash)];
    let mut section = Section::new("versions", &lines)?;
    if format.format == Format::Table {
        // Hashes are for programs: a table shows what people read.
        for row in section.rows.iter_mut().filter_map(serde_json::Value::as_object_mut) {
            row.retain(|key, _| !matches!(key.as_str(), "file_sha256" | "document_hash"));
        }
    }
    print(format.format, &lines, &head, &[section])
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
