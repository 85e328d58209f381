//! Pure replay: project a window under a chosen rule book, compare two books over the same records, explain a figure.
//!
//! Nothing here reads a ledger. The caller hands in decoded envelopes by position; results are kept apart from any live
//! view, and equal them when the coordinates are equal.

mod accounting;
mod attribution;
mod columns;
mod compare;
mod completeness;
mod explain;
mod histories;
mod impact;
mod measures;
mod reconcile;
mod replayed;
mod rule_tests;
mod shards;
mod shared;
mod views;

pub use accounting::{
    Account, AccountBalance, AccountEntry, AccountLine, AccountName, ClaimDays, EntryKind, EntryOrigin, HledgerJournal,
    account_entries, balances_of_entries, balances_of_rows,
};
pub use attribution::{
    Attributed, AttributedPartners, AttributionHead, AttributionMethod, AttributionPlan, AttributionRequest, CashDays,
    ChangeShown, CutParts, EarlierDifference, KeptBytes, MeasureRange, PartnerCashDays, PartnerPass, PassFault,
    PricedReading, Sensitivity, SensitivityPoint, StandardError, TenthsOfDays, attribute,
};
pub use columns::{ColumnsInMemory, ColumnsReplayed, ColumnsSource, replay_columns};
pub use compare::{ByChange, Comparison, MeasureDelta, MeasureTotal, PartnerDelta, compare};
pub use completeness::{
    Completeness, CompletenessCode, CompletenessFinding, QuarantinedInput, RUNS_MAX, SourceNumbers, TWICE_LISTED_MAX,
};
pub use explain::{
    BucketExplanation, CapUsed, Cited, ClaimExplanation, ClaimPart, ClaimStepPart, ClosedMonth, DayWhyNot,
    EventExplanation, EventUse, ExchangeUsed, ExplainError, ExplainedCheck, ExplainedContribution, ExplainedGrowth,
    ExplainedLine, ExplainedRequirement, ExplainedStep, Explainer, Explanation, FlagExplanation, GateExplanation,
    LotBalance, LotExplanation, LotPart, MonthExplanation, NearLever, Need, PayoutExplanation, PayoutPart,
    PostingExplanation, SmallestChange, StandingExplanation, explain_lot, explain_month,
};
pub use histories::{Histories, HistoriesBuilder};
pub use impact::{
    AreaTally, Band, BandTally, Bands, Concentration, DistributionClass, Impact, LeverTally, Measured, MonthTally,
    Mover, NearCliff, PartnerImpact, PeriodImpact, Side, SizeBand, SizeTally, State, StateCount, Tally, Transition,
    impact, impact_seen, last_billed, percent,
};
pub use measures::{MEASURES, Measure, MeasureKey, measures_of};
pub use reconcile::{
    ClassTotal, EarningPart, MonthTotal, OurContribution, OurFigures, OurLine, PartnerReconciliation, Reconciliation,
    TheirRow, Variance, VarianceClass, lines_of_partner, reconcile_partner,
};
pub use replayed::{Replayed, replay, replay_closed, replay_closed_telling, replay_telling};

pub use rule_tests::{RuleTestOutcome, run_rule_test};
pub use shards::{Census, Shard};
pub use shared::{CompiledFolds, Found, KeptFault, KeptFold, KeptFolds, SharedFolds, Wanted};
pub use views::{Views, ViewsHead, keep_months};
