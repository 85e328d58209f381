//! What of a book a fold of lines and standing depends on, apart from prices and from what settles them.
//!
//! Two books with the same fold terms give a partner the same standing, put every line into the same bucket and under the
//! same levers, and sum the same bases. Only what is made of the bases differs: rates, splits, rounding, co-op and payout
//! terms. A lever with a cap is an exception: the cap counts contributions, so there the rate and the rounding belong to
//! the fold too.

use crate::asks::Asks;
use crate::calendar::Calendar;
use crate::model::{
    Base, Cadence, CatalogueEdition, CertificationValidity, Competency, CompetencySource, Gate, GateTest, Lever, Match,
    ProductGroup, RuleBook, RuleSet,
};
use crate::sha256_hex;
use chrono::NaiveDate;
use daybook_event::{Currency, Month, Rate, Rounding};
use std::collections::{BTreeMap, BTreeSet};

/// The fold terms of a book, cut at some dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldTerms {
    whole: WholeTerms,
    /// One for each date, and with it the terms until the next.
    dated: Vec<DatedTerms>,
}

/// What holds for the whole book, whatever the date.
#[derive(Debug, Clone, PartialEq, Eq)]
struct WholeTerms {
    /// How postings are put into periods; caps count by it too.
    periods: (i32, Month),
    /// Only where a lever has a cap: it may count by program year.
    calendar: Option<Calendar>,
    currency: Currency,
    editions: Vec<CatalogueEdition>,
    sources_of_no_partner: Vec<String>,
    /// Every product group that some rule set knows: an opening that names another is passed over.
    groups: BTreeSet<String>,
    /// Levers that some rule set caps: what they contribute is summed from the first month on.
    capped: BTreeSet<String>,
}

/// What holds from a date on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct DatedTerms {
    from: NaiveDate,
    product_groups: Vec<ProductGroup>,
    assessment: Cadence,
    gates: Vec<Gate>,
    competency_levels: Vec<String>,
    competencies: Vec<Competency>,
    certification_validity: Vec<CertificationValidity>,
    levers: Vec<Lever>,
    /// Only where a lever has a cap: a capped posting is known rounded.
    rounding: Option<Rounding>,
    ahead: Ahead,
}

/// What these and later terms ask of what is kept from this date on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ahead {
    /// Since when customers are customers.
    newness: Asks,
    /// What was billed of some products alone.
    revenue_of_groups: Asks,
    /// Whether every computed level asks for the fee.
    asks_fees: bool,
    /// What growth levers match by, from which dates on.
    growth: Vec<(NaiveDate, Vec<Match>)>,
}

impl RuleBook {
    /// The dates on which its rule sets begin.
    pub fn begins(&self) -> impl Iterator<Item = NaiveDate> {
        self.sets.iter().map(|set| set.valid_from)
    }

    /// The same book with a rule set beginning on each of the dates too, for a fold that serves several books: such a set says
    /// what the one before it does. Each is named by its first date; notes and benefits are left out. Dates before the first
    /// rule set begin none, and neither does any date where some lever is capped: contributions are cut before they are added
    /// up, so a posting cannot be put together of two.
    #[must_use]
    pub fn cut_at(&self, dates: &BTreeSet<NaiveDate>) -> Self {
        let dates = dates.iter().copied().filter(|_| self.capped().is_empty());
        let begins: BTreeSet<NaiveDate> = self.begins().chain(dates).collect();
        let set = |from: NaiveDate| {
            let set = &self.sets[self.index_on(from)?];
            Some(RuleSet {
                version: from.to_string(),
                valid_from: from,
                origins: BTreeMap::new(),
                changes: Vec::new(),
                benefits: Vec::new(),
                interpretations: Vec::new(),
                ..set.clone()
            })
        };
        Self { sets: begins.into_iter().filter_map(set).collect(), ..self.clone() }
    }

    /// What a fold under it depends on, cut where its rule sets begin.
    #[must_use]
    pub fn fold_terms(&self) -> FoldTerms {
        let capped = self.capped();
        let groups = self.sets.iter().flat_map(|set| &set.product_groups).map(|group| group.name.clone());
        let Calendar { period_months, period_anchor, claim_opens: _, claim_closes: _, program_year_last_month: _ } =
            *self.calendar();
        let whole = WholeTerms {
            periods: (period_months, period_anchor),
            calendar: (!capped.is_empty()).then_some(*self.calendar()),
            currency: self.sets[0].currency,
            editions: self.catalogue.editions.clone(),
            sources_of_no_partner: self.sources_of_no_partner.clone(),
            groups: groups.collect(),
            capped,
        };
        let dated = (0..self.sets.len()).map(|at| self.dated_terms(at, &whole.capped)).collect();
        FoldTerms { whole, dated }
    }

