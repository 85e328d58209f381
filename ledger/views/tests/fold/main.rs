//! The fold as its callers see it: facts in, rows out, under the shipped rules and changes of them.

#![allow(clippy::unwrap_used)]

mod any_history;
mod credits;
mod partner;
mod standing;
