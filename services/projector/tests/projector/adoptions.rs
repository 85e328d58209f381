//! An adoption arrives: the views go over to its book, beside the old one.

use crate::bench::{Bench, book, book_of_2020, partners_of, rule_files, with_treasury};
use crate::history::{date, envelope, history, reversal};
use daybook_event::{Envelope, Payload, Position, RuleBookAdopted, RuleFile};
use daybook_projector::{ChooseBook, Projector, Step, adoptions_kept};
use daybook_rules::Adoptions;

const THROUGH: &str = "2022-12-31";

/// An adoption of every shipped version.
pub(crate) fn adoption(id: &str) -> Envelope {
    let files = rule_files().into_iter().filter(|file| file.name != "book.toml").collect();
    adoption_of(id, files)
}

fn adoption_of(id: &str, files: Vec<RuleFile>) -> Envelope {
    let act = RuleBookAdopted {
        files,
        terms_hash: "not looked at here".to_owned(),
        adopted_by: "finance".to_owned(),
        approver: String::new(),
        reason: "published".to_owned(),
    };
    envelope("ledger", id, "", date("2022-06-01"), Payload::RuleBookAdopted(act))
}

/// The adopted book; the one of 2020 while none is.
pub(crate) fn chooser() -> ChooseBook {
    Box::new(|adoptions, known| {
        let adopted = adoptions.adopted(known);
        Ok(adopted.library().map_or_else(book_of_2020, |library| with_treasury(library.current())))
    })
}

fn following(bench: &Bench, records_max: u64) -> Projector {
    let mut projector = bench.projector(&book_of_2020(), records_max);
    projector.follow_adoptions(chooser());
    projector
}

#[test]
fn an_adoption_switches_the_views_to_its_book_and_its_reversal_back() {
    let mut bench = Bench::new();
    let envelopes = history(4, 300);
    bench.append(&envelopes[..200]);
    let mut projector = following(&bench, 200);
    projector.catch_up(&bench.reader, date(THROUGH)).unwrap();
    bench.assert_equal(&projector, &book_of_2020(), date(THROUGH), "nothing is adopted");

    bench.append(&[adoption("a-1")]);
    assert!(matches!(projector.step(&bench.reader, date(THROUGH)).unwrap(), Step::Batch { records: 1, .. }));
    let before = projector.views().unwrap().unwrap();
    assert_eq!(before.checkpoint().terms_hash, book_of_2020().terms_hash, "the batch itself keeps the old book");
    assert!(matches!(projector.step(&bench.reader, date(THROUGH)).unwrap(), Step::Switched { .. }));
    bench.append(&envelopes[200..]);
    projector.catch_up(&bench.reader, date(THROUGH)).unwrap();
    bench.assert_equal(&projector, &book(), date(THROUGH), "adopted");

    bench.append(&[envelope("ledger", "u-1", "", date("2022-06-02"), reversal("a-1"))]);
    projector.catch_up(&bench.reader, date(THROUGH)).unwrap();
    bench.assert_equal(&projector, &book_of_2020(), date(THROUGH), "reversed");
    // Opened again, it asks again and has nothing to do.
    drop((projector, before));
    let mut projector = following(&bench, 200);
    assert_eq!(projector.step(&bench.reader, date(THROUGH)).unwrap(), Step::AtHead);
}

#[test]
fn another_reading_of_the_same_terms_is_another_generation_since_rows_name_it() {
    let mut bench = Bench::new();
    bench.append(&history(6, 100));
    bench.append(&[adoption("a-1")]);
    let mut projector = following(&bench, 200);
    projector.catch_up(&bench.reader, date(THROUGH)).unwrap();
    let before = projector.view_checkpoint().unwrap().unwrap();
    let last = book().sets.last().unwrap().version.clone();
    let file = rule_files().into_iter().find(|file| file.name == format!("{last}.toml")).unwrap();
    let text = String::from_utf8(file.bytes).unwrap();
    let line = text.lines().find(|line| line.starts_with("version")).unwrap();
    let text = text.replacen(line, &format!("version = \"{last}.r2\""), 1);
    bench.append(&[adoption_of("a-2", vec![RuleFile { name: "again.toml".to_owned(), bytes: text.into_bytes() }])]);
    assert!(matches!(projector.step(&bench.reader, date(THROUGH)).unwrap(), Step::Batch { .. }));
    assert!(matches!(projector.step(&bench.reader, date(THROUGH)).unwrap(), Step::Switched { .. }));
    let checkpoint = projector.view_checkpoint().unwrap().unwrap();
    assert_eq!(checkpoint.terms_hash, before.terms_hash);
    assert_eq!(checkpoint.rule_sets.last(), Some(&format!("{last}.r2")));
}

