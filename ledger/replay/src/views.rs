//! Rows put together as `daybook views --format json` prints them.

use crate::replayed::Replayed;
use daybook_event::{Month, NaiveDate, PartnerId, Position};
use daybook_rules::calendar::{Calendar, Period};
use daybook_views::PartnerRows;
use serde::Serialize;
use std::ops::RangeInclusive;

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
    /// What is closed, and whether it was kept, in one line.
    pub closed: String,
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
        self.rows.append(rows);
    }

    /// Keeps the rows of one earning period only. Rows without a month (findings, standing) stay.
    pub fn keep_period(&mut self, calendar: &Calendar, period: Period) {
        keep_months(&mut self.rows, calendar, &(period.first_month()..=period.last_month()));
    }
}

/// Keeps the rows of these months: of lots and claims, those of the periods that share a month with them. Rows without a
/// month (findings, standing) stay.
pub fn keep_months(rows: &mut PartnerRows, calendar: &Calendar, months: &RangeInclusive<Month>) {
    let shares = |label: &str| {
        let period = calendar.period_parse(label);
        period.is_some_and(|period| period.first_month() <= *months.end() && *months.start() <= period.last_month())
    };
    rows.postings.retain(|row| months.contains(&row.month));
    rows.lots.retain(|row| shares(&row.period));
    rows.claims.retain(|row| shares(&row.period));
    rows.true_ups.retain(|row| months.contains(&row.month));
    rows.payouts.retain(|row| months.contains(&row.month));
    rows.conservation.retain(|row| months.contains(&row.month));
    rows.provisional.retain(|row| months.contains(&row.month));
}
