//! `daybook views`: the rows at the head, or at any other coordinates.
//!
//! Where `serve` has projected exactly these coordinates, its rows are read; otherwise they are computed, from the column files
//! where there are any, else from the records. All are the same rows, and `daybook verify` holds the ones against the others.

use crate::books::{Books, NamedBook};
use crate::cli::{Cli, ViewName, ViewsArguments};
use crate::closed::{self, Terms};
use crate::columns::{self, Partners};
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::shards::{Folding, fold, threads_of_machine};
use crate::waiting::Waiting;
use crate::window::{self, Known};
use daybook_event::{NaiveDate, PartnerId, Position};
use daybook_replay::{Views, ViewsHead, replay_columns};
use daybook_rules::model::RuleBook;
use daybook_store::{DERIVED_FILE, DerivedOptions, DerivedReader};
use daybook_views::{ENGINE_SEMANTICS, PartnerRows};
use std::ops::ControlFlow;

pub(crate) fn run(cli: &Cli, arguments: &ViewsArguments) -> Result<(), Failure> {
    let known = window::known(&cli.ledger, arguments.window.known_as_of.as_deref())?;
    let books = Books::known(cli.rules.as_deref(), &known)?;
    let named = books.book(&arguments.book)?;
    let period = arguments.period.as_deref().map(|label| {
        let wrong = || format!("--period {label:?} is no earning period: write FY22H1 for July to December 2021");
        named.book.calendar().period_parse(label).ok_or_else(|| Failure::Input(wrong()))
    });
    let period = period.transpose()?;
    let only = arguments.partner.as_ref();
    let mut views = match live(&known, arguments, &named)? {
        Some(views) => views,
        None => match columned(&known, arguments, &books, &named)? {
            Some(views) => views,
            None => computed(&known, arguments, &books, &named)?,
        },
    };
    let waiting = Waiting::of(&known.snapshot, only)?;
    waiting.flag(&mut views.rows);
    if let Some(period) = period {
        views.keep_period(named.book.calendar(), period);
    }
    let about = [
        ("position", views.head.position.to_string()),
        ("through", views.head.through.to_string()),
        ("root", views.head.root.clone()),
        ("rule book", named.note),
        ("closed", views.head.closed.clone()),
        ("digest", views.head.views_digest.clone()),
    ];
    output::print_figures(arguments.format.format, &views, &about, &sections(&views, arguments.view)?, &waiting)
}

/// Rows computed from the column files as they are, and the records behind them; none where these cannot be used. Nothing is
/// written: who only looks leaves the folder alone.
fn columned(
    known: &Known,
    arguments: &ViewsArguments,
    books: &Books,
    named: &NamedBook,
) -> Result<Option<Views>, Failure> {
    let Some(opened) = columns::open_as_is(known)? else { return Ok(None) };
    let view = &opened.view;
    let (terms, through) = (Terms::of(named, books), opened.through(arguments.window.through));
    let since = terms.since(view.of_no_partner(), through)?;
    let only = arguments.partner.as_ref();
    if let Some(partner_id) = only.filter(|partner_id| view.place_of(partner_id).is_none()) {
        return Err(window::partner_missing(partner_id));
    }
    // Every partner is folded even for the rows of one: the digest is that of all.
    let keep = |_, partner_id: &PartnerId, rows| only.is_none_or(|only| only == partner_id).then_some(rows);
    let replayed = match replay_columns(&Partners::all(view), &named.book, since, through, threads_of_machine(), keep) {
        Ok(replayed) => replayed,
        Err(fault) if fault.is_of_files() => {
            columns::say_unused(&view.late_fault().unwrap_or(fault));
            return Ok(None);
        }
        Err(fault) => return Err(Failure::input(fault)),
    };
    let root = hex::encode(window::root(known)?);
    let closed = terms.note(view.of_no_partner(), through);
    let digest = replayed.digest.to_string();
    let mut views = Views::empty(ViewsHead { closed, ..head(known.position, through, root, &named.book, digest) });
    if only.is_none() {
        views.add(replayed.of_no_partner);
    }
    replayed.kept.into_iter().flatten().for_each(|rows| views.add(rows));
    Ok(Some(views))
}

