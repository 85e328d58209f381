//! Gates and their tests.

use super::Names;
use super::block::{Block, Word};
use crate::diagnostic::Code;
use crate::document::{Node, Table, Value};
use crate::model::{CompetencySource, Gate, GateTest, Lever, Upkeep};

/// The kinds of test, by the word that a gate names them with.
#[derive(Clone, Copy)]
enum TestKind {
    Held,
    HeldOn,
    Number,
    Revenue,
    Competency,
}

const TESTS: [(&str, TestKind); 5] = [
    ("held", TestKind::Held),
    ("held_on", TestKind::HeldOn),
    ("number", TestKind::Number),
    ("trailing_revenue", TestKind::Revenue),
    ("competency", TestKind::Competency),
];
const SOURCES: [(&str, CompetencySource); 3] = [
    ("declared", CompetencySource::Declared),
    ("computed", CompetencySource::Computed),
    ("either", CompetencySource::Either),
];
const UPKEEP: [(&str, Upkeep); 2] = [("continuous", Upkeep::Continuous), ("entry_only", Upkeep::EntryOnly)];

/// Reads `[gate.NAME]`, in file order.
pub(super) fn gates(root: &Block<'_>, names: &mut Names) -> Option<()> {
    let node = root.need("gate")?;
    let all = root.sub_block("gate", node)?;
    names.gate_names = all.table.entries.iter().map(|entry| entry.key.clone()).collect();
    for entry in &all.table.entries {
        let Some(block) = all.sub_block(&entry.key, &entry.node) else { continue };
        let gate = gate(&block, &entry.key, names);
        block.finish();
        names.gates.extend(gate);
    }
    Some(())
}

fn gate(block: &Block<'_>, name: &str, names: &Names) -> Option<Gate> {
    block.cited();
    let mut stages = [false; 3];
    block.need("stages");
    for stage in block.texts("stages") {
        let at = block.word_of("stages", stage, &[("entry", 0), ("onboarding", 1), ("upkeep", 2)]);
        if let Some(stage) = at {
            stages[stage] = true;
        }
    }
    let any_of = tests(block, names);
    let offboards = if tests_revenue(block) {
        block.word("upkeep", &UPKEEP)
    } else {
        if block.has("upkeep") {
            let message = format!("{} has no revenue test, so nothing of it offboards", block.path);
            block.report_at("upkeep", Code::UnknownKey, message);
        }
        None
    };
    let fail_code = spoken(block, "fail_code");
    let sentence = spoken(block, "sentence");
    let how_to = spoken(block, "how_to");
    if any_of.is_empty() {
        return None;
    }
    Some(Gate {
        name: name.to_owned(),
        entry: stages[0],
        onboarding: stages[1],
        upkeep: stages[2],
        any_of,
        offboards,
        fail_code: fail_code?,
        sentence: sentence?,
        how_to: how_to?,
    })
}

/// A gate of no stage is there for levers that need it; one that no lever needs would be passed over in silence.
pub(super) fn all_used(root: &Block<'_>, names: &Names, levers: &[Lever]) {
    for (at, gate) in names.gates.iter().enumerate() {
        let is_used =
            gate.entry || gate.onboarding || gate.upkeep || levers.iter().any(|lever| lever.needs.contains(&at));
        if let Some(node) = root.table.find(&format!("gate.{}.stages", gate.name)).filter(|_| !is_used) {
            let message = format!("gate.{} has no stage, and no lever needs it", gate.name);
            let report = root.cx.findings.report(Code::MissingKey, node.place, message);
            report.hint("name a stage (entry, onboarding, upkeep), or the gate in a lever's needs");
        }
    }
}

/// What a gate says to the partner that it keeps out.
fn spoken(block: &Block<'_>, key: &'static str) -> Option<String> {
    let text = block.get(key).and_then(Node::as_text).map(str::trim).filter(|text| !text.is_empty());
    if text.is_none() {
        let message = format!("{} has no {key}", block.path);
        block.cx.findings.report(Code::SilentGate, block.place, message).hint(
            "a gate has a fail_code, a sentence for the partner, and a how_to that says how to become eligible again",
        );
    }
    text.map(str::to_owned)
}

/// Whether any of its tests is of revenue, readable or not.
fn tests_revenue(block: &Block<'_>) -> bool {
    let is_revenue = |table: &Table| table.text("test") == Some("trailing_revenue");
    let alternatives = block.table.get("any_of").map(Node::as_list).unwrap_or_default();
    is_revenue(block.table) || alternatives.iter().filter_map(Node::as_table).any(is_revenue)
}

fn tests(block: &Block<'_>, names: &Names) -> Vec<GateTest> {
    let Some(Node { value: Value::List(items), .. }) = block.get("any_of") else {
        if block.has("any_of") {
            block.report_at("any_of", Code::WrongKind, format!("{}.any_of takes a list of tests", block.path));
            return Vec::new();
        }
        return test(block, names).into_iter().collect();
    };
    let mut found = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let Some(alternative) = block.sub_block(&format!("any_of.{at}"), item) else { continue };
        found.extend(test(&alternative, names));
        alternative.finish();
    }
    if items.is_empty() {
        block.report_at("any_of", Code::MissingKey, format!("{}.any_of is empty", block.path));
    }
    found
}

fn test(block: &Block<'_>, names: &Names) -> Option<GateTest> {
    let fact = || block.text("fact").map(|word| word.text.to_owned());
    match block.word("test", &TESTS)? {
        TestKind::Held => Some(GateTest::Held { fact: fact()? }),
        TestKind::HeldOn => {
            let (fact, on) = (fact(), block.date("on"));
            Some(GateTest::HeldOn { fact: fact?, on: on? })
        }
        TestKind::Number => {
            let (fact, at_least) = (fact(), block.points("at_least"));
            Some(GateTest::NumberAtLeast { fact: fact?, at_least: at_least?.exact() })
        }
        TestKind::Revenue => {
            let groups = revenue_groups(block, names);
            let (window_days, at_least) = (block.days("window"), block.money_or_none("at_least"));
            let at_least = at_least?.map(|amount| amount.exact());
            Some(GateTest::TrailingRevenue { window_days: window_days?, groups, at_least })
        }
        TestKind::Competency => competency(block, names),
    }
}

/// The product groups of a revenue test; `product_group = "all"` is everything, in a group or not.
fn revenue_groups(block: &Block<'_>, names: &Names) -> Vec<String> {
    let words: Vec<Word<'_>> = block.texts_needed("product_group");
    if let [only] = words.as_slice()
        && only.text == "all"
    {
        return Vec::new();
    }
    let known = words.into_iter().filter(|word| block.cx.group_index(names, *word).is_some());
    known.map(|word| word.text.to_owned()).collect()
}

fn competency(block: &Block<'_>, names: &Names) -> Option<GateTest> {
    let level = block.text("at_least");
    let areas = block.texts_needed("areas").into_iter().map(|word| word.text.to_owned()).collect();
    let source = block.word("source", &SOURCES);
    let held_on = if block.has("on") { Some(block.date("on")?) } else { None };
    if held_on.is_some() && source.is_some_and(|source| source != CompetencySource::Declared) {
        let message = format!("{}: a level that was held on a fixed date is declared", block.path);
        block.report_at("source", Code::UnknownWord, message);
    }
    let level = block.cx.index_of("competency level", level?, names.levels.iter().map(String::as_str));
    Some(GateTest::Competency { level: level?, areas, source: source?, held_on })
}
