//! Histories for the tests: everything that can happen to a few partners, in an order of arrival that is as bad as asked.
//! What is bought, held and claimed is the book's own; see `invented` for a book that is not shipped.

use crate::dice::Dice;
use chrono::{Days, NaiveDate};
use daybook_event::{
    Amount, ChangeKind, ClaimState, CoopClaim, Currency, Envelope, EventId, EventRef, ExchangeRate, FxRate,
    LicenseSale, ManualAdjustment, Month, Opening, PartnerId, PartnerStanding, Payload, Product, Reversal, Segment,
    SourceId, StandingValue, SubscriptionChange, date_parse,
};

/// Facts of no partner count from here only.
pub(crate) const TREASURY: &str = "treasury";

pub(crate) fn date(text: &str) -> NaiveDate {
    date_parse(text).unwrap()
}

pub(crate) fn month(text: &str) -> Month {
    Month::parse(text).unwrap()
}

pub(crate) fn partner(text: &str) -> PartnerId {
    PartnerId::parse(text).unwrap()
}

fn currency(text: &str) -> Currency {
    Currency::parse(text).unwrap()
}

pub(crate) fn envelope(source: &str, id: &str, partner_id: &str, on: NaiveDate, payload: Payload) -> Envelope {
    Envelope {
        id: EventRef { source: SourceId::parse(source).unwrap(), event_id: EventId::parse(id).unwrap() },
        partner_id: (!partner_id.is_empty()).then(|| partner(partner_id)),
        effective_on: on,
        seq: 0,
        source_seq: None,
        payload,
    }
}

pub(crate) fn standing(fact: &str, is_held: bool) -> Payload {
    let value = match (fact.starts_with("capability_points:"), is_held) {
        (true, _) => StandingValue::Number(Amount::parse(if is_held { "75" } else { "65" }).unwrap()),
        (false, true) => StandingValue::Held,
        (false, false) => StandingValue::Lapsed,
    };
    Payload::PartnerStanding(PartnerStanding { fact: fact.to_owned(), value })
}

pub(crate) fn reversal(of: &str) -> Payload {
    Payload::Reversal(Reversal { reverses: EventId::parse(of).unwrap(), reason: "never true".to_owned() })
}

pub(crate) fn rate(of: &str, in_month: Month, per_unit: &str) -> Payload {
    Payload::FxRate(FxRate { currency: currency(of), month: in_month, rate: ExchangeRate::parse(per_unit).unwrap() })
}

pub(crate) fn sale(customer: &str, amount: &str, in_currency: &str, credits: Option<&str>) -> Payload {
    Payload::LicenseSale(LicenseSale {
        customer_id: customer.to_owned(),
        subscription_id: format!("S-{customer}"),
        product: product("Azure plan", "Azure"),
        segment: Some(Segment::Commercial),
        quantity: 1,
        metered_quantity: None,
        amount: Amount::parse(amount).unwrap(),
        currency: currency(in_currency),
        charge_type: "new".to_owned(),
        charge_start: None,
        charge_end: None,
        invoice_id: "G1".to_owned(),
        credits: credits.map(|id| EventId::parse(id).unwrap()),
    })
}

pub(crate) fn product(name: &str, family: &str) -> Product {
    let (product_id, sku_id) = ("CFQ7TTC0LCHC".to_owned(), "0002".to_owned());
    Product { product_id, sku_id, product_name: name.to_owned(), product_family: family.to_owned() }
}

/// Everything that the entry and onboarding gates ask for.
pub(crate) const STANDING_FACTS: [&str; 7] = [
    "mpn_membership",
    "reseller_agreement",
    "competency:silver:cloud_productivity",
    "invitation_accepted",
    "incentive_tool",
    "tax_profile",
    "bank_profile",
];

pub(crate) const FIRST_DAY: &str = "2021-01-01";

/// What a history is made of under some book.
pub(crate) struct Palette {
    /// Everything that the entry and onboarding gates ask for.
    pub(crate) facts: &'static [&'static str],
    /// Names and families.
    pub(crate) products: &'static [(&'static str, &'static str)],
    pub(crate) segments: &'static [Segment],
    pub(crate) charge_types: &'static [&'static str],
    pub(crate) activities: &'static [&'static str],
    /// The labels of periods that opening lots are of.
    pub(crate) lots: &'static [&'static str],
    pub(crate) customers: u64,
    pub(crate) days: u64,
    /// What a partner begins with beside the facts.
    pub(crate) start: fn(&mut Maker, &str),
    /// What else happens, as often as everything below together.
    pub(crate) more: Option<fn(&mut Maker)>,
}

