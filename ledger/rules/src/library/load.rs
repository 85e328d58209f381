//! From bytes to versions, step by step: read, tell apart, resolve, lower, hash, check across files.

use super::{RuleLibrary, Version, VersionDocument, lints, lock};
use crate::diagnostic::{Code, Diagnostic, Findings, Place, SourceText};
use crate::document::{Resolved, Sources, Table, read, resolve};
use crate::hashes::{catalogue_hash, version_hashes};
use crate::header::{Format, format_of, header_read, revision_of};
use crate::lower::{Cx, Header, catalogue_read, rule_set};
use crate::model::{Catalogue, RuleBook, RuleSet};
use daybook_event::{Currency, RuleFile};
use std::sync::Arc;

/// Reads a folder's files into the book of everything in it. A book comes back only where no error was found; the
/// warnings come with it.
#[must_use]
pub fn load_book(files: &[RuleFile]) -> (Option<RuleBook>, Vec<Diagnostic>) {
    let (library, diagnostics) = RuleLibrary::load(files);
    (library.map(|library| library.current()), diagnostics)
}

/// One rule file, read but not yet resolved.
pub(super) struct Draft {
    pub(super) file: usize,
    pub(super) header: Header,
    pub(super) own: Table,
    pub(super) state: State,
    pub(super) set: Option<RuleSet>,
}

/// What is done with a book file's list of files.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BookList {
    /// Held against the files at hand.
    Checked,
    PassedOver,
}

/// How far a draft's inheritance is worked out.
pub(super) enum State {
    Fresh,
    /// Being resolved: meeting it again is a cycle.
    Open,
    Done(Resolved),
    /// Its parent is missing or broken, which is already reported.
    Orphan,
}

/// Files that are no rule sets, by kind.
#[derive(Default)]
pub(super) struct Others {
    pub(super) catalogue: Option<(usize, Table)>,
    pub(super) book: Option<(usize, Table)>,
    pub(super) lock: Option<(usize, Table)>,
}

impl RuleLibrary {
    /// Reads files: rule files, a catalogue, a book file, a lock; files of tests are passed over. A library comes back
    /// only where no error was found; the warnings come with it.
    #[must_use]
    pub fn load(files: &[RuleFile]) -> (Option<Self>, Vec<Diagnostic>) {
        Self::load_listed(files, BookList::Checked)
    }

    /// The same for adopted files. A book file lists what stood beside it, of which a part may be adopted.
    pub(crate) fn load_adopted(files: &[RuleFile]) -> (Option<Self>, Vec<Diagnostic>) {
        Self::load_listed(files, BookList::PassedOver)
    }

    fn load_listed(files: &[RuleFile], list: BookList) -> (Option<Self>, Vec<Diagnostic>) {
        let texts: Vec<SourceText> = files
            .iter()
            .map(|file| SourceText {
                name: file.name.clone(),
                text: String::from_utf8(file.bytes.clone()).unwrap_or_default(),
            })
            .collect();
        let findings = Findings::new(&texts);
        let (mut drafts, others) = drafts_read(&findings, files, &texts);
        for at in 0..drafts.len() {
            resolve_at(&findings, &mut drafts, at);
        }
        lower(&findings, files, &mut drafts);
        let catalogue = catalogue(&findings, others.catalogue.as_ref());
        let sources_of_no_partner = lints::book_file(&findings, &texts, &drafts, &others, list);
        lints::across_versions(&findings, &drafts);
        if let Some(catalogue) = &catalogue {
            lints::against_catalogue(&findings, &drafts, catalogue, others.catalogue.as_ref());
        }
        let catalogue = catalogue.unwrap_or_default();
        if let Some((_, table)) = &others.lock {
            lock::lock_check(&findings, files, &drafts, table);
            lock::catalogue_check(&findings, &catalogue, others.catalogue.as_ref(), table);
        }
        let failed = findings.has_errors_since(0) || drafts.is_empty();
        if drafts.is_empty() {
            let place = Place { file: 0, start: 0, end: 0 };
            findings.report(Code::BookFiles, place, "no rule file among the files");
        }
        let versions = versions_make(drafts, &texts);
        let diagnostics = findings.into_sorted();
        let library = Self { files: files.to_vec(), versions, catalogue, sources_of_no_partner };
        ((!failed).then_some(library), diagnostics)
    }
}

