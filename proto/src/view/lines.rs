//! Revenue lines of a view, with their fields typed.

use super::View;
use super::value::Value;
use daybook_event::{Amount, ChangeKind, Currency, NaiveDate, PayloadKind, Segment};

/// A license sale, read in place. The fields are those of [`daybook_event::LicenseSale`]; absent text is empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // each field is documented at the owned struct
pub struct SaleView<'a> {
    pub customer_id: &'a str,
    pub subscription_id: &'a str,
    pub product_id: &'a str,
    pub sku_id: &'a str,
    pub product_name: &'a str,
    pub product_family: &'a str,
    pub segment: Option<Segment>,
    pub quantity: i32,
    pub metered_quantity: Option<Amount>,
    pub amount: Amount,
    pub currency: Currency,
    pub charge_type: &'a str,
    pub charge_start: Option<NaiveDate>,
    pub charge_end: Option<NaiveDate>,
    pub invoice_id: &'a str,
    pub credits: Option<&'a str>,
}

/// A subscription change, read in place. The fields are those of [`daybook_event::SubscriptionChange`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // each field is documented at the owned struct
pub struct ChangeView<'a> {
    pub customer_id: &'a str,
    pub subscription_id: &'a str,
    pub change: ChangeKind,
    pub quantity_before: i32,
    pub quantity_after: i32,
    pub amount_delta: Amount,
    pub currency: Currency,
    pub segment: Option<Segment>,
    pub product_id: &'a str,
    pub sku_id: &'a str,
    pub product_name: &'a str,
    pub product_family: &'a str,
    pub credits: Option<&'a str>,
}

impl<'a> View<'a> {
    /// The license sale; none of another kind.
    #[must_use]
    pub fn license_sale(&self) -> Option<SaleView<'a>> {
        if self.kind() != PayloadKind::LicenseSale {
            return None;
        }
        Some(SaleView {
            customer_id: self.text(1),
            subscription_id: self.text(2),
            product_id: self.text(3),
            sku_id: self.text(4),
            product_name: self.text(5),
            product_family: self.text(6),
            segment: word(self.text(7), &Segment::ALL),
            quantity: self.int(8),
            metered_quantity: self.amount(16),
            amount: self.amount(9)?,
            currency: self.currency(10)?,
            charge_type: self.text(11),
            charge_start: self.date(12),
            charge_end: self.date(13),
            invoice_id: self.text(14),
            credits: self.text_optional(15),
        })
    }

    /// The subscription change; none of another kind.
    #[must_use]
    pub fn subscription_change(&self) -> Option<ChangeView<'a>> {
        if self.kind() != PayloadKind::SubscriptionChange {
            return None;
        }
        Some(ChangeView {
            customer_id: self.text(1),
            subscription_id: self.text(2),
            change: word(self.text(3), &ChangeKind::ALL)?,
            quantity_before: self.int(4),
            quantity_after: self.int(5),
            amount_delta: self.amount(6)?,
            currency: self.currency(7)?,
            segment: word(self.text(8), &Segment::ALL),
            product_id: self.text(9),
            sku_id: self.text(10),
            product_name: self.text(11),
            product_family: self.text(12),
            credits: self.text_optional(13),
        })
    }

    /// The money that it bills: of sales and changes.
    #[must_use]
    pub fn money(&self) -> Option<(Amount, Currency)> {
        let (amount, currency) = match self.kind() {
            PayloadKind::LicenseSale => (9, 10),
            PayloadKind::SubscriptionChange => (6, 7),
            _ => return None,
        };
        Some((self.amount(amount)?, self.currency(currency)?))
    }

    pub(super) fn text_optional(&self, number: usize) -> Option<&'a str> {
        Some(self.text(number)).filter(|text| !text.is_empty())
    }

    pub(super) fn amount(&self, number: usize) -> Option<Amount> {
        match self.fields[number - 1] {
            Value::Amount(amount) => Some(amount),
            _ => None,
        }
    }

    pub(super) fn currency(&self, number: usize) -> Option<Currency> {
        Currency::parse(self.text(number)).ok()
    }
}

pub(super) fn word<T: Copy>(text: &str, allowed: &[(T, &'static str)]) -> Option<T> {
    allowed.iter().find(|(_, name)| *name == text).map(|(value, _)| *value)
}
