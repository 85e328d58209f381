//! A window visited with bounded memory: in one pass where it fits, else some partners after the other.

use crate::closed::{Kept, Terms};
use crate::failure::Failure;
use crate::progress;
use crate::window::{self, Known, Window};
use daybook_event::{NaiveDate, PartnerId};
use daybook_replay::Census;
use daybook_views::{Digest, PartnerRows, digest_of_partner, digest_of_views};

/// What records in memory may take where nobody says otherwise.
pub(crate) const MEMORY_BYTES_MAX: u64 = 512 << 20;

/// What an envelope has at most as a rule, for an estimate before any is read. Longer ones are rare, and counted as they
/// are where the estimate says that one pass may not do.
const ENVELOPE_BYTES_USUAL: u64 = 300;

/// Visits the window's partners in order, as many at once as fit into `memory_max` bytes; returns the number of passes. Each
/// part that is visited has the window's coordinates, all facts of no partner, and some partners.
pub(crate) fn visit_shards(
    known: &Known,
    through: Option<NaiveDate>,
    memory_max: u64,
    mut visit: impl FnMut(Window) -> Result<(), Failure>,
) -> Result<usize, Failure> {
    let records = known.position.number();
    if Census::estimate(records, ENVELOPE_BYTES_USUAL) <= memory_max {
        visit(window::read(known, through)?)?;
        return Ok(1);
    }
    let shards = window::census(known)?.shards(memory_max);
    for shard in &shards {
        visit(window::read_shard(known, through, shard)?)?;
    }
    Ok(shards.len())
}

/// The terms, the date and the threads of a replay.
pub(crate) struct Folding<'a> {
    pub(crate) terms: Terms<'a>,
    pub(crate) through: Option<NaiveDate>,
    pub(crate) threads: usize,
    pub(crate) memory_max: u64,
}

/// What is left of a replay whose rows were dropped.
pub(crate) struct Folded {
    pub(crate) through: NaiveDate,
    pub(crate) passes: usize,
    pub(crate) partners: usize,
    pub(crate) digest: Digest,
    /// What is closed, and whether it was kept, in one line.
    pub(crate) closed: String,
}

/// As many threads as the machine has.
pub(crate) fn threads_of_machine() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Folds the window and hands over the rows: first those of no partner, then each partner's in order.
pub(crate) fn fold(
    known: &Known,
    folding: &Folding<'_>,
    mut visit: impl FnMut(Option<&PartnerId>, PartnerRows) -> Result<(), Failure>,
) -> Result<Folded, Failure> {
    let mut digests: Vec<(PartnerId, Digest)> = Vec::new();
    let mut begun: Option<(NaiveDate, PartnerRows, String)> = None;
    let passes = visit_shards(known, folding.through, folding.memory_max, |window| {
        let Kept { replayed, note } = fold_shard(&window, folding)?;
        if begun.is_none() {
            begun = Some((window.through, replayed.of_no_partner.clone(), note));
            visit(None, replayed.of_no_partner)?;
        }
        for (partner_id, rows) in replayed.partners {
            digests.push((partner_id.clone(), digest_of_partner(&partner_id, &rows)));
            visit(Some(&partner_id), rows)?;
        }
        Ok(())
    })?;
    let (through, of_no_partner, closed) = begun.unwrap_or_default();
    let digest = digest_of_views(digests.iter().map(|(partner_id, digest)| (partner_id, *digest)), &of_no_partner);
    Ok(Folded { through, passes, partners: digests.len(), digest, closed })
}

fn fold_shard(window: &Window, folding: &Folding<'_>) -> Result<Kept, Failure> {
    let bar = progress::bar("folding", window.histories.partners().len() as u64);
    let told = |partners: usize| bar.inc(partners as u64);
    let kept = folding.terms.replay(&window.histories, window.through, folding.threads, &told);
    bar.finish_and_clear();
    kept
}
