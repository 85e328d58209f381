//! What the importers ask of a product catalogue. The rule book's catalogue answers; this crate does not know it.

use daybook_event::Segment;

/// What a reconciliation file says about a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProductHint<'a> {
    /// Microsoft's product id (legacy licences: the durable offer id).
    pub product_id: &'a str,
    /// Microsoft's SKU id.
    pub sku_id: &'a str,
    /// The product's printed name.
    pub product_name: &'a str,
    /// The SKU's printed name; it often says "Nonprofit" or "Education" where the product's name does not.
    pub sku_name: &'a str,
    /// The service offering, such as `Azure plan`.
    pub subscription_description: &'a str,
}

/// What the catalogue's patterns say about a product; nothing is ever guessed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement {
    /// The product family to write into the event. Leave it out where the rule book finds the family from the event's
    /// own product fields: what is written into an event cannot follow a later catalogue.
    pub family: Option<String>,
    /// The customer's segment, where a pattern tells it.
    pub segment: Option<Segment>,
}

/// Places products by pattern. The same hint must give the same placement: a line whose placement changed between two
/// imports of one invoice is a conflict, as any other changed content.
pub trait Catalogue {
    /// Family and segment, as far as the patterns know them.
    fn place(&self, product: &ProductHint<'_>) -> Placement;
}

/// A catalogue that knows nothing: families are left to the rule book, segments stay unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NoCatalogue;

impl Catalogue for NoCatalogue {
    fn place(&self, _: &ProductHint<'_>) -> Placement {
        Placement::default()
    }
}
