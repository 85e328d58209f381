//! Seeded histories that exercise every rule: few partners, few events, dates and amounts at the edges.

mod bases;
mod books;
mod closings;
mod dates;
mod events;
mod money;
mod proofs;
mod repeats;
mod setup;
mod waits;

pub use books::with_version;
pub use closings::Adoption;

use super::figures::figures;
use crate::dice::Dice;
use chrono::NaiveDate;
use dates::Dates;
use daybook_event::{Envelope, EventId, EventRef, PartnerId, Payload, SourceId};
use daybook_rules::model::RuleBook;

/// One question to both sides.
#[derive(Clone)]
pub struct Case {
    /// What it was made from.
    pub seed: u64,
    /// The terms.
    pub book: RuleBook,
    /// How the book differs from the shipped one.
    pub changes: Vec<String>,
    /// The last date that has happened.
    pub through: NaiveDate,
    /// In order of arrival. What a closing among them says is computed when it is reached.
    pub events: Vec<Envelope>,
    /// What the adoptions among the events bring, in order.
    pub adoptions: Vec<Adoption>,
}

impl Case {
    /// Whether months are closed on the way.
    pub fn closes(&self) -> bool {
        self.events.iter().any(|event| matches!(event.payload, Payload::PeriodClosed(_)))
    }
}

/// What the making of a history knows so far.
struct Maker {
    dice: Dice,
    dates: Dates,
    partners: Vec<PartnerId>,
    events: Vec<Envelope>,
    book: RuleBook,
    /// What the names of its partners and events begin with.
    names: String,
}

/// Events of a few partners under a book as it is, in order of arrival. Their names begin with this.
pub fn generate_named(book: &RuleBook, seed: u64, names: &str) -> Vec<Envelope> {
    let (mut maker, through) = begin_under(book.clone(), Dice::new(seed), names);
    maker.answer(through);
    let Maker { mut dice, mut events, .. } = maker;
    if dice.between(0, 1) == 0 {
        dice.shuffle(&mut events);
    }
    events
}

/// The history of that seed.
pub fn generate(shipped: &RuleBook, seed: u64) -> Case {
    let (mut maker, through, changes) = begin(shipped, seed);
    if maker.dice.between(0, 2) > 0 {
        maker.answer(through);
    }
    let Maker { mut dice, mut events, book, .. } = maker;
    if dice.between(0, 1) == 0 {
        dice.shuffle(&mut events);
    }
    if dice.between(0, 3) == 0 && !events.is_empty() {
        // The same again: a duplicate.
        let again = events[dice.place(events.len())].clone();
        events.push(again);
    }
    Case { seed, book, changes, through, events, adoptions: Vec::new() }
}

/// The history of that seed, with months closed on the way.
pub fn generate_closed(shipped: &RuleBook, seed: u64) -> Case {
    let (mut maker, through, changes) = begin(shipped, seed);
    let (events, adoptions) = maker.close(through);
    Case { seed, book: maker.book, changes, through, events, adoptions }
}

/// What happens first, the through date, and how the book differs from the shipped one.
fn begin(shipped: &RuleBook, seed: u64) -> (Maker, NaiveDate, Vec<String>) {
    let mut dice = Dice::new(seed);
    let (book, changes) = books::vary(shipped, &mut dice);
    let (maker, through) = begin_under(book, dice, "");
    (maker, through, changes)
}

fn begin_under(book: RuleBook, mut dice: Dice, names: &str) -> (Maker, NaiveDate) {
    let dates = Dates::new(&mut dice, &book);
    let partners = (0..dice.between(1, 3)).map(|number| partner(&format!("{names}P-{number}"))).collect();
    let mut maker = Maker { dice, dates, partners, events: Vec::new(), book, names: names.to_owned() };
    maker.set_up();
    for _ in 0..maker.dice.between(3, 40) {
        maker.event();
    }
    maker.more();
    let through = maker.dates.through(&mut maker.dice);
    (maker, through)
}

fn partner(name: &str) -> PartnerId {
    PartnerId::parse(name).expect("a plain id")
}

impl Maker {
    fn chance(&mut self, of: u64) -> bool {
        self.dice.between(1, of) == 1
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.dice.place(choices.len())].clone()
    }

    fn a_partner(&mut self) -> PartnerId {
        let partners = self.partners.clone();
        self.one_of(&partners)
    }

    /// A new event of the partner, from one of two sources, with an id whose order says nothing.
    fn push(&mut self, partner: Option<PartnerId>, on: NaiveDate, payload: Payload) {
        let source = match (&partner, &payload) {
            (None, _) => self.one_of(&["rates", "rates", "rates", "ledger", "elsewhere"]),
            (_, Payload::ManualAdjustment(_)) => "ledger",
            _ => self.one_of(&["alpha", "alpha", "beta"]),
        };
        self.push_from(source, partner, on, payload);
    }

    fn push_from(&mut self, source: &str, partner: Option<PartnerId>, on: NaiveDate, payload: Payload) {
        let event_id = format!("{}{:02x}-{}", self.names, self.dice.between(0, 255), self.events.len());
        let seq = self.one_of(&[0, 0, 0, 0, 1, 2]);
        self.events.push(Envelope {
            id: EventRef {
                source: SourceId::parse(source).expect("a plain id"),
                event_id: EventId::parse(&event_id).expect("a plain id"),
            },
            partner_id: partner,
            effective_on: on,
            seq,
            source_seq: None,
            payload,
        });
    }

    /// What happens because of what happened: who was offboarded comes back, and claims ask for what is in the lots. Both
    /// as the model sees them.
    fn answer(&mut self, through: NaiveDate) {
        let so_far = figures(&self.book, through, &self.events);
        for partner in self.partners.clone() {
            let rows = |view: &str| so_far[partner.as_str()][view].as_array().cloned().unwrap_or_default();
            for row in rows("standing").iter().filter(|row| row["state"] == "offboarded") {
                if self.chance(2) {
                    let on = row["on"].as_str().and_then(daybook_event::date_parse);
                    self.comeback(&partner, on.expect("a date"));
                }
            }
            for row in rows("payouts").iter() {
                let is_paid = row["paid"].as_str().is_some_and(|paid| paid != "0.00");
                if is_paid && self.chance(2) {
                    self.lapse_around(&partner, row);
                }
            }
            let lots = rows("lots");
            let usable = lots.iter().filter(|lot| lot["state"] == "usable").count();
            // Without a usable lot every claim ends as the same refusal: a few of those are enough.
            let longer = lots.iter().filter(|lot| self.is_longer(lot)).count();
            let claims = if longer > 0 {
                self.dice.between(4, 9)
            } else if usable > 0 {
                self.dice.between(2, 7)
            } else {
                self.dice.between(0, 3) / 2
            };
            for _ in 0..claims {
                self.claim(&partner, &lots);
            }
        }
    }
}