    /// The levers that some rule set caps.
    fn capped(&self) -> BTreeSet<String> {
        let levers = self.sets.iter().flat_map(|set| &set.levers);
        levers.filter(|lever| lever.cap.is_some()).map(|lever| lever.name.clone()).collect()
    }

    fn dated_terms(&self, at: usize, capped: &BTreeSet<String>) -> DatedTerms {
        // Every field is named, so that a new one must be decided on.
        let RuleSet {
            version: _,
            program: _,
            title: _,
            valid_from,
            published: _,
            hypothetical: _,
            currency: _,
            calendar: _,
            product_groups,
            assessment,
            gates,
            competency_levels,
            competencies,
            certification_validity,
            levers,
            split: _,
            coop: _,
            payout: _,
            rounding,
            benefits: _,
            interpretations: _,
            origins: _,
            changes: _,
            hashes: _,
        } = &self.sets[at];
        let any_cap = levers.iter().any(|lever| lever.cap.is_some());
        let unsaid = |gate: &Gate| Gate { sentence: String::new(), how_to: String::new(), ..gate.clone() };
        DatedTerms {
            from: *valid_from,
            product_groups: product_groups.clone(),
            assessment: *assessment,
            gates: gates.iter().map(unsaid).collect(),
            competency_levels: competency_levels.clone(),
            competencies: competencies.clone(),
            certification_validity: certification_validity.clone(),
            levers: levers.iter().map(|lever| unpriced(lever, capped.contains(&lever.name), any_cap)).collect(),
            rounding: any_cap.then_some(*rounding),
            ahead: self.ahead(at),
        }
    }

    fn ahead(&self, at: usize) -> Ahead {
        let later = &self.sets[at..];
        let growth = |set: &RuleSet| {
            let levers = set.levers.iter().filter(|lever| lever.base == Base::Growth);
            let matches: Vec<Match> = levers.map(|lever| lever.matches.clone()).collect();
            (!matches.is_empty()).then_some((set.valid_from, matches))
        };
        let most = |asks: fn(&RuleSet) -> Asks| later.iter().map(asks).max().unwrap_or(Asks::Never);
        Ahead {
            newness: most(RuleSet::asks_newness),
            revenue_of_groups: most(RuleSet::asks_revenue_of_groups),
            asks_fees: later.iter().flat_map(|set| &set.competencies).all(|one| one.fee),
            growth: later.iter().filter_map(growth).collect(),
        }
    }
}

/// A lever without its rate, as far as the fold does not look at it. Where anything is capped, a line whose every contribution
/// is zero is in a bucket of its own: there it counts whether the rate is zero.
fn unpriced(lever: &Lever, is_capped: bool, any_cap: bool) -> Lever {
    let rate = match (is_capped, any_cap) {
        (true, _) => lever.rate,
        (false, true) if lever.rate.millionths() != 0 => Rate::ONE,
        (false, _) => Rate::from_millionths(0),
    };
    Lever { rate, ..lever.clone() }
}

impl DatedTerms {
    fn without_fees(&self) -> Self {
        if !self.ahead.asks_fees {
            return self.clone();
        }
        let mut gates = self.gates.clone();
        for test in gates.iter_mut().flat_map(|gate| &mut gate.any_of) {
            if let GateTest::Competency { source: source @ CompetencySource::Either, .. } = test {
                *source = CompetencySource::Declared;
            }
        }
        let asked = |asks: Asks| if asks.of(false) { Asks::Always } else { Asks::Never };
        let (newness, revenue_of_groups) = (asked(self.ahead.newness), asked(self.ahead.revenue_of_groups));
        let ahead = Ahead { newness, revenue_of_groups, ..self.ahead.clone() };
        Self { gates, competencies: Vec::new(), certification_validity: Vec::new(), ahead, ..self.clone() }
    }
}

impl FoldTerms {
    /// The first date from which on a fold under one of them may differ from a fold under the other; none where they never
    /// differ. The first date of all time where nothing can be shared: what is looked up before the first rule set is looked
    /// up in the first.
    #[must_use]
    pub fn parts_from(&self, other: &Self) -> Option<NaiveDate> {
        let same = self.dated.iter().zip(&other.dated).take_while(|(one, other)| one == other).count();
        if self.whole != other.whole || same == 0 {
            return Some(NaiveDate::MIN);
        }
        let next = [self, other].into_iter().filter_map(|terms| terms.dated.get(same)).map(|dated| dated.from);
        next.min()
    }

    /// What is left of them for a partner that nobody ever said to have paid a competency fee: where every level that is computed
    /// asks for the fee, none is reached, and what else the levels ask is looked up by nothing.
    #[must_use]
    pub fn without_fees(&self) -> Self {
        Self { whole: self.whole.clone(), dated: self.dated.iter().map(DatedTerms::without_fees).collect() }
    }

    /// A hash for names of files: it stays as long as the build does.
    #[must_use]
    pub fn hash(&self) -> String {
        sha256_hex(format!("{self:?}").as_bytes())
    }
}
