//! Nudges: every number, date and word of the rule sets moved by its smallest step, to see whether a test notices.
//!
//! A nudge is made on the resolved documents, so that it reaches whatever inherits the value and trips over no `from`,
//! no lock and no stated reading.

mod steps;

use crate::diagnostic::{Findings, SourceText};
use crate::document::{Leaf, Node, Table, Value, leaves};
use crate::library::{RuleLibrary, Version, VersionDocument};
use crate::lower::rule_set;
use daybook_event::{Rate, date_parse};
use serde::Serialize;

/// Where a version begins: a date of its header, and no parameter.
const VALID_FROM: &str = "validity.from";

/// A value of a rule set that can be moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NudgeableValue {
    /// The version whose file it stands in.
    pub version: String,
    /// Its path.
    pub path: String,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What stands there.
    pub value: String,
    /// What it can be moved to: one step down and one up, or the other words of its vocabulary.
    pub steps: Vec<String>,
}

impl RuleLibrary {
    /// Every value that can be moved, in file order, of every version that is no what-if.
    #[must_use]
    pub fn nudgeable_values(&self) -> Vec<NudgeableValue> {
        let texts = self.texts();
        let findings = Findings::new(&texts);
        let mut found = Vec::new();
        for version in self.versions.iter().filter(|version| !version.set.hypothetical) {
            let document = &version.document;
            let value = |path: &str, place, value: String, steps: Vec<String>| NudgeableValue {
                version: version.set.version.clone(),
                path: path.to_owned(),
                file: version.file.clone(),
                line: findings.line(place),
                value,
                steps,
            };
            let from = version.set.valid_from;
            found.push(value(VALID_FROM, document.header.from_place, from.to_string(), steps::of_day(from)));
            let own = |leaf: &Leaf<'_>| leaf.node.place.file == document.file;
            for leaf in leaves(&document.resolved.table).into_iter().filter(own) {
                let steps = steps::of(&document.resolved.table, &leaf.path, leaf.node);
                if !steps.is_empty() {
                    let stands = leaf.node.plain().unwrap_or_default();
                    found.push(value(&leaf.path, leaf.node.place, stands, steps));
                }
            }
        }
        found
    }

    /// The library with one value moved, wherever it is inherited; none where the terms cannot say that. Its versions
    /// have no hashes.
    #[must_use]
    pub fn nudged(&self, value: &NudgeableValue, to: &str) -> Option<Self> {
        let texts = self.texts();
        let findings = Findings::new(&texts);
        let moved = self.version(&value.version)?;
        let mut versions = Vec::new();
        for version in &self.versions {
            let document = nudged_document(&version.document, &moved.document, &value.path, to)?;
            versions.push(match document {
                Some(document) => self.lowered(&findings, version, &document)?,
                None => version.clone(),
            });
        }
        versions.sort_by_key(|version| version.set.valid_from);
        Some(Self { versions, ..self.clone() })
    }

    fn lowered(&self, findings: &Findings<'_>, version: &Version, document: &VersionDocument) -> Option<Version> {
        let version_of = |file: usize| {
            let of_file = self.versions.iter().find(|other| other.document.file == file);
            of_file.map(|other| other.set.version.clone()).unwrap_or_default()
        };
        let set = rule_set(findings, &document.header, &document.resolved, &version_of)?;
        Some(Version { set, ..version.clone() })
    }

    pub(crate) fn texts(&self) -> Vec<SourceText> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.files.iter().map(|file| SourceText { name: file.name.clone(), text: text(&file.bytes) }).collect()
    }
}

/// The document with the value moved. None within where the version does not have it from there; none where the value
/// cannot be found or made.
#[expect(clippy::option_option, reason = "one says that it cannot be done, the other that there is nothing to do")]
fn nudged_document(
    document: &VersionDocument,
    moved: &VersionDocument,
    path: &str,
    to: &str,
) -> Option<Option<VersionDocument>> {
    let mut header = document.header.clone();
    let mut resolved = document.resolved.clone();
    // What is said about a value does not follow it.
    resolved.table.entries.retain(|entry| entry.key != "interpretation");
    if path == VALID_FROM {
        if document.file != moved.file {
            return Some(None);
        }
        header.valid_from = date_parse(to)?;
    } else {
        let place = moved.resolved.table.find(path)?.place;
        let Some(node) = resolved.table.find_mut(path).filter(|node| node.place == place) else { return Some(None) };
        put(node, to)?;
        keep_whole(&mut resolved.table, path)?;
    }
    Some(Some(VersionDocument { file: document.file, header, resolved }))
}

fn put(node: &mut Node, to: &str) -> Option<()> {
    node.value = match node.value {
        Value::Date(_) => Value::Date(date_parse(to)?),
        _ => Value::Text(to.to_owned()),
    };
    Some(())
}

/// What one part of the split gains the other loses: there is no split that is not whole.
fn keep_whole(table: &mut Table, path: &str) -> Option<()> {
    let other = match path {
        "split.rebate" => "split.coop",
        "split.coop" => "split.rebate",
        _ => return Some(()),
    };
    let share = Rate::parse_percent(table.find(path)?.as_text()?).ok()?;
    let rest = Rate::from_millionths(Rate::ONE.millionths() - share.millionths());
    put(table.find_mut(other)?, &rest.to_string())
}
