//! Whose doing each delta is: every coalition of the changes folded in one pass over the histories, and each delta split
//! exactly among the changes.
//!
//! A partner is priced under one book after the other, and only its measures are kept: memory does not grow with the
//! number of coalitions times the number of rows.

mod cuts;
mod due_days;
mod earlier;
mod game;
mod partners;
mod parts;
mod pass;
mod priced;

pub use cuts::CutParts;
pub(crate) use cuts::PartsOf;
pub use due_days::{CashDays, PartnerCashDays, TenthsOfDays};
pub use earlier::EarlierDifference;
pub use game::AttributionMethod;
pub use partners::{AttributedPartners, KeptBytes};
pub use pass::{PartnerPass, PassFault};
pub use priced::{MeasureRange, PricedReading, Sensitivity, SensitivityPoint};

use crate::compare::{ByChange, Comparison, MeasureTotal};
use crate::histories::Histories;
use crate::impact::Everyone;
use crate::measures::{MEASURES, Measure};
use crate::replayed::Replayed;
use crate::shared::SharedFolds;
use daybook_event::{Exact, NaiveDate, Overflow};
use daybook_rules::{Player, Players, Varied};
use game::{Books, Game, REFERENCE, ReadingFolds, Table, VariedFolds};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a comparison is asked.
#[derive(Debug, Clone)]
pub struct AttributionRequest {
    /// How deltas are split; none: not at all.
    pub method: Option<AttributionMethod>,
    /// What orders are drawn from, where there are too many changes to look at every coalition.
    pub seed: u64,
    /// Whether the other readings that the rule files name are priced.
    pub readings: bool,
    /// Parameters with the values that they are tried at.
    pub varied: Vec<(String, Vec<Varied>)>,
    /// Whether the rows of both sides are kept: [`Attributed::sides`].
    pub keep_rows: bool,
}

/// A comparison with whose doing each delta is, as `daybook compare --format json` prints it.
#[derive(Debug, Clone, Serialize)]
pub struct Attributed {
    /// Both sides, with the parts of each delta.
    #[serde(flatten)]
    pub comparison: Comparison,
    /// How the deltas were split.
    pub attribution: AttributionHead,
    /// What differs, in announced order: who the parts belong to.
    pub changes: Vec<ChangeShown>,
    /// By how many days cash moves.
    pub cash_days: CashDays,
    /// The answer under other readings of the terms.
    pub interpretations: Vec<PricedReading>,
    /// The range of the answer over all of them.
    pub ranges: Vec<MeasureRange>,
    /// Totals of the candidate at other values of a parameter.
    pub sensitivity: Vec<Sensitivity>,
    /// Figures that differ before the first date on which the books do: there must be none.
    pub earlier_differences: Vec<EarlierDifference>,
    /// The rows of reference and candidate, where they were asked for.
    #[serde(skip)]
    pub sides: Option<(Replayed, Replayed)>,
    /// What each partner comes to on both sides: [`impact_seen`](crate::impact_seen) makes the impact of it.
    #[serde(skip)]
    pub(crate) seen: Everyone,
    /// The parts of every month, lever and area: [`impact`](crate::impact()) puts them beside its rows.
    #[serde(skip)]
    pub cuts: CutParts,
}

/// How deltas were split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttributionHead {
    /// The method; none where deltas were not split.
    pub method: Option<AttributionMethod>,
    /// The first date on which the books differ; none where they do not.
    pub begins: Option<NaiveDate>,
    /// How many books each partner was folded under.
    pub folds: usize,
    /// Whether the changes of each version are one, because there are too many.
    pub grouped_by_version: bool,
    /// How many orders were drawn, where not every one was looked at.
    pub orders: Option<usize>,
    /// What they were drawn from.
    pub seed: Option<u64>,
    /// The standard error of each part of the totals, where orders were drawn.
    pub standard_errors: Vec<StandardError>,
}

/// How far a part of a total may be off, because not every order was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StandardError {
    /// The measure.
    pub measure: Measure,
    /// By player, in order.
    pub by_change: ByChange,
}

/// A player as outputs show it: one line, and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeShown {
    /// The id that parts are named by.
    pub id: String,
    /// The paths.
    pub path: String,
    /// What the reference says; empty where it says nothing there.
    pub from: String,
    /// What the candidate says.
    pub to: String,
    /// The version.
    pub version: String,
    /// The first date on which it makes a difference.
    pub begins: NaiveDate,
    /// Why.
    pub why: String,
    /// The keys of the sources cited.
    pub cite: String,
    /// The titles of those sources.
    pub source: String,
    /// How many changes it is made of.
    pub parts: usize,
}

impl ChangeShown {
    fn of(player: &Player) -> Self {
        let join = |texts: Vec<&str>| {
            let mut said: Vec<&str> = Vec::new();
            texts.into_iter().filter(|text| !text.is_empty()).for_each(|text| {
                if !said.contains(&text) {
                    said.push(text);
                }
            });
            said.join(" | ")
        };
        let changes = || player.changes.iter();
        Self {
            id: player.id.clone(),
            path: join(changes().map(|change| change.path.as_str()).collect()),
            from: join(changes().filter_map(|change| change.from.as_deref()).collect()),
            to: join(changes().filter_map(|change| change.to.as_deref()).collect()),
            version: player.version.clone(),
            begins: player.begins,
            why: join(changes().map(|change| change.why.as_str()).collect()),
            cite: join(changes().flat_map(|change| &change.cite).map(String::as_str).collect()),
            source: join(changes().map(|change| change.source_title.as_str()).collect()),
            parts: player.changes.len(),
        }
    }
}

