//! A history played record by record: each closing is said by both sides when it is reached, and pinned as the engine says.

use super::{Current, Question, Record};
use crate::json_differences;
use crate::model::generate::Case;
use crate::model::time::{Period, Ym};
use chrono::NaiveDate;
use daybook_event::{Envelope, EventId, EventRef, Instant, PartnerId, Payload, PinnedStatement, Position};
use daybook_replay::{Histories, HistoriesBuilder, Replayed, replay_closed};
use daybook_rules::model::RuleBook;
use daybook_views::{ClosedTerms, Closing, Statement, TermsStep, statements_digest};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Who is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The engine, and the model beside it.
    Both,
    /// The engine alone.
    Engine,
}

/// What is recorded so far.
pub struct Scene {
    /// The books, in the order in which they became the current one.
    pub books: Vec<Current>,
    /// What is recorded.
    pub records: Vec<Record>,
}

impl Scene {
    /// Plays the whole history.
    ///
    /// # Errors
    /// What the two sides say differently of a closing.
    pub fn played(case: &Case, who: Who) -> Result<Self, String> {
        let first = Current { since: 0, cause: String::new(), book: case.book.clone() };
        let mut scene = Self { books: vec![first], records: Vec::new() };
        let mut names = BTreeSet::new();
        let mut adoptions = case.adoptions.iter();
        for event in &case.events {
            if !names.insert(event.id.clone()) {
                continue;
            }
            match &event.payload {
                Payload::PeriodClosed(_) => scene.close(event.clone(), who, &mut names)?,
                Payload::RuleBookAdopted(_) => {
                    let since = scene.push(event.clone());
                    let changes = adoptions.next().into_iter().flatten();
                    let current = |(cause, book): &(String, RuleBook)| Current {
                        since,
                        cause: cause.clone(),
                        book: book.clone(),
                    };
                    scene.books.extend(changes.map(current));
                }
                _ => {
                    scene.push(event.clone());
                }
            }
        }
        Ok(scene)
    }

    fn push(&mut self, event: Envelope) -> u64 {
        let position = self.position() + 1;
        self.records.push(Record { position, event });
        position
    }

    /// The last position.
    pub fn position(&self) -> u64 {
        self.records.last().map_or(0, |record| record.position)
    }

    /// The question with what was recorded up to a position.
    pub fn asked_at(&self, position: u64, through: NaiveDate) -> Question<'_> {
        let known = self.records.partition_point(|record| record.position <= position);
        Question { books: &self.books, through, records: &self.records[..known] }
    }

    /// The statements, then the closing that was asked for.
    fn close(&mut self, mut event: Envelope, who: Who, names: &mut BTreeSet<EventRef>) -> Result<(), String> {
        let Payload::PeriodClosed(closed) = &mut event.payload else { return Ok(()) };
        let is_closing = |record: &&Record| matches!(record.event.payload, Payload::PeriodClosed(_));
        let last = self.records.iter().rfind(is_closing).map_or(0, |record| record.position);
        let contains = self.position().saturating_sub(closed.position.number()).max(last);
        let question = self.asked_at(contains, event.effective_on);
        let rows = agreed(&question, who)?;
        let shown = as_json(&rows);
        let book = question.book_at(contains);
        let mut pinned: Vec<(PartnerId, Vec<u8>)> = Vec::new();
        for (id, of_partner) in &rows.partners {
            let statement = Statement::of(of_partner, closed.month, Position::new(contains), id, book.calendar());
            let month = Ym::of_month(closed.month);
            agree_on_statement(&question, id, month, &shown[id.as_str()], statement.as_ref())?;
            pinned.extend(statement.map(|statement| (id.clone(), statement.to_json())));
        }
        closed.position = Position::new(contains);
        let of_text = pinned.iter().map(|(id, rows)| (id, rows.as_slice()));
        closed.statement_digest = statements_digest(of_text).to_string();
        let month = closed.month;
        for (id, rows) in pinned {
            let mut name = format!("statement-{month}-{id}");
            if names.iter().any(|known| known.event_id.as_str() == name) {
                name = format!("{name}-{contains}");
            }
            let payload = Payload::PinnedStatement(PinnedStatement { month, partner_id: id.clone(), rows });
            let name =
                EventRef { source: event.id.source.clone(), event_id: EventId::parse(&name).expect("a plain id") };
            names.insert(name.clone());
            self.push(Envelope { id: name, partner_id: Some(id), payload, ..event.clone() });
        }
        self.push(event);
        Ok(())
    }
}

