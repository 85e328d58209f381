//! A partner's history with closings in it: each pins what the fold says at that point.

use crate::partner::{ENTRY_FACTS, ONBOARDING_FACTS, Partner, book, date, event};
use daybook_event::{
    Amount, Currency, Envelope, EventId, EventRef, ExchangeRate, FxRate, ManualAdjustment, Month, Payload,
    PeriodClosed, PinnedStatement, Position, SourceId,
};
use daybook_rules::model::RuleBook;
use daybook_views::rows::{LotRow, PayoutRow, PostingRow, TrueUpRow};
use daybook_views::{
    ClosedMonths, ClosedTerms, Fact, FactsOfNoPartner, PartnerHistory, PartnerRows, PinnedRecord, Reversals, Statement,
    closing_event_id, fold_partner, fold_partner_closed, statement_event_id,
};
use std::sync::{Arc, LazyLock};

/// Everything that the ledger has, of one partner and of none, and the terms of now.
pub(crate) struct Story {
    pub(crate) partner: Partner,
    pub(crate) book: Arc<RuleBook>,
    pub(crate) terms: ClosedTerms,
}

pub(crate) fn month(text: &str) -> Month {
    Month::parse(text).unwrap()
}

/// An operators' event.
pub(crate) fn act(id: &str) -> EventRef {
    EventRef { source: SourceId::parse("ledger").unwrap(), event_id: EventId::parse(id).unwrap() }
}

impl Story {
    /// Nothing happened yet.
    pub(crate) fn new() -> Self {
        static BOOK: LazyLock<Arc<RuleBook>> = LazyLock::new(|| Arc::new(book()));
        let book = Arc::clone(&BOOK);
        Self { partner: Partner::default(), terms: ClosedTerms::unchanged(Arc::clone(&book)), book }
    }

    /// Enrolled from October 2020 on, with 10,000.00 billed in October (240.00 rebate, 160.00 co-op) and 5,000.00 in
    /// November (120.00 and 80.00).
    pub(crate) fn enrolled() -> Self {
        let mut story = Self::new();
        story.partner.hold("2020-10-01", &ENTRY_FACTS);
        story.partner.hold("2020-10-01", &ONBOARDING_FACTS);
        story.partner.bill("s-1", "2020-10-10", "10000.00", None);
        story.partner.bill("s-2", "2020-11-10", "5000.00", None);
        story
    }

    /// Closes a month on the statement that the fold makes of everything so far.
    pub(crate) fn close(&mut self, of: &str, through: &str) {
        let position = Position::new(self.partner.count());
        let rows = self.rows(through);
        let statement = Statement::of(&rows, month(of), position, &Partner::id(), self.book.calendar());
        if let Some(statement) = statement {
            self.pin(of, through, &statement.to_json());
        }
        self.closed(of, through, position);
    }

    pub(crate) fn pin(&mut self, of: &str, through: &str, rows: &[u8]) {
        let partner_id = Partner::id();
        let id = act(&statement_event_id(month(of), &partner_id, date(through), rows));
        let payload = PinnedStatement { month: month(of), partner_id: partner_id.clone(), rows: rows.to_vec() };
        let payload = Payload::PinnedStatement(payload);
        let effective_on = date(through);
        let partner_id = Some(partner_id);
        self.partner.push(Envelope { id, partner_id, effective_on, seq: 0, source_seq: None, payload });
    }

    pub(crate) fn closed(&mut self, of: &str, through: &str, position: Position) {
        let closed = PeriodClosed {
            month: month(of),
            position,
            root: String::new(),
            terms_hash: self.book.terms_hash.clone(),
            engine_semantics: daybook_views::ENGINE_SEMANTICS,
            statement_digest: String::new(),
            override_reason: String::new(),
            views_digest: String::new(),
            closed_by: String::new(),
            approver: String::new(),
            reason: String::new(),
        };
        self.of_no_partner(act(&closing_event_id(month(of))), through, Payload::PeriodClosed(closed));
    }

    pub(crate) fn of_no_partner(&mut self, id: EventRef, on: &str, payload: Payload) {
        let (partner_id, effective_on) = (None, date(on));
        self.partner.push(Envelope { id, partner_id, effective_on, seq: 0, source_seq: None, payload });
    }

