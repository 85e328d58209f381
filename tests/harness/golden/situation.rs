//! One folder: its events through a ledger, its figures against the expectation.

use super::books::Rules;
use super::story::{Step, Told};
use daybook_event::{NaiveDate, Position};
use daybook_replay::{
    AttributionMethod, AttributionPlan, AttributionRequest, Histories, Replayed, Views, ViewsHead, attribute, compare,
    replay,
};
use daybook_rules::model::RuleBook;
use daybook_rules::{BookArgument, Players};
use serde_json::Value;
use std::path::PathBuf;

/// A folder of `replay-fixtures/`.
pub(crate) struct Situation {
    folder: PathBuf,
    through: NaiveDate,
    rules: Rules,
    told: Told,
    /// Read under this book as if nothing were closed; none: under what the story adopts, with what it closes.
    book: Option<RuleBook>,
    compared: Option<(String, String)>,
    /// Whether the comparison splits each delta among the changes.
    attributes: bool,
    /// The last position that counts.
    known: Position,
    looks: Vec<Look>,
    is_of_the_past: bool,
}

/// Figures in the middle of a story.
struct Look {
    file: String,
    known: Position,
    through: NaiveDate,
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
        let through = date(&table["through"]);
        let rules = Rules::named(table.get("rules").and_then(toml::Value::as_str));
        let book = table.get("book").map(|book| rules.book(book.as_str().unwrap()));
        let side = |name: &str| table["compare"][name].as_str().unwrap().to_owned();
        let compared = table.contains_key("compare").then(|| (side("reference"), side("candidate")));
        let attributes =
            compared.is_some() && table["compare"].get("attribution").is_some_and(|asked| asked.as_bool().unwrap());
        let position = |value: &toml::Value| Position::new(u64::try_from(value.as_integer().unwrap()).unwrap());
        let known_as_of = table.get("known_as_of").map(position);
        let steps = table.get("step").and_then(toml::Value::as_array);
        assert!(steps.is_some() != book.is_some(), "{}: a story adopts its book", folder.display());
        let steps: &[toml::Value] = steps.map_or(&[], Vec::as_slice);
        let told = if steps.is_empty() {
            Told::at_once(&folder.join("events.ndjson"), false)
        } else {
            Told::of(&steps.iter().map(Step::of).collect::<Vec<_>>(), &folder, rules)
        };
        let look = |(step, known): (&toml::Value, &Position)| {
            let file = step.get("expect_views")?.as_str()?.to_owned();
            Some(Look { file, known: *known, through: step.get("asked").map_or(through, date) })
        };
        let looks = steps.iter().zip(&told.after_step).filter_map(look).collect();
        let known = known_as_of.unwrap_or(told.position());
        let is_of_the_past = known_as_of.is_some();
        Self { folder, through, rules, told, book, compared, attributes, known, looks, is_of_the_past }
    }

    pub(crate) fn name(&self) -> String {
        self.folder.file_name().unwrap().to_string_lossy().into_owned()
    }

    /// What the folder's records say, and the book and through date under which it looks at them.
    pub(crate) fn coordinates(&self) -> (Histories, RuleBook, NaiveDate) {
        let book = self.book.clone().unwrap_or_else(|| self.told.book(self.known));
        (self.told.histories(self.known), book, self.through)
    }

    /// What a story recorded, with its through date and what it expects in the end; none of a situation without steps.
    pub(crate) fn story(&self) -> Option<(&Told, NaiveDate, Value)> {
        if self.book.is_some() {
            return None;
        }
        let text = std::fs::read_to_string(self.folder.join("expected-views.json")).unwrap();
        Some((&self.told, self.through, serde_json::from_str(&text).unwrap()))
    }

    /// What differs from the expectation, a text each. With `UPDATE_EXPECT=1`: rewrites it, and nothing differs.
    pub(crate) fn differences(&self) -> Vec<String> {
        let mut found = Vec::new();
        found.extend(self.difference("expected-views.json", &self.shown(self.replayed(&self.told))));
        if let Some((reference, candidate)) = &self.compared {
            let histories = self.told.histories(self.known);
            let value = match self.attributes {
                true => self.attributed(&histories, reference, candidate),
                false => self.compared(&histories, reference, candidate),
            };
            found.extend(self.difference("expected-compare.json", &value));
        }
        for look in &self.looks {
            found.extend(self.difference(&look.file, &self.shown(self.told.replayed(look.known, look.through))));
        }
        if self.book.is_none() {
            found.extend(self.difference("expected-statements.json", &self.told.statements()));
        }
        let expects_quarantine = self.folder.join("quarantine.json").is_file();
        if expects_quarantine || !self.told.quarantined.is_empty() {
            found.extend(self.difference("quarantine.json", &Value::Array(self.told.quarantined.clone())));
        }
        found
    }

    fn compared(&self, histories: &Histories, reference: &str, candidate: &str) -> Value {
        let one = |name: &str| replay(histories, &self.rules.book(name), self.through, 1);
        let (before, after) = (one(reference), one(candidate));
        let book = self.rules.book(candidate);
        let result = compare(book.calendar(), (reference, candidate), Position::new(1), &before, &after).unwrap();
        kept(&result, &["totals", "partners"])
    }

    /// The same with each delta in parts.
    fn attributed(&self, histories: &Histories, reference: &str, candidate: &str) -> Value {
        let library = |name: &str| self.rules.library().cut(&BookArgument::parse(name).unwrap()).unwrap();
        let players = Players::between(&library(reference), &library(candidate));
        let request = AttributionRequest {
            method: Some(AttributionMethod::Shapley),
            seed: 1,
            readings: false,
            varied: Vec::new(),
            keep_rows: false,
        };
        let plan = AttributionPlan::new(&players, request, self.through);
        let partners = attribute(histories, &plan, self.through, 1, &|_| ()).unwrap();
        let result = partners.finish(&plan, (reference, candidate), Position::new(1)).unwrap();
        assert!(result.earlier_differences.is_empty(), "{}: {:?}", self.name(), result.earlier_differences);
        kept(&result, &["totals", "partners", "cash_days"])
    }

    /// The comparison with and without parts; none where the situation compares nothing.
    pub(crate) fn compared_both_ways(&self) -> Option<(Value, Value)> {
        let (reference, candidate) = self.compared.as_ref()?;
        let histories = self.told.histories(self.known);
        let with_parts = self.attributed(&histories, reference, candidate);
        Some((self.compared(&histories, reference, candidate), with_parts))
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

    /// Whether another order of arrival is another past: then only one of two records is known, or a step follows another.
    pub(crate) fn order_matters(&self) -> bool {
        self.is_of_the_past || self.book.is_none() || !self.told.quarantined.is_empty()
    }

    /// The rows, with the events in the order of the file or against it.
    pub(crate) fn rows(&self, reversed: bool) -> Value {
        let told = Told::at_once(&self.folder.join("events.ndjson"), reversed);
        self.shown(self.replayed(&told))
    }

    /// The digest of all rows.
    pub(crate) fn digest(&self) -> String {
        self.replayed(&self.told).digest().to_string()
    }

    /// The rows as the folder shows them: what a story closed is kept.
    pub(crate) fn replayed_as_told(&self) -> Replayed {
        self.replayed(&self.told)
    }

    fn replayed(&self, told: &Told) -> Replayed {
        match &self.book {
            Some(book) => replay(&told.histories(self.known), book, self.through, 1),
            None => told.replayed(self.known, self.through),
        }
    }

    fn shown(&self, replayed: Replayed) -> Value {
        let head = ViewsHead {
            position: Position::ZERO,
            through: self.through,
            root: String::new(),
            rule_book: String::new(),
            engine_semantics: daybook_views::ENGINE_SEMANTICS,
            views_digest: String::new(),
            closed: String::new(),
        };
        let mut value = serde_json::to_value(Views::of(head, replayed, None)).unwrap();
        value.as_object_mut().unwrap().retain(|_, field| field.is_array());
        value
    }
}

fn date(value: &toml::Value) -> NaiveDate {
    daybook_event::date_parse(&value.as_datetime().unwrap().to_string()).unwrap()
}

/// Some fields of what is printed.
fn kept(result: &impl serde::Serialize, fields: &[&str]) -> Value {
    let mut value = serde_json::to_value(result).unwrap();
    value.as_object_mut().unwrap().retain(|key, _| fields.contains(&key.as_str()));
    value
}
