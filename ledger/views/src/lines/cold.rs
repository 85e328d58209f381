//! What the fold seldom reads of lines: which records they are, and everything that is text. It may be read late.

use super::{EventIds, LinesError, Texts, ensure};
use daybook_event::SourceId;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The columns that are read only where a finding or an explanation names a line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColdLines {
    /// The record.
    pub(crate) positions: Vec<u64>,
    /// The number of its subscription among `subscription_ids`.
    pub(crate) subscriptions: Vec<u32>,
    /// The number of its source among `source_ids`.
    pub(crate) sources: Vec<u32>,
    /// Its event's id.
    pub(crate) event_ids: EventIds,
    /// The ids that credits name, one per entry of `credits`.
    pub(crate) credited_ids: EventIds,
    /// Customers, in the order in which they first appear.
    pub(crate) customer_ids: Texts,
    /// Subscriptions, in the order in which they first appear.
    pub(crate) subscription_ids: Texts,
    /// Sources, in the order in which they first appear.
    pub(crate) source_ids: Texts,
}

/// How cold columns are come by. It hands out columns that belong to the lines that ask for them.
pub type ColdSource = Arc<dyn Fn() -> Result<ColdLines, LinesError> + Send + Sync>;

/// Cold columns, or where to find them.
#[derive(Clone, Default)]
pub(crate) struct Cold {
    read: OnceLock<ColdLines>,
    /// The sources of `read`, parsed once: a line's event is asked for many times.
    source_ids: OnceLock<Vec<SourceId>>,
    source: Option<ColdSource>,
}

impl Cold {
    pub(crate) fn here(lines: ColdLines) -> Self {
        Self { read: OnceLock::from(lines), ..Self::default() }
    }

    pub(crate) fn later(source: ColdSource) -> Self {
        Self { source: Some(source), ..Self::default() }
    }

    pub(crate) fn get(&self) -> Result<&ColdLines, LinesError> {
        if let (None, Some(source)) = (self.read.get(), &self.source) {
            let lines = source()?;
            return Ok(self.read.get_or_init(|| lines));
        }
        Ok(self.read.get_or_init(ColdLines::default))
    }

    /// The source of a row.
    pub(crate) fn source_of(&self, row: usize) -> Result<&SourceId, LinesError> {
        let damaged = LinesError::Damaged { what: "a source is no id" };
        let lines = self.get()?;
        let number = lines.sources[row] as usize;
        if let Some(known) = self.source_ids.get() {
            return known.get(number).ok_or(damaged);
        }
        let numbers = (0..lines.source_ids.len()).map(|at| u32::try_from(at).unwrap_or(u32::MAX));
        let parsed = numbers.map(|at| SourceId::parse(lines.source_ids.get(at))).collect::<Result<Vec<_>, _>>();
        let Ok(parsed) = parsed else { return Err(damaged) };
        self.source_ids.get_or_init(|| parsed).get(number).ok_or(damaged)
    }
}

impl fmt::Debug for Cold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.read.fmt(f)
    }
}

impl PartialEq for Cold {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Cold {}

impl ColdLines {
    /// The same columns, where they agree with each other and belong to so many rows, customers and credits.
    ///
    /// # Errors
    /// [`LinesError::Damaged`] saying what is wrong with them.
    pub fn checked(self, rows: usize, customers: usize, credits: usize) -> Result<Self, LinesError> {
        let lengths = [self.positions.len(), self.subscriptions.len(), self.sources.len(), self.event_ids.len()];
        ensure(lengths.iter().all(|length| *length == rows), "columns differ in length")?;
        ensure(self.customer_ids.len() == customers, "a line has no customer")?;
        ensure(self.credited_ids.len() == credits, "a credit names nothing")?;
        let named = |numbers: &[u32], texts: &Texts| numbers.iter().all(|number| (*number as usize) < texts.len());
        ensure(rows == 0 || named(&self.sources, &self.source_ids), "a line has no source")?;
        let subscribed = self.subscription_ids.is_empty() || named(&self.subscriptions, &self.subscription_ids);
        ensure(subscribed, "a line has no subscription")?;
        let mut sources = (0..self.source_ids.len()).map(|at| u32::try_from(at).unwrap_or(u32::MAX));
        ensure(sources.all(|at| SourceId::parse(self.source_ids.get(at)).is_ok()), "a source is no id")?;
        Ok(self)
    }
}
