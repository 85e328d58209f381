//! Names of sources, events, partners and currencies.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text is empty or longer than [`ID_BYTES_MAX`].
    #[error("has {0} bytes; an id has 1 to {ID_BYTES_MAX}")]
    Length(usize),
    /// The text has a character outside `A-Z a-z 0-9 _ . -`.
    #[error("has the character {0:?}; an id has only A-Z, a-z, 0-9, '_', '.' and '-'")]
    Character(char),
    /// `_` alone stands for "no partner" in subjects.
    #[error("is '_', which is reserved for facts of no partner")]
    Reserved,
    /// Not three upper-case letters.
    #[error("is not a currency code: three upper-case letters, such as USD")]
    Currency,
}

/// Longest id, in bytes.
pub const ID_BYTES_MAX: usize = 64;

fn id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() | matches!(byte, b'_' | b'.' | b'-')
}

/// Checks what every id must be, without taking the text as one.
///
/// # Errors
/// [`IdError`] when the text is empty, too long, has a character an id may not have, or is `_`.
pub fn id_check(text: &str) -> Result<(), IdError> {
    if text.is_empty() || text.len() > ID_BYTES_MAX {
        return Err(IdError::Length(text.len()));
    }
    // Looked at byte by byte, without an early end: the bytes of an id are tested many at once.
    if !text.bytes().fold(true, |fits, byte| fits & id_byte(byte)) {
        let bad = text.chars().find(|c| u8::try_from(*c).map_or(true, |byte| !id_byte(byte)));
        return Err(IdError::Character(bad.unwrap_or_default()));
    }
    if text == "_" { Err(IdError::Reserved) } else { Ok(()) }
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident($text:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name($text);

        impl $name {
            /// Checks the text and takes it as an id.
            ///
            /// # Errors
            /// [`IdError`] when the text is empty, too long, has a character an id may not have, or is `_`.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                id_check(text)?;
                Ok(Self(text.into()))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.as_str().to_owned()
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

id_type! {
    /// Who publishes events: a distributor, an importer, or `ledger` for the operators' own acts.
    SourceId(Arc<str>)
}
id_type! {
    /// The publisher's name of one event, unique within its source: the idempotency key.
    EventId(Box<str>)
}
id_type! {
    /// The account that the program pays. Every row names one, so its text is shared.
    PartnerId(Arc<str>)
}

impl SourceId {
    /// The source reserved for the ledger's operators.
    pub const LEDGER: &'static str = "ledger";

    /// Whether this is the operators' own source.
    #[must_use]
    pub fn is_ledger(&self) -> bool {
        self.as_str() == Self::LEDGER
    }
}

/// An ISO 4217 code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// United States dollar: the program currency of every rule set shipped so far.
    pub const USD: Self = Self(*b"USD");

    /// Reads a code of three upper-case letters.
    ///
    /// # Errors
    /// [`IdError::Currency`] otherwise.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if code.iter().all(u8::is_ascii_uppercase) => Ok(Self(code)),
            _ => Err(IdError::Currency),
        }
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Currency {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl From<Currency> for String {
    fn from(code: Currency) -> String {
        code.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_refuse_what_a_subject_cannot_carry() {
        assert!(PartnerId::parse("P-AT.eu_1").is_ok());
        assert_eq!(PartnerId::parse(""), Err(IdError::Length(0)));
        assert_eq!(PartnerId::parse(&"x".repeat(65)), Err(IdError::Length(65)));
        assert_eq!(PartnerId::parse("a b"), Err(IdError::Character(' ')));
        assert_eq!(PartnerId::parse("_"), Err(IdError::Reserved));
        assert_eq!(PartnerId::parse("a~b"), Err(IdError::Character('~')));
    }

    #[test]
    fn a_currency_is_three_capitals() {
        assert_eq!(Currency::parse("EUR").unwrap().to_string(), "EUR");
        assert!(Currency::parse("eur").is_err());
        assert!(Currency::parse("EURO").is_err());
    }
}
