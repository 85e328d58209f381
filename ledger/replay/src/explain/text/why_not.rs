//! Why something did not earn, as text.

use super::smallest;
use crate::explain::bucket::BucketExplanation;
use crate::explain::gates::GateExplanation;
use std::fmt::{Formatter, Result};

pub(super) fn bucket(f: &mut Formatter<'_>, bucket: &BucketExplanation) -> Result {
    for day in &bucket.days {
        writeln!(f, "    {}: {} under {}", day.on, day.standing.replace('_', " "), day.rule_set)?;
        day.unmet.iter().try_for_each(|gate| self::gate(f, "      ", gate))?;
        smallest(f, "      ", day.smallest_change.as_ref())?;
    }
    for near in &bucket.nearest {
        let misses: Vec<String> = near.misses.iter().map(crate::explain::Need::words).collect();
        writeln!(f, "    {}: nearest is lever {}, which takes {}", near.event, near.lever, misses.join(", and "))?;
        near.rules
            .iter()
            .try_for_each(|cited| writeln!(f, "      {} = {}  [{}]", cited.path, cited.value, cited.at))?;
        smallest(f, "      ", near.smallest_change.as_ref())?;
    }
    for cap in &bucket.caps {
        writeln!(
            f,
            "    {}: the cap of {} for {}, {}, was at {} before this line: {} is left of it  [{}]",
            cap.event, cap.cap.value, cap.lever, cap.counted, cap.used_before, cap.left, cap.cap.at
        )?;
        if let Some(month) = cap.next_window_from {
            writeln!(f, "      The cap begins anew with {month}.")?;
        }
    }
    smallest(f, "    ", bucket.smallest_change.as_ref())
}

/// A gate with everything that it asks.
pub(super) fn gate(f: &mut Formatter<'_>, indent: &str, gate: &GateExplanation) -> Result {
    let met = if gate.met { "met" } else { "not met" };
    writeln!(f, "{indent}gate {} ({}): {met}", gate.gate, gate.stages.join(", "))?;
    for (at, alternative) in gate.any_of.iter().enumerate() {
        if at > 0 {
            writeln!(f, "{indent}  or")?;
        }
        for one in alternative {
            let met = if one.met { "yes" } else { "no " };
            let of = one.of.as_ref().map(|of| format!(" {of}")).unwrap_or_default();
            write!(f, "{indent}  {met}  {}{of}; required: {}", one.measured, one.required)?;
            if let Some(missing) = one.missing.as_ref().filter(|_| !one.met) {
                write!(f, "; {missing} missing")?;
            }
            if let Some(since) = one.since.filter(|_| one.met) {
                write!(f, "; since {since}")?;
            }
            if !one.events.is_empty() {
                write!(f, "; by {}", one.events.join(", "))?;
            }
            writeln!(f, "  [{}, {}]", one.rule.path, one.rule.at)?;
        }
    }
    Ok(())
}
