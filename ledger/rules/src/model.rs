//! What a resolved rule set says: typed blocks in file order, each number already a number.
//!
//! Values of this module come only from the loader, which has checked units, citations and cross references: a gate
//! named by a lever's `needs` exists, the split adds to 100 %, every pattern is well formed.

use crate::calendar::Calendar;
use chrono::NaiveDate;
use daybook_event::{Currency, Exact, Product, Rate, Rounding, Segment};
use std::collections::BTreeMap;

/// One version of the program terms, with everything it inherits.
#[derive(Debug, Clone)]
pub struct RuleSet {
    /// The version's id, such as `2021-10` (with `.r2` for a revision of our reading).
    pub version: String,
    /// The program, such as `csp-indirect-reseller`.
    pub program: String,
    /// What people call it.
    pub title: String,
    /// First business date that these terms govern.
    pub valid_from: NaiveDate,
    /// When Microsoft published them, where known.
    pub published: Option<NaiveDate>,
    /// A what-if: never adopted, never pinned.
    pub hypothetical: bool,
    /// The program currency.
    pub currency: Currency,
    /// Periods and windows.
    pub calendar: Calendar,
    /// Product groups in file order.
    pub product_groups: Vec<ProductGroup>,
    /// When standing is assessed.
    pub assessment: Cadence,
    /// Gates in file order.
    pub gates: Vec<Gate>,
    /// Competency levels from lowest to highest, such as `silver`, `gold`.
    pub competency_levels: Vec<String>,
    /// How a competency level is computed, per level and area, in file order.
    pub competencies: Vec<Competency>,
    /// How long a certification holds.
    pub certification_validity: Vec<CertificationValidity>,
    /// Levers in file order.
    pub levers: Vec<Lever>,
    /// How what is earned splits.
    pub split: Split,
    /// Co-op terms.
    pub coop: Coop,
    /// Payout terms.
    pub payout: Payout,
    /// How sums become money.
    pub rounding: Rounding,
    /// What a level brings beside money. Information only.
    pub benefits: Vec<Benefit>,
    /// Readings chosen where the terms are silent.
    pub interpretations: Vec<Interpretation>,
    /// Where each parameter stands and who says so, by path (`lever.core_azure.rate`).
    pub origins: BTreeMap<String, Origin>,
    /// The hashes of this version.
    pub hashes: Hashes,
}

/// The hashes of a version, in lower-case hex of SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hashes {
    /// Of the file's bytes.
    pub file_sha256: String,
    /// Of the resolved document as canonical JSON. Approvals pin it.
    pub document_hash: String,
    /// Of the fields that can change a figure. Closed months pin it.
    pub terms_hash: String,
}

/// Where a parameter stands and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The rule file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The version whose file it is (a parent's, where inherited).
    pub version: String,
    /// The change that set it, where one did.
    pub change_id: Option<String>,
    /// The key of the source cited.
    pub cite: String,
    /// The source's title.
    pub source_title: String,
}

/// A named set of products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductGroup {
    /// Its name.
    pub name: String,
    /// A product that any of these matches is in the group.
    pub patterns: Vec<ProductPattern>,
}

/// One way to name products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductPattern {
    /// `family:NAME`: the family that the event, or else the catalogue, names.
    Family(String),
    /// `product:ID`: Microsoft's product id.
    ProductId(String),
    /// `name:TEXT`: the printed name contains the text, without regard to case.
    Name(String),
}

/// When standing is assessed, beside the first day of every version whose gates differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// Every day.
    Daily,
    /// Every week on this day.
    Weekly(chrono::Weekday),
    /// Every month on the day of this number (its last day where it has fewer).
    Monthly(u32),
}

/// One test a partner must pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Its name.
    pub name: String,
    /// Needed to be invited.
    pub entry: bool,
    /// Needed to be enrolled.
    pub onboarding: bool,
    /// Needed on the day of the sale.
    pub upkeep: bool,
    /// Met when any of these holds. Never empty.
    pub any_of: Vec<GateTest>,
    /// What an unmet revenue test does to a partner who is already in. Only on gates with a revenue test.
    pub offboards: Option<Upkeep>,
    /// The code of a day that it keeps from earning.
    pub fail_code: String,
    /// A sentence for the partner.
    pub sentence: String,
    /// How to become eligible again.
    pub how_to: String,
}

/// One alternative of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GateTest {
    /// The standing fact is held.
    Held {
        /// Which fact.
        fact: String,
    },
    /// The standing fact was held on a fixed date.
    HeldOn {
        /// Which fact.
        fact: String,
        /// On which date.
        on: NaiveDate,
    },
    /// The number fact is at least this.
    NumberAtLeast {
        /// Which fact.
        fact: String,
        /// The least that passes.
        at_least: Exact,
    },
    /// Trailing revenue.
    TrailingRevenue {
        /// Days in the window that ends on the day judged.
        window_days: u32,
        /// Over these product groups; empty: over everything.
        groups: Vec<String>,
        /// The least that passes; none: no threshold yet, always met.
        at_least: Option<Exact>,
    },
    /// A competency level in one of the areas.
    Competency {
        /// The lowest level that passes, by index into `competency_levels`.
        level: usize,
        /// The areas.
        areas: Vec<String>,
        /// Who says so.
        source: CompetencySource,
    },
}

