use daybook_event::Month;
use daybook_store::{
    DERIVED_FILE, Derived, DerivedError, DerivedOpened, DerivedOptions, DerivedRead, DerivedReader, FactsChunk,
    derived_delete,
};
use serde::{Deserialize, Serialize};
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    sum: i128,
    text: String,
    month: Month,
    maybe: Option<u8>,
}

fn kept(sum: i128) -> Kept {
    Kept { sum, text: "t".into(), month: month(3), maybe: None }
}

fn month(number: i32) -> Month {
    Month::from_index(24_000 + number)
}

fn open(dir: &Path) -> Derived {
    Derived::create_or_open(dir, &DerivedOptions { cache_bytes_max: 1024 * 1024, ..DerivedOptions::default() }).unwrap()
}

#[test]
fn values_come_back_as_they_went_in() {
    let dir = tempfile::tempdir().unwrap();
    let mut derived = open(dir.path());
    assert_eq!(*derived.opened(), DerivedOpened::Created);
    let before = derived.reader().snapshot().unwrap();
    let mut write = derived.begin().unwrap();
    for sum in [0, -1, i128::MAX, i128::MIN] {
        write.partner_put("p", &kept(sum)).unwrap();
        assert_eq!(write.partner::<Kept>("p").unwrap(), Some(kept(sum)));
    }
    write.facts_put("p", month(1), 0, b"facts").unwrap();
    write.rows_put(1, "p", &vec![kept(5)]).unwrap();
    write.global_put("checkpoint 1", &kept(7)).unwrap();
    write.commit().unwrap();
    let reader = DerivedReader::open(dir.path(), &DerivedOptions::default()).unwrap();
    let after = reader.snapshot().unwrap();
    assert_eq!(after.facts("p", month(1), 0).unwrap().unwrap(), b"facts");
    assert_eq!(after.facts("p", month(1), 1).unwrap(), None);
    assert_eq!(after.rows::<Vec<Kept>>(1, "p").unwrap(), Some(vec![kept(5)]));
    assert_eq!(after.rows::<Vec<Kept>>(2, "p").unwrap(), None);
    assert_eq!(after.global::<Kept>("checkpoint 1").unwrap(), Some(kept(7)));
    assert_eq!(before.global::<Kept>("checkpoint 1").unwrap(), None);
    assert_eq!(before.partners().unwrap(), Vec::<String>::new());
}

#[test]
fn facts_come_in_order_and_only_of_the_partner() {
    let dir = tempfile::tempdir().unwrap();
    let mut derived = open(dir.path());
    let mut write = derived.begin().unwrap();
    for (partner, number, chunk) in [("b", 2, 1), ("b", 2, 0), ("b", 1, 0), ("a", 2, 0), ("c", 0, 0), ("b", 10, 0)] {
        write.facts_put(partner, month(number), chunk, format!("{partner} {number} {chunk}").as_bytes()).unwrap();
    }
    let mut seen = Vec::new();
    write
        .facts_from("b", month(2), |FactsChunk { month: at, chunk, bytes }| {
            seen.push((at.since(month(0)), chunk, String::from_utf8(bytes).unwrap()));
            Ok::<_, DerivedError>(ControlFlow::Continue(()))
        })
        .unwrap();
    assert_eq!(seen, [(2, 0, "b 2 0".into()), (2, 1, "b 2 1".into()), (10, 0, "b 10 0".into())]);
    assert_eq!(write.facts_last("b", month(9)).unwrap(), Some((month(2), 1)));
    assert_eq!(write.facts_last("b", month(0)).unwrap(), None);
    write.facts_delete("b", month(2), 1).unwrap();
    assert_eq!(write.facts_last("b", month(9)).unwrap(), Some((month(2), 0)));
}

#[test]
fn states_are_found_from_behind_and_dropped_from_a_month_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut derived = open(dir.path());
    let mut write = derived.begin().unwrap();
    for (generation, partner, number) in [(1, "b", 1), (1, "b", 4), (1, "b", 7), (1, "a", 9), (2, "b", 5)] {
        write.state_put(generation, partner, month(number), &kept(i128::from(number))).unwrap();
    }
    assert_eq!(write.state_last::<Kept>(1, "b", month(6)).unwrap(), Some((month(4), kept(4))));
    assert_eq!(write.state_last::<Kept>(1, "b", month(0)).unwrap(), None);
    assert_eq!(write.state::<Kept>(1, "b", month(7)).unwrap(), Some(kept(7)));
    write.states_delete_from(1, "b", month(4)).unwrap();
    assert_eq!(write.state_months(1, "b").unwrap(), [month(1)]);
    assert_eq!(write.state_months(1, "a").unwrap(), [month(9)]);
    assert_eq!(write.state_months(2, "b").unwrap(), [month(5)]);
    write.state_delete(2, "b", month(5)).unwrap();
    assert_eq!(write.state_months(2, "b").unwrap(), []);
}

