//! What a closing pins of one partner and month.

use crate::digest::Digest;
use crate::rows::{ConservationRow, LotRow, PartnerRows, PayoutRow, PostingRow, TrueUpRow};
use chrono::NaiveDate;
use daybook_event::{Month, Name, PartnerId, Position};
use daybook_rules::calendar::Calendar;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A partner's rows of one month, as a closing pins them. Its compact JSON is what the ledger keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The last record in it.
    pub position: Position,
    /// The earning month.
    pub month: Month,
    /// The partner.
    pub partner_id: PartnerId,
    /// What was earned in the month.
    pub postings: Vec<PostingRow>,
    /// True-ups booked in the month.
    pub true_ups: Vec<TrueUpRow>,
    /// The lot of the earning period that the month ends, if there is one.
    pub lot: Option<LotRow>,
    /// What is paid for the month.
    pub payout: Option<PayoutRow>,
    /// Where everything billed in the month went.
    pub conservation: Option<ConservationRow>,
    /// What the figures missed, where the month was closed all the same.
    pub provisional: Vec<Name>,
}

/// Why pinned rows are no statement.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// They are not the JSON of one.
    #[error("the pinned rows are no statement ({0}): close writes them, nobody else may")]
    NotJson(#[from] serde_json::Error),
    /// They are those of another partner or month than the record says.
    #[error("the pinned rows are of {month} of {partner_id}, their record is of another: close writes both")]
    OfAnother {
        /// The month in the rows.
        month: Month,
        /// The partner in the rows.
        partner_id: PartnerId,
    },
}

impl Statement {
    /// What the rows say of the month; none for a partner with nothing in it.
    #[must_use]
    pub fn of(
        rows: &PartnerRows,
        month: Month,
        position: Position,
        partner_id: &PartnerId,
        calendar: &Calendar,
    ) -> Option<Self> {
        let period = calendar.period_of(month);
        let label = (period.last_month() == month).then(|| period.to_string());
        let flags = rows.provisional.iter().filter(|row| row.month == month);
        let statement = Self {
            position,
            month,
            partner_id: partner_id.clone(),
            postings: rows.postings.iter().filter(|row| row.month == month).cloned().collect(),
            true_ups: rows.true_ups.iter().filter(|row| row.month == month).cloned().collect(),
            lot: label.and_then(|label| rows.lots.iter().find(|row| row.period == label).cloned()),
            payout: rows.payouts.iter().find(|row| row.month == month).cloned(),
            conservation: rows.conservation.iter().find(|row| row.month == month).cloned(),
            provisional: flags.map(|row| row.why.clone()).collect(),
        };
        (!statement.is_empty()).then_some(statement)
    }

    /// The statement of a partner with nothing in the month.
    #[must_use]
    pub fn empty(month: Month, position: Position, partner_id: &PartnerId) -> Self {
        Self {
            position,
            month,
            partner_id: partner_id.clone(),
            postings: Vec::new(),
            true_ups: Vec::new(),
            lot: None,
            payout: None,
            conservation: None,
            provisional: Vec::new(),
        }
    }

    fn is_empty(&self) -> bool {
        let no_rows = self.postings.is_empty() && self.true_ups.is_empty() && self.provisional.is_empty();
        no_rows && self.lot.is_none() && self.payout.is_none() && self.conservation.is_none()
    }

    /// Reads the pinned rows of a record of that partner and month.
    ///
    /// # Errors
    /// [`StatementError`] when they are not what [`Statement::to_json`] makes.
    pub fn parse(rows: &[u8], month: Month, partner_id: &PartnerId) -> Result<Self, StatementError> {
        let statement: Self = serde_json::from_slice(rows)?;
        if statement.month != month || statement.partner_id != *partner_id {
            return Err(StatementError::OfAnother { month: statement.month, partner_id: statement.partner_id });
        }
        Ok(statement)
    }

