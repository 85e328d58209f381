//! What the derived file says of itself: how far it is, and which generation of the views is the live one.

use crate::ProjectError;
use chrono::NaiveDate;
use daybook_event::{Month, Position};
use daybook_rules::model::RuleBook;
use daybook_store::{DerivedRead, DerivedWrite, LedgerReader};
use daybook_views::{ClosedTerms, ENGINE_SEMANTICS, FactsOfNoPartner};
use serde::{Deserialize, Serialize};

/// The number of the shape of what this crate keeps in the derived file. Another shape is rebuilt from the ledger.
const SHAPE: u32 = 7;
const FACTS: &str = "facts";
const LIVE_GENERATION: &str = "live_generation";
const STALE_GENERATIONS: &str = "stale_generations";

/// The owner of the facts and rows of no partner: no partner has this name.
pub(crate) const NO_PARTNER: &str = "";

/// What a row of the views was computed from. Equal checkpoints of one ledger mean equal rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewCheckpoint {
    /// The last record that the views contain.
    pub position: Position,
    /// The last date that has happened.
    pub through: NaiveDate,
    /// The rule book, by the hash of its terms.
    pub terms_hash: String,
    /// The versions in it, which rows name: another reading of the same terms has the same hash.
    pub rule_sets: Vec<String>,
    /// The meaning of the fold.
    pub engine_semantics: u32,
    /// What is closed in them; none where nothing is, or where they are made as if nothing were.
    pub closed: Option<ClosedUnder>,
}

/// The last closed month, and how its terms became those of now: true-ups name these causes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedUnder {
    /// The month.
    pub month: Month,
    /// The book at its closing, by the hash of its terms.
    pub terms_hash: String,
    /// The changes since.
    pub steps: Vec<String>,
}

impl ClosedUnder {
    /// What is closed on the through date; none: nothing.
    pub(crate) fn of(facts: &FactsOfNoPartner, terms: &ClosedTerms, through: NaiveDate) -> Option<Self> {
        let closings = facts.closings();
        let month = closings.on(through).last()?.month;
        let steps = terms.steps.iter().map(|step| step.cause.clone()).collect();
        Some(Self { month, terms_hash: terms.at_close.terms_hash.clone(), steps })
    }
}

impl ViewCheckpoint {
    /// Whether views of this checkpoint are what that book and this build's fold make.
    #[must_use]
    pub fn is_of(&self, book: &RuleBook) -> bool {
        self.is_of_book(book) && self.engine_semantics == ENGINE_SEMANTICS
    }

    /// Whether they were made under that book, by whatever fold.
    #[must_use]
    pub fn is_of_book(&self, book: &RuleBook) -> bool {
        self.terms_hash == book.terms_hash && self.rule_sets == rule_sets(book)
    }
}

/// The view checkpoint of this build under the book.
pub(crate) fn checkpoint(
    book: &RuleBook,
    position: Position,
    through: NaiveDate,
    closed: Option<ClosedUnder>,
) -> ViewCheckpoint {
    ViewCheckpoint {
        position,
        through,
        terms_hash: book.terms_hash.clone(),
        rule_sets: rule_sets(book),
        engine_semantics: ENGINE_SEMANTICS,
        closed,
    }
}

/// The versions in a book.
pub(crate) fn rule_sets(book: &RuleBook) -> Vec<String> {
    book.sets.iter().map(|set| set.version.clone()).collect()
}

/// One build of the views for one rule book and engine semantics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// Its number: one more than that of the generation it replaced.
    pub number: u32,
    /// How far it is.
    pub checkpoint: ViewCheckpoint,
    /// What was live before it, as it was when they were switched; none for the first.
    pub replaced: Option<Box<ViewCheckpoint>>,
}

/// Which ledger the facts are of, and how far they were taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FactsMark {
    pub(crate) shape: u32,
    pub(crate) ledger_id: [u8; 16],
    pub(crate) position: Position,
    /// The root of the ledger's tree at that position: tells this ledger from one that was restored and went on otherwise.
    pub(crate) root: [u8; 32],
}

/// The one field that every shape has.
#[derive(Deserialize)]
struct ShapeMark {
    shape: u32,
}

/// Whether the derived file, if there is anything in it, is of the shape that this build reads. Looked at before all else:
/// in another shape every other value may lack fields, which would pass for damage.
pub(crate) fn shape_check(read: &impl DerivedRead) -> Result<(), ProjectError> {
    let mark: Option<ShapeMark> = read.global(FACTS)?;
    match mark {
        Some(ShapeMark { shape }) if shape != SHAPE => Err(ProjectError::OtherShape { found: shape, kept: SHAPE }),
        _ => Ok(()),
    }
}

impl FactsMark {
    /// The mark of this ledger at a position.
    pub(crate) fn at(ledger: &LedgerReader, position: Position) -> Result<Self, ProjectError> {
        let snapshot = ledger.snapshot()?;
        let ledger_id = snapshot.identity().ledger_id;
        let Some(root) = snapshot.root_at(position)? else {
            let why = format!("it is at position {position}, the ledger at {}", snapshot.head().position);
            return Err(ProjectError::NotOurs { why });
        };
        Ok(Self { shape: SHAPE, ledger_id, position, root })
    }

    /// Whether the facts are of this ledger.
    pub(crate) fn check(&self, ledger: &LedgerReader) -> Result<(), ProjectError> {
        let of_ledger = Self::at(ledger, self.position)?;
        if *self == of_ledger {
            return Ok(());
        }
        let why = if self.ledger_id == of_ledger.ledger_id {
            format!("up to position {} it was made from other records than the ledger has", self.position)
        } else {
            "it was made from another ledger".to_owned()
        };
        Err(ProjectError::NotOurs { why })
    }

    pub(crate) fn read(read: &impl DerivedRead) -> Result<Option<Self>, ProjectError> {
        shape_check(read)?;
        Ok(read.global(FACTS)?)
    }

    pub(crate) fn put(&self, write: &mut DerivedWrite) -> Result<(), ProjectError> {
        Ok(write.global_put(FACTS, self)?)
    }
}

/// The live generation; none before the first step.
pub(crate) fn live_read(read: &impl DerivedRead) -> Result<Option<Generation>, ProjectError> {
    Ok(read.global(LIVE_GENERATION)?)
}

pub(crate) fn live_put(write: &mut DerivedWrite, live: &Generation) -> Result<(), ProjectError> {
    Ok(write.global_put(LIVE_GENERATION, live)?)
}

/// Generations that are not live: one under way, or one that was replaced and not dropped yet.
pub(crate) fn stale_read(read: &impl DerivedRead) -> Result<Vec<u32>, ProjectError> {
    Ok(read.global(STALE_GENERATIONS)?.unwrap_or_default())
}

pub(crate) fn stale_put(write: &mut DerivedWrite, stale: &[u32]) -> Result<(), ProjectError> {
    Ok(write.global_put(STALE_GENERATIONS, &stale)?)
}
