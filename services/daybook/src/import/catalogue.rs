//! The rule book's catalogue as importers ask for it.

use daybook_event::{NaiveDate, Product};
use daybook_intake::import::{Catalogue, Placement, ProductHint};
use daybook_rules::model;

/// Segments by the patterns of the catalogue in force; families stay with the rule book, which finds them at every replay.
pub(crate) struct BookCatalogue {
    pub(crate) catalogue: model::Catalogue,
    /// The newest edition holds: what an importer writes must not depend on the day it runs.
    pub(crate) on: NaiveDate,
}

impl Catalogue for BookCatalogue {
    fn place(&self, hint: &ProductHint<'_>) -> Placement {
        // A SKU's name often says "Nonprofit" where the product's does not, so both are looked at.
        let named = |name: &str| Product {
            product_id: hint.product_id.to_owned(),
            sku_id: hint.sku_id.to_owned(),
            product_name: name.to_owned(),
            product_family: String::new(),
        };
        let names = [hint.sku_name, hint.product_name];
        let segment = names.iter().find_map(|name| self.catalogue.segment_of(&named(name), self.on));
        Placement { family: None, segment }
    }
}
