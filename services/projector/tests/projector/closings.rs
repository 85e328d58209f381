//! Closed months: the views keep what is pinned, and book what came later, however the records come in.

use crate::adoptions::{adoption, chooser};
use crate::bench::{Bench, Expected, book, book_of_2020, known};
use crate::dice::Dice;
use crate::equal::enrolled;
use crate::history::{TREASURY, date, envelope, history, month, rate, reversal, sale};
use crate::invented;
use chrono::{Days, NaiveDate};
use daybook_event::{Envelope, Month, Payload, PeriodClosed, PinnedStatement, Position};
use daybook_projector::{ProjectError, Projector};
use daybook_rules::Adoptions;
use daybook_rules::model::RuleBook;
use daybook_views::{ClosedTerms, Closing, Statement, TermsStep, closing_event_id, statement_event_id};
use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

fn adoptions_in(envelopes: &[Envelope]) -> Adoptions {
    let mut adoptions = Adoptions::default();
    (1..).zip(envelopes).for_each(|(at, envelope)| adoptions.add(Position::new(at), envelope));
    adoptions
}

/// Which book is the current one.
#[derive(Clone)]
enum Books {
    /// All that is shipped, once it is adopted; the one of 2020 before.
    Shipped,
    /// Always this one.
    Fixed(Arc<RuleBook>),
}

impl Books {
    fn at(&self, adoptions: &Adoptions, known: Position) -> Arc<RuleBook> {
        static SHIPPED: LazyLock<[Arc<RuleBook>; 2]> = LazyLock::new(|| [book_of_2020(), book()]);
        match self {
            Self::Shipped => Arc::clone(&SHIPPED[usize::from(adoptions.standing(known).next().is_some())]),
            Self::Fixed(book) => Arc::clone(book),
        }
    }

    /// All that changed is one step.
    fn terms(&self, adoptions: &Adoptions, closing: &Closing, current: &Arc<RuleBook>) -> ClosedTerms {
        let at_close = self.at(adoptions, closing.position);
        let step = TermsStep { cause: "terms:2021-10/all".to_owned(), book: Arc::clone(current) };
        let steps = if at_close.terms_hash == current.terms_hash { Vec::new() } else { vec![step] };
        ClosedTerms { at_close, steps }
    }

    fn projector(&self, bench: &Bench, records_max: u64) -> Projector {
        let (choose, choose_terms) = (self.clone(), self.clone());
        let mut projector = bench.projector(&self.at(&Adoptions::default(), Position::ZERO), records_max);
        projector.follow_adoptions(Box::new(move |adoptions, known| Ok(choose.at(adoptions, known))));
        projector.follow_closings(Box::new(move |adoptions, closing, current| {
            Ok(Some(choose_terms.terms(adoptions, closing, current)))
        }));
        projector
    }

    /// What the pure fold makes of these records under their own current book.
    fn expected(&self, envelopes: &[Envelope], through: NaiveDate) -> Expected {
        let adoptions = adoptions_in(envelopes);
        let book = self.at(&adoptions, Position::new(u64::MAX));
        let closings = known(envelopes).0.closings();
        let terms = match closings.on(through).last() {
            Some(closing) => self.terms(&adoptions, closing, &book),
            None => ClosedTerms::unchanged(Arc::clone(&book)),
        };
        Expected::closed(envelopes, &book, &terms, through)
    }

    /// The statements and the closing of a month, made of the records so far.
    fn close(&self, envelopes: &[Envelope], of: Month, through: NaiveDate) -> Vec<Envelope> {
        let position = Position::new(envelopes.len() as u64);
        let book = self.at(&adoptions_in(envelopes), position);
        let mut acts = Vec::new();
        for (partner_id, rows) in self.expected(envelopes, through).partners {
            let Some(statement) = Statement::of(&rows, of, position, &partner_id, book.calendar()) else { continue };
            let rows = statement.to_json();
            let id = statement_event_id(of, &partner_id, through, &rows);
            let name = partner_id.to_string();
            let payload = Payload::PinnedStatement(PinnedStatement { month: of, partner_id, rows });
            acts.push(envelope("ledger", &id, &name, through, payload));
        }
        acts.push(closing(of, position, &book, through));
        acts
    }
}

