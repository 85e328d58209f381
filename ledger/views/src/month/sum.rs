//! Lines that are treated alike, summed before any rate is applied.

use super::cells::CellSums;
use super::{DayOfLines, LineFold, MonthOfLines, Stop};
use crate::booking::MonthSums;
use crate::compiled::Fits;
use crate::credits::Resolved;
use crate::money::Conversion;
use crate::pricing::{PricedOn, Pricer};
use crate::state::{JudgedDay, PartnerState};
use daybook_event::Exact;
use daybook_rules::compiled::DayCode;

/// Days that are judged alike under the same terms, with the sums of their lines.
#[derive(Debug, Default)]
pub(super) struct DayKind {
    span: usize,
    /// One of them, among the month's judged days.
    day: usize,
    cells: CellSums,
}

impl LineFold<'_> {
    /// Sums the lines that are treated alike; hands back those that must be looked at by themselves.
    pub(super) fn sum(
        &mut self,
        state: &PartnerState,
        of: &MonthOfLines,
        sums: &mut MonthSums,
    ) -> Result<Vec<Resolved>, Stop> {
        let judged = &state.days[state.days.len() - of.days.len()..];
        let mut apart = Vec::new();
        let (mut kinds, mut used) = (std::mem::take(&mut self.kinds), 0);
        let by_line = of.by_line || self.has_own_tenants(state);
        for (at, (day, code)) in of.days.iter().zip(judged).enumerate() {
            let Some(span) = day.span.filter(|_| !by_line) else {
                apart.extend(day.rows.clone().filter_map(|row| self.counting(of, row)));
                continue;
            };
            let is_like = |kind: &DayKind| {
                let other = &judged[kind.day];
                kind.span == span && other.code == code.code && other.unmet_needs == code.unmet_needs
            };
            let kind = kinds[..used].iter().rposition(is_like).unwrap_or_else(|| {
                if kinds.len() == used {
                    kinds.push(DayKind::default());
                }
                (kinds[used].span, kinds[used].day) = (span, at);
                used += 1;
                used - 1
            });
            self.sum_day(of, day, self.under.terms.fits(span), code, &mut kinds[kind].cells, &mut apart);
        }
        let mut pricer = Pricer::new(self.under.terms.book, state);
        for kind in &mut kinds[..used] {
            self.add_kind(of, &mut pricer, kind.span, &judged[kind.day], &mut kind.cells, sums)?;
        }
        self.kinds = kinds;
        Ok(apart)
    }

    /// Takes a day's sums over, except those whose lines must be looked at by themselves.
    fn sum_day(
        &self,
        of: &MonthOfLines,
        day: &DayOfLines,
        fits: &Fits,
        judged: &JudgedDay,
        cells: &mut CellSums,
        apart: &mut Vec<Resolved>,
    ) {
        cells.reserve(fits.cells.len());
        let is_summed = |cell: u32| {
            judged.code != DayCode::MayEarn || fits.cells.get(cell as usize).is_none_or(|cell| fits.fit(*cell).is_plain)
        };
        let (mut all_summed, singles) = (true, &of.singles[day.singles.clone()]);
        for (cell, nanos) in &of.sums[day.sums.clone()] {
            if is_summed(*cell) { cells.add(*cell, *nanos) } else { all_summed = false }
        }
        if all_summed {
            apart.extend(singles.iter().filter_map(|row| self.counting(of, *row)));
            return;
        }
        let classes = &self.under.lines.classes;
        let is_apart =
            |row: &usize| !is_summed(fits.cell_of_class[classes[*row] as usize]) || singles.binary_search(row).is_ok();
        apart.extend(day.rows.clone().filter(is_apart).filter_map(|row| self.counting(of, row)));
    }

    fn add_kind(
        &self,
        of: &MonthOfLines,
        pricer: &mut Pricer<'_>,
        span: usize,
        day: &JudgedDay,
        cells: &mut CellSums,
        sums: &mut MonthSums,
    ) -> Result<(), Stop> {
        let (terms, fits) = (self.under.terms, self.under.terms.fits(span));
        let rule_set = terms.rule_set(span);
        // Sums of what the same levers take; of a day that may not earn, one sum.
        let mut by_fit: Vec<(usize, Exact)> = Vec::new();
        for (number, nanos) in cells.drain() {
            let cell = fits.cells[number as usize];
            let Some(conversion) = of.conversions[cell.currency as usize] else {
                let currency = terms.distinct_currencies[cell.currency as usize];
                sums.add_unconverted(currency, Conversion::own().sum(nanos)?)?;
                continue;
            };
            let amount = conversion.sum(nanos)?;
            match by_fit.iter_mut().find(|(fit, _)| *fit == cell.fit || day.code != DayCode::MayEarn) {
                Some((_, sum)) => *sum = sum.plus(amount)?,
                None => by_fit.push((cell.fit, amount)),
            }
        }
        let levers = &terms.book.sets[rule_set].levers;
        for (fit, amount) in by_fit {
            let on = PricedOn { rule_set, day, customer: None };
            let outcome = pricer.outcome(&on, fits.levers_of_fit(fit))?;
            sums.add(&outcome.bucket, amount)?;
            for lever in outcome.levers {
                sums.contribute(rule_set, lever, amount, amount.times(levers[lever].rate)?)?;
            }
        }
        Ok(())
    }
}
