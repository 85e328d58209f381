//! Why bytes or a line are no envelope.

/// Why bytes or a line could not be taken as an envelope. A value, kept as the reason of a quarantine entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeFault {
    /// No envelope can be read at all.
    #[error("not a daybook.v1 envelope: {detail}")]
    Undecodable {
        /// What the reader stumbled over.
        detail: String,
    },
    /// An envelope, with a field that does not hold what it must.
    #[error("{field}: {fault}")]
    Invalid {
        /// The field's path, such as `license_sale.amount`.
        field: String,
        /// What is wrong with it, and what may stand there.
        fault: String,
    },
}

impl DecodeFault {
    /// A fault of one field.
    pub(crate) fn invalid(field: &str, fault: impl Into<String>) -> Self {
        Self::Invalid { field: field.to_owned(), fault: fault.into() }
    }

    /// The same fault seen from the message around it: the path grows by the outer field's name.
    pub(crate) fn within(self, outer: &str) -> Self {
        match self {
            Self::Invalid { field, fault } => Self::Invalid { field: format!("{outer}.{field}"), fault },
            undecodable @ Self::Undecodable { .. } => undecodable,
        }
    }
}

/// A value that passed the border, or the fault that kept it out.
pub(crate) type Checked<T> = Result<T, DecodeFault>;
