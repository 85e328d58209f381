//! Whatever is changed in a ledger's file, verify finds it: or it is shown here why the change cannot matter.
//!
//! `rows` changes rows one by one, below their checksums and with their checksums set right. `raw` flips bits of the file.
//! `derived` does the same to derived data. `forger` rewrites everything alike, which only a signed checkpoint tells from the truth.
//! `fixture` holds a ledger that was written when its format was new against the same one made today.

mod derived;
mod file;
mod fixture;
mod forger;
mod raw;
mod rows;
mod scene;
mod second;
