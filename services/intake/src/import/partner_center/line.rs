//! One row's cells as a billed line.

use super::super::fault::LineFault;
use super::super::{FaultReason, Flag, FlagCode, Money, ProductHint};
use super::columns::{Cells, Column, LineKind};
use super::values::{amount, date, identifier, mpn, number};
use super::{PartnerCenterOptions, charge_type, check};
use chrono::NaiveDate;
use daybook_event::{Amount, Currency, LicenseSale, PartnerId, Product};
use rust_decimal::{Decimal, RoundingStrategy};

/// A line that is read, checked and waits for its id.
pub(super) struct BilledLine {
    pub(super) sale: LicenseSale,
    /// The first day charged for; without one, the day of the order. See [`dates_of`].
    pub(super) effective_on: NaiveDate,
    /// Whose line it is. A fault here comes after the identity: a line keeps its place among its likes, so that ids do
    /// not move when the partner map learns another customer.
    pub(super) partner: Result<PartnerId, LineFault>,
    pub(super) order_id: String,
    pub(super) reference_id: String,
    /// The exact quantity as the file has it: orders lines of one key.
    pub(super) quantity: Decimal,
    pub(super) flags: Vec<Flag>,
}

/// Reads a billed line.
///
/// `credits` stays empty: a refund row and the row that replaces it share a `ReferenceID`, which joins the two but names
/// no line billed earlier; the refunded line stands on another invoice under an id of its own. So a refund is priced on
/// its own date, unless the publisher says more through the stream.
pub(super) fn billed_line(
    cells: &Cells,
    kind: LineKind,
    invoice: &str,
    options: &PartnerCenterOptions<'_>,
) -> Result<BilledLine, LineFault> {
    let amount = amount_of(cells, kind)?;
    let currency = currency_of(cells)?;
    let (effective_on, charge_start, charge_end) = dates_of(cells)?;
    let quantity = quantity_of(cells)?;
    let customer_id = identifier(cells.get(Column::Customer));
    if customer_id.is_empty() {
        return Err(LineFault::new(FaultReason::CustomerMissing, "CustomerId is blank"));
    }
    let (charge_type, charge_type_flag) = charge_type_of(cells)?;
    let (product, segment) = product_of(cells, options);
    let flags = [check::amount_flag(cells, amount), check::earned_credit_flag(cells), charge_type_flag, quantity.flag];
    let sale = LicenseSale {
        customer_id,
        subscription_id: identifier(cells.get(Column::Subscription)),
        product,
        segment,
        quantity: quantity.whole,
        metered_quantity: quantity.metered,
        amount,
        currency,
        charge_type,
        charge_start,
        charge_end,
        invoice_id: invoice.to_owned(),
        credits: None,
    };
    Ok(BilledLine {
        partner: partner_of(cells, &sale.customer_id, options),
        sale,
        effective_on,
        order_id: identifier(cells.get(Column::Order)),
        reference_id: identifier(cells.get(Column::Reference)),
        quantity: quantity.exact,
        flags: flags.into_iter().flatten().collect(),
    })
}

/// The money of a line of any state, where it can be read: for the report.
pub(super) fn money_of(cells: &Cells) -> Option<Money> {
    Some(Money { currency: currency_of(cells).ok()?, value: number(cells.get(Column::Subtotal))? })
}

/// What an estimate's unreadable cells are; an estimate is no revenue, so that they are no fault.
pub(super) fn estimate_flags(cells: &Cells) -> Vec<Flag> {
    let unreadable = |detail: String| Flag { code: FlagCode::EstimateUnreadable, detail };
    let mut flags = Vec::new();
    let text = cells.get(Column::Subtotal);
    if !text.is_empty() && number(text).is_none() {
        flags.push(unreadable(format!("Subtotal: {text:?} is not a number")));
    }
    for (name, column) in [("ChargeStartDate", Column::ChargeStart), ("UsageDate", Column::UsageDate)] {
        if let Err(fault) = date(name, cells.get(column)) {
            flags.push(unreadable(fault.detail));
        }
    }
    flags.extend(check::earned_credit_flag(cells));
    flags
}

/// The file's own subtotal. A legacy licence file without that column says it as amount less discount.
fn amount_of(cells: &Cells, kind: LineKind) -> Result<Amount, LineFault> {
    let subtotal = cells.get(Column::Subtotal);
    if !subtotal.is_empty() {
        return amount("Subtotal", subtotal);
    }
    let before = cells.get(Column::Amount);
    if kind != LineKind::LegacyLicence || before.is_empty() {
        return Err(LineFault::new(FaultReason::AmountMissing, "Subtotal is blank"));
    }
    let before = amount("Amount", before)?;
    let discount = match cells.get(Column::Discount) {
        "" => Amount::ZERO,
        text => amount("TotalOtherDiscount", text)?,
    };
    amount("Amount", &(before.decimal() - discount.decimal()).to_string())
}

