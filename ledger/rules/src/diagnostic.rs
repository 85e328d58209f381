//! What is wrong with a rule file: where, what was inherited, what to do. A value, printed or sent as JSON.

mod code;
mod place;
mod render;

pub use code::{Code, Severity};
pub(crate) use place::{Findings, Place, SourceText};

use serde::Serialize;

/// One thing that is wrong, or looks wrong, in a rule file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Whether it keeps the book from loading.
    pub severity: Severity,
    /// Which check found it.
    pub code: Code,
    /// One line: what is wrong.
    pub message: String,
    /// Where.
    #[serde(flatten)]
    pub at: Excerpt,
    /// The place that it disagrees with: an inherited value, an earlier lever, the first of two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inherited: Option<Inherited>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A place in a file with the line that it stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    /// The file's name.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// First byte, and the one after the last.
    pub span: (usize, usize),
    /// The text of the line.
    pub text: String,
    /// How many characters of the line are meant.
    pub width: usize,
}

/// The place that a finding disagrees with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Inherited {
    /// Where.
    #[serde(flatten)]
    pub at: Excerpt,
    /// What it is: `inherited from here`, `the first one`.
    pub label: String,
}

impl Diagnostic {
    /// Whether it keeps the book from loading.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
