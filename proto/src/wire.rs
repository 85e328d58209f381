//! The generated structs of `daybook/v1/*.proto` and their JSON mapping. Private: nothing outside this crate sees them.

#![allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, clippy::restriction)] // not our text

include!(concat!(env!("OUT_DIR"), "/daybook.v1.rs"));
include!(concat!(env!("OUT_DIR"), "/daybook.v1.serde.rs"));
