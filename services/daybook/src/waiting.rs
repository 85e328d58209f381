//! What waits in quarantine, as every verb that prints figures says it.
//!
//! Quarantine has no positions, so none of this is in a row, a digest or a pinned statement: it is added when printing, and it
//! blocks a closing. Only entries that are open count: what was retried, dismissed or published corrected is missing nowhere.

use crate::failure::Failure;
use daybook_event::{Month, PartnerId, Payload};
use daybook_store::{EntryState, QuarantineEntry, Snapshot};
use daybook_views::PartnerRows;
use daybook_views::rows::ProvisionalRow;
use serde::Serialize;

/// Entries read at once.
const PAGE_ENTRIES: usize = 1_000;

/// Why a month is provisional that something in quarantine keeps from being whole.
const QUARANTINE: &str = "QUARANTINE";

/// Visits every entry with what became of it, oldest first.
pub(crate) fn entries(
    snapshot: &Snapshot,
    mut visit: impl FnMut(QuarantineEntry, EntryState) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut next = 1;
    loop {
        let page = snapshot.quarantine_list(next, PAGE_ENTRIES)?;
        next += page.len() as u64;
        let is_last = page.len() < PAGE_ENTRIES;
        let states = snapshot.entry_states(&page)?;
        for (entry, state) in page.into_iter().zip(states) {
            visit(entry, state)?;
        }
        if is_last {
            return Ok(());
        }
    }
}

/// What became of an entry, in words.
pub(crate) fn state_text(state: EntryState) -> String {
    match state {
        EntryState::Open => "open".to_owned(),
        EntryState::Retried { position, .. } => format!("retried, record {position}"),
        EntryState::Dismissed { decision } => format!("dismissed by record {decision}"),
        EntryState::Corrected { position } => format!("corrected by record {position}"),
    }
}

/// What waits.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Waiting {
    /// Entries that are open; of the partner asked for, or of every partner, and those that name none.
    pub(crate) open: u64,
    /// Those that name no partner: they flag nobody.
    pub(crate) of_no_partner: u64,
    /// The months that miss something, sorted.
    pub(crate) provisional: Vec<ProvisionalRow>,
}

impl Waiting {
    /// What waits now, of one partner or of all.
    pub(crate) fn of(snapshot: &Snapshot, only: Option<&PartnerId>) -> Result<Self, Failure> {
        let mut waiting = Self::default();
        entries(snapshot, |entry, state| {
            if state == EntryState::Open {
                waiting.add(&entry, only);
            }
            Ok(())
        })?;
        waiting.provisional.sort();
        waiting.provisional.dedup();
        Ok(waiting)
    }

    fn add(&mut self, entry: &QuarantineEntry, only: Option<&PartnerId>) {
        // A statement that was not taken says nothing that the records do not.
        let decoded = daybook_proto::decode(&entry.bytes).ok().map(|envelope| envelope.payload);
        if matches!(decoded, Some(Payload::PinnedStatement(_))) {
            return;
        }
        let head = daybook_proto::peek_head(&entry.bytes);
        let Some(partner_id) = head.partner_id else {
            self.open += 1;
            self.of_no_partner += 1;
            return;
        };
        if only.is_some_and(|only| *only != partner_id) {
            return;
        }
        self.open += 1;
        // An event that does not say when it counts is missed where it arrived.
        let month = Month::of(head.effective_on.unwrap_or_else(|| entry.recorded_at.date_utc()));
        self.provisional.push(ProvisionalRow { partner_id, month, why: QUARANTINE.to_owned().into() });
    }

    /// The flags of one partner.
    pub(crate) fn of_partner(&self, partner_id: &PartnerId) -> &[ProvisionalRow] {
        let first = self.provisional.partition_point(|row| row.partner_id < *partner_id);
        let after = self.provisional.partition_point(|row| row.partner_id <= *partner_id);
        &self.provisional[first..after]
    }

