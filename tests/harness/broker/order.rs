//! In whatever order the same events arrive: the same rows. Of two that claim one id, the first still wins.

use crate::crash::scene::Scene;
use daybook_tests::dice::{Dice, seed_of_run};
use daybook_tests::history::History;
use daybook_tests::ledger_state::LiveViews;

const HISTORY_SEED: u64 = 20_220_501;
const EVENTS: usize = 600;
const ORDERS: u64 = 4;

#[test]
fn the_order_of_arrival_changes_no_row_with_conflicts_and_resends_between() {
    let seed = seed_of_run();
    let history = History::generate(HISTORY_SEED, 8, EVENTS);
    let rows = |history: &History, seed: u64| {
        let scene = Scene::empty();
        // A resend or a conflict always comes behind the event whose id it claims.
        let (messages, faults) = history.messages_with_faults(&mut Dice::new(seed));
        scene.broker.publish(messages);
        let daybook = scene.ledger("ordered");
        scene.drain(&daybook, 100);
        (LiveViews::read(daybook.ledger()).unwrap(), faults)
    };
    let (expected, faults) = rows(&history, seed);
    assert!(faults.duplicates > 0 && faults.quarantined > 0);
    for order in 1..=ORDERS {
        let seed = seed.wrapping_add(order);
        let shuffled = history.shuffled(&mut Dice::new(seed));
        expected.expect_same_rows(&rows(&shuffled, seed).0, &format!("shuffled by {seed}"));
    }
    println!("{ORDERS} orders of {EVENTS} events, seed {seed}, {faults:?} in each");
}
