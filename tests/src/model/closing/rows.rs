//! What closed and open months show together.

use super::statements::{self, Closed as Statement, month_of, sum_of};
use super::{Closing, Question};
use crate::model::accrual::Posting;
use crate::model::claims::Desk;
use crate::model::facts::{Partner, World};
use crate::model::findings::Finding;
use crate::model::lots::{Lot, Outcome};
use crate::model::number::Num;
use crate::model::payout::{TrueUp, sort};
use crate::model::terms::set_on;
use crate::model::time::{Period, Ym};
use chrono::NaiveDate;
use daybook_event::{Envelope, Opening, Payload, date_parse};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A partner of whom at least one month is closed.
pub(super) struct Closed<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) partner: Partner<'a>,
    pub(super) statements: Vec<Statement<'a>>,
    unreadable: Vec<String>,
}

impl<'a> Closed<'a> {
    pub(super) fn new(question: &'a Question<'a>, closings: &'a [Closing], partner: Partner<'a>) -> Self {
        let (statements, unreadable) = statements::of_partner(question, closings, partner.id);
        Self { question, partner, statements, unreadable }
    }

    pub(super) fn last(&self) -> &Closing {
        self.statements.last().expect("a closed month").closing
    }

    pub(super) fn first_open(&self) -> Ym {
        Ym(self.last().month.0 + 1)
    }

    pub(super) fn position_of(&self, event: &Envelope) -> u64 {
        let record = self.question.records.iter().find(|record| record.event.id == event.id);
        record.expect("a record").position
    }

    pub(super) fn rows(&self) -> Value {
        let partner = &self.partner;
        let standing = partner.standing();
        let accrual = partner.accrual(&standing);
        let (_, unconverted) = partner.true_ups();
        let mut postings = self.pinned_postings();
        postings.extend(accrual.postings.into_iter().filter(|posting| posting.month > self.last().month));
        let true_ups = self.true_ups();
        let lots = self.lots(&postings, &true_ups);
        let payouts = self.payouts(&postings, &true_ups, &lots);
        let desk = Desk::new(partner, lots);
        let mut provisional = accrual.provisional;
        provisional.extend(unconverted.iter().map(|(_, month)| (month.to_string(), "NOFX".to_owned())));
        let flag = |(month, why): (String, String)| json!({ "partner_id": partner.id, "month": month, "why": why });
        let unconverted: Vec<String> = unconverted.into_iter().map(|(event, _)| event).collect();
        json!({
            "standing": standing.rows,
            "postings": postings.iter().map(|posting| &posting.row).collect::<Vec<_>>(),
            "lots": desk.lot_rows(),
            "claims": desk.claim_rows(),
            "true_ups": true_ups.iter().map(|true_up| partner.true_up_row(true_up)).collect::<Vec<_>>(),
            "payouts": payouts,
            "conservation": accrual.conservation,
            "provisional": provisional.into_iter().map(flag).collect::<Vec<Value>>(),
            "findings": self.findings(&desk, &unconverted),
        })
    }

    fn pinned_postings(&self) -> Vec<Posting> {
        let of = |row: Value| Posting {
            month: month_of(&row, "month"),
            rebate: sum_of(&row, "rebate"),
            coop: sum_of(&row, "coop"),
            row,
        };
        self.statements.iter().flat_map(|one| one.list("postings")).map(of).collect()
    }

    /// Those of the statements, those that closed months lack, and corrections by hand in open months.
    fn true_ups(&self) -> Vec<TrueUp> {
        let mut all: Vec<TrueUp> = self.statements.iter().flat_map(Statement::true_ups).collect();
        all.extend(self.missing());
        for adjustment in self.partner.adjustments() {
            let is_open = self.pinned_in(adjustment.event).is_none();
            if let Some(one) = adjustment.true_up.filter(|_| is_open) {
                all.push(TrueUp { month: one.month.max(self.first_open()), ..one });
            }
        }
        sort(&mut all);
        all
    }