    /// Adds the flags to the rows of one partner.
    pub(crate) fn flag_partner(&self, partner_id: &PartnerId, rows: &mut PartnerRows) {
        add_to(rows, self.of_partner(partner_id));
    }

    /// Adds every flag to rows of the same partners.
    pub(crate) fn flag(&self, rows: &mut PartnerRows) {
        add_to(rows, &self.provisional);
    }

    /// Whether no entry is open.
    pub(crate) fn is_nothing(&self) -> bool {
        self.open == 0
    }

    /// In one line, where anything waits.
    pub(crate) fn line(&self) -> Option<String> {
        if self.is_nothing() {
            return None;
        }
        let entries = |count: u64| if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") };
        let mut parts = Vec::new();
        let named = self.open - self.of_no_partner;
        if named > 0 {
            let mut partners: Vec<&PartnerId> = self.provisional.iter().map(|row| &row.partner_id).collect();
            partners.dedup();
            let whose = match partners.as_slice() {
                [one] => format!("partner {one}"),
                several => format!("{} partners", several.len()),
            };
            parts.push(format!("{} of {whose}: provisional, later months may follow from them", entries(named)));
        }
        match self.of_no_partner {
            0 => {}
            1 => parts.push("1 entry names no partner".to_owned()),
            count => parts.push(format!("{count} entries name no partner")),
        }
        parts.push("see daybook quarantine list --state open".to_owned());
        Some(parts.join("; "))
    }
}

fn add_to(rows: &mut PartnerRows, flags: &[ProvisionalRow]) {
    if flags.is_empty() {
        return;
    }
    rows.provisional.extend_from_slice(flags);
    rows.provisional.sort();
    rows.provisional.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;
    use daybook_event::Instant;
    use daybook_store::{Origin, QuarantineReason};

    fn entry(bytes: &str) -> QuarantineEntry {
        QuarantineEntry {
            entry: 1,
            reason: QuarantineReason::Invalid { detail: String::new() },
            id: None,
            recorded_at: Instant::parse("2022-05-02T10:00:00Z").unwrap(),
            origin: Origin::default(),
            bytes: bytes.as_bytes().to_vec(),
        }
    }

    fn of(entries: &[&str], only: Option<&str>) -> Waiting {
        let only = only.map(|id| PartnerId::parse(id).unwrap());
        let mut waiting = Waiting::default();
        for bytes in entries {
            waiting.add(&entry(bytes), only.as_ref());
        }
        waiting.provisional.sort();
        waiting.provisional.dedup();
        waiting
    }

    const DATED: &str = r#"{"partner_id":"P-B","effective_on":"2022-01-10","license_sale":{"amount":"x"}}"#;
    const UNDATED: &str = r#"{"partner_id":"P-A","effective_on":"soon"}"#;

    #[test]
    fn whoever_can_be_read_is_flagged_and_the_rest_is_counted() {
        let waiting = of(&[DATED, DATED, UNDATED, "{", "no event"], None);
        let flags: Vec<String> =
            waiting.provisional.iter().map(|row| format!("{} {} {}", row.partner_id, row.month, row.why)).collect();
        assert_eq!(flags, ["P-A 2022-05 QUARANTINE", "P-B 2022-01 QUARANTINE"]);
        assert_eq!((waiting.open, waiting.of_no_partner), (5, 2));
        assert_eq!(waiting.of_partner(&PartnerId::parse("P-B").unwrap()), &waiting.provisional[1..]);
        assert!(waiting.line().unwrap().starts_with("3 entries of 2 partners: provisional"), "{:?}", waiting.line());
    }

    #[test]
    fn of_one_partner_the_others_are_not_counted() {
        let waiting = of(&[DATED, UNDATED, "{"], Some("P-A"));
        assert_eq!((waiting.open, waiting.of_no_partner), (2, 1));
        let line = waiting.line().unwrap();
        assert!(line.starts_with("1 entry of partner P-A: provisional"), "{line}");
        assert!(line.contains("1 entry names no partner"), "{line}");
        assert_eq!(of(&[], None).line(), None);
    }
}
