//! Books over the same histories in one pass: whatever their books share, the rows of each are those of a fold under it alone.

use chrono::Days;
use daybook_event::{Amount, Exact, Instant, PartnerId, Payload, Position, Rate, Rounding};
use daybook_replay::{
    ColumnsInMemory, ColumnsSource, Found, Histories, HistoriesBuilder, KeptFault, KeptFold, KeptFolds, Replayed,
    SharedFolds, Wanted, replay,
};
use daybook_rules::model::{CompetencySource, GateTest, ProgramYearEnd, ResolveAt, RuleBook};
use daybook_tests::dice::Dice;
use daybook_tests::model::Shipped;
use daybook_tests::model::generate::{Case, generate, with_version};
use daybook_views::{KeptNames, KeptPartner, LinesError, PartnerRows};
use std::collections::{BTreeMap, BTreeSet};

const HISTORIES: u64 = 240;

fn histories(case: &Case) -> Histories {
    let mut names = BTreeSet::new();
    let mut builder = HistoriesBuilder::default();
    for (position, event) in (1..).zip(case.events.iter().filter(|event| names.insert(&event.id))) {
        builder.add(Position::new(position), Instant::default(), event.clone());
    }
    builder.finish()
}

/// The book with other prices and another settlement in some of its rule sets.
fn priced(book: &RuleBook, dice: &mut Dice) -> RuleBook {
    let mut book = book.clone();
    let amount = |text: &str| Amount::parse(text).expect("an amount");
    for set in &mut book.sets {
        for lever in set.levers.iter_mut().filter(|lever| lever.cap.is_none()) {
            if dice.between(0, 1) == 0 {
                lever.rate = Rate::from_millionths(i64::try_from(dice.between(1, 300_000)).expect("a rate"));
            }
        }
        let has_cap = set.levers.iter().any(|lever| lever.cap.is_some());
        match dice.between(0, 6) {
            0 => set.coop.threshold = Exact::from_units(i64::try_from(dice.between(0, 200)).expect("a threshold")),
            1 => set.payout.minimum = Exact::from_units(i64::try_from(dice.between(0, 60)).expect("a minimum")),
            2 => (set.payout.due_days, set.payout.hold_days) = (7, Some(30)),
            3 => set.payout.program_year_end = ProgramYearEnd::Forfeit,
            4 => set.coop.resolve_at = ResolveAt::PeriodStart,
            5 if !has_cap => set.rounding = Rounding::half_even(amount("0.05")).expect("a unit"),
            _ => {
                let coop = i64::try_from(dice.between(0, 1_000_000)).expect("a share");
                set.split.coop = Rate::from_millionths(coop);
                set.split.rebate = Rate::from_millionths(1_000_000 - coop);
            }
        }
    }
    book
}

/// Books that differ from the case's in all kinds of ways.
fn books(case: &Case, dice: &mut Dice) -> Vec<RuleBook> {
    let mut books = vec![case.book.clone(), priced(&case.book, dice)];
    for changed in [true, true, false] {
        let first = case.book.sets[0].valid_from;
        let from = first + Days::new(dice.between(1, 700));
        if case.book.sets.iter().all(|set| set.valid_from != from) {
            books.push(with_version(&case.book, from, changed, dice));
            let last = books.len() - 1;
            books.push(priced(&books[last], dice));
        }
    }
    books.push(declared(&case.book));
    books.push(with_calendar(&case.book, dice));
    dice.shuffle(&mut books);
    books
}

/// The book with competencies as somebody declared them, never as they are computed.
fn declared(book: &RuleBook) -> RuleBook {
    let mut book = book.clone();
    for test in book.sets.iter_mut().flat_map(|set| &mut set.gates).flat_map(|gate| &mut gate.any_of) {
        if let GateTest::Competency { source, .. } = test {
            *source = CompetencySource::Declared;
        }
    }
    book
}

/// The book with another claim window and another program year: no line is looked at by them.
fn with_calendar(book: &RuleBook, dice: &mut Dice) -> RuleBook {
    let mut book = book.clone();
    let last_month = i32::try_from(dice.between(1, 12)).expect("a month");
    for set in &mut book.sets {
        set.calendar.claim_closes.day = 14;
        set.calendar.program_year_last_month = last_month;
    }
    book
}

fn of_money(rows: &PartnerRows) -> PartnerRows {
    PartnerRows {
        postings: rows.postings.clone(),
        true_ups: rows.true_ups.clone(),
        lots: rows.lots.clone(),
        payouts: rows.payouts.clone(),
        ..PartnerRows::default()
    }
}

/// A fold that was kept, in memory.
struct InMemory {
    names: KeptNames,
    bytes: BTreeMap<PartnerId, Option<Vec<u8>>>,
}

impl KeptFold for InMemory {
    fn partner(&self, _: usize, partner_id: &PartnerId) -> Result<KeptPartner, KeptFault> {
        let unreadable = || KeptFault::Unreadable(format!("nothing is kept of {partner_id}"));
        let bytes = self.bytes.get(partner_id).and_then(Option::as_ref).ok_or_else(unreadable)?;
        Ok(KeptPartner::from_bytes(partner_id, bytes, &self.names).expect("what was kept can be read"))
    }
}

