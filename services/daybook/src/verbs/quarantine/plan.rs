//! What a decision about an entry would do, said before it is recorded.

use super::{entry_of, is_selected};
use crate::cli::DecideArguments;
use crate::failure::Failure;
use crate::import::now;
use crate::waiting;
use daybook_intake::judge_again;
use daybook_store::{EntryState, Incoming, QuarantineEntry, QuarantineReason, Snapshot, Verdict};

/// The first intake semantics under which decisions act.
const DECIDING_SEMANTICS: u32 = 2;

/// An entry, and what deciding about it would do.
pub(super) struct Planned {
    pub(super) entry: QuarantineEntry,
    /// What would happen; or why nothing would.
    pub(super) effect: Result<String, String>,
}

/// Every entry that is asked for.
pub(super) fn plan(
    snapshot: &Snapshot,
    arguments: &DecideArguments,
    verdict: Verdict,
) -> Result<Vec<Planned>, Failure> {
    let semantics = snapshot.identity().intake_semantics;
    if semantics < DECIDING_SEMANTICS {
        return Err(Failure::Input(format!(
            "this ledger was made with intake semantics {semantics}, under which a decision about the quarantine has no \
             effect: publish the event corrected, or take the stream into a new ledger"
        )));
    }
    let mut planned = Vec::new();
    if arguments.all {
        waiting::entries(snapshot, |entry, state| {
            if state == EntryState::Open && is_selected(&entry, &arguments.selection) {
                planned.push(planned_of(snapshot, entry, state, verdict)?);
            }
            Ok(())
        })?;
        return Ok(planned);
    }
    let mut numbers = arguments.entries.clone();
    numbers.sort_unstable();
    numbers.dedup();
    for number in numbers {
        let entry = entry_of(snapshot, number)?;
        if !is_selected(&entry, &arguments.selection) {
            return Err(Failure::Input(format!(
                "the quarantine entry {number} has not the reason or source asked for: daybook quarantine show {number}"
            )));
        }
        let state = snapshot.entry_state(&entry)?;
        planned.push(planned_of(snapshot, entry, state, verdict)?);
    }
    Ok(planned)
}

fn planned_of(
    snapshot: &Snapshot,
    entry: QuarantineEntry,
    state: EntryState,
    verdict: Verdict,
) -> Result<Planned, Failure> {
    let effect = match (verdict, state) {
        (_, EntryState::Retried { .. } | EntryState::Corrected { .. })
        | (Verdict::Dismiss, EntryState::Dismissed { .. }) => {
            Err(format!("it is resolved already: {}", waiting::state_text(state)))
        }
        (Verdict::Dismiss, EntryState::Open) => Ok("no figure waits for it any more".to_owned()),
        (Verdict::Retry, EntryState::Open | EntryState::Dismissed { .. }) => retried(snapshot, &entry)?,
    };
    Ok(Planned { entry, effect })
}

/// What judging it again gives, as the ledger would.
fn retried(snapshot: &Snapshot, entry: &QuarantineEntry) -> Result<Result<String, String>, Failure> {
    let (id, content_hash) = match judge_again(entry.bytes.clone(), now(), entry.origin.clone()) {
        Incoming::Event { id, content_hash, .. } => (id, content_hash),
        Incoming::Faulty { reason, .. } => return Ok(Err(format!("it is still faulty ({reason}): {}", cure(&reason)))),
    };
    Ok(match snapshot.position_of(&id)? {
        None => Ok(format!("{id} becomes a record")),
        Some((position, standing)) if standing == content_hash => {
            Ok(format!("{id} stands already, as record {position}"))
        }
        Some((position, _)) => Err(format!(
            "{id} stands with other content, as record {position}: reverse that and publish the right event under a new id, \
             or dismiss the entry"
        )),
    })
}

fn cure(reason: &QuarantineReason) -> &'static str {
    match reason {
        QuarantineReason::PartnerUnknown { .. } | QuarantineReason::SegmentUnknown { .. } => {
            "import the file again with what is missing, then dismiss the entry"
        }
        _ => "publish the event corrected, under the same id where the entry shows one, or dismiss the entry",
    }
}
