//! Facts that are no lines, and classes, as bytes.

use super::pack::{
    Taker, damaged, put_amount, put_count, put_day, put_day_maybe, put_event, put_month, put_text, put_u32, put_u64,
};
use crate::fact::{Exam, Fact, FactKind, Line, LineKind};
use crate::lines::{BilledClass, LineClass, LineClasses, LinesError};
use daybook_event::{
    ClaimState, CoopClaim, Currency, ManualAdjustment, Opening, PartnerStanding, Product, Segment, StandingValue,
};

const STANDING_HELD: u8 = 0;
const STANDING_LAPSED: u8 = 1;
const STANDING_NUMBER: u8 = 2;
const CERTIFICATION: u8 = 3;
const CLAIM: u8 = 4;
const OPENING_CUSTOMER: u8 = 5;
const OPENING_REVENUE: u8 = 6;
const OPENING_LOT: u8 = 7;
const OPENING_CARRY: u8 = 8;
const ADJUSTMENT: u8 = 9;
/// Not stored: lines are columns.
const LINE: u8 = 10;

fn put_head(out: &mut Vec<u8>, fact: &Fact) -> Result<(), LinesError> {
    put_event(out, &fact.id)?;
    put_day(out, fact.effective_on);
    put_u32(out, fact.seq);
    put_u64(out, fact.position.number());
    Ok(())
}

/// A line alone, in full; none: a moneyless change.
pub(in crate::lines) fn put_line(out: &mut Vec<u8>, fact: &Fact, line: Option<&Line>) -> Result<(), LinesError> {
    put_head(out, fact)?;
    out.push(LINE);
    let Some(line) = line else { return Ok(()) };
    put_class(out, line.kind, &line.product, line.segment, &line.charge_type, line.currency)?;
    put_text(out, &line.customer_id)?;
    put_text(out, &line.subscription_id)?;
    put_amount(out, line.amount);
    put_text(out, line.credits.as_ref().map_or("", |credited| credited.as_str()))
}

/// A fact that is no line.
pub(in crate::lines) fn put_other(out: &mut Vec<u8>, fact: &Fact) -> Result<(), LinesError> {
    put_head(out, fact)?;
    match &fact.kind {
        FactKind::Standing(standing) => {
            out.push(match &standing.value {
                StandingValue::Held => STANDING_HELD,
                StandingValue::Lapsed => STANDING_LAPSED,
                StandingValue::Number(_) => STANDING_NUMBER,
            });
            if let StandingValue::Number(number) = &standing.value {
                put_amount(out, *number);
            }
            put_text(out, &standing.fact)
        }
        FactKind::Certification(exam) => {
            out.push(CERTIFICATION);
            put_text(out, &exam.person_id)?;
            put_text(out, &exam.competency_area)?;
            put_day_maybe(out, exam.expires_on);
            Ok(())
        }
        FactKind::Claim(claim) => put_claim(out, claim),
        FactKind::Opening(opening) => put_opening(out, opening),
        FactKind::Adjustment(adjustment) => put_adjustment(out, adjustment),
        FactKind::Line(_) | FactKind::Moneyless => Err(damaged("a line is not among the lines")),
    }
}

pub(super) fn fact_read(taker: &mut Taker<'_>) -> Result<Fact, LinesError> {
    let id = taker.event()?;
    let effective_on = taker.day()?;
    let seq = taker.u32()?;
    let position = taker.position()?;
    let standing = |fact: &str, value| FactKind::Standing(PartnerStanding { fact: fact.to_owned(), value });
    let kind = match taker.u8()? {
        STANDING_HELD => standing(taker.text()?, StandingValue::Held),
        STANDING_LAPSED => standing(taker.text()?, StandingValue::Lapsed),
        STANDING_NUMBER => {
            let number = taker.amount()?;
            standing(taker.text()?, StandingValue::Number(number))
        }
        CERTIFICATION => FactKind::Certification(Exam {
            person_id: taker.text()?.to_owned(),
            competency_area: taker.text()?.to_owned(),
            expires_on: taker.day_maybe()?,
        }),
        CLAIM => FactKind::Claim(claim_read(taker)?),
        kind @ OPENING_CUSTOMER..=OPENING_CARRY => FactKind::Opening(opening_read(taker, kind)?),
        ADJUSTMENT => FactKind::Adjustment(adjustment_read(taker)?),
        _ => return Err(damaged("a fact is of an unknown kind")),
    };
    Ok(Fact { id, effective_on, seq, position, kind })
}

fn put_claim(out: &mut Vec<u8>, claim: &CoopClaim) -> Result<(), LinesError> {
    out.push(CLAIM);
    put_text(out, &claim.claim_id)?;
    put_text(out, claim.state.as_str())?;
    put_text(out, &claim.activity)?;
    put_day_maybe(out, claim.activity_start);
    put_day_maybe(out, claim.activity_end);
    out.push(u8::from(claim.amount.is_some()));
    if let Some(amount) = claim.amount {
        put_amount(out, amount);
    }
    out.push(u8::from(claim.currency.is_some()));
    if let Some(currency) = claim.currency {
        put_currency(out, currency);
    }
    put_text(out, &claim.evidence)
}

fn claim_read(taker: &mut Taker<'_>) -> Result<CoopClaim, LinesError> {
    Ok(CoopClaim {
        claim_id: taker.text()?.to_owned(),
        state: ClaimState::parse(taker.text()?).ok_or(damaged("the state of a claim is unknown"))?,
        activity: taker.text()?.to_owned(),
        activity_start: taker.day_maybe()?,
        activity_end: taker.day_maybe()?,
        amount: if taker.flag()? { Some(taker.amount()?) } else { None },
        currency: if taker.flag()? { Some(taker.currency()?) } else { None },
        evidence: taker.text()?.to_owned(),
    })
}

