//! Ledgers that earlier builds wrote, under this one: they open, are whole, and are taken over without a changed record.

mod audit;
mod format_1;
mod format_2;
