//! Acts of the ledger's operators.

use crate::fault::Checked;
use crate::{field, wire};
use daybook_event::{
    ManualAdjustment, PartnerId, PeriodClosed, PinnedStatement, Position, QuarantineDecision, QuarantineVerdict,
    RuleBookAdopted, RuleFile,
};

const RETRY: &str = "retry";
const DISMISS: &str = "dismiss";

pub(super) fn adjustment_read(wire: wire::ManualAdjustment) -> Checked<ManualAdjustment> {
    Ok(ManualAdjustment {
        month: field::month(&wire.month)?,
        lever: field::text("lever", wire.lever)?,
        rebate: field::amount_or_zero("rebate", &wire.rebate)?,
        coop: field::amount_or_zero("coop", &wire.coop)?,
        currency: field::currency(&wire.currency)?,
        reason: field::text_long_required("reason", wire.reason)?,
        approver: field::text("approver", wire.approver)?,
    })
}

pub(super) fn adjustment_write(adjustment: &ManualAdjustment) -> wire::ManualAdjustment {
    wire::ManualAdjustment {
        month: adjustment.month.to_string(),
        lever: adjustment.lever.clone(),
        rebate: adjustment.rebate.to_string(),
        coop: adjustment.coop.to_string(),
        currency: adjustment.currency.to_string(),
        reason: adjustment.reason.clone(),
        approver: adjustment.approver.clone(),
    }
}

pub(super) fn adopted_read(wire: wire::RuleBookAdopted) -> Checked<RuleBookAdopted> {
    let mut files = Vec::with_capacity(wire.files.len());
    for (at, file) in wire.files.into_iter().enumerate() {
        let name = field::text_required("name", file.name).map_err(|fault| fault.within(&format!("files[{at}]")))?;
        files.push(RuleFile { name, bytes: file.bytes });
    }
    Ok(RuleBookAdopted {
        files,
        terms_hash: field::text_required("terms_hash", wire.terms_hash)?,
        adopted_by: field::text("adopted_by", wire.adopted_by)?,
        approver: field::text("approver", wire.approver)?,
        reason: field::text_long("reason", wire.reason)?,
    })
}

pub(super) fn adopted_write(adopted: &RuleBookAdopted) -> wire::RuleBookAdopted {
    let files = adopted.files.iter().map(|file| wire::RuleFile { name: file.name.clone(), bytes: file.bytes.clone() });
    wire::RuleBookAdopted {
        files: files.collect(),
        terms_hash: adopted.terms_hash.clone(),
        adopted_by: adopted.adopted_by.clone(),
        approver: adopted.approver.clone(),
        reason: adopted.reason.clone(),
    }
}

pub(super) fn closed_read(wire: wire::PeriodClosed) -> Checked<PeriodClosed> {
    Ok(PeriodClosed {
        month: field::month(&wire.month)?,
        position: Position::new(wire.position),
        root: field::text_required("root", wire.root)?,
        terms_hash: field::text_required("terms_hash", wire.terms_hash)?,
        engine_semantics: wire.engine_semantics,
        statement_digest: field::text_required("statement_digest", wire.statement_digest)?,
        override_reason: field::text_long("override_reason", wire.override_reason)?,
        closed_by: field::text("closed_by", wire.closed_by)?,
        approver: field::text("approver", wire.approver)?,
        reason: field::text_long("reason", wire.reason)?,
        views_digest: field::text("views_digest", wire.views_digest)?,
    })
}

pub(super) fn closed_write(closed: &PeriodClosed) -> wire::PeriodClosed {
    wire::PeriodClosed {
        month: closed.month.to_string(),
        position: closed.position.number(),
        root: closed.root.clone(),
        terms_hash: closed.terms_hash.clone(),
        engine_semantics: closed.engine_semantics,
        statement_digest: closed.statement_digest.clone(),
        override_reason: closed.override_reason.clone(),
        closed_by: closed.closed_by.clone(),
        approver: closed.approver.clone(),
        reason: closed.reason.clone(),
        views_digest: closed.views_digest.clone(),
    }
}

pub(super) fn statement_read(wire: wire::PinnedStatement) -> Checked<PinnedStatement> {
    Ok(PinnedStatement {
        month: field::month(&wire.month)?,
        partner_id: field::id("partner_id", &wire.partner_id, PartnerId::parse)?,
        rows: wire.rows,
    })
}

pub(super) fn statement_write(statement: &PinnedStatement) -> wire::PinnedStatement {
    wire::PinnedStatement {
        month: statement.month.to_string(),
        partner_id: statement.partner_id.to_string(),
        rows: statement.rows.clone(),
    }
}

pub(super) fn decision_read(wire: wire::QuarantineDecision) -> Checked<QuarantineDecision> {
    let allowed = [(QuarantineVerdict::Retry, RETRY), (QuarantineVerdict::Dismiss, DISMISS)];
    Ok(QuarantineDecision {
        entry: wire.entry,
        verdict: field::word("verdict", &wire.verdict, &allowed)?,
        reason: field::text_long_required("reason", wire.reason)?,
        decided_by: field::text("decided_by", wire.decided_by)?,
        approver: field::text("approver", wire.approver)?,
    })
}

pub(super) fn decision_write(decision: &QuarantineDecision) -> wire::QuarantineDecision {
    let verdict = match decision.verdict {
        QuarantineVerdict::Retry => RETRY,
        QuarantineVerdict::Dismiss => DISMISS,
    };
    wire::QuarantineDecision {
        entry: decision.entry,
        verdict: verdict.to_owned(),
        reason: decision.reason.clone(),
        decided_by: decision.decided_by.clone(),
        approver: decision.approver.clone(),
    }
}
