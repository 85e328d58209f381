//! Folds partners with few lines over many months, and takes the digest of their rows: what a replay costs beside its lines.
//!
//! For an instruction count: `valgrind --tool=callgrind target/release/examples/months_of_partners PARTNERS MONTHS LINES`,
//! with so many lines a month; `through` is four years after the last of them, as in a ledger that is read later.

use chrono::{Days, NaiveDate};
use daybook_event::{
    Amount, Currency, EventId, EventRef, Month, PartnerId, PartnerStanding, Position, Product, Segment, SourceId,
    StandingValue,
};
use daybook_rules::model::RuleBook;
use daybook_rules::{RuleLibrary, shipped_rule_files};
use daybook_views::{
    Digest, Fact, FactKind, FxTable, Line, LineKind, PartnerHistory, Reversals, digest_of_partner, digest_of_views,
    fold_partner,
};

const FACTS: [&str; 7] = [
    "mpn_membership",
    "reseller_agreement",
    "competency:gold:cloud_productivity",
    "invitation_accepted",
    "incentive_tool",
    "tax_profile",
    "bank_profile",
];

fn main() {
    let number =
        |at: usize, default: u32| std::env::args().nth(at).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (partners, months, lines) = (number(1, 100), number(2, 24), number(3, 4));
    let first = NaiveDate::from_ymd_opt(2020, 10, 1).unwrap_or_default();
    let Some(book) = RuleLibrary::load(&shipped_rule_files()).0.and_then(|library| library.up_to("2021-10").ok())
    else {
        return eprintln!("the shipped rule files have no version 2021-10");
    };
    let through = Month::of(first).plus(i32::try_from(months).unwrap_or(0) + 48).last_day();
    let digests: Vec<(PartnerId, Digest)> =
        (0..partners).filter_map(|at| folded(&book, at, first, months * lines, lines, through)).collect();
    let digests = digests.iter().map(|(partner_id, digest)| (partner_id, *digest));
    println!("{}", digest_of_views(digests, &daybook_views::PartnerRows::default()));
}

fn folded(
    book: &RuleBook,
    at: u32,
    first: NaiveDate,
    lines: u32,
    of_month: u32,
    through: NaiveDate,
) -> Option<(PartnerId, Digest)> {
    let partner_id = PartnerId::parse(&format!("{}", 4_000_000 + at)).ok()?;
    let mut facts = Vec::new();
    for fact in FACTS {
        let said = PartnerStanding { fact: fact.to_owned(), value: StandingValue::Held };
        facts.push(fact_of(facts.len(), first, FactKind::Standing(said))?);
    }
    for line in 0..lines {
        let on = Month::of(first).plus(i32::try_from(line / of_month).ok()?).first_day();
        let on = on + Days::new(u64::from((line % of_month) * 27 / of_month + at % 2));
        facts.push(fact_of(facts.len(), on, FactKind::Line(line_of(at, line)?))?);
    }
    let history = PartnerHistory::new(facts, Reversals::default());
    let rows = fold_partner(book, &FxTable::default(), &partner_id, &history, through);
    let digest = digest_of_partner(&partner_id, &rows);
    Some((partner_id, digest))
}

fn fact_of(at: usize, effective_on: NaiveDate, kind: FactKind) -> Option<Fact> {
    let id =
        EventRef { source: SourceId::parse("contoso").ok()?, event_id: EventId::parse(&format!("e-{at:06}")).ok()? };
    Some(Fact { id, effective_on, seq: 0, position: Position::new(u64::try_from(at).ok()? + 1), kind })
}

fn line_of(at: u32, line: u32) -> Option<Line> {
    let family = ["Azure", "Microsoft 365", "Dynamics 365", "Windows"][(line % 4) as usize];
    let product = Product { product_id: family.to_owned(), product_family: family.to_owned(), ..Product::default() };
    Some(Line {
        kind: LineKind::Sale,
        customer_id: format!("customer-{}", line % 7),
        subscription_id: format!("subscription-{}", line % 11),
        product,
        segment: Some(Segment::Commercial),
        charge_type: "cycle".to_owned(),
        amount: Amount::parse(&format!("{}.{:02}", (at % 40) * 20 + line % 90, line % 100)).ok()?,
        currency: Currency::USD,
        credits: None,
    })
}
