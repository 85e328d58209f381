//! Replay: every partner of a window folded under one rule book.

use crate::histories::Histories;
use daybook_event::{NaiveDate, PartnerId};
use daybook_rules::model::RuleBook;
use daybook_views::{
    ClosedMonths, ClosedTerms, Digest, PartnerHistory, PartnerRows, digest_of_partner, digest_of_views, fold_partner,
    fold_partner_closed,
};

/// The rows of a replay.
#[derive(Debug, Clone, Default)]
pub struct Replayed {
    /// Rows by partner, in order.
    pub partners: Vec<(PartnerId, PartnerRows)>,
    /// Findings on facts of no partner.
    pub of_no_partner: PartnerRows,
}

impl Replayed {
    /// One number for all rows.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let digests = self.partners.iter().map(|(partner_id, rows)| (partner_id, digest_of_partner(partner_id, rows)));
        digest_of_views(digests, &self.of_no_partner)
    }

    /// Whether any record of the window names this partner.
    #[must_use]
    pub fn has(&self, partner_id: &PartnerId) -> bool {
        self.partners.binary_search_by(|(id, _)| id.cmp(partner_id)).is_ok()
    }
}

/// Folds every partner under the book, as if nothing were closed. The result does not depend on the number of threads:
/// partners are independent, and rows come back in order of partner.
#[must_use]
pub fn replay(histories: &Histories, book: &RuleBook, through: NaiveDate, threads: usize) -> Replayed {
    replay_telling(histories, book, through, threads, &|_| ())
}

/// The same; `folded` is told, from whichever thread, of each number of partners that are done.
#[must_use]
pub fn replay_telling(
    histories: &Histories,
    book: &RuleBook,
    through: NaiveDate,
    threads: usize,
    folded: &(dyn Fn(usize) + Sync),
) -> Replayed {
    let fx = histories.of_no_partner().fx_counting(book, through);
    replay_by(histories, book, threads, folded, |id, history| fold_partner(book, &fx, id, history, through))
}

/// Folds every partner under the current book, and keeps what is closed on the through date. `terms` say how the current book
/// came from the one of the last closing that counts. Where nothing is closed it is [`replay`].
#[must_use]
pub fn replay_closed(
    histories: &Histories,
    book: &RuleBook,
    terms: &ClosedTerms,
    through: NaiveDate,
    threads: usize,
) -> Replayed {
    replay_closed_telling(histories, book, terms, through, threads, &|_| ())
}

/// The same; `folded` is told, from whichever thread, of each number of partners that are done.
#[must_use]
pub fn replay_closed_telling(
    histories: &Histories,
    book: &RuleBook,
    terms: &ClosedTerms,
    through: NaiveDate,
    threads: usize,
    folded: &(dyn Fn(usize) + Sync),
) -> Replayed {
    match ClosedMonths::of(histories.of_no_partner(), book, terms, through) {
        Some(closed) => {
            replay_by(histories, book, threads, folded, |id, history| fold_partner_closed(&closed, id, history))
        }
        None => replay_telling(histories, book, through, threads, folded),
    }
}

fn replay_by(
    histories: &Histories,
    book: &RuleBook,
    threads: usize,
    folded: &(dyn Fn(usize) + Sync),
    fold: impl Fn(&PartnerId, &PartnerHistory) -> PartnerRows + Sync,
) -> Replayed {
    let all = histories.partners();
    // Chunks are small so that one partner with most of the events does not leave the other threads idle.
    let next = std::sync::atomic::AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let first = next.fetch_add(CHUNK_PARTNERS, std::sync::atomic::Ordering::Relaxed);
            if first >= all.len() {
                return done;
            }
            let chunk = &all[first..all.len().min(first + CHUNK_PARTNERS)];
            let rows = chunk.iter().map(|(id, history)| (id.clone(), fold(id, history)));
            done.push((first, rows.collect::<Vec<_>>()));
            folded(chunk.len());
        }
    };
    let mut chunks = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut chunks = work();
        for worker in workers {
            // A worker panics only where the fold's own assertions fail, and then so must we.
            chunks.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        chunks
    });
    chunks.sort_by_key(|(first, _)| *first);
    let partners = chunks.into_iter().flat_map(|(_, rows)| rows).collect();
    Replayed { partners, of_no_partner: histories.of_no_partner().rows(book) }
}

/// How many partners a thread takes at once.
const CHUNK_PARTNERS: usize = 16;
