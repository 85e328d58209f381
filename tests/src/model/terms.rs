//! Section 3: which terms apply on which date, and what they call a product.

use chrono::NaiveDate;
use daybook_event::Product;
use daybook_rules::model::{ProductPattern, RuleBook, RuleSet};

/// The number of the rule set in force on the date; none before the first.
pub fn number_on(book: &RuleBook, date: NaiveDate) -> Option<usize> {
    (0..book.sets.len()).rev().find(|&at| book.sets[at].valid_from <= date)
}

/// The rule set in force; before the first, the first.
pub fn set_on(book: &RuleBook, date: NaiveDate) -> &RuleSet {
    &book.sets[number_on(book, date).unwrap_or(0)]
}

/// The product's family: the event's, or else the catalogue's on the date.
fn family<'a>(book: &'a RuleBook, product: &'a Product, date: NaiveDate) -> Option<&'a str> {
    if !product.product_family.is_empty() {
        return Some(&product.product_family);
    }
    let editions = &book.catalogue.editions;
    let edition = editions.iter().rev().find(|edition| edition.from <= date).or(editions.first())?;
    let named = edition.families.iter().find(|(pattern, _)| is_meant(pattern, product, None));
    named.map(|(_, family)| family.as_str())
}

fn is_meant(pattern: &ProductPattern, product: &Product, family: Option<&str>) -> bool {
    match pattern {
        ProductPattern::Family(name) => family == Some(name),
        ProductPattern::ProductId(id) => product.product_id == *id,
        ProductPattern::Name(text) => product.product_name.to_lowercase().contains(&text.to_lowercase()),
    }
}

/// Whether the product is in the set's group of that number on the date.
pub fn is_in_group(book: &RuleBook, set: &RuleSet, group: usize, product: &Product, date: NaiveDate) -> bool {
    let family = family(book, product, date);
    set.product_groups[group].patterns.iter().any(|pattern| is_meant(pattern, product, family))
}

/// Whether the product is in the set's group of that name on the date.
pub fn is_in_named(book: &RuleBook, set: &RuleSet, name: &str, product: &Product, date: NaiveDate) -> bool {
    let of_name = (0..set.product_groups.len()).filter(|&at| set.product_groups[at].name == name);
    of_name.into_iter().any(|at| is_in_group(book, set, at, product, date))
}
