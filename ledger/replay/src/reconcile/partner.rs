//! One partner's reconciliation: matched lines taken apart, then whatever is left on either side.

use super::classes::{Part, parts};
use super::matching::{MatchKey, Matched, matched};
use super::ours::{OurContribution, OurLine};
use super::theirs::{EarningPart, TheirEarning, TheirRow, earnings};
use super::{Variance, VarianceClass};
use daybook_event::{Exact, Month, Overflow, PartnerId};
use daybook_views::PartnerRows;
use daybook_views::rows::TrueUpRow;
use std::collections::{BTreeMap, BTreeSet};

/// What we say of a partner: its rows, and the lines behind them.
#[derive(Debug, Clone, Copy)]
pub struct OurFigures<'a> {
    /// The partner.
    pub partner_id: &'a PartnerId,
    /// Its rows.
    pub rows: &'a PartnerRows,
    /// Its revenue lines, in order.
    pub lines: &'a [OurLine],
}

/// A partner's variances and what they are the differences of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartnerReconciliation {
    /// Every difference, in order.
    pub variances: Vec<Variance>,
    /// What they earn by their statement, by month: rebate and co-op.
    pub theirs: BTreeMap<Month, (Exact, Exact)>,
    /// What they earn by our figures, by month: postings and true-ups.
    pub ours: BTreeMap<Month, (Exact, Exact)>,
    /// How many of their earnings were matched with a line of ours, by the month in which they count them.
    pub matched: BTreeMap<Month, usize>,
}

/// Matches their rows with our lines and classes every difference.
///
/// # Errors
/// [`Overflow`] when a sum leaves the range of exact money.
///
/// # Panics
/// When the variances do not add up to the difference: our own bug, and no dispute is better than a wrong one.
pub fn reconcile_partner(ours: OurFigures<'_>, rows: &[TheirRow]) -> Result<PartnerReconciliation, Overflow> {
    let (of_lines, others): (Vec<TheirEarning>, Vec<TheirEarning>) =
        earnings(rows)?.into_iter().partition(|of| of.row.part != EarningPart::Other && !of.row.is_adjustment);
    let mut desk = Desk { ours, found: PartnerReconciliation::default(), taken: BTreeSet::new() };
    let matches = matched(ours.lines, &of_lines);
    let known: BTreeSet<usize> = matches.iter().map(|of| of.theirs).collect();
    for of in &matches {
        desk.count_match(&of_lines[of.theirs]);
        desk.differ(of, &of_lines[of.theirs])?;
    }
    for (_, their) in of_lines.iter().enumerate().filter(|(at, _)| !known.contains(at)) {
        desk.theirs_alone(VarianceClass::TheirsOnly, their);
    }
    desk.adjust(others)?;
    desk.missing()?;
    desk.posting_rounding()?;
    desk.totals(rows)?;
    desk.found.variances.sort();
    Ok(desk.found)
}

struct Desk<'a> {
    ours: OurFigures<'a>,
    found: PartnerReconciliation,
    /// Contributions that an earning speaks of, by line and place.
    taken: BTreeSet<(usize, usize)>,
}

