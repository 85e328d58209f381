//! Values as stored: checksum over table, key and content, then the content.

use super::DerivedError;
use crate::format_v1::{checked_read, checked_value};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::fmt::Debug;
use std::io;
use std::thread::LocalKey;
use zstd::bulk::{Compressor, Decompressor};

const ZSTD_LEVEL: i32 = 1;
/// The most that one packed value may unpack to.
const UNPACKED_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The domain of a value: its table and key, so that a value in another's place is not read as good.
fn domain(table: &str, key: &impl Debug) -> String {
    format!("{table} {key:?}")
}

fn damaged(table: &str, key: &impl Debug) -> DerivedError {
    DerivedError::Damaged { what: format!("the value of {table} at {key:?}") }
}

pub(super) fn value_pack<T: Serialize>(table: &str, key: &impl Debug, value: &T) -> Result<Vec<u8>, DerivedError> {
    let content = rmp_serde::to_vec_named(value).map_err(|error| DerivedError::Storage { source: Box::new(error) })?;
    Ok(checked_value(domain(table, key).as_bytes(), &content))
}

pub(super) fn value_read<T: DeserializeOwned>(table: &str, key: &impl Debug, row: &[u8]) -> Result<T, DerivedError> {
    let content = checked_read(domain(table, key).as_bytes(), row).ok_or_else(|| damaged(table, key))?;
    rmp_serde::from_slice(content).map_err(|error| DerivedError::Damaged {
        what: format!("the value of {table} at {key:?} is of another shape ({error})"),
    })
}

pub(super) fn digest_pack(table: &str, key: &impl Debug, digest: &[u8; 32]) -> Vec<u8> {
    checked_value(domain(table, key).as_bytes(), digest)
}

pub(super) fn digest_read(table: &str, key: &impl Debug, row: &[u8]) -> Result<[u8; 32], DerivedError> {
    let content = checked_read(domain(table, key).as_bytes(), row).ok_or_else(|| damaged(table, key))?;
    content.try_into().map_err(|_| damaged(table, key))
}

/// As [`value_pack`], without the names of fields and compressed: for values that may be large, of which the reader keeps
/// the shape by a number of its own.
pub(super) fn large_pack<T: Serialize>(table: &str, key: &impl Debug, value: &T) -> Result<Vec<u8>, DerivedError> {
    let content = rmp_serde::to_vec(value).map_err(|error| DerivedError::Storage { source: Box::new(error) })?;
    bytes_pack(table, key, &content)
}

/// Reads what [`large_pack`] packed.
pub(super) fn large_read<T: DeserializeOwned>(table: &str, key: &impl Debug, row: &[u8]) -> Result<T, DerivedError> {
    let content = bytes_read(table, key, row)?;
    rmp_serde::from_slice(&content).map_err(|error| DerivedError::Damaged {
        what: format!("the value of {table} at {key:?} is of another shape ({error})"),
    })
}

thread_local! {
    /// What packs and unpacks, kept: most values are small, and making it anew costs more than packing one.
    static PACKER: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static UNPACKER: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Works with what is kept of this thread, made first where there is none.
fn with_kept<K, T>(
    kept: &'static LocalKey<RefCell<Option<K>>>,
    make: impl FnOnce() -> io::Result<K>,
    work: impl FnOnce(&mut K) -> io::Result<T>,
) -> io::Result<T> {
    kept.with_borrow_mut(|kept| {
        let made = match kept.take() {
            Some(made) => made,
            None => make()?,
        };
        work(kept.insert(made))
    })
}

pub(super) fn bytes_pack(table: &str, key: &impl Debug, bytes: &[u8]) -> Result<Vec<u8>, DerivedError> {
    let packed = with_kept(&PACKER, || Compressor::new(ZSTD_LEVEL), |packer| packer.compress(bytes));
    let packed = packed.map_err(|error| DerivedError::Storage { source: Box::new(error) })?;
    Ok(checked_value(domain(table, key).as_bytes(), &packed))
}

pub(super) fn bytes_read(table: &str, key: &impl Debug, row: &[u8]) -> Result<Vec<u8>, DerivedError> {
    let packed = checked_read(domain(table, key).as_bytes(), row).ok_or_else(|| damaged(table, key))?;
    let unpack = |unpacker: &mut Decompressor<'static>| unpacker.decompress(packed, UNPACKED_BYTES_MAX);
    with_kept(&UNPACKER, Decompressor::new, unpack).map_err(|_| damaged(table, key))
}
