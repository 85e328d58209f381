//! Months that are closed on the way: what comes after them is late, takes back what they said, or puts it right.

use super::Maker;
use super::books::vary_further;
use super::money::{amount, currency};
use crate::model::facts::billed;
use crate::model::figures::figures;
use crate::model::time::Ym;
use chrono::{Days, NaiveDate};
use daybook_event::{
    Envelope, EventId, EventRef, ExchangeRate, FxRate, LicenseSale, ManualAdjustment, Month, Opening, PartnerId,
    Payload, PeriodClosed, PinnedStatement, Position, Reversal, RuleBookAdopted, SourceId,
};
use daybook_rules::model::RuleBook;

/// The changes of the terms that one adoption brings, each with the book that it leads to.
pub type Adoption = Vec<(String, RuleBook)>;

/// What is still to be closed, and what was recorded so far.
struct Progress {
    sequence: Vec<Envelope>,
    next: Ym,
    through: NaiveDate,
    adoptions: Vec<Adoption>,
}

impl Maker {
    /// The events in order of arrival, with months closed in between: a closing is only asked for, what it says is
    /// computed when it is reached.
    pub(super) fn close(&mut self, through: NaiveDate) -> (Vec<Envelope>, Vec<Adoption>) {
        let mut events = self.events.clone();
        if self.chance(2) {
            self.dice.shuffle(&mut events);
        }
        let of_partners = events.iter().filter(|event| event.partner_id.is_some());
        let first = Ym::of(of_partners.map(|event| event.effective_on).min().unwrap_or(through));
        let late = self.dice.place(events.len() / 4 + 1);
        let rest = events.split_off(events.len() - late);
        let skipped = if self.chance(8) { self.dice.between(1, 4) } else { 0 };
        let next = Ym(first.0 + i32::try_from(skipped).expect("a few"));
        let mut progress = Progress { sequence: events, next, through, adoptions: Vec::new() };
        let mut rest = rest.into_iter();
        for _ in 0..self.one_of(&[1, 2, 2, 3, 4]) {
            self.close_some(&mut progress);
            for _ in 0..self.dice.between(0, 6) {
                self.after(&mut progress);
            }
            progress.sequence.extend(rest.by_ref().take(self.dice.place(3)));
            if self.chance(3) {
                self.adopt(&mut progress);
            }
        }
        progress.sequence.extend(rest);
        (progress.sequence, progress.adoptions)
    }

    fn close_some(&mut self, progress: &mut Progress) {
        for _ in 0..self.one_of(&[1, 2, 3, 6, 9]) {
            let month = progress.next;
            if month.last_day() > progress.through {
                return;
            }
            let days = self.one_of(&[0, 0, 1, 20, 45, 200]);
            let on = month.last_day() + Days::new(days);
            if self.chance(30) {
                self.odd_closing(progress, on);
            }
            // Statements are computed on what was known a little while before.
            let unseen = self.one_of(&[0, 0, 0, 0, 1, 2]);
            // Early enough, mostly, to count on the date that is asked for.
            let on = if on > progress.through && !self.chance(6) { month.last_day() } else { on };
            progress.sequence.push(closing("ledger", month, on, unseen));
            progress.next.0 += 1;
        }
    }

    /// One that never counts: out of order, before its month is over, of another source; or a statement nobody can read.
    fn odd_closing(&mut self, progress: &mut Progress, on: NaiveDate) {
        let month = progress.next;
        let odd = match self.dice.between(0, 3) {
            0 => odd_one(closing("ledger", Ym(month.0 + 2), on + Days::new(62), 0)),
            1 => closing("alpha", month, on, 0),
            2 => odd_one(closing("ledger", month, month.first_day(), 0)),
            _ => {
                let partner_id = self.a_partner();
                let payload = Payload::PinnedStatement(PinnedStatement {
                    month: of(month),
                    partner_id: partner_id.clone(),
                    rows: b"{".to_vec(),
                });
                act("ledger", &format!("unreadable-{month}"), Some(partner_id), on, payload)
            }
        };
        progress.sequence.push(odd);
    }

