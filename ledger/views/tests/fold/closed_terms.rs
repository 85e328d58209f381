//! What is booked for closed months because the terms changed.

use crate::story::{Story, month};
use daybook_event::{Exact, Rate};
use daybook_rules::model::{Base, RuleBook};
use daybook_views::{ClosedTerms, TermsStep};
use std::sync::Arc;

/// The book with another rate for Azure in a version.
fn at_rate(book: &RuleBook, set: usize, rate: &str) -> Arc<RuleBook> {
    let mut book = book.clone();
    let lever = book.sets[set].levers.iter_mut().find(|lever| lever.name == "core_azure").unwrap();
    lever.rate = Rate::parse_percent(rate).unwrap();
    book.sets[set].hashes.terms_hash = format!("azure at {rate}");
    Arc::new(book)
}

fn step(cause: &str, book: &Arc<RuleBook>) -> TermsStep {
    TermsStep { cause: cause.to_owned(), book: Arc::clone(book) }
}

/// October 2020 closed, then the rate of 4 % becomes 5 % and then 6 %.
fn changed_twice() -> Story {
    let mut story = Story::enrolled();
    story.close("2020-10", "2020-11-05");
    let at_close = Arc::clone(&story.book);
    let (five, six) = (at_rate(&at_close, 0, "5%"), at_rate(&at_close, 0, "6%"));
    let steps = vec![step("terms:2020-10/five", &five), step("terms:2020-10/six", &six)];
    story.book = six;
    story.terms = ClosedTerms { at_close, steps };
    story
}

#[test]
fn each_change_of_terms_is_booked_on_top_of_those_before_it() {
    let story = changed_twice();
    let booked = ["2020-11 2020-10 60.00 40.00 terms:2020-10/five", "2020-11 2020-10 60.00 40.00 terms:2020-10/six"];
    assert_eq!(story.true_ups("2020-12-31"), booked);
    // The closed month keeps its 4 %, the open one has 6 %.
    assert_eq!(story.postings("2020-12-31"), ["2020-10 240.00 160.00", "2020-11 180.00 120.00"]);
}

#[test]
fn records_come_before_terms_and_are_measured_under_those_of_the_closing() {
    let mut story = changed_twice();
    story.partner.bill("l-1", "2020-10-20", "1000.00", None);
    let booked = [
        "2020-11 2020-10 24.00 16.00 late_event:contoso/l-1",
        "2020-11 2020-10 66.00 44.00 terms:2020-10/five",
        "2020-11 2020-10 66.00 44.00 terms:2020-10/six",
    ];
    assert_eq!(story.true_ups("2020-12-31"), booked);
}

#[test]
fn what_was_booked_for_new_terms_is_not_booked_again_once_it_is_closed() {
    let mut story = changed_twice();
    let before = story.true_ups("2020-12-31");
    story.close("2020-11", "2020-12-05");
    story.terms = ClosedTerms::unchanged(Arc::clone(&story.book));
    assert_eq!(story.true_ups("2020-12-31"), before);
    // A late event is now priced at 6 %.
    story.partner.bill("l-1", "2020-10-20", "1000.00", None);
    assert_eq!(story.true_ups("2020-12-31")[2], "2020-12 2020-10 36.00 24.00 late_event:contoso/l-1");
}

#[test]
fn terms_that_begin_after_the_closed_months_book_nothing() {
    let mut story = Story::enrolled();
    story.close("2020-10", "2020-11-05");
    let at_close = Arc::clone(&story.book);
    let later = at_rate(&at_close, 1, "9%");
    story.terms = ClosedTerms { at_close, steps: vec![step("terms:2021-10/nine", &later)] };
    story.book = later;
    assert!(story.true_ups("2020-12-31").is_empty());
    story.partner.bill("l-1", "2020-10-20", "1000.00", None);
    assert_eq!(story.true_ups("2020-12-31"), ["2020-11 2020-10 24.00 16.00 late_event:contoso/l-1"]);
}

/// Closed from October 2020 to October 2021; then the rate of the version of October 2021 becomes 5 %, and an event of
/// September comes late.
fn changed_in_the_last_closed_month() -> Story {
    let mut story = Story::enrolled();
    story.partner.bill("s-3", "2021-06-10", "20000.00", None);
    story.partner.bill("s-4", "2021-10-12", "1000.00", None);
    for at in 0..13 {
        let of = month("2020-10").plus(at);
        story.close(&of.to_string(), &of.next().first_day().to_string());
    }
    let at_close = Arc::clone(&story.book);
    let five = at_rate(&at_close, 1, "5%");
    story.terms = ClosedTerms { at_close, steps: vec![step("terms:2021-10/five", &five)] };
    story.book = five;
    story.partner.bill("l-1", "2021-09-20", "500.00", None);
    story
}

#[test]
fn terms_that_begin_within_the_closed_months_leave_those_before_alone() {
    let mut story = changed_in_the_last_closed_month();
    // 500.00 at 4 %, and 1 % of 1,000.00.
    let booked = ["2021-11 2021-09 12.00 8.00 late_event:contoso/l-1", "2021-11 2021-10 6.00 4.00 terms:2021-10/five"];
    assert_eq!(story.true_ups("2021-11-30"), booked);
    // The same where nothing says since when the books are apart, and all is folded from the beginning.
    let mut whole = RuleBook::clone(&story.book);
    whole.catalogue.terms_hash = "another edition".to_owned();
    story.book = Arc::new(whole);
    story.terms.steps[0].book = Arc::clone(&story.book);
    assert_eq!(story.true_ups("2021-11-30"), booked);
}

#[test]
fn a_change_that_asks_for_more_of_earlier_months_is_folded_from_the_beginning() {
    let mut story = changed_in_the_last_closed_month();
    // Paid for customers of their first twelve months: C-1 is one since October 2020, which nobody asked before.
    let mut book = RuleBook::clone(&story.book);
    let lever = book.sets[1].levers.iter_mut().find(|lever| lever.name == "core_azure").unwrap();
    lever.base = Base::CustomerAdd { months: 12, monthly_at_least: Exact::ZERO };
    book.sets[1].hashes.terms_hash = "azure of new customers".to_owned();
    story.book = Arc::new(book);
    story.terms.steps[0].book = Arc::clone(&story.book);
    // In October 2021 it is one no more: the 24.00 and 16.00 that were closed are taken back.
    let booked =
        ["2021-11 2021-09 12.00 8.00 late_event:contoso/l-1", "2021-11 2021-10 -24.00 -16.00 terms:2021-10/five"];
    assert_eq!(story.true_ups("2021-11-30"), booked);
}
