//! Opening balances.

use super::sales::product_read;
use crate::fault::{Checked, DecodeFault};
use crate::field;
use crate::wire;
use crate::wire::opening::{Balance, Carry, CustomerSince, Lot, Revenue};
use daybook_event::Opening;

/// The states that a lot may stand in before the first event.
const LOT_STATES: [((), &str); 3] = [((), "open"), ((), "usable"), ((), "converted")];

pub(super) fn opening_read(wire: wire::Opening) -> Checked<Opening> {
    match wire.balance {
        Some(Balance::CustomerSince(since)) => customer_since_read(since).map_err(|f| f.within("customer_since")),
        Some(Balance::Revenue(revenue)) => revenue_read(revenue).map_err(|f| f.within("revenue")),
        Some(Balance::Lot(lot)) => lot_read(lot).map_err(|f| f.within("lot")),
        Some(Balance::Carry(carry)) => carry_read(&carry).map_err(|f| f.within("carry")),
        None => {
            let fault = "is missing: none of customer_since, revenue, lot, carry is there";
            Err(DecodeFault::invalid("balance", fault))
        }
    }
}

fn customer_since_read(since: CustomerSince) -> Checked<Opening> {
    Ok(Opening::CustomerSince {
        customer_id: field::text_required("customer_id", since.customer_id)?,
        product_group: field::text_required("product_group", since.product_group)?,
        since_on: field::date("since_on", &since.since_on)?,
    })
}

fn revenue_read(revenue: Revenue) -> Checked<Opening> {
    Ok(Opening::Revenue {
        customer_id: field::text_required("customer_id", revenue.customer_id)?,
        product: product_read(revenue.product_id, revenue.sku_id, revenue.product_name, revenue.product_family)?,
        month: field::month(&revenue.month)?,
        amount: field::amount("amount", &revenue.amount)?,
    })
}

fn lot_read(lot: Lot) -> Checked<Opening> {
    field::word("state", &lot.state, &LOT_STATES)?;
    Ok(Opening::Lot {
        period: field::text_required("period", lot.period)?,
        accrued: field::amount("accrued", &lot.accrued)?,
        state: lot.state,
        consumed: field::amount_or_zero("consumed", &lot.consumed)?,
    })
}

fn carry_read(carry: &Carry) -> Checked<Opening> {
    Ok(Opening::Carry { amount: field::amount("amount", &carry.amount)? })
}

pub(super) fn opening_write(opening: &Opening) -> wire::Opening {
    let balance = match opening {
        Opening::CustomerSince { customer_id, product_group, since_on } => Balance::CustomerSince(CustomerSince {
            customer_id: customer_id.clone(),
            product_group: product_group.clone(),
            since_on: since_on.to_string(),
        }),
        Opening::Revenue { customer_id, product, month, amount } => Balance::Revenue(Revenue {
            customer_id: customer_id.clone(),
            product_id: product.product_id.clone(),
            sku_id: product.sku_id.clone(),
            product_name: product.product_name.clone(),
            product_family: product.product_family.clone(),
            month: month.to_string(),
            amount: amount.to_string(),
        }),
        Opening::Lot { period, accrued, state, consumed } => Balance::Lot(Lot {
            period: period.clone(),
            accrued: accrued.to_string(),
            state: state.clone(),
            consumed: consumed.to_string(),
        }),
        Opening::Carry { amount } => Balance::Carry(Carry { amount: amount.to_string() }),
    };
    wire::Opening { balance: Some(balance) }
}