fn closing(of: Month, position: Position, book: &RuleBook, through: NaiveDate) -> Envelope {
    let closed = PeriodClosed {
        month: of,
        position,
        root: "00".repeat(32),
        terms_hash: book.terms_hash.clone(),
        engine_semantics: daybook_views::ENGINE_SEMANTICS,
        statement_digest: "00".repeat(32),
        override_reason: String::new(),
        views_digest: String::new(),
        closed_by: "finance".to_owned(),
        approver: String::new(),
        reason: "month end".to_owned(),
    };
    envelope("ledger", &closing_event_id(of), "", through, Payload::PeriodClosed(closed))
}

#[track_caller]
fn assert_equal(books: &Books, bench: &Bench, projector: &mut Projector, through: NaiveDate, about: &str) {
    projector.catch_up(&bench.reader, through).unwrap_or_else(|fault| panic!("{about}: {fault}"));
    let views = projector.views().unwrap().unwrap();
    assert_eq!(views.checkpoint().position.number(), bench.appended.len() as u64, "{about}");
    bench.assert_rows(&views, &books.expected(&bench.appended, through), about);
}

/// What true-ups were caused by.
fn causes(expected: Expected) -> BTreeSet<String> {
    let rows = expected.partners.into_values().flat_map(|rows| rows.true_ups);
    rows.map(|row| row.cause.split(':').next().unwrap_or_default().to_owned()).collect()
}

/// Seeds whose histories are trued up, together for every kind of cause.
const SEEDS: [u64; 6] = [0, 7, 8, 15, 24, 37];
const INVENTED_SEEDS: [u64; 5] = [0, 2, 5, 6, 8];

#[test]
fn closed_months_do_not_depend_on_batches_restarts_or_through_dates() {
    let mut reached = BTreeSet::new();
    for seed in SEEDS {
        reached.extend(one_history_with_closings(&Books::Shipped, seed, &history(seed, 160)));
    }
    for cause in ["late_event", "credit", "reversal", "exchange_rate", "terms", "manual"] {
        assert!(reached.contains(cause), "{cause} is not among {reached:?}");
    }
}

#[test]
fn closed_months_of_the_invented_terms_do_not_depend_on_them_either() {
    let books = Books::Fixed(invented::book());
    let mut reached = BTreeSet::new();
    for seed in INVENTED_SEEDS {
        reached.extend(one_history_with_closings(&books, seed, &invented::history(seed, 160)));
    }
    assert!(reached.contains("late_event") && reached.contains("manual"), "{reached:?}");
}

/// Lets a history come in, with months closed, an adoption, and reversals of acts of closing between.
fn one_history_with_closings(books: &Books, seed: u64, events: &[Envelope]) -> BTreeSet<String> {
    let mut dice = Dice::new(seed ^ 0xc105e);
    let mut bench = Bench::new();
    let (mut through, mut next) = (date("2021-02-10"), month("2021-01"));
    let mut view = books.projector(&bench, 7);
    let adopted_at = usize::try_from(90 + dice.below(60)).unwrap();
    let (mut rest, mut acts) = (events, Vec::new());
    while !rest.is_empty() {
        let count = usize::try_from(1 + dice.below(40)).unwrap().min(rest.len());
        let before = events.len() - rest.len();
        bench.append(&rest[..count]);
        rest = &rest[count..];
        if (before..before + count).contains(&adopted_at) {
            bench.append(&[adoption("a-1")]);
        }
        through = through + Days::new(dice.below(110));
        while next.last_day() <= through && dice.percent(70) {
            acts = books.close(&bench.appended, next, through);
            bench.append(&acts);
            next = next.next();
        }
        if dice.percent(20) && !acts.is_empty() {
            let of = dice.of(&acts);
            let name = of.partner_id.as_ref().map(ToString::to_string).unwrap_or_default();
            bench.append(&[envelope(
                "ledger",
                &format!("u-{before}"),
                &name,
                through,
                reversal(of.id.event_id.as_str()),
            )]);
        }
        if dice.percent(40) {
            drop(view);
            view = books.projector(&bench, 1 + dice.below(40));
        }
        assert_equal(books, &bench, &mut view, through, &format!("seed {seed} at {before}"));
    }
    let end = date("2023-12-31");
    assert_equal(books, &bench, &mut view, end, &format!("seed {seed} at the end"));
    causes(books.expected(&bench.appended, end))
}

