//! What the columns of a reconciliation file are called, in every published form.
//!
//! A name is compared by its ASCII letters and digits alone, in lower case: the file's `Charge Start Date`, the JSON's
//! `chargeStartDate` and a first header with a byte order mark in front (once, or mangled into text) are all found.

use super::super::fault::FileError;
use std::collections::BTreeMap;

/// The columns that an event, a check or the line's identity needs. The others are not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Column {
    Invoice,
    Customer,
    Mpn,
    Reseller,
    Order,
    OrderDate,
    Product,
    Sku,
    ProductName,
    SkuName,
    Description,
    Subscription,
    ChargeType,
    ChargeStart,
    ChargeEnd,
    UsageDate,
    Subtotal,
    Amount,
    Discount,
    Currency,
    Quantity,
    UnitPriceEffective,
    ExchangeRate,
    Reference,
    EarnedCredit,
}

/// Every name of a column, the one that counts first in front: where a file has several, the first that is not blank.
///
/// The billable quantity is what the price is multiplied with, so it stands before the purchased one. A legacy licence's
/// subscription is the one that Partner Center shows, not the billing platform's own.
const NAMES: [(Column, &[&str]); 25] = [
    (Column::Invoice, &["invoicenumber"]),
    (Column::Customer, &["customerid"]),
    (Column::Mpn, &["mpnid"]),
    (Column::Reseller, &["resellermpnid", "tier2mpnid"]),
    (Column::Order, &["orderid"]),
    (Column::OrderDate, &["orderdate"]),
    (Column::Product, &["productid", "durableofferid", "resourceguid"]),
    (Column::Sku, &["skuid", "offerid", "sku"]),
    (Column::ProductName, &["productname", "offername", "servicename"]),
    (Column::SkuName, &["skuname", "servicetype"]),
    (Column::Description, &["subscriptiondescription"]),
    (Column::Subscription, &["syndicationpartnersubscriptionnumber", "subscriptionid"]),
    (Column::ChargeType, &["chargetype"]),
    (Column::ChargeStart, &["chargestartdate"]),
    (Column::ChargeEnd, &["chargeenddate"]),
    (Column::UsageDate, &["usagedate"]),
    (Column::Subtotal, &["subtotal", "pretaxcharges", "billingpretaxtotal"]),
    (Column::Amount, &["amount"]),
    (Column::Discount, &["totalotherdiscount"]),
    (Column::Currency, &["currency", "billingcurrency"]),
    (Column::Quantity, &["billablequantity", "overagequantity", "quantity", "consumedquantity"]),
    (Column::UnitPriceEffective, &["effectiveunitprice", "pretaxeffectiverate"]),
    (Column::ExchangeRate, &["pctobcexchangerate"]),
    (Column::Reference, &["referenceid"]),
    (Column::EarnedCredit, &["rateofpartnerearnedcredit", "partnerearnedcreditpercentage"]),
];

/// Which published format a line is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineKind {
    /// New commerce: the 46-column invoice file, `OneTimeInvoiceLineItem`.
    NewCommerce,
    /// Legacy licences: the 28-column file, `LicenseBasedLineItem`.
    LegacyLicence,
    /// Legacy usage: charges by resource, `UsageBasedLineItem`.
    LegacyUsage,
    /// Daily usage: `DailyRatedUsageLineItem`, `DailyUsageLineItem`.
    DailyUsage,
}

impl LineKind {
    /// What people call it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewCommerce => "new commerce invoice",
            Self::LegacyLicence => "legacy licence",
            Self::LegacyUsage => "legacy usage",
            Self::DailyUsage => "daily usage",
        }
    }

    /// Tells the format by the names that are there; none where nothing speaks of an invoice line.
    pub(super) fn detect(has: impl Fn(&str) -> bool) -> Option<Self> {
        let offer = ["offerid", "durableofferid", "syndicationpartnersubscriptionnumber"];
        if has("billingpretaxtotal") || has("pricingpretaxtotal") || (has("usagedate") && !has("pretaxcharges")) {
            Some(Self::DailyUsage)
        } else if has("pretaxcharges") {
            Some(Self::LegacyUsage)
        } else if offer.into_iter().any(&has) && (has("subtotal") || has("amount")) {
            Some(Self::LegacyLicence)
        } else if has("subtotal") {
            Some(Self::NewCommerce)
        } else {
            None
        }
    }
}

