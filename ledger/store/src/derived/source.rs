//! What a snapshot and a write transaction have in common: getting one value, and walking a range.

use super::DerivedError;
use crate::file::caught_as;
use redb::{Key, ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};
use std::ops::ControlFlow;

/// A table of checked values.
pub(super) type Values<K> = TableDefinition<'static, K, &'static [u8]>;

/// Reads tables. The reading of a value runs where a panic on damaged bytes is caught, the visiting of it does not.
pub trait Source {
    /// The value under a key.
    fn value<K: Key + 'static, T>(
        &self,
        table: Values<K>,
        key: K::SelfType<'_>,
        read: impl FnOnce(&[u8]) -> Result<T, DerivedError>,
    ) -> Result<Option<T>, DerivedError>;

    /// The values between two keys, both included, in order.
    fn walk<K: Key + 'static, T, E: From<DerivedError>>(
        &self,
        table: Values<K>,
        bounds: [K::SelfType<'_>; 2],
        read: impl FnMut(K::SelfType<'_>, &[u8]) -> Result<T, DerivedError>,
        visit: impl FnMut(T) -> Result<ControlFlow<()>, E>,
    ) -> Result<(), E>;

    /// The last value between two keys, both included.
    fn last<K: Key + 'static, T>(
        &self,
        table: Values<K>,
        bounds: [K::SelfType<'_>; 2],
        read: impl FnOnce(K::SelfType<'_>, &[u8]) -> Result<T, DerivedError>,
    ) -> Result<Option<T>, DerivedError>;
}

fn walk_table<K: Key + 'static, T, E: From<DerivedError>>(
    table: &impl ReadableTable<K, &'static [u8]>,
    [from, to]: [K::SelfType<'_>; 2],
    mut read: impl FnMut(K::SelfType<'_>, &[u8]) -> Result<T, DerivedError>,
    mut visit: impl FnMut(T) -> Result<ControlFlow<()>, E>,
) -> Result<(), E> {
    let mut rows = caught_as("reading derived data", || Ok::<_, DerivedError>(table.range(from..=to)?))?;
    loop {
        let row = caught_as("reading derived data", || match rows.next() {
            Some(row) => {
                let (key, value) = row?;
                read(key.value(), value.value()).map(Some)
            }
            None => Ok(None),
        })?;
        let Some(row) = row else { return Ok(()) };
        if visit(row)?.is_break() {
            return Ok(());
        }
    }
}

macro_rules! source_of {
    ($transaction:ty) => {
        impl Source for $transaction {
            fn value<K: Key + 'static, T>(
                &self,
                table: Values<K>,
                key: K::SelfType<'_>,
                read: impl FnOnce(&[u8]) -> Result<T, DerivedError>,
            ) -> Result<Option<T>, DerivedError> {
                caught_as("reading derived data", || {
                    let table = self.open_table(table)?;
                    let row = table.get(key)?;
                    row.map(|row| read(row.value())).transpose()
                })
            }

            fn walk<K: Key + 'static, T, E: From<DerivedError>>(
                &self,
                table: Values<K>,
                bounds: [K::SelfType<'_>; 2],
                read: impl FnMut(K::SelfType<'_>, &[u8]) -> Result<T, DerivedError>,
                visit: impl FnMut(T) -> Result<ControlFlow<()>, E>,
            ) -> Result<(), E> {
                let table = caught_as("opening derived data", || Ok::<_, DerivedError>(self.open_table(table)?))?;
                walk_table(&table, bounds, read, visit)
            }

            fn last<K: Key + 'static, T>(
                &self,
                table: Values<K>,
                [from, to]: [K::SelfType<'_>; 2],
                read: impl FnOnce(K::SelfType<'_>, &[u8]) -> Result<T, DerivedError>,
            ) -> Result<Option<T>, DerivedError> {
                caught_as("reading derived data", || {
                    let table = self.open_table(table)?;
                    let last = table.range(from..=to)?.next_back().transpose()?;
                    last.map(|(key, value)| read(key.value(), value.value())).transpose()
                })
            }
        }
    };
}
source_of!(ReadTransaction);
source_of!(WriteTransaction);
