//! The ledger on disk: records in sealed segments, permanent idempotency, Merkle tree, quarantine, cursor.
