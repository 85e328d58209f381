//! The HTTP door: one table of routes, one way through for every request.
//!
//! Reading order: `routes` and `table` (what there is), `role` (who may), `door` (the way through), `ask` (a request's parameters as the
//! words of a verb), `desk` (who computes), `own_lines` (what a distributor sees), `limits`, `fault`.

mod answer;
mod ask;
mod desk;
mod door;
mod fault;
mod guard;
mod limits;
mod openapi;
mod own_lines;
mod page;
mod role;
mod rooms;
mod routes;
mod table;
mod tally;

pub use desk::{Desk, Ran, Running};
pub use door::{Api, Sources, serve};
pub use fault::Fault;
pub use limits::{
    ANSWER_BYTES_MAX, CALLER_REQUESTS_MAX, CONNECTION_AGE_MAX, CONNECTIONS_MAX, HEADER_BYTES_MAX, Limits, PAGE_ROWS,
    PAGE_ROWS_MAX, URI_BYTES_MAX, VALUE_BYTES_MAX,
};
pub use openapi::document;
pub use role::{Caller, Role, Tokens, TokensFault, hash};
pub use routes::{Access, Action, Form, Method, Parameter, Place, Route};
pub use table::ROUTES;
