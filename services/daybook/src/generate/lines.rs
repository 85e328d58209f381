//! Revenue lines: sales, their credits and reversals, and subscription changes.

use super::calendar::{days_after, days_before};
use super::chance::{Chance, event_id};
use super::partners::{Partner, Subscription};
use chrono::Months;
use daybook_event::{
    Amount, ChangeKind, Currency, LicenseSale, Month, NaiveDate, PartnerId, Payload, Reversal, SubscriptionChange,
};

/// What is remembered of a sale.
#[derive(Clone, Copy)]
pub(super) struct SoldLine {
    pub(super) id: u128,
    pub(super) subscription: Subscription,
    quantity: u64,
    cents: u64,
}

/// Whole cents as an amount.
pub(super) fn amount_of(cents: i64) -> Amount {
    Amount::from_cents(cents).expect("cents of one line are within limits")
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).expect("quantities and cents of one line are small")
}

fn seats_of(number: i64) -> i32 {
    i32::try_from(number).expect("seats of one line are few")
}

/// A sale as it is drawn.
pub(super) struct SaleDraft {
    subscription: Subscription,
    on: NaiveDate,
    quantity: u64,
    /// Of metered use, the decimals behind the quantity.
    millionths: Option<u64>,
    cents: u64,
    with_family: bool,
    charge_type: &'static str,
}

/// Draws a sale, with what to remember of it.
pub(super) fn sale(
    partner: &Partner,
    subscription: Subscription,
    on: NaiveDate,
    chance: &mut Chance,
) -> (SaleDraft, SoldLine) {
    let article = subscription.article();
    // Metered use has six decimals; the seats are then its whole part.
    let millionths = chance.below(1_000_000);
    let quantity = if article.metered { 50 + chance.below(5_000) } else { subscription.seats() };
    let discount = chance.pick(&[0, 0, 0, 3, 5, 10]);
    let list_cents = quantity * article.price_cents * partner.price_level() / 100;
    let cents = (list_cents * (100 - discount) / 100).max(1);
    let with_family = !chance.percent(12);
    let charge_type = chance.pick(&["cycleCharge", "cycleCharge", "cycleCharge", "new", "renew"]);
    let millionths = article.metered.then_some(millionths);
    let sale = SaleDraft { subscription, on, quantity, millionths, cents, with_family, charge_type };
    (sale, SoldLine { id: chance.id(), subscription, quantity, cents })
}

impl SaleDraft {
    /// The sale, of a partner with this id and currency.
    pub(super) fn made(self, partner: &PartnerId, currency: Currency) -> LicenseSale {
        let Self { subscription, on, quantity, millionths, .. } = self;
        let metered =
            |millionths| Amount::parse(&format!("{quantity}.{millionths:06}")).expect("six decimals are within limits");
        LicenseSale {
            customer_id: subscription.customer_id(),
            subscription_id: subscription.id(),
            product: subscription.article().product(self.with_family),
            segment: Some(subscription.segment()),
            quantity: seats_of(signed(quantity)),
            metered_quantity: millionths.map(metered),
            amount: amount_of(signed(self.cents)),
            currency,
            charge_type: self.charge_type.to_owned(),
            charge_start: Some(on),
            charge_end: on.checked_add_months(Months::new(1)).map(|next| days_before(next, 1)),
            invoice_id: invoice_id(partner, on),
            credits: None,
        }
    }
}

/// One invoice a partner and month: their numbers, the month's with five digits.
fn invoice_id(partner: &PartnerId, date: NaiveDate) -> String {
    let month = Month::of(date).index().to_string();
    let zeros = "00000".get(month.len()..).unwrap_or_default();
    ["G", partner.as_str(), zeros, &month].concat()
}

/// A credit of a sale: all of it, or a part.
pub(super) fn credit(partner: &Partner, line: SoldLine, date: NaiveDate, chance: &mut Chance) -> Payload {
    let whole = chance.percent(40);
    let share = if whole { 100 } else { chance.between(5, 95) };
    let cents = (line.cents * share / 100).max(1);
    let quantity = (line.quantity * share / 100).max(1);
    Payload::LicenseSale(LicenseSale {
        customer_id: line.subscription.customer_id(),
        subscription_id: line.subscription.id(),
        product: line.subscription.article().product(true),
        segment: Some(line.subscription.segment()),
        quantity: seats_of(-signed(quantity)),
        metered_quantity: None,
        amount: amount_of(-signed(cents)),
        currency: partner.currency(),
        charge_type: if whole { "cancelImmediate" } else { "removeQuantity" }.to_owned(),
        charge_start: Some(date),
        charge_end: Some(days_after(date, chance.between(1, 27))),
        invoice_id: invoice_id(&partner.id(), date),
        credits: Some(event_id(line.id)),
    })
}

/// The annulment of a sale.
pub(super) fn reversal(line: SoldLine, chance: &mut Chance) -> Payload {
    let reasons = ["billed to the wrong partner", "sent twice under two ids", "test order", "wrong customer"];
    Payload::Reversal(Reversal { reverses: event_id(line.id), reason: chance.pick(&reasons).to_owned() })
}

/// A change of a subscription; one in four carries money that no sale bills.
pub(super) fn subscription_change(partner: &Partner, subscription: Subscription, chance: &mut Chance) -> Payload {
    let article = subscription.article();
    let before = signed(subscription.seats());
    let change = chance.pick(&[
        ChangeKind::Created,
        ChangeKind::Renewed,
        ChangeKind::QuantityChanged,
        ChangeKind::QuantityChanged,
        ChangeKind::Upgraded,
        ChangeKind::Suspended,
        ChangeKind::Reactivated,
        ChangeKind::Cancelled,
    ]);
    let (before, after) = match change {
        ChangeKind::Created => (0, before),
        ChangeKind::QuantityChanged => (before, before + signed(chance.between(1, 10))),
        ChangeKind::Suspended | ChangeKind::Cancelled => (before, 0),
        _ => (before, before),
    };
    let price_cents = signed(article.price_cents * partner.price_level() / 100);
    let cents = if change == ChangeKind::QuantityChanged { (after - before) * price_cents } else { 0 };
    Payload::SubscriptionChange(SubscriptionChange {
        customer_id: subscription.customer_id(),
        subscription_id: subscription.id(),
        change,
        quantity_before: seats_of(before),
        quantity_after: seats_of(after),
        amount_delta: amount_of(cents),
        currency: partner.currency(),
        segment: Some(subscription.segment()),
        product: article.product(!chance.percent(12)),
        credits: None,
    })
}
