//! Competency levels, how they are computed, certifications, and what a level brings.

use super::Names;
use super::block::Block;
use crate::diagnostic::Code;
use crate::document::META_KEYS;
use crate::model::{Benefit, CertificationValidity, Competency, GroupRevenue, NewCustomers};
use crate::units::CountUnit;

/// Reads `[competency]`: the levels from lowest to highest, and how each is computed per area.
pub(super) fn competencies(root: &Block<'_>, names: &mut Names) -> Vec<Competency> {
    let Some(all) = root.block("competency") else { return Vec::new() };
    all.cited();
    names.levels = all.texts_needed("levels").into_iter().map(|word| word.text.to_owned()).collect();
    let mut found = Vec::new();
    let is_level = |key: &str| key != "levels" && !META_KEYS.contains(&key);
    for entry in all.table.entries.iter().filter(|entry| is_level(&entry.key)) {
        let Some(level) = names.levels.iter().position(|level| *level == entry.key) else {
            let message = format!("{:?} is not in competency.levels", entry.key);
            root.cx.findings.report(Code::UnknownName, entry.key_place, message);
            continue;
        };
        let Some(areas) = all.sub_block(&entry.key, &entry.node) else { continue };
        for area in &areas.table.entries {
            let Some(block) = areas.sub_block(&area.key, &area.node) else { continue };
            found.push(competency(&block, level, &area.key, names));
            block.finish();
        }
    }
    found
}

fn competency(block: &Block<'_>, level: usize, area: &str, names: &Names) -> Competency {
    block.cited();
    let group = |inner: &Block<'_>| {
        let word = inner.text("product_group")?;
        inner.cx.group_index(names, word).map(|_| word.text.to_owned())
    };
    let new_customers = block.block("new_customers").and_then(|inner| {
        let wanted = "a number such as \"4 customers\"";
        let (group, window) = (group(&inner), inner.days("window"));
        let at_least = inner.count("at_least", CountUnit::Customers, wanted);
        inner.finish();
        Some(NewCustomers { group: group?, window_days: window?, at_least: at_least? })
    });
    let revenue = block.block("revenue").and_then(|inner| {
        let (group, window, at_least) = (group(&inner), inner.days("window"), inner.money("at_least"));
        inner.finish();
        Some(GroupRevenue { group: group?, window_days: window?, at_least: at_least?.exact() })
    });
    let has_people = block.has("people");
    let people =
        has_people.then(|| block.count("people", CountUnit::People, "a number such as \"2 people\"")).flatten();
    let fee = block.has("fee") && block.word("fee", &[("required", true), ("none", false)]).unwrap_or(false);
    if new_customers.is_none() && revenue.is_none() && !has_people && !fee {
        let message = format!("{} tests nothing", block.path);
        block.cx.findings.report(Code::MissingKey, block.place, message);
    }
    Competency { level, area: area.to_owned(), new_customers, revenue, people, fee }
}

/// Reads `[certification.NAME]`: how long one holds that was earned from a date on.
pub(super) fn certifications(root: &Block<'_>) -> Vec<CertificationValidity> {
    let Some(all) = root.block("certification") else { return Vec::new() };
    let mut found: Vec<CertificationValidity> = Vec::new();
    for entry in &all.table.entries {
        let Some(block) = all.sub_block(&entry.key, &entry.node) else { continue };
        block.cited();
        let (earned_from, months) = (block.date("earned_from"), block.months("holds"));
        block.finish();
        if let (Some(earned_from), Some(months)) = (earned_from, months) {
            found.push(CertificationValidity { earned_from, months });
        }
    }
    found.sort_by_key(|validity| validity.earned_from);
    found
}

/// Reads `[benefits.LEVEL]`. Information only.
pub(super) fn benefits(root: &Block<'_>, names: &Names) -> Vec<Benefit> {
    let Some(all) = root.block("benefits") else { return Vec::new() };
    let mut found = Vec::new();
    for entry in &all.table.entries {
        if !names.levels.contains(&entry.key) {
            let message = format!("{:?} is not in competency.levels", entry.key);
            root.cx.findings.report(Code::UnknownName, entry.key_place, message);
            continue;
        }
        let Some(block) = all.sub_block(&entry.key, &entry.node) else { continue };
        block.cited();
        let fee = if block.has("annual_fee") { block.money("annual_fee") } else { None };
        let licences = block.text("internal_use_licences").map(|word| word.text.to_owned());
        block.finish();
        found.push(Benefit {
            level: entry.key.clone(),
            annual_fee: fee.map(|amount| amount.exact()),
            internal_use_licences: licences.unwrap_or_default(),
        });
    }
    found
}
