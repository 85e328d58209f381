//! Section 9: months that were closed stay as they were said; what came later is booked in the earliest open month.
//!
//! Nothing is remembered from one month to the next, and nothing is left out because it cannot matter: every record after
//! the last closing is put on top of those before it, one at a time, and everything is computed anew each time.

pub mod ask;
mod causes;
mod rows;
pub mod statements;

use super::facts::{Partner, World};
use super::figures::figures_of;
use super::time::Ym;
use chrono::NaiveDate;
use daybook_event::{Envelope, Payload};
use daybook_rules::model::RuleBook;
use serde_json::{Map, Value, json};

/// A record where it stands.
#[derive(Clone)]
pub struct Record {
    /// Where.
    pub position: u64,
    /// What.
    pub event: Envelope,
}

/// A book since it is the current one, and the change that made it so.
#[derive(Clone)]
pub struct Current {
    /// The position of its adoption; 0 for the first.
    pub since: u64,
    /// What true-ups call the change.
    pub cause: String,
    /// The book.
    pub book: RuleBook,
}

/// What was asked: the figures of these records on a date.
pub struct Question<'a> {
    /// Every book, in order.
    pub books: &'a [Current],
    /// The last date that has happened.
    pub through: NaiveDate,
    /// What is known.
    pub records: &'a [Record],
}

/// A closing that counts.
pub struct Closing {
    /// What it closes.
    pub month: Ym,
    /// The last position that its statements contain.
    pub contains: u64,
    /// Where it stands itself.
    pub position: u64,
    /// The day of closing.
    pub through: NaiveDate,
}

impl<'a> Question<'a> {
    /// The book that is the current one at a position.
    pub fn book_at(&self, position: u64) -> &'a RuleBook {
        let mut up_to = self.books.iter().filter(|current| current.since <= position);
        &up_to.next_back().expect("a book from the start").book
    }

    fn position(&self) -> u64 {
        self.records.last().map_or(0, |record| record.position)
    }

    /// The closings that count on the through date, in order; and the names of those that never will.
    pub fn closings(&self) -> (Vec<Closing>, Vec<String>) {
        let (mut good, mut ignored): (Vec<Closing>, Vec<String>) = (Vec::new(), Vec::new());
        for record in self.records {
            let Payload::PeriodClosed(closed) = &record.event.payload else { continue };
            let closing = Closing {
                month: Ym::of_month(closed.month),
                contains: closed.position.number(),
                position: record.position,
                through: record.event.effective_on,
            };
            let follows =
                good.last().is_none_or(|last| closing.month.0 == last.month.0 + 1 && closing.contains >= last.position);
            let is_good = record.event.id.source.as_str() == "ledger"
                && follows
                && closing.contains < closing.position
                && closing.through >= closing.month.last_day();
            if is_good {
                good.push(closing);
            } else {
                ignored.push(record.event.id.to_string());
            }
        }
        (good.into_iter().take_while(|closing| closing.through <= self.through).collect(), ignored)
    }

    /// The rows of each partner, and the findings on facts of no partner under the empty name.
    pub fn figures(&self) -> Value {
        let (closings, ignored) = self.closings();
        let records: Vec<&Envelope> = self.records.iter().map(|record| &record.event).collect();
        let world = World::of(self.book_at(self.position()), self.through, records);
        let mut all = Map::new();
        for id in world.partner_ids() {
            let partner = Partner::new(&world, id);
            if partner.records.iter().all(|event| matches!(event.payload, Payload::PinnedStatement(_))) {
                continue;
            }
            let rows = if closings.is_empty() {
                figures_of(&partner)
            } else {
                rows::Closed::new(self, &closings, partner).rows()
            };
            all.insert(id.to_string(), rows);
        }
        let ignored = ignored.into_iter().map(|event| ("CLOSE_IGNORED".to_owned(), vec![event])).collect();
        let findings = world.findings(ignored);
        all.insert(String::new(), json!({ "findings": findings }));
        Value::Object(all)
    }
}
