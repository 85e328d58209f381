//! Credits whose line is out of the ordinary.

use crate::partner::{ENTRY_FACTS, ONBOARDING_FACTS, Partner, book, date};
use daybook_event::{Exact, Opening, Payload, StandingValue};
use daybook_rules::model::Base;
use daybook_views::PartnerRows;

fn enrolled() -> Partner {
    let mut partner = Partner::default();
    partner.hold("2020-08-03", &ENTRY_FACTS);
    partner.hold("2020-08-03", &ONBOARDING_FACTS);
    partner
}

fn findings(rows: &PartnerRows) -> Vec<&str> {
    rows.findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[test]
fn a_credit_of_a_reversed_line_is_unmatched_even_before_the_first_terms() {
    let mut partner = enrolled();
    partner.bill("s-1", "2020-09-10", "100.00", None);
    partner.bill("c-1", "2020-11-10", "-10.00", Some("s-1"));
    let before = partner.rows(&book(), "2020-12-31");
    assert_eq!(before.conservation[1].provisional_noterms.to_string(), "-10.00");
    partner.reverse("2020-12-01", "s-1");
    let after = partner.rows(&book(), "2020-12-31");
    assert_eq!(after.conservation[0].unmatched.to_string(), "-10.00");
    assert_eq!((findings(&after), after.provisional.len()), (vec!["CREDIT_OF_REVERSED"], 0));
}

#[test]
fn a_credit_goes_to_the_bucket_of_the_own_tenant_that_the_customer_was() {
    let mut partner = enrolled();
    partner.hold("2020-10-12", &["own_tenant:C-1"]);
    partner.bill("s-1", "2020-10-20", "100.00", None);
    partner.state("2020-10-26", "own_tenant:C-1", StandingValue::Lapsed);
    partner.bill("s-2", "2020-10-26", "7.00", None);
    partner.bill("c-1", "2020-11-10", "-30.00", Some("s-1"));
    let rows = partner.rows(&book(), "2020-12-31");
    assert_eq!(rows.conservation[0].earning.to_string(), "7.00");
    assert_eq!(rows.conservation[0].ineligible["CUSEQPTR"].to_string(), "100.00");
    assert_eq!(rows.conservation[1].ineligible["CUSEQPTR"].to_string(), "-30.00");
}

#[test]
fn a_chain_through_a_reversed_credit_is_unmatched() {
    let mut partner = enrolled();
    partner.bill("s-1", "2020-10-20", "100.00", None);
    partner.bill("c-1", "2020-10-21", "-40.00", Some("s-1"));
    partner.bill("c-2", "2020-10-22", "15.00", Some("c-1"));
    partner.reverse("2020-10-23", "c-1");
    let rows = partner.rows(&book(), "2020-12-31");
    assert_eq!(rows.conservation[0].earning.to_string(), "100.00");
    assert_eq!(rows.conservation[0].unmatched.to_string(), "15.00");
    assert_eq!(findings(&rows), ["CREDIT_OF_REVERSED"]);
}

#[test]
fn a_line_that_credits_itself_is_a_cycle_of_one() {
    let mut partner = enrolled();
    partner.bill("c-1", "2020-10-20", "-40.00", Some("c-1"));
    partner.bill("c-2", "2020-11-20", "-2.00", Some("c-1"));
    partner.bill("c-3", "2020-11-21", "-1.00", Some("c-2"));
    let rows = partner.rows(&book(), "2020-12-31");
    assert_eq!(findings(&rows), ["CREDIT_CYCLE", "CREDIT_CYCLE"]);
    assert_eq!(rows.conservation[1].earning.to_string(), "-3.00");
}

#[test]
fn a_credit_takes_over_that_its_customer_was_new_whatever_an_opening_told_in_between() {
    let mut book = book();
    let lever = book.sets[0].levers.iter_mut().find(|lever| lever.name == "core_azure").unwrap();
    lever.base = Base::CustomerAdd { months: 1, monthly_at_least: Exact::ZERO };
    let mut partner = enrolled();
    partner.bill("s-1", "2020-11-10", "100.00", None);
    let since = Opening::CustomerSince {
        customer_id: "C-1".to_owned(),
        product_group: "azure".to_owned(),
        since_on: date("2019-05-01"),
    };
    partner.add("o-1", date("2020-12-05"), 0, Payload::Opening(since));
    partner.bill("c-1", "2020-12-10", "-30.00", Some("s-1"));
    let rows = partner.rows(&book, "2020-12-31");
    let bases: Vec<String> = rows.postings.iter().map(|row| format!("{} {}", row.month, row.base)).collect();
    assert_eq!(bases, ["2020-11 100.00", "2020-12 -30.00"]);
}
