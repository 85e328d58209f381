//! A standing explained, as text.

use super::{rules, why_not};
use crate::explain::standing::StandingExplanation;
use std::fmt::{Formatter, Result};

pub(in crate::explain) fn standing(f: &mut Formatter<'_>, standing: &StandingExplanation) -> Result {
    writeln!(f, "{}", standing.summary)?;
    writeln!(f, "Facts dated up to {} count.", standing.through)?;
    writeln!(f, "\nStanding of {} on {}", standing.partner_id, standing.on)?;
    writeln!(f, "  terms     {}", standing.terms)?;
    rules(f, &standing.rules)?;
    match standing.next_assessment {
        Some(date) => writeln!(f, "  assessed  next on {date}")?,
        None => writeln!(f, "  assessed  not within two years")?,
    }
    writeln!(f, "  gates")?;
    standing.gates.iter().try_for_each(|gate| why_not::gate(f, "    ", gate))?;
    writeln!(f, "  how it came")?;
    if standing.changes.is_empty() {
        writeln!(f, "    never invited")?;
    }
    for row in &standing.changes {
        write!(f, "    {} {} by {} under {}", row.on, row.state, row.cause, row.rule_set)?;
        if !row.measured.is_empty() {
            write!(f, ": {} of {} required", row.measured, row.required)?;
        }
        if !row.events.is_empty() {
            write!(f, "  ({})", row.events.join(", "))?;
        }
        writeln!(f)?;
    }
    Ok(())
}
