//! Lines that are treated alike, summed before any rate is applied.

use super::{LineFold, MonthOfLines, Stop};
use crate::booking::MonthSums;
use crate::compiled::{Cell, Fits};
use crate::credits::Resolved;
use crate::money::{Conversion, NARROW_MAX};
use crate::pricing::{PricedOn, Pricer};
use crate::state::{JudgedDay, PartnerState};
use daybook_rules::compiled::DayCode;
use std::ops::Range;

/// Lines treated alike, summed in 10^-9 of their currency.
#[derive(Debug, Clone, Copy, Default)]
struct CellSum {
    nanos: i128,
    lines: u64,
    /// Amounts below this, whatever their sign, are summed; the others are looked at by themselves.
    limit: u64,
}

/// Days that are judged alike under the same terms, with the sums of their lines.
struct DayKind<'j> {
    span: Option<usize>,
    judged: &'j JudgedDay,
    cells: Vec<CellSum>,
}

impl LineFold<'_> {
    /// Sums the lines that are treated alike; hands back those that must be looked at by themselves.
    pub(super) fn sum(
        &self,
        state: &PartnerState,
        of: &MonthOfLines,
        judged: &[JudgedDay],
        sums: &mut MonthSums,
    ) -> Result<Vec<Resolved>, Stop> {
        let mut apart = Vec::new();
        let mut kinds: Vec<DayKind<'_>> = Vec::new();
        let by_line = of.by_line || state.has_own_tenants();
        for (rows, day) in of.days.iter().zip(judged) {
            let span = self.under.terms.span_on(day.on);
            let fits = span.map(|span| self.under.terms.fits(span));
            let Some(fits) = fits.filter(|fits| !by_line && !fits.asks_market) else {
                apart.extend(rows.clone().filter_map(|row| self.counting(of, row)));
                continue;
            };
            let is_like = |kind: &DayKind<'_>| {
                kind.span == span && kind.judged.code == day.code && kind.judged.unmet_needs == day.unmet_needs
            };
            let at = kinds.iter().position(is_like).unwrap_or_else(|| {
                kinds.push(DayKind { span, judged: day, cells: self.cells(of, fits, day) });
                kinds.len() - 1
            });
            self.sum_day(of, rows.clone(), fits, &mut kinds[at].cells, &mut apart);
        }
        let mut pricer = Pricer::new(self.under.terms.book, state);
        for kind in &kinds {
            self.add_kind(of, &mut pricer, kind, sums)?;
        }
        Ok(apart)
    }

    /// The empty sums of a kind of day, with the amounts up to which each takes a line.
    fn cells(&self, of: &MonthOfLines, fits: &Fits, day: &JudgedDay) -> Vec<CellSum> {
        let limit = |conversion: &Option<Conversion>| conversion.map_or(NARROW_MAX, |of| of.narrow_max());
        let cell = |cell: &Cell| {
            let is_summed = day.code != DayCode::MayEarn || fits.fit(*cell).is_plain;
            let limit = if is_summed { limit(&of.conversions[cell.currency as usize]) } else { 0 };
            CellSum { nanos: 0, lines: 0, limit }
        };
        fits.cells.iter().map(cell).chain([CellSum::default()]).collect()
    }

    fn sum_day(
        &self,
        of: &MonthOfLines,
        rows: Range<usize>,
        fits: &Fits,
        cells: &mut [CellSum],
        apart: &mut Vec<Resolved>,
    ) {
        let (classes, amounts) = (&self.under.lines.classes, &self.under.lines.amounts);
        let mut from = rows.start;
        for &exception in of.exceptions_in(&rows).iter().chain([&rows.end]) {
            for row in from..exception {
                let cell = &mut cells[fits.cell_of_class[classes[row] as usize] as usize];
                if amounts[row].unsigned_abs() < cell.limit {
                    cell.nanos += i128::from(amounts[row]);
                    cell.lines += 1;
                } else {
                    apart.extend(self.counting(of, row));
                }
            }
            if exception < rows.end {
                apart.extend(self.counting(of, exception));
            }
            from = exception + 1;
        }
    }

    fn add_kind(
        &self,
        of: &MonthOfLines,
        pricer: &mut Pricer<'_>,
        kind: &DayKind<'_>,
        sums: &mut MonthSums,
    ) -> Result<(), Stop> {
        let Some(span) = kind.span else { return Ok(()) };
        let (terms, fits) = (self.under.terms, self.under.terms.fits(span));
        let rule_set = terms.rule_set(span);
        for (sum, cell) in kind.cells.iter().zip(&fits.cells).filter(|(sum, _)| sum.lines > 0) {
            let Some(conversion) = of.conversions[cell.currency as usize] else {
                let currency = terms.distinct_currencies[cell.currency as usize];
                sums.add_unconverted(currency, Conversion::own().sum(sum.nanos)?)?;
                continue;
            };
            let amount = conversion.sum(sum.nanos)?;
            let on = PricedOn { rule_set, day: kind.judged, customer: None };
            let outcome = pricer.outcome(&on, &fits.fit(*cell).levers)?;
            sums.add(&outcome.bucket, amount)?;
            for lever in outcome.levers {
                sums.contribute(rule_set, lever, amount, amount.times(terms.book.sets[rule_set].levers[lever].rate)?)?;
            }
        }
        Ok(())
    }
}
