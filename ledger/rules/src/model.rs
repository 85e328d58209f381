//! What a resolved rule set says: typed blocks in file order, each number already a number.
//!
//! Values of this module come only from the loader, which has checked units, citations and cross references: a gate
//! named by a lever's `needs` exists, the split adds to 100 %, every pattern is well formed.

mod gate;
mod lever;
mod money;
mod product;

pub use gate::{
    Cadence, CertificationValidity, Competency, CompetencySource, Gate, GateTest, GroupRevenue, NewCustomers, Upkeep,
};
pub use lever::{Base, Cap, CapPer, CapWindow, Lever, Match};
pub use money::{Activity, ActivityLimit, Benefit, Coop, Payout, ProgramYearEnd, ResolveAt, Split, UsageExtension};
pub use product::{Catalogue, CatalogueEdition, ProductGroup, ProductPattern};

use crate::calendar::Calendar;
use crate::compiled::Compiled;
use crate::library::VersionChange;
use chrono::NaiveDate;
use daybook_event::{Currency, Product, Rounding};
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
    /// Every change that led here, the parents' first.
    pub changes: Vec<VersionChange>,
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
    /// What stands there, in the one form of its value; the items of a list joined by commas.
    pub value: String,
    /// The reason that the change gives, or else the block; empty where neither gives one.
    pub why: String,
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
    /// What was compiled of the above.
    pub compiled: Compiled,
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

impl RuleSet {
    /// The groups that the product is in, by index, given its family.
    #[must_use]
    pub fn groups_of(&self, product: &Product, family: Option<&str>) -> Vec<usize> {
        let is_in = |group: &ProductGroup| group.patterns.iter().any(|pattern| pattern.matches(product, family));
        (0..self.product_groups.len()).filter(|&at| is_in(&self.product_groups[at])).collect()
    }
}
