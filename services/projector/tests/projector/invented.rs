//! Histories under the invented terms of `ledger/rules/synthetic`, whose levers, gates and dates the shipped ones have not
//! all: growth, new customers, caps, computed competencies, payouts that wait, co-op that may be used for longer.

use crate::bench::with_treasury;
use crate::history::{Maker, Palette, date, made_of, product, sale, standing};
use chrono::{Days, NaiveDate};
use daybook_event::{
    Amount, CertificationEarned, ClaimState, CoopClaim, Currency, Envelope, Month, Opening, Payload, RuleFile, Sealed,
    Segment,
};
use daybook_rules::RuleLibrary;
use daybook_rules::model::RuleBook;
use std::path::Path;
use std::sync::Arc;

/// Claims of a use that only the extension lets through begin so.
pub(crate) const LONGER: &str = "L-";

const PALETTE: Palette = Palette {
    facts: &[
        "reseller_agreement",
        "competency:silver:networks",
        "tax_profile",
        "bank_profile",
        "capability_points:cloud",
        "competency:gold:data",
    ],
    products: &[
        ("Invented Cloud", "Cloud"),
        ("Invented Cloud", ""),
        ("Suite", ""),
        ("Apps", "Apps"),
        ("Data", "Data"),
        ("Gear", "Gear"),
        ("Gear", "Gear"),
        ("Gift", "Gifts"),
        ("Thing", "Elsewhere"),
    ],
    segments: &[Segment::Commercial, Segment::Nonprofit, Segment::Education, Segment::Government],
    charge_types: &["new", "renew", "upgrade", "change", "convert", "add_seats", "usage", "overage", "cycle"],
    activities: &["merchandise", "webinar", "event", "campaign", "training", "podcast", "webcast", "karaoke"],
    lots: &["FY21H1", "FY21H2", "FY22H1"],
    customers: 6,
    days: 900,
    start,
    more: Some(more),
};

/// The whole invented book.
pub(crate) fn book() -> Arc<RuleBook> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ledger/rules/synthetic");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let rules = paths.filter(|path| path.extension().is_some_and(|ending| ending == "toml"));
    let mut files: Vec<RuleFile> = rules
        .map(|path| RuleFile {
            name: path.file_name().unwrap().to_str().unwrap().to_owned(),
            bytes: std::fs::read(&path).unwrap(),
        })
        .collect();
    files.sort_by(|one, other| one.name.cmp(&other.name));
    let (library, findings) = RuleLibrary::load(&files);
    with_treasury(library.unwrap_or_else(|| panic!("{findings:?}")).current())
}

/// Makes a history of so many events from a seed.
pub(crate) fn history(seed: u64, events: usize) -> Vec<Envelope> {
    made_of(&PALETTE, seed, events)
}

/// Some are let in by a waiver, so that they earn for years; of the others facts and customers decide.
fn start(maker: &mut Maker, name: &str) {
    let on = date("2021-01-01") + Days::new(maker.dice.below(60));
    if maker.dice.percent(60) {
        maker.push("contoso", name, on, standing("waiver", true));
    }
    if maker.dice.percent(60) {
        certification(maker, name, on);
    }
    let market = maker.dice.percent(50);
    maker.push("contoso", name, on, standing("market:DE", market));
}

fn more(maker: &mut Maker) {
    let (name, on) = (maker.name(), maker.day());
    match maker.dice.below(100) {
        0..11 => certification(maker, name, on),
        11..22 => customer_since(maker, name, on),
        22..31 => opened_revenue(maker, name, on),
        31..43 => a_year_apart(maker, name, on),
        43..55 => lapse_around_the_due_day(maker, name, on),
        55..64 => new_customer(maker, name, on),
        64..74 => longer_use(maker, name),
        74..86 => above_a_cap(maker, name, on),
        _ => {
            let facts = ["competency_fee:silver", "waiver", "market:DE", "own_tenant:C-1", "designation:cloud"];
            let fact = *maker.dice.of(&facts);
            let is_held = maker.dice.percent(60);
            maker.push("contoso", name, on, standing(fact, is_held));
        }
    }
}

fn certification(maker: &mut Maker, name: &str, on: NaiveDate) {
    let earned = CertificationEarned {
        person_id: format!("H-{}", maker.dice.below(3)),
        certification: "exam".to_owned(),
        competency_area: (*maker.dice.of(&["networks", "networks", "cloud", "data"])).to_owned(),
        expires_on: maker.dice.percent(30).then(|| on + Days::new(1 + maker.dice.below(300))),
        sealed: Sealed::default(),
    };
    maker.push("contoso", name, on, Payload::CertificationEarned(earned));
}

