//! A view as an envelope of its own.

use super::View;
use super::lines::word;
use super::value::Value;
use daybook_event::{
    CertificationEarned, ClaimState, CoopClaim, Envelope, EventId, FxRate, LicenseSale, Month, PartnerId,
    PartnerStanding, Payload, PayloadKind, Product, Reversal, Sealed, StandingValue, SubscriptionChange,
};

impl View<'_> {
    /// The envelope. None cannot come, since every field was checked; whoever gets it takes the long way.
    #[must_use]
    pub fn envelope(&self) -> Option<Envelope> {
        let partner_id = self.partner_id().map(PartnerId::parse).transpose().ok()?;
        Some(Envelope {
            id: self.id()?,
            partner_id,
            effective_on: self.effective_on(),
            seq: self.seq(),
            source_seq: self.source_seq(),
            payload: self.payload()?,
        })
    }

    fn payload(&self) -> Option<Payload> {
        Some(match self.kind() {
            PayloadKind::LicenseSale => Payload::LicenseSale(self.sale_owned()?),
            PayloadKind::SubscriptionChange => Payload::SubscriptionChange(self.change_owned()?),
            PayloadKind::CoopClaim => Payload::CoopClaim(self.claim()?),
            PayloadKind::Reversal => {
                let reverses = EventId::parse(self.text(1)).ok()?;
                Payload::Reversal(Reversal { reverses, reason: self.text(2).to_owned() })
            }
            PayloadKind::CertificationEarned => Payload::CertificationEarned(self.certification()),
            PayloadKind::PartnerStanding => Payload::PartnerStanding(self.standing()),
            PayloadKind::FxRate => Payload::FxRate(self.fx_rate()?),
            _ => return None,
        })
    }

    fn sale_owned(&self) -> Option<LicenseSale> {
        let sale = self.license_sale()?;
        Some(LicenseSale {
            customer_id: sale.customer_id.to_owned(),
            subscription_id: sale.subscription_id.to_owned(),
            product: product(sale.product_id, sale.sku_id, sale.product_name, sale.product_family),
            segment: sale.segment,
            quantity: sale.quantity,
            metered_quantity: sale.metered_quantity,
            amount: sale.amount,
            currency: sale.currency,
            charge_type: sale.charge_type.to_owned(),
            charge_start: sale.charge_start,
            charge_end: sale.charge_end,
            invoice_id: sale.invoice_id.to_owned(),
            credits: event_id(sale.credits)?,
        })
    }

    fn change_owned(&self) -> Option<SubscriptionChange> {
        let change = self.subscription_change()?;
        Some(SubscriptionChange {
            customer_id: change.customer_id.to_owned(),
            subscription_id: change.subscription_id.to_owned(),
            change: change.change,
            quantity_before: change.quantity_before,
            quantity_after: change.quantity_after,
            amount_delta: change.amount_delta,
            currency: change.currency,
            segment: change.segment,
            product: product(change.product_id, change.sku_id, change.product_name, change.product_family),
            credits: event_id(change.credits)?,
        })
    }

    fn claim(&self) -> Option<CoopClaim> {
        Some(CoopClaim {
            claim_id: self.text(1).to_owned(),
            state: word(self.text(2), &ClaimState::ALL)?,
            activity: self.text(3).to_owned(),
            activity_start: self.date(4),
            activity_end: self.date(5),
            amount: self.amount(6),
            currency: self.currency(7),
            evidence: self.text(8).to_owned(),
        })
    }

    fn certification(&self) -> CertificationEarned {
        let sealed = match self.fields[4] {
            Value::Bytes(bytes) => bytes.to_vec(),
            _ => Vec::new(),
        };
        CertificationEarned {
            person_id: self.text(1).to_owned(),
            certification: self.text(2).to_owned(),
            competency_area: self.text(3).to_owned(),
            expires_on: self.date(4),
            sealed: Sealed::new(sealed),
        }
    }

    fn standing(&self) -> PartnerStanding {
        let value = match (self.amount(3), self.text(2)) {
            (Some(number), _) => StandingValue::Number(number),
            (None, "held") => StandingValue::Held,
            (None, _) => StandingValue::Lapsed,
        };
        PartnerStanding { fact: self.text(1).to_owned(), value }
    }

    fn fx_rate(&self) -> Option<FxRate> {
        let Value::ExchangeRate(rate) = self.fields[2] else { return None };
        Some(FxRate { currency: self.currency(1)?, month: Month::parse(self.text(2))?, rate })
    }
}

fn product(product_id: &str, sku_id: &str, product_name: &str, product_family: &str) -> Product {
    Product {
        product_id: product_id.to_owned(),
        sku_id: sku_id.to_owned(),
        product_name: product_name.to_owned(),
        product_family: product_family.to_owned(),
    }
}

/// The id that is there, or none.
fn event_id(text: Option<&str>) -> Option<Option<EventId>> {
    text.map(EventId::parse).transpose().ok()
}