/// Rows computed from the records.
fn computed(known: &Known, arguments: &ViewsArguments, books: &Books, named: &NamedBook) -> Result<Views, Failure> {
    let through = arguments.window.through;
    let memory_max = arguments.memory.memory_max;
    let folding = Folding { terms: Terms::of(named, books), through, threads: threads_of_machine(), memory_max };
    let only = arguments.partner.as_ref();
    let (mut kept, mut is_known) = (PartnerRows::default(), false);
    // Every partner is folded even for the rows of one: the digest is that of all.
    let folded = fold(known, &folding, |partner_id, rows| {
        is_known |= partner_id == only;
        if only.is_none() || partner_id == only {
            kept.append(rows);
        }
        Ok(())
    })?;
    if let Some(partner_id) = only.filter(|_| !is_known) {
        return Err(window::partner_missing(partner_id));
    }
    let root = hex::encode(window::root(known)?);
    let digest = folded.digest.to_string();
    let head = ViewsHead { closed: folded.closed, ..head(known.position, folded.through, root, &named.book, digest) };
    Ok(Views { head, rows: kept })
}

fn head(position: Position, through: NaiveDate, root: String, book: &RuleBook, views_digest: String) -> ViewsHead {
    let rule_book = book.terms_hash.clone();
    ViewsHead {
        position,
        through,
        root,
        rule_book,
        engine_semantics: ENGINE_SEMANTICS,
        views_digest,
        closed: String::new(),
    }
}

/// The rows that `serve` keeps, if they are at these coordinates.
fn live(known: &Known, arguments: &ViewsArguments, named: &NamedBook) -> Result<Option<Views>, Failure> {
    let book = &named.book;
    let (ledger, snapshot) = (known.dir.as_path(), &known.snapshot);
    if arguments.window.known_as_of.is_some() || !ledger.join(DERIVED_FILE).exists() {
        return Ok(None);
    }
    // A derived file that cannot be read is no trouble here: the records give the same rows.
    let Ok(derived) = DerivedReader::open(ledger, &DerivedOptions::default()) else { return Ok(None) };
    let Ok(Some(kept)) = daybook_projector::Views::newest(&derived) else { return Ok(None) };
    let at = kept.checkpoint().clone();
    let through = arguments.window.through.unwrap_or_else(|| snapshot.head().recorded_at.date_utc());
    let position = snapshot.head().position;
    if (at.position, at.through) != (position, through) || !at.is_of(book) {
        return Ok(None);
    }
    let Ok(closings) = kept.closings() else { return Ok(None) };
    let closed = closings.on(through);
    // Another book may be the same terms, but keeps nothing; and so do views whose closings have no book.
    if at.closed.is_some() != (named.is_current && !closed.is_empty()) {
        return Ok(None);
    }
    let Ok(digest) = kept.digest_kept() else { return Ok(None) };
    let root = hex::encode(snapshot.head().root);
    let mut views = Views::empty(head(position, through, root, book, digest.to_string()));
    let only = arguments.partner.as_ref();
    // Rows that cannot be read are no trouble either.
    match only {
        Some(partner_id) => {
            let Ok(rows) = kept.rows(partner_id) else { return Ok(None) };
            views.add(rows.ok_or_else(|| window::partner_missing(partner_id))?);
        }
        None => {
            let Ok(of_no_partner) = kept.rows_of_no_partner() else { return Ok(None) };
            views.add(of_no_partner);
            let read = kept.rows_visit(|_, rows: PartnerRows| {
                views.add(rows);
                Ok::<_, daybook_projector::ProjectError>(ControlFlow::Continue(()))
            });
            if read.is_err() {
                return Ok(None);
            }
        }
    }
    views.head.closed = closed::note(closed, named.is_current);
    Ok(Some(views))
}

fn sections(views: &Views, only: Option<ViewName>) -> Result<Vec<Section>, Failure> {
    let rows = &views.rows;
    let all = [
        (ViewName::Standing, Section::new("standing", &rows.standing)?),
        (ViewName::Postings, Section::new("postings", &rows.postings)?),
        (ViewName::Lots, Section::new("lots", &rows.lots)?),
        (ViewName::Claims, Section::new("claims", &rows.claims)?),
        (ViewName::TrueUps, Section::new("true_ups", &rows.true_ups)?),
        (ViewName::Payouts, Section::new("payouts", &rows.payouts)?),
        (ViewName::Conservation, Section::new("conservation", &rows.conservation)?),
        (ViewName::Provisional, Section::new("provisional", &rows.provisional)?),
        (ViewName::Findings, Section::new("findings", &rows.findings)?),
    ];
    Ok(all.into_iter().filter(|(name, _)| only.is_none_or(|only| only == *name)).map(|(_, section)| section).collect())
}