impl Desk<'_> {
    fn count_match(&mut self, their: &TheirEarning) {
        *self.found.matched.entry(their.row.month).or_default() += 1;
    }

    /// The differences of an earning and its line. In another month, ours is taken out of our month and put into theirs
    /// first: what is left there is then of the other classes.
    fn differ(&mut self, of: &Matched, their: &TheirEarning) -> Result<(), Overflow> {
        let line = &self.ours.lines[of.line];
        let contribution = of.contribution.map(|at| &line.contributions[at]);
        if let Some(at) = of.contribution {
            self.taken.insert((of.line, at));
        }
        let note = note(line, contribution, their, of.key);
        let say = |month: Month, part: Part| Variance { note: note.clone(), ..self.variance(month, part, line, their) };
        let mut said = Vec::new();
        if let Some(ours) = contribution.filter(|_| of.key.is_in_other_month()) {
            let (rebate, coop) = ours.parts()?;
            let class = VarianceClass::Timing;
            let months = [
                (line.month(), Part { class, rebate: rebate.negate(), coop: coop.negate() }),
                (their.row.month, Part { class, rebate, coop }),
            ];
            said.extend(months.into_iter().filter(|_| !ours.amount.is_zero()).map(|(month, part)| say(month, part)));
        }
        said.extend(parts(line, contribution, their)?.into_iter().map(|part| say(their.row.month, part)));
        self.found.variances.extend(said);
        Ok(())
    }

    fn variance(&self, month: Month, part: Part, line: &OurLine, their: &TheirEarning) -> Variance {
        let named = |ours: &str, theirs: &str| if ours.is_empty() { theirs.to_owned() } else { ours.to_owned() };
        Variance {
            subscription_id: named(&line.subscription_id, &their.row.subscription_id),
            product: named(&line.product_name, &line.product_id),
            event: line.event.clone(),
            customer_id: line.customer_id.clone(),
            ..self.variance_of_theirs(month, part, their)
        }
    }

    fn variance_of_theirs(&self, month: Month, part: Part, their: &TheirEarning) -> Variance {
        let row = &their.row;
        let product = if row.product_name.is_empty() { &row.product_id } else { &row.product_name };
        Variance {
            partner_id: self.ours.partner_id.clone(),
            month,
            class: part.class,
            rebate: part.rebate,
            coop: part.coop,
            lever: row.lever.clone().unwrap_or_else(|| row.lever_named.clone()),
            customer_id: row.customer_id.clone(),
            subscription_id: row.subscription_id.clone(),
            product: product.clone(),
            event: String::new(),
            earning_ids: their.earning_ids.clone(),
            note: String::new(),
        }
    }

    fn theirs_alone(&mut self, class: VarianceClass, their: &TheirEarning) {
        if their.is_zero() {
            return;
        }
        let part = Part { class, rebate: their.rebate, coop: their.coop };
        let note = match (their.row.part, their.row.reason.as_str()) {
            (EarningPart::Other, _) => "an earning of another kind than rebate and co-op".to_owned(),
            (_, "") => "no line of ours has its subscription, nor its customer and product".to_owned(),
            (_, reason) => format!("their adjustment: {reason}"),
        };
        let variance = Variance { note, ..self.variance_of_theirs(their.row.month, part, their) };
        self.found.variances.push(variance);
    }

    /// Corrections name no sale: theirs and ours are the same where month, rebate, co-op and any lever agree.
    fn adjust(&mut self, theirs: Vec<TheirEarning>) -> Result<(), Overflow> {
        let mut left: Vec<&TrueUpRow> = self.ours.rows.true_ups.iter().collect();
        for their in theirs {
            if their.row.part == EarningPart::Other {
                self.theirs_alone(VarianceClass::TheirsOnly, &their);
                continue;
            }
            let is_same = |row: &&TrueUpRow| {
                let lever_fits =
                    row.lever.is_empty() || their.row.lever.as_ref().is_none_or(|lever| *lever == row.lever);
                (row.month, row.rebate, row.coop) == (their.row.month, their.rebate, their.coop) && lever_fits
            };
            match left.iter().position(is_same) {
                Some(at) => {
                    left.remove(at);
                    self.count_match(&their);
                }
                None => self.theirs_alone(VarianceClass::Adjustment, &their),
            }
        }
        for row in left {
            let note = format!("our true-up of {}: {}", row.closed_month, row.cause);
            let (rebate, coop) = (row.rebate.negate(), row.coop.negate());
            self.ours_alone(VarianceClass::Adjustment, row.month, &row.lever, (rebate, coop), note);
        }
        Ok(())
    }

    fn ours_alone(
        &mut self,
        class: VarianceClass,
        month: Month,
        lever: &str,
        (rebate, coop): (Exact, Exact),
        note: String,
    ) {
        if rebate.is_zero() && coop.is_zero() {
            return;
        }
        self.found.variances.push(Variance {
            partner_id: self.ours.partner_id.clone(),
            month,
            class,
            rebate,
            coop,
            lever: lever.to_owned(),
            customer_id: String::new(),
            subscription_id: String::new(),
            product: String::new(),
            event: String::new(),
            earning_ids: Vec::new(),
            note,
        });
    }

    /// Contributions of which no earning speaks.
    fn missing(&mut self) -> Result<(), Overflow> {
        for (at, line) in self.ours.lines.iter().enumerate() {
            for (of, contribution) in line.contributions.iter().enumerate() {
                if self.taken.contains(&(at, of)) || contribution.amount.is_zero() {
                    continue;
                }
                let (rebate, coop) = contribution.parts()?;
                let sold = sold(line);
                let note = format!("ours {} of {sold} at {}; theirs nothing", contribution.amount, contribution.rate);
                let parts = (rebate.negate(), coop.negate());
                self.ours_alone(VarianceClass::Missing, line.month(), &contribution.lever, parts, note);
                if let Some(last) = self.found.variances.last_mut() {
                    last.customer_id.clone_from(&line.customer_id);
                    last.subscription_id.clone_from(&line.subscription_id);
                    last.product.clone_from(if line.product_name.is_empty() {
                        &line.product_id
                    } else {
                        &line.product_name
                    });
                    last.event.clone_from(&line.event);
                }
            }
        }
        Ok(())
    }

    /// Postings are rounded once; the lines above are not. Where a closed month's postings are pinned, they differ from its
    /// lines by more, and our true-ups of that month say by what.
    fn posting_rounding(&mut self) -> Result<(), Overflow> {
        let mut sums: BTreeMap<(Month, &str), (Exact, Exact)> = BTreeMap::new();
        for row in &self.ours.rows.postings {
            let sum = sums.entry((row.month, &row.lever)).or_default();
            *sum = (sum.0.minus(row.rebate)?, sum.1.minus(row.coop)?);
        }
        for line in self.ours.lines {
            for contribution in &line.contributions {
                let (rebate, coop) = contribution.parts()?;
                let sum = sums.entry((line.month(), &contribution.lever)).or_default();
                *sum = (sum.0.plus(rebate)?, sum.1.plus(coop)?);
            }
        }
        let sums: Vec<(Month, String, (Exact, Exact))> =
            sums.into_iter().map(|((month, lever), parts)| (month, lever.to_owned(), parts)).collect();
        for (month, lever, parts) in sums {
            let is_rounding = parts.0.raw().abs().max(parts.1.raw().abs()) <= POSTING_ROUNDING_MAX.raw();
            let (class, note) = if is_rounding {
                (VarianceClass::Rounding, "our posting is rounded once for the month")
            } else {
                (VarianceClass::Adjustment, "our closed month stands as it was pinned")
            };
            self.ours_alone(class, month, &lever, parts, note.to_owned());
        }
        Ok(())
    }

    fn totals(&mut self, rows: &[TheirRow]) -> Result<(), Overflow> {
        let found = &mut self.found;
        for row in rows {
            let is_coop = row.part == EarningPart::Coop;
            let parts = if is_coop { (Exact::ZERO, row.earned) } else { (row.earned, Exact::ZERO) };
            add(&mut found.theirs, row.month, parts)?;
        }
        let postings = self.ours.rows.postings.iter().map(|row| (row.month, (row.rebate, row.coop)));
        let true_ups = self.ours.rows.true_ups.iter().map(|row| (row.month, (row.rebate, row.coop)));
        for (month, parts) in postings.chain(true_ups) {
            add(&mut found.ours, month, parts)?;
        }
        self.check()
    }

    fn check(&self) -> Result<(), Overflow> {
        let mut left = self.found.theirs.clone();
        for (month, (rebate, coop)) in &self.found.ours {
            add(&mut left, *month, (rebate.negate(), coop.negate()))?;
        }
        for variance in &self.found.variances {
            add(&mut left, variance.month, (variance.rebate.negate(), variance.coop.negate()))?;
        }
        let partner_id = self.ours.partner_id;
        for (month, parts) in left {
            assert_eq!(parts, (Exact::ZERO, Exact::ZERO), "variances of {partner_id} in {month} do not add up");
        }
        Ok(())
    }
}

