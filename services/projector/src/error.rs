//! Why the views could not be brought forward.

use daybook_event::{Month, Position};
use daybook_proto::DecodeFault;
use daybook_store::{DerivedError, DiskTrouble, ReadError};

/// Why the projector stopped. What was committed before stands, and the next start goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The ledger could not be read.
    #[error(transparent)]
    Ledger(#[from] ReadError),
    /// The derived file could not be read or written.
    #[error(transparent)]
    Derived(#[from] DerivedError),
    /// A record does not decode, though intake decoded it.
    #[error("the record at position {position} does not decode ({fault}): run verify, then update daybook")]
    Undecodable {
        /// Where.
        position: Position,
        /// What the decoder said.
        fault: DecodeFault,
    },
    /// The derived file does not go with this ledger or this build.
    #[error("derived data cannot be used here: {why}; delete the file, it is rebuilt from the ledger")]
    NotOurs {
        /// What does not fit.
        why: String,
    },
    /// The terms that months were closed under cannot be had.
    #[error("{month} is closed, and the terms it was closed under cannot be had ({why}): run daybook verify")]
    ClosedTerms {
        /// The last closed month.
        month: Month,
        /// What the chooser said.
        why: String,
    },
    /// Another build keeps other things in the derived file: not damage, and no news about the ledger.
    #[error(
        "derived data was made by another daybook (shape {found}, this one keeps {kept}): daybook serve makes it anew"
    )]
    OtherShape {
        /// The shape of the file.
        found: u32,
        /// The shape of this build.
        kept: u32,
    },
    /// It was told to stop in the middle of a step: nothing of the step is in the views.
    #[error("the projector was told to stop in the middle of a step: start again")]
    Stopped,
    /// The process is going down, and its runtime did not start the work any more.
    #[error("the runtime stopped before the projector: start again")]
    RuntimeStopped,
}

impl ProjectError {
    /// Whether deleting the derived file and building it again from the ledger is the cure.
    #[must_use]
    pub fn is_cured_by_rebuild(&self) -> bool {
        matches!(self, Self::NotOurs { .. } | Self::OtherShape { .. } | Self::Derived(DerivedError::Damaged { .. }))
    }

    /// Whether the disk takes nothing for now: what is committed stands, and the same step can be taken later.
    #[must_use]
    pub fn disk_trouble(&self) -> Option<DiskTrouble> {
        match self {
            Self::Derived(error) => error.disk_trouble(),
            _ => None,
        }
    }

    /// Whether to try the derived file again: the disk still takes nothing, or a reader that sets the file right holds it
    /// for a moment.
    pub(crate) fn is_waited_out(&self) -> bool {
        self.disk_trouble().is_some() || matches!(self, Self::Derived(DerivedError::Locked { .. }))
    }

    /// Facts in the derived file that are not as they were put.
    pub(crate) fn damaged(what: String) -> Self {
        Self::Derived(DerivedError::Damaged { what })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error, ErrorKind};

    #[test]
    fn a_full_disk_and_a_held_file_are_waited_out_and_nothing_else() {
        let stored = |kind: ErrorKind| DerivedError::Storage { source: Box::new(Error::from(kind)) };
        let cases = [
            (DerivedError::Locked { path: "/l/derived.redb".into() }, true),
            (stored(ErrorKind::StorageFull), true),
            (stored(ErrorKind::UnexpectedEof), false),
            (DerivedError::Damaged { what: "a row".to_owned() }, false),
        ];
        for (error, is_waited_out) in cases {
            let error = ProjectError::from(error);
            assert_eq!(error.is_waited_out(), is_waited_out, "{error}");
        }
    }
}
