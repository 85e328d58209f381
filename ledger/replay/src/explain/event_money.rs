//! What the money of a month goes into.

use super::event::EventUse;
use super::subject::Subject;
use daybook_event::{EventRef, Month};
use daybook_views::PartnerRows;
use daybook_views::rows::TrueUpRow;
use std::collections::BTreeSet;

/// The lot and the payout that postings or true-ups of the month go into.
pub(super) fn of_money(subject: &Subject<'_>, rows: &PartnerRows, month: Month, what: &str) -> Vec<EventUse> {
    let label = subject.book.calendar().period_of(month).to_string();
    let partner_id = subject.partner_id;
    let lot = rows.lots.iter().find(|lot| lot.period == label).map(|lot| EventUse {
        view: "lots".to_owned(),
        row: label.clone(),
        part: format!("the co-op of its {what}; the lot is {}", lot.state),
        amount: None,
        ask: format!("daybook explain --partner {partner_id} --lot {label}"),
    });
    let payout = rows.payouts.iter().find(|payout| payout.month == month).map(|payout| EventUse {
        view: "payouts".to_owned(),
        row: month.to_string(),
        part: format!("the rebate of its {what}; {} is paid", payout.paid),
        amount: None,
        ask: format!("daybook explain --partner {partner_id} --payout {month}"),
    });
    lot.into_iter().chain(payout).collect()
}

/// The true-ups that name an event as their cause, and the lots and payouts that they go into.
pub(super) fn caused(subject: &Subject<'_>, rows: &PartnerRows, event: &EventRef, part: &str) -> Vec<EventUse> {
    let name = event.to_string();
    let is_named = |row: &&TrueUpRow| row.cause.split([' ', ':']).any(|word| word == name);
    let mut found = Vec::new();
    let mut months = BTreeSet::new();
    for row in rows.true_ups.iter().filter(is_named) {
        found.push(of_true_up(subject, row, format!("{part}: {}", row.cause)));
        months.insert(row.month);
    }
    found.extend(months.into_iter().flat_map(|month| of_money(subject, rows, month, "true-ups")));
    found
}

pub(super) fn of_true_up(subject: &Subject<'_>, row: &TrueUpRow, part: String) -> EventUse {
    EventUse {
        view: "true_ups".to_owned(),
        row: format!("{} of {} {}", row.month, row.closed_month, row.lever),
        part,
        amount: row.rebate.plus(row.coop).ok(),
        ask: format!("daybook explain --partner {} --payout {}", subject.partner_id, row.month),
    }
}
