//! What Microsoft's statement says: rows as the export shows them, and the earnings that they make together.

use daybook_event::{Amount, Currency, Exact, Month, NaiveDate, Overflow, PartnerId};
use std::collections::BTreeMap;

/// Which part of an earning a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EarningPart {
    /// Paid out.
    Rebate,
    /// Accrued as co-op.
    Coop,
    /// Of no kind that our figures have, such as a fee: counted, and never matched.
    Other,
}

/// A row of the export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TheirRow {
    /// Where it stood: the file's place in the list, and its line.
    pub at: (usize, u64),
    /// Microsoft's id of the earning.
    pub earning_id: String,
    /// The partner.
    pub partner_id: PartnerId,
    /// The earning month.
    pub month: Month,
    /// Our lever, where the name is known.
    pub lever: Option<String>,
    /// The lever as named.
    pub lever_named: String,
    /// Which part.
    pub part: EarningPart,
    /// The customer's tenant.
    pub customer_id: String,
    /// The subscription.
    pub subscription_id: String,
    /// The product's id.
    pub product_id: String,
    /// The product's name.
    pub product_name: String,
    /// Microsoft's id of the transaction.
    pub transaction_id: String,
    /// The date of the transaction.
    pub transacted_on: Option<NaiveDate>,
    /// What was sold for, in its own currency.
    pub transaction: Option<(Amount, Currency)>,
    /// The same in program currency.
    pub base: Option<Exact>,
    /// The earning, in program currency.
    pub earned: Exact,
    /// Why it is an adjustment; empty where it is none.
    pub reason: String,
    /// Whether it corrects earlier earnings and is of no transaction.
    pub is_adjustment: bool,
}

/// The rows of one transaction under one lever: the rebate part and the co-op part are rows of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TheirEarning {
    /// The first of the rows.
    pub(super) row: TheirRow,
    /// Every earning id in it.
    pub(super) earning_ids: Vec<String>,
    /// How many rows: each was rounded once.
    pub(super) rows: u32,
    pub(super) rebate: Exact,
    pub(super) coop: Exact,
}

impl TheirEarning {
    fn of(row: TheirRow) -> Self {
        Self { row, earning_ids: Vec::new(), rows: 0, rebate: Exact::ZERO, coop: Exact::ZERO }
    }

    pub(super) fn take(&mut self, row: &TheirRow) -> Result<(), Overflow> {
        let part = if row.part == EarningPart::Coop { &mut self.coop } else { &mut self.rebate };
        *part = part.plus(row.earned)?;
        self.rows += 1;
        self.earning_ids.push(row.earning_id.clone());
        Ok(())
    }

    pub(super) fn is_zero(&self) -> bool {
        self.rebate.is_zero() && self.coop.is_zero()
    }
}

/// Puts the parts of each transaction together, in order of the first row of each.
///
/// A transaction is known by its id; without one by all that the row says of it.
pub(super) fn earnings(rows: &[TheirRow]) -> Result<Vec<TheirEarning>, Overflow> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut earnings: Vec<TheirEarning> = Vec::new();
    for row in rows {
        let of = (&row.customer_id, &row.subscription_id, &row.product_id);
        let transaction = if row.transaction_id.is_empty() {
            format!("{:?}", (row.transacted_on, row.transaction, row.base))
        } else {
            row.transaction_id.clone()
        };
        // An other part, or an adjustment, is never put together with what is matched to a line.
        let kind = (row.part == EarningPart::Other, row.is_adjustment, &row.reason);
        let key = format!("{:?}", (&row.partner_id, row.month, &row.lever_named, of, transaction, kind));
        let place = *places.entry(key).or_insert_with(|| {
            earnings.push(TheirEarning::of(row.clone()));
            earnings.len() - 1
        });
        earnings[place].take(row)?;
    }
    Ok(earnings)
}
