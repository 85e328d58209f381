//! Where each parameter stands and who says so.

use crate::diagnostic::Findings;
use crate::document::{Resolved, leaves};
use crate::model::Origin;
use std::collections::BTreeMap;

/// The origin of every parameter. `version_of` names the version of a file by the file's index.
pub(super) fn origins(
    findings: &Findings<'_>,
    resolved: &Resolved,
    version_of: &dyn Fn(usize) -> String,
) -> BTreeMap<String, Origin> {
    let mut found = BTreeMap::new();
    for leaf in leaves(&resolved.table) {
        let change = leaf.node.change.and_then(|index| resolved.changes.get(index));
        let cites = change.map_or(leaf.cites.as_slice(), |change| change.cites.as_slice());
        let titles = cites.iter().filter_map(|key| resolved.sources.get(key)).map(|source| source.title.as_str());
        let origin = Origin {
            file: findings.file_name(leaf.node.place).to_owned(),
            line: findings.line(leaf.node.place),
            version: version_of(leaf.node.place.file),
            change_id: change.map(|change| change.id.clone()),
            source_title: titles.collect::<Vec<_>>().join("; "),
            cite: cites.join(", "),
            value: leaf.node.plain().unwrap_or_default(),
            why: change.map_or_else(|| leaf.why.clone(), |change| change.why.clone()),
        };
        found.insert(leaf.path, origin);
    }
    found
}
