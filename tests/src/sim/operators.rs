//! What operators do through the stream: adopt rule books, close months, decide about the quarantine.

use super::naive::Naive;
use super::terms::ladder;
use crate::model::closing::ask::{as_json, of_engine};
use crate::model::closing::{Question, Record};
use crate::model::time::Ym;
use chrono::NaiveDate;
use daybook_event::{
    Envelope, EventId, EventRef, Month, PartnerId, Payload, PeriodClosed, PinnedStatement, Position,
    QuarantineDecision, QuarantineVerdict, SourceId,
};
use daybook_proof::{Checkpoint, Hash, KeyKind, KeyName, QuarantineTree, SignedNote, SignerKey};
use daybook_views::{ENGINE_SEMANTICS, Statement, closing_event_id, statement_event_id, statements_digest};
use serde_json::Value;

/// The name that checkpoints are signed under.
const SIGNER: &str = "simulated.example/ledger";

/// An act of the ledger's operators.
pub(super) fn act(id: &str, partner_id: Option<PartnerId>, effective_on: NaiveDate, payload: Payload) -> Envelope {
    let id = EventRef {
        source: SourceId::parse(SourceId::LEDGER).expect("a plain id"),
        event_id: EventId::parse(id).expect("a plain id"),
    };
    Envelope { id, partner_id, effective_on, seq: 0, source_seq: None, payload }
}

/// Where adoptions stand that count. After a restore the stream may no longer have one that a later one builds on: the later
/// one does not count then.
fn adopted_at(naive: &Naive) -> Vec<u64> {
    let mut counted = Vec::new();
    for (position, record) in (1..).zip(&naive.records) {
        let next = format!("adopt-{}", counted.len() + 1);
        let is_adoption = matches!(record.event.payload, Payload::RuleBookAdopted(_));
        if is_adoption && record.event.id.event_id.as_str() == next {
            counted.push(position);
        }
    }
    counted
}

/// The next adoption of the ladder; none where everything is adopted.
pub(super) fn adoption(naive: &Naive, on: NaiveDate) -> Option<Envelope> {
    let adopted = adopted_at(naive).len();
    let payload = Payload::RuleBookAdopted(ladder().acts.get(adopted)?.clone());
    Some(act(&format!("adopt-{}", adopted + 1), None, on, payload))
}

/// A decision about an entry.
pub(super) fn decision(number: u64, entry: u64, verdict: QuarantineVerdict, on: NaiveDate) -> Envelope {
    let payload = Payload::QuarantineDecision(QuarantineDecision {
        entry,
        verdict,
        reason: "simulated".to_owned(),
        decided_by: "operator".to_owned(),
        approver: String::new(),
    });
    act(&format!("decision-{number}"), None, on, payload)
}

/// Who signs checkpoints.
pub(super) fn signer() -> SignerKey {
    SignerKey::of_seed(KeyName::parse(SIGNER).expect("a name"), KeyKind::Log, &[7; 32])
}

/// A signed checkpoint over these trees.
pub(super) fn checkpoint(size: u64, root: Hash, quarantine: QuarantineTree) -> Result<String, String> {
    let origin = KeyName::parse(SIGNER).map_err(|error| error.to_string())?;
    let text = Checkpoint::new(origin, size, root, quarantine, Vec::new()).to_string();
    let mut note = SignedNote::unsigned(text).map_err(|error| error.to_string())?;
    note.sign(&signer()).map_err(|error| error.to_string())?;
    Ok(note.to_string())
}

/// What is asked of the model, with what it needs to answer.
pub(super) struct Asked {
    books: Vec<crate::model::closing::Current>,
    records: Vec<Record>,
    through: NaiveDate,
    is_adopted: bool,
}

impl Asked {
    /// The figures of these records on a date.
    pub(super) fn of(naive: &Naive, through: NaiveDate) -> Self {
        let adopted_at = adopted_at(naive);
        let books = ladder().books(&adopted_at);
        Self { books, records: naive.for_model(), through, is_adopted: !adopted_at.is_empty() }
    }

    fn question(&self) -> Question<'_> {
        Question { books: &self.books, through: self.through, records: &self.records }
    }

    /// What the naive model says.
    pub(super) fn figures(&self) -> Value {
        self.question().figures()
    }

    /// The digest of what a replay says.
    pub(super) fn replay_digest(&self) -> String {
        of_engine(&self.question(), 1).digest().to_string()
    }

    /// The closed months, and how many closings never will count.
    pub(super) fn closed(&self) -> (Vec<String>, usize) {
        let (closings, ignored) = self.question().closings();
        (closings.iter().map(|closing| closing.month.to_string()).collect(), ignored.len())
    }

    /// The month after the last closed one, or the first with an event; none where it is not over, or nothing is adopted.
    fn due(&self) -> Option<Ym> {
        let of_partners = self.records.iter().filter(|record| record.event.partner_id.is_some());
        let first = of_partners.map(|record| Ym::of(record.event.effective_on)).min();
        let last = self.question().closings().0.last().map(|last| Ym(last.month.0 + 1));
        last.or(first).filter(|month| self.is_adopted && month.last_day() <= self.through)
    }

    /// The next month's closing with its statements, on what is recorded now; none where no month is due. The engine
    /// computes it, and the model must agree.
    ///
    /// # Errors
    /// What the two say differently.
    pub(super) fn closing(&self, root: &[u8; 32]) -> Result<Option<Vec<Envelope>>, String> {
        let Some(month) = self.due() else { return Ok(None) };
        let replayed = of_engine(&self.question(), 1);
        differ("the rows of a replay", &self.figures(), &as_json(&replayed))?;
        let month = Month::parse(&month.to_string()).ok_or("the model's months are months")?;
        let position = Position::new(self.records.last().map_or(0, |record| record.position));
        let book = self.question().book_at(position.number());
        let (mut acts, mut pinned) = (Vec::new(), Vec::new());
        for (partner_id, rows) in &replayed.partners {
            let Some(statement) = Statement::of(rows, month, position, partner_id, book.calendar()) else { continue };
            let rows = statement.to_json();
            let id = statement_event_id(month, partner_id, self.through, &rows);
            let payload = PinnedStatement { month, partner_id: partner_id.clone(), rows: rows.clone() };
            acts.push(act(&id, Some(partner_id.clone()), self.through, Payload::PinnedStatement(payload)));
            pinned.push((partner_id, rows));
        }
        let digest = statements_digest(pinned.iter().map(|(id, rows)| (*id, rows.as_slice())));
        let payload = Payload::PeriodClosed(PeriodClosed {
            month,
            position,
            root: hex::encode(root),
            terms_hash: book.terms_hash.clone(),
            engine_semantics: ENGINE_SEMANTICS,
            statement_digest: digest.to_string(),
            override_reason: "simulated".to_owned(),
            closed_by: "finance".to_owned(),
            approver: String::new(),
            reason: "simulated".to_owned(),
            views_digest: replayed.digest().to_string(),
        });
        acts.push(act(&closing_event_id(month), None, self.through, payload));
        Ok(Some(acts))
    }
}

/// Fails with what differs.
pub(super) fn differ(what: &str, model: &Value, engine: &Value) -> Result<(), String> {
    if model == engine {
        return Ok(());
    }
    let differences = crate::json_differences(model, engine);
    Err(format!(
        "{what} differ from the naive model's (expected by the model, came from the engine):\n{}",
        differences.join("\n")
    ))
}
