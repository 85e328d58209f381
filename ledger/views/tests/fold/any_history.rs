//! What holds for every history, however odd.

use crate::partner::{ENTRY_FACTS, ONBOARDING_FACTS, Partner, azure, book, date, rows_of};
use chrono::{Days, NaiveDate};
use daybook_event::{
    Amount, ClaimState, CoopClaim, Currency, Envelope, EventId, Exact, ExchangeRate, FxRate, ManualAdjustment, Month,
    Opening, PartnerStanding, Payload, Position, Product, Reversal, StandingValue,
};
use daybook_rules::model::RuleBook;
use daybook_views::rows::{LotRow, PayoutRow};
use daybook_views::{FactsOfNoPartner, FxTable, PartnerRows};
use proptest::prelude::*;
use std::sync::LazyLock;

static BOOK: LazyLock<RuleBook> = LazyLock::new(book);

/// One fact in numbers: what, when, which other event it names, and how much of what.
pub(crate) type Rolled = (u8, u64, u32, u8, usize);

pub(crate) const AMOUNTS: [&str; 8] =
    ["0", "0.01", "-25.125", "30000", "300000", "-4000", "999999999999.999999999", "-7"];
const FACTS: [&str; 4] = ["mpn_membership", "bank_profile", "own_tenant:C-1", "competency:silver:cloud_productivity"];
const PERIODS: [&str; 4] = ["FY21H2", "FY22H1", "FY22H2", "never"];
const LOT_STATES: [&str; 3] = ["open", "usable", "converted"];

pub(crate) fn day(at: u64) -> NaiveDate {
    date("2021-06-01") + Days::new(at)
}

pub(crate) fn payload((what, at, number, of, how_much): Rolled) -> Payload {
    let amount = Amount::parse(AMOUNTS[how_much]).unwrap();
    let currency = if number == 0 { "EUR" } else { "USD" };
    let named = format!("e-{of}");
    match what {
        0..6 => Payload::LicenseSale(azure(AMOUNTS[how_much], currency, None)),
        6..10 => Payload::LicenseSale(azure(AMOUNTS[how_much], currency, Some(&named))),
        10 => Payload::Reversal(Reversal { reverses: EventId::parse(&named).unwrap(), reason: String::new() }),
        11 => Payload::PartnerStanding(PartnerStanding {
            fact: FACTS[usize::from(of) % FACTS.len()].to_owned(),
            value: if number == 0 { StandingValue::Lapsed } else { StandingValue::Held },
        }),
        12 => Payload::Opening(opening(at, of, amount)),
        13 => Payload::ManualAdjustment(ManualAdjustment {
            month: Month::of(day(at)),
            lever: String::new(),
            rebate: amount,
            coop: amount,
            currency: Currency::parse(currency).unwrap(),
            reason: String::new(),
            approver: String::new(),
        }),
        _ => Payload::CoopClaim(CoopClaim {
            claim_id: format!("CL-{}", of % 3),
            state: ClaimState::ALL[usize::from(of) % ClaimState::ALL.len()].0,
            activity: "telemarketing".to_owned(),
            activity_start: (number > 0).then(|| day(at.saturating_sub(40))),
            activity_end: Some(day(at)),
            amount: (of % 2 == 0).then_some(amount),
            currency: Some(Currency::parse(currency).unwrap()),
            evidence: String::new(),
        }),
    }
}

fn opening(at: u64, of: u8, amount: Amount) -> Opening {
    let of = usize::from(of);
    match of % 3 {
        0 => Opening::Carry { amount },
        1 => Opening::Revenue {
            customer_id: "C-9".to_owned(),
            product: Product { product_id: of.to_string(), ..Product::default() },
            month: Month::of(day(at)).plus(1 - i32::try_from(of % 5).unwrap()),
            amount,
        },
        _ => Opening::Lot {
            period: PERIODS[of % PERIODS.len()].to_owned(),
            accrued: amount,
            state: LOT_STATES[of % LOT_STATES.len()].to_owned(),
            consumed: Amount::parse(AMOUNTS[of % AMOUNTS.len()]).unwrap(),
        },
    }
}

