//! The wire contract: protobuf and NDJSON envelopes, decode and encode, subject names.
