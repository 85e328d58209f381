//! Each class by hand, and what holds of any two sides.

use super::*;
use daybook_event::{Amount, Currency, ExchangeRate, NaiveDate, Position, Rate};
use daybook_views::PartnerRows;
use daybook_views::rows::{PostingRow, TrueUpRow};
use proptest::prelude::*;

fn exact(text: &str) -> Exact {
    Exact::parse(text).unwrap()
}

fn month(text: &str) -> Month {
    Month::parse(text).unwrap()
}

fn date(text: &str) -> NaiveDate {
    daybook_event::date_parse(text).unwrap()
}

fn partner() -> PartnerId {
    PartnerId::parse("P-1").unwrap()
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

/// A sale of a subscription at 4 %, in dollars, split 60 to 40.
fn line(event: &str, on: &str, amount: &str) -> OurLine {
    let amount = Amount::parse(amount).unwrap();
    OurLine {
        event: event.to_owned(),
        position: Position::new(1),
        on: date(on),
        customer_id: "C-1".to_owned(),
        subscription_id: "S-1".to_owned(),
        product_id: "CFQ7TTC0LCHC".to_owned(),
        product_name: "Microsoft 365 Business Premium".to_owned(),
        amount,
        currency: Currency::USD,
        exchange: None,
        base: Some(amount.exact()),
        bucket: "earning".to_owned(),
        contributions: vec![OurContribution {
            lever: "core_modern_work".to_owned(),
            rule_set: "2021-10".to_owned(),
            rate: Rate::parse_percent("4%").unwrap(),
            rebate_share: Rate::parse_percent("60%").unwrap(),
            amount: amount.exact().times(Rate::parse_percent("4%").unwrap()).unwrap(),
            is_plain: true,
        }],
    }
}

/// One part of an earning on such a sale.
fn row(number: u64, in_month: &str, sold: &str, part: EarningPart, earned: &str) -> TheirRow {
    let sold = Amount::parse(sold).unwrap();
    TheirRow {
        at: (0, number),
        earning_id: format!("E-{number}"),
        partner_id: partner(),
        month: month(in_month),
        lever: Some("core_modern_work".to_owned()),
        lever_named: "Core Modern Work".to_owned(),
        part,
        customer_id: "C-1".to_owned(),
        subscription_id: "S-1".to_owned(),
        product_id: String::new(),
        product_name: "Microsoft 365 Business Premium".to_owned(),
        transaction_id: format!("T-{in_month}-{sold}"),
        transacted_on: None,
        transaction: Some((sold, Currency::USD)),
        base: Some(sold.exact()),
        earned: exact(earned),
        reason: String::new(),
        is_adjustment: false,
    }
}

fn both(in_month: &str, sold: &str, rebate: &str, coop: &str) -> Vec<TheirRow> {
    vec![row(2, in_month, sold, EarningPart::Rebate, rebate), row(3, in_month, sold, EarningPart::Coop, coop)]
}

/// The rows that the lines make, each month's posting rounded to the cent.
fn rows_of(lines: &[OurLine]) -> PartnerRows {
    let cents = daybook_event::Rounding::half_even(Amount::parse("0.01").unwrap()).unwrap();
    let mut sums = std::collections::BTreeMap::<(Month, String), (Exact, Exact)>::new();
    for line in lines {
        for contribution in &line.contributions {
            let sum = sums.entry((line.month(), contribution.lever.clone())).or_default();
            sum.0 = sum.0.plus(line.base.unwrap()).unwrap();
            sum.1 = sum.1.plus(contribution.amount).unwrap();
        }
    }
    let posting = |((month, lever), (base, sum)): ((Month, String), (Exact, Exact))| {
        let earned = cents.round(sum);
        let rebate = cents.round(earned.times(Rate::parse_percent("60%").unwrap()).unwrap());
        PostingRow {
            partner_id: partner(),
            month,
            period: "FY22H1".into(),
            lever: lever.into(),
            rule_set: "2021-10".into(),
            base,
            earned,
            rebate,
            coop: earned.minus(rebate).unwrap(),
        }
    };
    PartnerRows { postings: sums.into_iter().map(posting).collect(), ..PartnerRows::default() }
}

fn reconciled(lines: &[OurLine], theirs: &[TheirRow]) -> PartnerReconciliation {
    let rows = rows_of(lines);
    reconcile_partner(OurFigures { partner_id: &partner(), rows: &rows, lines }, theirs).unwrap()
}

fn matched(found: &PartnerReconciliation) -> usize {
    found.matched.values().sum()
}

/// Class, month, rebate and co-op of each variance.
fn said(found: &PartnerReconciliation) -> Vec<(VarianceClass, String, String, String)> {
    let say = |of: &Variance| (of.class, of.month.to_string(), of.rebate.to_string(), of.coop.to_string());
    found.variances.iter().map(say).collect()
}

fn one(class: VarianceClass, month: &str, rebate: &str, coop: &str) -> (VarianceClass, String, String, String) {
    (class, month.to_owned(), rebate.to_owned(), coop.to_owned())
}

#[test]
fn a_month_alone_counts_its_own_matches() {
    let lines = [line("s-1", "2021-11-03", "1000"), line("s-2", "2021-12-03", "1000")];
    let theirs = [both("2021-11", "1000", "24", "16"), both("2021-12", "1000", "24", "16")].concat();
    let found = [(partner(), reconciled(&lines, &theirs))];
    let matched_in = |wanted: &dyn Fn(Month) -> bool| Reconciliation::of(&found, wanted).unwrap().matched;
    let december = Month::parse("2021-12").unwrap();
    assert_eq!([matched_in(&|_| true), matched_in(&|month| month == december), matched_in(&|_| false)], [2, 1, 0]);
}

#[test]
fn what_agrees_has_no_variance() {
    let found = reconciled(&[line("s-1", "2021-11-03", "1000")], &both("2021-11", "1000", "24", "16"));
    assert_eq!((matched(&found), said(&found)), (1, vec![]));
}

#[test]
fn a_lower_rate_is_a_rate_and_is_split_as_the_posting() {
    let found = reconciled(&[line("s-1", "2021-11-03", "1000")], &both("2021-11", "1000", "18", "12"));
    assert_eq!(said(&found), [one(VarianceClass::Rate, "2021-11", "-6.00", "-4.00")]);
}

#[test]
fn another_amount_sold_is_a_base_at_our_rate() {
    let found = reconciled(&[line("s-1", "2021-11-03", "1000")], &both("2021-11", "900", "21.60", "14.40"));
    assert_eq!(said(&found), [one(VarianceClass::Base, "2021-11", "-2.40", "-1.60")]);
    assert!(found.variances[0].note.ends_with("matched by subscription, month"), "{}", found.variances[0].note);
}

#[test]
fn base_and_rate_of_one_line_are_told_apart() {
    let found = reconciled(&[line("s-1", "2021-11-03", "1000")], &both("2021-11", "900", "16.20", "10.80"));
    let expected =
        [one(VarianceClass::Base, "2021-11", "-2.40", "-1.60"), one(VarianceClass::Rate, "2021-11", "-5.40", "-3.60")];
    assert_eq!(said(&found), expected);
}

#[test]
fn another_exchange_rate_is_fx() {
    let mut ours = line("s-1", "2021-11-03", "1000");
    let rate = ExchangeRate::parse("1.15").unwrap();
    (ours.currency, ours.exchange) = (currency("EUR"), Some(rate));
    ours.base = Some(ours.amount.convert(rate).unwrap());
    ours.contributions[0].amount = exact("46");
    let mut theirs = both("2021-11", "1000", "26.40", "17.60");
    for row in &mut theirs {
        row.transaction = row.transaction.map(|(amount, _)| (amount, currency("EUR")));
        row.base = Some(exact("1100"));
    }
    assert_eq!(said(&reconciled(&[ours], &theirs)), [one(VarianceClass::Fx, "2021-11", "-1.20", "-0.80")]);
}

#[test]
fn another_split_of_the_same_earning_is_a_split() {
    let found = reconciled(&[line("s-1", "2021-11-03", "1000")], &both("2021-11", "1000", "40", "0"));
    assert_eq!(said(&found), [one(VarianceClass::Split, "2021-11", "16.00", "-16.00")]);
}

#[test]
fn who_pays_where_the_other_does_not_differs_in_eligibility() {
    let mut ineligible = line("s-1", "2021-11-03", "1000");
    ineligible.contributions.clear();
    ineligible.bucket = "ineligible:IVDCOMP".to_owned();
    let found = reconciled(&[ineligible], &both("2021-11", "1000", "24", "16"));
    assert_eq!(said(&found), [one(VarianceClass::Eligibility, "2021-11", "24.00", "16.00")]);
    assert!(found.variances[0].note.contains("ineligible:IVDCOMP"), "{}", found.variances[0].note);
    let refused = reconciled(&[line("s-1", "2021-11-03", "1000")], &both("2021-11", "1000", "0", "0"));
    assert_eq!(said(&refused), [one(VarianceClass::Eligibility, "2021-11", "-24.00", "-16.00")]);
}

#[test]
fn a_line_in_another_month_is_timing_in_both_and_the_rest_is_classed() {
    let found = reconciled(&[line("s-1", "2021-11-30", "1000")], &both("2021-12", "1000", "18", "12"));
    let expected = [
        one(VarianceClass::Timing, "2021-11", "-24.00", "-16.00"),
        one(VarianceClass::Rate, "2021-12", "-6.00", "-4.00"),
        one(VarianceClass::Timing, "2021-12", "24.00", "16.00"),
    ];
    assert_eq!(said(&found), expected);
}

#[test]
fn three_months_apart_are_two_sales() {
    let found = reconciled(&[line("s-1", "2021-11-30", "1000")], &both("2022-02", "1000", "24", "16"));
    let expected = [
        one(VarianceClass::Missing, "2021-11", "-24.00", "-16.00"),
        one(VarianceClass::TheirsOnly, "2022-02", "24.00", "16.00"),
    ];
    assert_eq!(said(&found), expected);
}

#[test]
fn a_refund_is_never_taken_for_a_sale() {
    let found = reconciled(&[line("s-1", "2021-11-03", "1000")], &both("2021-11", "-1000", "-24", "-16"));
    let classes: Vec<VarianceClass> = found.variances.iter().map(|of| of.class).collect();
    assert_eq!(classes, [VarianceClass::Missing, VarianceClass::TheirsOnly]);
}

#[test]
fn of_two_lines_the_one_with_the_same_amount_is_meant_and_each_is_taken_once() {
    let lines = [line("s-1", "2021-11-03", "1000"), line("s-2", "2021-11-10", "500")];
    let mut theirs = both("2021-11", "500", "12", "8");
    theirs.extend(both("2021-11", "990", "23.76", "15.84"));
    let found = reconciled(&lines, &theirs);
    assert_eq!(matched(&found), 2);
    assert_eq!(said(&found), [one(VarianceClass::Base, "2021-11", "-0.24", "-0.16")]);
    assert_eq!(found.variances[0].event, "s-1");
}

#[test]
fn without_a_subscription_customer_and_product_say_which_line_is_meant() {
    let mut theirs = both("2021-11", "1000", "18", "12");
    for row in &mut theirs {
        row.subscription_id.clear();
        row.customer_id = "c1".to_owned();
    }
    let lines = [line("s-1", "2021-11-03", "1000")];
    assert_eq!(said(&reconciled(&lines, &theirs)), [one(VarianceClass::Rate, "2021-11", "-6.00", "-4.00")]);
    for row in &mut theirs {
        row.product_name = "Visio".to_owned();
    }
    assert_eq!(matched(&reconciled(&lines, &theirs)), 0);
}

#[test]
fn each_row_rounded_by_itself_is_rounding() {
    // 4 % of 0.65 is 0.026: 0.0156 and 0.0104; our posting of both lines rounds 0.052 to 0.05.
    let lines = [line("s-1", "2021-11-03", "0.65"), line("s-2", "2021-11-04", "0.65")];
    let mut theirs = both("2021-11", "0.65", "0.02", "0.01");
    let mut second = theirs.clone();
    second.iter_mut().for_each(|row| row.transaction_id = "T-2".to_owned());
    theirs.extend(second);
    let found = reconciled(&lines, &theirs);
    assert_eq!(matched(&found), 2);
    assert!(found.variances.iter().all(|of| of.class == VarianceClass::Rounding), "{:?}", said(&found));
    let all = Reconciliation::of(&[(partner(), found)], |_| true).unwrap();
    assert_eq!(
        (all.theirs.to_string(), all.ours.to_string(), all.is_disputed()),
        ("0.06".into(), "0.05".into(), false)
    );
}

#[test]
fn an_adjustment_meets_our_true_up_or_stands_alone() {
    let mut theirs = both("2022-02", "0", "-24", "-16");
    for row in &mut theirs {
        (row.is_adjustment, row.transaction, row.base) = (true, None, None);
        row.reason = "Previous period earnings".to_owned();
        row.subscription_id.clear();
    }
    let true_up = TrueUpRow {
        partner_id: partner(),
        month: month("2022-02"),
        closed_month: month("2021-11"),
        lever: "core_modern_work".into(),
        rebate: exact("-24"),
        coop: exact("-16"),
        cause: "reversal:contoso/r-1".into(),
    };
    let rows = PartnerRows { true_ups: vec![true_up], ..PartnerRows::default() };
    let ours = |rows| reconcile_partner(OurFigures { partner_id: &partner(), rows, lines: &[] }, &theirs).unwrap();
    assert_eq!(said(&ours(&rows)), []);
    let alone = ours(&PartnerRows::default());
    assert_eq!(said(&alone), [one(VarianceClass::Adjustment, "2022-02", "-24.00", "-16.00")]);
    assert_eq!(alone.variances[0].note, "their adjustment: Previous period earnings");
    let unpaid = reconcile_partner(OurFigures { partner_id: &partner(), rows: &rows, lines: &[] }, &[]).unwrap();
    assert_eq!(said(&unpaid), [one(VarianceClass::Adjustment, "2022-02", "24.00", "16.00")]);
}

#[test]
fn a_fee_is_theirs_alone_whatever_it_names() {
    let fee = row(9, "2021-11", "1000", EarningPart::Other, "3");
    let found = reconciled(&[line("s-1", "2021-11-03", "1000")], &[fee]);
    let classes: Vec<VarianceClass> = found.variances.iter().map(|of| of.class).collect();
    assert_eq!(classes, [VarianceClass::Missing, VarianceClass::TheirsOnly]);
}

#[test]
fn months_that_nobody_asked_for_are_in_no_total() {
    let found = reconciled(&[line("s-1", "2021-11-30", "1000")], &both("2021-12", "1000", "24", "16"));
    let all = Reconciliation::of(&[(partner(), found)], |of| of == month("2021-12")).unwrap();
    assert_eq!(
        (all.theirs.to_string(), all.ours.to_string(), all.variance.to_string()),
        ("40.00".into(), "0.00".into(), "40.00".into())
    );
    assert_eq!(all.variances.len(), 1);
}

const AMOUNTS: [&str; 7] = ["1000", "900", "0.65", "-1000", "12.345", "0", "33.33"];
const MONTHS: [&str; 4] = ["2021-10", "2021-11", "2021-12", "2022-03"];
const EARNED: [&str; 6] = ["24", "16", "0", "-24", "0.02", "7.77"];

proptest! {
    /// Whatever the two sides say, every cent of the difference has one class, and no earning is counted twice.
    #[test]
    fn variances_add_up_to_the_difference(
        ours in proptest::collection::vec((0_usize..7, 0_usize..4, 0_u8..3), 0..12),
        theirs in proptest::collection::vec((0_usize..7, 0_usize..4, 0_usize..6, 0_u8..6), 0..12),
    ) {
        let lines: Vec<OurLine> = ours.iter().enumerate().map(|(at, (amount, month, kind))| {
            let mut line = line(&format!("s-{at}"), &format!("{}-05", MONTHS[*month]), AMOUNTS[*amount]);
            line.subscription_id = format!("S-{kind}");
            if *kind == 2 {
                line.contributions.clear();
            }
            line
        }).collect();
        let rows: Vec<TheirRow> = theirs.iter().zip(1..).map(|((amount, month, earned, kind), number)| {
            let part = [EarningPart::Rebate, EarningPart::Coop, EarningPart::Other][usize::from(kind % 3)];
            let mut row = row(number, MONTHS[*month], AMOUNTS[*amount], part, EARNED[*earned]);
            row.subscription_id = format!("S-{}", kind % 4);
            row.is_adjustment = *kind == 5;
            row
        }).collect();
        let found = reconciled(&lines, &rows);
        let all = Reconciliation::of(&[(partner(), found)], |_| true).unwrap();
        let sum = |parts: Vec<Exact>| parts.into_iter().fold(Exact::ZERO, |sum, part| sum.plus(part).unwrap());
        prop_assert_eq!(sum(all.classes.iter().map(|of| of.amount).collect()), all.variance);
        prop_assert_eq!(sum(all.months.iter().map(|of| of.variance).collect()), all.variance);
        prop_assert_eq!(sum(rows.iter().map(|row| row.earned).collect()), all.theirs);
    }
}
