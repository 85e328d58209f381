//! Typed reading of one block. Every key that is asked for is known; what is left over is reported.

use super::Cx;
use crate::diagnostic::{Code, Place};
use crate::document::{META_KEYS, Node, Table, Value, cite_check};
use crate::suggest::nearest;
use crate::units::{CountUnit, Quantity, QuantityError};
use chrono::NaiveDate;
use daybook_event::{Amount, Rate};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// A block being read. Readers return none where the value is missing or wrong, and have then reported it.
pub(super) struct Block<'c> {
    pub(super) cx: &'c Cx<'c>,
    pub(super) path: String,
    pub(super) table: &'c Table,
    pub(super) place: Place,
    /// A change put it here, and the change cites for it.
    from_change: bool,
    asked: RefCell<BTreeSet<&'static str>>,
}

/// A text with its place.
#[derive(Clone, Copy)]
pub(super) struct Word<'c> {
    pub(super) text: &'c str,
    pub(super) place: Place,
}

impl<'c> Block<'c> {
    pub(super) fn new(cx: &'c Cx<'c>, path: &str, table: &'c Table, place: Place) -> Self {
        Self { cx, path: path.to_owned(), table, place, from_change: false, asked: RefCell::new(BTreeSet::new()) }
    }

    /// The value of a key, if it is there.
    pub(super) fn get(&self, key: &'static str) -> Option<&'c Node> {
        self.asked.borrow_mut().insert(key);
        self.table.get(key)
    }

    /// The value of a key that must be there.
    pub(super) fn need(&self, key: &'static str) -> Option<&'c Node> {
        let node = self.get(key);
        if node.is_none() {
            let message = if self.path.is_empty() {
                format!("the terms have no [{key}]")
            } else {
                format!("{} has no {key}", self.path)
            };
            self.cx.findings.report(Code::MissingKey, self.place, message);
        }
        node
    }

    pub(super) fn has(&self, key: &'static str) -> bool {
        self.get(key).is_some()
    }

    /// A table within, if it is there.
    pub(super) fn block(&self, key: &'static str) -> Option<Block<'c>> {
        let node = self.get(key)?;
        self.sub_block(key, node)
    }

    /// The node as a block under this one's path.
    pub(super) fn sub_block(&self, step: &str, node: &'c Node) -> Option<Block<'c>> {
        match &node.value {
            Value::Table(table) => {
                let path = if self.path.is_empty() { step.to_owned() } else { format!("{}.{step}", self.path) };
                let from_change = node.change.is_some();
                Some(Block { from_change, ..Block::new(self.cx, &path, table, node.place) })
            }
            _ => {
                self.wrong(step, node, "a table");
                None
            }
        }
    }

    fn wrong(&self, key: &str, node: &Node, wanted: &str) {
        if !matches!(node.value, Value::Bad) {
            let message = format!("{}.{key} takes {wanted}, not {}", self.path, node.kind_name());
            self.cx.findings.report(Code::WrongKind, node.place, message);
        }
    }

    fn as_word(&self, key: &str, node: &'c Node) -> Option<Word<'c>> {
        let text = node.as_text();
        if text.is_none() {
            self.wrong(key, node, "text");
        }
        text.map(|text| Word { text, place: node.place })
    }

    /// A text that must be there and not be empty.
    pub(super) fn text(&self, key: &'static str) -> Option<Word<'c>> {
        let word = self.as_word(key, self.need(key)?)?;
        if word.text.trim().is_empty() {
            self.cx.findings.report(Code::MissingKey, word.place, format!("{}.{key} is empty", self.path));
            return None;
        }
        Some(word)
    }

    /// A list of texts, or one text alone; empty where the key is absent.
    pub(super) fn texts(&self, key: &'static str) -> Vec<Word<'c>> {
        match self.get(key) {
            Some(Node { value: Value::List(items), .. }) => {
                items.iter().filter_map(|item| self.as_word(key, item)).collect()
            }
            Some(node) => self.as_word(key, node).into_iter().collect(),
            None => Vec::new(),
        }
    }

    /// A list of texts that must be there and not be empty.
    pub(super) fn texts_needed(&self, key: &'static str) -> Vec<Word<'c>> {
        let texts = self.texts(key);
        match self.need(key) {
            Some(Node { value: Value::List(items), place, .. }) if items.is_empty() => {
                self.cx.findings.report(Code::MissingKey, *place, format!("{}.{key} is empty", self.path));
            }
            _ => {}
        }
        texts
    }

    /// One word of a vocabulary.
    pub(super) fn word<T: Copy>(&self, key: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        let word = self.text(key)?;
        self.word_of(key, word, words)
    }

    pub(super) fn word_of<T: Copy>(&self, key: &str, word: Word<'_>, words: &[(&'static str, T)]) -> Option<T> {
        let found = words.iter().find(|(name, _)| *name == word.text).map(|(_, value)| *value);
        if found.is_none() {
            let message = format!("{:?} is no word for {}.{key}", word.text, self.path);
            let all: Vec<&str> = words.iter().map(|(name, _)| *name).collect();
            let report = self.cx.findings.report(Code::UnknownWord, word.place, message);
            match nearest(word.text, all.iter().copied()) {
                Some(near) => report.hint(format!("did you mean {near:?}?")),
                None => report.hint(format!("one of: {}", all.join(", "))),
            };
        }
        found
    }

    pub(super) fn date(&self, key: &'static str) -> Option<NaiveDate> {
        let node = self.need(key)?;
        if let Value::Date(date) = node.value {
            return Some(date);
        }
        self.wrong(key, node, "a date such as 2021-10-01, without quotes");
        None
    }

    /// A quantity that must be there; the caller takes the unit that it knows.
    fn quantity<T>(&self, key: &'static str, wanted: &str, take: impl Fn(Quantity) -> Option<T>) -> Option<T> {
        let word = self.as_word(key, self.need(key)?)?;
        let place = word.place;
        let (code, message) = match Quantity::parse(word.text) {
            Ok(quantity) => match take(quantity) {
                Some(value) => return Some(value),
                None => (Code::WrongKind, format!("{}.{key} takes {wanted}, not {}", self.path, quantity.unit_name())),
            },
            Err(QuantityError::NoUnit) => (Code::BareNumber, format!("{:?} has no unit", word.text)),
            Err(QuantityError::BadNumber(why)) => (Code::OutOfRange, why),
            Err(QuantityError::NotAQuantity) => {
                (Code::WrongKind, format!("{}.{key} takes {wanted}, not {:?}", self.path, word.text))
            }
        };
        self.cx.findings.report(code, place, message).hint(format!("{key} takes {wanted}"));
        None
    }

    /// An amount in program currency that is not negative; none within for `none`.
    pub(super) fn money_or_none(&self, key: &'static str) -> Option<Option<Amount>> {
        let currency = self.cx.currency;
        let wanted = format!("an amount such as \"10000.00 {currency}\"");
        let amount = self.quantity(key, &format!("{wanted}, or \"none\""), |quantity| match quantity {
            Quantity::Money(amount, unit) if unit == currency => Some(Some(amount)),
            Quantity::None => Some(None),
            _ => None,
        })?;
        self.not_negative(key, amount)
    }

    /// An amount in program currency that is not negative.
    pub(super) fn money(&self, key: &'static str) -> Option<Amount> {
        let currency = self.cx.currency;
        let wanted = format!("an amount such as \"10000.00 {currency}\"");
        let amount = self.quantity(key, &wanted, |quantity| match quantity {
            Quantity::Money(amount, unit) if unit == currency => Some(amount),
            _ => None,
        })?;
        self.not_negative(key, Some(amount)).flatten()
    }

    fn not_negative(&self, key: &'static str, amount: Option<Amount>) -> Option<Option<Amount>> {
        if amount.is_some_and(|amount| amount < Amount::ZERO) {
            let place = self.get(key).map_or(self.place, |node| node.place);
            self.cx.findings.report(Code::OutOfRange, place, format!("{}.{key} is negative", self.path));
            return None;
        }
        Some(amount)
    }

    pub(super) fn rate(&self, key: &'static str) -> Option<Rate> {
        self.quantity(key, "a percentage such as \"4.75%\"", |quantity| match quantity {
            Quantity::Share(rate) => Some(rate),
            _ => None,
        })
    }

    /// A number of points or, in program currency, an amount: what a number fact is measured in.
    pub(super) fn points(&self, key: &'static str) -> Option<Amount> {
        self.quantity(key, "a number such as \"25 points\"", |quantity| match quantity {
            Quantity::Points(points) => Some(points),
            _ => None,
        })
    }

    /// A whole number, at least 1, of what the unit counts.
    pub(super) fn count(&self, key: &'static str, unit: CountUnit, wanted: &str) -> Option<u32> {
        let count = self.quantity(key, wanted, |quantity| match quantity {
            Quantity::Count(count, counted) if counted == unit => Some(count),
            _ => None,
        })?;
        if (1..=COUNT_MAX).contains(&count) {
            return Some(count);
        }
        let place = self.get(key).map_or(self.place, |node| node.place);
        let message = format!("{}.{key} is outside 1 to {COUNT_MAX}", self.path);
        self.cx.findings.report(Code::OutOfRange, place, message);
        None
    }

    pub(super) fn days(&self, key: &'static str) -> Option<u32> {
        self.count(key, CountUnit::Days, "a number of days such as \"365d\"")
    }

    pub(super) fn months(&self, key: &'static str) -> Option<i32> {
        let months = self.count(key, CountUnit::Months, "a number of months such as \"6mo\"")?;
        i32::try_from(months).ok()
    }

    /// Checks the block's citation and says that it may give a confidence and a reason.
    pub(super) fn cited(&self) {
        for key in META_KEYS {
            self.asked.borrow_mut().insert(key);
        }
        if !self.from_change || self.has("cite") {
            self.citation_check();
        }
        if self.has("confidence") && self.word("confidence", &[("inferred", ()), ("weak", ())]).is_some() {
            self.text("why");
        }
    }

    fn citation_check(&self) {
        cite_check(self.cx.findings, self.cx.sources, &self.path, self.table, self.place);
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(&self) {
        let asked = self.asked.borrow();
        for entry in self.table.entries.iter().filter(|entry| !asked.contains(entry.key.as_str())) {
            let what = if self.path.is_empty() { "a rule file" } else { &self.path };
            let message = format!("{what} has no key {:?}", entry.key);
            let report = self.cx.findings.report(Code::UnknownKey, entry.key_place, message);
            if let Some(near) = nearest(&entry.key, asked.iter().copied()) {
                report.hint(format!("did you mean {near:?}?"));
            }
        }
    }

    /// Reports something at a key, or at the block where the key is absent.
    pub(super) fn report_at(&self, key: &'static str, code: Code, message: String) {
        let place = self.get(key).map_or(self.place, |node| node.place);
        self.cx.findings.report(code, place, message);
    }
}

/// More than this many days, months, customers or people is a slip of the pen.
const COUNT_MAX: u32 = 10_000;
