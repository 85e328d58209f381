//! The billed lines of a history as dense numbers, and a plain calculation over them: the peer must come to its totals.
//!
//! Per partner and month the revenue; the revenue of 365 days at each month's end; from 25,000 on the month earns, each product
//! at its rate; 60 % are rebate, 40 % co-op; a half-year's co-op from 10,000 on may be used, less is paid out.

use crate::data::{Data, History, Wire};
use crate::options::FIRST_MONTH;
use chrono::{Datelike, Days, Months, NaiveDate};
use daybook_event::{Envelope, Payload};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

const TRAILING_DAYS: u64 = 365;
const TRAILING_CENTS_MIN: i128 = 2_500_000;
const REBATE_PERCENT: i128 = 60;
const COOP_PERCENT: i128 = 40;
/// 10,000 in hundredths of a percent of a basis point of a cent: what sums of cents times basis points times percents count.
const USABLE_MIN: i128 = 1_000_000 * 10_000 * 100;

/// A product's rate in basis points, by its number.
pub(super) fn basis_points(product: u32) -> i64 {
    400 + 100 * i64::from(product % 9)
}

/// One billed line.
#[derive(Debug, Clone, Copy)]
struct Line {
    on: NaiveDate,
    product: u32,
    cents: i64,
}

/// All lines, by the number of their partner.
#[derive(Debug, Default)]
pub(super) struct BilledLines {
    partners: Vec<Vec<Line>>,
    /// How many products there are.
    pub(super) products: u32,
    /// How many lines there are.
    pub(super) count: u64,
}

/// What all partners come to: rebate, usable co-op, co-op that is paid out.
pub(super) type Totals = [i128; 3];

impl BilledLines {
    /// Reads a history and writes its lines as CSV: partner, date, product, cents.
    pub(super) fn export(data: &Data, history: History, csv: &Path) -> Result<Self, String> {
        let fault = |error: std::io::Error| format!("{}: {error}", csv.display());
        let mut out = BufWriter::with_capacity(1 << 20, File::create(csv).map_err(fault)?);
        let (mut lines, mut partners, mut products) = (Self::default(), Numbers::default(), Numbers::default());
        data.visit(&data.file(history, Wire::Ndjson)?, |event| {
            let Some((product_id, cents)) = billed(event)? else { return Ok(()) };
            let partner_id = event.partner_id.as_ref().map(ToString::to_string).unwrap_or_default();
            let (partner, product) = (partners.of(&partner_id), products.of(product_id));
            writeln!(out, "{partner},{},{product},{cents}", event.effective_on).map_err(fault)?;
            lines.push(partner, Line { on: event.effective_on, product, cents });
            Ok(())
        })?;
        out.flush().map_err(fault)?;
        lines.products = products.next();
        Ok(lines)
    }

    fn push(&mut self, partner: u32, line: Line) {
        let at = partner as usize;
        if self.partners.len() <= at {
            self.partners.resize(at + 1, Vec::new());
        }
        self.partners[at].push(line);
        self.count += 1;
    }

    /// The totals, by counting days one by one.
    pub(super) fn totals(&self, months: u64) -> Totals {
        let mut totals = [0; 3];
        for lines in &self.partners {
            for earned in half_years(lines, months).into_values() {
                let coop = earned * COOP_PERCENT;
                totals[0] += earned * REBATE_PERCENT;
                totals[if coop >= USABLE_MIN { 1 } else { 2 }] += coop;
            }
        }
        totals
    }
}

/// What a partner earned in each half-year, in cents times basis points.
fn half_years(lines: &[Line], months: u64) -> BTreeMap<(i32, u32), i128> {
    let mut halves = BTreeMap::new();
    let Some(mut first) = NaiveDate::from_ymd_opt(FIRST_MONTH.0, FIRST_MONTH.1, 1) else { return halves };
    for _ in 0..months {
        let (next, month) = (first + Months::new(1), (first.year(), first.month()));
        let after = next - Days::new(TRAILING_DAYS);
        let cents = |from: NaiveDate| {
            lines
                .iter()
                .filter(|line| line.on >= from && line.on < next)
                .map(|line| i128::from(line.cents))
                .sum::<i128>()
        };
        if cents(after) >= TRAILING_CENTS_MIN {
            let of_month = lines.iter().filter(|line| (line.on.year(), line.on.month()) == month);
            let earned =
                of_month.map(|line| i128::from(line.cents) * i128::from(basis_points(line.product))).sum::<i128>();
            *halves.entry((month.0, (month.1 - 1) / 6)).or_default() += earned;
        }
        first = next;
    }
    halves
}

/// The product and the cents of a billed line; none for any other event.
fn billed(event: &Envelope) -> Result<Option<(&str, i64)>, String> {
    let Payload::LicenseSale(sale) = &event.payload else { return Ok(None) };
    let cents = sale.amount.decimal() * Decimal::ONE_HUNDRED;
    let cents = Some(cents).filter(|cents| cents.fract().is_zero()).and_then(|cents| i64::try_from(cents).ok());
    cents
        .map(|cents| Some((sale.product.product_id.as_str(), cents)))
        .ok_or_else(|| "a line has parts of a cent".to_owned())
}

/// Numbers of texts, in the order in which they come.
#[derive(Debug, Default)]
struct Numbers(BTreeMap<String, u32>);

impl Numbers {
    fn next(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    fn of(&mut self, text: &str) -> u32 {
        if let Some(number) = self.0.get(text) {
            return *number;
        }
        let number = self.next();
        self.0.insert(text.to_owned(), number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(on: &str, cents: i64) -> Line {
        Line { on: on.parse().unwrap(), product: 1, cents }
    }

    fn totals(lines: &[Line]) -> Totals {
        BilledLines { partners: vec![lines.to_vec()], products: 2, count: lines.len() as u64 }.totals(24)
    }

    #[test]
    fn a_month_earns_from_the_threshold_on() {
        assert_eq!(totals(&[line("2020-10-31", 2_499_999)]), [0; 3]);
        // 25,000 at 5 % are 1,250: 40 % of that is too little to be used.
        let earned = 2_500_000 * 500;
        assert_eq!(totals(&[line("2020-10-31", 2_500_000)]), [earned * 60, 0, earned * 40]);
    }

    #[test]
    fn revenue_counts_for_365_days() {
        let first = line("2020-10-31", 2_500_000);
        let earned = |lines: &[Line]| totals(lines)[0] / 60;
        assert_eq!(earned(&[first, line("2021-09-30", 100)]), (2_500_000 + 100) * 500);
        assert_eq!(earned(&[first, line("2021-10-31", 100)]), 2_500_000 * 500, "a year later it counts no more");
    }

    #[test]
    fn coop_of_a_half_year_is_usable_from_ten_thousand_on() {
        let earned = 50_000_000 * 500;
        assert_eq!(totals(&[line("2020-10-01", 50_000_000)]), [earned * 60, earned * 40, 0]);
        let halves = [line("2020-12-31", 25_000_000), line("2021-01-01", 25_000_000)];
        assert_eq!(totals(&halves), [earned * 60, 0, earned * 40]);
    }
}
