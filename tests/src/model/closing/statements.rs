//! What a month's closing said of a partner.

use super::{Closing, Question};
use crate::model::number::Num;
use crate::model::payout::TrueUp;
use crate::model::time::Ym;
use daybook_event::{PartnerId, Payload, date_parse};
use serde_json::Value;
use std::collections::BTreeMap;

/// A closing with the partner's statement; null: it had none.
pub(super) struct Closed<'a> {
    pub(super) closing: &'a Closing,
    pub(super) rows: Value,
}

/// The partner's statements in order of month; and the names of those that cannot be read.
pub(super) fn of_partner<'a>(
    question: &Question<'_>,
    closings: &'a [Closing],
    id: &PartnerId,
) -> (Vec<Closed<'a>>, Vec<String>) {
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    for closing in closings {
        let mut rows = Value::Null;
        for record in question.records {
            let Payload::PinnedStatement(pinned) = &record.event.payload else { continue };
            let is_meant = record.event.id.source.as_str() == "ledger"
                && record.event.partner_id.as_ref() == Some(id)
                && Ym::of_month(pinned.month) == closing.month
                && record.event.effective_on == closing.through
                && closing.contains < record.position
                && record.position < closing.position;
            match serde_json::from_slice::<Value>(&pinned.rows) {
                // Of several the first stands.
                Ok(said) if is_meant && rows.is_null() && said["position"].as_u64() == Some(closing.contains) => {
                    rows = said;
                }
                Err(_) if is_meant => unreadable.push(record.event.id.to_string()),
                _ => {}
            }
        }
        found.push(Closed { closing, rows });
    }
    (found, unreadable)
}

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().expect("a text")
}

pub(super) fn month_of(row: &Value, field: &str) -> Ym {
    Ym::of(date_parse(&format!("{}-01", text(row, field))).expect("a month"))
}

pub(super) fn sum_of(row: &Value, field: &str) -> Num {
    Num::parse(text(row, field))
}

/// Rebate and co-op by the month that they concern and by lever.
pub type Sums = BTreeMap<(Ym, String), (Num, Num)>;

/// Adds to a month and lever.
pub fn add(sums: &mut Sums, month: Ym, lever: &str, rebate: Num, coop: Num) {
    let sum = sums.entry((month, lever.to_owned())).or_default();
    *sum = (sum.0.plus(rebate), sum.1.plus(coop));
}

impl Closed<'_> {
    pub(super) fn list(&self, field: &str) -> Vec<Value> {
        self.rows[field].as_array().cloned().unwrap_or_default()
    }

    pub(super) fn true_ups(&self) -> Vec<TrueUp> {
        let of = |row: &Value| TrueUp {
            month: month_of(row, "month"),
            concerns: month_of(row, "closed_month"),
            lever: text(row, "lever").to_owned(),
            rebate: sum_of(row, "rebate"),
            coop: sum_of(row, "coop"),
            cause: text(row, "cause").to_owned(),
        };
        self.list("true_ups").iter().map(of).collect()
    }

    /// What the statement said, of whatever month.
    pub(super) fn sum_into(&self, sums: &mut Sums) {
        for row in self.list("postings") {
            add(sums, self.closing.month, text(&row, "lever"), sum_of(&row, "rebate"), sum_of(&row, "coop"));
        }
        for one in self.true_ups() {
            add(sums, one.concerns, &one.lever, one.rebate, one.coop);
        }
    }
}
