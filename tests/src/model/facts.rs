//! Section 2: which events count, in which order, and whose terms a credit takes over.

use super::number::Num;
use super::time::Ym;
use chrono::NaiveDate;
use daybook_event::{Currency, Envelope, EventId, EventRef, PartnerId, PartnerStanding, Payload, Product, Segment};
use daybook_rules::model::RuleBook;
use std::collections::BTreeSet;

/// The coordinates of a question, with every record that the ledger holds.
pub struct World<'a> {
    /// The terms.
    pub book: &'a RuleBook,
    /// The last date that has happened.
    pub through: NaiveDate,
    /// Every record, in order of position.
    pub records: Vec<&'a Envelope>,
}

/// What is known of one partner.
pub struct Partner<'a> {
    /// What was asked.
    pub world: &'a World<'a>,
    /// Who.
    pub id: &'a PartnerId,
    /// Every record of the partner.
    pub records: Vec<&'a Envelope>,
    /// The facts that count: dated up to the through date, not reversed, in order.
    pub facts: Vec<&'a Envelope>,
    /// The standing facts among them.
    pub standing_facts: Vec<(&'a Envelope, &'a PartnerStanding)>,
    /// The revenue lines among them.
    pub lines: Vec<Line<'a>>,
}

/// A revenue line with what prices it.
#[derive(Clone)]
pub struct Line<'a> {
    /// The event that bills it.
    pub event: &'a Envelope,
    /// What that event says.
    pub own: Billed<'a>,
    /// The line whose terms it takes: itself, or the first of its chain of credits.
    pub priced_by: &'a Envelope,
    /// Whether the line that it credits was taken back.
    pub of_reversed: bool,
    /// In program currency; none: unconverted.
    pub worth: Option<Num>,
    /// What is odd about it.
    pub findings: Vec<&'static str>,
}

/// What an event bills.
#[derive(Clone)]
pub struct Billed<'a> {
    /// A sale; else a change with money.
    pub is_sale: bool,
    /// Who bought.
    pub customer: &'a str,
    /// Under which subscription.
    pub subscription: &'a str,
    /// What.
    pub product: &'a Product,
    /// The customer's segment.
    pub segment: Option<Segment>,
    /// Why it was billed.
    pub charge_type: &'a str,
    /// How much.
    pub amount: Num,
    /// In which currency.
    pub currency: Currency,
    /// The line that it credits.
    pub credits: Option<&'a EventId>,
}

/// A revenue line: every sale, and every change with money.
pub fn billed(event: &Envelope) -> Option<Billed<'_>> {
    match &event.payload {
        Payload::LicenseSale(sale) => Some(Billed {
            is_sale: true,
            customer: &sale.customer_id,
            subscription: &sale.subscription_id,
            product: &sale.product,
            segment: sale.segment,
            charge_type: &sale.charge_type,
            amount: Num::of_amount(&sale.amount),
            currency: sale.currency,
            credits: sale.credits.as_ref(),
        }),
        Payload::SubscriptionChange(change) if !change.amount_delta.is_zero() => Some(Billed {
            is_sale: false,
            customer: &change.customer_id,
            subscription: &change.subscription_id,
            product: &change.product,
            segment: change.segment,
            charge_type: "change",
            amount: Num::of_amount(&change.amount_delta),
            currency: change.currency,
            credits: change.credits.as_ref(),
        }),
        _ => None,
    }
}

/// Where the chain of credits leads from a line, one step.
enum Link<'a> {
    None,
    Unknown,
    Reversed(&'a Envelope),
    To(&'a Envelope),
}

/// A fact's place among the others: date, seq, source, event id, text compared bytewise.
pub fn order(event: &Envelope) -> (NaiveDate, u32, &[u8], &[u8]) {
    (event.effective_on, event.seq, event.id.source.as_str().as_bytes(), event.id.event_id.as_str().as_bytes())
}

/// In the order in which facts count.
pub fn in_order(mut events: Vec<&Envelope>) -> Vec<&Envelope> {
    events.sort_by(|a, b| order(a).cmp(&order(b)));
    events
}

/// Whether some reversal of the same source and partner names the event.
pub fn is_reversed(records: &[&Envelope], event: &EventRef) -> bool {
    records.iter().any(|record| match &record.payload {
        Payload::Reversal(reversal) => record.id.source == event.source && reversal.reverses == event.event_id,
        _ => false,
    })
}

impl<'a> World<'a> {
    /// Of records with one name the first stands.
    pub fn new(book: &'a RuleBook, through: NaiveDate, arrived: &'a [Envelope]) -> Self {
        let mut names = BTreeSet::new();
        let records = arrived.iter().filter(|event| names.insert(&event.id)).collect();
        Self::of(book, through, records)
    }

    /// Of records that the ledger has taken.
    pub fn of(book: &'a RuleBook, through: NaiveDate, records: Vec<&'a Envelope>) -> Self {
        Self { book, through, records }
    }

    /// Every partner that a record names.
    pub fn partner_ids(&self) -> BTreeSet<&'a PartnerId> {
        self.records.iter().filter_map(|event| event.partner_id.as_ref()).collect()
    }

    /// Facts of no partner.
    pub fn of_no_partner(&self) -> Vec<&'a Envelope> {
        self.records.iter().copied().filter(|event| event.partner_id.is_none()).collect()
    }

    /// Whether facts of no partner count from the event's source.
    pub fn is_named(&self, event: &Envelope) -> bool {
        let source = event.id.source.as_str();
        source == "ledger" || self.book.sources_of_no_partner.iter().any(|named| named == source)
    }

    /// The last rate for the currency and month among those dated up to the through date.
    pub fn rate(&self, currency: Currency, month: Ym) -> Option<Num> {
        let of_no_partner = self.of_no_partner();
        let counts = |event: &&Envelope| {
            event.effective_on <= self.through && self.is_named(event) && !is_reversed(&of_no_partner, &event.id)
        };
        let counting = in_order(of_no_partner.iter().copied().filter(counts).collect());
        let mut rates = counting.iter().filter_map(|event| match &event.payload {
            Payload::FxRate(fx) if fx.currency == currency && Ym::of_month(fx.month) == month => Some(&fx.rate),
            _ => None,
        });
        rates.next_back().map(Num::of_exchange)
    }

    /// The currency of the first rule set.
    pub fn program_currency(&self) -> Currency {
        self.book.sets[0].currency
    }

    /// Program currency at the rate of the month, exact.
    pub fn converted(&self, amount: Num, currency: Currency, month: Ym) -> Option<Num> {
        if currency == self.program_currency() {
            return Some(amount);
        }
        self.rate(currency, month).map(|rate| amount.times(rate))
    }
}

