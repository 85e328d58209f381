//! Temporal coverage, by the fold itself: a sale on the first of every month earns, from the first version on.

use crate::books;
use daybook_event::{Instant, Month, Position, RuleFile};
use daybook_replay::{HistoriesBuilder, replay};
use daybook_rules::{RuleTest, load_tests};

/// One partner per month, with one sale big enough for every threshold on its first day.
fn sales(months: impl Iterator<Item = Month>) -> RuleTest {
    let rows: Vec<String> = months
        .map(|month| format!("{} | P-{month} | C-1 | Office 365 | commercial | 1000000.00", month.first_day()))
        .collect();
    let text = format!(
        "format = \"incentive-tests/1\"\n[[test]]\nname = \"coverage\"\nperiod = \"FY21H1\"\ngiven = \"\"\"\n\
         date | partner | customer | product | segment | amount\n{}\n\"\"\"\n\
         expect = \"\"\"\npartner | earned\nP-2020-10 | 0.00\n\"\"\"\n",
        rows.join("\n")
    );
    let file = RuleFile { name: "coverage.tests.toml".to_owned(), bytes: text.into_bytes() };
    let (mut tests, diagnostics) = load_tests(&[file]);
    assert!(diagnostics.is_empty(), "{}", diagnostics[0]);
    tests.remove(0)
}

#[test]
fn a_sale_on_the_first_of_every_month_earns_from_the_first_version_to_two_years_ahead() {
    let book = books::book(None, "current").unwrap();
    let first = Month::of(book.sets[0].valid_from);
    let last = Month::of(crate::import::now().date_utc()).plus(super::COVERAGE_MONTHS_AHEAD);
    let months = last.since(first) + 1;
    let mut builder = HistoriesBuilder::default();
    let sales = sales((0..months).map(|at| first.plus(at)));
    for (position, envelope) in (1..).zip(sales.envelopes(&book)) {
        builder.add(Position::new(position), Instant::default(), envelope);
    }
    let replayed = replay(&builder.finish(), &book, last.last_day(), 1);
    assert_eq!(replayed.partners.len(), usize::try_from(months).unwrap());
    for (partner_id, rows) in &replayed.partners {
        assert_eq!(rows.conservation.len(), 1, "{partner_id}");
        assert_eq!(rows.conservation[0].earning, rows.conservation[0].billed, "{partner_id}");
        assert!(rows.provisional.is_empty(), "{partner_id}: {:?}", rows.provisional);
    }
}
