//! A disk that fails: what becomes of ledger and views at every operation, and of a service.

mod judged;
mod ledgers;
mod scene;
mod views;
