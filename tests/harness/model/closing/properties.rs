//! What must hold of any history with closed months, whatever the model says.

use crate::model::named;
use daybook_event::{Instant, Payload, PinnedStatement, Position};
use daybook_replay::{HistoriesBuilder, replay};
use daybook_tests::dice::Dice;
use daybook_tests::model::Shipped;
use daybook_tests::model::closing::ask::{Scene, Who, histories, of_engine, of_histories};
use daybook_tests::model::closing::statements::{Sums, add};
use daybook_tests::model::closing::{Closing, Record};
use daybook_tests::model::generate::{Case, generate_closed};
use daybook_tests::model::number::Num;
use daybook_tests::model::time::Ym;
use daybook_views::{PartnerRows, Statement};

/// Histories for each property.
const HISTORIES: u64 = 200;

fn each(mut check: impl FnMut(&Case, &Scene)) {
    let shipped = Shipped::load();
    let first = named("DAYBOOK_MODEL_SEED", 2_000_000);
    for seed in first..first + HISTORIES {
        let case = generate_closed(shipped.for_seed(seed), seed);
        let scene = Scene::played(&case, Who::Engine).unwrap_or_else(|differs| panic!("{differs}"));
        check(&case, &scene);
    }
}

/// Rebate and co-op of postings and true-ups, by the month that they concern.
fn booked(rows: &PartnerRows) -> Sums {
    let mut sums = Sums::new();
    let num = |exact: daybook_event::Exact| Num::parse(&exact.to_string());
    for row in &rows.postings {
        add(&mut sums, Ym::of_month(row.month), &row.lever, num(row.rebate), num(row.coop));
    }
    for row in &rows.true_ups {
        add(&mut sums, Ym::of_month(row.closed_month), &row.lever, num(row.rebate), num(row.coop));
    }
    sums.retain(|_, (rebate, coop)| !rebate.is_zero() || !coop.is_zero());
    sums
}

/// However many months were closed in between: all that is booked of a month is what the month comes to.
#[test]
fn what_closed_months_lack_is_booked_once() {
    let mut with_true_ups = 0;
    each(|case, scene| {
        let position = scene.position();
        let question = scene.asked_at(position, case.through);
        let closed = of_engine(&question, 1);
        let open = replay(&histories(&question), question.book_at(position), case.through, 1);
        for ((id, closed), (_, open)) in closed.partners.iter().zip(&open.partners) {
            assert!(booked(closed) == booked(open), "{id}, DAYBOOK_MODEL_SEED={}", case.seed);
            with_true_ups += usize::from(closed.true_ups.len() > open.true_ups.len());
        }
    });
    assert!(with_true_ups > 25, "only {with_true_ups} partners had true-ups");
}

/// The statements of the closings that count on the date.
fn pinned<'a>(scene: &'a Scene, case: &Case) -> Vec<(&'a Record, Statement)> {
    let (closings, _) = scene.asked_at(scene.position(), case.through).closings();
    let mut found = Vec::new();
    for record in &scene.records {
        let Payload::PinnedStatement(PinnedStatement { month, partner_id, rows }) = &record.event.payload else {
            continue;
        };
        let Ok(statement) = Statement::parse(rows, *month, partner_id) else { continue };
        let is_meant = |closing: &Closing| {
            closing.contains == statement.position.number()
                && closing.month == Ym::of_month(*month)
                && closing.through == record.event.effective_on
                && closing.contains < record.position
                && record.position < closing.position
        };
        if closings.iter().any(is_meant) && record.event.id.source.is_ledger() {
            found.push((record, statement));
        }
    }
    found
}

/// Whatever comes later.
#[test]
fn what_a_statement_says_stays() {
    let mut statements = 0;
    each(|case, scene| {
        let rows = of_engine(&scene.asked_at(scene.position(), case.through), 1);
        for (_, statement) in pinned(scene, case) {
            let (_, of_partner) = rows.partners.iter().find(|(id, _)| *id == statement.partner_id).expect("its rows");
            let postings = of_partner.postings.iter().filter(|row| row.month == statement.month);
            let true_ups = of_partner.true_ups.iter().filter(|row| row.month == statement.month);
            let text = format!("{} of {}, DAYBOOK_MODEL_SEED={}", statement.month, statement.partner_id, case.seed);
            assert_eq!(postings.cloned().collect::<Vec<_>>(), statement.postings, "{text}");
            assert_eq!(true_ups.cloned().collect::<Vec<_>>(), statement.true_ups, "{text}");
            let payout = of_partner.payouts.iter().find(|row| row.month == statement.month);
            let sums = payout.map(|row| (row.rebate, row.converted, row.true_up, row.carried_in, row.carried_out));
            let said = statement.payout.as_ref();
            let said = said.map(|row| (row.rebate, row.converted, row.true_up, row.carried_in, row.carried_out));
            assert_eq!(sums, said, "{text}");
            statements += 1;
        }
    });
    assert!(statements > 500, "only {statements} statements");
}

/// Asked right after a closing that saw all there was, nothing but a correction by hand is booked in the next month.
#[test]
fn a_closing_after_which_nothing_came_leaves_nothing_to_book() {
    let mut closings_seen = 0;
    each(|case, scene| {
        let last = scene.asked_at(scene.position(), case.through);
        for closing in last.closings().0 {
            let between = scene
                .records
                .iter()
                .filter(|record| closing.contains < record.position && record.position < closing.position);
            if !between.into_iter().all(|record| matches!(record.event.payload, Payload::PinnedStatement(_))) {
                continue;
            }
            for (id, rows) in of_engine(&scene.asked_at(closing.position, closing.through), 1).partners {
                let is_new = |month: daybook_event::Month| Ym::of_month(month) > closing.month;
                let new = rows.true_ups.iter().filter(|row| is_new(row.month) && row.cause != "manual").count();
                assert_eq!(new, 0, "{id} after {}, DAYBOOK_MODEL_SEED={}", closing.month, case.seed);
            }
            closings_seen += 1;
        }
    });
    assert!(closings_seen > 200, "only {closings_seen} closings");
}

#[test]
fn rows_with_closed_months_do_not_depend_on_the_order_of_reading_nor_on_threads() {
    each(|case, scene| {
        let question = scene.asked_at(scene.position(), case.through);
        let expected = of_engine(&question, 1).digest();
        assert_eq!(of_engine(&question, 2).digest(), expected, "threads, DAYBOOK_MODEL_SEED={}", case.seed);
        let mut shuffled: Vec<&Record> = scene.records.iter().collect();
        Dice::new(case.seed).shuffle(&mut shuffled);
        let mut builder = HistoriesBuilder::default();
        for record in shuffled {
            builder.add(Position::new(record.position), Instant::default(), record.event.clone());
        }
        let rows = of_histories(&question, &builder.finish(), 1);
        assert_eq!(rows.digest(), expected, "shuffled, DAYBOOK_MODEL_SEED={}", case.seed);
    });
}
