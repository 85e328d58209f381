//! The wire contract, pure: protobuf and NDJSON envelopes, decode and encode, subject names.
//!
//! The only crate that knows protobuf. Bytes come in as untrusted input and leave as [`daybook_event::Envelope`]:
//! whatever passes [`decode`] or [`decode_json`] is valid everywhere behind this border, and whatever does not says
//! which field is wrong and how. The schema is in `daybook/v1/*.proto`.

mod content;
mod decode;
mod encode;
mod fault;
mod field;
pub mod limits;
mod payload;
mod peek;
mod subject;
mod view;
mod wire;

#[cfg(any(test, feature = "test-strategies"))]
pub mod arbitrary;
#[cfg(test)]
mod tests;

pub use content::{content_hash, content_hash_of, nats_msg_id};
pub use decode::{decode, decode_any, decode_json, decode_json_any};
pub use encode::{encode, encode_delimited_push, encode_json, encode_json_push};
pub use fault::DecodeFault;
pub use limits::ENVELOPE_BYTES_MAX;
pub use peek::{PeekedHead, peek_head, peek_id, peek_partner, peek_source};
pub use subject::{
    STREAM, SUBJECTS_ALL, Subject, SubjectError, subject_agrees, subject_is_of, subject_of, subject_parse,
};
pub use view::{ChangeView, SaleView, View};
