//! Writing derived data, in one transaction.

use super::read::Sourced;
use super::value::{bytes_pack, digest_pack, large_pack, value_pack};
use super::{DIGESTS, Derived, DerivedError, DerivedRead, FACTS, GLOBALS, PARTNERS, ROWS, STATES};
use crate::crash_point;
use crate::file::caught_as;
use daybook_event::Month;
use redb::WriteTransaction;
use serde::Serialize;
use std::marker::PhantomData;

/// A transaction on derived data. Nothing of it is seen by others, or survives, unless it commits.
pub struct DerivedWrite<'a> {
    transaction: WriteTransaction,
    /// A second transaction would wait for this one for ever: it holds the writer.
    _writer: PhantomData<&'a mut Derived>,
}

impl Sourced for DerivedWrite<'_> {
    type From = WriteTransaction;

    fn source(&self) -> &WriteTransaction {
        &self.transaction
    }
}

impl DerivedRead for DerivedWrite<'_> {}

impl DerivedWrite<'_> {
    pub(super) fn new(transaction: WriteTransaction) -> Self {
        Self { transaction, _writer: PhantomData }
    }

    fn work(&self, work: impl FnOnce(&WriteTransaction) -> Result<(), DerivedError>) -> Result<(), DerivedError> {
        caught_as("writing derived data", || work(&self.transaction))
    }

    /// Puts a chunk of a partner's facts.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn facts_put(&mut self, partner: &str, month: Month, chunk: u32, facts: &[u8]) -> Result<(), DerivedError> {
        let key = (partner, month.index(), chunk);
        let row = bytes_pack("facts", &key, facts)?;
        self.work(|transaction| {
            transaction.open_table(FACTS)?.insert(key, row.as_slice())?;
            Ok(())
        })
    }

    /// Removes a chunk of a partner's facts.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn facts_delete(&mut self, partner: &str, month: Month, chunk: u32) -> Result<(), DerivedError> {
        self.work(|transaction| {
            transaction.open_table(FACTS)?.remove((partner, month.index(), chunk))?;
            Ok(())
        })
    }

    /// Puts a partner's state at the end of a month.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn state_put<T: Serialize>(
        &mut self,
        generation: u32,
        partner: &str,
        month: Month,
        state: &T,
    ) -> Result<(), DerivedError> {
        let key = (generation, partner, month.index());
        let row = large_pack("states", &key, state)?;
        self.work(|transaction| {
            transaction.open_table(STATES)?.insert(key, row.as_slice())?;
            Ok(())
        })
    }

    /// Removes a partner's states from a month on.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn states_delete_from(&mut self, generation: u32, partner: &str, from: Month) -> Result<(), DerivedError> {
        self.work(|transaction| {
            let range = (generation, partner, from.index())..=(generation, partner, i32::MAX);
            transaction.open_table(STATES)?.retain_in(range, |_, _| false)?;
            Ok(())
        })
    }

    /// Removes a partner's state of one month.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn state_delete(&mut self, generation: u32, partner: &str, month: Month) -> Result<(), DerivedError> {
        self.work(|transaction| {
            transaction.open_table(STATES)?.remove((generation, partner, month.index()))?;
            Ok(())
        })
    }

    /// Puts a partner's rows.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn rows_put<T: Serialize>(&mut self, generation: u32, partner: &str, rows: &T) -> Result<(), DerivedError> {
        let key = (generation, partner);
        let row = large_pack("rows", &key, rows)?;
        self.work(|transaction| {
            transaction.open_table(ROWS)?.insert(key, row.as_slice())?;
            Ok(())
        })
    }

    /// Puts the digest of a partner's rows, so that the digest of all views is had without reading all rows.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn digest_put(&mut self, generation: u32, partner: &str, digest: &[u8; 32]) -> Result<(), DerivedError> {
        let key = (generation, partner);
        let row = digest_pack("digests", &key, digest);
        self.work(|transaction| {
            transaction.open_table(DIGESTS)?.insert(key, row.as_slice())?;
            Ok(())
        })
    }

    /// Removes a partner's rows and their digest.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn rows_delete(&mut self, generation: u32, partner: &str) -> Result<(), DerivedError> {
        self.work(|transaction| {
            transaction.open_table(ROWS)?.remove((generation, partner))?;
            transaction.open_table(DIGESTS)?.remove((generation, partner))?;
            Ok(())
        })
    }

    /// Removes every state, row and digest of a generation. Its values in the globals are the caller's to remove.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn generation_delete(&mut self, generation: u32) -> Result<(), DerivedError> {
        let next = generation.saturating_add(1);
        self.work(|transaction| {
            let states = (generation, "", i32::MIN)..(next, "", i32::MIN);
            transaction.open_table(STATES)?.retain_in(states, |_, _| false)?;
            transaction.open_table(ROWS)?.retain_in((generation, "")..(next, ""), |_, _| false)?;
            transaction.open_table(DIGESTS)?.retain_in((generation, "")..(next, ""), |_, _| false)?;
            Ok(())
        })
    }

    /// Puts what is kept of a partner.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn partner_put<T: Serialize>(&mut self, partner: &str, kept: &T) -> Result<(), DerivedError> {
        let row = value_pack("partners", &partner, kept)?;
        self.work(|transaction| {
            transaction.open_table(PARTNERS)?.insert(partner, row.as_slice())?;
            Ok(())
        })
    }

    /// Removes what is kept of a partner. Its facts, states and rows stay.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn partner_delete(&mut self, partner: &str) -> Result<(), DerivedError> {
        self.work(|transaction| {
            transaction.open_table(PARTNERS)?.remove(partner)?;
            Ok(())
        })
    }

    /// Puts a value that belongs to no partner.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn global_put<T: Serialize>(&mut self, name: &str, value: &T) -> Result<(), DerivedError> {
        let row = value_pack("globals", &name, value)?;
        self.work(|transaction| {
            transaction.open_table(GLOBALS)?.insert(name, row.as_slice())?;
            Ok(())
        })
    }

    /// Removes a value that belongs to no partner.
    ///
    /// # Errors
    /// [`DerivedError`].
    pub fn global_delete(&mut self, name: &str) -> Result<(), DerivedError> {
        self.work(|transaction| {
            transaction.open_table(GLOBALS)?.remove(name)?;
            Ok(())
        })
    }

    /// Commits: durable, and seen by others, when this returns.
    ///
    /// # Errors
    /// [`DerivedError`]; whether it is durable is then known only after opening again.
    pub fn commit(self) -> Result<(), DerivedError> {
        crash_point("derived:before_commit");
        caught_as("committing derived data", || Ok::<_, DerivedError>(self.transaction.commit()?))?;
        crash_point("derived:after_commit");
        Ok(())
    }
}
