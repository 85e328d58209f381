//! The fold as its callers see it: facts in, rows out, under the shipped rules and changes of them.

#![allow(clippy::unwrap_used)]

mod any_closing;
mod any_history;
mod closed_months;
mod closed_terms;
mod credits;
mod partner;
mod standing;
mod story;
mod true_ups;
