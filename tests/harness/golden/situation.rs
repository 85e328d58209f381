//! One folder: its events through a ledger, its figures against the expectation.

use super::books::Rules;
use daybook_event::{Instant, NaiveDate, Position};
use daybook_replay::{Histories, HistoriesBuilder, Replayed, Views, ViewsHead, compare, replay};
use daybook_rules::model::RuleBook;
use daybook_store::{Binding, Incoming, Ledger, LedgerOptions, Origin, ReadError};
use serde_json::Value;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// When the importer took the events: fixed, so that nothing depends on the day the test runs.
const IMPORTED_AT: &str = "2023-01-01T00:00:00Z";

/// A folder of `replay-fixtures/`.
pub(crate) struct Situation {
    folder: PathBuf,
    through: NaiveDate,
    rules: Rules,
    book: RuleBook,
    compared: Option<(String, String)>,
    /// The last position that counts, where the situation asks for figures of the past.
    known_as_of: Option<Position>,
}

impl Situation {
    /// Every folder, in order of name.
    pub(crate) fn all() -> Vec<Self> {
        let root = daybook_tests::workspace_root().join("replay-fixtures");
        let mut folders: Vec<PathBuf> = std::fs::read_dir(root)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.join("situation.toml").is_file())
            .collect();
        folders.sort();
        folders.into_iter().map(Self::open).collect()
    }

    fn open(folder: PathBuf) -> Self {
        let text = std::fs::read_to_string(folder.join("situation.toml")).unwrap();
        let table: toml::Table = text.parse().unwrap();
        let through = daybook_event::date_parse(&table["through"].as_datetime().unwrap().to_string()).unwrap();
        let rules = Rules::named(table.get("rules").and_then(toml::Value::as_str));
        let book = rules.book(table["book"].as_str().unwrap());
        let side = |name: &str| table["compare"][name].as_str().unwrap().to_owned();
        let compared = table.contains_key("compare").then(|| (side("reference"), side("candidate")));
        let position = |value: &toml::Value| Position::new(u64::try_from(value.as_integer().unwrap()).unwrap());
        let known_as_of = table.get("known_as_of").map(position);
        Self { folder, through, rules, book, compared, known_as_of }
    }

    pub(crate) fn name(&self) -> String {
        self.folder.file_name().unwrap().to_string_lossy().into_owned()
    }

    /// What the folder's records say, and the book and through date under which it looks at them.
    pub(crate) fn coordinates(&self) -> (Histories, &RuleBook, NaiveDate) {
        (self.ledger(false).0, &self.book, self.through)
    }

    /// What differs from the expectation, a text each. With `UPDATE_EXPECT=1`: rewrites it, and nothing differs.
    pub(crate) fn differences(&self) -> Vec<String> {
        let (histories, quarantined) = self.ledger(false);
        let mut found = Vec::new();
        let rows = self.rows_of(&histories);
        found.extend(self.difference("expected-views.json", &rows));
        if let Some((reference, candidate)) = &self.compared {
            let one = |name: &str| replay(&histories, &self.rules.book(name), self.through, 1);
            let (before, after) = (one(reference), one(candidate));
            let names = (reference.as_str(), candidate.as_str());
            let result = compare(self.book.calendar(), names, Position::new(1), &before, &after).unwrap();
            let mut value = serde_json::to_value(result).unwrap();
            value.as_object_mut().unwrap().retain(|key, _| key == "totals" || key == "partners");
            found.extend(self.difference("expected-compare.json", &value));
        }
        let expects_quarantine = self.folder.join("quarantine.json").is_file();
        if expects_quarantine || !quarantined.is_empty() {
            found.extend(self.difference("quarantine.json", &Value::Array(quarantined)));
        }
        found
    }

    fn difference(&self, file: &str, actual: &Value) -> Option<String> {
        let path = self.folder.join(file);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, serde_json::to_string_pretty(actual).unwrap() + "\n").unwrap();
            return None;
        }
        let Ok(text) = std::fs::read_to_string(&path) else {
            return Some(format!(
                "{}/{file} is missing; UPDATE_EXPECT=1 writes what came, to be checked by hand",
                self.name()
            ));
        };
        let expected: Value = serde_json::from_str(&text).unwrap();
        if *actual == expected {
            return None;
        }
        Some(format!("{}/{file}\n{}", self.name(), daybook_tests::json_differences(&expected, actual).join("\n")))
    }

    /// Whether another order of arrival is another past: then only one of two records is known.
    pub(crate) fn order_matters(&self) -> bool {
        self.known_as_of.is_some() || !self.quarantined().is_empty()
    }

    /// What waits in quarantine after all events came in.
    fn quarantined(&self) -> Vec<Value> {
        self.ledger(false).1
    }

    /// The rows, with the events in the order of the file or against it.
    pub(crate) fn rows(&self, reversed: bool) -> Value {
        self.rows_of(&self.ledger(reversed).0)
    }

    /// The digest of all rows.
    pub(crate) fn digest(&self) -> String {
        self.replayed(&self.ledger(false).0).digest().to_string()
    }

    fn replayed(&self, histories: &Histories) -> Replayed {
        replay(histories, &self.book, self.through, 1)
    }

    fn rows_of(&self, histories: &Histories) -> Value {
        let head = ViewsHead {
            position: Position::ZERO,
            through: self.through,
            root: String::new(),
            rule_book: String::new(),
            engine_semantics: daybook_views::ENGINE_SEMANTICS,
            views_digest: String::new(),
        };
        let mut value = serde_json::to_value(Views::of(head, self.replayed(histories), None)).unwrap();
        value.as_object_mut().unwrap().retain(|_, field| field.is_array());
        value
    }

    /// The events through a real ledger: its histories, and what it quarantined.
    fn ledger(&self, reversed: bool) -> (Histories, Vec<Value>) {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::create_or_open(dir.path(), Some(Binding::Files), &LedgerOptions::default()).unwrap();
        let mut batch = incoming(&self.folder.join("events.ndjson"));
        if reversed {
            batch.reverse();
        }
        ledger.append(batch, None, &[]).unwrap();
        let snapshot = ledger.reader().snapshot().unwrap();
        let mut builder = HistoriesBuilder::default();
        let take = |record: daybook_store::RecordRef<'_>| -> Result<ControlFlow<()>, ReadError> {
            let envelope = daybook_proto::decode(record.envelope).unwrap();
            builder.add(record.position, record.recorded_at, envelope);
            Ok(ControlFlow::Continue(()))
        };
        snapshot.scan(Position::new(1), self.known_as_of.unwrap_or(snapshot.head().position), take).unwrap();
        let entries = snapshot.quarantine_list(1, 1_000).unwrap();
        let entry = |entry: &daybook_store::QuarantineEntry| {
            let event = daybook_proto::peek_id(&entry.bytes).unwrap().to_string();
            serde_json::json!({"reason": entry.reason.code(), "event": event})
        };
        (builder.finish(), entries.iter().map(entry).collect())
    }
}

fn incoming(path: &Path) -> Vec<Incoming> {
    let text = std::fs::read_to_string(path).unwrap();
    let line = |(at, line): (usize, &str)| {
        let envelope =
            daybook_proto::decode_json(line).unwrap_or_else(|fault| panic!("{}:{}: {fault}", path.display(), at + 1));
        Incoming::Event {
            id: envelope.id.clone(),
            content_hash: daybook_store::ContentHash::of_digest(&daybook_proto::content_hash(&envelope)),
            recorded_at: Instant::parse(IMPORTED_AT).unwrap(),
            envelope: daybook_proto::encode(&envelope),
            origin: Origin::default(),
        }
    };
    text.lines().enumerate().map(line).collect()
}
