//! Everything that a broker, and the line to it, can do wrong: nothing is lost that the broker still has, what it lost is
//! named, nothing is there twice, and root and rows are those of an undisturbed run over the same stream.
//!
//! The nats-server and the `daybook` binary are real; a proxy between them does the harm. Every test prints what was
//! done and how often.

mod connections;
mod deliveries;
mod logins;
mod losses;
mod order;
mod permissions;
mod writers;
