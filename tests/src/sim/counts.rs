//! What happened, counted: a branch that no seed reaches tests nothing.

use std::collections::BTreeMap;
use std::fmt;

/// How often each thing happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<String, u64>);

/// What enough seeds must reach.
const KINDS: &str = "\
    sent:event sent:again sent:conflict sent:faulty sent:manifest sent:resent \
    way:lost way:sent_again way:twice way:swapped \
    broker:consumer_gone broker:deleted broker:purged broker:tail_lost broker:recreated broker:limit \
    mismatch:recreated mismatch:behind mismatch:diverged mismatch:gone \
    took:record took:duplicate took:conflict took:faulty took:hole \
    operator:adopted operator:closed operator:retry operator:dismiss operator:accepted_mismatch operator:checkpoint checked:checkpoint \
    operator:backup operator:restore \
    process:opened process:stopped process:crashed process:derived_deleted process:views_at_head \
    entry:retried entry:dismissed entry:corrected entry:open \
    checked:ledger checked:views checked:verified closed:month \
    disk:power_loss disk:torn_write disk:short_write disk:write_error disk:sync_error disk:read_error disk:full \
    disk:read_only \
    point:append:begin point:append:sealed point:append:records_written point:append:before_commit \
    point:append:after_commit point:intake:before_append point:intake:after_append_before_ack \
    point:projector:before_commit point:projector:after_commit point:projector:built \
    point:derived:before_commit point:derived:after_commit \
    point:checkpoint:before_commit point:checkpoint:after_commit";

impl Counts {
    pub(super) fn see(&mut self, what: impl Into<String>) {
        self.add_one(what.into(), 1);
    }

    fn add_one(&mut self, what: String, count: u64) {
        *self.0.entry(what).or_default() += count;
    }

    /// Adds those of another run.
    pub fn add(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            self.add_one(what.clone(), *count);
        }
    }

    /// The kinds that never happened.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        KINDS.split_whitespace().filter(|kind| !self.0.contains_key(*kind)).collect()
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, count) in &self.0 {
            writeln!(f, "  {count:>8}  {what}")?;
        }
        Ok(())
    }
}
