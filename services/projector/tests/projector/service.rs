//! The loop of the service follows a ledger that grows.

use crate::bench::{Bench, Expected, book};
use crate::history::{date, history};
use daybook_event::Position;
use daybook_projector::{RunOptions, Told, run};
use daybook_store::Durations;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_follows_head_and_date_and_stops_when_told() {
    let book = book();
    let mut bench = Bench::new();
    let envelopes = history(3, 120);
    let projector = bench.projector(&book, 10);
    let (head_told, head) = watch::channel(Position::ZERO);
    let (published, mut checkpoints) = watch::channel(None);
    let stop = CancellationToken::new();
    let today = Arc::new(RwLock::new(date("2022-06-30")));
    let through = {
        let today = Arc::clone(&today);
        move || *today.read().unwrap()
    };
    // Nobody is waited for: what wakes it is what is tested.
    let options = RunOptions { poll_interval: Duration::from_secs(3_600), ..RunOptions::default() };
    let (steps, _) = watch::channel(Durations::default());
    let (rested, mut rests) = watch::channel(None);
    let told = Told { checkpoint: published, rested, steps };
    let running = tokio::spawn(run(projector, bench.reader.clone(), head, through, told, options, stop.clone()));
    for some in envelopes.chunks(45) {
        bench.append(some);
        let position = bench.ledger.head().position;
        head_told.send_replace(position);
        let reached = checkpoints.wait_for(|known| known.as_ref().is_some_and(|at| at.position == position));
        tokio::time::timeout(Duration::from_secs(60), reached).await.unwrap().unwrap();
    }
    *today.write().unwrap() = date("2022-12-31");
    head_told.send_replace(bench.ledger.head().position);
    let reached = checkpoints.wait_for(|known| known.as_ref().is_some_and(|at| at.through == date("2022-12-31")));
    tokio::time::timeout(Duration::from_secs(60), reached).await.unwrap().unwrap();
    let at_rest = rests.wait_for(|known| *known == Some(bench.ledger.head().position));
    tokio::time::timeout(Duration::from_secs(60), at_rest).await.unwrap().unwrap();
    stop.cancel();
    let projector = tokio::time::timeout(Duration::from_secs(60), running).await.unwrap().unwrap().unwrap();
    let expected = Expected::of(&envelopes, &book, date("2022-12-31"));
    assert_eq!(projector.views().unwrap().unwrap().digest().unwrap(), expected.digest());
}
