//! The supply-chain policy, read from `deny.toml`.

use daybook_tests::workspace_root;
use toml::{Table, Value};

/// A crate that the policy speaks of, and why.
pub(super) struct Ruled {
    /// Name, with `@version` where the policy speaks of one version.
    pub(super) name: String,
    /// Why.
    pub(super) reason: String,
}

/// What `deny.toml` says.
pub(super) struct Policy {
    text: String,
    table: Table,
}

impl Policy {
    /// Reads the file.
    pub(super) fn read() -> Self {
        let path = workspace_root().join("deny.toml");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("deny.toml: {error}"));
        let table = text.parse().unwrap_or_else(|error| panic!("deny.toml: {error}"));
        Self { text, table }
    }

    /// The licences that are enough to come in.
    pub(super) fn licences(&self) -> Vec<String> {
        self.array("licenses", "allow").iter().map(text_of).collect()
    }

    /// Crates that must not come in.
    pub(super) fn refused(&self) -> Vec<Ruled> {
        self.array("bans", "deny").iter().map(ruled_of).collect()
    }

    /// Versions that may stand beside a newer one.
    pub(super) fn held_back(&self) -> Vec<Ruled> {
        self.array("bans", "skip").iter().map(ruled_of).collect()
    }

    /// Crates that may run a program while they are built. What cargo-deny has no key for, the reason, is the comment
    /// at the end of the line.
    pub(super) fn build_scripts(&self) -> Vec<Ruled> {
        let listed = self.section("bans").get("build").and_then(|build| build.get("allow-build-scripts"));
        let listed = listed.and_then(Value::as_array).unwrap_or_else(|| panic!("deny.toml: no bans.build list"));
        let names = listed.iter().map(text_of);
        names.map(|name| Ruled { reason: self.comment_behind(&name), name }).collect()
    }

    /// A setting with a text for its value.
    pub(super) fn setting(&self, section: &str, key: &str) -> Option<&str> {
        self.section(section).get(key).and_then(Value::as_str)
    }

    /// Whether a section has the key at all.
    pub(super) fn has(&self, section: &str, key: &str) -> bool {
        self.section(section).contains_key(key)
    }

    fn section(&self, name: &str) -> &Table {
        let section = self.table.get(name).and_then(Value::as_table);
        section.unwrap_or_else(|| panic!("deny.toml has no [{name}]"))
    }

    fn array(&self, section: &str, key: &str) -> &[Value] {
        let array = self.section(section).get(key).and_then(Value::as_array);
        array.unwrap_or_else(|| panic!("deny.toml: [{section}] has no list {key}"))
    }

    fn comment_behind(&self, name: &str) -> String {
        let opening = format!("\"{name}\",");
        let line = self.text.lines().find(|line| line.trim_start().starts_with(&opening)).unwrap_or_default();
        line.split_once('#').map(|(_, comment)| comment.trim().to_owned()).unwrap_or_default()
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("deny.toml: {value:?} is no text")).to_owned()
}

fn ruled_of(value: &Value) -> Ruled {
    let part = |key| value.get(key).map(text_of).unwrap_or_default();
    Ruled { name: part("crate"), reason: part("reason") }
}
