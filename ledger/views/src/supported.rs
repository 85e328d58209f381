//! Terms that this engine cannot evaluate are refused before a fold starts: a lever it would have to ignore is never a
//! silent zero.

use daybook_rules::model::{Base, CompetencySource, GateTest, RuleBook, RuleSet};

/// A term of a rule set that this engine cannot evaluate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "rule set {rule_set}: {path} uses {term}, which this version of daybook cannot evaluate; use a version that can"
)]
pub struct Unsupported {
    /// The rule set.
    pub rule_set: String,
    /// Where in it.
    pub path: String,
    /// What.
    pub term: &'static str,
}

/// Checks that every term of the book can be evaluated.
///
/// # Errors
/// The first term that cannot.
pub fn check_supported(book: &RuleBook) -> Result<(), Unsupported> {
    book.sets.iter().try_for_each(check_set)
}

fn check_set(set: &RuleSet) -> Result<(), Unsupported> {
    let refuse = |path: String, term| Err(Unsupported { rule_set: set.version.clone(), path, term });
    for gate in &set.gates {
        let computed = |test: &GateTest| match test {
            GateTest::Competency { source, .. } => *source != CompetencySource::Declared,
            GateTest::Held { .. }
            | GateTest::HeldOn { .. }
            | GateTest::NumberAtLeast { .. }
            | GateTest::TrailingRevenue { .. } => false,
        };
        if gate.any_of.iter().any(computed) {
            return refuse(format!("gate.{}", gate.name), "a computed competency");
        }
    }
    for lever in &set.levers {
        match lever.base {
            Base::BilledRevenue => {}
            Base::CustomerAdd { .. } => return refuse(format!("lever.{}.base", lever.name), "customer_add"),
            Base::Growth => return refuse(format!("lever.{}.base", lever.name), "growth"),
        }
        if lever.cap.is_some() {
            return refuse(format!("lever.{}.cap", lever.name), "a cap");
        }
    }
    if set.payout.hold_days.is_some() {
        return refuse("payout.hold".to_owned(), "a hold for missing tax or bank data");
    }
    Ok(())
}
