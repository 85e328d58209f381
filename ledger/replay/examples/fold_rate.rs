//! What folding costs by itself: partners in columns in memory, folded to every row.
//!
//! `fold_rate [EVENTS] [PARTNERS] [THREADS]`. Sizes follow a Zipf distribution; every run makes the same partners.
#![allow(missing_docs, clippy::unwrap_used, clippy::cast_possible_truncation)]

use daybook_event::{
    Amount, Currency, Envelope, EventId, EventRef, ExchangeRate, FxRate, Month, NaiveDate, PartnerId, PartnerStanding,
    Payload, Position, Product, Segment, SourceId, StandingValue, date_parse,
};
use daybook_replay::{ColumnsInMemory, replay_columns};
use daybook_rules::{RuleLibrary, shipped_rule_files};
use daybook_views::{Fact, FactKind, FactsOfNoPartner, Line, LineClasses, LineKind, PartnerColumns, PartnerHistory};
use std::time::Instant;

const MONTHS: i32 = 24;
const FAMILIES: [&str; 5] = ["Microsoft 365", "Azure", "Dynamics 365", "Office 365", "Power Platform"];
const CHARGES: [&str; 4] = ["new", "renew", "cycleCharge", "addQuantity"];
const CURRENCIES: [&str; 6] = ["USD", "USD", "USD", "USD", "EUR", "GBP"];
const FACTS: [&str; 8] = [
    "mpn_membership",
    "reseller_agreement",
    "competency:silver:cloud_productivity",
    "invitation_accepted",
    "incentive_tool",
    "tax_profile",
    "bank_profile",
    "market:US",
];

/// A number from the next, without a pattern that matters here.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }
}

fn first_month() -> Month {
    Month::parse("2020-10").unwrap()
}

fn id(number: u64) -> EventRef {
    EventRef {
        source: SourceId::parse("contoso").unwrap(),
        event_id: EventId::parse(&format!("{number:032x}")).unwrap(),
    }
}

fn fact(number: u64, on: NaiveDate, kind: FactKind) -> Fact {
    Fact { id: id(number), effective_on: on, seq: 0, position: Position::new(number + 1), kind }
}

fn line(chance: &mut Chance, customers: u64, credits: Option<u64>) -> Line {
    let product = chance.below(36);
    let family = FAMILIES[product as usize % FAMILIES.len()];
    Line {
        kind: if chance.below(20) == 0 { LineKind::Change } else { LineKind::Sale },
        customer_id: format!("{:032x}", chance.below(customers)),
        subscription_id: format!("{:032x}", chance.below(customers * 4)),
        product: Product {
            product_id: format!("CFQ7TTC{product:05}"),
            sku_id: "0001".to_owned(),
            product_name: format!("{family} Plan {product}"),
            product_family: family.to_owned(),
        },
        segment: Some(Segment::ALL[chance.below(4) as usize].0),
        charge_type: chance.one(&CHARGES).to_owned(),
        amount: Amount::from_nanos(i128::from(chance.below(100_000)) * 10_000_000).unwrap(),
        currency: Currency::parse(chance.one(&CURRENCIES)).unwrap(),
        credits: credits.map(|number| id(number).event_id),
    }
}

fn partner(number: u64, lines: u64, classes: &mut LineClasses) -> (PartnerId, PartnerColumns) {
    let (mut chance, base) = (Chance(number), number << 32);
    let start = first_month().first_day();
    let held = |(at, name): (usize, &&str)| {
        let standing = PartnerStanding { fact: (*name).to_owned(), value: StandingValue::Held };
        fact(base + at as u64, start, FactKind::Standing(standing))
    };
    let mut facts: Vec<Fact> = FACTS.iter().enumerate().map(held).collect();
    for at in 100..100 + lines {
        let month = first_month().plus(((at - 100) * MONTHS as u64 / lines.max(1)) as i32);
        let credits = (at > 120 && chance.below(50) == 0).then(|| base + at - 1 - chance.below(20));
        let line = line(&mut chance, lines / 40 + 1, credits);
        facts.push(fact(base + at, month.day(chance.below(28) as u32 + 1), FactKind::Line(line)));
    }
    let columns = PartnerColumns::of(&PartnerHistory::new(facts, daybook_views::Reversals::default()), classes);
    (PartnerId::parse(&format!("{:07}", 4_000_000 + number)).unwrap(), columns.unwrap())
}

fn rates() -> FactsOfNoPartner {
    let mut facts = FactsOfNoPartner::default();
    let months = (0..MONTHS).map(|at| first_month().plus(at));
    let pairs = months.flat_map(|month| [("EUR", "1.1834"), ("GBP", "1.3012")].map(|(code, rate)| (month, code, rate)));
    for (at, (month, code, rate)) in pairs.enumerate() {
        let payload = Payload::FxRate(FxRate {
            currency: Currency::parse(code).unwrap(),
            month,
            rate: ExchangeRate::parse(rate).unwrap(),
        });
        let id = EventRef {
            source: SourceId::parse("ledger").unwrap(),
            event_id: EventId::parse(&format!("rate-{at}")).unwrap(),
        };
        let on = month.first_day();
        let envelope = Envelope { id, partner_id: None, effective_on: on, seq: 0, source_seq: None, payload };
        facts.add(Position::new(at as u64 + 1), &envelope);
    }
    facts
}

fn main() {
    let named: Vec<u64> = std::env::args().skip(1).map(|text| text.parse().expect("a whole number")).collect();
    let of = |at: usize, otherwise: u64| named.get(at).copied().unwrap_or(otherwise);
    let (events, partners, threads) = (of(0, 1_000_000), of(1, 1_000), of(2, 1) as usize);
    let book = RuleLibrary::load(&shipped_rule_files()).0.unwrap().current();
    let through = date_parse("2026-11-23").unwrap();
    // Shares of the harmonic sum, in millionths.
    let whole: u64 = (1..=partners).map(|rank| 1_000_000 / rank).sum();
    let mut classes = LineClasses::default();
    let all = (1..=partners).map(|rank| partner(rank, events * (1_000_000 / rank) / whole, &mut classes)).collect();
    let source = ColumnsInMemory::new(classes, all, rates());
    let start = Instant::now();
    let replayed = replay_columns(&source, &book, None, through, threads, |_, _, rows| rows.postings.len()).unwrap();
    let elapsed = start.elapsed();
    let postings: usize = replayed.kept.iter().sum();
    let nanos = elapsed.as_nanos();
    println!("{events} events, {partners} partners, {threads} threads: {elapsed:?}, {postings} postings");
    println!(
        "{} ns a line, {} ns a partner and month of lines",
        nanos / u128::from(events),
        nanos / u128::from(partners * MONTHS as u64)
    );
    println!("digest {}", replayed.digest);
}
