//! Books made of a library's versions: what a book argument names.

use super::{RuleLibrary, Version};
use crate::compiled::Compiled;
use crate::diagnostic::{Diagnostic, Findings, SourceText};
use crate::document::{Node, read};
use crate::hashes::book_hash;
use crate::header::{Format, format_of, revision_of};
use crate::model::{RuleBook, RuleSet};
use chrono::NaiveDate;
use daybook_event::{RuleFile, date_parse};
use std::fmt;

/// A book as named on a command line or in a query: `current`, `2020-10`, `what-if.toml`, any of them with `@DATE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookArgument {
    /// Which versions.
    pub choice: BookChoice,
    /// Only versions published by then: the book as known on that date.
    pub known_on: Option<NaiveDate>,
}

/// Which versions a book argument names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookChoice {
    /// Every adopted version.
    Current,
    /// All versions up to and including this one.
    UpTo(String),
    /// A file: an overlay or rule set to add to `current`, or a book file. The caller reads it.
    File(String),
}

/// Why a text is no book argument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookArgumentError {
    /// Nothing before `@`.
    #[error("the book argument {0:?} names no book: write current, a version such as 2021-10, or a file")]
    Empty(String),
    /// What follows `@` is no date.
    #[error("{date:?} in the book argument {argument:?} is no date: write @YYYY-MM-DD")]
    Date {
        /// What follows `@`.
        date: String,
        /// The whole.
        argument: String,
    },
}

/// Why a library has no such book.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// No version of that id.
    #[error("no version {asked:?} among the rules: there are {known}")]
    UnknownVersion {
        /// The id asked for.
        asked: String,
        /// The ids that there are.
        known: String,
    },
    /// Nothing was published by then.
    #[error("no version was published by {0}: take a later date")]
    NothingPublished(NaiveDate),
}

impl BookArgument {
    /// Reads a book argument. A name with a `/` or ending in `.toml` is a file.
    ///
    /// # Errors
    /// [`BookArgumentError`] when nothing is named or what follows `@` is no date.
    pub fn parse(text: &str) -> Result<Self, BookArgumentError> {
        let (name, known_on) = match text.rsplit_once('@') {
            // An `@` within a path is part of the path.
            Some((name, date)) if !date.contains('/') && !is_file(date) => {
                let parsed = date_parse(date)
                    .ok_or_else(|| BookArgumentError::Date { date: date.to_owned(), argument: text.to_owned() })?;
                (name, Some(parsed))
            }
            _ => (text, None),
        };
        let choice = match name {
            "" => return Err(BookArgumentError::Empty(text.to_owned())),
            "current" => BookChoice::Current,
            name if is_file(name) => BookChoice::File(name.to_owned()),
            name => BookChoice::UpTo(name.to_owned()),
        };
        Ok(Self { choice, known_on })
    }
}

fn is_file(name: &str) -> bool {
    name.contains('/') || name.ends_with(".toml")
}

impl fmt::Display for BookArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.choice {
            BookChoice::Current => f.write_str("current")?,
            BookChoice::UpTo(name) | BookChoice::File(name) => f.write_str(name)?,
        }
        self.known_on.map_or(Ok(()), |date| write!(f, "@{date}"))
    }
}

impl RuleLibrary {
    /// The book of every version: of one date the latest revision, or the what-if that replaces it.
    #[must_use]
    pub fn current(&self) -> RuleBook {
        let sets: Vec<RuleSet> = self.standing().into_iter().map(|version| version.set.clone()).collect();
        let terms_hash =
            book_hash(sets.iter().map(|set| &set.hashes), &self.catalogue.terms_hash, &self.sources_of_no_partner);
        RuleBook {
            sets,
            catalogue: self.catalogue.clone(),
            sources_of_no_partner: self.sources_of_no_partner.clone(),
            terms_hash,
            compiled: Compiled::default(),
        }
    }

    /// The book of all versions up to and including one: how it would have gone on without the later changes.
    ///
    /// # Errors
    /// [`BookError::UnknownVersion`] when there is no such version.
    pub fn up_to(&self, version: &str) -> Result<RuleBook, BookError> {
        self.cut_to(version).map(|library| library.current())
    }