/// P-A sells in euros and P-B in dollars, January to March 2021; January is closed.
fn january_closed() -> Bench {
    let mut bench = Bench::new();
    let mut events = enrolled("P-A");
    events.extend(enrolled("P-B"));
    for (at, on) in ["2021-01-10", "2021-02-10", "2021-03-10"].into_iter().enumerate() {
        events.push(envelope("contoso", &format!("a-{at}"), "P-A", date(on), sale("C-1", "10000.00", "EUR", None)));
        events.push(envelope("contoso", &format!("b-{at}"), "P-B", date(on), sale("C-1", "10000.00", "USD", None)));
    }
    events.push(envelope(TREASURY, "r-1", "", date("2021-01-31"), rate("EUR", month("2021-01"), "1.1")));
    bench.append(&events);
    let acts = Books::Shipped.close(&bench.appended, month("2021-01"), date("2021-02-05"));
    bench.append(&acts);
    bench
}

#[test]
fn a_rate_and_its_reversal_in_one_batch_are_both_booked() {
    let mut bench = january_closed();
    let through = date("2021-06-30");
    let mut view = Books::Shipped.projector(&bench, 1_000);
    assert_equal(&Books::Shipped, &bench, &mut view, through, "closed");
    bench.append(&[
        envelope(TREASURY, "r-2", "", date("2021-03-01"), rate("EUR", month("2021-01"), "1.2")),
        envelope(TREASURY, "u-2", "", date("2021-03-01"), reversal("r-2")),
    ]);
    assert_equal(&Books::Shipped, &bench, &mut view, through, "nothing changed in the end");
    let expected = Books::Shipped.expected(&bench.appended, through);
    assert_eq!(causes(expected), BTreeSet::from(["exchange_rate".to_owned(), "reversal".to_owned()]));
}

#[test]
fn what_is_pinned_stays_in_the_views_when_sums_cannot_be_held() {
    let mut bench = january_closed();
    let through = date("2021-06-30");
    let mut view = Books::Shipped.projector(&bench, 1_000);
    assert_equal(&Books::Shipped, &bench, &mut view, through, "closed");
    let most = "999999999999.00";
    let line =
        |at: u32| envelope("contoso", &format!("m-{at}"), "P-B", date("2021-04-10"), sale("C-1", most, "USD", None));
    bench.append(&(0..20).map(line).collect::<Vec<_>>());
    assert_equal(&Books::Shipped, &bench, &mut view, through, "sums that cannot be held");
    let rows = Books::Shipped.expected(&bench.appended, through).partners;
    let of = rows.into_values().find(|rows| rows.is_overflowed()).expect("sums that cannot be held");
    assert!(!of.postings.is_empty() && of.postings.iter().all(|row| row.month == month("2021-01")), "{of:?}");
}

/// One more late line than can be told apart: all but the last are taken two by two.
const LATE_LINES: u32 = 257;

/// The cause of the run with the last late line in it.
fn cause_of_last(bench: &Bench, through: NaiveDate) -> String {
    let last = format!("late_event:contoso/late-{}", LATE_LINES - 1);
    let rows = Books::Shipped.expected(&bench.appended, through).partners.into_values();
    let causes = rows.flat_map(|rows| rows.true_ups).map(|row| row.cause);
    causes.into_iter().find(|cause| cause.starts_with(&last)).expect("the last late line is a cause").to_string()
}