/// Under the shipped book.
const SHIPPED: Palette = Palette {
    facts: &STANDING_FACTS,
    products: &[("Azure plan", "Azure"), ("Microsoft 365 E3", "Microsoft 365")],
    segments: &[Segment::Commercial, Segment::Nonprofit],
    charge_types: &["new"],
    activities: &["digital_advertising", "telemarketing", "karaoke"],
    lots: &["FY21H2", "FY22H1"],
    customers: 4,
    days: 730,
    start: |_, _| {},
    more: None,
};

/// Makes a history of so many events from a seed.
pub(crate) fn history(seed: u64, events: usize) -> Vec<Envelope> {
    made_of(&SHIPPED, seed, events)
}

pub(crate) fn made_of(palette: &'static Palette, seed: u64, events: usize) -> Vec<Envelope> {
    let mut maker = Maker { palette, dice: Dice::new(seed), made: Vec::new(), lines: Vec::new() };
    for name in ["P-A", "P-B", "P-C"] {
        for fact in palette.facts {
            let on = date(FIRST_DAY) + Days::new(maker.dice.below(90));
            maker.push("contoso", name, on, standing(fact, true));
        }
        (palette.start)(&mut maker, name);
    }
    while maker.made.len() < events {
        maker.one();
    }
    let Maker { mut dice, mut made, .. } = maker;
    match seed % 3 {
        // As it happened, but for late events; as it happened; in no order at all.
        0 => late(&mut dice, &mut made),
        1 => made.sort_by_key(|envelope| envelope.effective_on),
        _ => dice.shuffle(&mut made),
    }
    made
}

fn late(dice: &mut Dice, made: &mut Vec<Envelope>) {
    made.sort_by_key(|envelope| envelope.effective_on);
    for _ in 0..made.len() / 5 {
        let from = usize::try_from(dice.below(made.len() as u64)).unwrap();
        let envelope = made.remove(from);
        let to = from + usize::try_from(dice.below((made.len() - from + 1) as u64)).unwrap();
        made.insert(to, envelope);
    }
}

pub(crate) struct Maker {
    palette: &'static Palette,
    pub(crate) dice: Dice,
    made: Vec<Envelope>,
    /// Lines so far: partner, id, date.
    lines: Vec<(String, String, NaiveDate)>,
}

impl Maker {
    pub(crate) fn push(&mut self, source: &str, partner_id: &str, on: NaiveDate, payload: Payload) {
        let id = format!("e-{}", self.made.len());
        let mut made = envelope(source, &id, partner_id, on, payload);
        made.seq = u32::try_from(self.dice.below(3)).unwrap();
        self.made.push(made);
    }

    pub(crate) fn day(&mut self) -> NaiveDate {
        date(FIRST_DAY) + Days::new(self.dice.below(self.palette.days))
    }

