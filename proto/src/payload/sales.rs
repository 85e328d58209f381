//! Revenue lines: license sales and subscription changes.

use super::or_empty;
use crate::fault::Checked;
use crate::{field, wire};
use daybook_event::{ChangeKind, LicenseSale, Product, Segment, SubscriptionChange};

pub(super) fn license_sale_read(wire: wire::LicenseSale) -> Checked<LicenseSale> {
    Ok(LicenseSale {
        customer_id: field::text_required("customer_id", wire.customer_id)?,
        subscription_id: field::text("subscription_id", wire.subscription_id)?,
        product: product_read(wire.product_id, wire.sku_id, wire.product_name, wire.product_family)?,
        segment: field::word_optional("segment", &wire.segment, &Segment::ALL)?,
        quantity: wire.quantity,
        metered_quantity: field::amount_optional("metered_quantity", &wire.metered_quantity)?,
        amount: field::amount("amount", &wire.amount)?,
        currency: field::currency(&wire.currency)?,
        charge_type: field::text("charge_type", wire.charge_type)?,
        charge_start: field::date_optional("charge_start", &wire.charge_start)?,
        charge_end: field::date_optional("charge_end", &wire.charge_end)?,
        invoice_id: field::text("invoice_id", wire.invoice_id)?,
        credits: field::credits(&wire.credits)?,
    })
}

pub(super) fn license_sale_write(sale: &LicenseSale) -> wire::LicenseSale {
    let product = sale.product.clone();
    wire::LicenseSale {
        customer_id: sale.customer_id.clone(),
        subscription_id: sale.subscription_id.clone(),
        product_id: product.product_id,
        sku_id: product.sku_id,
        product_name: product.product_name,
        product_family: product.product_family,
        segment: segment_write(sale.segment),
        quantity: sale.quantity,
        amount: sale.amount.to_string(),
        currency: sale.currency.to_string(),
        charge_type: sale.charge_type.clone(),
        charge_start: or_empty(sale.charge_start.as_ref()),
        charge_end: or_empty(sale.charge_end.as_ref()),
        invoice_id: sale.invoice_id.clone(),
        credits: or_empty(sale.credits.as_ref()),
        metered_quantity: or_empty(sale.metered_quantity.as_ref()),
    }
}

pub(super) fn subscription_change_read(wire: wire::SubscriptionChange) -> Checked<SubscriptionChange> {
    Ok(SubscriptionChange {
        customer_id: field::text_required("customer_id", wire.customer_id)?,
        subscription_id: field::text_required("subscription_id", wire.subscription_id)?,
        change: field::word("change", &wire.change, &ChangeKind::ALL)?,
        quantity_before: wire.quantity_before,
        quantity_after: wire.quantity_after,
        amount_delta: field::amount_or_zero("amount_delta", &wire.amount_delta)?,
        currency: field::currency(&wire.currency)?,
        segment: field::word_optional("segment", &wire.segment, &Segment::ALL)?,
        product: product_read(wire.product_id, wire.sku_id, wire.product_name, wire.product_family)?,
        credits: field::credits(&wire.credits)?,
    })
}

pub(super) fn subscription_change_write(change: &SubscriptionChange) -> wire::SubscriptionChange {
    let product = change.product.clone();
    wire::SubscriptionChange {
        customer_id: change.customer_id.clone(),
        subscription_id: change.subscription_id.clone(),
        change: change.change.as_str().to_owned(),
        quantity_before: change.quantity_before,
        quantity_after: change.quantity_after,
        amount_delta: change.amount_delta.to_string(),
        currency: change.currency.to_string(),
        segment: segment_write(change.segment),
        product_id: product.product_id,
        sku_id: product.sku_id,
        product_name: product.product_name,
        product_family: product.product_family,
        credits: or_empty(change.credits.as_ref()),
    }
}

/// The product fields, which stand flat in every message that has them.
pub(super) fn product_read(
    product_id: String,
    sku_id: String,
    product_name: String,
    product_family: String,
) -> Checked<Product> {
    Ok(Product {
        product_id: field::text("product_id", product_id)?,
        sku_id: field::text("sku_id", sku_id)?,
        product_name: field::text("product_name", product_name)?,
        product_family: field::text("product_family", product_family)?,
    })
}

fn segment_write(segment: Option<Segment>) -> String {
    segment.map_or(String::new(), |segment| segment.as_str().to_owned())
}