fn envelopes(rolled: &[Rolled]) -> Vec<Envelope> {
    let mut partner = Partner::default();
    partner.hold("2021-06-01", &ENTRY_FACTS);
    partner.hold("2021-06-01", &ONBOARDING_FACTS);
    for (at, rolled) in rolled.iter().enumerate() {
        partner.add(&format!("e-{}", at + 8), day(rolled.1), rolled.2, payload(*rolled));
    }
    partner.into_envelopes()
}

/// Euros have a rate in every second month.
fn rates(book: &RuleBook, through: NaiveDate) -> FxTable {
    let mut facts = FactsOfNoPartner::default();
    for at in 0..12 {
        let fx = FxRate {
            currency: Currency::parse("EUR").unwrap(),
            month: Month::of(day(0)).plus(2 * at),
            rate: ExchangeRate::parse("1.0987654321").unwrap(),
        };
        let mut of_rate = Partner::default();
        of_rate.add(&format!("fx-{at}"), day(0), 0, Payload::FxRate(fx));
        let mut envelope = of_rate.into_envelopes().remove(0);
        envelope.partner_id = None;
        envelope.id.source = daybook_event::SourceId::parse("rates").unwrap();
        facts.add(Position::new(1), &envelope);
    }
    facts.fx_counting(book, through)
}

pub(crate) fn total(parts: &[Exact]) -> Exact {
    parts.iter().fold(Exact::ZERO, |sum, part| sum.plus(*part).unwrap())
}

fn lot_closes(lot: &LotRow) -> bool {
    let went = total(&[lot.converted, lot.consumed, lot.reserved, lot.available, lot.forfeited]);
    let never_negative = [lot.consumed, lot.reserved, lot.available, lot.forfeited, lot.overdrawn];
    (lot.state == "open" || total(&[lot.accrued, lot.overdrawn]) == went)
        && never_negative.iter().all(|part| !part.is_negative())
}

fn payout_closes(row: &PayoutRow) -> bool {
    let came = total(&[row.rebate, row.converted, row.true_up, row.carried_in]);
    came == total(&[row.paid, row.held, row.forfeited, row.carried_out])
}

pub(crate) fn check(rows: &PartnerRows) -> Result<(), TestCaseError> {
    for row in &rows.postings {
        prop_assert_eq!(row.earned, total(&[row.rebate, row.coop]));
    }
    for lot in &rows.lots {
        prop_assert!(lot_closes(lot), "{:?}", lot);
    }
    for row in &rows.payouts {
        prop_assert!(payout_closes(row), "{:?}", row);
    }
    for row in &rows.conservation {
        let ineligible = total(&row.ineligible.values().copied().collect::<Vec<_>>());
        let buckets = total(&[row.earning, ineligible, row.unmatched, row.capped, row.provisional_noterms]);
        prop_assert_eq!(row.billed, buckets);
    }
    Ok(())
}

proptest! {
    /// Every sum closes, nothing panics, and neither the order of arrival nor what happens later changes a row.
    #[test]
    fn every_sum_closes_in_whatever_order_facts_arrive(
        rolled in proptest::collection::vec((0_u8..18, 0_u64..700, 0_u32..3, 0_u8..60, 0_usize..AMOUNTS.len()), 0..60),
        later in 0_u64..900,
        limit in 0_usize..4,
    ) {
        // Amounts at the limit make the whole partner overflow: only some histories have them.
        let fits = |rolled: &Rolled| limit == 0 || rolled.4 != 6;
        let rolled: Vec<Rolled> = rolled.into_iter().filter(fits).collect();
        let (mut envelopes, through) = (envelopes(&rolled), day(later));
        let fx = rates(&BOOK, through);
        let rows = rows_of(&envelopes, &BOOK, &fx, through);
        check(&rows)?;
        envelopes.reverse();
        prop_assert_eq!(&rows, &rows_of(&envelopes, &BOOK, &fx, through));
        envelopes.retain(|envelope| envelope.effective_on <= through || matches!(envelope.payload, Payload::Reversal(_)));
        let known = rows_of(&envelopes, &BOOK, &fx, through);
        prop_assert_eq!((rows.payouts, rows.lots, rows.claims), (known.payouts, known.lots, known.claims));
    }
}
