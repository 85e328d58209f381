//! Which months are closed.

use chrono::NaiveDate;
use daybook_event::{Envelope, EventRef, Month, Payload, Position};

/// A record that says that a month is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// The month.
    pub month: Month,
    /// The last record that its statements contain.
    pub position: Position,
    /// The record's own position.
    pub recorded: Position,
    /// The through date of its statements.
    pub through: NaiveDate,
    /// The tree's root at `position`, in hex.
    pub root: String,
    /// The hash of the terms of the book in force at `position`, in hex.
    pub terms_hash: String,
    /// The meaning of the fold that made the statements.
    pub engine_semantics: u32,
    /// The digest of the statements, in hex.
    pub statement_digest: String,
    /// The digest of all view rows that the statements were taken from, in hex; empty where the record has none.
    pub views_digest: String,
    /// Why a failing check was overridden; empty where none failed.
    pub override_reason: String,
    /// The record's event.
    pub event: EventRef,
}

impl Closing {
    /// The closing that a record is, if it is one.
    #[must_use]
    pub fn of(recorded: Position, envelope: &Envelope) -> Option<Self> {
        let Payload::PeriodClosed(closed) = &envelope.payload else { return None };
        Some(Self {
            month: closed.month,
            position: closed.position,
            recorded,
            through: envelope.effective_on,
            root: closed.root.clone(),
            terms_hash: closed.terms_hash.clone(),
            engine_semantics: closed.engine_semantics,
            statement_digest: closed.statement_digest.clone(),
            views_digest: closed.views_digest.clone(),
            override_reason: closed.override_reason.clone(),
            event: envelope.id.clone(),
        })
    }

    /// Whether it closes the month after the one closed before it, with statements that could be made then.
    fn follows(&self, before: Option<&Self>) -> bool {
        let is_next = before.is_none_or(|last| self.month == last.month.next() && self.position >= last.recorded);
        let is_past = self.through >= self.month.last_day();
        self.event.source.is_ledger() && is_next && is_past && self.position < self.recorded
    }
}

/// The event id of the closing of a month: a month is closed once.
#[must_use]
pub fn closing_event_id(month: Month) -> String {
    format!("closed-{month}")
}

/// The closings that count, and those that do not.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Closings {
    counting: Vec<Closing>,
    ignored: Vec<Closing>,
}

impl Closings {
    /// Sorts out closings, given in order of position.
    #[must_use]
    pub fn of(recorded: impl Iterator<Item = Closing>) -> Self {
        let mut closings = Self::default();
        for closing in recorded {
            let counts = closing.follows(closings.counting.last());
            let kind = if counts { &mut closings.counting } else { &mut closings.ignored };
            kind.push(closing);
        }
        closings
    }

    /// Those that count on whatever date, in order of month.
    #[must_use]
    pub fn all(&self) -> &[Closing] {
        &self.counting
    }

    /// Those that count on a through date, in order of month: one whose statements know more days does not count yet, nor
    /// does any after it.
    #[must_use]
    pub fn on(&self, through: NaiveDate) -> &[Closing] {
        let count = self.counting.iter().take_while(|closing| closing.through <= through).count();
        &self.counting[..count]
    }

    /// Those that change nothing: out of order, before their month was past, or of a position that they cannot know.
    #[must_use]
    pub fn ignored(&self) -> &[Closing] {
        &self.ignored
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daybook_event::{EventId, PeriodClosed, SourceId, date_parse};

    fn closing(source: &str, month: &str, on: &str, position: u64, recorded: u64) -> Closing {
        let month = Month::parse(month).unwrap();
        let closed = PeriodClosed {
            month,
            position: Position::new(position),
            root: String::new(),
            terms_hash: String::new(),
            engine_semantics: 1,
            statement_digest: String::new(),
            override_reason: String::new(),
            views_digest: String::new(),
            closed_by: String::new(),
            approver: String::new(),
            reason: String::new(),
        };
        let event_id = EventId::parse(&closing_event_id(month)).unwrap();
        let envelope = Envelope {
            id: EventRef { source: SourceId::parse(source).unwrap(), event_id },
            partner_id: None,
            effective_on: date_parse(on).unwrap(),
            seq: 0,
            source_seq: None,
            payload: Payload::PeriodClosed(closed),
        };
        Closing::of(Position::new(recorded), &envelope).unwrap()
    }

    fn counting(closings: &[Closing], through: &str) -> Vec<(String, u64)> {
        let all = Closings::of(closings.iter().cloned());
        let on = all.on(date_parse(through).unwrap());
        on.iter().map(|closing| (closing.month.to_string(), closing.recorded.number())).collect()
    }

    #[test]
    fn months_close_one_after_the_other_each_on_what_the_one_before_left() {
        let closings = [
            closing("ledger", "2021-08", "2021-09-03", 10, 12),
            closing("ledger", "2021-10", "2021-11-03", 20, 21),
            closing("ledger", "2021-08", "2021-10-03", 20, 22),
            closing("ledger", "2021-09", "2021-10-03", 11, 23),
            closing("ledger", "2021-09", "2021-09-29", 23, 24),
            closing("ledger", "2021-09", "2021-10-03", 25, 25),
            closing("contoso", "2021-09", "2021-10-03", 25, 26),
            closing("ledger", "2021-09", "2021-09-30", 12, 27),
            closing("ledger", "2021-10", "2021-12-05", 30, 31),
        ];
        let expected = [("2021-08", 12), ("2021-09", 27), ("2021-10", 31)].map(|(m, at)| (m.to_owned(), at));
        assert_eq!(counting(&closings, "2021-12-31"), expected);
        let ignored: Vec<u64> =
            Closings::of(closings.iter().cloned()).ignored().iter().map(|one| one.recorded.number()).collect();
        assert_eq!(ignored, [21, 22, 23, 24, 25, 26]);
    }

    #[test]
    fn a_closing_counts_from_the_through_date_of_its_statements_and_none_after_it_before() {
        let closings =
            [closing("ledger", "2021-08", "2021-12-03", 10, 12), closing("ledger", "2021-09", "2021-10-03", 12, 13)];
        assert_eq!(counting(&closings, "2021-12-02"), []);
        let both = [("2021-08".to_owned(), 12), ("2021-09".to_owned(), 13)];
        assert_eq!(counting(&closings, "2021-12-03"), both);
    }
}