    /// Something that concerns closed months, or nothing that does.
    fn after(&mut self, progress: &mut Progress) {
        let partner = self.a_partner();
        let of_partner: Vec<Envelope> =
            progress.sequence.iter().filter(|event| event.partner_id.as_ref() == Some(&partner)).cloned().collect();
        let is_line = |event: &&Envelope| billed(event).is_some() && Ym::of(event.effective_on) < progress.next;
        let lines: Vec<Envelope> = of_partner.iter().filter(is_line).cloned().collect();
        let before = self.events.len();
        match self.dice.between(0, 13) {
            0..=2 if !lines.is_empty() => self.line_again(&partner, &lines),
            3 if !lines.is_empty() => self.credit_of(&partner, &lines),
            4..=6 if !lines.is_empty() => self.taken_back(&partner, &lines),
            7 => self.rate_of_closed_month(progress),
            8 => self.adjustment_near(&partner, progress),
            9 => self.adjustment_taken_back(&partner, &of_partner),
            10 => self.opening_too_late(&partner, progress),
            11 => self.closing_taken_back(progress),
            12 => self.claims_of(&partner, progress),
            _ => self.event(),
        }
        progress.sequence.extend(self.events[before..].iter().cloned());
    }

    fn line_again(&mut self, partner: &PartnerId, lines: &[Envelope]) {
        let line = self.one_of(lines);
        let (billed, currency) = self.billed_amount(partner);
        let Payload::LicenseSale(sale) = line.payload else { return self.event() };
        let payload = Payload::LicenseSale(LicenseSale { amount: billed, currency, credits: None, ..sale });
        self.push(Some(partner.clone()), line.effective_on, payload);
    }

    /// Of a line of any month, dated soon after it or in an open month.
    fn credit_of(&mut self, partner: &PartnerId, lines: &[Envelope]) {
        let target = self.one_of(lines);
        let Payload::LicenseSale(sale) = &target.payload else { return self.event() };
        let on = self.dates.after(&mut self.dice, target.effective_on);
        let credits = Some(target.id.event_id.clone());
        let part = self.one_of(&["-10.00", "-1000.00", "-5000.01"]);
        let whole = sale.amount.to_string();
        let whole = whole.strip_prefix('-').map_or_else(|| format!("-{whole}"), str::to_owned);
        let credited = if self.chance(2) { whole } else { part.to_owned() };
        let payload = Payload::LicenseSale(LicenseSale { amount: amount(&credited), credits, ..sale.clone() });
        self.push_from(target.id.source.as_str(), Some(partner.clone()), on, payload);
    }

    /// A reversal of a line; mostly with what should have been said instead, after it or before.
    fn taken_back(&mut self, partner: &PartnerId, lines: &[Envelope]) {
        let target = self.one_of(lines);
        let source = target.id.source.as_str();
        let reversal = Reversal { reverses: target.id.event_id.clone(), reason: String::new() };
        let on = self.dates.after(&mut self.dice, target.effective_on);
        let is_after = !self.chance(4);
        if is_after {
            self.push_from(source, Some(partner.clone()), on, Payload::Reversal(reversal.clone()));
        }
        if let (Payload::LicenseSale(sale), false) = (&target.payload, self.chance(4)) {
            let (billed, currency) = self.billed_amount(partner);
            let payload = Payload::LicenseSale(LicenseSale { amount: billed, currency, ..sale.clone() });
            self.push_from(source, Some(partner.clone()), target.effective_on, payload);
        }
        if !is_after {
            self.push_from(source, Some(partner.clone()), on, Payload::Reversal(reversal));
        }
    }

    fn rate_of_closed_month(&mut self, progress: &Progress) {
        let code = self.one_of(&["EUR", "GBP"]);
        let in_currency =
            progress.sequence.iter().filter(|event| billed(event).is_some_and(|line| line.currency.as_str() == code));
        let dates: Vec<NaiveDate> = in_currency.map(|event| event.effective_on).collect();
        if dates.is_empty() {
            return self.exchange_rate();
        }
        let on = self.one_of(&dates);
        let rate = ExchangeRate::parse(self.one_of(&["1.15", "0.95"])).expect("a rate");
        let told_on = self.dates.after(&mut self.dice, on);
        let payload = Payload::FxRate(FxRate { currency: currency(code), month: Month::of(on), rate });
        self.push_from("rates", None, told_on, payload);
    }

    fn adjustment_near(&mut self, partner: &PartnerId, progress: &Progress) {
        let months = i32::try_from(self.dice.between(0, 5)).expect("a few") - 4;
        let on = Ym(progress.next.0 + months).day(9);
        let payload = Payload::ManualAdjustment(ManualAdjustment {
            month: of(Ym(progress.next.0 - 2)),
            lever: self.one_of(&["", "core_azure"]).to_owned(),
            rebate: amount(self.one_of(&["70", "-40.01", "300"])),
            coop: amount(self.one_of(&["0", "25", "-5000"])),
            currency: currency(self.one_of(&["USD", "USD", "EUR"])),
            reason: "r".to_owned(),
            approver: "a".to_owned(),
        });
        self.push(Some(partner.clone()), on, payload);
    }