/// Two roundings to the cent of each of a few postings of one lever.
const POSTING_ROUNDING_MAX: Exact = Exact::from_raw(5 * 10_i128.pow(23));

fn add(sums: &mut BTreeMap<Month, (Exact, Exact)>, month: Month, parts: (Exact, Exact)) -> Result<(), Overflow> {
    let sum = sums.entry(month).or_default();
    *sum = (sum.0.plus(parts.0)?, sum.1.plus(parts.1)?);
    Ok(())
}

fn sold(line: &OurLine) -> String {
    format!("{} {} on {}", line.amount, line.currency, line.on)
}

/// Both sides of a match in words.
fn note(line: &OurLine, ours: Option<&OurContribution>, their: &TheirEarning, key: MatchKey) -> String {
    let we_say = match ours {
        Some(of) => format!("{} of {} at {}", of.amount, sold(line), of.rate),
        None => format!("nothing of {}: {}", sold(line), line.bucket),
    };
    let their_sale = their.row.transaction.map(|(amount, currency)| format!(" of {amount} {currency}"));
    let earned = their.rebate.plus(their.coop).map_or_else(|_| String::new(), |sum| sum.to_string());
    let reason = if their.row.reason.is_empty() { String::new() } else { format!(", {}", their.row.reason) };
    let is_in_other = line.month() != their.row.month;
    let months = if is_in_other { format!("; they count it in {}", their.row.month) } else { String::new() };
    format!(
        "ours {we_say}; theirs {earned}{}{reason}{months}; matched by {}",
        their_sale.unwrap_or_default(),
        key.as_str()
    )
}
