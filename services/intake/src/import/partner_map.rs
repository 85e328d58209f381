//! The operator's answer to lines that name no reseller: which partner a customer or a partner id stands for.

use daybook_event::{PartnerId, printable};
use serde::Deserialize;
use std::collections::BTreeMap;

use super::partner_center::identifier;

/// Partner ids by customer and by Microsoft partner id.
///
/// As TOML, tables `[customers]` and `[mpn]` of `"id" = "partner"`; as CSV, columns `customer_id` or `mpn` (or both, one
/// of them blank on each row) and `partner_id`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartnerMap {
    customers: BTreeMap<String, PartnerId>,
    mpn: BTreeMap<String, PartnerId>,
}

/// Why a partner map cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartnerMapError {
    /// Neither form.
    #[error("the partner map is not readable: {0}")]
    Syntax(String),
    /// A key without a partner, or a partner without a key.
    #[error("the partner map's row {row} needs a partner_id and one of customer_id and mpn")]
    Row {
        /// The row, from 1 after the header.
        row: u64,
    },
    /// A partner that no partner id can be.
    #[error("the partner map gives {key:?} the partner {partner:?}, which {fault}")]
    Partner {
        /// The customer or Microsoft partner id.
        key: String,
        /// The partner as written.
        partner: String,
        /// What is wrong with it.
        fault: daybook_event::IdError,
    },
    /// One key with two partners.
    #[error("the partner map gives {0:?} two partners; keep one")]
    Twice(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TomlMap {
    #[serde(default)]
    customers: BTreeMap<String, String>,
    #[serde(default)]
    mpn: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct CsvRow {
    #[serde(default)]
    customer_id: String,
    #[serde(default)]
    mpn: String,
    partner_id: String,
}

/// The reader quotes the line that it stumbled over.
fn syntax(said: &str) -> PartnerMapError {
    PartnerMapError::Syntax(printable(said))
}

impl PartnerMap {
    /// Reads the TOML form.
    ///
    /// # Errors
    /// [`PartnerMapError`] naming the key.
    pub fn parse_toml(text: &str) -> Result<Self, PartnerMapError> {
        let tables: TomlMap = toml::from_str(text).map_err(|e| syntax(&e.to_string().trim().replace('\n', " ")))?;
        let mut map = Self::default();
        for (key, partner) in &tables.customers {
            entry_add(&mut map.customers, key, partner)?;
        }
        for (key, partner) in &tables.mpn {
            entry_add(&mut map.mpn, key, partner)?;
        }
        Ok(map)
    }

    /// Reads the CSV form.
    ///
    /// # Errors
    /// [`PartnerMapError`] naming the row or the key.
    pub fn parse_csv(text: &str) -> Result<Self, PartnerMapError> {
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let mut map = Self::default();
        for (row, read) in (1..).zip(reader.deserialize::<CsvRow>()) {
            let read = read.map_err(|e| syntax(&e.to_string()))?;
            match (read.customer_id.as_str(), read.mpn.as_str()) {
                ("", "") => return Err(PartnerMapError::Row { row }),
                (_, _) if read.partner_id.is_empty() => return Err(PartnerMapError::Row { row }),
                (customer, "") => entry_add(&mut map.customers, customer, &read.partner_id)?,
                ("", mpn) => entry_add(&mut map.mpn, mpn, &read.partner_id)?,
                (_, _) => return Err(PartnerMapError::Row { row }),
            }
        }
        Ok(map)
    }

    /// The partner that a customer's lines belong to.
    #[must_use]
    pub fn of_customer(&self, customer_id: &str) -> Option<&PartnerId> {
        self.customers.get(&identifier(customer_id))
    }

    /// The partner that a Microsoft partner id stands for.
    #[must_use]
    pub fn of_mpn(&self, mpn: &str) -> Option<&PartnerId> {
        self.mpn.get(&identifier(mpn))
    }
}

fn entry_add(table: &mut BTreeMap<String, PartnerId>, key: &str, partner: &str) -> Result<(), PartnerMapError> {
    let id = PartnerId::parse(partner).map_err(|fault| PartnerMapError::Partner {
        key: key.to_owned(),
        partner: partner.to_owned(),
        fault,
    })?;
    let before = table.insert(identifier(key), id.clone());
    if before.is_some_and(|other| other != id) { Err(PartnerMapError::Twice(key.to_owned())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "196E2273-9651-43A3-BA7E-7CBCD918FC40";

    #[test]
    fn both_forms_say_the_same() {
        let toml = format!("[customers]\n\"{GUID}\" = \"P-AT\"\n[mpn]\n\"6048879\" = \"P-DE\"\n");
        let csv = format!("\u{feff}customer_id,mpn,partner_id\n{GUID},,P-AT\n,6048879,P-DE\n");
        let map = PartnerMap::parse_toml(&toml).unwrap();
        assert_eq!(map, PartnerMap::parse_csv(&csv).unwrap());
        assert_eq!(map.of_customer(&GUID.to_lowercase()).unwrap().as_str(), "P-AT");
        assert_eq!(map.of_mpn(" 6048879 ").unwrap().as_str(), "P-DE");
        assert_eq!(map.of_mpn("1"), None);
    }

    #[test]
    fn one_column_is_enough() {
        let map = PartnerMap::parse_csv("mpn,partner_id\n1,P-1\n").unwrap();
        assert_eq!(map.of_mpn("1").unwrap().as_str(), "P-1");
    }

    #[test]
    fn a_fault_names_its_key() {
        let twice = format!("customer_id,partner_id\n{GUID},P-1\n{},P-2\n", GUID.to_lowercase());
        assert_eq!(PartnerMap::parse_csv(&twice), Err(PartnerMapError::Twice(GUID.to_lowercase())));
        let bad = PartnerMap::parse_toml("[mpn]\n\"1\" = \"P 1\"\n").unwrap_err();
        assert_eq!(
            bad.to_string(),
            "the partner map gives \"1\" the partner \"P 1\", which has the character ' '; an id has only A-Z, a-z, 0-9, '_', '.' and '-'"
        );
        for rows in ["customer_id,mpn,partner_id\n,,P\n", "customer_id,mpn,partner_id\nc,1,P\n", "mpn,partner_id\n1,\n"]
        {
            assert_eq!(PartnerMap::parse_csv(rows), Err(PartnerMapError::Row { row: 1 }), "{rows}");
        }
        assert!(matches!(PartnerMap::parse_toml("[partners]\n"), Err(PartnerMapError::Syntax(_))));
    }
}
