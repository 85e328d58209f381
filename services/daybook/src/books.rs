//! The books that arguments name, made of the adopted versions and of the rule files at hand.

mod adoptions;
mod files;

pub(crate) use adoptions::{adoptions, adoptions_kept, adoptions_recorded};
pub(crate) use files::{library, refused, rule_file, rule_files};

use crate::cli::Cli;
use crate::failure::Failure;
use crate::four_eyes;
use crate::window::{self, Known};
use daybook_event::Position;
use daybook_projector::ViewCheckpoint;
use daybook_rules::model::RuleBook;
use daybook_rules::{
    Adopted, AdoptionFinding, Adoptions, BookArgument, BookChoice, BookError, RuleLibrary, book_file_names,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The rule files of `--rules`, or those built into the binary: read when they are first asked for, and then kept.
pub(crate) struct RulesAtHand {
    dir: Option<PathBuf>,
    library: OnceLock<Result<RuleLibrary, String>>,
}

impl RulesAtHand {
    pub(crate) fn new(dir: Option<&Path>) -> Arc<Self> {
        Arc::new(Self { dir: dir.map(Path::to_owned), library: OnceLock::new() })
    }

    pub(crate) fn library(&self) -> Result<&RuleLibrary, Failure> {
        let read = || library(self.dir.as_deref()).map_err(|failure| failure.to_string());
        self.library.get_or_init(read).as_ref().map_err(|why| Failure::Input(why.clone()))
    }
}

/// What book arguments are looked up in: the versions adopted in a ledger, as known at a position, before the rules at
/// hand.
pub(crate) struct Books {
    at_hand: Arc<RulesAtHand>,
    adoptions: Adoptions,
    adopted: Adopted,
    known: Position,
}

/// A book with what stands for it in words: outputs say so.
pub(crate) struct NamedBook {
    pub(crate) book: RuleBook,
    pub(crate) note: String,
    /// Whether it is `current`, not as of some date: the one book under which closed months are kept.
    pub(crate) is_current: bool,
}

impl Books {
    /// The rules at hand alone.
    pub(crate) fn at_hand(rules: Option<&Path>) -> Self {
        Self {
            at_hand: RulesAtHand::new(rules),
            adoptions: Adoptions::default(),
            adopted: Adopted::default(),
            known: Position::ZERO,
        }
    }

    /// With what is adopted at a position.
    pub(crate) fn of(at_hand: Arc<RulesAtHand>, adoptions: &Adoptions, known: Position) -> Self {
        Self { at_hand, adoptions: adoptions.clone(), adopted: adoptions.adopted(known), known }
    }

    /// The same as known at another position.
    pub(crate) fn at(&self, known: Position) -> Self {
        Self::of(Arc::clone(&self.at_hand), &self.adoptions, known)
    }

    /// With what is adopted in a ledger as known.
    pub(crate) fn known(rules: Option<&Path>, known: &Known) -> Result<Self, Failure> {
        let adoptions = adoptions(&known.dir, &known.snapshot, known.position)?;
        Ok(Self::of(RulesAtHand::new(rules), &adoptions, known.position))
    }

    /// With what is adopted in the ledger, if there is one; and that ledger, or why there is none.
    pub(crate) fn of_ledger_if_any(
        cli: &Cli,
        known_as_of: Option<&str>,
    ) -> Result<(Self, Result<Known, String>), Failure> {
        let known = window::known_if_any(&cli.ledger, known_as_of)?;
        Ok((Self::known_if_any(cli.rules.as_deref(), &known)?, known))
    }

    /// With what is adopted in that ledger, if there is one.
    pub(crate) fn known_if_any(rules: Option<&Path>, known: &Result<Known, String>) -> Result<Self, Failure> {
        match known {
            Ok(known) => Self::known(rules, known),
            Err(_) => Ok(Self::at_hand(rules)),
        }
    }

    /// The adoptions that this was made of, and their reversals.
    pub(crate) fn adoptions(&self) -> &Adoptions {
        &self.adoptions
    }

    pub(crate) fn adopted(&self) -> &Adopted {
        &self.adopted
    }

    /// What is odd about the adoptions; under four eyes, a missing second person too.
    pub(crate) fn findings(&self, is_four_eyes: bool) -> Vec<AdoptionFinding> {
        let mut findings = self.adopted.findings().to_vec();
        if is_four_eyes {
            findings.extend(four_eyes::findings(&self.adoptions, self.known));
        }
        findings
    }

    /// The rules at hand, whatever is adopted.
    pub(crate) fn library_at_hand(&self) -> Result<&RuleLibrary, Failure> {
        self.at_hand.library()
    }

    /// Every adopted version; while no adoption stands, every version at hand. Where acts stand and none of them counts,
    /// there is none: the rules at hand differ from build to build, and somebody meant others.
    pub(crate) fn library_current(&self) -> Result<&RuleLibrary, Failure> {
        match (self.adopted.library(), self.adopted.findings().first()) {
            (Some(library), _) => Ok(library),
            (None, None) => self.at_hand.library(),
            (None, Some(finding)) => Err(Failure::Input(format!(
                "no rule book is in force: the adoption at {}, {}, {}; take it back with daybook rules adopt --reverse {}, \
                 or name another book",
                finding.position, finding.id, finding.what, finding.id.event_id
            ))),
        }
    }

    /// The addresses of sources, by the key that rule files cite them by.
    pub(crate) fn source_urls(&self) -> BTreeMap<String, String> {
        let at_hand = self.at_hand.library().map(RuleLibrary::source_urls).unwrap_or_default();
        let adopted = self.adopted.library().map(RuleLibrary::source_urls).unwrap_or_default();
        at_hand.into_iter().chain(adopted).collect()
    }

    /// The book that an argument names.
    pub(crate) fn book(&self, argument: &str) -> Result<NamedBook, Failure> {
        let parsed = BookArgument::parse(argument).map_err(Failure::input)?;
        let book = self.library_named(&parsed)?.current();
        let note = self.note(&parsed, &book);
        Ok(NamedBook { book, note, is_current: names_current(&parsed) })
    }

    /// The versions that the book of an argument is made of: what its changes are told apart in.
    pub(crate) fn library_of_book(&self, argument: &str) -> Result<RuleLibrary, Failure> {
        self.library_named(&BookArgument::parse(argument).map_err(Failure::input)?)
    }

    fn library_named(&self, argument: &BookArgument) -> Result<RuleLibrary, Failure> {
        let library = match &argument.choice {
            BookChoice::File(path) => self.library_with(Path::new(path))?.cut(argument),
            BookChoice::Current => self.library_current()?.cut(argument),
            BookChoice::UpTo(version) => self.library_of(version)?.cut(argument),
        };
        library.map_err(Failure::input)
    }

    /// Where a version is looked up: among the adopted ones first.
    fn library_of(&self, version: &str) -> Result<&RuleLibrary, Failure> {
        let Some(adopted) = self.adopted.library() else { return self.at_hand.library() };
        if adopted.version(version).is_some() {
            return Ok(adopted);
        }
        let at_hand = self.at_hand.library()?;
        if at_hand.version(version).is_some() {
            return Ok(at_hand);
        }
        let ids = |library: &RuleLibrary| library.versions().iter().map(|known| known.set.version.clone()).collect();
        let (adopted, at_hand): (Vec<String>, Vec<String>) = (ids(adopted), ids(at_hand));
        let others = at_hand.into_iter().filter(|id| !adopted.contains(id));
        let known = adopted.iter().cloned().chain(others).collect::<Vec<_>>().join(", ");
        Err(Failure::input(BookError::UnknownVersion { asked: version.to_owned(), known }))
    }

    /// `current` with an overlay or rule set file added; or, for a book file, exactly the files that it names beside it.
    fn library_with(&self, path: &Path) -> Result<RuleLibrary, Failure> {
        let file = rule_file(path)?;
        let Some(names) = book_file_names(&file) else {
            let current = self.library_current()?;
            // A file that is part of it already adds nothing.
            if current.files().contains(&file) {
                return Ok(current.clone());
            }
            return current.with_file(file).map_err(|diagnostics| refused(&diagnostics));
        };
        let beside = path.parent().unwrap_or(Path::new("."));
        let mut files = vec![file];
        for name in names {
            files.push(rule_file(&beside.join(name))?);
        }
        let (library, diagnostics) = RuleLibrary::load(&files);
        library.ok_or_else(|| refused(&diagnostics))
    }

    /// The book that views were made under: `current` or all versions up to one of them, now or before some adoption, or of
    /// the rules at hand. None where it is none of these.
    pub(crate) fn of_checkpoint(&self, checkpoint: &ViewCheckpoint) -> Result<Option<RuleBook>, Failure> {
        let earlier = self.adoptions.adopted_since_the_first(Position::new(u64::MAX));
        let libraries = earlier.iter().filter_map(|adopted| adopted.library().cloned());
        for library in self.adopted.library().cloned().into_iter().chain(libraries) {
            if let Some(book) = of_checkpoint(&library, checkpoint) {
                return Ok(Some(book));
            }
        }
        Ok(of_checkpoint(self.library_at_hand()?, checkpoint))
    }

    fn note(&self, argument: &BookArgument, book: &RuleBook) -> String {
        let versions: Vec<&str> = book.sets.iter().map(|set| set.version.as_str()).collect();
        let (hash, versions) = (&book.terms_hash, versions.join(", "));
        match (&argument.choice, self.adopted.library()) {
            (BookChoice::Current, Some(_)) => format!("{hash} ({argument}, adopted: {versions})"),
            (BookChoice::Current, None) => {
                let none = if self.adoptions.recorded(self.known).next().is_some() {
                    "every adoption in this ledger was reversed"
                } else {
                    "no version is adopted in this ledger"
                };
                format!("{hash} ({argument}: {none}, so every version of the rules: {versions})")
            }
            (BookChoice::UpTo(version), Some(adopted)) if adopted.version(version).is_none() => {
                format!("{hash} ({argument}, not adopted: {versions})")
            }
            _ => format!("{hash} ({argument}: {versions})"),
        }
    }
}

/// Whether a book argument is `current`, not as of some date: the one book under which closed months are kept.
pub(crate) fn is_current(argument: &str) -> bool {
    BookArgument::parse(argument).is_ok_and(|parsed| names_current(&parsed))
}

fn names_current(argument: &BookArgument) -> bool {
    matches!(argument.choice, BookChoice::Current) && argument.known_on.is_none()
}

/// The book that views were made under, among a library's.
fn of_checkpoint(library: &RuleLibrary, checkpoint: &ViewCheckpoint) -> Option<RuleBook> {
    let cut = library.versions().iter().filter_map(|version| library.up_to(&version.set.version).ok());
    std::iter::once(library.current()).chain(cut).find(|book| checkpoint.is_of_book(book))
}

/// The book in force: `current` at the ledger's head, or of the rules at hand where there is no ledger.
pub(crate) fn current(cli: &Cli) -> Result<RuleBook, Failure> {
    Ok(Books::of_ledger_if_any(cli, None)?.0.book("current")?.book)
}

/// A book of the rules at hand alone.
pub(crate) fn book(rules: Option<&Path>, argument: &str) -> Result<RuleBook, Failure> {
    Ok(Books::at_hand(rules).book(argument)?.book)
}
