//! Another rule book, a date that goes back, a derived file that is gone: built again from facts or ledger.

use crate::bench::{Bench, Expected, append, book, book_of_2020, ledger_in, projector_in};
use crate::history::{date, history};
use daybook_event::Month;
use daybook_projector::{ProjectError, Step};
use daybook_store::{Derived, DerivedError, DerivedOptions, DerivedRead, derived_delete};

#[test]
fn another_book_is_another_generation_and_the_old_one_goes() {
    let (whole, old) = (book(), book_of_2020());
    let mut bench = Bench::new();
    let envelopes = history(4, 300);
    bench.append(&envelopes[..200]);
    let through = date("2022-12-31");
    // A batch as large as the history: nothing is far behind, so the first generation stays the one built first.
    let mut projector = bench.projector(&old, 200);
    projector.catch_up(&bench.reader, through).unwrap();
    bench.assert_equal(&projector, &old, through, "under the first book");
    let before = projector.views().unwrap().unwrap();

    projector.adopt(whole.clone());
    assert!(matches!(projector.step(&bench.reader, through).unwrap(), Step::Switched { generation: 2, .. }));
    bench.assert_equal(&projector, &whole, through, "under the second book");
    assert_ne!(before.digest().unwrap(), projector.views().unwrap().unwrap().digest().unwrap());
    let expected = Expected::of(&bench.appended, &old, through);
    assert_eq!(before.digest().unwrap(), expected.digest(), "who reads the old views goes on reading them");
    let mut rows_of_old = 0;
    let snapshot = projector.derived_reader().snapshot().unwrap();
    let visited = snapshot.rows_all(1, |_, _: daybook_views::PartnerRows| {
        rows_of_old += 1;
        Ok::<_, DerivedError>(std::ops::ControlFlow::Continue(()))
    });
    visited.unwrap();
    assert_eq!(rows_of_old, 0);

    bench.append(&envelopes[200..]);
    projector.catch_up(&bench.reader, through).unwrap();
    bench.assert_equal(&projector, &whole, through, "going on under the second book");
    drop((projector, before, snapshot));
    let mut projector = bench.projector(&old, 50);
    projector.catch_up(&bench.reader, through).unwrap();
    bench.assert_equal(&projector, &old, through, "opened under the first book again");
}

#[test]
fn far_behind_the_head_facts_are_gathered_first_and_folded_once() {
    let book = book();
    let mut bench = Bench::new();
    bench.append(&history(11, 300));
    let through = date("2022-12-31");
    let mut projector = bench.projector(&book, 40);
    for _ in 0..3 {
        assert_eq!(projector.step(&bench.reader, through).unwrap(), Step::Gathered { records: 40 });
        assert_eq!(projector.view_checkpoint().unwrap().unwrap().position.number(), 0, "no row before all facts");
    }
    drop(projector);
    // Opened again it goes on gathering, although less than half of the ledger is left to take in by then.
    let mut projector = bench.projector(&book, 40);
    for _ in 0..4 {
        assert_eq!(projector.step(&bench.reader, through).unwrap(), Step::Gathered { records: 40 });
    }
    assert!(matches!(projector.step(&bench.reader, through).unwrap(), Step::Switched { .. }));
    assert_eq!(projector.step(&bench.reader, through).unwrap(), Step::AtHead);
    bench.assert_equal(&projector, &book, through, "after gathering");
}

#[test]
fn a_through_date_that_goes_back_is_another_generation() {
    let book = book();
    let mut bench = Bench::new();
    bench.append(&history(7, 300));
    let mut projector = bench.projector(&book, 1_000);
    projector.catch_up(&bench.reader, date("2022-12-31")).unwrap();
    for through in ["2022-03-10", "2021-02-01", "2022-03-31", "1999-01-01"] {
        projector.catch_up(&bench.reader, date(through)).unwrap();
        bench.assert_equal(&projector, &book, date(through), through);
    }
}

#[test]
fn a_deleted_derived_file_comes_back_the_same() {
    let book = book();
    let mut bench = Bench::new();
    bench.append(&history(11, 300));
    let through = date("2022-08-15");
    let mut projector = bench.projector(&book, 13);
    projector.catch_up(&bench.reader, through).unwrap();
    let digest = projector.views().unwrap().unwrap().digest().unwrap();
    drop(projector);
    derived_delete(bench.dir.path(), &DerivedOptions::default()).unwrap();
    let mut projector = bench.projector(&book, 1_000);
    projector.catch_up(&bench.reader, through).unwrap();
    assert_eq!(projector.views().unwrap().unwrap().digest().unwrap(), digest);
    bench.assert_equal(&projector, &book, through, "rebuilt");
}

