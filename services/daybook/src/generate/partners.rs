//! Partners with what has to be remembered of them, and their customers, who are computed.

use super::catalogue::{Article, CURRENCIES, WEIGHTS, article_at, currency};
use super::chance::{Chance, draw_below, draw_of, guid};
use super::claims::OpenClaim;
use super::lines::SoldLine;
use daybook_event::{Currency, PartnerId, Segment, SourceId};
use std::collections::VecDeque;

/// The distributors. The first keeps a dense count of its events.
pub(super) const SOURCES: [&str; 4] = ["contoso", "fabrikam", "northwind", "tailspin"];

/// Partner ids look like Microsoft's: seven digits. A prime, so that a stride through the range meets each id once.
const ID_RANGE: u64 = 1_000_003;
const ID_FIRST: u64 = 4_000_000;
const ID_STRIDE: u64 = 611_953;

/// Lines kept of a partner as targets of credits and reversals.
const SOLD_MAX: usize = 16;

/// A distributor by its place in [`SOURCES`].
pub(super) fn source(index: usize) -> SourceId {
    SourceId::parse(SOURCES[index]).expect("the table holds ids")
}

/// One partner of the history.
pub(super) struct Partner {
    number: u64,
    /// Its main distributor.
    pub(super) home: usize,
    /// Its place in the table of currencies.
    pub(super) currency: usize,
    /// How many customers it has at the end.
    customers: u64,
    /// Which draws its customers come from.
    key: u64,
    /// Its latest lines that no credit or reversal has named yet.
    sold: VecDeque<SoldLine>,
    /// Its claims that may still move.
    pub(super) claims: Vec<OpenClaim>,
}

impl Partner {
    pub(super) fn new(place: u32, chance: &mut Chance) -> Self {
        let place = u64::from(place);
        let number = ID_FIRST + (place + 1) * ID_STRIDE % ID_RANGE;
        let draw = chance.below(100);
        let usd_to = CURRENCIES[0].1;
        let currency = if draw < usd_to { 0 } else { 1 + usize::from(draw >= usd_to + CURRENCIES[1].1) };
        Self {
            number,
            home: chance.index(SOURCES.len()),
            currency,
            customers: 4 + chance.below(40) + 2_000 / (place + 1),
            key: chance.below(u64::MAX),
            sold: VecDeque::new(),
            claims: Vec::new(),
        }
    }

    /// Its id, as a value of its own.
    pub(super) fn id(&self) -> PartnerId {
        PartnerId::parse(&self.number.to_string()).expect("digits are an id")
    }

    pub(super) fn currency(&self) -> Currency {
        currency(self.currency)
    }

    /// Its price level, in hundredths of the US list.
    pub(super) fn price_level(&self) -> u64 {
        CURRENCIES[self.currency].2
    }

    /// A subscription of one of the customers that it has won by then: a third at the start, all at the end.
    pub(super) fn subscription(&self, day: u64, days: u64, chance: &mut Chance) -> Subscription {
        let won = 1 + (self.customers - 1) * (days + 2 * day) / (3 * days);
        // The lower of two draws: old customers buy more than new ones.
        let customer = chance.below(won).min(chance.below(won));
        let subscriptions = 1 + draw_below(&[self.key, customer, 1], 4);
        Subscription { partner: self.key, home: self.home, customer, number: chance.below(subscriptions) }
    }

    /// Remembers a line that a later credit or reversal may name.
    pub(super) fn sold_push(&mut self, line: SoldLine) {
        if self.sold.len() == SOLD_MAX {
            self.sold.pop_front();
        }
        self.sold.push_back(line);
    }

    /// One of the remembered lines, which is then forgotten: nothing is credited twice.
    pub(super) fn sold_take(&mut self, chance: &mut Chance) -> Option<SoldLine> {
        let at = chance.index(self.sold.len());
        self.sold.remove(at)
    }
}

/// One subscription of one customer of one partner.
#[derive(Clone, Copy)]
pub(super) struct Subscription {
    partner: u64,
    home: usize,
    customer: u64,
    number: u64,
}

impl Subscription {
    pub(super) fn customer_id(&self) -> String {
        let half = |salt| u128::from(draw_of(&[self.partner, self.customer, salt]));
        guid(half(2) << 64 | half(3))
    }

    pub(super) fn id(&self) -> String {
        guid(u128::from(self.draw(4)) << 64 | u128::from(self.draw(5)))
    }

    pub(super) fn segment(&self) -> Segment {
        match draw_below(&[self.partner, self.customer, 6], 100) {
            0..=5 => Segment::Nonprofit,
            6..=10 => Segment::Education,
            11..=13 => Segment::Government,
            _ => Segment::Commercial,
        }
    }

    pub(super) fn article(&self) -> &'static Article {
        article_at(draw_below(&[self.partner, self.customer, self.number, 7], WEIGHTS))
    }

    /// Seats: most customers are small.
    pub(super) fn seats(&self) -> u64 {
        let (one, other) = (self.draw(8) % 12, self.draw(9) % 15);
        1 + one * other
    }

    /// Who bills it: one in five is with another distributor than the partner's main one.
    pub(super) fn source(&self) -> usize {
        if self.draw(10).is_multiple_of(5) { (self.home + 1) % SOURCES.len() } else { self.home }
    }

    fn draw(&self, salt: u64) -> u64 {
        draw_of(&[self.partner, self.customer, self.number, salt])
    }
}
