//! The whole line with the real binary and a real nats-server: by whatever way a history comes in, the same figures come out.

mod adoption;
mod bad_input;
mod bounded_replay;
mod closing;
mod columns;
mod compare_files;
mod contract;
mod damage;
mod export;
mod formats;
mod health;
mod kept_folds;
mod newer;
mod quarantine_flags;
mod reconcile;
mod rules_folder;
mod same_rows;
mod sealed;
mod stream_reset;
mod supersede;
mod while_serving;
mod who_adopts;
