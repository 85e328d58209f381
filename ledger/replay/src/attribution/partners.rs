//! Partners taken in, from facts or from kept folds, and the comparison of all of them.

use super::cuts::{CutSums, cut_parts};
use super::game::{Game, REFERENCE};
use super::pass::{self, Folded, OfColumns, OfKept, PartnerPass, PassFault, pass_all};
use super::{Attributed, AttributionPlan, CashDays, ChangeShown, head, priced};
use crate::columns::{ColumnsInMemory, ColumnsSource};
use crate::compare::{ByChange, Comparison, PartnerDelta, totals};
use crate::histories::Histories;
use crate::impact::{Everyone, ImpactSums};
use crate::measures::Measure;
use crate::replayed::Replayed;
use crate::shared::{KeptFault, KeptFolds, SharedFolds};
use daybook_event::{Exact, Month, NaiveDate, Overflow, PartnerId, Position};
use daybook_views::PartnerRows;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What passes over the histories found so far: histories may come in several parts, each with partners of its own.
#[derive(Debug, Default)]
pub struct AttributedPartners {
    passes: Vec<PartnerPass>,
    sums: Vec<BTreeMap<Measure, Exact>>,
    cuts: Vec<CutSums>,
    impact: ImpactSums,
    of_no_partner: [PartnerRows; 2],
    last_billed: Option<Month>,
}

/// What was kept of each partner in one fold; none of a partner that cannot be priced from it.
pub type KeptBytes = Vec<(PartnerId, Option<Vec<u8>>)>;

impl AttributedPartners {
    /// Takes some partners in.
    ///
    /// # Errors
    /// [`Overflow`] when a sum leaves the range of exact money.
    pub fn add(
        &mut self,
        histories: &Histories,
        plan: &AttributionPlan,
        through: NaiveDate,
        threads: usize,
        told: &(dyn Fn(usize) + Sync),
    ) -> Result<(), Overflow> {
        // Lines that 32 bits do not count have no figures either.
        let source = ColumnsInMemory::of(histories).map_err(|_| Overflow)?;
        self.add_columns(&source, plan, &plan.shared(through), threads, told).map_err(|_| Overflow)
    }

    /// Takes the partners of a source in, given the folds of the plan: some of them may be kept.
    ///
    /// # Errors
    /// [`PassFault`]: of the partners in order, the first that cannot be read, or a sum that leaves the range of exact money.
    pub fn add_columns<S: ColumnsSource>(
        &mut self,
        source: &S,
        plan: &AttributionPlan,
        shared: &SharedFolds<'_>,
        threads: usize,
        told: &(dyn Fn(usize) + Sync),
    ) -> Result<(), PassFault<S::Error>> {
        let no_partner = source.of_no_partner();
        let compiled = shared.compiled(source.classes(), no_partner);
        self.take(plan, pass_all(&OfColumns { source, shared, compiled }, plan, threads, told)?)?;
        self.of_no_partner =
            [plan.table.players.reference(), plan.table.players.candidate()].map(|book| no_partner.rows(book));
        Ok(())
    }

    /// Takes all partners in from kept folds, without reading a fact.
    ///
    /// # Errors
    /// [`KeptFault`].
    pub fn add_kept(
        &mut self,
        kept: &KeptFolds<'_>,
        plan: &AttributionPlan,
        shared: &SharedFolds<'_>,
        threads: usize,
    ) -> Result<(), KeptFault> {
        self.take(plan, pass_all(&OfKept { kept, shared }, plan, threads, &|_| ())?)?;
        let side = |book: usize| kept.of_no_partner[shared.fold_of(book)].clone();
        self.of_no_partner = [side(REFERENCE), side(plan.books.candidate())];
        self.last_billed = kept.last_billed;
        Ok(())
    }

    fn take(&mut self, plan: &AttributionPlan, folded: Folded) -> Result<(), Overflow> {
        let Folded { passes, sums, last_billed, cuts, impact } = folded;
        self.impact.add_all(impact)?;
        self.last_billed = self.last_billed.max(last_billed.map(Month::of));
        self.passes.extend(passes);
        self.sums.resize(plan.folds().max(self.sums.len()), BTreeMap::new());
        for (total, more) in self.sums.iter_mut().zip(sums) {
            pass::add_measures(total, &more)?;
        }
        self.cuts.resize(plan.folds().max(self.cuts.len()), CutSums::default());
        for (total, more) in self.cuts.iter_mut().zip(cuts) {
            total.add_all(&more)?;
        }
        Ok(())
    }

    /// The last month in which anybody was billed; none where nobody was.
    #[must_use]
    pub fn last_billed(&self) -> Option<Month> {
        self.last_billed
    }

    /// What was kept of a fold, partners in order.
    pub fn take_kept(&mut self, fold: usize) -> KeptBytes {
        let mut found = KeptBytes::new();
        for pass in &mut self.passes {
            let kept = pass.kept.iter_mut().filter(|(of, _)| *of == fold);
            found.extend(kept.map(|(_, bytes)| (pass.partner_id.clone(), bytes.take())));
        }
        found.sort_by(|one, other| one.0.cmp(&other.0));
        found
    }

    /// The comparison of everything taken in.
    ///
    /// # Errors
    /// [`Overflow`] when a sum leaves the range of exact money.
    pub fn finish(
        mut self,
        plan: &AttributionPlan,
        names: (&str, &str),
        position: Position,
    ) -> Result<Attributed, Overflow> {
        self.passes.sort_by(|a, b| a.partner_id.cmp(&b.partner_id));
        self.sums.resize(plan.folds().max(self.sums.len()), BTreeMap::new());
        let mut partners: Vec<PartnerDelta> = Vec::new();
        let (mut days, mut earlier) = (Vec::new(), Vec::new());
        let mut sides = plan.request.keep_rows.then(<(Replayed, Replayed)>::default);
        let mut seen = Everyone { sums: self.impact, partners: Vec::with_capacity(self.passes.len()) };
        for pass in self.passes {
            partners.extend(pass.rows);
            days.extend(pass.days);
            earlier.extend(pass.earlier);
            seen.partners.push(pass.seen);
            if let (Some((one, other)), Some((before, after))) = (&mut sides, pass.sides) {
                one.partners.push((pass.partner_id.clone(), before));
                other.partners.push((pass.partner_id, after));
            }
        }
        if let Some((one, other)) = &mut sides {
            [one.of_no_partner, other.of_no_partner] = self.of_no_partner;
        }
        let mut totals = totals(&partners)?;
        if plan.table.game != Game::Sides {
            let nothing = ByChange { ids: Arc::clone(&plan.ids), amounts: vec![Exact::ZERO; plan.ids.len()] };
            for total in &mut totals {
                total.by_change.get_or_insert_with(|| nothing.clone());
            }
        }
        let (interpretations, ranges) = priced::priced_readings(plan, &totals, &self.sums)?;
        let (reference, candidate) = (names.0.to_owned(), names.1.to_owned());
        Ok(Attributed {
            attribution: head(plan, &self.sums),
            changes: plan.table.players.list().iter().map(ChangeShown::of).collect(),
            cash_days: CashDays::of(days),
            interpretations,
            ranges,
            sensitivity: priced::sensitivity(plan, &self.sums),
            earlier_differences: earlier,
            sides,
            seen,
            cuts: cut_parts(plan, &self.cuts)?,
            comparison: Comparison { reference, candidate, position, totals, partners },
        })
    }
}
