//! Classes of lines: everything that rules ask of a line beside its date, customer and amount.

use super::{LinesError, count};
use crate::fact::{Line, LineKind};
use daybook_event::{Currency, Product, Segment};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What lines have in common that rules treat alike on one date.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineClass {
    /// A change of a subscription that moved no money: a line in no sum.
    Moneyless,
    /// A revenue line.
    Billed(BilledClass),
}

/// The class of a revenue line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BilledClass {
    /// Which event billed it.
    pub kind: LineKind,
    /// The product.
    pub product: Product,
    /// The customer's segment, where known.
    pub segment: Option<Segment>,
    /// The charge type.
    pub charge_type: String,
    /// The currency of its amount.
    pub currency: Currency,
}

/// Every class of a window of records, by number. Shared by all partners, so that what rules say of a class is found out
/// once.
#[derive(Debug, Clone, Default)]
pub struct LineClasses {
    all: Vec<LineClass>,
    /// Numbers by hash: looked up for every line, without making a class of it first.
    by_hash: BTreeMap<u64, Vec<u32>>,
}

impl BilledClass {
    /// The class of a line.
    #[must_use]
    pub fn of(line: &Line) -> Self {
        Self {
            kind: line.kind,
            product: line.product.clone(),
            segment: line.segment,
            charge_type: line.charge_type.clone(),
            currency: line.currency,
        }
    }

    fn is_of(&self, line: &Line) -> bool {
        self.kind == line.kind
            && self.product == line.product
            && self.segment == line.segment
            && self.charge_type == line.charge_type
            && self.currency == line.currency
    }
}

impl LineClass {
    /// The class of a revenue line; none of a moneyless change.
    #[must_use]
    pub fn billed(&self) -> Option<&BilledClass> {
        if let Self::Billed(class) = self { Some(class) } else { None }
    }
}

impl LineClasses {
    /// The classes that stand in this order.
    ///
    /// # Errors
    /// [`LinesError::Damaged`] where one stands twice.
    pub fn from_all(all: Vec<LineClass>) -> Result<Self, LinesError> {
        let mut classes = Self::default();
        for class in all {
            let next = count(classes.all.len())?;
            if classes.number_of(&class)? != next {
                return Err(LinesError::Damaged { what: "a class stands twice" });
            }
        }
        Ok(classes)
    }

    /// Every class, in order of number.
    #[must_use]
    pub fn all(&self) -> &[LineClass] {
        &self.all
    }

    /// Every number, in order: for columns that name these classes already.
    #[must_use]
    pub fn numbers(&self) -> Vec<u32> {
        (0..u32::try_from(self.all.len()).unwrap_or(u32::MAX)).collect()
    }

    /// The class of that number.
    #[must_use]
    pub fn get(&self, number: u32) -> Option<&LineClass> {
        self.all.get(number as usize)
    }

    /// The class's number, a new one if it was not seen before.
    ///
    /// # Errors
    /// [`LinesError::TooMany`] where no number is left.
    pub fn number_of(&mut self, class: &LineClass) -> Result<u32, LinesError> {
        let hash = match class {
            LineClass::Moneyless => MONEYLESS_HASH,
            LineClass::Billed(of) => hash_of(of.kind, &of.product, of.segment, &of.charge_type, of.currency),
        };
        self.found_or(hash, |known| known == class, || class.clone())
    }

    /// The number of a line's class, a new one if it was not seen before.
    ///
    /// # Errors
    /// [`LinesError::TooMany`] where no number is left.
    pub fn number_of_line(&mut self, line: &Line) -> Result<u32, LinesError> {
        let hash = hash_of(line.kind, &line.product, line.segment, &line.charge_type, line.currency);
        let is_of = |known: &LineClass| known.billed().is_some_and(|class| class.is_of(line));
        self.found_or(hash, is_of, || LineClass::Billed(BilledClass::of(line)))
    }

    fn found_or(
        &mut self,
        hash: u64,
        is_it: impl Fn(&LineClass) -> bool,
        make: impl FnOnce() -> LineClass,
    ) -> Result<u32, LinesError> {
        let numbers = self.by_hash.entry(hash).or_default();
        if let Some(&number) = numbers.iter().find(|number| is_it(&self.all[**number as usize])) {
            return Ok(number);
        }
        let number = count(self.all.len())?;
        numbers.push(number);
        self.all.push(make());
        Ok(number)
    }
}

const MONEYLESS_HASH: u64 = 0;

fn hash_of(kind: LineKind, product: &Product, segment: Option<Segment>, charge_type: &str, currency: Currency) -> u64 {
    let mut hasher = DefaultHasher::new();
    (kind, product, segment, charge_type, currency).hash(&mut hasher);
    hasher.finish()
}
