//! Rows put together as `daybook views --format json` prints them.

use crate::replayed::Replayed;
use daybook_event::{NaiveDate, PartnerId, Position};
use daybook_views::PartnerRows;
use serde::Serialize;

/// The coordinates of a set of rows: the same coordinates give the same rows for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ViewsHead {
    /// The last position in it.
    pub position: Position,
    /// The last date that has happened.
    pub through: NaiveDate,
    /// The tree's root at that position, in hex.
    pub root: String,
    /// The rule book's terms hash, in hex.
    pub rule_book: String,
    /// The engine semantics number.
    pub engine_semantics: u32,
    /// The digest of all rows, in hex, whatever part of them is shown.
    pub views_digest: String,
}

/// All views. Arrays are sorted by their fields in the order shown; `standing` by partner, then as it happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Views {
    /// The coordinates.
    #[serde(flatten)]
    pub head: ViewsHead,
    /// The rows, of one partner after the other.
    #[serde(flatten)]
    pub rows: PartnerRows,
}

impl Views {
    /// An empty set of rows at these coordinates.
    #[must_use]
    pub fn empty(head: ViewsHead) -> Self {
        Self { head, rows: PartnerRows::default() }
    }

    /// The rows of a replay at these coordinates: of every partner, or of one.
    #[must_use]
    pub fn of(head: ViewsHead, replayed: Replayed, only: Option<&PartnerId>) -> Self {
        let mut views = Self::empty(head);
        if only.is_none() {
            views.add(replayed.of_no_partner);
        }
        for (partner_id, rows) in replayed.partners {
            if only.is_none_or(|only| *only == partner_id) {
                views.add(rows);
            }
        }
        views
    }

    /// Adds a partner's rows. Partners must come in order.
    pub fn add(&mut self, rows: PartnerRows) {
        self.rows.standing.extend(rows.standing);
        self.rows.postings.extend(rows.postings);
        self.rows.lots.extend(rows.lots);
        self.rows.claims.extend(rows.claims);
        self.rows.true_ups.extend(rows.true_ups);
        self.rows.payouts.extend(rows.payouts);
        self.rows.conservation.extend(rows.conservation);
        self.rows.provisional.extend(rows.provisional);
        self.rows.findings.extend(rows.findings);
    }

    /// Keeps the rows of one earning period only. Rows without a month (findings, standing) stay.
    pub fn keep_period(&mut self, period: daybook_rules::calendar::Period) {
        let label = period.to_string();
        let inside = |month: daybook_event::Month| period.first_month() <= month && month <= period.last_month();
        self.rows.postings.retain(|row| row.period == label);
        self.rows.lots.retain(|row| row.period == label);
        self.rows.claims.retain(|row| row.period == label);
        self.rows.true_ups.retain(|row| inside(row.month));
        self.rows.payouts.retain(|row| inside(row.month));
        self.rows.conservation.retain(|row| inside(row.month));
        self.rows.provisional.retain(|row| inside(row.month));
    }
}
