//! A claim explained, as text.

use super::{rules, smallest};
use crate::explain::claim::{ClaimExplanation, ExplainedStep, LotBalance};
use std::fmt::{Formatter, Result};

pub(in crate::explain) fn claim(f: &mut Formatter<'_>, claim: &ClaimExplanation) -> Result {
    writeln!(f, "{}", claim.summary)?;
    writeln!(f, "Facts dated up to {} count.", claim.through)?;
    writeln!(f, "\nClaim {} of {}", claim.row.claim_id, claim.row.partner_id)?;
    if let Some(days) = claim.lot_days {
        writeln!(f, "  earned    {} to {}", days.earned_between.0, days.earned_between.1)?;
        writeln!(f, "  used      {} to {}", days.used_between.0, days.used_between.1)?;
        writeln!(f, "  claimed   {} to {}", days.claimed_between.0, days.claimed_between.1)?;
    }
    rules(f, &claim.rules)?;
    writeln!(f, "  steps")?;
    claim.steps.iter().try_for_each(|step| self::step(f, step))?;
    if !claim.how_to.is_empty() {
        writeln!(f, "  why       {}", claim.sentence)?;
        writeln!(f, "  what to do  {}", claim.how_to)?;
    }
    smallest(f, "  ", claim.smallest_change.as_ref())
}

fn step(f: &mut Formatter<'_>, step: &ExplainedStep) -> Result {
    let stage = if step.stage.is_empty() { "no effect from there" } else { &step.stage };
    let from = if step.from.is_empty() { "not known" } else { &step.from };
    writeln!(f, "    {} {} #{}  {}: {from} -> {stage}", step.on, step.event, step.position, step.to)?;
    if !step.amount.is_empty() {
        write!(f, "      {}", step.amount)?;
        if let Some(exchange) = &step.exchange {
            write!(f, " x {} ({} rate of {})", exchange.rate, exchange.month, exchange.event)?;
        }
        match step.program_amount {
            Some(amount) => writeln!(f, " = {amount} in program currency")?,
            None => writeln!(f, ", without an exchange rate")?,
        }
    }
    for check in &step.checks {
        let passed = if check.passed { "yes" } else { "no " };
        writeln!(f, "      {passed}  {}; required: {}  ({})", check.measured, check.required, check.code)?;
    }
    if step.lot_before != step.lot_after {
        writeln!(f, "      lot {} before: {}", step.period, balance(&step.lot_before))?;
        writeln!(f, "      lot {} after:  {}", step.period, balance(&step.lot_after))?;
    }
    Ok(())
}

fn balance(lot: &LotBalance) -> String {
    format!(
        "{} of {} left, {} reserved, {} consumed, {} overdrawn",
        lot.left, lot.accrued, lot.reserved, lot.consumed, lot.overdrawn
    )
}
