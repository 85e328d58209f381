//! What a partner has and does: certifications, claims, standing facts.

use super::or_empty;
use crate::fault::{Checked, DecodeFault};
use crate::field;
use crate::limits::SEALED_BYTES_MAX;
use crate::wire::{self, partner_standing::Value};
use daybook_event::{CertificationEarned, ClaimState, CoopClaim, PartnerStanding, Sealed, StandingValue};

const HELD: &str = "held";
const LAPSED: &str = "lapsed";

pub(super) fn certification_read(wire: wire::CertificationEarned) -> Checked<CertificationEarned> {
    Ok(CertificationEarned {
        person_id: field::text_required("person_id", wire.person_id)?,
        certification: field::text_required("certification", wire.certification)?,
        competency_area: field::text("competency_area", wire.competency_area)?,
        expires_on: field::date_optional("expires_on", &wire.expires_on)?,
        sealed: Sealed::new(field::bytes("sealed", wire.sealed, SEALED_BYTES_MAX)?),
    })
}

pub(super) fn certification_write(earned: &CertificationEarned) -> wire::CertificationEarned {
    wire::CertificationEarned {
        person_id: earned.person_id.clone(),
        certification: earned.certification.clone(),
        competency_area: earned.competency_area.clone(),
        expires_on: or_empty(earned.expires_on.as_ref()),
        sealed: earned.sealed.as_bytes().to_vec(),
    }
}

pub(super) fn claim_read(wire: wire::CoopClaim) -> Checked<CoopClaim> {
    let amount = field::amount_optional("amount", &wire.amount)?;
    let currency = field::currency_optional(&wire.currency)?;
    if amount.is_some() && currency.is_none() {
        return Err(DecodeFault::invalid("currency", "is missing, though the step has an amount"));
    }
    Ok(CoopClaim {
        claim_id: field::text_required("claim_id", wire.claim_id)?,
        state: field::word("state", &wire.state, &ClaimState::ALL)?,
        activity: field::text("activity", wire.activity)?,
        activity_start: field::date_optional("activity_start", &wire.activity_start)?,
        activity_end: field::date_optional("activity_end", &wire.activity_end)?,
        amount,
        currency,
        evidence: field::text_long("evidence", wire.evidence)?,
    })
}

pub(super) fn claim_write(claim: &CoopClaim) -> wire::CoopClaim {
    wire::CoopClaim {
        claim_id: claim.claim_id.clone(),
        state: claim.state.as_str().to_owned(),
        activity: claim.activity.clone(),
        activity_start: or_empty(claim.activity_start.as_ref()),
        activity_end: or_empty(claim.activity_end.as_ref()),
        amount: or_empty(claim.amount.as_ref()),
        currency: or_empty(claim.currency.as_ref()),
        evidence: claim.evidence.clone(),
    }
}

/// The fact's own shape is the rule book's business: a fact that no gate asks for changes nothing.
pub(super) fn standing_read(wire: wire::PartnerStanding) -> Checked<PartnerStanding> {
    let value = match wire.value {
        Some(Value::Status(word)) => match field::word("status", &word, &[(true, HELD), (false, LAPSED)])? {
            true => StandingValue::Held,
            false => StandingValue::Lapsed,
        },
        Some(Value::Number(number)) => StandingValue::Number(field::amount("number", &number)?),
        None => return Err(DecodeFault::invalid("status", "is missing, and so is number: one of them must be there")),
    };
    Ok(PartnerStanding { fact: field::text_required("fact", wire.fact)?, value })
}

pub(super) fn standing_write(standing: &PartnerStanding) -> wire::PartnerStanding {
    let value = match &standing.value {
        StandingValue::Held => Value::Status(HELD.to_owned()),
        StandingValue::Lapsed => Value::Status(LAPSED.to_owned()),
        StandingValue::Number(number) => Value::Number(number.to_string()),
    };
    wire::PartnerStanding { fact: standing.fact.clone(), value: Some(value) }
}