/// In groups of the terms, and in one that they do not know.
fn customer_since(maker: &mut Maker, name: &str, since_on: NaiveDate) {
    let opening = Opening::CustomerSince {
        customer_id: maker.customer(),
        product_group: (*maker.dice.of(&["cloud", "cloud", "data", "gear", "unheard"])).to_owned(),
        since_on,
    };
    let on = if maker.dice.percent(50) { date("2021-01-01") } else { since_on + Days::new(maker.dice.below(90)) };
    maker.push("contoso", name, on, Payload::Opening(opening));
}

/// Of a month before or in the history, of a customer that also buys in it.
fn opened_revenue(maker: &mut Maker, name: &str, on: NaiveDate) {
    let of_month = Month::of(on).plus(-i32::try_from(maker.dice.below(15)).unwrap());
    let (of_product, family) = *maker.dice.of(&[("Invented Cloud", "Cloud"), ("Data", "Data"), ("Apps", "Apps")]);
    let amount = Amount::parse(&maker.amount()).unwrap();
    let (customer_id, product) = (maker.customer(), product(of_product, family));
    let opening = Opening::Revenue { customer_id, product, month: of_month, amount };
    maker.push("contoso", name, on, Payload::Opening(opening));
}

fn sell(maker: &mut Maker, name: &str, on: NaiveDate, customer: &str, of: (&str, &str), segment: Segment) {
    let amount = maker.amount();
    let mut payload = sale(customer, &amount, "USD", None);
    if let Payload::LicenseSale(sale) = &mut payload {
        (sale.product, sale.segment) = (product(of.0, of.1), Some(segment));
    }
    maker.push("contoso", name, on, payload);
}

/// What grows, or shrinks, from one year to the next.
fn a_year_apart(maker: &mut Maker, name: &str, on: NaiveDate) {
    let customer = maker.customer();
    for days in [0, 365] {
        sell(maker, name, on + Days::new(days), &customer, ("Data", "Data"), Segment::Commercial);
    }
}

/// A customer never seen before, and what it buys in the first months.
fn new_customer(maker: &mut Maker, name: &str, on: NaiveDate) {
    let customer = format!("N-{}", maker.dice.below(1_000));
    for days in [0, maker.dice.below(130)] {
        let segment = *maker.dice.of(&[Segment::Nonprofit, Segment::Government]);
        sell(maker, name, on + Days::new(days), &customer, ("Invented Cloud", "Cloud"), segment);
    }
}

/// One customer's gear, more than its cap has room for, with what gives some of it back.
fn above_a_cap(maker: &mut Maker, name: &str, on: NaiveDate) {
    let (customer, charge_type) = (maker.customer(), *maker.dice.of(&["new", "renew", "change", "convert", "usage"]));
    for amount in ["20500.00", "1000.00", "-900.00"] {
        let mut payload = sale(&customer, amount, "USD", None);
        if let Payload::LicenseSale(sale) = &mut payload {
            (sale.product, sale.charge_type) = (product("Gear", "Gear"), charge_type.to_owned());
        }
        let sold_on = on + Days::new(maker.dice.below(20));
        maker.push("contoso", name, sold_on, payload);
    }
}

/// Tax or bank data that are missing when a payout is due, and come back in time, late or never.
fn lapse_around_the_due_day(maker: &mut Maker, name: &str, on: NaiveDate) {
    let due_on = Month::of(on).last_day() + Days::new(30);
    let fact = *maker.dice.of(&["tax_profile", "bank_profile"]);
    let lapsed_on = due_on - Days::new(maker.dice.below(4));
    maker.push("contoso", name, lapsed_on, standing(fact, false));
    if maker.dice.percent(85) {
        let back_on = due_on + Days::new(*maker.dice.of(&[0, 1, 10, 19, 20, 21, 40]));
        maker.push("contoso", name, back_on, standing(fact, true));
    }
}

/// Co-op of July to December 2021, used after June 2022: to the end of September, or a little too late.
fn longer_use(maker: &mut Maker, name: &str) {
    let start = date("2022-07-01") + Days::new(maker.dice.below(95));
    let claim_id = format!("{LONGER}{}", maker.dice.below(1_000));
    let mut on = start + Days::new(maker.dice.below(60));
    let outcome = *maker.dice.of(&[ClaimState::Approved, ClaimState::Paid, ClaimState::Rejected]);
    for state in [ClaimState::Submitted, outcome] {
        let claim = CoopClaim {
            claim_id: claim_id.clone(),
            state,
            activity: "merchandise".to_owned(),
            activity_start: Some(start),
            activity_end: Some(start + Days::new(maker.dice.below(4))),
            amount: Some(Amount::parse(&format!("{}.50", 1 + maker.dice.below(400))).unwrap()),
            currency: Currency::parse("USD").ok(),
            evidence: String::new(),
        };
        maker.push("contoso", name, on, Payload::CoopClaim(claim));
        on = on + Days::new(1 + maker.dice.below(10));
    }
}
