//! The distinct products of a partner's revenue, numbered as they came, so that sums are kept by number.

use chrono::NaiveDate;
use daybook_event::Product;
use daybook_rules::model::{Catalogue, RuleSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Products seen so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Products(BTreeMap<Product, usize>);

/// Which of the products are meant, by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted(Vec<bool>);

impl Products {
    /// The product's number, a new one if it was not seen before.
    pub(crate) fn number_of(&mut self, product: &Product) -> usize {
        if let Some(&number) = self.0.get(product) {
            return number;
        }
        let number = self.0.len();
        self.0.insert(product.clone(), number);
        number
    }

    /// The products that the test takes.
    pub(crate) fn wanted(&self, takes: impl Fn(&Product) -> bool) -> Wanted {
        let mut wanted = vec![false; self.0.len()];
        for (product, &number) in &self.0 {
            wanted[number] = takes(product);
        }
        Wanted(wanted)
    }

    /// The products that are in one of the groups under these terms, by the catalogue of the date; without groups, all.
    pub(crate) fn in_groups(&self, set: &RuleSet, catalogue: &Catalogue, on: NaiveDate, groups: &[usize]) -> Wanted {
        self.wanted(|product| {
            groups.is_empty() || {
                let family = catalogue.family_of(product, on);
                set.groups_of(product, family).iter().any(|group| groups.contains(group))
            }
        })
    }
}

impl Wanted {
    /// Whether the product of that number is meant.
    pub(crate) fn takes(&self, number: usize) -> bool {
        self.0.get(number).is_some_and(|wanted| *wanted)
    }
}
