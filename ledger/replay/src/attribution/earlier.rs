//! Nothing may change before the first date on which the books differ.

use daybook_event::{Exact, Month, NaiveDate, Overflow, PartnerId};
use daybook_rules::calendar::{Calendar, Period};
use daybook_views::PartnerRows;
use daybook_views::rows::LotRow;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// A figure of a time in which both books say the same, and which differs all the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct EarlierDifference {
    /// The partner.
    pub partner_id: PartnerId,
    /// The month; of a lot the last one of its period.
    pub month: Month,
    /// Which figure.
    pub figure: String,
    /// What it is under the book in force; empty where there is none.
    pub reference: String,
    /// What it is under the book proposed.
    pub candidate: String,
}

/// Every figure of a partner for months that end before a date, by month and name.
///
/// Which rule set priced a line is no figure, and what claims do to a lot may be later than its period.
fn figures(
    calendar: &Calendar,
    rows: &PartnerRows,
    before: NaiveDate,
) -> Result<BTreeMap<(Month, String), String>, Overflow> {
    let ended = |month: Month| month.last_day() < before;
    let mut sums: BTreeMap<(Month, String), Exact> = BTreeMap::new();
    let mut add = |month: Month, figure: String, amount: Exact| {
        let sum = sums.entry((month, figure)).or_default();
        *sum = sum.plus(amount)?;
        Ok::<(), Overflow>(())
    };
    for row in rows.postings.iter().filter(|row| ended(row.month)) {
        let parts = [("earned", row.earned), ("rebate", row.rebate), ("coop", row.coop), ("base", row.base)];
        parts.into_iter().try_for_each(|(name, part)| add(row.month, format!("{name} of {}", row.lever), part))?;
    }
    for row in rows.payouts.iter().filter(|row| ended(row.month)) {
        let parts = [("paid", row.paid), ("held", row.held), ("carried out", row.carried_out)];
        parts.into_iter().try_for_each(|(name, part)| add(row.month, name.to_owned(), part))?;
    }
    for row in rows.conservation.iter().filter(|row| ended(row.month)) {
        add(row.month, "billed that earns".to_owned(), row.earning)?;
        row.ineligible.iter().try_for_each(|(code, part)| add(row.month, format!("billed, {code}"), *part))?;
    }
    for row in &rows.lots {
        let Some(period) = calendar.period_parse(&row.period).filter(|period| ended(period.last_month())) else {
            continue;
        };
        add(period.last_month(), format!("co-op of {} ({})", row.period, row.state), row.accrued)?;
    }
    sums.retain(|_, sum| !sum.is_zero());
    let mut texts: BTreeMap<(Month, String), String> =
        sums.into_iter().map(|(key, sum)| (key, sum.to_string())).collect();
    for row in rows.standing.iter().filter(|row| ended(Month::of(row.on))) {
        texts.insert((Month::of(row.on), format!("standing on {}", row.on)), format!("{} ({})", row.state, row.cause));
    }
    Ok(texts)
}

/// Whether the rows of months that end before a date say the same, one by one: nearly always, and then no figure needs a name.
fn is_same_before(calendar: &Calendar, one: &PartnerRows, other: &PartnerRows, before: NaiveDate) -> bool {
    let ended = |month: Month| month.last_day() < before;
    let period = |row: &LotRow| calendar.period_parse(&row.period).map(Period::last_month);
    same(
        &one.postings,
        &other.postings,
        |row| ended(row.month),
        |row| (row.month, &row.lever, [row.earned, row.rebate, row.coop, row.base]),
    ) && same(
        &one.payouts,
        &other.payouts,
        |row| ended(row.month),
        |row| (row.month, [row.paid, row.held, row.carried_out]),
    ) && same(
        &one.conservation,
        &other.conservation,
        |row| ended(row.month),
        |row| (row.month, row.earning, &row.ineligible),
    ) && same(
        &one.lots,
        &other.lots,
        |row| period(row).is_some_and(ended),
        |row| (&row.period, &row.state, row.accrued),
    ) && same(&one.standing, &other.standing, |row| ended(Month::of(row.on)), |row| (row.on, &row.state, &row.cause))
}

