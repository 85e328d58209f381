//! A situation told in steps: events come, rule books are adopted, months are closed, and so on. The ledger's own acts are
//! recorded as the verbs record them, so that a step knows what was recorded before it and nothing else.

use super::books::Rules;
use daybook_event::{
    Envelope, EventId, EventRef, Instant, Month, NaiveDate, PartnerId, Payload, PeriodClosed, PinnedStatement,
    Position, RuleBookAdopted, SourceId,
};
use daybook_replay::{Histories, HistoriesBuilder, Replayed, replay_closed};
use daybook_rules::model::RuleBook;
use daybook_rules::{Adoptions, RuleLibrary, WantedVersions, adoption_plan, announced_steps};
use daybook_store::{Binding, Incoming, Ledger, LedgerOptions, Origin, ReadError};
use daybook_tests::disk::SimDisk;
use daybook_views::{ClosedTerms, Statement, TermsStep, closing_event_id, statement_event_id, statements_digest};
use serde_json::Value;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// When everything was recorded: fixed, so that nothing depends on the day the test runs.
const RECORDED_AT: &str = "2023-01-01T00:00:00Z";

/// One step of a story.
pub(crate) enum Step {
    /// The events of a file of the folder come in.
    Events(String),
    /// Versions of the situation's book are adopted.
    Adopt(Vec<String>),
    /// A month is closed, on what is recorded by then and a through date; with the reason of an override.
    Close(Month, NaiveDate, String),
    /// Nothing happens: the situation looks at the figures.
    Look,
}

impl Step {
    pub(crate) fn of(table: &toml::Value) -> Self {
        let text = |key: &str| table.get(key).and_then(toml::Value::as_str).map(str::to_owned);
        if let Some(file) = text("events") {
            return Self::Events(file);
        }
        if let Some(versions) = table.get("adopt").and_then(toml::Value::as_array) {
            return Self::Adopt(versions.iter().map(|one| one.as_str().unwrap().to_owned()).collect());
        }
        let Some(month) = text("close") else { return Self::Look };
        let through = daybook_event::date_parse(&table["through"].as_datetime().unwrap().to_string()).unwrap();
        Self::Close(Month::parse(&month).unwrap(), through, text("override").unwrap_or_default())
    }
}

/// What the ledger holds at the end.
pub(crate) struct Told {
    records: Vec<(Position, Instant, Envelope)>,
    /// What waits in quarantine.
    pub(crate) quarantined: Vec<Value>,
    /// The last position after each step.
    pub(crate) after_step: Vec<Position>,
}

/// A ledger that nobody else will read: on a disk in memory, since a hundred stories would wait for as many real ones.
fn ledger_in_memory() -> Ledger {
    let options = LedgerOptions { medium: Some(SimDisk::new(1).medium()), ..LedgerOptions::default() };
    Ledger::create_or_open(Path::new("ledger"), Some(Binding::Files), &options).unwrap()
}

impl Told {
    /// Tells a story into a fresh ledger.
    pub(crate) fn of(steps: &[Step], folder: &Path, rules: Rules) -> Self {
        let ledger = ledger_in_memory();
        let mut teller = Teller { ledger, folder, rules };
        let mut after_step = Vec::new();
        for step in steps {
            teller.take(step);
            after_step.push(teller.ledger.head().position);
        }
        Self { after_step, ..teller.told() }
    }

    /// Tells the events of one file, in order or against it.
    pub(crate) fn at_once(events: &Path, reversed: bool) -> Self {
        let ledger = ledger_in_memory();
        let mut teller = Teller { ledger, folder: events, rules: Rules::Shipped };
        let mut batch = read(events);
        if reversed {
            batch.reverse();
        }
        teller.append(batch);
        teller.told()
    }

    /// The last position of all.
    pub(crate) fn position(&self) -> Position {
        self.records.last().map_or(Position::ZERO, |(position, ..)| *position)
    }

    /// What the records up to a position say.
    pub(crate) fn histories(&self, known: Position) -> Histories {
        let mut builder = HistoriesBuilder::default();
        for (position, recorded_at, envelope) in self.records.iter().filter(|(position, ..)| *position <= known) {
            builder.add(*position, *recorded_at, envelope.clone());
        }
        builder.finish()
    }

