//! A person passed an exam.

use chrono::NaiveDate;

/// A person of the partner's earned a certification on the envelope's `effective_on`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificationEarned {
    /// A pseudonym of the publisher's: never a name.
    pub person_id: String,
    /// The certification.
    pub certification: String,
    /// The competency area that it counts for.
    pub competency_area: String,
    /// The first day on which it no longer holds; none: the validity in force on the day it was earned applies.
    pub expires_on: Option<NaiveDate>,
}
