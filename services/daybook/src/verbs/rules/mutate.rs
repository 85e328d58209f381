//! `daybook rules mutate`: does some test notice each number of the rules?

use crate::books;
use crate::cli::{Format, FormatArgument};
use crate::failure::Failure;
use crate::output::{self, Section};
use daybook_replay::run_rule_test;
use daybook_rules::model::RuleBook;
use daybook_rules::{NudgeableValue, RuleLibrary, RuleTest};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What stands in place of a killer's name where no test noticed.
const SURVIVED: &str = "SURVIVED";

/// One value moved one way.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Mutant {
    pub(super) version: String,
    pub(super) path: String,
    pub(super) value: String,
    pub(super) nudged_to: String,
    /// The name of the first test that differs, or `SURVIVED`.
    pub(super) killed_by: String,
    /// The test's file and line, or those of the value that survived.
    pub(super) at: String,
}

impl Mutant {
    fn survived(&self) -> bool {
        self.killed_by == SURVIVED
    }
}

pub(super) fn run(rules: Option<&Path>, format: &FormatArgument) -> Result<(), Failure> {
    let library = books::library(rules)?;
    let tests = super::tests(rules)?;
    for test in &tests {
        let outcome = run_rule_test(test, &library.book(&test.book).map_err(Failure::input)?)?;
        if !outcome.passed() {
            return Err(Failure::Check(format!("a rule test fails before anything is nudged\n{outcome}")));
        }
    }
    let mutants = mutants(&library, &tests);
    let survived = mutants.iter().filter(|mutant| mutant.survived()).count();
    let killed = mutants.len() - survived;
    let head = [("nudges", format!("{killed} noticed, {survived} not, of {}", mutants.len()))];
    let rows = [Section::new("nudges", &mutants)?];
    output::print(format.format, &mutants, if format.format == Format::Table { &head } else { &[] }, &rows)?;
    if survived == 0 { Ok(()) } else { Err(Failure::Check(format!("no test notices {survived} nudges"))) }
}

/// Every nudge that makes terms, in file order, with what became of it.
pub(super) fn mutants(library: &RuleLibrary, tests: &[RuleTest]) -> Vec<Mutant> {
    let values = library.nudgeable_values();
    let nudges: Vec<(&NudgeableValue, &String)> =
        values.iter().flat_map(|value| value.steps.iter().map(move |step| (value, step))).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some((value, step)) = nudges.get(at) else { return done };
            done.extend(mutant(library, tests, value, step).map(|mutant| (at, mutant)));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut found = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut found = work();
        for worker in workers {
            found.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        found
    });
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, mutant)| mutant).collect()
}

/// One nudge; none where no terms can say it.
fn mutant(library: &RuleLibrary, tests: &[RuleTest], value: &NudgeableValue, to: &str) -> Option<Mutant> {
    let nudged = library.nudged(value, to)?;
    let mut books: BTreeMap<String, RuleBook> = BTreeMap::new();
    let mut killer = None;
    for test in tests {
        let argument = test.book.to_string();
        if !books.contains_key(&argument) {
            books.insert(argument.clone(), nudged.book(&test.book).ok()?);
        }
        // A sum out of range is a difference too: the test got an amount before.
        let passes = run_rule_test(test, books.get(&argument)?).is_ok_and(|outcome| outcome.passed());
        if !passes {
            killer = Some(test);
            break;
        }
    }
    let at =
        killer.map_or_else(|| format!("{}:{}", value.file, value.line), |test| format!("{}:{}", test.file, test.line));
    Some(Mutant {
        version: value.version.clone(),
        path: value.path.clone(),
        value: value.value.clone(),
        nudged_to: to.to_owned(),
        killed_by: killer.map_or(SURVIVED, |test| test.name.as_str()).to_owned(),
        at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> (RuleLibrary, Vec<RuleTest>) {
        (books::library(None).unwrap(), super::super::tests(None).unwrap())
    }

    fn survivors(mutants: &[Mutant]) -> String {
        let survived = mutants.iter().filter(|mutant| mutant.survived());
        let line = |mutant: &Mutant| format!("{} {} -> {}", mutant.path, mutant.value, mutant.nudged_to);
        survived.map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn some_test_notices_every_number_of_the_shipped_rules() {
        let (library, tests) = shipped();
        let mutants = mutants(&library, &tests);
        assert!(mutants.len() >= 51, "{}", mutants.len());
        assert_eq!(survivors(&mutants), "");
    }

    /// The terms that the shipped rules do not use have their numbers held still by invented ones.
    #[test]
    fn some_test_notices_every_number_of_the_synthetic_rules() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ledger/rules/synthetic");
        let (library, tests) = (books::library(Some(&folder)).unwrap(), super::super::tests(Some(&folder)).unwrap());
        let mutants = mutants(&library, &tests);
        assert!(mutants.len() >= 170, "{}", mutants.len());
        assert_eq!(survivors(&mutants), "");
    }

    #[test]
    fn what_no_test_looks_at_survives() {
        let (library, tests) = shipped();
        let about_claims: Vec<RuleTest> =
            tests.into_iter().filter(|test| test.name.starts_with("Claims open")).collect();
        let mutants = mutants(&library, &about_claims);
        let of = |path: &str| mutants.iter().filter(|mutant| mutant.path == path).collect::<Vec<_>>();
        assert!(of("calendar.claim_opens").iter().all(|mutant| mutant.killed_by == "Claims open on 16 February"));
        assert!(of("payout.due").iter().all(|mutant| mutant.survived()));
        assert_eq!(of("payout.due").len(), 2);
    }
}