#[test]
fn derived_data_of_another_ledger_is_refused_and_made_anew() {
    let book = book();
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let envelopes = history(2, 100);
    let through = date("2022-08-15");
    let mut ledger = ledger_in(theirs.path());
    append(&mut ledger, &envelopes[..60]);
    let mut projector = projector_in(theirs.path(), &ledger.reader(), &book, 1_000).unwrap();
    projector.catch_up(&ledger.reader(), through).unwrap();
    drop(projector);
    let name = daybook_store::DERIVED_FILE;
    std::fs::copy(theirs.path().join(name), ours.path().join(name)).unwrap();

    let mut ledger = ledger_in(ours.path());
    append(&mut ledger, &envelopes[30..]);
    let derived = Derived::create_or_open(ours.path(), &DerivedOptions::default()).unwrap();
    let mut projector = daybook_projector::Projector::open(derived, book.clone(), Default::default());
    let refused = projector.catch_up(&ledger.reader(), through).unwrap_err();
    assert!(matches!(&refused, ProjectError::NotOurs { .. }), "{refused}");
    drop(projector);
    let mut projector = projector_in(ours.path(), &ledger.reader(), &book, 1_000).unwrap();
    projector.catch_up(&ledger.reader(), through).unwrap();
    let expected = Expected::of(&envelopes[30..], &book, through).digest();
    assert_eq!(projector.views().unwrap().unwrap().digest().unwrap(), expected);
}

#[test]
fn only_months_from_the_first_affected_one_are_read() {
    let book = book();
    let mut bench = Bench::new();
    let envelopes: Vec<_> = history(1, 400).into_iter().filter(|envelope| envelope.partner_id.is_some()).collect();
    let late = envelopes.iter().position(|envelope| envelope.effective_on >= date("2022-12-01")).unwrap();
    // Seed 1 comes in order of date: the rest is of the last month.
    bench.append(&envelopes[..late]);
    let through = date("2022-12-31");
    let mut projector = bench.projector(&book, 1_000);
    projector.catch_up(&bench.reader, through).unwrap();
    drop(projector);

    let mut derived = Derived::create_or_open(bench.dir.path(), &DerivedOptions::default()).unwrap();
    let mut write = derived.begin().unwrap();
    for partner in write.partners().unwrap() {
        write.facts_delete(&partner, Month::parse("2021-03").unwrap(), 0).unwrap();
    }
    write.commit().unwrap();
    derived.close().unwrap();

    let is_plain = |envelope: &&daybook_event::Envelope| match &envelope.payload {
        daybook_event::Payload::Reversal(_) => false,
        daybook_event::Payload::LicenseSale(sale) => sale.credits.is_none(),
        _ => true,
    };
    let plain: Vec<_> = envelopes[late..].iter().filter(is_plain).cloned().collect();
    assert!(plain.len() > 3);
    bench.append(&plain);
    let mut projector = bench.projector(&book, 1_000);
    projector.catch_up(&bench.reader, through).unwrap();
    bench.assert_equal(&projector, &book, through, "without the facts of a month long past");

    let mut early = plain[0].clone();
    early.id.event_id = daybook_event::EventId::parse("early").unwrap();
    early.effective_on = date("2021-02-01");
    bench.append(&[early]);
    let stopped = projector.catch_up(&bench.reader, through).unwrap_err();
    assert!(stopped.is_cured_by_rebuild(), "{stopped}");
    drop(projector);
    derived_delete(bench.dir.path(), &DerivedOptions::default()).unwrap();
    let mut projector = bench.projector(&book, 1_000);
    projector.catch_up(&bench.reader, through).unwrap();
    bench.assert_equal(&projector, &book, through, "rebuilt");
}

/// What an earlier or a later build may have kept: a mark with other fields, and a live generation that this build cannot
/// read.
#[test]
fn derived_data_of_another_shape_is_told_from_damage_and_made_anew() {
    for shape in [1, u32::MAX] {
        derived_data_is_made_anew(shape);
    }
}

fn derived_data_is_made_anew(shape: u32) {
    let book = book();
    let mut bench = Bench::new();
    bench.append(&history(3, 60));
    let through = date("2022-08-15");
    let mut derived = Derived::create_or_open(bench.dir.path(), &DerivedOptions::default()).unwrap();
    let mut write = derived.begin().unwrap();
    write.global_put("facts", &std::collections::BTreeMap::from([("shape", shape)])).unwrap();
    write.global_put("live_generation", &std::collections::BTreeMap::from([("number", 1_u32)])).unwrap();
    write.commit().unwrap();
    let refused = daybook_projector::Views::newest(&derived.reader()).err().unwrap();
    assert!(matches!(refused, ProjectError::OtherShape { found, .. } if found == shape), "{refused}");
    assert!(refused.to_string().contains("made by another daybook"), "{refused}");
    derived.close().unwrap();
    let mut projector = bench.projector(&book, 1_000);
    projector.catch_up(&bench.reader, through).unwrap();
    bench.assert_equal(&projector, &book, through, "made anew");
}