    fn adjustment_taken_back(&mut self, partner: &PartnerId, known: &[Envelope]) {
        let is_one = |event: &&Envelope| matches!(event.payload, Payload::ManualAdjustment(_));
        let found: Vec<Envelope> = known.iter().filter(is_one).cloned().collect();
        if found.is_empty() {
            return self.event();
        }
        let target = self.one_of(&found);
        let payload = Payload::Reversal(Reversal { reverses: target.id.event_id, reason: String::new() });
        self.push_from("ledger", Some(partner.clone()), target.effective_on, payload);
    }

    fn opening_too_late(&mut self, partner: &PartnerId, progress: &Progress) {
        let month = Ym(progress.next.0 - 1);
        let opening = if self.chance(2) {
            Opening::Carry { amount: amount("60.00") }
        } else {
            Opening::Lot {
                period: crate::model::time::Period::holding(&self.book, month).label(&self.book),
                accrued: amount("12000.00"),
                state: self.one_of(&["open", "usable"]).to_owned(),
                consumed: amount(self.one_of(&["0", "100"])),
            }
        };
        self.push(Some(partner.clone()), month.day(3), Payload::Opening(opening));
    }

    fn closing_taken_back(&mut self, progress: &Progress) {
        let month = Ym(progress.next.0 - 1);
        let on = month.last_day();
        let (partner, target) = match self.one_of(&[true, false]) {
            true => (None, format!("closed-{month}")),
            false => {
                let partner = self.a_partner();
                (Some(partner.clone()), format!("statement-{month}-{partner}"))
            }
        };
        let reverses = EventId::parse(&target).expect("a plain id");
        self.push_from("ledger", partner, on, Payload::Reversal(Reversal { reverses, reason: String::new() }));
    }

    /// Claims on the lots as they are without anything closed.
    fn claims_of(&mut self, partner: &PartnerId, progress: &Progress) {
        let so_far = figures(&self.book, progress.through, &progress.sequence);
        let lots = so_far[partner.as_str()]["lots"].as_array().cloned().unwrap_or_default();
        self.claim(partner, &lots);
    }

    /// Some changes of the terms, which lead from the book so far to another.
    fn adopt(&mut self, progress: &mut Progress) {
        let mut book = progress.adoptions.iter().flatten().last().map_or(&self.book, |(_, book)| book).clone();
        let mut changes = Vec::new();
        for number in 0..self.dice.between(1, 3) {
            book = vary_further(&book, &mut self.dice);
            changes.push((format!("terms:{}/change-{number}", progress.adoptions.len()), book.clone()));
        }
        let payload = Payload::RuleBookAdopted(RuleBookAdopted {
            files: Vec::new(),
            terms_hash: String::new(),
            adopted_by: "a".to_owned(),
            approver: String::new(),
            reason: "r".to_owned(),
        });
        let id = format!("adopted-{}", progress.adoptions.len());
        progress.sequence.push(act("ledger", &id, None, progress.through, payload));
        progress.adoptions.push(changes);
    }
}

fn of(month: Ym) -> Month {
    Month::parse(&month.to_string()).expect("a month")
}

/// A closing that is asked for: it contains all records so far but the last few.
fn closing(source: &str, month: Ym, on: NaiveDate, unseen: u64) -> Envelope {
    let payload = Payload::PeriodClosed(PeriodClosed {
        month: of(month),
        position: Position::new(unseen),
        root: String::new(),
        terms_hash: String::new(),
        engine_semantics: daybook_views::ENGINE_SEMANTICS,
        statement_digest: String::new(),
        override_reason: String::new(),
        views_digest: String::new(),
        closed_by: "a".to_owned(),
        approver: String::new(),
        reason: "r".to_owned(),
    });
    act(source, &format!("closed-{month}"), None, on, payload)
}

/// Under another name, so that the right one of that month may still come.
fn odd_one(mut closing: Envelope) -> Envelope {
    closing.id.event_id = EventId::parse(&format!("odd-{}", closing.id.event_id)).expect("a plain id");
    closing
}

fn act(source: &str, id: &str, partner_id: Option<PartnerId>, on: NaiveDate, payload: Payload) -> Envelope {
    Envelope {
        id: EventRef {
            source: SourceId::parse(source).expect("a plain id"),
            event_id: EventId::parse(id).expect("a plain id"),
        },
        partner_id,
        effective_on: on,
        seq: 0,
        source_seq: None,
        payload,
    }
}