/// What an unmet revenue gate does to a partner who is invited or enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upkeep {
    /// Offboards on any assessment date on which it is unmet.
    Continuous,
    /// Offboards only who has never met it since it first had a threshold.
    EntryOnly,
}

/// Where a competency level comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompetencySource {
    /// A standing fact says so.
    Declared,
    /// The tests of `[competency.LEVEL.AREA]` say so.
    Computed,
    /// Either suffices.
    Either,
}

/// The tests of one level in one area: all must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Competency {
    /// Index into `competency_levels`.
    pub level: usize,
    /// The area.
    pub area: String,
    /// New customers of a product group in a window.
    pub new_customers: Option<NewCustomers>,
    /// Trailing revenue of product groups.
    pub revenue: Option<GroupRevenue>,
    /// People with a certification of the area valid on the day.
    pub people: Option<u32>,
    /// Whether the fee fact `competency_fee:LEVEL` must be held.
    pub fee: bool,
}

/// New customers of a product group in a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCustomers {
    /// The product group.
    pub group: String,
    /// Days in the window.
    pub window_days: u32,
    /// The least number that passes.
    pub at_least: u32,
}

/// Trailing revenue of a product group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRevenue {
    /// The product group.
    pub group: String,
    /// Days in the window.
    pub window_days: u32,
    /// The least sum that passes.
    pub at_least: Exact,
}

/// How long a certification holds that was earned from a date on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificationValidity {
    /// First date earned that this governs.
    pub earned_from: NaiveDate,
    /// Months of validity.
    pub months: i32,
}

/// One incentive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lever {
    /// Its name.
    pub name: String,
    /// Levers of one slot exclude each other; slots add up.
    pub slot: String,
    /// Which lines it looks at.
    pub matches: Match,
    /// What the rate applies to.
    pub base: Base,
    /// The rate.
    pub rate: Rate,
    /// Gates tested on the line's date for this lever only, by index into `gates`.
    pub needs: Vec<usize>,
    /// The most that it contributes.
    pub cap: Option<Cap>,
}

/// Which lines a lever looks at. Empty lists match everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Match {
    /// Product groups, by index into `product_groups`.
    pub groups: Vec<usize>,
    /// Segments.
    pub segments: Vec<Segment>,
    /// Markets (`market:CODE` held by the partner on the line's date).
    pub markets: Vec<String>,
    /// Charge types.
    pub charge_types: Vec<String>,
}

/// What a lever's rate applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// The line's billed revenue.
    BilledRevenue,
    /// Billed revenue of customers new to the group.
    CustomerAdd {
        /// Months from the customer's new date in which it earns.
        months: i32,
        /// The least total of the customer in the group in the month.
        monthly_at_least: Exact,
    },
    /// Growth of a customer's month over the same month a year before.
    Growth,
}

/// The most that a lever contributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    /// The amount.
    pub amount: Exact,
    /// Counted per what.
    pub per: CapPer,
    /// Counted over what.
    pub window: CapWindow,
}

/// What a cap is counted per.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapPer {
    /// Per customer of the partner.
    Customer,
    /// Per partner.
    Partner,
}

/// What a cap is counted over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapWindow {
    /// An earning period.
    EarningPeriod,
    /// A program year.
    ProgramYear,
    /// For ever.
    Life,
}

/// How what is earned splits; the two add up to 100 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// The part paid as rebate.
    pub rebate: Rate,
    /// The part accrued as co-op.
    pub coop: Rate,
}

/// Co-op terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coop {
    /// The least accrued in an earning period that stays co-op.
    pub threshold: Exact,
    /// Whether the period's first or last day decides which version's threshold holds.
    pub resolve_at: ResolveAt,
    /// Approved activities in file order.
    pub activities: Vec<Activity>,
}

/// Which edge of a period decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResolveAt {
    /// Its first day.
    PeriodStart,
    /// Its last day.
    PeriodEnd,
}

/// An approved activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its name, as claims carry it.
    pub name: String,
    /// Its category.
    pub category: String,
    /// The most that may be claimed for it from one lot.
    pub limit: Option<ActivityLimit>,
}

/// The most that may be claimed for an activity from one lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActivityLimit {
    /// An amount.
    Amount(Exact),
    /// A share of the lot.
    Share(Rate),
    /// The greater of both.
    GreaterOf(Exact, Rate),
    /// The lesser of both.
    LesserOf(Exact, Rate),
}