/// Everything that one pass over the histories must fold.
#[derive(Debug, Clone)]
pub struct AttributionPlan {
    table: Table,
    request: AttributionRequest,
    books: Books,
    readings: Vec<ReadingFolds>,
    varied: Vec<VariedFolds>,
    ids: Arc<[String]>,
}

/// The name of what changes do together beyond what each does alone.
const INTERACTION: &str = "interaction";

impl AttributionPlan {
    /// Makes every book that the request needs, each once. Readings that begin after the through date are left out.
    #[must_use]
    pub fn new(players: &Players, request: AttributionRequest, through: NaiveDate) -> Self {
        let table = Table::of(request.method, players, request.seed, through);
        let players = &table.players;
        let mut books = Books::of(&table);
        let readings = if request.readings { priced::reading_folds(players, &mut books, through) } else { Vec::new() };
        let varied = priced::varied_folds(&request.varied, &mut books);
        let mut ids: Vec<String> = players.list().iter().map(|player| player.id.clone()).collect();
        if table.game == Game::Alone {
            ids.push(INTERACTION.to_owned());
        }
        Self { table, request, books, readings, varied, ids: ids.into() }
    }

    /// How many books each partner is folded under.
    #[must_use]
    pub fn folds(&self) -> usize {
        self.books.books.len()
    }

    /// The folds that its books need by a through date.
    #[must_use]
    pub fn shared(&self, through: NaiveDate) -> SharedFolds<'_> {
        SharedFolds::of(&self.books.books, through)
    }

    /// The numbers of the books of reference and candidate.
    #[must_use]
    pub fn sides(&self) -> [usize; 2] {
        [REFERENCE, self.books.candidate()]
    }

    /// The players, grouped where there were too many.
    #[must_use]
    pub fn players(&self) -> &Players {
        &self.table.players
    }

    /// The parts of a delta, given the worth of each fold.
    fn parts(&self, delta: Exact, worth: &dyn Fn(usize) -> Exact) -> Result<Option<ByChange>, Overflow> {
        let count = self.table.active.len();
        let value = |mask: u128| worth(self.books.of_coalition(mask));
        let step = |from: u128, to: u128| value(to).minus(value(from));
        let mut interaction = None;
        let parts = match &self.table.game {
            Game::Sides => return Ok(None),
            Game::Every if count == 0 => Vec::new(),
            Game::Every => parts::shapley(count, delta, value),
            Game::Drawn { orders, .. } => parts::over_orders(count, orders, delta, value),
            Game::Announced => {
                let up_to = |at: usize| (1_u128 << at) - 1;
                (0..count).map(|at| step(up_to(at), up_to(at + 1))).collect::<Result<_, _>>()?
            }
            Game::Alone => {
                let alone: Vec<Exact> = (0..count).map(|at| step(0, 1 << at)).collect::<Result<_, _>>()?;
                let sum = alone.iter().try_fold(Exact::ZERO, |sum, part| sum.plus(*part))?;
                interaction = Some(delta.minus(sum)?);
                alone
            }
        };
        Ok(Some(self.by_change(&parts, interaction)))
    }

    /// The amounts of active players among those of all: the others have nothing.
    fn by_change(&self, of_active: &[Exact], interaction: Option<Exact>) -> ByChange {
        let mut amounts = vec![Exact::ZERO; self.table.players.list().len()];
        for (player, amount) in self.table.active.iter().zip(of_active) {
            amounts[*player] = *amount;
        }
        amounts.extend(interaction);
        ByChange { ids: Arc::clone(&self.ids), amounts }
    }
}

/// Folds every partner of the histories under every book of a plan, and splits each delta. `told` hears, from whichever
/// thread, of each number of partners that are done.
///
/// # Errors
/// [`Overflow`] when a sum leaves the range of exact money.
pub fn attribute(
    histories: &Histories,
    plan: &AttributionPlan,
    through: NaiveDate,
    threads: usize,
    told: &(dyn Fn(usize) + Sync),
) -> Result<AttributedPartners, Overflow> {
    let mut partners = AttributedPartners::default();
    partners.add(histories, plan, through, threads, told)?;
    Ok(partners)
}

fn head(plan: &AttributionPlan, sums: &[BTreeMap<Measure, Exact>]) -> AttributionHead {
    let (orders, seed) = match &plan.table.game {
        Game::Drawn { orders, seed } => (Some(orders.len()), Some(*seed)),
        _ => (None, None),
    };
    let error = |measure: Measure| {
        let worth = |mask: u128| {
            let sums = sums.get(plan.books.of_coalition(mask));
            sums.and_then(|sums| sums.get(&measure)).copied().unwrap_or_default()
        };
        StandardError { measure, by_change: plan.by_change(&parts::errors(&plan.table.game, worth), None) }
    };
    let standard_errors = if orders.is_some() { MEASURES.into_iter().map(error).collect() } else { Vec::new() };
    AttributionHead {
        method: plan.request.method,
        begins: plan.table.players.begins(),
        folds: plan.folds(),
        grouped_by_version: plan.table.is_grouped,
        orders,
        seed,
        standard_errors,
    }
}

impl Attributed {
    /// The totals.
    #[must_use]
    pub fn totals(&self) -> &[MeasureTotal] {
        &self.comparison.totals
    }
}
