//! Backups of a ledger at work: the commands of the page, kills in the middle, and auditors who read beside the writer.

use daybook_tests::broker::Broker;
use daybook_tests::daybook::Daybook;
use daybook_tests::dice::Dice;
use daybook_tests::history::{History, THROUGH};
use daybook_tests::ledger_state::{LedgerState, wait_until_projected};
use daybook_tests::{daybook_bin, workspace_root};
use std::path::Path;
use std::process::Command;

/// What a restored ledger must have in common with the one that read the stream alone.
fn same(ledger: &Path) -> (String, u64, Vec<daybook_store::QuarantineEntry>) {
    let state = LedgerState::read(ledger);
    (state.root, state.position.number(), state.quarantine)
}

/// The commands of docs/backup.md, in their order.
fn commands() -> Vec<Vec<String>> {
    let page = std::fs::read_to_string(workspace_root().join("docs/backup.md")).unwrap();
    let lines = page.lines().filter_map(|line| line.strip_prefix("daybook "));
    lines.map(|line| line.split(' ').map(str::to_owned).collect()).collect()
}

/// Runs a command of the page, with its folders below the test's.
fn drill(root: &Path, words: &[String]) -> String {
    let root = root.to_str().unwrap();
    let moved = words.iter().map(|word| if word.starts_with('/') { format!("{root}{word}") } else { word.clone() });
    let moved: Vec<String> = moved.collect();
    let done = Command::new(daybook_bin().unwrap()).args(&moved).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{moved:?}: {said}{}", String::from_utf8_lossy(&done.stderr));
    said
}

#[test]
fn the_drill_of_the_page_ends_in_the_same_ledger() {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["var/lib", "backup", "auditor"] {
        std::fs::create_dir_all(dir.path().join(folder)).unwrap();
    }
    let daybook = Daybook::on(&dir.path().join("var/lib/daybook"));
    let broker = Broker::start();
    let (messages, faults) = History::generate(21, 8, 4_000).messages_with_faults(&mut Dice::new(21));
    assert!(faults.quarantined > 50);
    let url = broker.url();
    let serve = ["serve", "--nats", &url, "--listen", "127.0.0.1:0", "--through", THROUGH];
    let mut serving = daybook.start(&serve);
    serving.address();
    let half = broker.publish(messages[..2_000].to_vec());
    wait_until_projected(daybook.ledger(), half);
    // What an auditor keeps elsewhere.
    let auditor = dir.path().join("auditor");
    daybook.ok(&["checkpoint"]);
    std::fs::write(auditor.join("ledger.pub"), daybook.ok(&["checkpoint", "--public-key"])).unwrap();
    daybook.ok(&["checkpoint", "--show", "1", "-o", auditor.join("kept.note").to_str().unwrap()]);
    let commands = commands();
    let (backups, rest) = commands.split_at(2);
    assert!(backups.iter().all(|words| words[0] == "backup"), "{backups:?}");
    drill(dir.path(), &backups[0]);
    // The second runs while the service appends.
    let last = std::thread::scope(|scope| {
        let published = scope.spawn(|| broker.publish(messages[2_000..].to_vec()));
        let said = drill(dir.path(), &backups[1]);
        assert!(said.contains("added"), "{said}");
        published.join().unwrap()
    });
    wait_until_projected(daybook.ledger(), last);
    for words in rest {
        println!("{}", drill(dir.path(), words));
    }
    serving.terminate();
    serving.wait().ok();
    let restored = dir.path().join("var/lib/daybook-new");
    assert!(LedgerState::read(&restored).position <= LedgerState::read(daybook.ledger()).position);
    for name in ["daybook-new", "daybook-then"] {
        let restored = Daybook::on(&dir.path().join("var/lib").join(name));
        assert_eq!(restored.json(&["verify", "--ledger-only"])["findings"], serde_json::json!([]), "{name}");
        restored.ok(&["serve", "--nats", &url, "--until-drained", "--listen", "127.0.0.1:0", "--through", THROUGH]);
        assert_eq!(same(restored.ledger()), same(daybook.ledger()), "{name} serves on to the same ledger");
        assert_eq!(restored.json(&["verify"])["findings"], serde_json::json!([]), "{name}");
    }
}

#[test]
fn a_backup_killed_at_any_moment_is_the_earlier_one_or_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let backup = dir.path().join("backup");
    let backup_text = backup.to_str().unwrap();
    let mut dice = Dice::new(31);
    let (mut kills, mut ended, mut before) = (0, 0, 0);
    for part in 0..12 {
        let file = History::generate(100 + part, 6, 400).write(dir.path(), "part.ndjson");
        daybook.ok(&["import", "--from", "ndjson", file.to_str().unwrap()]);
        let position = LedgerState::read(daybook.ledger()).position.number();
        let running = daybook.start(&["backup", backup_text]);
        std::thread::sleep(std::time::Duration::from_micros(dice.between(0, 400_000)));
        if running.kill().signal().is_some() {
            kills += 1;
        } else {
            ended += 1;
        }
        if !backup.join("manifest.json").exists() {
            assert_eq!(before, 0, "an earlier backup is gone");
            continue;
        }
        let checked = Daybook::on(&backup).json(&["verify"]);
        assert_eq!(checked["findings"], serde_json::json!([]));
        let kept = checked["position"].as_u64().unwrap();
        assert!(kept == before || kept == position, "{kept} is neither {before} nor {position}");
        before = kept;
    }
    println!("backups killed: {kills}, faster than the kill: {ended}");
    assert!(kills > 0);
    daybook.ok(&["backup", backup_text]);
    let restored = Daybook::on(&dir.path().join("restored"));
    restored.ok(&["restore", backup_text]);
    assert_eq!(LedgerState::read(restored.ledger()), LedgerState::read(daybook.ledger()));
}

#[test]
fn auditors_read_beside_a_writer_under_load() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let broker = Broker::start();
    let messages = History::generate(41, 6, 3_000).messages();
    let url = broker.url();
    let arguments = ["serve", "--nats", &url, "--listen", "127.0.0.1:0", "--through", THROUGH];
    let mut serving = daybook.start(&[arguments.as_slice(), &["--batch-records-max", "20"]].concat());
    serving.address();
    let first = broker.publish(messages[..200].to_vec());
    wait_until_projected(daybook.ledger(), first);
    let (last, audits) = std::thread::scope(|scope| {
        let published = scope.spawn(|| broker.publish(messages[200..].to_vec()));
        let (mut audits, mut position) = (0, 0);
        while position < 3_000 {
            let verified = daybook.json(&["verify", "--ledger-only"]);
            assert_eq!(verified["findings"], serde_json::json!([]));
            let now = verified["position"].as_u64().unwrap();
            assert!(now >= position, "a reader went back");
            position = now;
            daybook.ok(&["views", "--through", THROUGH]);
            daybook.ok(&["receipt", "--source", "contoso", "--event", "nothing-of-that-name"]);
            audits += 1;
        }
        (published.join().unwrap(), audits)
    });
    println!("audits beside the writer: {audits}");
    wait_until_projected(daybook.ledger(), last);
    serving.terminate();
    serving.wait().ok();
}
