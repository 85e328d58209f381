//! Whatever is changed in a ledger's file, verify finds it: or it is shown here why the change cannot matter.
//!
//! `rows` changes rows one by one, below their checksums and with their checksums set right. `raw` flips bits of the file.
//! `forger` rewrites everything alike, which only a signed checkpoint tells from the truth.

mod file;
mod forger;
mod raw;
mod rows;
mod scene;
mod second;
