//! What the columns of an Earnings file are called. Names are compared by their letters and digits alone, in lower case.

use super::super::fault::FileError;
use super::super::partner_center::{clean, name_key};
use std::collections::BTreeMap;

/// The columns that a reconciliation needs. The others are named and not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    EarningId,
    Participant,
    Customer,
    Subscription,
    Product,
    ProductName,
    Transaction,
    TransactionDate,
    TransactionAmount,
    TransactionCurrency,
    TransactionUsd,
    TransactionRate,
    Lever,
    EarningType,
    EarningDate,
    EarningAmount,
    EarningUsd,
    Reason,
}

/// Every name of a column, the one that counts first in front.
const NAMES: [(Column, &[&str]); 18] = [
    (Column::EarningId, &["earningid"]),
    (Column::Participant, &["participantid", "enrollmentparticipantid", "earningparticipantid", "mpnid"]),
    (Column::Customer, &["customertenantid", "customerid"]),
    (Column::Subscription, &["subscriptionid"]),
    (Column::Product, &["productid"]),
    (Column::ProductName, &["productname"]),
    (Column::Transaction, &["transactionid"]),
    (Column::TransactionDate, &["transactiondate"]),
    (Column::TransactionAmount, &["transactionamount"]),
    (Column::TransactionCurrency, &["transactioncurrency"]),
    (Column::TransactionUsd, &["transactionamountusd"]),
    (Column::TransactionRate, &["transactionexchangerate"]),
    (Column::Lever, &["lever", "levercode"]),
    (Column::EarningType, &["earningtype", "payablesubtype"]),
    (Column::EarningDate, &["earningdate", "earningfordate"]),
    (Column::EarningAmount, &["earningamount"]),
    (Column::EarningUsd, &["earningamountusd"]),
    (Column::Reason, &["reasoncode"]),
];

/// What no file can be reconciled without: one column of each.
const NEEDED: [(&str, &[Column]); 4] = [
    ("participantId", &[Column::Participant]),
    ("earningType", &[Column::EarningType]),
    ("earningDate", &[Column::EarningDate, Column::TransactionDate]),
    ("earningAmountUSD", &[Column::EarningUsd, Column::EarningAmount]),
];

/// Where each column stands.
#[derive(Debug)]
pub(super) struct Header {
    places: BTreeMap<String, usize>,
    /// How many fields a row has.
    pub(super) columns: usize,
    /// Names that are not read.
    pub(super) ignored: Vec<String>,
}

impl Header {
    /// Whether the row is a header: real exports have lines of prose before it.
    pub(super) fn is_one(names: &[&str]) -> bool {
        let keys: Vec<String> = names.iter().map(|name| name_key(name)).collect();
        let has = |name: &str| keys.iter().any(|key| key == name);
        has("earningid") || (has("earningtype") && (has("earningamount") || has("earningamountusd")))
    }

    /// Reads the header row.
    ///
    /// # Errors
    /// [`FileError`] when a column that we read stands twice, or one that is needed is not there.
    pub(super) fn read(names: &[&str]) -> Result<Self, FileError> {
        let mut header = Self { places: BTreeMap::new(), columns: names.len(), ignored: Vec::new() };
        for (place, name) in names.iter().enumerate() {
            let key = name_key(name);
            if !NAMES.iter().any(|(_, known)| known.contains(&key.as_str())) {
                header.ignored.push(clean(name).to_owned());
            } else if header.places.insert(key, place).is_some() {
                return Err(FileError::ColumnTwice((*name).to_owned()));
            }
        }
        let lacking = NEEDED.iter().find(|(_, any_of)| !any_of.iter().any(|column| header.has(*column)));
        match lacking {
            Some((missing, _)) => Err(FileError::ColumnMissing { missing, kind: "Earnings" }),
            None => Ok(header),
        }
    }

    /// The cell's text, without blanks around it; empty where the row has none. Of several names of a column, the first
    /// under which the row says something counts.
    pub(super) fn cell<'t>(&self, texts: &[&'t str], column: Column) -> &'t str {
        let places = names(column).iter().filter_map(|name| self.places.get(*name));
        places.filter_map(|&place| texts.get(place)).map(|text| clean(text)).find(|text| !text.is_empty()).unwrap_or("")
    }

    fn has(&self, column: Column) -> bool {
        names(column).iter().any(|name| self.places.contains_key(*name))
    }
}

fn names(column: Column) -> &'static [&'static str] {
    NAMES.iter().find(|(other, _)| *other == column).map_or(&[], |(_, names)| *names)
}