/// Payout terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payout {
    /// The least that is paid; below it the sum is carried.
    pub minimum: Exact,
    /// Days from the month's last day to the day due.
    pub due_days: u32,
    /// Days that a payout waits for missing tax or bank data; none: this version knows no hold.
    pub hold_days: Option<u32>,
    /// What becomes of a positive carry after the program year's last month.
    pub program_year_end: ProgramYearEnd,
}

/// What becomes of a positive carry after the program year's last month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramYearEnd {
    /// It is carried on.
    Carry,
    /// It is forfeited.
    Forfeit,
}

/// What a competency level brings beside money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Benefit {
    /// The level.
    pub level: String,
    /// The annual fee.
    pub annual_fee: Option<Exact>,
    /// Internal-use licences, as published.
    pub internal_use_licences: String,
}

/// A reading chosen where the terms are silent or contradict each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpretation {
    /// The parameter.
    pub path: String,
    /// The reading chosen.
    pub chosen: String,
    /// The other readings.
    pub other: Vec<String>,
    /// Why this one.
    pub why: String,
    /// Who answers for it.
    pub owner: String,
    /// The key of the source cited.
    pub cite: String,
}

/// Which family a product is of, and which segment its name gives away. Dated: the last entry set in force counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalogue {
    /// Dated lists, by `from`, ascending.
    pub editions: Vec<CatalogueEdition>,
    /// Hash over everything that can change a figure, in hex.
    pub terms_hash: String,
}

/// The catalogue from a date on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueEdition {
    /// First date.
    pub from: NaiveDate,
    /// Product to family, in file order; the first that matches counts.
    pub families: Vec<(ProductPattern, String)>,
    /// Product name to segment, in file order; the first that matches counts. For importers.
    pub segments: Vec<(ProductPattern, Segment)>,
}

/// The ordered, gap-free list of rule sets and the catalogue.
#[derive(Debug, Clone)]
pub struct RuleBook {
    /// Rule sets by `valid_from`, ascending; never empty, no two on one date.
    pub sets: Vec<RuleSet>,
    /// Products.
    pub catalogue: Catalogue,
    /// Who may send facts of no partner, beside `ledger`.
    pub sources_of_no_partner: Vec<String>,
    /// Hash over every set's and the catalogue's terms hash, in hex: what `rule_book` shows in outputs.
    pub terms_hash: String,
}

impl RuleBook {
    /// The rule set in force on the date; none before the first.
    #[must_use]
    pub fn index_on(&self, date: NaiveDate) -> Option<usize> {
        self.sets.partition_point(|set| set.valid_from <= date).checked_sub(1)
    }

    /// The rule set in force on the date; before the first, the first.
    #[must_use]
    pub fn set_on_or_first(&self, date: NaiveDate) -> &RuleSet {
        &self.sets[self.index_on(date).unwrap_or(0)]
    }

    /// The calendar. One per book.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        &self.sets[0].calendar
    }
}

impl Catalogue {
    fn edition_on(&self, date: NaiveDate) -> Option<&CatalogueEdition> {
        let after = self.editions.partition_point(|edition| edition.from <= date);
        // Before the first edition the first holds, as for anything looked up before the first rule set.
        self.editions.get(after.saturating_sub(1))
    }

    /// The product's family on a date: the event's own, else the catalogue's; none where neither names one.
    #[must_use]
    pub fn family_of<'a>(&'a self, product: &'a Product, on: NaiveDate) -> Option<&'a str> {
        if !product.product_family.is_empty() {
            return Some(&product.product_family);
        }
        let edition = self.edition_on(on)?;
        edition.families.iter().find(|(pattern, _)| pattern.matches(product, None)).map(|(_, family)| family.as_str())
    }

    /// The segment that the product's name gives away on a date; none where it does not.
    #[must_use]
    pub fn segment_of(&self, product: &Product, on: NaiveDate) -> Option<Segment> {
        let edition = self.edition_on(on)?;
        edition.segments.iter().find(|(pattern, _)| pattern.matches(product, None)).map(|(_, segment)| *segment)
    }
}

impl ProductPattern {
    /// Whether the product is meant, given its family.
    #[must_use]
    pub fn matches(&self, product: &Product, family: Option<&str>) -> bool {
        match self {
            Self::Family(name) => family == Some(name.as_str()),
            Self::ProductId(id) => product.product_id == *id,
            Self::Name(text) => product.product_name.to_lowercase().contains(&text.to_lowercase()),
        }
    }
}

impl RuleSet {
    /// The groups that the product is in, by index, given its family.
    #[must_use]
    pub fn groups_of(&self, product: &Product, family: Option<&str>) -> Vec<usize> {
        let is_in = |group: &ProductGroup| group.patterns.iter().any(|pattern| pattern.matches(product, family));
        (0..self.product_groups.len()).filter(|&at| is_in(&self.product_groups[at])).collect()
    }
}
