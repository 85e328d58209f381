//! Rows of derived data: view rows, month-end states, facts, what is kept of a partner, view checkpoints.
//!
//! Derived data has no tree. A changed value is damage when it is read. A row that is gone, or a whole value that is
//! forged, is found by folding the records again, which verify of a ledger with views does.

use daybook_event::Month;
use daybook_store::{DERIVED_FILE, Derived, DerivedError, DerivedOptions, DerivedRead, DerivedReader};
use redb::TableDefinition;
use std::path::Path;

type Values<K> = TableDefinition<'static, K, &'static [u8]>;
const FACTS: Values<(&str, i32, u32)> = Values::new("facts");
const STATES: Values<(u32, &str, i32)> = Values::new("states");
const ROWS: Values<(u32, &str)> = Values::new("rows");
const PARTNERS: Values<&str> = Values::new("partners");
const GLOBALS: Values<&str> = Values::new("globals");

fn month() -> Month {
    Month::from_index(24_000)
}

/// Derived data of two partners, with something in every table.
fn make(dir: &Path) {
    let mut derived = Derived::create_or_open(dir, &DerivedOptions::default()).unwrap();
    let mut write = derived.begin().unwrap();
    for partner in ["P-ONE", "P-TWO"] {
        write.facts_put(partner, month(), 0, format!("the facts of {partner}").as_bytes()).unwrap();
        write.state_put(1, partner, month(), &format!("the state of {partner}")).unwrap();
        write.rows_put(1, partner, &vec![format!("the rows of {partner}"), "550.00".to_owned()]).unwrap();
        write.partner_put(partner, &format!("what is kept of {partner}")).unwrap();
        write.global_put(&format!("checkpoint of {partner}"), &(1_042_u64, "2022-12-31")).unwrap();
    }
    write.commit().unwrap();
    derived.close().unwrap();
}

/// Everything that there is of a partner.
fn read(dir: &Path, partner: &str) -> Result<Vec<Option<String>>, DerivedError> {
    let snapshot = DerivedReader::open(dir, &DerivedOptions::default())?.snapshot()?;
    let checkpoint: Option<(u64, String)> = snapshot.global(&format!("checkpoint of {partner}"))?;
    Ok(vec![
        snapshot.facts(partner, month(), 0)?.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        snapshot.state(1, partner, month())?,
        snapshot.rows::<Vec<String>>(1, partner)?.map(|rows| rows.concat()),
        snapshot.partner(partner)?,
        checkpoint.map(|(position, through)| format!("{position} {through}")),
    ])
}

/// Changes the value of one table's row of the first partner.
fn change<K: redb::Key + 'static>(
    dir: &Path,
    table: Values<K>,
    [of_one, of_two]: [K::SelfType<'_>; 2],
    change: impl FnOnce(Vec<u8>, Vec<u8>) -> Vec<u8>,
) {
    let database = redb::Database::open(dir.join(DERIVED_FILE)).unwrap();
    let transaction = database.begin_write().unwrap();
    {
        let mut rows = transaction.open_table(table).unwrap();
        let value = |key: &K::SelfType<'_>| redb::ReadableTable::get(&rows, key).unwrap().unwrap().value().to_vec();
        let changed = change(value(&of_one), value(&of_two));
        rows.insert(&of_one, changed.as_slice()).unwrap();
    }
    transaction.commit().unwrap();
    database.close().unwrap();
}

/// One change of the first partner's value, given that of the second.
type Change = Box<dyn Fn(Vec<u8>, Vec<u8>) -> Vec<u8>>;

fn changes() -> Vec<(String, Change)> {
    let mut changes: Vec<(String, Change)> = vec![
        ("another's value".to_owned(), Box::new(|_, other| other)),
        ("cut by a byte".to_owned(), Box::new(|value, _| value[..value.len() - 1].to_vec())),
        ("cut to nothing".to_owned(), Box::new(|_, _| Vec::new())),
        ("a byte more".to_owned(), Box::new(|value, _| [value, vec![0]].concat())),
    ];
    for (place, bit) in [(0, 0), (15, 7), (16, 3), (20, 1), (usize::MAX, 6)] {
        let flip = move |mut value: Vec<u8>, _| {
            let at = place.min(value.len() - 1);
            value[at] ^= 1 << bit;
            value
        };
        changes.push((format!("bit {bit} of byte {place}"), Box::new(flip)));
    }
    changes
}

#[test]
fn a_changed_value_of_every_table_is_damage_and_never_a_value() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path());
    let file = std::fs::read(dir.path().join(DERIVED_FILE)).unwrap();
    let truth = read(dir.path(), "P-ONE").unwrap();
    assert!(truth.iter().all(Option::is_some));
    let (one, two, at) = ("P-ONE", "P-TWO", month().index());
    let mut tried = 0;
    for (what, changed) in changes() {
        for table in 0..5 {
            std::fs::write(dir.path().join(DERIVED_FILE), &file).unwrap();
            match table {
                0 => change(dir.path(), FACTS, [(one, at, 0), (two, at, 0)], &changed),
                1 => change(dir.path(), STATES, [(1, one, at), (1, two, at)], &changed),
                2 => change(dir.path(), ROWS, [(1, one), (1, two)], &changed),
                3 => change(dir.path(), PARTNERS, [one, two], &changed),
                _ => change(dir.path(), GLOBALS, ["checkpoint of P-ONE", "checkpoint of P-TWO"], &changed),
            }
            let now = read(dir.path(), "P-ONE");
            assert!(matches!(now, Err(DerivedError::Damaged { .. })), "{what} in table {table}: {now:?}");
            assert!(read(dir.path(), "P-TWO").is_ok(), "the other partner is as it was");
            tried += 1;
        }
    }
    println!("{tried} changed values of derived data, {tried} read as damage");
}

#[test]
fn a_dropped_row_reads_as_none_and_a_dropped_table_as_damage() {
    for table in ["facts", "states", "rows", "partners", "globals"] {
        let dir = tempfile::tempdir().unwrap();
        make(dir.path());
        let database = redb::Database::open(dir.path().join(DERIVED_FILE)).unwrap();
        let transaction = database.begin_write().unwrap();
        match table {
            "facts" => transaction.delete_table(FACTS),
            "states" => transaction.delete_table(STATES),
            "rows" => transaction.delete_table(ROWS),
            "partners" => transaction.delete_table(PARTNERS),
            _ => transaction.delete_table(GLOBALS),
        }
        .unwrap();
        transaction.commit().unwrap();
        database.close().unwrap();
        assert!(matches!(read(dir.path(), "P-ONE"), Err(DerivedError::Damaged { .. })), "{table}");
    }
    let dir = tempfile::tempdir().unwrap();
    make(dir.path());
    let mut derived = Derived::create_or_open(dir.path(), &DerivedOptions::default()).unwrap();
    let mut write = derived.begin().unwrap();
    write.rows_delete(1, "P-ONE").unwrap();
    write.commit().unwrap();
    derived.close().unwrap();
    assert_eq!(read(dir.path(), "P-ONE").unwrap()[2], None);
}