    fn adoptions(&self) -> Adoptions {
        let mut adoptions = Adoptions::default();
        self.records.iter().for_each(|(position, _, envelope)| adoptions.add(*position, envelope));
        adoptions
    }

    /// What is adopted at a position.
    fn library(&self, known: Position) -> RuleLibrary {
        self.adoptions().adopted(known).library().expect("a story adopts before it asks for figures").clone()
    }

    /// The book that is adopted at a position.
    pub(crate) fn book(&self, known: Position) -> RuleBook {
        self.library(known).current()
    }

    /// The figures of a date, of what is recorded up to a position, under the book adopted by then.
    pub(crate) fn replayed(&self, known: Position, through: NaiveDate) -> Replayed {
        let histories = self.histories(known);
        let book = Arc::new(self.book(known));
        let closings = histories.of_no_partner().closings();
        let terms = closings
            .on(through)
            .last()
            .map_or_else(|| ClosedTerms::unchanged(Arc::clone(&book)), |last| self.terms_since(last.position, known));
        replay_closed(&histories, &book, &terms, through, 1)
    }

    fn terms_since(&self, closed: Position, known: Position) -> ClosedTerms {
        let (before, now) = (self.library(closed), self.library(known));
        let step = |(change, book)| TermsStep { cause: format!("terms:{change}"), book: Arc::new(book) };
        let steps = announced_steps(&before, &now).into_iter().map(step).collect();
        ClosedTerms { at_close: Arc::new(before.current()), steps }
    }

    /// Every record in order of position.
    pub(crate) fn records(&self) -> impl Iterator<Item = (Position, &Envelope)> {
        self.records.iter().map(|(position, _, envelope)| (*position, envelope))
    }

    /// The books that were current one after the other, each since which position and by which change of the terms.
    pub(crate) fn books(&self) -> Vec<(Position, String, RuleBook)> {
        let mut books: Vec<(Position, String, RuleBook)> = Vec::new();
        let mut before: Option<RuleLibrary> = None;
        let is_adoption = |envelope: &Envelope| matches!(envelope.payload, Payload::RuleBookAdopted(_));
        for (position, _) in self.records().filter(|(_, envelope)| is_adoption(envelope)) {
            let now = self.library(position);
            match &before {
                None => books.push((Position::ZERO, String::new(), now.current())),
                Some(before) => {
                    let steps = announced_steps(before, &now).into_iter();
                    books.extend(steps.map(|(change, book)| (position, format!("terms:{change}"), book)));
                }
            }
            before = Some(now);
        }
        books
    }

    /// Every pinned statement in order of record, without the position that it was made at.
    pub(crate) fn statements(&self) -> Value {
        let rows = self.records.iter().filter_map(|(_, _, envelope)| match &envelope.payload {
            Payload::PinnedStatement(pinned) => {
                let mut rows: Value = serde_json::from_slice(&pinned.rows).unwrap();
                rows.as_object_mut().unwrap().remove("position").expect("a statement has a position");
                Some(rows)
            }
            _ => None,
        });
        Value::Array(rows.collect())
    }
}

/// Takes one step after the other.
struct Teller<'a> {
    ledger: Ledger,
    folder: &'a Path,
    rules: Rules,
}