/// Whether rows of both sides, as far as they are of the time, agree in what is looked at.
fn same<'a, R, K: PartialEq>(
    one: &'a [R],
    other: &'a [R],
    is_of_time: impl Fn(&R) -> bool,
    looked_at: impl Fn(&'a R) -> K,
) -> bool {
    let of = |rows: &'a [R]| rows.iter().filter(|row| is_of_time(row)).map(&looked_at);
    of(one).eq(of(other))
}

/// What differs before a date.
pub(super) fn earlier_differences(
    calendar: &Calendar,
    partner_id: &PartnerId,
    (reference, candidate): (&PartnerRows, &PartnerRows),
    before: NaiveDate,
) -> Result<Vec<EarlierDifference>, Overflow> {
    if is_same_before(calendar, reference, candidate, before) {
        return Ok(Vec::new());
    }
    let (one, other) = (figures(calendar, reference, before)?, figures(calendar, candidate, before)?);
    let keys: BTreeSet<&(Month, String)> = one.keys().chain(other.keys()).collect();
    let differing = keys.into_iter().filter(|key| one.get(*key) != other.get(*key));
    let said =
        |side: &BTreeMap<(Month, String), String>, key: &(Month, String)| side.get(key).cloned().unwrap_or_default();
    let row = |key: &(Month, String)| EarlierDifference {
        partner_id: partner_id.clone(),
        month: key.0,
        figure: key.1.clone(),
        reference: said(&one, key),
        candidate: said(&other, key),
    };
    Ok(differing.map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use daybook_event::date_parse;
    use daybook_rules::{RuleLibrary, shipped_rule_files};
    use daybook_views::rows::PostingRow;

    fn rows(month: &str, rule_set: &str, earned: &[&str]) -> PartnerRows {
        let posting = |earned: &&str| PostingRow {
            partner_id: PartnerId::parse("P-1").unwrap(),
            month: Month::parse(month).unwrap(),
            period: "FY22H1".into(),
            lever: "core_azure".into(),
            rule_set: rule_set.to_owned().into(),
            base: Exact::ZERO,
            earned: Exact::parse(earned).unwrap(),
            rebate: Exact::ZERO,
            coop: Exact::ZERO,
        };
        PartnerRows { postings: earned.iter().map(posting).collect(), ..PartnerRows::default() }
    }

    fn found(reference: &PartnerRows, candidate: &PartnerRows, before: &str) -> Vec<EarlierDifference> {
        let calendar = *RuleLibrary::load(&shipped_rule_files()).0.unwrap().current().calendar();
        let partner_id = PartnerId::parse("P-1").unwrap();
        earlier_differences(&calendar, &partner_id, (reference, candidate), date_parse(before).unwrap()).unwrap()
    }

    #[test]
    fn a_figure_of_a_month_that_ended_before_is_named_with_both_sides() {
        let (one, other) = (rows("2021-09", "2020-10", &["4.00"]), rows("2021-09", "2020-10", &["5.00"]));
        let differences = found(&one, &other, "2021-10-01");
        let said = differences.iter().map(|row| (row.month.to_string(), row.figure.as_str(), row.candidate.as_str()));
        assert_eq!(said.collect::<Vec<_>>(), [("2021-09".to_owned(), "earned of core_azure", "5.00")]);
        assert_eq!(differences[0].reference, "4.00");
        let gone = found(&one, &PartnerRows::default(), "2021-10-01");
        assert_eq!((gone[0].reference.as_str(), gone[0].candidate.as_str()), ("4.00", ""));
    }

    #[test]
    fn a_month_that_holds_the_date_may_differ_and_so_may_the_name_of_a_rule_set() {
        let (one, other) = (rows("2021-09", "2020-10", &["4.00"]), rows("2021-09", "2020-10.r2", &["1.00", "3.00"]));
        assert_eq!(found(&one, &other, "2021-10-01"), []);
        let more = rows("2021-09", "2020-10", &["9.00"]);
        assert_eq!(found(&one, &more, "2021-09-30"), []);
    }
}