/// The name as it is compared.
pub(crate) fn name_key(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// The cells of one line that are not blank: one text, and where in it each column stands. A file has up to half a
/// million lines in memory, so that a line is two pieces of it rather than fifty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Cells {
    text: String,
    spans: [(usize, usize); NAMES.len()],
}

impl Cells {
    /// Takes for each column the first of its names under which `text` gives something.
    pub(super) fn collect<'t>(text: impl Fn(&str) -> Option<&'t str>) -> Self {
        let mut cells = Self::default();
        for (column, names) in &NAMES {
            let found = names.iter().find_map(|name| text(name).map(clean).filter(|text| !text.is_empty()));
            cells.fill(*column, found.unwrap_or_default());
        }
        cells.text.shrink_to_fit();
        cells
    }

    /// The cell's text, without blanks around it; empty where the file has none.
    pub(super) fn get(&self, column: Column) -> &str {
        let (start, end) = self.spans[column as usize];
        &self.text[start..end]
    }

    /// Fills in a cell that is blank so far: also what only the file as a whole says.
    pub(super) fn fill(&mut self, column: Column, text: &str) {
        if self.get(column).is_empty() {
            let start = self.text.len();
            self.text.push_str(text);
            self.spans[column as usize] = (start, self.text.len());
        }
    }
}

/// Blanks of every kind go, those of spreadsheets too; a JSON-minded exporter's `null` is blank.
pub(crate) fn clean(text: &str) -> &str {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.eq_ignore_ascii_case("null") { "" } else { text }
}

/// A CSV header: where each name stands.
#[derive(Debug)]
pub(super) struct Header {
    places: BTreeMap<String, usize>,
    pub(super) kind: LineKind,
}

impl Header {
    /// Reads the header row.
    ///
    /// # Errors
    /// [`FileError`] when a column that we read stands twice, or one that the format needs is not there.
    pub(super) fn read<'t>(names: impl Iterator<Item = &'t str>) -> Result<Self, FileError> {
        let mut places = BTreeMap::new();
        for (place, name) in names.enumerate() {
            let key = name_key(name);
            let known = NAMES.iter().any(|(_, names)| names.contains(&key.as_str()));
            if known && places.insert(key, place).is_some() {
                return Err(FileError::ColumnTwice(name.to_owned()));
            }
        }
        let kind = LineKind::detect(|name| places.contains_key(name)).unwrap_or(LineKind::NewCommerce);
        let header = Self { places, kind };
        header.need()?;
        Ok(header)
    }

    /// The place of a name in the row.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    fn need(&self) -> Result<(), FileError> {
        let needed: &[(&'static str, &[Column])] = match self.kind {
            LineKind::NewCommerce => &[
                ("Subtotal", &[Column::Subtotal]),
                ("Currency", &[Column::Currency]),
                ("CustomerId", &[Column::Customer]),
                ("ChargeType", &[Column::ChargeType]),
                ("ChargeStartDate", &[Column::ChargeStart, Column::OrderDate]),
            ],
            LineKind::LegacyLicence | LineKind::LegacyUsage => &[
                ("Subtotal", &[Column::Subtotal, Column::Amount]),
                ("Currency", &[Column::Currency]),
                ("CustomerId", &[Column::Customer]),
                ("ChargeType", &[Column::ChargeType]),
                ("ChargeStartDate", &[Column::ChargeStart]),
            ],
            LineKind::DailyUsage => &[],
        };
        let lacking = needed.iter().find(|(_, any_of)| !any_of.iter().any(|column| self.has(*column)));
        lacking.map_or(Ok(()), |(missing, _)| Err(FileError::ColumnMissing { missing, kind: self.kind.as_str() }))
    }

    fn has(&self, column: Column) -> bool {
        let names = NAMES.iter().filter(|(other, _)| *other == column).flat_map(|(_, names)| names.iter());
        names.into_iter().any(|name| self.places.contains_key(*name))
    }
}
