//! States at the ends of months, kept in memory for partners that are folded again and again from the same one.
//!
//! Reading the state of a large partner costs more than folding the month that its new records are in. What is in memory
//! is what is in the derived file: rows do not depend on it.

use crate::ProjectError;
use daybook_event::{Month, PartnerId};
use daybook_store::DerivedRead;
use daybook_views::PartnerState;
use std::collections::BTreeMap;

/// The most bytes of states that are kept, as the derived file has them packed.
const BYTES_MAX: usize = 3 * 1024 * 1024;

/// The state that each partner was folded from last, as far as there is room.
#[derive(Default)]
pub(crate) struct KeptStates {
    last: BTreeMap<PartnerId, Last>,
    bytes: usize,
}

struct Last {
    generation: u32,
    month: Month,
    /// The state itself, since it was asked for a second time.
    state: Option<PartnerState>,
    bytes: usize,
}

impl KeptStates {
    /// The partner's last state at or before a month.
    pub(crate) fn read(
        &mut self,
        read: &impl DerivedRead,
        generation: u32,
        partner_id: &PartnerId,
        before: Month,
    ) -> Result<Option<PartnerState>, ProjectError> {
        let Some((month, bytes)) = read.state_last_bytes(generation, partner_id.as_str(), before)? else {
            return Ok(None);
        };
        let last = self.last.get(partner_id).filter(|last| (last.generation, last.month) == (generation, month));
        let is_second = last.is_some();
        if let Some(state) = last.and_then(|last| last.state.as_ref()) {
            return Ok(Some(state.clone()));
        }
        let state: Option<PartnerState> = read.state(generation, partner_id.as_str(), month)?;
        let is_kept = is_second && bytes <= BYTES_MAX;
        let (kept, bytes) = if is_kept { (state.clone(), bytes) } else { (None, 0) };
        self.forget_from(partner_id, month);
        if self.bytes + bytes > BYTES_MAX {
            self.clear();
        }
        self.bytes += bytes;
        self.last.insert(partner_id.clone(), Last { generation, month, state: kept, bytes });
        Ok(state)
    }

    /// Forgets what was folded again: the partner's states from a month on.
    pub(crate) fn forget_from(&mut self, partner_id: &PartnerId, from: Month) {
        if self.last.get(partner_id).is_some_and(|last| last.month >= from) {
            let bytes = self.last.remove(partner_id).map_or(0, |last| last.bytes);
            self.bytes -= bytes;
        }
    }

    /// Forgets everything: after a step that failed, the file may have other states.
    pub(crate) fn clear(&mut self) {
        self.last.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use daybook_store::{Derived, DerivedOptions};

    #[test]
    fn a_state_asked_for_again_is_kept_until_it_is_folded_again_or_another_is_nearer() {
        let dir = tempfile::tempdir().unwrap();
        let mut derived = Derived::create_or_open(dir.path(), &DerivedOptions::default()).unwrap();
        let mut write = derived.begin().unwrap();
        let (partner_id, month) = (PartnerId::parse("P-1").unwrap(), Month::parse("2022-01").unwrap());
        let mut kept = KeptStates::default();
        let mut put = |at: Month, state: &PartnerState| write.state_put(1, "P-1", at, state).unwrap();
        put(month, &PartnerState::before(month.next()));
        put(month.plus(-1), &PartnerState::before(month));
        let next_month = |kept: &mut KeptStates, before: Month| {
            kept.read(&write, 1, &partner_id, before).unwrap().map(|state| state.next_month)
        };
        assert_eq!(next_month(&mut kept, month.plus(-2)), None);
        for _ in 0..3 {
            assert_eq!(next_month(&mut kept, month.plus(5)), Some(month.next()));
        }
        let in_memory = |kept: &KeptStates| kept.last.values().filter(|last| last.state.is_some()).count();
        assert_eq!((in_memory(&kept), kept.bytes > 0), (1, true));
        assert_eq!(next_month(&mut kept, month.plus(-1)), Some(month), "an earlier one");
        assert_eq!((in_memory(&kept), kept.bytes), (0, 0));
        assert_eq!(next_month(&mut kept, month.plus(-1)), Some(month));
        kept.forget_from(&partner_id, month);
        assert_eq!(in_memory(&kept), 1, "of a month before");
        kept.forget_from(&partner_id, month.plus(-1));
        assert_eq!((in_memory(&kept), kept.bytes), (0, 0));
    }
}
