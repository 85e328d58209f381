//! Every number of a rule stands in the file and on the line that the explanation names.

use super::{every_case, text};
use daybook_tests::model::number::Num;
use serde_json::Value;
use std::collections::BTreeMap;

/// Lists of a rule file may go over several lines.
const LINES_OF_A_LIST: usize = 16;

/// Every rule that is cited anywhere in an explanation.
fn cited<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(fields) => {
            if fields.contains_key("path") && fields.contains_key("at") && fields.contains_key("rule_set") {
                found.push(value);
            }
            fields.values().for_each(|field| cited(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| cited(item, found)),
        _ => {}
    }
}

/// The rule files of both folders, by name. A name that both have is told apart by what stands on the line.
fn rule_files() -> BTreeMap<String, Vec<Vec<String>>> {
    let mut files: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for folder in ["ledger/rules/csp-indirect-reseller", "ledger/rules/synthetic"] {
        for entry in std::fs::read_dir(daybook_tests::workspace_root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                let lines = std::fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
                files.entry(path.file_name().unwrap().to_string_lossy().into_owned()).or_default().push(lines);
            }
        }
    }
    files
}

/// Whether the text holds the value: numbers by what they are, however many decimals they are written with.
fn holds(text: &str, value: &str) -> bool {
    if text.contains(value) {
        return true;
    }
    let words = |text: &str| -> Vec<String> {
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-');
        text.split(|c| !is_part(c)).filter(|word| word.bytes().any(|b| b.is_ascii_digit())).map(str::to_owned).collect()
    };
    let is_number = |word: &String| word.matches('.').count() < 2 && !word.trim_start_matches('-').contains('-');
    let is_there = |wanted: &String| {
        words(text)
            .iter()
            .filter(|word| is_number(word) && !word.starts_with('.') && !word.ends_with('.'))
            .any(|word| Num::parse(word) == Num::parse(wanted))
    };
    let wanted = words(value);
    !wanted.is_empty() && wanted.iter().all(|word| is_number(word) && is_there(word))
}

#[test]
fn every_cited_rule_stands_where_it_is_said_to_stand() {
    let files = rule_files();
    let mut seen = 0;
    every_case(|case| {
        let others = [case.lots(), case.claims(), case.payouts(), case.standings()];
        for told in case.months().iter().chain(others.iter().flatten()) {
            let mut rules = Vec::new();
            cited(&told.json, &mut rules);
            for rule in rules {
                let what = format!("{} {}: {rule}", case.name, told.asked);
                let (file, line) = text(rule, "at").rsplit_once(':').unwrap_or_else(|| panic!("{what}: no place"));
                let at: usize = line.parse().unwrap();
                let file = file.rsplit('/').next().unwrap();
                let known = files.get(file).unwrap_or_else(|| panic!("{what}: no such file"));
                let value = text(rule, "value");
                let stands = |lines: &Vec<String>| {
                    let first = lines.get(at - 1).is_some_and(|line| holds(line, value));
                    let whole = lines.iter().skip(at - 1).take(LINES_OF_A_LIST).cloned().collect::<Vec<_>>().join("\n");
                    first || (value.contains(',') && value.split(',').all(|item| whole.contains(item.trim())))
                };
                assert!(
                    known.iter().any(stands),
                    "{what}: the line says {:?}",
                    known.iter().map(|l| l.get(at - 1)).collect::<Vec<_>>()
                );
                assert!(!text(rule, "source").is_empty(), "{what}: nobody says so");
                seen += 1;
            }
        }
    });
    assert!(seen >= 3_000, "only {seen} citations seen");
}

#[test]
fn a_number_is_found_however_it_is_written() {
    assert!(holds("at_least = \"25000.00 USD\"", "25000.00"));
    assert!(holds("rate = \"4%\"", "4.00%") && holds("monthly = \"250 USD\"", "250.00 USD"));
    assert!(!holds("rate = \"4%\"", "4.75%") && !holds("at_least = \"25000.01 USD\"", "25000.00"));
}
