//! By how many days cash moves: the difference of amount-weighted mean due dates. Shown, not attributed.

use chrono::{Datelike, NaiveDate};
use daybook_event::{Exact, PartnerId};
use daybook_views::PartnerRows;
use serde::{Serialize, Serializer};
use std::fmt;

/// Days in tenths, such as `-12.5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TenthsOfDays(pub i128);

impl fmt::Display for TenthsOfDays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        f.pad(&format!("{sign}{}.{}", self.0.unsigned_abs() / 10, self.0.unsigned_abs() % 10))
    }
}

impl Serialize for TenthsOfDays {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// By how many days a partner's cash moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartnerCashDays {
    /// The partner.
    pub partner_id: PartnerId,
    /// Candidate less reference: more is later.
    pub days: TenthsOfDays,
    /// What the candidate pays: the weight of this partner in the mean.
    #[serde(skip)]
    pub weight: Exact,
}

/// By how many days cash moves, over all partners that are paid something on both sides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CashDays {
    /// The median of the partners' days; none where no partner has any.
    pub median: Option<TenthsOfDays>,
    /// Their mean, weighted by what the candidate pays.
    pub weighted_mean: Option<TenthsOfDays>,
    /// Every partner that has cash on both sides, in order.
    pub partners: Vec<PartnerCashDays>,
}

/// The paid amounts of some rows, with the days that they are due.
fn paid(rows: &PartnerRows) -> Vec<(i128, NaiveDate)> {
    let paid = rows.payouts.iter().filter(|row| row.paid.is_positive());
    paid.map(|row| (row.paid.raw(), row.due_on)).collect()
}

/// The days of one partner; none where a side pays nothing, or sums are beyond what can be held exactly.
pub(super) fn days_of(
    partner_id: &PartnerId,
    reference: &PartnerRows,
    candidate: &PartnerRows,
) -> Option<PartnerCashDays> {
    let (before, after) = (paid(reference), paid(candidate));
    let common = before.iter().chain(&after).fold(0, |common, (amount, _)| gcd(common, *amount));
    let start = before.iter().chain(&after).map(|(_, due)| *due).min()?;
    // Days from the first due date, amounts in the largest unit that they share: nothing is lost, and sums stay small.
    let sums = |paid: &[(i128, NaiveDate)]| -> Option<(i128, i128)> {
        let mut sums = (0_i128, 0_i128);
        for (amount, due) in paid {
            let days = i128::from(due.num_days_from_ce() - start.num_days_from_ce());
            let amount = amount / common;
            sums = (sums.0.checked_add(amount.checked_mul(days)?)?, sums.1.checked_add(amount)?);
        }
        (sums.1 > 0).then_some(sums)
    };
    let ((early, total), (late, total_after)) = (sums(&before)?, sums(&after)?);
    let over = late.checked_mul(total)?.checked_sub(early.checked_mul(total_after)?)?;
    let days = half_even(over.checked_mul(10)?, total.checked_mul(total_after)?);
    let weight = after.iter().try_fold(0_i128, |sum, (amount, _)| sum.checked_add(*amount))?;
    Some(PartnerCashDays { partner_id: partner_id.clone(), days: TenthsOfDays(days), weight: Exact::from_raw(weight) })
}

impl CashDays {
    /// Over all partners.
    pub(super) fn of(partners: Vec<PartnerCashDays>) -> Self {
        let mut days: Vec<i128> = partners.iter().map(|partner| partner.days.0).collect();
        days.sort_unstable();
        let middle = days.len() / 2;
        let median = match (days.get(middle), days.len() % 2) {
            (None, _) => None,
            (Some(&one), 1) => Some(one),
            (Some(&upper), _) => Some(half_even(days[middle - 1] + upper, 2)),
        };
        Self { median: median.map(TenthsOfDays), weighted_mean: weighted_mean(&partners), partners }
    }
}

