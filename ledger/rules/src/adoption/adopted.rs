//! What is adopted: the files, put together, and the acts that do not count.

use super::Adoption;
use crate::diagnostic::{Diagnostic, Findings, SourceText};
use crate::document::read;
use crate::hashes::sha256_hex;
use crate::header::{Format, format_of};
use crate::library::RuleLibrary;
use daybook_event::{EventRef, Position, RuleFile};

#[cfg(test)]
thread_local! {
    /// How often files were loaded by this test.
    pub(super) static LOADS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// The adopted files at a position.
#[derive(Debug, Clone, Default)]
pub struct Adopted {
    files: Vec<AdoptedFile>,
    library: Option<RuleLibrary>,
    findings: Vec<AdoptionFinding>,
}

/// A file with the act that brought it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptedFile {
    /// Its name and bytes.
    pub file: RuleFile,
    /// The position of the act.
    pub position: Position,
}

/// Something odd about one adoption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptionFinding {
    /// Where the act stands.
    pub position: Position,
    /// Its name.
    pub id: EventRef,
    /// One line: what is odd, and what became of the act.
    pub what: String,
}

/// Why files cannot be added to what is adopted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdoptionError {
    /// The act holds no file.
    #[error("it holds no file")]
    Empty,
    /// A file of that name is adopted and says something else.
    #[error(
        "{name} is adopted already with other bytes (sha256 {adopted}, offered {offered}): an adopted file never changes; \
         a correction is a new file, a revision such as version = \"2021-10.r2\""
    )]
    Changed {
        /// The file's name.
        name: String,
        /// The hash of the adopted bytes.
        adopted: String,
        /// The hash of the others.
        offered: String,
    },
    /// Neither rule set nor catalogue nor book file.
    #[error("{0} is neither a rule set nor a catalogue nor a book file: only these are adopted")]
    NoPart(String),
    /// A what-if.
    #[error("{0} is a what-if (hypothetical = true), which is never adopted")]
    WhatIf(String),
    /// The catalogue lacks an adopted edition, or says something else in it.
    #[error(
        "the catalogue changes the adopted edition of {0}: a correction is a new [[edition]] with a date of its own"
    )]
    EditionChanged(chrono::NaiveDate),
    /// The files do not load together.
    #[error("the files do not load together with the adopted ones: {}", first_line(.0))]
    Refused(Vec<Diagnostic>),
}

impl Adopted {
    /// Every adopted version; none where nothing is adopted.
    #[must_use]
    pub fn library(&self) -> Option<&RuleLibrary> {
        self.library.as_ref()
    }

    /// The adopted files, in the order in which they came.
    #[must_use]
    pub fn files(&self) -> &[AdoptedFile] {
        &self.files
    }

    /// Acts that do not count, and acts that name another book than they made.
    #[must_use]
    pub fn findings(&self) -> &[AdoptionFinding] {
        &self.findings
    }

    /// The adopted file of that name.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&AdoptedFile> {
        self.files.iter().find(|known| known.file.name == name)
    }

    /// The adopted file of that format: a book has one catalogue and one book file.
    pub(super) fn file_of(&self, format: Format) -> Option<&AdoptedFile> {
        self.files.iter().find(|known| format_named(&known.file) == Some(format))
    }

    /// The library after these files are added.
    pub(super) fn plus(&self, added: &[RuleFile]) -> Result<RuleLibrary, AdoptionError> {
        let files: Vec<RuleFile> = self.with(added)?.into_iter().map(|adopted| adopted.file).collect();
        #[cfg(test)]
        LOADS.with(|loads| loads.set(loads.get() + 1));
        let (library, diagnostics) = RuleLibrary::load_adopted(&files);
        let library = library.ok_or_else(|| AdoptionError::Refused(errors_of(diagnostics)))?;
        if let Some(what_if) = library.versions().iter().find(|version| version.set.hypothetical) {
            return Err(AdoptionError::WhatIf(what_if.set.version.clone()));
        }
        let editions = self.library.iter().flat_map(|known| &known.catalogue.editions);
        if let Some(lost) = editions.into_iter().find(|edition| !library.catalogue.editions.contains(edition)) {
            return Err(AdoptionError::EditionChanged(lost.from));
        }
        Ok(library)
    }

    /// The files after these are added: a rule set stands for good, catalogue and book file give way to newer ones.
    fn with(&self, added: &[RuleFile]) -> Result<Vec<AdoptedFile>, AdoptionError> {
        if added.is_empty() {
            return Err(AdoptionError::Empty);
        }
        let mut files = self.files.clone();
        for file in added {
            let newer = AdoptedFile { file: file.clone(), position: Position::ZERO };
            let format = format_named(file);
            let place = match format {
                Some(Format::Rules) => files.iter().position(|known| known.file.name == file.name),
                Some(Format::Catalogue | Format::Book) => {
                    files.iter().position(|known| format_named(&known.file) == format)
                }
                _ => return Err(AdoptionError::NoPart(file.name.clone())),
            };
            match place.and_then(|at| files.get_mut(at)) {
                Some(known) if known.file == *file => {}
                Some(known) if format == Some(Format::Rules) => {
                    return Err(AdoptionError::Changed {
                        name: file.name.clone(),
                        adopted: sha256_hex(&known.file.bytes),
                        offered: sha256_hex(&file.bytes),
                    });
                }
                Some(known) => *known = newer,
                None => files.push(newer),
            }
        }
        Ok(files)
    }

    /// Takes an act in, or says why it does not count.
    pub(super) fn add(&mut self, adoption: &Adoption) {
        match self.plus(&adoption.act.files) {
            Ok(library) => self.take(adoption, library),
            Err(error) => self.note(adoption, format!("does not count: {error}")),
        }
    }

    /// Takes an act in, with the library that it makes.
    fn take(&mut self, adoption: &Adoption, library: RuleLibrary) {
        // The library was made from these very files, so they go together.
        let Ok(files) = self.with(&adoption.act.files) else { return };
        self.files = files;
        for file in self.files.iter_mut().filter(|file| file.position == Position::ZERO) {
            file.position = adoption.position;
        }
        self.library = Some(library);
    }

    /// Whether what is adopted now is another book than the act names.
    pub(super) fn differs_from(&self, adoption: &Adoption) -> bool {
        let counts = self.files.iter().any(|file| file.position == adoption.position);
        counts && self.library.as_ref().is_some_and(|known| known.current().terms_hash != adoption.act.terms_hash)
    }

    pub(super) fn note_other_hash(&mut self, adoption: &Adoption) {
        let named = &adoption.act.terms_hash;
        self.note(adoption, format!("names the rule book {named}, which its files do not make; the files count"));
    }

    fn note(&mut self, adoption: &Adoption, what: String) {
        self.findings.push(AdoptionFinding { position: adoption.position, id: adoption.id.clone(), what });
    }
}

/// The format that a file names; none where it names none that is known.
pub(super) fn format_named(file: &RuleFile) -> Option<Format> {
    let text = String::from_utf8(file.bytes.clone()).ok()?;
    let texts = [SourceText { name: file.name.clone(), text }];
    let findings = Findings::new(&texts);
    let root = read(&findings, 0, &texts[0].text)?;
    format_of(&findings, &root, 0)
}

pub(super) fn errors_of(diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.into_iter().filter(Diagnostic::is_error).collect()
}

/// The first of them on one line.
fn first_line(diagnostics: &[Diagnostic]) -> String {
    let said = |first: &Diagnostic| format!("{} {}:{}: {}", first.code, first.at.file, first.at.line, first.message);
    diagnostics.first().map(said).unwrap_or_default()
}
