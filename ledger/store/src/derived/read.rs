//! Reading derived data: the same calls on a snapshot and inside a write transaction.

use super::source::Source;
use super::value::{bytes_read, digest_read, large_read, value_read};
use super::{DIGESTS, DerivedError, FACTS, GLOBALS, PARTNERS, ROWS, STATES};
use daybook_event::Month;
use redb::ReadTransaction;
use serde::de::DeserializeOwned;
use std::ops::ControlFlow;

/// One committed state of derived data, held still.
pub struct DerivedSnapshot {
    transaction: ReadTransaction,
}

impl DerivedSnapshot {
    pub(super) fn new(transaction: ReadTransaction) -> Self {
        Self { transaction }
    }
}

impl Sourced for DerivedSnapshot {
    type From = ReadTransaction;

    fn source(&self) -> &ReadTransaction {
        &self.transaction
    }
}

impl DerivedRead for DerivedSnapshot {}

/// Where the calls of [`DerivedRead`] read from. Out of reach: only this crate's types have it.
pub trait Sourced {
    /// A transaction.
    type From: Source;
    /// The transaction.
    fn source(&self) -> &Self::From;
}

/// One chunk of a partner's facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactsChunk {
    /// The month of the facts.
    pub month: Month,
    /// Which chunk of the month.
    pub chunk: u32,
    /// The facts as they were put.
    pub bytes: Vec<u8>,
}

/// Above every partner id: ids are ASCII.
const PARTNER_END: &str = "\u{10ffff}";
const MONTH_MIN: i32 = i32::MIN;
const MONTH_MAX: i32 = i32::MAX;

/// What can be read, in a snapshot and in a write transaction, which sees its own writes.
pub trait DerivedRead: Sourced {
    /// One chunk of a partner's facts.
    ///
    /// # Errors
    /// [`DerivedError`].
    fn facts(&self, partner: &str, month: Month, chunk: u32) -> Result<Option<Vec<u8>>, DerivedError> {
        let key = (partner, month.index(), chunk);
        self.source().value(FACTS, key, |row| bytes_read("facts", &key, row))
    }

    /// A partner's facts from a month on, in order of month and chunk.
    ///
    /// # Errors
    /// [`DerivedError`], or what the visitor returned.
    fn facts_from<E: From<DerivedError>>(
        &self,
        partner: &str,
        from: Month,
        visit: impl FnMut(FactsChunk) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let bounds = [(partner, from.index(), 0), (partner, MONTH_MAX, u32::MAX)];
        let read = |key: (&str, i32, u32), row: &[u8]| {
            let bytes = bytes_read("facts", &key, row)?;
            Ok(FactsChunk { month: Month::from_index(key.1), chunk: key.2, bytes })
        };
        self.source().walk(FACTS, bounds, read, visit)
    }

    /// The month and number of a partner's last chunk at or before a month.
    ///
    /// # Errors
    /// [`DerivedError`].
    fn facts_last(&self, partner: &str, at_or_before: Month) -> Result<Option<(Month, u32)>, DerivedError> {
        let bounds = [(partner, MONTH_MIN, 0), (partner, at_or_before.index(), u32::MAX)];
        self.source().last(FACTS, bounds, |key, _| Ok((Month::from_index(key.1), key.2)))
    }

    /// A partner's state at the end of a month.
    ///
    /// # Errors
    /// [`DerivedError`].
    fn state<T: DeserializeOwned>(
        &self,
        generation: u32,
        partner: &str,
        month: Month,
    ) -> Result<Option<T>, DerivedError> {
        let key = (generation, partner, month.index());
        self.source().value(STATES, key, |row| large_read("states", &key, row))
    }

    /// A partner's last state at or before a month.
    ///
    /// # Errors
    /// [`DerivedError`].
    fn state_last<T: DeserializeOwned>(
        &self,
        generation: u32,
        partner: &str,
        at_or_before: Month,
    ) -> Result<Option<(Month, T)>, DerivedError> {
        let bounds = [(generation, partner, MONTH_MIN), (generation, partner, at_or_before.index())];
        self.source().last(STATES, bounds, |key, row| Ok((Month::from_index(key.2), large_read("states", &key, row)?)))
    }

    /// The month of a partner's last state at or before a month, and how many bytes it is stored in.
    ///
    /// # Errors
    /// [`DerivedError`].
    fn state_last_bytes(
        &self,
        generation: u32,
        partner: &str,
        at_or_before: Month,
    ) -> Result<Option<(Month, usize)>, DerivedError> {
        let bounds = [(generation, partner, MONTH_MIN), (generation, partner, at_or_before.index())];
        self.source().last(STATES, bounds, |key, row| Ok((Month::from_index(key.2), row.len())))
    }