    fn cut_to(&self, version: &str) -> Result<Self, BookError> {
        let Some(last) = self.version(version) else {
            let known: Vec<&str> = self.versions.iter().map(|version| version.set.version.as_str()).collect();
            return Err(BookError::UnknownVersion { asked: version.to_owned(), known: known.join(", ") });
        };
        let (from, id) = (last.set.valid_from, last.set.version.clone());
        // Another reading of the same date is not what was asked for.
        let keep = |other: &&Version| other.set.valid_from < from || other.set.version == id;
        Ok(Self { versions: self.versions.iter().filter(keep).cloned().collect(), ..self.clone() })
    }

    /// The library as known on a date: without what was published later. A version that does not say when it was
    /// published counts as published on its first day; a what-if is always known.
    ///
    /// # Errors
    /// [`BookError::NothingPublished`] when nothing is left.
    pub fn published_by(&self, date: NaiveDate) -> Result<Self, BookError> {
        let known = |version: &&Version| {
            version.set.hypothetical || version.set.published.unwrap_or(version.set.valid_from) <= date
        };
        let versions: Vec<Version> = self.versions.iter().filter(known).cloned().collect();
        if versions.iter().all(|version| version.set.hypothetical) {
            return Err(BookError::NothingPublished(date));
        }
        Ok(Self { versions, ..self.clone() })
    }

    /// The library with one more file, an overlay or a rule set that extends any version. The file need not stand in
    /// the book's list.
    ///
    /// # Errors
    /// The diagnostics, when the file does not load with the others.
    pub fn with_file(&self, file: RuleFile) -> Result<Self, Vec<Diagnostic>> {
        let kept = self.files.iter().filter(|known| book_file_names(known).is_none());
        let files: Vec<RuleFile> = kept.cloned().chain([file]).collect();
        match Self::load(&files) {
            (Some(library), _) => Ok(Self { sources_of_no_partner: self.sources_of_no_partner.clone(), ..library }),
            (None, diagnostics) => Err(diagnostics),
        }
    }

    /// The book that an argument names. For [`BookChoice::File`] the file must have been added before
    /// ([`RuleLibrary::with_file`], or [`RuleLibrary::load`] for a book file): then it is everything in here.
    ///
    /// # Errors
    /// [`BookError`] when the version is unknown or nothing was published by the date.
    pub fn book(&self, argument: &BookArgument) -> Result<RuleBook, BookError> {
        Ok(self.cut(argument)?.current())
    }

    /// The versions that an argument names, as a library of their own: its `current` is the book that the argument names.
    ///
    /// # Errors
    /// As [`RuleLibrary::book`].
    pub fn cut(&self, argument: &BookArgument) -> Result<Self, BookError> {
        let chosen = match &argument.choice {
            BookChoice::Current | BookChoice::File(_) => self.clone(),
            BookChoice::UpTo(version) => self.cut_to(version)?,
        };
        match argument.known_on {
            Some(date) => chosen.published_by(date),
            None => Ok(chosen),
        }
    }

    /// The versions that make the book, in order: of one date the last stands, a what-if after what it replaces.
    pub(crate) fn standing(&self) -> Vec<&Version> {
        let mut standing: Vec<&Version> = Vec::new();
        for version in &self.versions {
            if standing.last().is_some_and(|last| last.set.valid_from == version.set.valid_from) {
                standing.pop();
            }
            standing.push(version);
        }
        standing
    }
}

/// The files that a book file lists; none where the file is no book file. For callers that read a disk.
#[must_use]
pub fn book_file_names(file: &RuleFile) -> Option<Vec<String>> {
    let text = String::from_utf8(file.bytes.clone()).ok()?;
    let texts = [SourceText { name: file.name.clone(), text }];
    let findings = Findings::new(&texts);
    let root = read(&findings, 0, &texts[0].text)?;
    if format_of(&findings, &root, 0) != Some(Format::Book) {
        return None;
    }
    let listed = root.get("files").map(Node::as_list).unwrap_or_default();
    Some(listed.iter().filter_map(Node::as_text).map(str::to_owned).collect())
}

impl Version {
    /// The version that it is a reading of: its id without the revision.
    #[must_use]
    pub fn base_id(&self) -> &str {
        revision_of(&self.set.version).0
    }
}