    /// The rows to pin.
    ///
    /// # Panics
    /// Never: a statement holds nothing that JSON cannot.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        #[allow(clippy::expect_used)] // plain structs of text and maps with text keys
        serde_json::to_vec(self).expect("statements are JSON")
    }
}

/// The event id of a pinned statement: the same rows through the same date have the same id, so that an attempt made twice is
/// a duplicate. Attempts through different dates do not conflict, even where a partner's rows are the same in both.
#[must_use]
pub fn statement_event_id(month: Month, partner_id: &PartnerId, through: NaiveDate, rows: &[u8]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(partner_id.as_str());
    hasher.update(b"\0");
    hasher.update(through.to_string());
    hasher.update(b"\0");
    hasher.update(rows);
    let hash = hex::encode(hasher.finalize());
    format!("statement-{month}-{}", &hash[..STATEMENT_ID_HEX])
}

/// How much of the hash the id of a statement shows: 96 bits.
const STATEMENT_ID_HEX: usize = 24;

/// What a closing says of all its statements, given in order of partner.
#[must_use]
pub fn statements_digest<'a>(statements: impl Iterator<Item = (&'a PartnerId, &'a [u8])>) -> Digest {
    let mut hasher = Sha256::new();
    for (partner_id, rows) in statements {
        hasher.update(partner_id.as_str());
        hasher.update(b"\0");
        hasher.update(rows);
        hasher.update(b"\0");
    }
    Digest(hasher.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partner(text: &str) -> PartnerId {
        PartnerId::parse(text).unwrap()
    }

    fn month(text: &str) -> Month {
        Month::parse(text).unwrap()
    }

    #[test]
    fn the_json_has_one_form_and_reads_back() {
        let statement = Statement {
            provisional: vec![Name::known("NOFX")],
            ..Statement::empty(month("2021-09"), Position::new(7), &partner("P-1"))
        };
        let json = statement.to_json();
        let expected = r#"{"position":7,"month":"2021-09","partner_id":"P-1","postings":[],"true_ups":[],"lot":null,"payout":null,"conservation":null,"provisional":["NOFX"]}"#;
        assert_eq!(String::from_utf8_lossy(&json), expected);
        assert_eq!(Statement::parse(&json, month("2021-09"), &partner("P-1")).unwrap(), statement);
    }

    #[test]
    fn rows_of_another_partner_or_month_or_no_rows_at_all_are_no_statement() {
        let json = Statement::empty(month("2021-09"), Position::new(7), &partner("P-1")).to_json();
        assert!(Statement::parse(&json, month("2021-09"), &partner("P-2")).is_err());
        assert!(Statement::parse(&json, month("2021-10"), &partner("P-1")).is_err());
        assert!(Statement::parse(b"{}", month("2021-09"), &partner("P-1")).is_err());
    }

    #[test]
    fn ids_tell_partners_and_dates_apart_and_digests_partners_and_rows() {
        let (one, two) = (partner("P-1"), partner("P-12"));
        let (on, later) = (month("2021-09").last_day(), month("2021-10").last_day());
        let id = statement_event_id(month("2021-09"), &one, on, b"{}");
        assert!(id.starts_with("statement-2021-09-") && id.len() == "statement-2021-09-".len() + STATEMENT_ID_HEX);
        assert_ne!(id, statement_event_id(month("2021-09"), &two, on, b"{}"));
        assert_ne!(id, statement_event_id(month("2021-09"), &one, later, b"{}"));
        let digest = |all: &[(&PartnerId, &[u8])]| statements_digest(all.iter().copied());
        assert_ne!(digest(&[(&one, b"2"), (&two, b"3")]), digest(&[(&one, b"23")]));
        // SHA-256 of `P-1`, zero, `x`, zero.
        let expected = Digest(Sha256::digest(b"P-1\0x\0").into());
        assert_eq!(digest(&[(&one, b"x")]), expected);
    }
}
