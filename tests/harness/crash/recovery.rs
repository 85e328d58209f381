//! How long a large ledger takes to come back after a kill. Not part of the ordinary run: it fills a disk for minutes.

use super::scene::texts;
use daybook_tests::daybook::{Daybook, Running};
use daybook_tests::dice::{Dice, seed_of_run};
use daybook_tests::history::THROUGH;
use daybook_tests::http::try_get;
use std::fs::File;
use std::process::Stdio;
use std::time::{Duration, Instant};

const EVENTS: u64 = 10_000_000;
const KILLS: usize = 7;
/// What is imported while the service is killed.
const EVENTS_MEANWHILE: u64 = 200_000;
const KILL_AFTER_MS: (u64, u64) = (300, 2_500);
/// A first fold of everything may take its time.
const PATIENCE: Duration = Duration::from_secs(3_600);

fn generate(daybook: &Daybook, seed: u64, events: u64, to: &std::path::Path) {
    let (seed, events) = (seed.to_string(), events.to_string());
    let arguments = ["generate", "--seed", &seed, "--partners", "10000", "--events", &events, "--months", "24"];
    let status = daybook.command(&arguments).stdout(File::create(to).unwrap()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success());
}

/// How long after its start a service answers at all, and how long until it is ready.
fn answers(running: &mut Running, since: Instant) -> (Duration, Duration) {
    let address = running.address();
    let mut alive = None;
    loop {
        if alive.is_none() && try_get(&address, "/livez").is_some_and(|(status, _)| status == 200) {
            alive = Some(since.elapsed());
        }
        if let Some(alive) = alive
            && try_get(&address, "/readyz").is_some_and(|(status, _)| status == 200)
        {
            return (alive, since.elapsed());
        }
        assert!(since.elapsed() < PATIENCE && !running.has_ended(), "{}", running.log());
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[test]
#[ignore = "fills some gigabytes and takes minutes: make recovery EVENTS=N"]
fn a_large_ledger_comes_back_in_moments_after_a_kill() {
    let events = std::env::var("DAYBOOK_TEST_EVENTS").map_or(EVENTS, |text| text.parse().unwrap());
    let seed = seed_of_run();
    let mut dice = Dice::new(seed);
    println!("seed of the kills {seed}, {events} events");
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let (history, meanwhile) = (dir.path().join("history.ndjson"), dir.path().join("meanwhile.ndjson"));
    generate(&daybook, 1, events, &history);
    let since = Instant::now();
    let imported = daybook.command(&["import", "--from", "ndjson", history.to_str().unwrap()]).output().unwrap();
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    println!("imported in {:?}", since.elapsed());
    std::fs::remove_file(&history).unwrap();
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--through", THROUGH].map(str::to_owned);
    let since = Instant::now();
    let mut running = daybook.start(&texts(&arguments));
    println!("folded for the first time in {:?}", answers(&mut running, since).1);
    let (mut alive, mut ready) = (Vec::new(), Vec::new());
    for kill in 1..=KILLS {
        // Another source's events each time: all of them are new records.
        generate(&daybook, 1_000 + kill as u64, EVENTS_MEANWHILE, &meanwhile);
        let text = std::fs::read_to_string(&meanwhile).unwrap();
        std::fs::write(&meanwhile, text.replace("\"source\":\"", &format!("\"source\":\"again-{kill}-"))).unwrap();
        let import = daybook.start(&["import", "--from", "ndjson", meanwhile.to_str().unwrap()]);
        std::thread::sleep(Duration::from_millis(dice.between(KILL_AFTER_MS.0, KILL_AFTER_MS.1)));
        running.kill();
        import.kill();
        let since = Instant::now();
        running = daybook.start(&texts(&arguments));
        let (answered, was_ready) = answers(&mut running, since);
        println!("kill {kill}: answered after {answered:?}, ready after {was_ready:?}");
        alive.push(answered);
        ready.push(was_ready);
    }
    running.terminate();
    running.wait().ok();
    println!("{KILLS} kills: answered after {:?}, ready after {:?} (medians)", median(alive), median(ready));
    let since = Instant::now();
    let verified = daybook.json(&["verify"]);
    println!("verified in {:?}: position {}", since.elapsed(), verified["position"]);
    assert_eq!(verified["findings"], serde_json::json!([]));
}