pub(super) fn drafts_read(findings: &Findings<'_>, files: &[RuleFile], texts: &[SourceText]) -> (Vec<Draft>, Others) {
    let (mut drafts, mut others) = (Vec::new(), Others::default());
    for (file, text) in texts.iter().enumerate() {
        let start = Place { file, start: 0, end: 0 };
        if text.text.is_empty() {
            let why = if files[file].bytes.is_empty() { "the file is empty" } else { "the file is not UTF-8 text" };
            findings.report(Code::Unreadable, start, why);
            continue;
        }
        let Some(root) = read(findings, file, &text.text) else { continue };
        let slot = match format_of(findings, &root, file) {
            Some(Format::Rules) => {
                if let Some(header) = header_read(findings, &root, file) {
                    drafts.push(Draft { file, header, own: root, state: State::Fresh, set: None });
                }
                continue;
            }
            Some(Format::Catalogue) => &mut others.catalogue,
            Some(Format::Book) => &mut others.book,
            Some(Format::Lock) => &mut others.lock,
            Some(Format::Tests) | None => continue,
        };
        if slot.is_some() {
            findings.report(Code::BookFiles, start, "a second file of this kind: a book has one of each");
        }
        *slot = Some((file, root));
    }
    (drafts, others)
}

/// Resolves a draft after its parents.
pub(super) fn resolve_at(findings: &Findings<'_>, drafts: &mut [Draft], at: usize) {
    if !matches!(drafts[at].state, State::Fresh) {
        return;
    }
    drafts[at].state = State::Open;
    let header = drafts[at].header.clone();
    let Some((parent_id, place)) = &header.extends else {
        let file = drafts[at].file;
        drafts[at].state = State::Done(resolve(findings, &drafts[at].own, file, &header.version, None));
        return;
    };
    let parent = drafts.iter().position(|draft| draft.header.version == *parent_id);
    if let Some(parent) = parent {
        resolve_at(findings, drafts, parent);
    }
    let inherited = match parent.map(|parent| &drafts[parent].state) {
        Some(State::Done(resolved)) => resolved.clone(),
        Some(State::Open) => {
            findings
                .report(Code::Parent, *place, format!("{} extends itself by way of {parent_id:?}", header.version))
                .hint("one file of the circle must stand alone");
            drafts[at].state = State::Orphan;
            return;
        }
        Some(_) => {
            drafts[at].state = State::Orphan;
            return;
        }
        None if findings.has_unreadable() => {
            // The parent may well be the file that could not be read.
            drafts[at].state = State::Orphan;
            return;
        }
        None => {
            let report = findings.report(Code::Parent, *place, format!("there is no version {parent_id:?} to extend"));
            let known = drafts.iter().map(|draft| draft.header.version.as_str());
            if let Some(near) = crate::suggest::nearest(parent_id, known.filter(|id| *id != header.version)) {
                report.hint(format!("did you mean {near:?}?"));
            }
            drafts[at].state = State::Orphan;
            return;
        }
    };
    let file = drafts[at].file;
    drafts[at].state = State::Done(resolve(findings, &drafts[at].own, file, &header.version, Some(&inherited)));
}

pub(super) fn lower(findings: &Findings<'_>, files: &[RuleFile], drafts: &mut [Draft]) {
    let versions: Vec<(usize, String)> =
        drafts.iter().map(|draft| (draft.file, draft.header.version.clone())).collect();
    let version_of = |file: usize| {
        versions.iter().find(|(at, _)| *at == file).map(|(_, version)| version.clone()).unwrap_or_default()
    };
    for draft in drafts {
        let State::Done(resolved) = &draft.state else { continue };
        draft.set = rule_set(findings, &draft.header, resolved, &version_of);
        if let Some(set) = &mut draft.set {
            set.hashes = version_hashes(&files[draft.file].bytes, &draft.header, resolved, &set.origins);
        }
    }
}

fn catalogue(findings: &Findings<'_>, file: Option<&(usize, Table)>) -> Option<Catalogue> {
    let (_, root) = file?;
    let mut sources = Sources::new();
    crate::document::sources_read(findings, root, &mut sources);
    let cx = Cx { findings, sources: &sources, currency: Currency::USD };
    let editions = catalogue_read(&cx, root);
    Some(Catalogue { editions, terms_hash: catalogue_hash(root) })
}

pub(super) fn versions_make(drafts: Vec<Draft>, texts: &[SourceText]) -> Vec<Version> {
    let mut versions: Vec<Version> = drafts.into_iter().filter_map(|draft| version_make(draft, texts)).collect();
    versions.sort_by(|a, b| {
        (a.set.valid_from, a.set.hypothetical, a.revision, &a.set.version).cmp(&(
            b.set.valid_from,
            b.set.hypothetical,
            b.revision,
            &b.set.version,
        ))
    });
    versions
}

fn version_make(draft: Draft, texts: &[SourceText]) -> Option<Version> {
    let State::Done(resolved) = draft.state else { return None };
    let set = draft.set?;
    let own = set.changes.iter().filter(|change| change.version == set.version);
    Some(Version {
        file: texts[draft.file].name.clone(),
        extends: draft.header.extends.as_ref().map(|(id, _)| id.clone()),
        revision: revision_of(&set.version).1,
        changes: own.cloned().collect(),
        document: Arc::new(VersionDocument { file: draft.file, header: draft.header, resolved }),
        set,
    })
}