fn currency_of(cells: &Cells) -> Result<Currency, LineFault> {
    let text = cells.get(Column::Currency);
    Currency::parse(&text.to_ascii_uppercase())
        .map_err(|e| LineFault::new(FaultReason::CurrencyInvalid, format!("Currency: {text:?} {e}")))
}

/// The business date and the charge dates.
///
/// The business date is the charge's first day: in every published example it is the day of the purchase, of the change
/// or of the cycle that is billed, and it puts usage into the month it was used in, where the order date is that of the
/// bill. One-time purchases without charge dates count on the day of their order.
fn dates_of(cells: &Cells) -> Result<(NaiveDate, Option<NaiveDate>, Option<NaiveDate>), LineFault> {
    let charge_start = date("ChargeStartDate", cells.get(Column::ChargeStart))?;
    let charge_end = date("ChargeEndDate", cells.get(Column::ChargeEnd))?;
    let effective_on = match charge_start {
        Some(start) => Some(start),
        None => date("OrderDate", cells.get(Column::OrderDate))?,
    };
    let missing = || LineFault::new(FaultReason::DateMissing, "ChargeStartDate and OrderDate are blank");
    Ok((effective_on.ok_or_else(missing)?, charge_start, charge_end))
}

struct Quantity {
    exact: Decimal,
    whole: i32,
    metered: Option<Amount>,
    flag: Option<Flag>,
}

/// Whole seats, or else the metered quantity. Usage files meter to ten and more decimals where an event holds nine: no
/// figure depends on them, so that the rest is rounded and the line flagged, rather than its money kept out.
fn quantity_of(cells: &Cells) -> Result<Quantity, LineFault> {
    let text = cells.get(Column::Quantity);
    let fault = || LineFault::new(FaultReason::QuantityInvalid, format!("Quantity: {text:?} is not a quantity"));
    let exact = if text.is_empty() { Decimal::ZERO } else { number(text).ok_or_else(fault)? };
    if let Some(whole) = exact.is_integer().then(|| i32::try_from(exact.mantissa()).ok()).flatten() {
        return Ok(Quantity { exact, whole, metered: None, flag: None });
    }
    let held = exact.round_dp_with_strategy(9, RoundingStrategy::MidpointNearestEven);
    let metered = Amount::parse(&held.to_string()).map_err(|_| fault())?;
    let flag = (held != exact).then(|| Flag { code: FlagCode::QuantityRounded, detail: format!("{exact} to {held}") });
    Ok(Quantity { exact, whole: 0, metered: Some(metered), flag })
}

fn charge_type_of(cells: &Cells) -> Result<(String, Option<Flag>), LineFault> {
    let text = cells.get(Column::ChargeType);
    if text.is_empty() {
        return Err(LineFault::new(FaultReason::ChargeTypeMissing, "ChargeType is blank"));
    }
    let unknown = || Flag { code: FlagCode::ChargeTypeUnknown, detail: format!("{text:?}") };
    Ok(charge_type::published(text)
        .map_or_else(|| (text.to_owned(), Some(unknown())), |published| (published.to_owned(), None)))
}

fn product_of(cells: &Cells, options: &PartnerCenterOptions<'_>) -> (Product, Option<daybook_event::Segment>) {
    let product_id = identifier(cells.get(Column::Product));
    let sku_id = identifier(cells.get(Column::Sku));
    let sku_name = cells.get(Column::SkuName);
    let product_name = match cells.get(Column::ProductName) {
        "" => sku_name,
        name => name,
    };
    let subscription_description = cells.get(Column::Description);
    let hint =
        ProductHint { product_id: &product_id, sku_id: &sku_id, product_name, sku_name, subscription_description };
    let placement = options.catalogue.place(&hint);
    let product_name = product_name.to_owned();
    let product_family = placement.family.unwrap_or_default();
    (Product { product_id, sku_id, product_name, product_family }, placement.segment)
}

/// The reseller of record, as the map names it or under Microsoft's own id. A line without one (a direct partner's, or a
/// blank cell) belongs to whom the map gives the customer, else to whom the map gives the file's own partner id.
fn partner_of(cells: &Cells, customer_id: &str, options: &PartnerCenterOptions<'_>) -> Result<PartnerId, LineFault> {
    let map = &options.partner_map;
    if let Some(reseller) = mpn(cells.get(Column::Reseller)) {
        let invalid = |e| LineFault::new(FaultReason::PartnerInvalid, format!("ResellerMPNID: {reseller:?} {e}"));
        return map.of_mpn(reseller).cloned().map_or_else(|| PartnerId::parse(reseller).map_err(invalid), Ok);
    }
    let own = || mpn(cells.get(Column::Mpn)).and_then(|own| map.of_mpn(own));
    map.of_customer(customer_id).or_else(own).cloned().ok_or_else(|| {
        let what = format!("ResellerMPNID is blank and the partner map has no partner for customer {customer_id:?}");
        LineFault::new(FaultReason::PartnerUnknown, what)
    })
}
