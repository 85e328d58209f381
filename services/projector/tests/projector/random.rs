//! Random histories, in batches, with restarts and through dates that move: after every step the rows are the fold's.

use crate::bench::{Bench, Expected, book};
use crate::dice::Dice;
use crate::history::{date, history};
use crate::invented;
use chrono::Days;
use daybook_event::{Envelope, Payload};
use daybook_rules::model::RuleBook;
use daybook_views::PartnerRows;
use std::collections::BTreeSet;
use std::sync::Arc;

/// So many records at most come in between two looks at the rows.
const RECORDS_MAX: u64 = 60;

/// Lets the history of a seed come in and compares after each batch, then on later dates.
fn assert_equal_however_it_comes(book: &Arc<RuleBook>, seed: u64, envelopes: &[Envelope], ends: &[&str]) {
    let about = format!("seed {seed}");
    let mut dice = Dice::new(seed ^ 0x5eed);
    let mut bench = Bench::new();
    let mut through = date("2021-09-15");
    let mut projector = bench.projector(book, 7);
    let mut rest = envelopes;
    while !rest.is_empty() {
        let count = usize::try_from(1 + dice.below(RECORDS_MAX)).unwrap().min(rest.len());
        bench.append(&rest[..count]);
        rest = &rest[count..];
        if dice.percent(40) {
            through = through + Days::new(dice.below(70));
        }
        if dice.percent(40) {
            drop(projector);
            projector = bench.projector(book, 1 + dice.below(40));
        }
        projector.catch_up(&bench.reader, through).unwrap_or_else(|fault| panic!("{about}: {fault}"));
        bench.assert_equal(&projector, book, through, &about);
    }
    for to in ends {
        projector.catch_up(&bench.reader, date(to)).unwrap_or_else(|fault| panic!("{about}: {fault}"));
        bench.assert_equal(&projector, book, date(to), &about);
    }
}

#[test]
fn rows_do_not_depend_on_batches_restarts_or_the_order_of_arrival() {
    let book = book();
    for seed in 0..24 {
        assert_equal_however_it_comes(&book, seed, &history(seed, 220), &["2022-12-31", "2023-09-30", "2024-01-01"]);
    }
}

#[test]
fn the_histories_of_these_tests_have_what_the_views_can_show() {
    let book = book();
    let mut rows = Vec::new();
    for seed in 0..24 {
        let expected = Expected::of(&history(seed, 220), &book, date("2023-09-30"));
        rows.extend(expected.partners.into_values());
        rows.push(expected.of_no_partner);
    }
    let codes: BTreeSet<String> =
        rows.iter().flat_map(|rows| rows.findings.iter().map(|finding| finding.code.to_string())).collect();
    for code in [
        "REVERSAL_TARGET_UNKNOWN",
        "REVERSAL_OF_REVERSAL",
        "SOURCE_NOT_NAMED",
        "CREDIT_TARGET_UNKNOWN",
        "CREDIT_OF_REVERSED",
        "CREDIT_OTHER_CURRENCY",
        "CREDIT_CYCLE",
        "CREDIT_ABOVE_LINE",
        "CLAIM_STEP_IGNORED",
        "CLAIM_NOFX",
    ] {
        assert!(codes.contains(code), "{code} is not among {codes:?}");
    }
    assert!(rows.iter().any(|rows| rows.payouts.iter().any(|row| row.paid.is_positive())));
    assert!(rows.iter().any(|rows| rows.lots.iter().any(|row| row.state == "usable")));
    assert!(rows.iter().any(|rows| rows.standing.iter().any(|row| row.state == "offboarded")));
    assert!(rows.iter().any(|rows| rows.provisional.iter().any(|row| row.why == "NOFX")));
}

/// The seeds, the events of each, and the dates on which the whole history is looked at.
const INVENTED_SEEDS: std::ops::Range<u64> = 0..12;
const INVENTED_EVENTS: usize = 300;
const INVENTED_ENDS: [&str; 4] = ["2021-12-10", "2022-06-10", "2022-12-05", "2023-12-31"];

#[test]
fn rows_of_the_invented_terms_do_not_depend_on_them_either() {
    let book = invented::book();
    for seed in INVENTED_SEEDS {
        let envelopes = invented::history(seed, INVENTED_EVENTS);
        assert_equal_however_it_comes(&book, seed, &envelopes, &INVENTED_ENDS[2..]);
    }
}

/// What the histories under the invented terms reached.
#[derive(Default)]
struct Reached(BTreeSet<&'static str>);

impl Reached {
    fn see_if(&mut self, holds: bool, outcome: &'static str) {
        if holds {
            self.0.insert(outcome);
        }
    }

    fn note(&mut self, rows: &PartnerRows, envelopes: &[Envelope]) {
        for row in &rows.standing {
            self.see_if(row.state == "offboarded", "offboarded");
            let is_of = |kind: fn(&Payload) -> bool| {
                let mut named = envelopes.iter().filter(|event| row.events.contains(&event.id.to_string()));
                named.any(|event| kind(&event.payload))
            };
            self.see_if(is_of(|payload| matches!(payload, Payload::CertificationEarned(_))), "competency by people");
            self.see_if(is_of(|payload| matches!(payload, Payload::LicenseSale(_))), "competency by new customers");
        }
        self.note_money(rows);
        for row in &rows.claims {
            let is_longer = row.claim_id.starts_with(invented::LONGER) && row.period == "FY22H1";
            self.see_if(is_longer && row.refused.is_empty(), "longer use of co-op");
        }
    }

    fn note_money(&mut self, rows: &PartnerRows) {
        for row in &rows.postings {
            let is_earned = row.earned.is_positive();
            match row.lever.as_str() {
                "growth_data" => {
                    let has_base = !rows.provisional.iter().any(|flag| flag.month == row.month && flag.why == "NOBASE");
                    self.see_if(is_earned && has_base, "growth on a month of the year before");
                    self.see_if(row.base.is_zero(), "no growth");
                }
                "add_cloud" => self.see_if(is_earned, "customer_add"),
                _ => {}
            }
        }
        self.see_if(rows.conservation.iter().any(|row| row.capped.is_positive()), "capped");
        self.see_if(rows.provisional.iter().any(|row| row.why == "NOBASE"), "growth on nothing");
        self.see_if(rows.payouts.iter().any(|row| row.held.is_positive()), "held");
        for row in rows.payouts.iter().filter(|row| row.due_on > row.month.last_day() + Days::new(30)) {
            self.see_if(row.paid.is_positive(), "released");
        }
        let codes = rows.findings.iter().map(|finding| finding.code.as_str());
        self.see_if(codes.clone().any(|code| code == "OPENING_IGNORED"), "an opening of an unknown group");
    }
}

#[test]
fn the_histories_of_the_invented_terms_have_what_the_shipped_ones_have_not() {
    let book = invented::book();
    let mut reached = Reached::default();
    for seed in INVENTED_SEEDS {
        let envelopes = invented::history(seed, INVENTED_EVENTS);
        for end in INVENTED_ENDS {
            for rows in Expected::of(&envelopes, &book, date(end)).partners.values() {
                reached.note(rows, &envelopes);
            }
        }
    }
    for outcome in [
        "offboarded",
        "competency by people",
        "competency by new customers",
        "growth on a month of the year before",
        "no growth",
        "growth on nothing",
        "customer_add",
        "capped",
        "held",
        "released",
        "longer use of co-op",
        "an opening of an unknown group",
    ] {
        assert!(reached.0.contains(outcome), "{outcome} is not among {:?}", reached.0);
    }
}