impl<'a> Partner<'a> {
    /// What the records say of one partner.
    pub fn new(world: &'a World<'a>, id: &'a PartnerId) -> Self {
        let of_partner = |event: &&&'a Envelope| event.partner_id.as_ref() == Some(id);
        let records: Vec<&Envelope> = world.records.iter().filter(of_partner).copied().collect();
        let counts = |event: &&&Envelope| {
            event.effective_on <= world.through
                && !matches!(event.payload, Payload::Reversal(_))
                && !is_reversed(&records, &event.id)
        };
        let facts = in_order(records.iter().filter(counts).copied().collect());
        let standing_fact = |event: &&'a Envelope| match &event.payload {
            Payload::PartnerStanding(standing) => Some((*event, standing)),
            _ => None,
        };
        let standing_facts = facts.iter().filter_map(standing_fact).collect();
        let mut partner = Self { world, id, records, facts, standing_facts, lines: Vec::new() };
        let lines = partner.facts.iter().filter_map(|event| partner.line(event)).collect();
        partner.lines = lines;
        partner
    }

    fn line(&self, event: &'a Envelope) -> Option<Line<'a>> {
        let own = billed(event)?;
        let (priced_by, of_reversed, finding) = self.priced_by(event);
        let mut findings: Vec<&'static str> = finding.into_iter().collect();
        let month = Ym::of(priced_by.effective_on);
        let mut worth = self.world.converted(own.amount, own.currency, month);
        if let Some(root) = billed(priced_by) {
            if root.currency != own.currency {
                findings.push("CREDIT_OTHER_CURRENCY");
            }
            // The bucket is taken over: of an unconverted line nothing can be given back in a sum.
            if !of_reversed && self.world.converted(root.amount, root.currency, month).is_none() {
                worth = None;
            }
        }
        Some(Line { event, own, priced_by, of_reversed, worth, findings })
    }

    fn link(&self, event: &Envelope) -> Link<'a> {
        let Some(credits) = billed(event).and_then(|own| own.credits) else { return Link::None };
        let is_target = |other: &&&Envelope| {
            other.id.source == event.id.source
                && other.id.event_id == *credits
                && other.effective_on <= self.world.through
                && other.effective_on <= event.effective_on
                && billed(other).is_some()
        };
        match self.records.iter().find(is_target) {
            None => Link::Unknown,
            Some(target) if is_reversed(&self.records, &target.id) => Link::Reversed(target),
            Some(target) => Link::To(target),
        }
    }

    fn is_in_cycle(&self, event: &'a Envelope) -> bool {
        let mut at = event;
        for _ in 0..self.records.len() {
            let Link::To(next) = self.link(at) else { return false };
            if next.id == event.id {
                return true;
            }
            at = next;
        }
        false
    }

    /// The line whose terms price this one, whether it was reversed, and what is odd.
    fn priced_by(&self, event: &'a Envelope) -> (&'a Envelope, bool, Option<&'static str>) {
        match self.link(event) {
            Link::None => (event, false, None),
            Link::Unknown => (event, false, Some("CREDIT_TARGET_UNKNOWN")),
            Link::Reversed(target) => (target, true, Some("CREDIT_OF_REVERSED")),
            Link::To(target) if self.is_in_cycle(target) => (event, false, Some("CREDIT_CYCLE")),
            Link::To(target) => {
                let (root, of_reversed, _) = self.priced_by(target);
                (root, of_reversed, of_reversed.then_some("CREDIT_OF_REVERSED"))
            }
        }
    }

    /// The last value of a standing fact among those dated up to the date.
    pub fn fact_on(&self, fact: &str, date: NaiveDate) -> Option<(&'a Envelope, &'a PartnerStanding)> {
        let mut up_to = self.standing_facts.iter().filter(|(event, _)| event.effective_on <= date);
        up_to.rfind(|(_, standing)| standing.fact == fact).copied()
    }
}
