//! Products: groups, families, the catalogue.

use chrono::NaiveDate;
use daybook_event::{Product, Segment};

/// A named set of products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductGroup {
    /// Its name.
    pub name: String,
    /// A product that any of these matches is in the group.
    pub patterns: Vec<ProductPattern>,
}

/// One way to name products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductPattern {
    /// `family:NAME`: the family that the event, or else the catalogue, names.
    Family(String),
    /// `product:ID`: Microsoft's product id.
    ProductId(String),
    /// `name:TEXT`: the printed name contains the text, without regard to case.
    Name(String),
}

/// Which family a product is of, and which segment its name gives away. Dated: the last entry set in force counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalogue {
    /// Dated lists, by `from`, ascending.
    pub editions: Vec<CatalogueEdition>,
    /// Hash over everything that can change a figure, in hex.
    pub terms_hash: String,
}

/// The catalogue from a date on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueEdition {
    /// First date.
    pub from: NaiveDate,
    /// Product to family, in file order; the first that matches counts.
    pub families: Vec<(ProductPattern, String)>,
    /// Product name to segment, in file order; the first that matches counts. For importers.
    pub segments: Vec<(ProductPattern, Segment)>,
}

impl Catalogue {
    pub(crate) fn edition_on(&self, date: NaiveDate) -> Option<&CatalogueEdition> {
        let after = self.editions.partition_point(|edition| edition.from <= date);
        // Before the first edition the first holds, as for anything looked up before the first rule set.
        self.editions.get(after.saturating_sub(1))
    }

    /// The product's family on a date: the event's own, else the catalogue's; none where neither names one.
    #[must_use]
    pub fn family_of<'a>(&'a self, product: &'a Product, on: NaiveDate) -> Option<&'a str> {
        if !product.product_family.is_empty() {
            return Some(&product.product_family);
        }
        let edition = self.edition_on(on)?;
        edition.families.iter().find(|(pattern, _)| pattern.matches(product, None)).map(|(_, family)| family.as_str())
    }

    /// The segment that the product's name gives away on a date; none where it does not.
    #[must_use]
    pub fn segment_of(&self, product: &Product, on: NaiveDate) -> Option<Segment> {
        let edition = self.edition_on(on)?;
        edition.segments.iter().find(|(pattern, _)| pattern.matches(product, None)).map(|(_, segment)| *segment)
    }
}

impl ProductPattern {
    /// Whether the product is meant, given its family.
    #[must_use]
    pub fn matches(&self, product: &Product, family: Option<&str>) -> bool {
        match self {
            Self::Family(name) => family == Some(name.as_str()),
            Self::ProductId(id) => product.product_id == *id,
            Self::Name(text) => product.product_name.to_lowercase().contains(&text.to_lowercase()),
        }
    }
}
