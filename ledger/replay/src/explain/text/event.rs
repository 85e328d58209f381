//! An event and its figures, as text.

use crate::explain::event::EventExplanation;
use std::fmt::{Formatter, Result};

pub(in crate::explain) fn event(f: &mut Formatter<'_>, event: &EventExplanation) -> Result {
    writeln!(f, "{}", event.summary)?;
    writeln!(f, "Facts dated up to {} count.", event.through)?;
    write!(f, "\nEvent {} #{} of {}", event.event, event.position, event.partner_id)?;
    event.effective_on.map_or(Ok(()), |on| write!(f, ", dated {on}"))?;
    writeln!(f)?;
    for one in &event.uses {
        let amount = one.amount.map(|amount| format!(": {amount}")).unwrap_or_default();
        writeln!(f, "  {:<12} {}  {}{amount}", one.view, one.row, one.part)?;
        if !one.ask.is_empty() {
            writeln!(f, "  {:<12}   {}", "", one.ask)?;
        }
    }
    Ok(())
}
