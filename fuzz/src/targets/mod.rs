//! What is fuzzed: functions from bytes to nothing that panic where a property does not hold. Pure: they touch nothing outside.
//!
//! Two runners share them: libFuzzer, for as long as one likes, and the test harness, which replays the corpus and some
//! thousand mutations of it.

mod envelope;
mod imports;
mod message;
pub(crate) mod proofs;
mod rules;
mod stored;
mod text;

/// One parser, and the properties that it must keep for any bytes.
pub(crate) struct Target {
    /// Its name, and that of its folder of the corpus.
    pub(crate) name: &'static str,
    /// Runs it.
    pub(crate) run: fn(&[u8]),
}

/// Every target.
pub(crate) const TARGETS: &[Target] = &[
    Target { name: "envelope", run: envelope::protobuf },
    Target { name: "line", run: envelope::line },
    Target { name: "ndjson", run: imports::ndjson },
    Target { name: "protobuf_file", run: imports::protobuf },
    Target { name: "partner_center", run: imports::partner_center },
    Target { name: "earnings", run: imports::earnings },
    Target { name: "partner_map", run: imports::partner_map },
    Target { name: "rule_files", run: rules::files },
    Target { name: "rule_tests", run: rules::tests },
    Target { name: "book_argument", run: rules::book_argument },
    Target { name: "values", run: text::values },
    Target { name: "subject", run: text::subject },
    Target { name: "note", run: proofs::note },
    Target { name: "checkpoint", run: proofs::checkpoint },
    Target { name: "key", run: proofs::key },
    Target { name: "proof_file", run: proofs::proof_file },
    Target { name: "segment", run: stored::segment },
    Target { name: "stored_rows", run: stored::rows },
];
