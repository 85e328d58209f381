//! Closed months: the views keep what is pinned, and book what came later, however the records come in.

use crate::adoptions::{adoption, chooser};
use crate::bench::{Bench, Expected, book, book_of_2020, known};
use crate::dice::Dice;
use crate::history::{TREASURY, date, envelope, history, month, rate, reversal, sale};
use chrono::{Days, NaiveDate};
use daybook_event::{Envelope, Month, Payload, PeriodClosed, PinnedStatement, Position};
use daybook_projector::{ChooseClosedTerms, ProjectError, Projector};
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

/// The adopted book as of a position, which is all that is shipped; the one of 2020 while none is.
fn book_at(adoptions: &Adoptions, known: Position) -> Arc<RuleBook> {
    static BOOKS: LazyLock<[Arc<RuleBook>; 2]> = LazyLock::new(|| [book_of_2020(), book()]);
    Arc::clone(&BOOKS[usize::from(adoptions.standing(known).next().is_some())])
}

/// All that changed is one step.
fn terms_of(adoptions: &Adoptions, closing: &Closing, current: &Arc<RuleBook>) -> ClosedTerms {
    let at_close = book_at(adoptions, closing.position);
    let step = TermsStep { cause: "terms:2021-10/all".to_owned(), book: Arc::clone(current) };
    let steps = if at_close.terms_hash == current.terms_hash { Vec::new() } else { vec![step] };
    ClosedTerms { at_close, steps }
}

fn terms_chooser() -> ChooseClosedTerms {
    Box::new(|adoptions, closing, current| Ok(terms_of(adoptions, closing, current)))
}

/// What the pure fold makes of these records under their own current book.
fn expected(envelopes: &[Envelope], through: NaiveDate) -> Expected {
    let adoptions = adoptions_in(envelopes);
    let book = book_at(&adoptions, Position::new(u64::MAX));
    let closings = known(envelopes).0.closings();
    let terms = match closings.on(through).last() {
        Some(closing) => terms_of(&adoptions, closing, &book),
        None => ClosedTerms::unchanged(Arc::clone(&book)),
    };
    Expected::closed(envelopes, &book, &terms, through)
}

/// The statements and the closing of a month, made of the records so far.
fn close(envelopes: &[Envelope], of: Month, through: NaiveDate) -> Vec<Envelope> {
    let position = Position::new(envelopes.len() as u64);
    let book = book_at(&adoptions_in(envelopes), position);
    let mut acts = Vec::new();
    for (partner_id, rows) in expected(envelopes, through).partners {
        let Some(statement) = Statement::of(&rows, of, position, &partner_id, book.calendar()) else { continue };
        let rows = statement.to_json();
        let id = statement_event_id(of, &partner_id, &rows);
        let name = partner_id.to_string();
        let payload = Payload::PinnedStatement(PinnedStatement { month: of, partner_id, rows });
        acts.push(envelope("ledger", &id, &name, through, payload));
    }
    let closed = PeriodClosed {
        month: of,
        position,
        root: "00".repeat(32),
        terms_hash: book.terms_hash.clone(),
        engine_semantics: daybook_views::ENGINE_SEMANTICS,
        statement_digest: "00".repeat(32),
        override_reason: String::new(),
        closed_by: "finance".to_owned(),
        approver: String::new(),
        reason: "month end".to_owned(),
    };
    acts.push(envelope("ledger", &closing_event_id(of), "", through, Payload::PeriodClosed(closed)));
    acts
}

fn projector(bench: &Bench, records_max: u64) -> Projector {
    let mut projector = bench.projector(&book_of_2020(), records_max);
    projector.follow_adoptions(chooser());
    projector.follow_closings(terms_chooser());
    projector
}

#[track_caller]
fn assert_equal(bench: &Bench, projector: &mut Projector, through: NaiveDate, about: &str) {
    projector.catch_up(&bench.reader, through).unwrap_or_else(|fault| panic!("{about}: {fault}"));
    let views = projector.views().unwrap().unwrap();
    assert_eq!(views.checkpoint().position.number(), bench.appended.len() as u64, "{about}");
    bench.assert_rows(&views, &expected(&bench.appended, through), about);
}

