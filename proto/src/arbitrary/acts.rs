//! Payloads that only the ledger's operators write.

use super::values::{amount, currency, hex_digest, id, month, text, text_required};
use daybook_event::{
    ManualAdjustment, PartnerId, PeriodClosed, PinnedStatement, Position, QuarantineDecision, QuarantineVerdict,
    RuleBookAdopted, RuleFile,
};
use proptest::collection::vec;
use proptest::prelude::*;

pub(super) fn adjustment() -> impl Strategy<Value = ManualAdjustment> {
    let money = (amount(), amount(), currency());
    (month(), text(), money, text_required(), text()).prop_map(|(month, lever, money, reason, approver)| {
        ManualAdjustment { month, lever, rebate: money.0, coop: money.1, currency: money.2, reason, approver }
    })
}

pub(super) fn adopted() -> impl Strategy<Value = RuleBookAdopted> {
    let file = (text_required(), vec(any::<u8>(), 0..200)).prop_map(|(name, bytes)| RuleFile { name, bytes });
    (vec(file, 0..4), hex_digest(), text(), text(), text()).prop_map(
        |(files, terms_hash, adopted_by, approver, reason)| RuleBookAdopted {
            files,
            terms_hash,
            adopted_by,
            approver,
            reason,
        },
    )
}

pub(super) fn closed() -> impl Strategy<Value = PeriodClosed> {
    let views_digest = prop_oneof![Just(String::new()), hex_digest()];
    let digests = (hex_digest(), hex_digest(), hex_digest(), views_digest);
    let signed = (text(), text(), text(), text());
    (month(), any::<u64>(), digests, any::<u32>(), signed).prop_map(
        |(month, position, digests, engine_semantics, signed)| PeriodClosed {
            month,
            position: Position::new(position),
            root: digests.0,
            terms_hash: digests.1,
            engine_semantics,
            statement_digest: digests.2,
            override_reason: signed.0,
            closed_by: signed.1,
            approver: signed.2,
            reason: signed.3,
            views_digest: digests.3,
        },
    )
}

/// Its partner is set to the envelope's by the caller.
pub(super) fn statement() -> impl Strategy<Value = PinnedStatement> {
    (month(), id(PartnerId::parse), vec(any::<u8>(), 0..400)).prop_map(|(month, partner_id, rows)| PinnedStatement {
        month,
        partner_id,
        rows,
    })
}

pub(super) fn decision() -> impl Strategy<Value = QuarantineDecision> {
    let verdict = prop_oneof![Just(QuarantineVerdict::Retry), Just(QuarantineVerdict::Dismiss)];
    (any::<u64>(), verdict, text_required(), (text(), text())).prop_map(|(entry, verdict, reason, signed)| {
        QuarantineDecision { entry, verdict, reason, decided_by: signed.0, approver: signed.1 }
    })
}
