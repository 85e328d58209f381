//! The checks, by number. A number never changes its meaning.

use serde::{Serialize, Serializer};
use std::fmt;

/// Whether a finding keeps a book from loading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The book does not load.
    Error,
    /// The book loads; a person should look.
    Warning,
}

/// The check that found something. Printed `R001`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// A float, or a number without its unit.
    BareNumber = 1,
    /// A key that no block of this kind has.
    UnknownKey = 2,
    /// `from` differs from the inherited value.
    FromDiffers = 3,
    /// The parent is missing, extends itself, or changed after adoption.
    Parent = 4,
    /// Two versions on one date.
    TwoOnOneDate = 5,
    /// A change that cannot be made: nothing there, something there already, or another unit.
    ImpossibleChange = 6,
    /// The split does not add up to 100 %.
    SplitNotWhole = 7,
    /// A lever that can never apply.
    ShadowedLever = 8,
    /// A product pattern that matches nothing in the catalogue.
    EmptyPattern = 9,
    /// No citation, or one of an unknown source.
    Citation = 10,
    /// A gate that does not tell the partner what is wrong and what to do.
    SilentGate = 11,
    /// A version begins inside a period whose edge decides, and no reading is stated.
    StraddledPeriod = 12,
    /// An adopted file changed.
    AdoptedFileChanged = 13,
    /// Not a rule file: broken TOML, unknown format, not UTF-8.
    Unreadable = 14,
    /// A value of another kind or unit than its place takes.
    WrongKind = 15,
    /// A key that must be there is not.
    MissingKey = 16,
    /// A date that does not exist or lies before 2000.
    BadDate = 17,
    /// A name that nothing bears: group, gate, level.
    UnknownName = 18,
    /// A word outside the vocabulary, or one that does not fit the words beside it.
    UnknownWord = 19,
    /// An interpretation of a parameter that is not there, or that says something else.
    Interpretation = 20,
    /// A number outside its range.
    OutOfRange = 21,
    /// Versions of one book that disagree on calendar, currency or program.
    OneBook = 22,
    /// A product of the catalogue that is in no group.
    UngroupedProduct = 23,
    /// The book's list of files does not fit the files.
    BookFiles = 24,
    /// A threshold without tests at its value and one unit either side.
    UntestedThreshold = 25,
    /// A value more than ten times away from all that stood there before.
    FarFromHistory = 26,
    /// A date on which the sample case does not evaluate: nobody could earn anything.
    UncoveredDate = 27,
    /// No source may send facts of no partner.
    SourcesUnnamed = 28,
    /// A change on which no figure of the ledger at hand depends.
    ChangeWithoutEffect = 29,
}

impl Code {
    /// Whether it keeps a book from loading.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::ShadowedLever
            | Self::UngroupedProduct
            | Self::UntestedThreshold
            | Self::FarFromHistory
            | Self::UncoveredDate
            | Self::SourcesUnnamed
            | Self::ChangeWithoutEffect => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "R{:03}", *self as u16)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
