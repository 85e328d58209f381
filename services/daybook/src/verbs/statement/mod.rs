//! `daybook statement`: a partner's month, as it was pinned or as it is now, with its proof.
//!
//! Reading order: `run`, [`document`] (what it says), [`page`] and [`lines`] (how it is printed).

mod document;
mod evidence;
mod lines;
mod page;

pub(crate) use lines::statement_sections;

use super::checkpoint::give;
use crate::books::{Books, NamedBook};
use crate::cli::{Cli, Format, StatementArguments};
use crate::closed::{self, Pinned, Terms};
use crate::failure::Failure;
use crate::output;
use crate::shards::threads_of_machine;
use crate::waiting::Waiting;
use crate::window::{self, Known, Window};
use daybook_event::{Month, PartnerId, Payload};
use daybook_replay::Replayed;
use daybook_rules::model::RuleBook;
use daybook_store::Snapshot;
use daybook_views::{Closing, ENGINE_SEMANTICS, PartnerRows, Statement};
use document::{ClosingProof, Document, Open, Proof};
use serde::Serialize;
use std::path::Path;

/// Where the statements of a month come from.
struct Sources {
    month: Month,
    window: Window,
    replayed: Replayed,
    /// The book now, and the one of the month's figures.
    book_now: RuleBook,
    book: RuleBook,
    proof: Proof,
    /// Of a closed month: its closing, and what was pinned.
    pinned: Option<(Closing, Pinned)>,
    /// What waits in quarantine now.
    waiting: Waiting,
}

pub(crate) fn run(cli: &Cli, arguments: &StatementArguments) -> Result<(), Failure> {
    if let (Some(path), Some(partner_id)) = (&arguments.proof, &arguments.partner) {
        let snapshot = window::open(&cli.ledger)?.snapshot()?;
        let evidence = evidence::evidence(&snapshot, partner_id, arguments.month)?;
        give(&evidence.to_string(), Some(path))?;
    }
    let read = || Sources::read(cli, arguments);
    match (&arguments.partner, &arguments.output) {
        (Some(partner_id), _) => one(arguments, &read()?, partner_id),
        (None, Some(folder)) => all(arguments, &read()?, folder),
        (None, None) => Err(Failure::Input("say whose: --partner P, or --all with --output DIR".to_owned())),
    }
}

fn one(arguments: &StatementArguments, sources: &Sources, partner_id: &PartnerId) -> Result<(), Failure> {
    let document = &sources.document(partner_id)?;
    if let Some(path) = &arguments.html {
        std::fs::write(path, page::page(document))
            .map_err(|error| Failure::Input(format!("cannot write {}: {error}", path.display())))?;
    }
    let sections = match arguments.format.format {
        Format::Csv => vec![lines::csv(document)?],
        Format::Table | Format::Json => lines::tables(document)?,
    };
    output::print_figures(arguments.format.format, document, &lines::head(document), &sections, &sources.waiting)
}

/// What was written.
#[derive(Serialize)]
struct Written {
    partner_id: PartnerId,
    state: &'static str,
    page: String,
    document: String,
}

fn all(arguments: &StatementArguments, sources: &Sources, folder: &Path) -> Result<(), Failure> {
    let cannot = |path: &Path, error| Failure::Input(format!("cannot write {}: {error}", path.display()));
    std::fs::create_dir_all(folder).map_err(|error| cannot(folder, error))?;
    let mut written = Vec::new();
    for partner_id in sources.partners() {
        let document = sources.document(&partner_id)?;
        let name = format!("{partner_id}-{}", arguments.month);
        let (page, json) = (folder.join(format!("{name}.html")), folder.join(format!("{name}.json")));
        std::fs::write(&page, page::page(&document)).map_err(|error| cannot(&page, error))?;
        std::fs::write(&json, serde_json::to_vec_pretty(&document)?).map_err(|error| cannot(&json, error))?;
        let (page, json) = (page.display().to_string(), json.display().to_string());
        written.push(Written { partner_id, state: document.state, page, document: json });
    }
    let mut head = vec![("month", arguments.month.to_string()), ("statements", written.len().to_string())];
    head.extend(sources.waiting.line().map(|line| ("quarantine", line)));
    let section = output::Section::new("written", &written)?;
    output::print(arguments.format.format, &written, &head, &[section])
}

