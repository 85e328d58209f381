//! Intake: NATS consumer and file importers, batches into the ledger.
