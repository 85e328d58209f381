//! Recomputes what the file says, only to flag: the file's subtotal is the amount, whatever the formulas give.
//!
//! Microsoft's published formulas and worked examples contradict each other, and prices are shown cut off. So a line is
//! flagged only when none of the formulas comes within a cent, and what the cut-off price may hide, of the subtotal.

use super::super::{Flag, FlagCode};
use super::columns::{Cells, Column};
use super::values::number;
use daybook_event::Amount;
use rust_decimal::Decimal;

/// Decimals of a billed amount.
const CENTS: u32 = 2;

/// Flags an amount that no published formula gives.
pub(super) fn amount_flag(cells: &Cells, amount: Amount) -> Option<Flag> {
    let expected = match (cells.get(Column::UnitPriceEffective), cells.get(Column::Amount)) {
        ("", "") => return None,
        ("", _) => less_discount(cells),
        (_, _) => price_times_quantity(cells),
    };
    let differs = |detail| Some(Flag { code: FlagCode::AmountDiffers, detail });
    match expected {
        None => differs(format!("{amount} cannot be recomputed: a price, quantity or rate is no usable number")),
        Some(expected) if expected.holds(amount.decimal()) => None,
        Some(expected) => differs(format!("{amount} where the formulas give {}", expected.text())),
    }
}

/// Flags a partner earned credit other than none and 15 %, in either of its notations.
pub(super) fn earned_credit_flag(cells: &Cells) -> Option<Flag> {
    let text = cells.get(Column::EarnedCredit);
    let usual = [Decimal::ZERO, Decimal::new(15, 2), Decimal::new(15, 0)];
    let seen = number(text.strip_suffix('%').unwrap_or(text));
    let fine = text.is_empty() || seen.is_some_and(|seen| usual.contains(&seen));
    (!fine).then(|| Flag { code: FlagCode::EarnedCreditUnusual, detail: format!("{text:?}") })
}

struct Expected {
    candidates: Vec<Decimal>,
    tolerance: Decimal,
}

impl Expected {
    fn holds(&self, amount: Decimal) -> bool {
        self.candidates.iter().any(|candidate| near(amount, *candidate, self.tolerance))
    }

    fn text(&self) -> String {
        let texts: Vec<String> = self.candidates.iter().map(|c| c.normalize().to_string()).collect();
        texts.join(" or ")
    }
}

/// A difference too large to compute is not near.
fn near(amount: Decimal, candidate: Decimal, tolerance: Decimal) -> bool {
    amount.checked_sub(candidate).is_some_and(|difference| difference.abs() <= tolerance)
}

/// The three published ways, each cutting off toward zero:
/// seats: cents(price x rate) x quantity; as the worked examples do: cents(price x rate x quantity);
/// usage: cents(cents(price x quantity) x rate).
fn price_times_quantity(cells: &Cells) -> Option<Expected> {
    let price = number(cells.get(Column::UnitPriceEffective))?;
    let quantity = number_or(cells, Column::Quantity, Decimal::ZERO)?;
    let rate = number_or(cells, Column::ExchangeRate, Decimal::ONE)?;
    let cents = |value: Decimal| value.trunc_with_scale(CENTS);
    let converted = price.checked_mul(rate)?;
    let mut candidates = vec![
        cents(converted).checked_mul(quantity)?,
        cents(converted.checked_mul(quantity)?),
        cents(cents(price.checked_mul(quantity)?).checked_mul(rate)?),
    ];
    candidates.sort();
    candidates.dedup();
    let shown_unit = Decimal::new(1, price.scale().max(CENTS));
    let hidden = shown_unit.checked_mul(quantity.abs())?.checked_mul(rate.abs())?;
    Some(Expected { candidates, tolerance: hidden.checked_add(Decimal::new(1, CENTS))? })
}

fn less_discount(cells: &Cells) -> Option<Expected> {
    let before = number(cells.get(Column::Amount))?;
    let discount = number_or(cells, Column::Discount, Decimal::ZERO)?;
    Some(Expected { candidates: vec![before.checked_sub(discount)?], tolerance: Decimal::new(1, CENTS) })
}

fn number_or(cells: &Cells, column: Column, blank: Decimal) -> Option<Decimal> {
    match cells.get(column) {
        "" => Some(blank),
        text => number(text),
    }
}
