//! The note that stays where a key was: who had it destroyed, when, why.

use serde::{Deserialize, Serialize};

/// A person's key was destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Forgotten {
    /// When, as an instant.
    pub(crate) at: String,
    /// Who said so.
    pub(crate) by: String,
    /// Why.
    pub(crate) reason: String,
}

impl std::fmt::Display for Forgotten {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "at {} by {:?} ({:?})", self.at, self.by, self.reason)
    }
}
