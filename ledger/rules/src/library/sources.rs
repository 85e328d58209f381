//! Where sources can be read.

use super::RuleLibrary;
use std::collections::BTreeMap;

impl RuleLibrary {
    /// The addresses of the sources that versions cite, by key. Versions inherit sources; a later one's address counts.
    #[must_use]
    pub fn source_urls(&self) -> BTreeMap<String, String> {
        let sources = self.versions.iter().flat_map(|version| &version.document.resolved.sources);
        sources.filter_map(|(key, source)| Some((key.clone(), source.fields.get("url")?.clone()))).collect()
    }
}