fn put_opening(out: &mut Vec<u8>, opening: &Opening) -> Result<(), LinesError> {
    match opening {
        Opening::CustomerSince { customer_id, product_group, since_on } => {
            out.push(OPENING_CUSTOMER);
            put_text(out, customer_id)?;
            put_text(out, product_group)?;
            put_day(out, *since_on);
            Ok(())
        }
        Opening::Revenue { customer_id, product, month, amount } => {
            out.push(OPENING_REVENUE);
            put_text(out, customer_id)?;
            put_product(out, product)?;
            put_month(out, *month);
            put_amount(out, *amount);
            Ok(())
        }
        Opening::Lot { period, accrued, state, consumed } => {
            out.push(OPENING_LOT);
            put_text(out, period)?;
            put_amount(out, *accrued);
            put_text(out, state)?;
            put_amount(out, *consumed);
            Ok(())
        }
        Opening::Carry { amount } => {
            out.push(OPENING_CARRY);
            put_amount(out, *amount);
            Ok(())
        }
    }
}

fn opening_read(taker: &mut Taker<'_>, kind: u8) -> Result<Opening, LinesError> {
    Ok(match kind {
        OPENING_CUSTOMER => Opening::CustomerSince {
            customer_id: taker.text()?.to_owned(),
            product_group: taker.text()?.to_owned(),
            since_on: taker.day()?,
        },
        OPENING_REVENUE => Opening::Revenue {
            customer_id: taker.text()?.to_owned(),
            product: product_read(taker)?,
            month: taker.month()?,
            amount: taker.amount()?,
        },
        OPENING_LOT => Opening::Lot {
            period: taker.text()?.to_owned(),
            accrued: taker.amount()?,
            state: taker.text()?.to_owned(),
            consumed: taker.amount()?,
        },
        _ => Opening::Carry { amount: taker.amount()? },
    })
}

fn put_adjustment(out: &mut Vec<u8>, adjustment: &ManualAdjustment) -> Result<(), LinesError> {
    out.push(ADJUSTMENT);
    put_month(out, adjustment.month);
    put_text(out, &adjustment.lever)?;
    put_amount(out, adjustment.rebate);
    put_amount(out, adjustment.coop);
    put_currency(out, adjustment.currency);
    put_text(out, &adjustment.reason)?;
    put_text(out, &adjustment.approver)
}

fn adjustment_read(taker: &mut Taker<'_>) -> Result<ManualAdjustment, LinesError> {
    Ok(ManualAdjustment {
        month: taker.month()?,
        lever: taker.text()?.to_owned(),
        rebate: taker.amount()?,
        coop: taker.amount()?,
        currency: taker.currency()?,
        reason: taker.text()?.to_owned(),
        approver: taker.text()?.to_owned(),
    })
}

fn put_currency(out: &mut Vec<u8>, currency: Currency) {
    out.extend_from_slice(currency.as_str().as_bytes());
}

fn put_product(out: &mut Vec<u8>, product: &Product) -> Result<(), LinesError> {
    let Product { product_id, sku_id, product_name, product_family } = product;
    [product_id, sku_id, product_name, product_family].into_iter().try_for_each(|text| put_text(out, text))
}

fn product_read(taker: &mut Taker<'_>) -> Result<Product, LinesError> {
    Ok(Product {
        product_id: taker.text()?.to_owned(),
        sku_id: taker.text()?.to_owned(),
        product_name: taker.text()?.to_owned(),
        product_family: taker.text()?.to_owned(),
    })
}

const CLASS_MONEYLESS: u8 = 0;
const CLASS_SALE: u8 = 1;
const CLASS_CHANGE: u8 = 2;

pub(super) fn classes_bytes(classes: &LineClasses) -> Result<Vec<u8>, LinesError> {
    let mut out = Vec::new();
    put_count(&mut out, classes.all().len())?;
    for class in classes.all() {
        let LineClass::Billed(class) = class else {
            out.push(CLASS_MONEYLESS);
            continue;
        };
        put_class(&mut out, class.kind, &class.product, class.segment, &class.charge_type, class.currency)?;
    }
    Ok(out)
}

fn put_class(
    out: &mut Vec<u8>,
    kind: LineKind,
    product: &Product,
    segment: Option<Segment>,
    charge_type: &str,
    currency: Currency,
) -> Result<(), LinesError> {
    out.push(match kind {
        LineKind::Sale => CLASS_SALE,
        LineKind::Change => CLASS_CHANGE,
    });
    put_product(out, product)?;
    put_text(out, segment.map_or("", Segment::as_str))?;
    put_text(out, charge_type)?;
    put_currency(out, currency);
    Ok(())
}

pub(super) fn classes_read(bytes: &[u8]) -> Result<LineClasses, LinesError> {
    let mut taker = Taker(bytes);
    let mut all = Vec::new();
    for _ in 0..taker.count()? {
        let kind = match taker.u8()? {
            CLASS_MONEYLESS => {
                all.push(LineClass::Moneyless);
                continue;
            }
            CLASS_SALE => LineKind::Sale,
            CLASS_CHANGE => LineKind::Change,
            _ => return Err(damaged("a class is of an unknown kind")),
        };
        let product = product_read(&mut taker)?;
        let segment = match taker.text()? {
            "" => None,
            name => Some(Segment::parse(name).ok_or(damaged("a segment is unknown"))?),
        };
        let charge_type = taker.text()?.to_owned();
        all.push(LineClass::Billed(BilledClass { kind, product, segment, charge_type, currency: taker.currency()? }));
    }
    taker.end()?;
    LineClasses::from_all(all)
}