#[test]
fn only_rates_that_may_convert_something_take_a_place_in_runs_of_late_records() {
    let mut bench = january_closed();
    let late = (0..LATE_LINES).map(|at| {
        envelope("contoso", &format!("late-{at}"), "P-A", date("2021-01-20"), sale("C-1", "1000.00", "USD", None))
    });
    bench.append(&late.collect::<Vec<_>>());
    let through = date("2021-03-31");
    let last = format!("late_event:contoso/late-{}", LATE_LINES - 1);
    let mut view = Books::Shipped.projector(&bench, 1_000);
    assert_equal(&Books::Shipped, &bench, &mut view, through, "late lines");
    assert_eq!(cause_of_last(&bench, through), last);

    // The partner bills euros, but none in December.
    bench.append(&[envelope(TREASURY, "r-2", "", date("2021-03-01"), rate("EUR", month("2020-12"), "1.2"))]);
    assert_equal(&Books::Shipped, &bench, &mut view, through, "a rate that converts nothing");
    assert_eq!(cause_of_last(&bench, through), last);

    // The one that counts already, once more.
    bench.append(&[envelope(TREASURY, "r-3", "", date("2021-03-02"), rate("EUR", month("2021-01"), "1.1"))]);
    assert_equal(&Books::Shipped, &bench, &mut view, through, "a rate that changes nothing");
    assert_eq!(cause_of_last(&bench, through), format!("{last} and 1 more"));

    bench.append(&[envelope(TREASURY, "u-2", "", date("2021-03-03"), reversal("r-2"))]);
    assert_equal(&Books::Shipped, &bench, &mut view, through, "the reversal of a rate that converts nothing");
    assert_eq!(cause_of_last(&bench, through), format!("{last} and 1 more"));
}

#[test]
fn without_a_chooser_of_terms_the_views_are_made_as_if_nothing_were_closed() {
    let mut bench = january_closed();
    bench.append(&[envelope("contoso", "l-1", "P-B", date("2021-01-12"), sale("C-1", "100.00", "USD", None))]);
    let through = date("2021-06-30");
    let mut open = bench.projector(&book_of_2020(), 1_000);
    open.catch_up(&bench.reader, through).unwrap();
    bench.assert_equal(&open, &book_of_2020(), through, "as if open");
    assert_eq!(open.view_checkpoint().unwrap().unwrap().closed, None);
    drop(open);
    let mut view = Books::Shipped.projector(&bench, 1_000);
    assert_equal(&Books::Shipped, &bench, &mut view, through, "with what is closed");
    assert_eq!(view.view_checkpoint().unwrap().unwrap().closed.unwrap().month, month("2021-01"));
}

#[test]
fn terms_that_cannot_be_had_stop_the_views_and_say_which_month_is_closed() {
    let bench = january_closed();
    let mut view = bench.projector(&book_of_2020(), 1_000);
    view.follow_closings(Box::new(|_, _, _| Err("no book".to_owned())));
    let refused = view.catch_up(&bench.reader, date("2021-06-30")).unwrap_err();
    assert!(matches!(&refused, ProjectError::ClosedTerms { month: of, .. } if *of == month("2021-01")), "{refused}");
    drop(view);
    // Before the closing counts nothing is asked for.
    let mut view = bench.projector(&book_of_2020(), 1_000);
    view.follow_closings(Box::new(|_, _, _| Err("no book".to_owned())));
    view.catch_up(&bench.reader, date("2021-02-04")).unwrap();
    bench.assert_equal(&view, &book_of_2020(), date("2021-02-04"), "not closed yet");
}

#[test]
fn other_steps_between_the_same_books_are_another_generation() {
    let mut bench = january_closed();
    bench.append(&[adoption("a-1")]);
    let through = date("2021-06-30");
    let mut view = Books::Shipped.projector(&bench, 1_000);
    assert_equal(&Books::Shipped, &bench, &mut view, through, "one step");
    drop(view);
    let mut view = bench.projector(&book(), 1_000);
    view.follow_adoptions(chooser());
    view.follow_closings(Box::new(|adoptions, closing, current| {
        let mut terms = Books::Shipped.terms(adoptions, closing, current);
        terms.steps.iter_mut().for_each(|step| step.cause = "terms:2021-10/renamed".to_owned());
        Ok(Some(terms))
    }));
    view.catch_up(&bench.reader, through).unwrap();
    let steps = view.view_checkpoint().unwrap().unwrap().closed.unwrap().steps;
    assert_eq!(steps, ["terms:2021-10/renamed"]);
}

#[test]
fn without_terms_the_views_are_made_as_if_nothing_were_closed() {
    let bench = january_closed();
    let mut view = bench.projector(&book_of_2020(), 1_000);
    view.follow_closings(Box::new(|_, _, _| Ok(None)));
    view.catch_up(&bench.reader, date("2021-06-30")).unwrap();
    bench.assert_equal(&view, &book_of_2020(), date("2021-06-30"), "as if nothing were closed");
}
