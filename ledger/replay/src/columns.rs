//! Replay of partners whose lines are in columns, wherever these come from.

use crate::histories::Histories;
use daybook_event::{NaiveDate, PartnerId};
use daybook_rules::model::RuleBook;
use daybook_views::{
    ClosedMonths, ClosedTerms, CompiledBook, Digest, FactsOfNoPartner, FxTable, LineClasses, LinesError,
    PartnerColumns, PartnerRows, digest_of_partner, digest_of_views, fold_columns, fold_partner_closed,
};
use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Where partners in columns are found.
pub trait ColumnsSource: Sync {
    /// What goes wrong when columns cannot be read.
    type Error: From<LinesError> + Send;

    /// The classes of all lines.
    fn classes(&self) -> &LineClasses;

    /// The facts of no partner.
    fn of_no_partner(&self) -> &FactsOfNoPartner;

    /// How many partners there are.
    fn partners(&self) -> usize;

    /// The partner of that place. Places are in order of id.
    fn partner_id(&self, at: usize) -> &PartnerId;

    /// How many lines the partner has, roughly: those with most are folded first.
    fn lines(&self, at: usize) -> u64;

    /// The partner's columns.
    ///
    /// # Errors
    /// Whatever keeps them from being read.
    fn columns(&self, at: usize) -> Result<Cow<'_, PartnerColumns>, Self::Error>;
}

/// What came of a replay.
#[derive(Debug)]
pub struct ColumnsReplayed<K> {
    /// One number for all rows.
    pub digest: Digest,
    /// What was kept of each partner, in order of partner.
    pub kept: Vec<K>,
    /// Findings on facts of no partner.
    pub of_no_partner: PartnerRows,
}

/// Folds every partner under the book, and keeps what is closed where `terms` say how the book came from the one of the last
/// closing; without, as if nothing were closed. `keep` is handed each partner's place, id and rows, from whichever thread and
/// in whichever order, and what it hands back comes out in order of partner. The result does not depend on the number of
/// threads.
///
/// # Errors
/// The first error of the source, by place of the partner.
pub fn replay_columns<S: ColumnsSource, K: Send>(
    source: &S,
    book: &RuleBook,
    terms: Option<&ClosedTerms>,
    through: NaiveDate,
    threads: usize,
    keep: impl Fn(usize, &PartnerId, PartnerRows) -> K + Sync,
) -> Result<ColumnsReplayed<K>, S::Error> {
    let fold = Fold::new(source, book, terms, through);
    // The largest first: one that takes long must not be the last, with the other threads idle.
    let mut order: Vec<usize> = (0..source.partners()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(source.lines(*at)));
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(&at) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push((
                at,
                fold.partner(at).map(|rows| {
                    let partner_id = source.partner_id(at);
                    (digest_of_partner(partner_id, &rows), keep(at, partner_id, rows))
                }),
            ));
        }
        done
    };
    let mut done = std::thread::scope(|scope| {
        let workers: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(work)).collect();
        let mut done = work();
        for worker in workers {
            // A worker panics only where the fold's own assertions fail, and then so must we.
            done.extend(worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_by_key(|(at, _)| *at);
    let (mut digests, mut kept) = (Vec::with_capacity(done.len()), Vec::with_capacity(done.len()));
    for (at, result) in done {
        let (digest, one) = result?;
        digests.push((source.partner_id(at), digest));
        kept.push(one);
    }
    let of_no_partner = source.of_no_partner().rows(book);
    Ok(ColumnsReplayed { digest: digest_of_views(digests.into_iter(), &of_no_partner), kept, of_no_partner })
}

/// What all threads share.
struct Fold<'a, S> {
    source: &'a S,
    terms: CompiledBook<'a>,
    fx: FxTable,
    closed: Option<ClosedMonths<'a>>,
    through: NaiveDate,
}

impl<'a, S: ColumnsSource> Fold<'a, S> {
    fn new(source: &'a S, book: &'a RuleBook, terms: Option<&'a ClosedTerms>, through: NaiveDate) -> Self {
        let facts = source.of_no_partner();
        let closed = terms.and_then(|terms| ClosedMonths::of(facts, book, terms, through));
        let terms = CompiledBook::of(book, source.classes().all());
        Self { source, terms, fx: facts.fx_counting(book, through), closed, through }
    }

    fn partner(&self, at: usize) -> Result<PartnerRows, S::Error> {
        let (partner_id, columns) = (self.source.partner_id(at), self.source.columns(at)?);
        match &self.closed {
            // What closed months should have come to is folded many times over, as of many positions: from facts.
            Some(closed) => Ok(fold_partner_closed(closed, partner_id, &columns.history(self.source.classes())?)),
            None => Ok(fold_columns(&self.terms, &self.fx, partner_id, &columns, self.through)?),
        }
    }
}

/// Every partner of a window in columns in memory.
#[derive(Debug, Clone, Default)]
pub struct ColumnsInMemory {
    classes: LineClasses,
    partners: Vec<(PartnerId, PartnerColumns)>,
    of_no_partner: FactsOfNoPartner,
}

impl ColumnsInMemory {
    /// The columns of partners in order of id, with the classes of their lines.
    #[must_use]
    pub fn new(
        classes: LineClasses,
        partners: Vec<(PartnerId, PartnerColumns)>,
        of_no_partner: FactsOfNoPartner,
    ) -> Self {
        Self { classes, partners, of_no_partner }
    }

    /// The columns of these histories.
    ///
    /// # Errors
    /// [`LinesError::TooMany`] where 32 bits do not count the lines of a partner.
    pub fn of(histories: &Histories) -> Result<Self, LinesError> {
        let mut classes = LineClasses::default();
        let partners = histories
            .partners()
            .iter()
            .map(|(partner_id, history)| Ok((partner_id.clone(), PartnerColumns::of(history, &mut classes)?)));
        let partners = partners.collect::<Result<_, LinesError>>()?;
        Ok(Self { classes, partners, of_no_partner: histories.of_no_partner().clone() })
    }
}

impl ColumnsSource for ColumnsInMemory {
    type Error = LinesError;

    fn classes(&self) -> &LineClasses {
        &self.classes
    }

    fn of_no_partner(&self) -> &FactsOfNoPartner {
        &self.of_no_partner
    }

    fn partners(&self) -> usize {
        self.partners.len()
    }

    fn partner_id(&self, at: usize) -> &PartnerId {
        &self.partners[at].0
    }

    fn lines(&self, at: usize) -> u64 {
        self.partners[at].1.lines.len() as u64
    }

    fn columns(&self, at: usize) -> Result<Cow<'_, PartnerColumns>, LinesError> {
        Ok(Cow::Borrowed(&self.partners[at].1))
    }
}
