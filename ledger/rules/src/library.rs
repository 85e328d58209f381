//! Loading: files in, a library of versions out, and every finding on the way.

mod advice;
mod books;
mod lints;
mod load;
mod lock;
mod sources;
mod undo;

pub use advice::lint;
pub use books::{BookArgument, BookArgumentError, BookChoice, BookError, book_file_names};
pub use load::load_book;
pub use lock::lock_text;

use crate::document::Resolved;
use crate::lower::Header;
use crate::model::{Catalogue, RuleSet};
use daybook_event::RuleFile;
use std::sync::Arc;

/// Every version that a folder of rule files holds: what books are made of.
#[derive(Debug, Clone)]
pub struct RuleLibrary {
    pub(crate) files: Vec<RuleFile>,
    /// By `valid_from`, then by revision.
    pub(crate) versions: Vec<Version>,
    pub(crate) catalogue: Catalogue,
    pub(crate) sources_of_no_partner: Vec<String>,
}

/// One version with what its file says beside the terms.
#[derive(Debug, Clone)]
pub struct Version {
    /// The terms, with everything they inherit.
    pub set: RuleSet,
    /// The name of its file.
    pub file: String,
    /// The version that it extends.
    pub extends: Option<String>,
    /// Which reading of the same terms it is: 1, or more for `.r2` and later.
    pub revision: u32,
    /// Its own changes, in file order.
    pub changes: Vec<VersionChange>,
    /// What its file said, with everything inherited: what a nudge starts from.
    pub(crate) document: Arc<VersionDocument>,
}

/// A version before it was made into terms.
#[derive(Debug, Clone)]
pub(crate) struct VersionDocument {
    /// Index of its file among the library's files.
    pub(crate) file: usize,
    pub(crate) header: Header,
    pub(crate) resolved: Resolved,
}

/// One `[[change]]`: a line of a diff, a cause in an attribution.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct VersionChange {
    /// Its id, unique in a line of versions.
    pub id: String,
    /// The parameter or block.
    pub path: String,
    /// What it replaced; none for something new.
    pub from: Option<String>,
    /// What stands there now; none for something removed, and for a whole block.
    pub to: Option<String>,
    /// Why.
    pub why: String,
    /// The keys of the sources cited.
    pub cite: Vec<String>,
    /// The titles of those sources.
    pub source_title: String,
    /// The version whose file it stands in.
    pub version: String,
}

impl VersionChange {
    /// Whether it sets only what a gate says to the partner, on which no figure can depend.
    #[must_use]
    pub fn is_wording(&self) -> bool {
        is_wording(&self.path)
    }
}

/// Whether a path is of what a gate says to the partner.
pub(crate) fn is_wording(path: &str) -> bool {
    let path: Vec<&str> = path.split('.').collect();
    matches!(path.as_slice(), ["gate", _, "sentence" | "how_to"])
}

impl RuleLibrary {
    /// Every version, by its first date, then by revision.
    #[must_use]
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The version of that id.
    #[must_use]
    pub fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.set.version == id)
    }

    /// The file that a version of this library stands in.
    #[must_use]
    pub fn file_of(&self, version: &Version) -> Option<&RuleFile> {
        self.files.iter().find(|file| file.name == version.file)
    }

    /// The files it was read from.
    #[must_use]
    pub fn files(&self) -> &[RuleFile] {
        &self.files
    }
}