impl Sources {
    fn read(cli: &Cli, arguments: &StatementArguments) -> Result<Self, Failure> {
        let known = window::known(&cli.ledger, arguments.window.known_as_of.as_deref())?;
        let books = Books::known(cli.rules.as_deref(), &known)?;
        let named = books.book("current")?;
        let through = arguments.window.through;
        let window = match &arguments.partner {
            Some(partner_id) => window::read_partner(&known, through, partner_id)?,
            None => window::read(&known, through)?,
        };
        let kept =
            Terms::of(&named, &books).replay(&window.histories, window.through, threads_of_machine(), &|_| ())?;
        if let Some(partner_id) = arguments.partner.as_ref().filter(|partner_id| !kept.replayed.has(partner_id)) {
            return Err(window::partner_missing(partner_id));
        }
        let month = arguments.month;
        let closings = window.histories.of_no_partner().closings();
        let closing = closings.on(window.through).iter().find(|closing| closing.month == month).cloned();
        let book = match &closing {
            Some(closing) => closed::book_at(&books, closing)?,
            None => named.book.clone(),
        };
        let mut proof = proof(&known, &window, &named, &book, closing.as_ref())?;
        proof.open = Open::of(&closings, month, window.through);
        let pinned = match closing {
            Some(closing) => {
                let pinned = closed::pinned(&known.snapshot, &closing)?;
                Some((closing, pinned))
            }
            None => None,
        };
        let waiting = Waiting::of(&known.snapshot, arguments.partner.as_ref())?;
        let (replayed, book_now) = (kept.replayed, named.book);
        Ok(Self { month, window, replayed, book_now, book, proof, pinned, waiting })
    }

    /// The partners that have a statement of the month.
    fn partners(&self) -> Vec<PartnerId> {
        match &self.pinned {
            Some((_, pinned)) => pinned.keys().cloned().collect(),
            None => {
                let has = |(partner_id, rows): &&(PartnerId, PartnerRows)| self.computed(partner_id, rows).is_some();
                self.replayed.partners.iter().filter(has).map(|(partner_id, _)| partner_id.clone()).collect()
            }
        }
    }

    fn computed(&self, partner_id: &PartnerId, rows: &PartnerRows) -> Option<Statement> {
        Statement::of(rows, self.month, self.window.position, partner_id, self.book.calendar())
    }

    fn document(&self, partner_id: &PartnerId) -> Result<Document, Failure> {
        let nothing = PartnerRows::default();
        let partners = &self.replayed.partners;
        let found = partners.binary_search_by(|(of, _)| of.cmp(partner_id)).ok();
        let rows = found.map_or(&nothing, |at| &partners[at].1);
        let statement = match &self.pinned {
            Some((closing, pinned)) => match pinned.get(partner_id) {
                Some(bytes) => Statement::parse(bytes, self.month, partner_id)
                    .map_err(|error| Failure::Input(format!("{error}; daybook verify says more")))?,
                None => Statement::empty(self.month, closing.position, partner_id),
            },
            None => {
                let computed = self.computed(partner_id, rows);
                let empty = || Statement::empty(self.month, self.window.position, partner_id);
                let mut statement = computed.unwrap_or_else(empty);
                let waiting = self.waiting.of_partner(partner_id).iter().filter(|flag| flag.month == self.month);
                statement.provisional.extend(waiting.map(|flag| flag.why.clone()));
                statement
            }
        };
        Document::of(statement, self.proof.clone(), &self.book, rows, &self.book_now)
    }
}

/// What the figures follow from.
fn proof(
    known: &Known,
    window: &Window,
    named: &NamedBook,
    book: &RuleBook,
    closing: Option<&Closing>,
) -> Result<Proof, Failure> {
    let head_root = hex::encode(window::root(known)?);
    let now = Proof {
        position: window.position,
        root: head_root.clone(),
        through: window.through,
        rule_book: named.book.terms_hash.clone(),
        rule_sets: book.sets.iter().map(|set| set.version.clone()).collect(),
        engine_semantics: ENGINE_SEMANTICS,
        head_position: window.position,
        head_root,
        head_through: window.through,
        closing: None,
        open: Open::NotYet,
    };
    let Some(closing) = closing else { return Ok(now) };
    Ok(Proof {
        position: closing.position,
        root: closing.root.clone(),
        through: closing.through,
        rule_book: closing.terms_hash.clone(),
        engine_semantics: closing.engine_semantics,
        closing: closing_proof(&known.snapshot, closing)?,
        ..now
    })
}

/// The record that closed the month, with who signed it.
fn closing_proof(snapshot: &Snapshot, closing: &Closing) -> Result<Option<ClosingProof>, Failure> {
    let Some(record) = snapshot.record(closing.recorded)? else { return Ok(None) };
    let Payload::PeriodClosed(closed) = daybook_proto::decode(&record.envelope).map_err(Failure::input)?.payload else {
        return Ok(None);
    };
    Ok(Some(ClosingProof {
        event: closing.event.to_string(),
        position: closing.recorded,
        statement_digest: closed.statement_digest,
        closed_by: closed.closed_by,
        approver: closed.approver,
        reason: closed.reason,
        override_reason: closed.override_reason,
    }))
}