/// One history in twenty has amounts that only just fit, of either sign.
fn case_of(shipped: &Shipped, seed: u64) -> Case {
    let mut case = generate(shipped.for_seed(seed), seed);
    let mut at = 0;
    for event in case.events.iter_mut().filter(|_| seed.is_multiple_of(20)) {
        if let Payload::LicenseSale(sale) = &mut event.payload {
            at += 1;
            let amount = ["999999999999.99", "999999999999.999999999", "-999999999999.99"]
                [at % if seed.is_multiple_of(40) { 2 } else { 3 }];
            sale.amount = Amount::parse(amount).expect("an amount");
        }
    }
    case
}

/// What a pass over one case found.
#[derive(Default)]
struct Tally {
    books: usize,
    folds: usize,
    overflowed: usize,
    kept: usize,
    unkept: usize,
}

struct Asked<'a> {
    seed: u64,
    alone: &'a [Replayed],
    tally: &'a mut Tally,
}

impl Asked<'_> {
    fn check(&mut self, partner: usize, wanted: Wanted, book: usize, rows: &PartnerRows) {
        let (seed, expected) = (self.seed, &self.alone[book].partners[partner].1);
        self.tally.overflowed += usize::from(expected.is_overflowed());
        if wanted == Wanted::Every || expected.is_overflowed() {
            assert_eq!(rows, expected, "seed {seed}, book {book}");
        } else {
            assert_eq!(of_money(rows), of_money(expected), "seed {seed}, book {book}");
        }
    }
}

/// Holds the rows of books that were folded together against those of each alone, then those from what was kept of the folds.
fn compared(case: &Case, tally: &mut Tally) {
    let (histories, books) = (histories(case), books(case, &mut Dice::new(case.seed)));
    let mut shared = SharedFolds::of(&books, case.through);
    shared.keep(&(0..shared.folds()).collect());
    (tally.books, tally.folds) = (tally.books + books.len(), tally.folds + shared.folds());
    let alone: Vec<_> = books.iter().map(|book| replay(&histories, book, case.through, 1)).collect();
    let mut asked = Asked { seed: case.seed, alone: &alone, tally };
    let names = |fold: usize| KeptNames::from_bytes(&shared.names(fold).expect("it is kept").to_bytes());
    let in_memory = |fold| InMemory { names: names(fold).expect("names can be read"), bytes: BTreeMap::new() };
    let mut memory: Vec<InMemory> = (0..shared.folds()).map(in_memory).collect();
    let source = ColumnsInMemory::of(&histories).expect("few lines");
    let compiled = shared.compiled(source.classes(), histories.of_no_partner());
    for (number, (partner_id, _)) in histories.partners().iter().enumerate() {
        let columns = source.columns(number).expect("in memory");
        for wanted in [Wanted::Every, Wanted::Money] {
            let read = shared.rows::<LinesError>(&compiled, partner_id, &columns, &|_| wanted, &mut |found| {
                match found {
                    Found::Billed(_) => {}
                    Found::Rows { book, rows, .. } => asked.check(number, wanted, book, &rows),
                    Found::Kept { fold, bytes } => {
                        asked.tally.unkept += usize::from(bytes.is_none());
                        memory[fold].bytes.insert(partner_id.clone(), bytes);
                    }
                }
                Ok(())
            });
            assert_eq!(read, Ok(()), "seed {}", case.seed);
        }
    }
    let kept = KeptFolds {
        partners: histories.partners().iter().map(|(partner_id, _)| partner_id.clone()).collect(),
        folds: memory.iter().map(|fold| fold as &dyn KeptFold).collect(),
        fx: (0..shared.folds()).map(|fold| compiled.fx(fold).clone()).collect(),
        of_no_partner: Vec::new(),
        last_billed: None,
    };
    for number in 0..kept.partners.len() {
        if memory.iter().any(|fold| fold.bytes[&kept.partners[number]].is_none()) {
            continue;
        }
        asked.tally.kept += 1;
        for wanted in [Wanted::Every, Wanted::Money] {
            let read = shared.rows_kept::<KeptFault>(&kept, number, &|_| wanted, &mut |found| {
                if let Found::Rows { book, rows, .. } = found {
                    asked.check(number, wanted, book, &rows);
                }
                Ok(())
            });
            assert_eq!(read, Ok(()), "seed {}", case.seed);
        }
    }
}

#[test]
fn books_folded_together_or_priced_from_a_kept_fold_have_the_rows_of_each_alone() {
    let shipped = Shipped::load();
    let mut tally = Tally::default();
    for seed in 1..=HISTORIES {
        compared(&case_of(&shipped, seed), &mut tally);
    }
    let Tally { books, folds, overflowed, kept, unkept } = tally;
    println!("{books} books, {folds} folds, {overflowed} overflowed, {kept} partners kept, {unkept} not");
    assert!(folds * 3 < books * 2, "{folds} folds of {books} books: too few share one to test it");
    assert!(unkept > 0 && kept > 300, "{kept} kept, {unkept} not");
}