    pub(crate) fn name(&mut self) -> &'static str {
        self.dice.of::<&str>(&["P-A", "P-A", "P-B", "P-B", "P-C", "P-D"])
    }

    pub(crate) fn customer(&mut self) -> String {
        format!("C-{}", self.dice.below(self.palette.customers))
    }

    fn one(&mut self) {
        if let Some(more) = self.palette.more.filter(|_| self.dice.percent(50)) {
            return more(self);
        }
        let (on, name) = (self.day(), self.name());
        match self.dice.below(100) {
            0..40 => self.line(name, on, None),
            40..55 => self.credit(),
            55..63 => self.reversal(),
            63..75 => self.rate(on),
            75..85 => self.claim(name, on),
            85..91 => {
                let fact = *self.dice.of(self.palette.facts);
                let is_held = self.dice.percent(60);
                self.push("contoso", name, on, standing(fact, is_held));
            }
            91..95 => self.opening(name, on),
            _ => self.adjustment(name, on),
        }
    }

    pub(crate) fn amount(&mut self) -> String {
        let sign = if self.dice.percent(10) { "-" } else { "" };
        format!("{sign}{}.{:02}", self.dice.below(40_000), self.dice.below(100))
    }

    fn line(&mut self, name: &str, on: NaiveDate, credits: Option<String>) {
        self.lines.push((name.to_owned(), format!("e-{}", self.made.len()), on));
        let (amount, customer) = (self.amount(), self.customer());
        let in_currency = *self.dice.of(&["USD", "USD", "EUR", "CHF"]);
        let (name_of, family) = *self.dice.of(self.palette.products);
        if credits.is_none() && self.dice.percent(20) {
            let change = SubscriptionChange {
                customer_id: customer,
                subscription_id: "S-1".to_owned(),
                change: ChangeKind::QuantityChanged,
                quantity_before: 1,
                quantity_after: 2,
                amount_delta: if self.dice.percent(50) { Amount::ZERO } else { Amount::parse(&amount).unwrap() },
                currency: currency(in_currency),
                segment: None,
                product: product(name_of, family),
                credits: None,
            };
            return self.push("contoso", name, on, Payload::SubscriptionChange(change));
        }
        let mut payload = sale(&customer, &amount, in_currency, credits.as_deref());
        if let Payload::LicenseSale(sale) = &mut payload {
            sale.product = product(name_of, family);
            sale.segment = Some(*self.dice.of(self.palette.segments));
            (*self.dice.of(self.palette.charge_types)).clone_into(&mut sale.charge_type);
        }
        self.push("contoso", name, on, payload);
    }

    /// Mostly of an earlier line; sometimes of a later one, of another partner's, of itself or of none.
    fn credit(&mut self) {
        let Some((name, id, line_on)) = (!self.lines.is_empty()).then(|| self.dice.of(&self.lines).clone()) else {
            return;
        };
        let on = match self.dice.below(10) {
            0 => line_on - Days::new(self.dice.below(60)),
            1..4 => line_on + Days::new(self.dice.below(300)),
            _ => line_on + Days::new(self.dice.below(40)),
        };
        let id = match self.dice.below(20) {
            0 => "nothing".to_owned(),
            1 => format!("e-{}", self.made.len()),
            2 => format!("e-{}", self.made.len() + 1),
            _ => id,
        };
        let name = if self.dice.percent(3) { "P-C".to_owned() } else { name };
        self.line(&name, on, Some(id));
    }

    /// Of anything made or still to come, with the partner of its target more often than not.
    fn reversal(&mut self) {
        let on = self.day();
        if self.dice.percent(10) {
            let name = *self.dice.of(&["P-A", "P-E"]);
            return self.push("contoso", name, on, reversal("nothing"));
        }
        let target = self.dice.of(&self.made).clone();
        let name = target.partner_id.as_ref().map(PartnerId::to_string).unwrap_or_default();
        let name = if self.dice.percent(5) { "P-B".to_owned() } else { name };
        self.push(target.id.source.as_str(), &name, on, reversal(target.id.event_id.as_str()));
    }

    fn rate(&mut self, on: NaiveDate) {
        let of = *self.dice.of(&["EUR", "CHF"]);
        let offset = i32::try_from(self.dice.below(6)).unwrap() - 4;
        let per_unit = format!("1.{:04}", self.dice.below(10_000));
        let source = if self.dice.percent(90) { TREASURY } else { "rumour" };
        self.push(source, "", on, rate(of, Month::of(on).plus(offset), &per_unit));
    }

    fn claim(&mut self, name: &str, on: NaiveDate) {
        let state = *self.dice.of(&ClaimState::ALL.map(|(state, _)| state));
        let state = if self.dice.percent(40) { ClaimState::Submitted } else { state };
        let start = on + Days::new(self.dice.below(30));
        let has_amount = state == ClaimState::Submitted || self.dice.percent(60);
        let claim = CoopClaim {
            claim_id: format!("K-{}", self.dice.below(5)),
            state,
            activity: (*self.dice.of(self.palette.activities)).to_owned(),
            activity_start: self.dice.percent(80).then_some(start),
            activity_end: self.dice.percent(80).then_some(start + Days::new(3)),
            amount: has_amount.then(|| Amount::parse(&self.amount()).unwrap()),
            currency: has_amount.then(|| currency(self.dice.of::<&str>(&["USD", "EUR"]))),
            evidence: String::new(),
        };
        self.push("contoso", name, on, Payload::CoopClaim(claim));
    }

    fn opening(&mut self, name: &str, on: NaiveDate) {
        let amount = Amount::parse(&self.amount()).unwrap();
        let opening = match self.dice.below(3) {
            0 => Opening::Carry { amount },
            1 => Opening::Lot {
                period: (*self.dice.of(self.palette.lots)).to_owned(),
                accrued: amount,
                state: "open".to_owned(),
                consumed: Amount::ZERO,
            },
            _ => Opening::Revenue {
                customer_id: "C-0".to_owned(),
                product: product(self.palette.products[0].0, self.palette.products[0].1),
                month: Month::of(on).plus(-1),
                amount,
            },
        };
        self.push("contoso", name, on, Payload::Opening(opening));
    }

    fn adjustment(&mut self, name: &str, on: NaiveDate) {
        let (rebate, coop) = (Amount::parse(&self.amount()).unwrap(), Amount::parse(&self.amount()).unwrap());
        let adjustment = ManualAdjustment {
            month: Month::of(on).plus(-1),
            lever: String::new(),
            rebate,
            coop,
            currency: currency(self.dice.of::<&str>(&["USD", "EUR"])),
            reason: "agreed".to_owned(),
            approver: "someone".to_owned(),
        };
        self.push("ledger", name, on, Payload::ManualAdjustment(adjustment));
    }
}
