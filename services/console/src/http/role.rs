//! Who may ask: tokens, their roles, and what they are limited to.
//!
//! A file of tokens holds hashes only. Whoever reads it can let nobody in.

use daybook_event::SourceId;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fmt;
use subtle::ConstantTimeEq;

/// What somebody is let in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Publishes events of its own sources, and sees what became of them.
    Distributor,
    /// Reads everything and proves it.
    Auditor,
    /// Reads figures, compares terms, closes months.
    Finance,
    /// Adopts rules, decides about quarantine, makes checkpoints and backups.
    Operator,
}

impl Role {
    /// Every role.
    pub const ALL: &'static [Self] = &[Self::Distributor, Self::Auditor, Self::Finance, Self::Operator];

    /// The role of this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.as_str() == text)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Distributor => "distributor",
            Self::Auditor => "auditor",
            Self::Finance => "finance",
            Self::Operator => "operator",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Somebody who was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The token's name: it signs acts, and stands in the log.
    pub name: String,
    /// What it is let in for.
    pub role: Role,
    /// Of a distributor: the sources that are its own.
    pub sources: BTreeSet<SourceId>,
    /// Of a distributor: whether it sees a partner's sums, in which lines of others are.
    pub partner_totals: bool,
}

/// Why a file of tokens cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokensFault {
    /// It is not the TOML that is expected.
    #[error("is no file of tokens: {0}")]
    Form(String),
    /// A token's name says nothing.
    #[error("the token {0} has no name: it signs acts and stands in the log")]
    Unnamed(usize),
    /// Two tokens of one name.
    #[error("two tokens have the name {0:?}: give each its own")]
    NameTwice(String),
    /// What should be a hash is none.
    #[error("the token {0:?} has no sha256 of 64 hexadecimal digits: make it with daybook token new")]
    Hash(String),
    /// A source that cannot be one, or is the operators' own.
    #[error("the token {name:?} has the source {source_id:?}, which {why}")]
    Source {
        /// The token's name.
        name: String,
        /// The text.
        source_id: String,
        /// Why it is none.
        why: String,
    },
    /// A distributor of nothing, or another role with sources.
    #[error("the token {0:?}: a distributor has one source or more, other roles have none")]
    Sources(String),
}

/// The file, as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    token: Vec<Entry>,
}

/// One token of the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    role: Role,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default)]
    partner_totals: bool,
    sha256: String,
}

/// Every token that lets somebody in.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    known: Vec<([u8; 32], Caller)>,
}

impl Tokens {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// [`TokensFault`], naming the token.
    pub fn parse(text: &str) -> Result<Self, TokensFault> {
        let file: File = toml::from_str(text).map_err(|error| TokensFault::Form(error.to_string()))?;
        let mut names = BTreeSet::new();
        let mut known = Vec::new();
        for (at, entry) in (1..).zip(file.token) {
            if entry.name.trim().is_empty() {
                return Err(TokensFault::Unnamed(at));
            }
            if !names.insert(entry.name.clone()) {
                return Err(TokensFault::NameTwice(entry.name));
            }
            known.push(entry.checked()?);
        }
        Ok(Self { known })
    }

    /// Whose token this is. Every known hash is compared in full, so the time taken tells nothing.
    #[must_use]
    pub fn caller(&self, token: &str) -> Option<&Caller> {
        let given = hash(token);
        let mut found = None;
        for (hash, caller) in &self.known {
            if bool::from(hash.ct_eq(&given)) {
                found = Some(caller);
            }
        }
        found
    }
}

impl Entry {
    fn checked(self) -> Result<([u8; 32], Caller), TokensFault> {
        let mut hash = [0; 32];
        hex::decode_to_slice(&self.sha256, &mut hash).map_err(|_| TokensFault::Hash(self.name.clone()))?;
        if (self.role == Role::Distributor) == self.sources.is_empty() {
            return Err(TokensFault::Sources(self.name));
        }
        let sources = self.sources.iter().map(|text| source(&self.name, text)).collect::<Result<_, _>>()?;
        Ok((hash, Caller { name: self.name, role: self.role, sources, partner_totals: self.partner_totals }))
    }
}

fn source(name: &str, text: &str) -> Result<SourceId, TokensFault> {
    let fault = |why: String| TokensFault::Source { name: name.to_owned(), source_id: text.to_owned(), why };
    let source = SourceId::parse(text).map_err(|error| fault(error.to_string()))?;
    if source.is_ledger() {
        return Err(fault("belongs to the ledger's operators".to_owned()));
    }
    Ok(source)
}

/// What the file keeps of a token.
#[must_use]
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, role: &str, rest: &str, token: &str) -> String {
        format!("[[token]]\nname = {name:?}\nrole = {role:?}\n{rest}\nsha256 = \"{}\"\n", hex::encode(hash(token)))
    }

    #[test]
    fn a_token_lets_its_own_in_and_nobody_else() {
        let text = entry("c", "distributor", "sources = [\"contoso\"]\npartner_totals = true", "one")
            + &entry("a", "auditor", "", "two");
        let tokens = Tokens::parse(&text).unwrap();
        let contoso = tokens.caller("one").unwrap();
        assert_eq!((contoso.role, contoso.partner_totals, contoso.sources.len()), (Role::Distributor, true, 1));
        assert_eq!(tokens.caller("two").map(|caller| caller.name.as_str()), Some("a"));
        assert!(["", "three", "One", "one "].iter().all(|token| tokens.caller(token).is_none()));
        assert!(Tokens::parse("").unwrap().caller("").is_none());
    }

    #[test]
    fn a_file_that_lets_in_more_than_it_says_is_refused() {
        let good = entry("a", "auditor", "", "x");
        for (text, names) in [
            (good.clone() + &good, "two tokens"),
            (entry(" ", "auditor", "", "x"), "no name"),
            (entry("a", "root", "", "x"), "root"),
            (entry("a", "distributor", "", "x"), "one source or more"),
            (entry("a", "auditor", "sources = [\"contoso\"]", "x"), "one source or more"),
            (entry("a", "distributor", "sources = [\"ledger\"]", "x"), "operators"),
            (entry("a", "distributor", "sources = [\"a b\"]", "x"), "a b"),
            (entry("a", "auditor", "admin = true", "x"), "admin"),
            ("[[token]]\nname = \"a\"\nrole = \"auditor\"\nsha256 = \"00\"\n".to_owned(), "64 hexadecimal"),
        ] {
            let fault = Tokens::parse(&text).unwrap_err().to_string();
            assert!(fault.contains(names), "{names}: {fault}");
        }
    }
}
