//! Projector: follows the ledger and keeps the views.
