//! Files verified without a ledger: proofs, signed notes, and the evidence of statements. All it takes is a public key.

use super::checkpoints::Trust;
use super::{Finding, evidence};
use crate::cli::{Cli, Format, VerifyArguments};
use crate::failure::Failure;
use crate::output::{self, Section};
use crate::verbs::statement::statement_sections;
use daybook_proof::{
    CONSISTENCY_HEAD, Checkpoint, ConsistencyFile, EVIDENCE_BYTES_MAX, EVIDENCE_HEAD, INCLUSION_HEAD, InclusionFile,
    KeyKind, ProofFileError, SignedNote, Trusted,
};
use daybook_store::frame_record;
use daybook_views::Statement;
use serde::Serialize;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What a file proves.
#[derive(Default, Serialize)]
pub(super) struct Report {
    pub(super) file: String,
    pub(super) kind: &'static str,
    /// The ledger that signed.
    origin: String,
    /// Its records at the checkpoint, and the root.
    size: Option<u64>,
    root: String,
    /// The older checkpoint of a proof of growth.
    #[serde(skip_serializing_if = "Option::is_none")]
    from_size: Option<u64>,
    signed_by: Vec<String>,
    /// What is proven, in words.
    pub(super) proven: Vec<String>,
    /// The record, as its event in JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<serde_json::Value>,
    /// The statement that an evidence file's records make: proven as a whole, where there is no finding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) statement: Option<Statement>,
    pub(super) findings: Vec<Finding>,
}

impl Report {
    pub(super) fn find(&mut self, code: &str, what: impl std::fmt::Display) {
        let place = self.file.clone();
        self.findings.push(Finding { code: code.to_owned(), place, what: what.to_string() });
    }

    /// The checkpoint that everything rests on, and whether enough witnesses signed it.
    pub(super) fn rests_on(&mut self, trusted: &Trusted, note: &SignedNote, trust: &Trust) {
        let at = &trusted.checkpoint;
        self.origin = at.origin.to_string();
        self.size = Some(at.size);
        self.root = hex::encode(at.root);
        let line = |one: &daybook_proof::Signed| match one.kind {
            KeyKind::Log => format!("{}+{:08x}", one.name, one.id),
            KeyKind::Witness => format!("{}+{:08x} (witness)", one.name, one.id),
        };
        self.signed_by = trusted.signed.iter().map(line).collect();
        if let Some(why) = trust.too_few(note) {
            self.find("WITNESSES", why);
        }
    }
}

pub(super) fn run(cli: &Cli, arguments: &VerifyArguments, trust: &Trust, path: &Path) -> Result<(), Failure> {
    if trust.keys.is_empty() {
        return Err(Failure::Input(
            "a file proves nothing without a key that you trust: give --key with the ledger's public key".to_owned(),
        ));
    }
    let bytes = read(path)?;
    let mut report = Report { file: path.display().to_string(), ..Report::default() };
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let checked = if first == INCLUSION_HEAD.as_bytes() {
        inclusion(&mut report, &bytes, arguments, trust)?
    } else if first == CONSISTENCY_HEAD.as_bytes() {
        consistency(&mut report, &bytes, trust)
    } else if first == EVIDENCE_HEAD.as_bytes() {
        evidence::verify(&mut report, &bytes, cli.rules.as_deref(), trust)?
    } else {
        note(&mut report, &bytes, trust)
    };
    if let Err(why) = checked {
        report.find("PROOF", why);
    }
    print(&report, arguments)?;
    match report.findings.len() {
        0 => Ok(()),
        count => Err(Failure::Check(format!("verify found {count} faults in {}", report.file))),
    }
}

fn print(report: &Report, arguments: &VerifyArguments) -> Result<(), Failure> {
    let verdict = if report.findings.is_empty() { "proven: every check passed" } else { "NOT proven" };
    let mut head = vec![("file", report.file.clone()), ("kind", report.kind.to_owned())];
    if let Some(size) = report.size {
        head.push(("ledger", report.origin.clone()));
        head.push(("checkpoint", format!("{size} records, root {}", report.root)));
        head.push(("signed by", report.signed_by.join(", ")));
    }
    head.extend(report.proven.iter().map(|what| ("proven", what.clone())));
    head.push(("verdict", verdict.to_owned()));
    let mut sections = match (arguments.format.format, &report.statement) {
        (Format::Table, Some(statement)) => statement_sections(statement)?,
        _ => Vec::new(),
    };
    sections.push(Section::new("findings", &report.findings)?);
    output::print(arguments.format.format, report, &head, &sections)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let cannot = |error: std::io::Error| Failure::Input(format!("cannot read {}: {error}", path.display()));
    let mut bytes = Vec::new();
    let max = EVIDENCE_BYTES_MAX as u64 + 1;
    File::open(path).map_err(cannot)?.take(max).read_to_end(&mut bytes).map_err(cannot)?;
    Ok(bytes)
}

fn inclusion(
    report: &mut Report,
    bytes: &[u8],
    arguments: &VerifyArguments,
    trust: &Trust,
) -> Result<Result<(), ProofFileError>, Failure> {
    report.kind = "inclusion proof";
    let given = arguments.record.as_deref().map(read).transpose()?;
    Ok((|| {
        let mut file = InclusionFile::parse(bytes)?;
        if let Some(frame) = given {
            file.frame = frame;
        }
        let trusted = file.verify(&trust.keys)?;
        report.rests_on(&trusted, &file.note, trust);
        record(report, &file);
        Ok(())
    })())
}

/// What the proven record says.
fn record(report: &mut Report, file: &InclusionFile) {
    let position = file.index + 1;
    let read = frame_record(&file.frame).filter(|record| record.position.number() == position);
    let Some(record) = read else {
        return report.find("RECORD", format!("the bytes at position {position} are no record of that position"));
    };
    match daybook_proto::decode(record.envelope) {
        Ok(envelope) => {
            report.proven.push(format!("record {position} is {}, taken {}", envelope.id, record.recorded_at));
            report.record = serde_json::from_str(&daybook_proto::encode_json(&envelope)).ok();
        }
        Err(why) => report.find("RECORD", format!("record {position} holds no event: {why}")),
    }
}

fn consistency(report: &mut Report, bytes: &[u8], trust: &Trust) -> Result<(), ProofFileError> {
    report.kind = "consistency proof";
    let file = ConsistencyFile::parse(bytes)?;
    let (older, newer) = file.verify(&trust.keys)?;
    report.rests_on(&newer, &file.newer, trust);
    report.from_size = Some(older.checkpoint.size);
    let (from, to) = (older.checkpoint.size, newer.checkpoint.size);
    report.proven.push(format!("the first {from} of {to} records are those of the older checkpoint"));
    Ok(())
}

fn note(report: &mut Report, bytes: &[u8], trust: &Trust) -> Result<(), ProofFileError> {
    report.kind = "signed note";
    let note = SignedNote::parse(bytes)?;
    let trusted = Trusted::of(&note, &trust.keys)?;
    report.rests_on(&trusted, &note, trust);
    let Checkpoint { size, closed, .. } = &trusted.checkpoint;
    report.proven.push(format!("the ledger had {size} records with this root"));
    let line = |line: &daybook_proof::ClosedLine| format!("{} was closed by record {}", line.month, line.position);
    report.proven.extend(closed.iter().map(line));
    Ok(())
}
