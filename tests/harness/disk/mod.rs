//! A disk that fails: what becomes of ledger and views at every operation, and of a service.

mod backups;
mod columns;
mod copies;
mod judged;
mod ledgers;
mod room;
mod scene;
mod services;
mod views;
