//! Which of our levers each of their names means.

use crate::failure::Failure;
use daybook_rules::model::RuleBook;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Our levers by their names, both as they are compared.
pub(super) struct Levers {
    by_name: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeverMap {
    levers: BTreeMap<String, String>,
}

impl Levers {
    /// Every lever of the book under its own name, and what the file adds.
    pub(super) fn of(book: &RuleBook, file: Option<&Path>) -> Result<Self, Failure> {
        let ours: BTreeSet<&String> = book.sets.iter().flat_map(|set| &set.levers).map(|lever| &lever.name).collect();
        let mut by_name: BTreeMap<String, String> = ours.iter().map(|name| (key(name), (*name).clone())).collect();
        let Some(path) = file else { return Ok(Self { by_name }) };
        let wrong = |why: String| Failure::Input(format!("the lever map {}: {why}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let map: LeverMap =
            toml::from_str(&text).map_err(|error| wrong(error.to_string().trim().replace('\n', " ")))?;
        for (theirs, name) in map.levers {
            if !ours.contains(&name) {
                let known = ours.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
                return Err(wrong(format!("{name:?} is no lever of the book, which has {known}")));
            }
            by_name.insert(key(&theirs), name);
        }
        Ok(Self { by_name })
    }

    /// Our lever; none where the name is not known, and then any lever of a line may be meant.
    pub(super) fn ours(&self, theirs: &str) -> Option<String> {
        let name = key(theirs);
        // They put the program before the lever's name.
        let bare = name.strip_prefix("csp").unwrap_or(&name);
        self.by_name.get(&name).or_else(|| self.by_name.get(bare)).cloned()
    }
}

/// Letters and digits in lower case: `Core - Modern Work` is `core_modern_work`.
fn key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use daybook_rules::{load_book, shipped_rule_files};

    #[test]
    fn names_are_known_by_themselves_or_by_the_map() {
        let book = load_book(&shipped_rule_files()).0.unwrap();
        let levers = Levers::of(&book, None).unwrap();
        assert_eq!(levers.ours("CSP Core - Modern Work").as_deref(), Some("core_modern_work"));
        assert_eq!(levers.ours("Local accelerator 7"), None);
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("levers.toml");
        std::fs::write(&file, "[levers]\n\"Local accelerator 7\" = \"nonprofit_accelerator\"\n").unwrap();
        let levers = Levers::of(&book, Some(&file)).unwrap();
        assert_eq!(levers.ours("local Accelerator 7").as_deref(), Some("nonprofit_accelerator"));
        std::fs::write(&file, "[levers]\n\"x\" = \"no_such_lever\"\n").unwrap();
        let Err(failure) = Levers::of(&book, Some(&file)) else { panic!("an unknown lever is taken") };
        assert!(failure.to_string().contains("\"no_such_lever\" is no lever"), "{failure}");
    }
}
