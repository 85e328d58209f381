//! Payloads: each kind from its wire form, with its checks, and back.

mod acts;
mod no_partner;
mod openings;
mod partner;
mod sales;

use crate::fault::Checked;
use crate::wire::envelope::Payload as Wire;
use daybook_event::Payload;

/// Checks a payload of any kind; a fault's path begins with the payload's name.
pub(crate) fn read(wire: Wire) -> Checked<Payload> {
    let name = name_of(&wire);
    let payload = match wire {
        Wire::LicenseSale(wire) => sales::license_sale_read(wire).map(Payload::LicenseSale),
        Wire::SubscriptionChange(wire) => sales::subscription_change_read(wire).map(Payload::SubscriptionChange),
        Wire::CertificationEarned(wire) => partner::certification_read(wire).map(Payload::CertificationEarned),
        Wire::CoopClaim(wire) => partner::claim_read(wire).map(Payload::CoopClaim),
        Wire::PartnerStanding(wire) => partner::standing_read(wire).map(Payload::PartnerStanding),
        Wire::Reversal(wire) => no_partner::reversal_read(wire).map(Payload::Reversal),
        Wire::FxRate(wire) => no_partner::fx_rate_read(&wire).map(Payload::FxRate),
        Wire::Opening(wire) => openings::opening_read(wire).map(Payload::Opening),
        Wire::Manifest(wire) => no_partner::manifest_read(&wire).map(Payload::SourceManifest),
        Wire::ManualAdjustment(wire) => acts::adjustment_read(wire).map(Payload::ManualAdjustment),
        Wire::RuleBookAdopted(wire) => acts::adopted_read(wire).map(Payload::RuleBookAdopted),
        Wire::PeriodClosed(wire) => acts::closed_read(wire).map(Payload::PeriodClosed),
        Wire::PinnedStatement(wire) => acts::statement_read(wire).map(Payload::PinnedStatement),
        Wire::QuarantineDecision(wire) => acts::decision_read(wire).map(Payload::QuarantineDecision),
    };
    payload.map_err(|fault| fault.within(name))
}

/// The wire form of a payload.
pub(crate) fn write(payload: &Payload) -> Wire {
    match payload {
        Payload::LicenseSale(sale) => Wire::LicenseSale(sales::license_sale_write(sale)),
        Payload::SubscriptionChange(change) => Wire::SubscriptionChange(sales::subscription_change_write(change)),
        Payload::CertificationEarned(earned) => Wire::CertificationEarned(partner::certification_write(earned)),
        Payload::CoopClaim(claim) => Wire::CoopClaim(partner::claim_write(claim)),
        Payload::PartnerStanding(standing) => Wire::PartnerStanding(partner::standing_write(standing)),
        Payload::Reversal(reversal) => Wire::Reversal(no_partner::reversal_write(reversal)),
        Payload::FxRate(rate) => Wire::FxRate(no_partner::fx_rate_write(rate)),
        Payload::Opening(opening) => Wire::Opening(openings::opening_write(opening)),
        Payload::SourceManifest(manifest) => Wire::Manifest(no_partner::manifest_write(manifest)),
        Payload::ManualAdjustment(adjustment) => Wire::ManualAdjustment(acts::adjustment_write(adjustment)),
        Payload::RuleBookAdopted(adopted) => Wire::RuleBookAdopted(acts::adopted_write(adopted)),
        Payload::PeriodClosed(closed) => Wire::PeriodClosed(acts::closed_write(closed)),
        Payload::PinnedStatement(statement) => Wire::PinnedStatement(acts::statement_write(statement)),
        Payload::QuarantineDecision(decision) => Wire::QuarantineDecision(acts::decision_write(decision)),
    }
}

fn name_of(wire: &Wire) -> &'static str {
    match wire {
        Wire::LicenseSale(_) => "license_sale",
        Wire::SubscriptionChange(_) => "subscription_change",
        Wire::CertificationEarned(_) => "certification_earned",
        Wire::CoopClaim(_) => "coop_claim",
        Wire::PartnerStanding(_) => "partner_standing",
        Wire::Reversal(_) => "reversal",
        Wire::FxRate(_) => "fx_rate",
        Wire::Opening(_) => "opening",
        Wire::Manifest(_) => "manifest",
        Wire::ManualAdjustment(_) => "manual_adjustment",
        Wire::RuleBookAdopted(_) => "rule_book_adopted",
        Wire::PeriodClosed(_) => "period_closed",
        Wire::PinnedStatement(_) => "pinned_statement",
        Wire::QuarantineDecision(_) => "quarantine_decision",
    }
}

/// An absent value is empty text on the wire.
fn or_empty<T: ToString>(value: Option<&T>) -> String {
    value.map(T::to_string).unwrap_or_default()
}