#[test]
fn partners_rows_and_names_come_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let mut derived = open(dir.path());
    let mut write = derived.begin().unwrap();
    for partner in ["P-b", "P-B", "P-a", "_"] {
        write.partner_put(partner, &1_u8).unwrap();
        write.rows_put(4, partner, &partner.to_owned()).unwrap();
        write.rows_put(5, partner, &"other".to_owned()).unwrap();
        write.state_put(4, partner, month(1), &1_u8).unwrap();
    }
    for name in ["view 2", "view 1", "other", "viex"] {
        write.global_put(name, &1_u8).unwrap();
    }
    write.global_delete("view 1").unwrap();
    write.partner_delete("P-b").unwrap();
    assert_eq!(write.partners().unwrap(), ["P-B", "P-a", "_"]);
    assert_eq!(write.global_names("view").unwrap(), ["view 2"]);
    let mut rows = Vec::new();
    let visit = |partner: String, row: String| {
        rows.push((partner, row));
        Ok::<_, DerivedError>(ControlFlow::Continue(()))
    };
    write.rows_all(4, visit).unwrap();
    assert_eq!(rows, ["P-B", "P-a", "P-b", "_"].map(|p| (p.to_owned(), p.to_owned())));
    let mut partners = 0;
    let count = |_: String, one: u8| {
        partners += one;
        Ok::<_, DerivedError>(ControlFlow::Continue(()))
    };
    write.partners_all(count).unwrap();
    assert_eq!(partners, 3);
    write.generation_delete(4).unwrap();
    assert_eq!(write.rows::<String>(4, "_").unwrap(), None);
    assert_eq!(write.state_months(4, "_").unwrap(), []);
    assert_eq!(write.rows::<String>(5, "_").unwrap(), Some("other".into()));
    write.rows_delete(5, "_").unwrap();
    assert_eq!(write.rows::<String>(5, "_").unwrap(), None);
}

#[test]
fn what_is_not_committed_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let mut derived = open(dir.path());
    let mut write = derived.begin().unwrap();
    write.global_put("a", &1_u8).unwrap();
    drop(write);
    assert_eq!(derived.reader().snapshot().unwrap().global::<u8>("a").unwrap(), None);
    let second = Derived::create_or_open(dir.path(), &DerivedOptions::default()).map(|_| ());
    assert!(matches!(second, Err(DerivedError::Locked { .. })));
}

#[test]
fn another_format_or_another_file_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(
        DerivedReader::open(dir.path(), &DerivedOptions::default()).map(|_| ()),
        Err(DerivedError::Missing { .. })
    ));
    let path = dir.path().join(DERIVED_FILE);
    fs::write(&path, "not a database at all, but long enough").unwrap();
    let derived = open(dir.path());
    assert!(matches!(derived.opened(), DerivedOpened::Recreated { .. }));
    derived.close().unwrap();
    assert_eq!(*open(dir.path()).opened(), DerivedOpened::Existing);
    let meta: redb::TableDefinition<&str, u32> = redb::TableDefinition::new("derived_meta");
    let database = redb::Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(meta).unwrap().insert("format", 99).unwrap();
    transaction.commit().unwrap();
    drop(database);
    assert!(matches!(
        DerivedReader::open(dir.path(), &DerivedOptions::default()).map(|_| ()),
        Err(DerivedError::Damaged { .. })
    ));
    let derived = open(dir.path());
    assert!(matches!(derived.opened(), DerivedOpened::Recreated { why } if why.contains("99")));
    derived.close().unwrap();
    derived_delete(dir.path(), &DerivedOptions::default()).unwrap();
    derived_delete(dir.path(), &DerivedOptions::default()).unwrap();
    assert_eq!(*open(dir.path()).opened(), DerivedOpened::Created);
}

#[test]
fn a_flipped_byte_is_damage_not_data() {
    let dir = tempfile::tempdir().unwrap();
    let mut derived = open(dir.path());
    let mut write = derived.begin().unwrap();
    write.global_put("a", &"some text to be found".to_owned()).unwrap();
    write.commit().unwrap();
    derived.close().unwrap();
    let path = dir.path().join(DERIVED_FILE);
    let mut bytes = fs::read(&path).unwrap();
    let needle = b"some text to be found";
    let places: Vec<usize> =
        bytes.windows(needle.len()).enumerate().filter(|(_, window)| window == needle).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at] ^= 2;
    }
    fs::write(&path, bytes).unwrap();
    let reader = DerivedReader::open(dir.path(), &DerivedOptions::default()).unwrap();
    assert!(matches!(reader.snapshot().unwrap().global::<String>("a"), Err(DerivedError::Damaged { .. })));
    // A value of another shape is damage too: an older daybook's, say.
    let mut derived = open(dir.path());
    let mut write = derived.begin().unwrap();
    write.global_put("a", &3_u8).unwrap();
    assert!(matches!(write.global::<String>("a"), Err(DerivedError::Damaged { .. })));
}
