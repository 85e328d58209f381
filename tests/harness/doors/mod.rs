//! The HTTP door from outside: who may do what, what a request may take, and who is shown what.

mod client;
mod decisions;
mod description;
mod events;
mod limits;
mod metrics;
mod own_lines;
mod roles;
mod scene;
mod stream;
