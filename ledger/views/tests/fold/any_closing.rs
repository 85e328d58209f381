//! What holds for every history, whenever its months are closed.

use crate::any_history::{AMOUNTS, Rolled, check, day, payload, total};
use crate::partner::{ENTRY_FACTS, ONBOARDING_FACTS};
use crate::story::Story;
use chrono::Days;
use daybook_event::{Exact, Month};
use daybook_views::PartnerRows;
use daybook_views::rows::{PostingRow, TrueUpRow};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Kinds of facts as `any_history` rolls them, and rates after those.
const KINDS: u8 = 20;
const RATES_FROM: u8 = 18;
const RATES: [&str; 3] = ["1.1", "0.95", "1.3"];

fn tell(story: &mut Story, at: usize, rolled: Rolled) {
    let (what, on, seq, of, how_much) = rolled;
    let id = format!("e-{}", at + 8);
    if what >= RATES_FROM {
        let month = Month::of(day(on)).plus(-i32::from(of % 3));
        story.rate(&id, &day(on).to_string(), &month.to_string(), RATES[how_much % RATES.len()]);
    } else {
        story.partner.add(&id, day(on), seq, payload(rolled));
    }
}

/// Rebate and co-op by what they concern: month and lever.
fn sums(rows: &PartnerRows) -> BTreeMap<(Month, String), (Exact, Exact)> {
    let mut sums: BTreeMap<(Month, String), (Exact, Exact)> = BTreeMap::new();
    let postings = rows.postings.iter().map(|row| (row.month, &row.lever, row.rebate, row.coop));
    let true_ups = rows.true_ups.iter().map(|row| (row.closed_month, &row.lever, row.rebate, row.coop));
    for (month, lever, rebate, coop) in postings.chain(true_ups) {
        let sum = sums.entry((month, lever.to_string())).or_default();
        *sum = (total(&[sum.0, rebate]), total(&[sum.1, coop]));
    }
    sums.retain(|_, sum| !sum.0.is_zero() || !sum.1.is_zero());
    sums
}

fn is_of<T: Clone>(rows: &[T], until: Month, month: impl Fn(&T) -> Month) -> Vec<T> {
    rows.iter().filter(|row| month(row) <= until).cloned().collect()
}

/// What a closing has pinned of its months.
fn closed_rows(rows: &PartnerRows, last: Month) -> (Vec<PostingRow>, Vec<TrueUpRow>) {
    (is_of(&rows.postings, last, |row| row.month), is_of(&rows.true_ups, last, |row| row.month))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Nothing is booked twice or left out: what is pinned and what is booked later come, for each month and lever, to what is
    /// computed as if nothing were closed. Nothing that is pinned is ever rewritten, and every sum closes.
    #[test]
    fn what_is_pinned_and_what_is_booked_later_come_to_what_is_owed(
        rolled in proptest::collection::vec((0..KINDS, 0_u64..400, 0_u32..3, 0_u8..40, 0_usize..AMOUNTS.len()), 10..50),
        gaps in proptest::collection::vec((1_usize..12, 0_u64..40), 1..9),
    ) {
        let mut story = Story::new();
        story.partner.hold("2021-06-01", &ENTRY_FACTS);
        story.partner.hold("2021-06-01", &ONBOARDING_FACTS);
        // Amounts at the limit make the whole partner overflow.
        let mut rest = rolled.into_iter().filter(|rolled| rolled.4 != 6).enumerate();
        let (mut month, mut through) = (Month::of(day(0)), day(0));
        for (facts, days) in gaps {
            rest.by_ref().take(facts).for_each(|(at, rolled)| tell(&mut story, at, rolled));
            through = through.max(month.last_day()) + Days::new(days);
            story.close(&month.to_string(), &through.to_string());
            let before = closed_rows(&story.rows(&through.to_string()), month);
            rest.by_ref().take(2).for_each(|(at, rolled)| tell(&mut story, at, rolled));
            let rows = story.rows(&through.to_string());
            prop_assert_eq!(closed_rows(&rows, month), before);
            month = month.next();
        }
        rest.for_each(|(at, rolled)| tell(&mut story, at, rolled));
        let end = (through + Days::new(30)).to_string();
        let (closed, open) = (story.rows(&end), story.rows_as_if_open(&end));
        check(&closed)?;
        prop_assert_eq!(sums(&closed), sums(&open));
        prop_assert_eq!((closed.standing, closed.conservation), (open.standing, open.conservation));
        prop_assert!(closed.true_ups.iter().all(|row| row.cause != "engine"), "{:?}", closed.true_ups);
    }
}