    /// The months of which a partner's state is kept, in order.
    ///
    /// # Errors
    /// [`DerivedError`].
    fn state_months(&self, generation: u32, partner: &str) -> Result<Vec<Month>, DerivedError> {
        let mut months = Vec::new();
        let bounds = [(generation, partner, MONTH_MIN), (generation, partner, MONTH_MAX)];
        self.source().walk(
            STATES,
            bounds,
            |key, _| Ok(Month::from_index(key.2)),
            |month| {
                months.push(month);
                Ok::<_, DerivedError>(ControlFlow::Continue(()))
            },
        )?;
        Ok(months)
    }

    /// A partner's rows.
    ///
    /// # Errors
    /// [`DerivedError`].
    fn rows<T: DeserializeOwned>(&self, generation: u32, partner: &str) -> Result<Option<T>, DerivedError> {
        let key = (generation, partner);
        self.source().value(ROWS, key, |row| large_read("rows", &key, row))
    }

    /// Every partner's rows of a generation, by partner in bytewise order.
    ///
    /// # Errors
    /// [`DerivedError`], or what the visitor returned.
    fn rows_all<T: DeserializeOwned, E: From<DerivedError>>(
        &self,
        generation: u32,
        mut visit: impl FnMut(String, T) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let read = |key: (u32, &str), row: &[u8]| Ok((key.1.to_owned(), large_read("rows", &key, row)?));
        let bounds = [(generation, ""), (generation, PARTNER_END)];
        self.source().walk(ROWS, bounds, read, |(partner, rows)| visit(partner, rows))
    }

    /// The digest of every partner's rows of a generation, by partner in bytewise order.
    ///
    /// # Errors
    /// [`DerivedError`], or what the visitor returned.
    fn digests_all<E: From<DerivedError>>(
        &self,
        generation: u32,
        mut visit: impl FnMut(String, [u8; 32]) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let read = |key: (u32, &str), row: &[u8]| Ok((key.1.to_owned(), digest_read("digests", &key, row)?));
        let bounds = [(generation, ""), (generation, PARTNER_END)];
        self.source().walk(DIGESTS, bounds, read, |(partner, digest)| visit(partner, digest))
    }

    /// What is kept of a partner.
    ///
    /// # Errors
    /// [`DerivedError`].
    fn partner<T: DeserializeOwned>(&self, partner: &str) -> Result<Option<T>, DerivedError> {
        self.source().value(PARTNERS, partner, |row| value_read("partners", &partner, row))
    }

    /// Every partner with what is kept of it, in bytewise order.
    ///
    /// # Errors
    /// [`DerivedError`], or what the visitor returned.
    fn partners_all<T: DeserializeOwned, E: From<DerivedError>>(
        &self,
        mut visit: impl FnMut(String, T) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E> {
        let read = |key: &str, row: &[u8]| Ok((key.to_owned(), value_read("partners", &key, row)?));
        self.source().walk(PARTNERS, ["", PARTNER_END], read, |(partner, kept)| visit(partner, kept))
    }

    /// The ids of every partner of which something is kept, in bytewise order.
    ///
    /// # Errors
    /// [`DerivedError`].
    fn partners(&self) -> Result<Vec<String>, DerivedError> {
        let mut partners = Vec::new();
        self.source().walk(
            PARTNERS,
            ["", PARTNER_END],
            |key, _| Ok(key.to_owned()),
            |partner| {
                partners.push(partner);
                Ok::<_, DerivedError>(ControlFlow::Continue(()))
            },
        )?;
        Ok(partners)
    }

    /// A value that belongs to no partner, such as the view checkpoint of a generation.
    ///
    /// # Errors
    /// [`DerivedError`].
    fn global<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, DerivedError> {
        self.source().value(GLOBALS, name, |row| value_read("globals", &name, row))
    }

    /// The names of the values that belong to no partner and begin so, in bytewise order.
    ///
    /// # Errors
    /// [`DerivedError`].
    fn global_names(&self, prefix: &str) -> Result<Vec<String>, DerivedError> {
        let mut names = Vec::new();
        self.source().walk(
            GLOBALS,
            [prefix, PARTNER_END],
            |key, _| Ok(key.to_owned()),
            |name| {
                let within = name.starts_with(prefix);
                names.extend(within.then_some(name));
                Ok::<_, DerivedError>(if within { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
            },
        )?;
        Ok(names)
    }
}