/// What both sides say at the end of a history, having agreed on every closing.
///
/// # Errors
/// What differs.
pub fn figures_of(case: &Case) -> Result<Value, String> {
    let scene = Scene::played(case, Who::Both)?;
    let rows = agreed(&scene.asked_at(scene.position(), case.through), Who::Both)?;
    Ok(as_json(&rows))
}

/// The engine's rows, after a look at what the model says.
///
/// # Errors
/// What differs.
pub fn agreed(question: &Question<'_>, who: Who) -> Result<Replayed, String> {
    let rows = of_engine(question, 1);
    if who == Who::Engine {
        return Ok(rows);
    }
    let (model, engine) = (question.figures(), as_json(&rows));
    if model == engine {
        return Ok(rows);
    }
    let at = question.position();
    Err(format!("at position {at}, through {}:\n{}", question.through, json_differences(&model, &engine).join("\n")))
}

/// What the engine needs to know of the records.
pub fn histories(question: &Question<'_>) -> Histories {
    let mut builder = HistoriesBuilder::default();
    for record in question.records {
        builder.add(Position::new(record.position), Instant::default(), record.event.clone());
    }
    builder.finish()
}

/// The engine's rows with what is closed.
pub fn of_engine(question: &Question<'_>, threads: usize) -> Replayed {
    of_histories(question, &histories(question), threads)
}

/// The same of histories that are read already.
pub fn of_histories(question: &Question<'_>, histories: &Histories, threads: usize) -> Replayed {
    let closings = histories.of_no_partner().closings();
    let last = closings.on(question.through).last().map(|closing: &Closing| closing.position.number());
    let position = question.position();
    let book = Arc::new(question.book_at(position).clone());
    let terms = last.map_or_else(
        || ClosedTerms::unchanged(Arc::clone(&book)),
        |contains| {
            let since = question.books.iter().filter(|one| contains < one.since && one.since <= position);
            let step = |one: &Current| TermsStep { cause: one.cause.clone(), book: Arc::new(one.book.clone()) };
            ClosedTerms { at_close: Arc::new(question.book_at(contains).clone()), steps: since.map(step).collect() }
        },
    );
    replay_closed(histories, &book, &terms, question.through, threads)
}

/// By partner; the findings on facts of no partner under the empty name.
pub fn as_json(rows: &Replayed) -> Value {
    let mut all = Map::new();
    for (id, rows) in &rows.partners {
        all.insert(id.to_string(), serde_json::to_value(rows).expect("rows are JSON"));
    }
    let findings = serde_json::to_value(&rows.of_no_partner.findings).expect("rows are JSON");
    all.insert(String::new(), json!({ "findings": findings }));
    Value::Object(all)
}

/// The month's rows of a partner, picked by name, against what the engine would pin.
fn agree_on_statement(
    question: &Question<'_>,
    id: &PartnerId,
    month: Ym,
    rows: &Value,
    pinned: Option<&Statement>,
) -> Result<(), String> {
    let of_month = |view: &str| -> Vec<Value> {
        let all = rows[view].as_array().cloned().unwrap_or_default();
        all.into_iter().filter(|row| row["month"] == month.to_string()).collect()
    };
    let one = |view: &str| of_month(view).pop().unwrap_or(Value::Null);
    let book = question.book_at(question.position());
    let period = Period::holding(book, month);
    let label = period.label(book);
    let lots = rows["lots"].as_array().cloned().unwrap_or_default();
    let lot = lots.into_iter().find(|lot| period.last == month && lot["period"] == label);
    let provisional: Vec<Value> = of_month("provisional").iter().map(|row| row["why"].clone()).collect();
    let model = json!({
        "position": question.position(), "month": month.to_string(), "partner_id": id,
        "postings": of_month("postings"), "true_ups": of_month("true_ups"), "lot": lot,
        "payout": one("payouts"), "conservation": one("conservation"), "provisional": provisional,
    });
    let is_empty = |field: &str| model[field].is_null() || model[field].as_array().is_some_and(Vec::is_empty);
    let fields = ["postings", "true_ups", "lot", "payout", "conservation", "provisional"];
    let model = if fields.iter().all(|field| is_empty(field)) { Value::Null } else { model };
    let engine = pinned.map_or(Value::Null, |one| serde_json::to_value(one).expect("a statement is JSON"));
    if model == engine {
        return Ok(());
    }
    Err(format!("the statement of {month} of {id}:\n{}", json_differences(&model, &engine).join("\n")))
}
