//! Checkpoints: keys on disk, making and cosigning them, and asking whoever holds the ledger to do so.
//!
//! Reading order: [`keys`] (where they are kept), [`make`] (what is signed), [`control`] (who does it).

mod control;
mod keys;
mod make;
mod stored;

pub(crate) use control::{Control, Controlled, Made, Order, ask, perform};
pub(crate) use keys::{KeyPlace, keys_given, published, published_in_backup, secret_key_read, secret_key_write, seed};
pub(crate) use make::closed_line;
pub(crate) use stored::{Stored, every, key_signing, numbered, of_position};
