//! A replay from column files.

use super::sink::Sink;
use super::{Done, threads};
use crate::books::{Books, RulesAtHand};
use crate::cli::{Cli, ReplayArguments};
use crate::closed::Terms;
use crate::columns::{Columned, Partners};
use crate::failure::Failure;
use crate::shards::Folded;
use crate::waiting::Waiting;
use crate::window::Known;
use daybook_event::{NaiveDate, PartnerId};
use daybook_projector::ColumnsFault;
use daybook_replay::replay_columns;
use daybook_rules::model::RuleBook;
use daybook_views::{ClosedTerms, Digest, PartnerRows, digest_of_partner, digest_of_views};
use std::time::Instant;

/// Lines of partners whose rows are in memory at once, where rows are asked for.
const LINES_AT_ONCE_MAX: u64 = 200_000;

/// Replays the window from its columns; else why they cannot be used after all.
pub(super) fn replay_columned(
    cli: &Cli,
    arguments: &ReplayArguments,
    known: &Known,
    waiting: &Waiting,
    columned: &Columned,
) -> Result<Result<Done, ColumnsFault>, Failure> {
    let view = &columned.view;
    let books = Books::of(RulesAtHand::new(cli.rules.as_deref()), view.adoptions(), known.position);
    let named = books.book(&arguments.book)?;
    let mut sink = Sink::new(&named.book, arguments)?;
    let (terms, through) = (Terms::of(&named, &books), columned.through(arguments.records.through));
    let started = Instant::now();
    let since = terms.since(view.of_no_partner(), through)?;
    let replay = Replay { columned, book: &named.book, since, through, threads: threads(arguments), waiting };
    let digest = match replay.run(&mut sink) {
        Err(Stopped::Files(fault)) if fault.is_of_files() => {
            return Ok(Err(view.late_fault().unwrap_or(fault)));
        }
        Err(Stopped::Files(fault)) => return Err(Failure::input(fault)),
        Err(Stopped::Verb(failure)) => return Err(failure),
        Ok(digest) => digest,
    };
    let closed = terms.note(view.of_no_partner(), through);
    let folded = Folded { through, passes: 1, partners: view.partners(), digest, closed };
    let done = Done::new(known, &named, folded, sink, started)?;
    Ok(Ok(Done { columns: Some(columned.took), ..done }))
}

/// Why a replay stopped: the files, or what the verb does with rows.
enum Stopped {
    Files(ColumnsFault),
    Verb(Failure),
}

impl From<ColumnsFault> for Stopped {
    fn from(fault: ColumnsFault) -> Self {
        Self::Files(fault)
    }
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Verb(failure)
    }
}

struct Replay<'a> {
    columned: &'a Columned,
    book: &'a RuleBook,
    /// None: as if nothing were closed.
    since: Option<&'a ClosedTerms>,
    through: NaiveDate,
    threads: usize,
    waiting: &'a Waiting,
}

impl Replay<'_> {
    fn run(&self, sink: &mut Sink<'_>) -> Result<Digest, Stopped> {
        sink.take(self.columned.view.of_no_partner().rows(self.book))?;
        if sink.wants_rows() { self.rows(sink) } else { self.totals(sink) }
    }

    /// Measures alone: the threads that fold make them, and drop the rows.
    fn totals(&self, sink: &mut Sink<'_>) -> Result<Digest, Stopped> {
        let (source, measuring) = (Partners::all(&self.columned.view), sink.measuring());
        let replayed = replay_columns(&source, self.book, self.since, self.through, self.threads, |_, _, mut rows| {
            measuring.totals(&mut rows)
        })?;
        for totals in replayed.kept {
            sink.add(totals?)?;
        }
        Ok(replayed.digest)
    }

    /// The rows too, in order, those of some partners at once.
    fn rows(&self, sink: &mut Sink<'_>) -> Result<Digest, Stopped> {
        let view = &self.columned.view;
        let keep = |_, partner_id: &PartnerId, mut rows: PartnerRows| {
            let digest = digest_of_partner(partner_id, &rows);
            self.waiting.flag_partner(partner_id, &mut rows);
            (digest, rows)
        };
        let mut digests = Vec::with_capacity(view.partners());
        for source in Partners::parts(view, LINES_AT_ONCE_MAX) {
            let replayed = replay_columns(&source, self.book, self.since, self.through, self.threads, keep)?;
            for (digest, rows) in replayed.kept {
                digests.push(digest);
                sink.take(rows)?;
            }
        }
        let digests = (0..view.partners()).map(|at| view.partner_id(at)).zip(digests);
        Ok(digest_of_views(digests, &view.of_no_partner().rows(self.book)))
    }
}
