//! Partners close to a threshold, on either side of it: where a little more or less revenue changes much.

use super::bands::LARGE_CHANGE_DIVISOR;
use super::measured::Side;
use super::seen::SideRows;
use daybook_event::{Exact, Month, NaiveDate, Overflow, PartnerId};
use daybook_rules::model::GateTest;
use daybook_views::fact::FactKind;
use daybook_views::{FxTable, PartnerHistory, RevenueMargin, coop_threshold, revenue_margins};
use serde::Serialize;

/// A partner within 5 % of a threshold under one of the books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NearCliff {
    /// The partner.
    pub partner_id: PartnerId,
    /// Under which book.
    pub side: Side,
    /// The threshold, by its path in the rules.
    pub path: String,
    /// The earning period of a co-op threshold; empty for a gate, which is measured on the through date.
    pub period: String,
    /// What the partner has.
    pub measured: Exact,
    /// The least that passes.
    pub required: Exact,
    /// What it has less what it needs; negative: that much is missing.
    pub distance: Exact,
    /// Whether it passes.
    pub is_met: bool,
    /// What passing decides: the co-op of the lot, usable or paid as rebate; for a gate, what the partner earned in the
    /// last twelve months under the book that gave it more.
    pub at_stake: Exact,
}

impl NearCliff {
    /// Whether the threshold is that of a gate; else it is that of a lot.
    pub(crate) fn is_of_gate(&self) -> bool {
        self.period.is_empty()
    }
}

/// Whether the measured amount is within 5 % of the required one.
fn is_near(measured: Exact, required: Exact) -> Result<bool, Overflow> {
    let distance = measured.minus(required)?.raw().abs();
    Ok(required.is_positive() && distance <= required.raw() / LARGE_CHANGE_DIVISOR)
}

fn near(
    partner_id: &PartnerId,
    side: Side,
    path: String,
    period: &str,
    (measured, required): (Exact, Exact),
    at_stake: Exact,
) -> Result<NearCliff, Overflow> {
    Ok(NearCliff {
        partner_id: partner_id.clone(),
        side,
        path,
        period: period.to_owned(),
        measured,
        required,
        distance: measured.minus(required)?,
        is_met: measured >= required,
        at_stake,
    })
}

/// Lots within 5 % of their threshold. Those of periods under way are measured as they are so far.
pub(crate) fn near_coop(partner_id: &PartnerId, of: &SideRows<'_>) -> Result<Vec<NearCliff>, Overflow> {
    let mut found = Vec::new();
    for lot in &of.rows.lots {
        let Some(period) = of.book.calendar().period_parse(&lot.period) else { continue };
        let pair = (lot.accrued, coop_threshold(of.book, period));
        if lot.state != "none" && is_near(pair.0, pair.1)? {
            found.push(near(partner_id, of.side, "coop.threshold".to_owned(), &lot.period, pair, lot.accrued)?);
        }
    }
    Ok(found)
}

/// How far a partner is from the revenue gates on the through date, where it may be near one.
pub(crate) fn margins(
    partner_id: &PartnerId,
    of: &SideRows<'_>,
    fx: &FxTable,
    history: &PartnerHistory,
    through: NaiveDate,
) -> Result<Vec<RevenueMargin>, Overflow> {
    if !may_be_near(of, history, through)? {
        return Ok(Vec::new());
    }
    // A partner whose sums cannot be held has no figures, and so no margins.
    Ok(revenue_margins(of.book, fx, partner_id, history, through).unwrap_or_default())
}

/// The margins within 5 %. What is at stake is not known yet.
pub(crate) fn near_margins(
    partner_id: &PartnerId,
    side: Side,
    margins: &[RevenueMargin],
) -> Result<Vec<NearCliff>, Overflow> {
    let mut found = Vec::new();
    for margin in margins {
        let pair = (margin.measured, margin.required);
        if is_near(pair.0, pair.1)? {
            found.push(near(partner_id, side, format!("gate.{}.at_least", margin.gate), "", pair, Exact::ZERO)?);
        }
    }
    Ok(found)
}

/// Whether a revenue gate can be near at all. The rows tell what was billed by month, not by day; only partners that they
/// cannot rule out are folded again.
fn may_be_near(of: &SideRows<'_>, history: &PartnerHistory, through: NaiveDate) -> Result<bool, Overflow> {
    for gate in &of.book.set_on_or_first(through).gates {
        for test in &gate.any_of {
            let GateTest::TrailingRevenue { window_days, groups, at_least: Some(required) } = test else { continue };
            let before = through.checked_sub_days(chrono::Days::new(u64::from(*window_days)));
            let split = Month::of(before.unwrap_or(through).succ_opt().unwrap_or(through));
            let has_more = history.facts().iter().any(|fact| match &fact.kind {
                FactKind::Opening(_) => true,
                FactKind::Line(line) => fact.month() == split && !line.amount.is_positive(),
                FactKind::Standing(_)
                | FactKind::Certification(_)
                | FactKind::Claim(_)
                | FactKind::Adjustment(_)
                | FactKind::Moneyless => false,
            });
            let since = |month: Month| {
                let rows = of.rows.conservation.iter().filter(move |row| row.month >= month);
                rows.into_iter().try_fold(Exact::ZERO, |sum, row| sum.plus(row.billed))
            };
            // The month in which the window begins counts in part: between nothing and all of it.
            let (least, most) = (since(split.next())?, since(split)?);
            let margin = Exact::from_raw(required.raw() / LARGE_CHANGE_DIVISOR);
            let is_within = least <= required.plus(margin)? && most >= required.minus(margin)?;
            if !groups.is_empty() || has_more || is_within {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