fn weighted_mean(partners: &[PartnerCashDays]) -> Option<TenthsOfDays> {
    let common = partners.iter().fold(0, |common, partner| gcd(common, partner.weight.raw()));
    let mut sums = (0_i128, 0_i128);
    for partner in partners {
        let weight = partner.weight.raw() / common;
        sums = (sums.0.checked_add(weight.checked_mul(partner.days.0)?)?, sums.1.checked_add(weight)?);
    }
    (sums.1 > 0).then(|| TenthsOfDays(half_even(sums.0, sums.1)))
}

fn gcd(one: i128, other: i128) -> i128 {
    let (mut one, mut other) = (one.abs(), other.abs());
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

/// The nearest whole number; of two equally near, the even one. The divisor is above zero.
fn half_even(number: i128, divisor: i128) -> i128 {
    let (whole, rest) = (number.div_euclid(divisor), number.rem_euclid(divisor));
    let up = match rest.cmp(&(divisor - rest)) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Greater => 1,
        std::cmp::Ordering::Equal => whole.rem_euclid(2),
    };
    whole + up
}

#[cfg(test)]
mod tests {
    use super::*;
    use daybook_event::{Month, date_parse};
    use daybook_views::rows::PayoutRow;

    fn rows(paid: &[(&str, &str)]) -> PartnerRows {
        let row = |(amount, due): &(&str, &str)| PayoutRow {
            partner_id: PartnerId::parse("P-1").unwrap(),
            month: Month::parse("2022-01").unwrap(),
            rebate: Exact::ZERO,
            converted: Exact::ZERO,
            true_up: Exact::ZERO,
            carried_in: Exact::ZERO,
            paid: Exact::parse(amount).unwrap(),
            held: Exact::ZERO,
            forfeited: Exact::ZERO,
            carried_out: Exact::ZERO,
            due_on: date_parse(due).unwrap(),
        };
        PartnerRows { payouts: paid.iter().map(row).collect(), ..PartnerRows::default() }
    }

    fn days(reference: &[(&str, &str)], candidate: &[(&str, &str)]) -> Option<String> {
        let of = days_of(&PartnerId::parse("P-1").unwrap(), &rows(reference), &rows(candidate))?;
        Some(of.days.to_string())
    }

    #[test]
    fn days_are_those_between_the_means_weighted_by_amount() {
        let march = [("9600.00", "2022-03-17")];
        // 6,400 of 16,000 are due 150 days later: 60 days in the mean.
        let both = [("9600.00", "2022-03-17"), ("6400.00", "2022-08-14")];
        assert_eq!(days(&march, &both).unwrap(), "60.0");
        assert_eq!(days(&both, &march).unwrap(), "-60.0");
        assert_eq!(days(&march, &march).unwrap(), "0.0");
        // A third of the cash a day later: 0.333 days.
        let third = [("2.00", "2022-03-17"), ("1.00", "2022-03-18")];
        assert_eq!(days(&march, &third).unwrap(), "0.3");
        // Exactly half a tenth goes to the even tenth.
        let half = [("19.00", "2022-03-17"), ("1.00", "2022-03-18")];
        assert_eq!(days(&march, &half).unwrap(), "0.0");
        assert_eq!(days(&march, &[]), None);
        assert_eq!(days(&march, &[("0.00", "2022-03-17")]), None);
    }

    #[test]
    fn the_median_is_of_partners_and_the_mean_of_money() {
        let partner = |days: i128, weight: &str| PartnerCashDays {
            partner_id: PartnerId::parse("P-1").unwrap(),
            days: TenthsOfDays(days),
            weight: Exact::parse(weight).unwrap(),
        };
        let two = CashDays::of(vec![partner(600, "16000.00"), partner(0, "15600.00")]);
        assert_eq!(two.median.unwrap().to_string(), "30.0");
        assert_eq!(two.weighted_mean.unwrap().to_string(), "30.4");
        let three = CashDays::of(vec![partner(-7, "1.00"), partner(0, "1.00"), partner(25, "0.01")]);
        assert_eq!(three.median.unwrap().to_string(), "0.0");
        assert_eq!(three.weighted_mean.unwrap().to_string(), "-0.3");
        assert_eq!(CashDays::of(Vec::new()).median, None);
    }
}