impl Teller<'_> {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Events(file) => self.append(read(&self.folder.join(file))),
            Step::Adopt(versions) => self.adopt(versions),
            Step::Close(month, through, why) => self.close(*month, *through, why),
            Step::Look => {}
        }
    }

    fn append(&mut self, batch: Vec<Incoming>) {
        self.ledger.append(batch, None, &[]).unwrap();
    }

    fn told(&self) -> Told {
        let snapshot = self.ledger.reader().snapshot().unwrap();
        let mut records = Vec::new();
        let take = |record: daybook_store::RecordRef<'_>| -> Result<ControlFlow<()>, ReadError> {
            records.push((record.position, record.recorded_at, daybook_proto::decode(record.envelope).unwrap()));
            Ok(ControlFlow::Continue(()))
        };
        snapshot.scan(Position::new(1), snapshot.head().position, take).unwrap();
        let entries = snapshot.quarantine_list(1, 1_000).unwrap();
        let entry = |entry: &daybook_store::QuarantineEntry| {
            let event = daybook_proto::peek_id(&entry.bytes).unwrap().to_string();
            serde_json::json!({"reason": entry.reason.code(), "event": event})
        };
        Told { records, quarantined: entries.iter().map(entry).collect(), after_step: Vec::new() }
    }

    fn adopt(&mut self, versions: &[String]) {
        let told = self.told();
        let adopted = told.adoptions().adopted(told.position());
        let offered = self.rules.library();
        let wanted = WantedVersions::These(versions.to_vec());
        let plan = adoption_plan(&adopted, offered, offered.files(), &wanted).unwrap();
        let payload = Payload::RuleBookAdopted(RuleBookAdopted {
            files: plan.files,
            terms_hash: plan.book.expect("something is adopted").terms_hash,
            adopted_by: "finance".to_owned(),
            approver: String::new(),
            reason: "the story says so".to_owned(),
        });
        let on = daybook_event::date_parse("2023-01-01").unwrap();
        let id = format!("adopt-{}", told.adoptions().count() + 1);
        self.append(vec![incoming(&act(&id, None, on, payload))]);
    }

    /// The statements, then the record that makes them count.
    fn close(&mut self, month: Month, through: NaiveDate, why: &str) {
        let told = self.told();
        let position = told.position();
        let book = told.book(position);
        let mut batch = Vec::new();
        let mut pinned: Vec<(PartnerId, Vec<u8>)> = Vec::new();
        for (partner_id, rows) in told.replayed(position, through).partners {
            let flagged = rows.provisional.iter().any(|row| row.month == month);
            assert!(!flagged || !why.is_empty(), "{month} of {partner_id} is provisional: close it with `override`");
            let Some(statement) = Statement::of(&rows, month, position, &partner_id, book.calendar()) else { continue };
            let rows = statement.to_json();
            let id = statement_event_id(month, &partner_id, through, &rows);
            let payload = PinnedStatement { month, partner_id: partner_id.clone(), rows: rows.clone() };
            let payload = Payload::PinnedStatement(payload);
            batch.push(incoming(&act(&id, Some(partner_id.clone()), through, payload)));
            pinned.push((partner_id, rows));
        }
        let digest = statements_digest(pinned.iter().map(|(id, rows)| (id, rows.as_slice())));
        let root = self.ledger.reader().root_at(position).unwrap().expect("a position that the ledger has");
        let payload = Payload::PeriodClosed(PeriodClosed {
            month,
            position,
            root: hex::encode(root),
            terms_hash: book.terms_hash,
            engine_semantics: daybook_views::ENGINE_SEMANTICS,
            statement_digest: digest.to_string(),
            override_reason: why.to_owned(),
            views_digest: String::new(),
            closed_by: "finance".to_owned(),
            approver: String::new(),
            reason: "the story says so".to_owned(),
        });
        batch.push(incoming(&act(&closing_event_id(month), None, through, payload)));
        self.append(batch);
    }
}

fn act(id: &str, partner_id: Option<PartnerId>, effective_on: NaiveDate, payload: Payload) -> Envelope {
    let id = EventRef { source: SourceId::parse("ledger").unwrap(), event_id: EventId::parse(id).unwrap() };
    Envelope { id, partner_id, effective_on, seq: 0, source_seq: None, payload }
}

fn read(path: &Path) -> Vec<Incoming> {
    let text = std::fs::read_to_string(path).unwrap();
    let line = |(at, line): (usize, &str)| {
        let envelope = daybook_proto::decode_json(line);
        incoming(&envelope.unwrap_or_else(|fault| panic!("{}:{}: {fault}", path.display(), at + 1)))
    };
    text.lines().enumerate().map(line).collect()
}

fn incoming(envelope: &Envelope) -> Incoming {
    Incoming::Event {
        id: envelope.id.clone(),
        content_hash: daybook_store::ContentHash::of_digest(&daybook_proto::content_hash(envelope)),
        recorded_at: Instant::parse(RECORDED_AT).unwrap(),
        envelope: daybook_proto::encode(envelope),
        origin: Origin::default(),
        decision: None,
    }
}