#[test]
fn an_adoption_that_was_taken_in_before_a_stop_is_switched_to_after_it() {
    let mut bench = Bench::new();
    bench.append(&history(5, 100));
    bench.append(&[adoption("a-1")]);
    // Batches of 200: the adoption is in the first one, and the projector goes away before the next step.
    let mut projector = following(&bench, 200);
    assert!(matches!(projector.step(&bench.reader, date(THROUGH)).unwrap(), Step::Batch { records: 101, .. }));
    drop(projector);
    let mut projector = following(&bench, 200);
    assert!(matches!(projector.step(&bench.reader, date(THROUGH)).unwrap(), Step::Switched { .. }));
    bench.assert_equal(&projector, &book(), date(THROUGH), "after the stop");
}

#[test]
fn far_behind_the_head_only_the_adopted_book_is_built() {
    let mut bench = Bench::new();
    bench.append(&history(11, 300));
    bench.append(&[adoption("a-1")]);
    let mut projector = following(&bench, 40);
    let progress = projector.catch_up(&bench.reader, date(THROUGH)).unwrap();
    bench.assert_equal(&projector, &book(), date(THROUGH), "after gathering");
    let partners = partners_of(&projector.views().unwrap().unwrap()).len() as u64;
    assert_eq!(progress.partners_refolded, partners, "every partner once");
}

#[test]
fn where_no_book_can_be_chosen_the_last_one_stays_and_intake_goes_on() {
    let mut bench = Bench::new();
    let envelopes = history(7, 200);
    bench.append(&envelopes[..100]);
    let mut projector = bench.projector(&book_of_2020(), 1_000);
    projector.follow_adoptions(Box::new(|adoptions: &Adoptions, _| match adoptions.count() {
        0 => Ok(book_of_2020()),
        _ => Err("no such version".to_owned()),
    }));
    projector.catch_up(&bench.reader, date(THROUGH)).unwrap();
    let broken = RuleFile { name: "2030-10.toml".to_owned(), bytes: b"no = toml = ".to_vec() };
    bench.append(&[adoption_of("a-1", vec![broken])]);
    bench.append(&envelopes[100..]);
    projector.catch_up(&bench.reader, date(THROUGH)).unwrap();
    bench.assert_equal(&projector, &book_of_2020(), date(THROUGH), "under the last good book");
}

#[test]
fn the_adoptions_that_are_kept_spare_a_reader_the_ledger() {
    let mut bench = Bench::new();
    bench.append(&history(8, 100));
    let mut projector = following(&bench, 1_000);
    projector.catch_up(&bench.reader, date(THROUGH)).unwrap();
    let kept =
        |bench: &Bench, projector: &Projector| adoptions_kept(&projector.derived_reader(), &bench.reader).unwrap();
    assert_eq!(kept(&bench, &projector), Some((Position::new(100), Adoptions::default())));
    let act = adoption("a-1");
    bench.append(std::slice::from_ref(&act));
    projector.catch_up(&bench.reader, date(THROUGH)).unwrap();
    let mut expected = Adoptions::default();
    expected.add(Position::new(101), &act);
    assert_eq!(kept(&bench, &projector), Some((Position::new(101), expected)));
    let other = Bench::new();
    let of_another = adoptions_kept(&projector.derived_reader(), &other.reader).unwrap();
    assert_eq!(of_another, None, "another ledger's");
}

#[test]
fn a_choice_that_failed_is_asked_for_again_without_another_adoption() {
    let mut bench = Bench::new();
    bench.append(&history(9, 100));
    bench.append(&[adoption("a-1")]);
    let mut projector = bench.projector(&book_of_2020(), 200);
    let mut asked = 0;
    projector.follow_adoptions(Box::new(move |_: &Adoptions, _| {
        asked += 1;
        if asked < 3 { Err("a file cannot be read".to_owned()) } else { Ok(book()) }
    }));
    projector.catch_up(&bench.reader, date(THROUGH)).unwrap();
    for _ in 0..3 {
        projector.step(&bench.reader, date(THROUGH)).unwrap();
    }
    projector.catch_up(&bench.reader, date(THROUGH)).unwrap();
    bench.assert_equal(&projector, &book(), date(THROUGH), "chosen in the end");
}
