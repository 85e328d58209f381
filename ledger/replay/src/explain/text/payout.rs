//! A payout explained, as text.

use super::rules;
use crate::explain::payout::PayoutExplanation;
use std::fmt::{Formatter, Result};

pub(in crate::explain) fn payout(f: &mut Formatter<'_>, payout: &PayoutExplanation) -> Result {
    writeln!(f, "{}", payout.summary)?;
    writeln!(f, "Facts dated up to {} count.", payout.through)?;
    writeln!(f, "\nPayout of {} for {}", payout.row.partner_id, payout.row.month)?;
    writeln!(f, "  terms     {}", payout.terms)?;
    rules(f, &payout.rules)?;
    writeln!(f, "  due       {}", payout.row.due_on)?;
    writeln!(f, "  parts")?;
    payout.parts.iter().try_for_each(|part| writeln!(f, "    {:>16}  {}", part.amount.to_string(), part.of))?;
    writeln!(f, "  tax and bank data")?;
    payout.standing_facts.iter().try_for_each(|fact| writeln!(f, "    {fact}"))?;
    writeln!(f, "  arithmetic")?;
    payout.arithmetic.iter().try_for_each(|step| writeln!(f, "    {step}"))
}