/// What true-ups of these tests were caused by.
fn causes(bench: &Bench, through: NaiveDate) -> BTreeSet<String> {
    let rows = expected(&bench.appended, through).partners.into_values().flat_map(|rows| rows.true_ups);
    rows.map(|row| row.cause.split(':').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn closed_months_do_not_depend_on_batches_restarts_or_through_dates() {
    let mut reached = BTreeSet::new();
    for seed in 0..9 {
        reached.extend(one_history_with_closings(seed));
    }
    for cause in ["late_event", "credit", "reversal", "exchange_rate", "terms", "manual"] {
        assert!(reached.contains(cause), "{cause} is not among {reached:?}");
    }
}

fn one_history_with_closings(seed: u64) -> BTreeSet<String> {
    let mut dice = Dice::new(seed ^ 0xc105e);
    let mut bench = Bench::new();
    let mut through = date("2021-02-10");
    let mut next = month("2021-01");
    let mut view = projector(&bench, 7);
    let events = history(seed, 160);
    let adopted_at = usize::try_from(90 + dice.below(60)).unwrap();
    let mut rest = events.as_slice();
    let mut closed_last = String::new();
    while !rest.is_empty() {
        let about = format!("seed {seed} at {}", bench.appended.len());
        let count = usize::try_from(1 + dice.below(40)).unwrap().min(rest.len());
        let before = events.len() - rest.len();
        bench.append(&rest[..count]);
        rest = &rest[count..];
        if (before..before + count).contains(&adopted_at) {
            bench.append(&[adoption("a-1")]);
        }
        through = through + Days::new(dice.below(110));
        while next.last_day() <= through && dice.percent(70) {
            let acts = close(&bench.appended, next, through);
            closed_last = dice.of(&acts).id.event_id.to_string();
            bench.append(&acts);
            next = next.next();
        }
        if dice.percent(20) && !closed_last.is_empty() {
            let of = bench.appended.iter().find(|event| event.id.event_id.as_str() == closed_last).unwrap();
            let name = of.partner_id.as_ref().map(ToString::to_string).unwrap_or_default();
            let undo = envelope("ledger", &format!("u-{before}"), &name, through, reversal(&closed_last));
            bench.append(&[undo]);
        }
        if dice.percent(40) {
            drop(view);
            view = projector(&bench, 1 + dice.below(40));
        }
        assert_equal(&bench, &mut view, through, &about);
    }
    assert_equal(&bench, &mut view, date("2023-12-31"), &format!("seed {seed} at the end"));
    causes(&bench, date("2023-12-31"))
}

/// P-A sells in euros and P-B in dollars, January to March 2021; January is closed.
fn january_closed() -> (Bench, Vec<Envelope>) {
    let mut bench = Bench::new();
    let mut events = crate::equal::enrolled("P-A");
    events.extend(crate::equal::enrolled("P-B"));
    for (at, on) in ["2021-01-10", "2021-02-10", "2021-03-10"].into_iter().enumerate() {
        events.push(envelope("contoso", &format!("a-{at}"), "P-A", date(on), sale("C-1", "10000.00", "EUR", None)));
        events.push(envelope("contoso", &format!("b-{at}"), "P-B", date(on), sale("C-1", "10000.00", "USD", None)));
    }
    events.push(envelope(TREASURY, "r-1", "", date("2021-01-31"), rate("EUR", month("2021-01"), "1.1")));
    bench.append(&events);
    let acts = close(&bench.appended, month("2021-01"), date("2021-02-05"));
    bench.append(&acts);
    (bench, acts)
}

#[test]
fn a_rate_and_its_reversal_in_one_batch_are_both_booked() {
    let (mut bench, _) = january_closed();
    let through = date("2021-06-30");
    let mut view = projector(&bench, 1_000);
    assert_equal(&bench, &mut view, through, "closed");
    bench.append(&[
        envelope(TREASURY, "r-2", "", date("2021-03-01"), rate("EUR", month("2021-01"), "1.2")),
        envelope(TREASURY, "u-2", "", date("2021-03-01"), reversal("r-2")),
    ]);
    assert_equal(&bench, &mut view, through, "nothing changed in the end");
    assert_eq!(causes(&bench, through), BTreeSet::from(["exchange_rate".to_owned(), "reversal".to_owned()]));
}

#[test]
fn without_a_chooser_of_terms_the_views_are_made_as_if_nothing_were_closed() {
    let (mut bench, _) = january_closed();
    bench.append(&[envelope("contoso", "l-1", "P-B", date("2021-01-12"), sale("C-1", "100.00", "USD", None))]);
    let through = date("2021-06-30");
    let mut open = bench.projector(&book_of_2020(), 1_000);
    open.catch_up(&bench.reader, through).unwrap();
    bench.assert_equal(&open, &book_of_2020(), through, "as if open");
    assert_eq!(open.view_checkpoint().unwrap().unwrap().closed, None);
    drop(open);
    let mut view = projector(&bench, 1_000);
    assert_equal(&bench, &mut view, through, "with what is closed");
    assert_eq!(view.view_checkpoint().unwrap().unwrap().closed.unwrap().month, month("2021-01"));
}

#[test]
fn terms_that_cannot_be_had_stop_the_views_and_say_which_month_is_closed() {
    let (bench, _) = january_closed();
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
    let (mut bench, _) = january_closed();
    bench.append(&[adoption("a-1")]);
    let through = date("2021-06-30");
    let mut view = projector(&bench, 1_000);
    assert_equal(&bench, &mut view, through, "one step");
    drop(view);
    let mut view = bench.projector(&book(), 1_000);
    view.follow_adoptions(chooser());
    view.follow_closings(Box::new(|adoptions, closing, current| {
        let mut terms = terms_of(adoptions, closing, current);
        terms.steps.iter_mut().for_each(|step| step.cause = "terms:2021-10/renamed".to_owned());
        Ok(terms)
    }));
    view.catch_up(&bench.reader, through).unwrap();
    let steps = view.view_checkpoint().unwrap().unwrap().closed.unwrap().steps;
    assert_eq!(steps, ["terms:2021-10/renamed"]);
}