    /// The partner by the records that the closing contains.
    fn at_closing<T>(&self, closing: &Closing, look: impl FnOnce(&Partner<'_>) -> T) -> T {
        let known = self.question.records.iter().filter(|record| record.position <= closing.contains);
        let records = known.map(|record| &record.event).collect();
        let world = World::of(self.partner.world.book, self.question.through, records);
        look(&Partner::new(&world, self.partner.id))
    }

    /// Lots of closed periods as they were pinned, those that ended before the first closing as openings told it; open
    /// lots of everything that is booked in their months.
    fn lots(&self, postings: &[Posting], true_ups: &[TrueUp]) -> BTreeMap<Period, Lot> {
        let book = self.partner.world.book;
        let first = &self.statements[0];
        let mut lots = self.partner.lots(postings, true_ups);
        lots.retain(|period, _| period.last > self.last().month);
        let before = self.at_closing(first.closing, |partner| partner.lots(&[], &[]));
        lots.extend(before.into_iter().filter(|(period, _)| period.last < first.closing.month));
        for statement in &self.statements {
            let period = Period::holding(book, statement.closing.month);
            if period.last != statement.closing.month {
                continue;
            }
            let consumed = self.at_closing(statement.closing, |partner| partner.consumed_before());
            let consumed = consumed.get(&period).copied().unwrap_or_default();
            let lot = match &statement.rows["lot"] {
                Value::Null => Lot::pinned(Num::ZERO, Outcome::None, consumed),
                row => {
                    let state = row["state"].as_str().expect("a state");
                    Lot::pinned(sum_of(row, "accrued"), Outcome::named(state), consumed)
                }
            };
            if !lot.accrued.is_zero() || !consumed.is_zero() || lot.outcome != Outcome::None {
                lots.insert(period, lot);
            }
        }
        lots
    }

    /// Payouts of closed months as pinned, but for what waits for tax and bank data; then one month after the other.
    fn payouts(&self, postings: &[Posting], true_ups: &[TrueUp], lots: &BTreeMap<Period, Lot>) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut carry = Num::ZERO;
        for statement in &self.statements {
            let row = &statement.rows["payout"];
            carry = if row.is_null() { Num::ZERO } else { sum_of(row, "carried_out") };
            if !row.is_null() {
                rows.push(self.pinned_payout(row.clone(), statement.closing));
            }
        }
        let mut open = lots.clone();
        open.retain(|period, _| period.last > self.last().month);
        rows.extend(self.partner.payouts_from(self.first_open(), carry, postings, true_ups, &open));
        rows
    }

    fn pinned_payout(&self, mut row: Value, closing: &Closing) -> Value {
        let day = |row: &Value| -> NaiveDate { date_parse(row["due_on"].as_str().expect("a day")).expect("a date") };
        let [paid, held, forfeited] = ["paid", "held", "forfeited"].map(|part| sum_of(&row, part));
        if held.is_positive() || (paid.is_positive() && day(&row) > closing.through) {
            let set = set_on(self.partner.world.book, closing.month.last_day());
            let (paid, held, lost, due_on) = self.partner.hold(paid.plus(held), day(&row), set.payout.hold_days);
            row["paid"] = paid.to_string().into();
            row["held"] = held.to_string().into();
            row["forfeited"] = forfeited.plus(lost).to_string().into();
            row["due_on"] = json!(due_on);
        }
        row
    }

    fn findings(&self, desk: &Desk<'_>, unconverted: &[String]) -> Vec<Value> {
        let named = |code: &str, event: &str| (code.to_owned(), vec![event.to_owned()]);
        let mut found: Vec<Finding> =
            self.unreadable.iter().map(|event| named("STATEMENT_UNREADABLE", event)).collect();
        let late = self.partner.facts.iter().filter(|event| self.is_too_late(event));
        found.extend(late.map(|event| named("OPENING_OF_CLOSED_MONTH", &event.id.to_string())));
        self.partner.findings(desk, unconverted, found)
    }

    /// An opening lot of a closed period, or a carry into a closed month, recorded after it was closed.
    fn is_too_late(&self, event: &Envelope) -> bool {
        let month = match &event.payload {
            Payload::Opening(Opening::Lot { period, consumed, .. }) => {
                let period = Period::labelled(self.partner.world.book, period);
                period.filter(|_| !Num::of_amount(consumed).is_negative()).map(|period| period.last)
            }
            Payload::Opening(Opening::Carry { .. }) => Some(Ym::of(event.effective_on)),
            _ => None,
        };
        let closed = month.and_then(|month| self.statements.iter().find(|one| one.closing.month >= month));
        closed.is_some_and(|one| self.position_of(event) > one.closing.contains)
    }
}
