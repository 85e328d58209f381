//! Every metric there is.

use super::{Kind, Metric};

macro_rules! metrics {
    ($($name:ident: $kind:ident, $written:literal, in $unit:literal, by [$($label:literal),*], $help:literal;)+) => {
        $(
            #[doc = $help]
            pub static $name: Metric = Metric {
                name: $written,
                kind: Kind::$kind,
                unit: $unit,
                labels: &[$($label),*],
                help: $help,
            };
        )+

        /// Every metric, in the order in which they are written.
        pub static METRICS: &[&Metric] = &[$(&$name),+];
    };
}

metrics! {
    BUILD: Gauge, "daybook_build_info", in "always 1", by ["version"], "Which daybook this is";
    RECORDS: Gauge, "daybook_records", in "records", by [], "Records in the ledger; the newest has this position";
    PROJECTED: Gauge, "daybook_projected_records", in "records", by [], "Records that the live views contain";
    IS_FOLLOWING: Gauge, "daybook_is_following", in "0 or 1", by [], "Whether inputs are being taken in";
    LAG_MESSAGES: Gauge, "daybook_lag_messages", in "messages", by [], "Messages that the stream has and the ledger does not";
    LAG_SECONDS: Gauge, "daybook_lag_seconds", in "seconds", by [],
        "How old the newest message taken in is while others wait: the oldest waiting one is no older; 0 while none waits";
    VIEWS_LAG_RECORDS: Gauge, "daybook_views_lag_records", in "records", by [], "Records that the live views do not contain yet";
    VIEWS_LAG_SECONDS: Gauge, "daybook_views_lag_seconds", in "seconds", by [],
        "How old the oldest record is that the live views do not contain; 0 where they contain all";
    DUPLICATES: Counter, "daybook_duplicates", in "events", by [], "Events that stood already, in the ledger's whole life";
    QUARANTINE: Gauge, "daybook_quarantine_entries", in "entries", by ["reason", "state"],
        "Inputs that could not be appended, by reason and what became of them: open, retried, dismissed, corrected";
    SOURCE_EVENTS: Gauge, "daybook_source_events", in "records", by ["source"], "Records of a source";
    SOURCE_MISSING: Gauge, "daybook_source_missing_numbers", in "numbers", by ["source"],
        "Numbers of a source's own count, between the lowest and the highest seen, that no record has";
    SOURCE_TWICE: Gauge, "daybook_source_numbers_twice", in "records", by ["source"],
        "Records of a source whose number another one has too";
    SOURCE_DIFFERING: Gauge, "daybook_source_manifests_differing", in "manifests", by ["source"],
        "Dates of which the ledger has another count or sum than the source's manifest says";
    CHECKPOINTS: Gauge, "daybook_checkpoints", in "checkpoints", by [], "Signed checkpoints that the ledger keeps";
    CHECKPOINT_RECORDS: Gauge, "daybook_checkpoint_records", in "records", by [],
        "How many records the newest checkpoint vouches for; 0 without one";
    HOLES: Counter, "daybook_holes", in "holes", by [],
        "Ranges of messages that the stream no longer had when they were due, in the ledger's whole life";
    BATCHES: Counter, "daybook_batches", in "batches", by [], "Batches appended, each in one transaction, by this process";
    RESTARTS: Counter, "daybook_session_restarts", in "sessions", by [],
        "How often this process took up the stream again from the ledger's cursor";
    COMMIT_SECONDS: Histogram, "daybook_commit_duration_seconds", in "seconds", by [],
        "How long a batch's transaction took until it was durable on disk";
    REFOLD_SECONDS: Histogram, "daybook_refold_duration_seconds", in "seconds", by [],
        "How long a step of the live views took: a batch of records read, and whom it touches folded again";
    CURSOR: Gauge, "daybook_cursor_sequence", in "sequence", by [], "The last sequence of the stream that is in the ledger";
    STREAM_FIRST: Gauge, "daybook_stream_first_sequence", in "sequence", by [], "The first sequence that the stream still has";
    STREAM_LAST: Gauge, "daybook_stream_last_sequence", in "sequence", by [], "The last sequence that the stream has";
    STREAM_IS_LIMITED: Gauge, "daybook_stream_is_limited", in "0 or 1", by [],
        "Whether the stream removes old messages by itself: by age, bytes or count";
    RETENTION_IS_NEAR: Gauge, "daybook_retention_is_near", in "0 or 1", by [],
        "Whether messages that wait for the ledger are among the oldest tenth of a stream that removes old ones";
    DISK_TROUBLE: Gauge, "daybook_disk_takes_nothing", in "0 or 1", by [],
        "Whether the disk of the ledger is full or read-only: nothing is taken in until it is not";
    LEDGER_BYTES: Gauge, "daybook_ledger_bytes", in "bytes", by [], "Length of the ledger's file";
    DERIVED_BYTES: Gauge, "daybook_derived_bytes", in "bytes", by [], "Length of the file of derived data";
    DISK_FREE_BYTES: Gauge, "daybook_disk_free_bytes", in "bytes", by [],
        "What the file system of the ledger's folder has left for this process";
    HTTP_REQUESTS: Counter, "daybook_http_requests", in "requests", by ["route", "status"],
        "Answers of the HTTP door, by route and status, by this process";
}