    /// What a euro is worth in a month.
    pub(crate) fn rate(&mut self, id: &str, on: &str, of: &str, per_unit: &str) {
        let (currency, rate) = (Currency::parse("EUR").unwrap(), ExchangeRate::parse(per_unit).unwrap());
        let id = EventRef { source: SourceId::parse("rates").unwrap(), ..event(id) };
        self.of_no_partner(id, on, Payload::FxRate(FxRate { currency, month: month(of), rate }));
    }

    pub(crate) fn adjust(&mut self, id: &str, on: &str, concerns: &str, rebate: &str, coop: &str) {
        let adjustment = ManualAdjustment {
            month: month(concerns),
            lever: String::new(),
            rebate: Amount::parse(rebate).unwrap(),
            coop: Amount::parse(coop).unwrap(),
            currency: Currency::parse("USD").unwrap(),
            reason: "agreed".to_owned(),
            approver: "someone".to_owned(),
        };
        self.partner.add(id, date(on), 0, Payload::ManualAdjustment(adjustment));
    }

    fn known(&self) -> (FactsOfNoPartner, PartnerHistory) {
        let (mut facts, mut reversals, mut pinned) = (Vec::new(), Reversals::default(), Vec::new());
        let mut of_no_partner = FactsOfNoPartner::default();
        for (position, envelope) in (1..).map(Position::new).zip(self.partner.envelopes()) {
            if envelope.partner_id.is_none() {
                of_no_partner.add(position, envelope);
                continue;
            }
            reversals.add(position, envelope);
            pinned.extend(PinnedRecord::of(position, envelope));
            facts.extend(Fact::of(envelope.clone(), position));
        }
        (of_no_partner, PartnerHistory::new(facts, reversals).with_pinned(pinned))
    }

    /// The rows, with what is closed kept.
    pub(crate) fn rows(&self, through: &str) -> PartnerRows {
        let (of_no_partner, history) = self.known();
        match ClosedMonths::of(&of_no_partner, &self.book, &self.terms, date(through)) {
            Some(closed) => fold_partner_closed(&closed, &Partner::id(), &history),
            None => self.rows_as_if_open(through),
        }
    }

    /// The rows as if nothing were closed.
    pub(crate) fn rows_as_if_open(&self, through: &str) -> PartnerRows {
        let (of_no_partner, history) = self.known();
        let fx = of_no_partner.fx_counting(&self.book, date(through));
        fold_partner(&self.book, &fx, &Partner::id(), &history, date(through))
    }

    pub(crate) fn true_ups(&self, through: &str) -> Vec<String> {
        self.rows(through).true_ups.iter().map(true_up).collect()
    }

    pub(crate) fn payouts(&self, through: &str) -> Vec<String> {
        self.rows(through).payouts.iter().map(payout).collect()
    }

    pub(crate) fn postings(&self, through: &str) -> Vec<String> {
        self.rows(through).postings.iter().map(posting).collect()
    }

    pub(crate) fn lots(&self, through: &str) -> Vec<String> {
        self.rows(through).lots.iter().map(lot).collect()
    }

    pub(crate) fn findings(&self, through: &str) -> Vec<String> {
        self.rows(through).findings.iter().map(|row| format!("{} {}", row.code, row.events.join(" "))).collect()
    }
}

/// Month booked in, month concerned, rebate, co-op, cause.
fn true_up(row: &TrueUpRow) -> String {
    format!("{} {} {} {} {}", row.month, row.closed_month, row.rebate, row.coop, row.cause)
}

fn posting(row: &PostingRow) -> String {
    format!("{} {} {}", row.month, row.rebate, row.coop)
}

/// Month, rebate, true-up, carried in, paid, carried out; held, forfeited and day due where they are not as usual.
fn payout(row: &PayoutRow) -> String {
    let parts = [row.rebate, row.true_up, row.carried_in, row.paid, row.carried_out].map(|part| part.to_string());
    let mut text = format!("{} {}", row.month, parts.join(" "));
    if !row.held.is_zero() || !row.forfeited.is_zero() {
        text += &format!(" held {} forfeited {}", row.held, row.forfeited);
    }
    if row.due_on != row.month.last_day() + chrono::Days::new(45) {
        text += &format!(" on {}", row.due_on);
    }
    text
}

/// Period, accrued, state, consumed, available.
fn lot(row: &LotRow) -> String {
    format!("{} {} {} {} {}", row.period, row.accrued, row.state, row.consumed, row.available)
}
