//! `rules.lock`: the hashes of what was adopted. A byte that differs is a finding.

use super::RuleLibrary;
use super::load::{Draft, State};
use crate::diagnostic::{Code, Findings, Place};
use crate::document::{Node, Table};
use crate::hashes::sha256_hex;
use crate::model::Catalogue;
use daybook_event::RuleFile;
use std::fmt::Write as _;

/// The lock file's text for a library: one block per version that is no what-if, the catalogue and the whole.
#[must_use]
pub fn lock_text(library: &RuleLibrary) -> String {
    let mut text = String::from(
        "# Hashes of the adopted rule files. An adopted file never changes: a correction is a new file.\n\
         format = \"incentive-lock/1\"\n",
    );
    let adopted = library.versions.iter().filter(|version| !version.set.hypothetical);
    for version in adopted {
        let hashes = &version.set.hashes;
        let _ = write!(text, "\n[[version]]\nid = \"{}\"\nfile = \"{}\"\n", version.set.version, version.file);
        if let Some(parent) = &version.extends {
            let _ = writeln!(text, "extends = \"{parent}\"");
        }
        let _ = write!(
            text,
            "file_sha256 = \"{}\"\ndocument_hash = \"{}\"\nterms_hash = \"{}\"\n",
            hashes.file_sha256, hashes.document_hash, hashes.terms_hash
        );
    }
    let _ = write!(
        text,
        "\n[book]\ncatalogue_terms_hash = \"{}\"\nterms_hash = \"{}\"\n",
        library.catalogue.terms_hash,
        library.current().terms_hash
    );
    text
}

/// Compares the files at hand with the lock.
pub(super) fn lock_check(findings: &Findings<'_>, files: &[RuleFile], drafts: &[Draft], lock: &Table) {
    for item in lock.get("version").map(Node::as_list).unwrap_or_default() {
        let Some(table) = item.as_table() else { continue };
        let id = table.text("id").unwrap_or("");
        match drafts.iter().find(|draft| draft.header.version == id) {
            Some(draft) => version_check(findings, files, draft, table, item.place),
            None => {
                let message = format!("the adopted version {id:?} is not among the files");
                findings.report(Code::AdoptedFileChanged, item.place, message);
            }
        }
    }
}

/// Compares the catalogue at hand with the lock.
pub(super) fn catalogue_check(
    findings: &Findings<'_>,
    catalogue: &Catalogue,
    file: Option<&(usize, Table)>,
    lock: &Table,
) {
    let Some(locked) = lock.find("book.catalogue_terms_hash") else { return };
    if locked.as_text() == Some(catalogue.terms_hash.as_str()) {
        return;
    }
    let place = file.map_or(locked.place, |(file, _)| Place { file: *file, start: 0, end: 0 });
    findings
        .report(Code::AdoptedFileChanged, place, "the catalogue is not the one that was adopted")
        .against(locked.place, "the hash adopted")
        .hint("a correction is a new [[edition]] with a date of its own, adopted like a version");
}

fn version_check(findings: &Findings<'_>, files: &[RuleFile], draft: &Draft, locked: &Table, place: Place) {
    let at = |key: &str| locked.get(key).map_or(place, |node| node.place);
    let version = &draft.header.version;
    if locked.text("file_sha256") != Some(sha256_hex(&files[draft.file].bytes).as_str()) {
        findings
            .report(
                Code::AdoptedFileChanged,
                draft.header.version_place,
                format!("the file of {version} is not the one that was adopted"),
            )
            .against(at("file_sha256"), "the hash adopted")
            .hint(format!("restore it; a corrected reading is a new file with version = \"{version}.r2\""));
        return;
    }
    let (Some(set), State::Done(_)) = (&draft.set, &draft.state) else { return };
    if locked.text("document_hash") != Some(set.hashes.document_hash.as_str()) {
        let extends = draft.header.extends.as_ref().map_or(draft.header.version_place, |(_, place)| *place);
        findings
            .report(Code::Parent, extends, format!("what {version} inherits changed after it was adopted"))
            .against(at("document_hash"), "the hash adopted")
            .hint("restore the parent; a correction is a new file, not an edit");
    }
}
