//! Killed at every commit boundary, it goes on to the same rows.

use crate::adoptions::{adoption, chooser};
use crate::bench::{append, book_of_2020, ledger_in, projector_in};
use crate::history::{date, history};
use std::path::Path;
use std::process::Command;

const FOLDER: &str = "DAYBOOK_TEST_FOLDER";
const SEED: u64 = 6;

/// The process that is killed: projects the ledger in the folder, batch by batch, then under an adopted book.
fn project(dir: &Path) -> String {
    let mut ledger = ledger_in(dir);
    let mut projector = projector_in(dir, &ledger.reader(), &book_of_2020(), 20).unwrap();
    projector.follow_adoptions(chooser());
    for through in ["2021-11-15", "2022-12-31"] {
        projector.catch_up(&ledger.reader(), date(through)).unwrap();
    }
    append(&mut ledger, &[adoption("a-1")]);
    projector.catch_up(&ledger.reader(), date("2022-12-31")).unwrap();
    projector.views().unwrap().unwrap().digest().unwrap().to_string()
}

#[test]
#[ignore = "run by the test below, in a process of its own"]
fn child() {
    let dir = std::env::var(FOLDER).unwrap();
    println!("digest {}", project(Path::new(&dir)));
}

/// Runs the child with a crash point armed; its digest, or none if it died.
fn run_child(dir: &Path, crash_point: &str) -> Option<String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crash::child", "--ignored", "--nocapture"]).env(FOLDER, dir);
    let output = command.env("DAYBOOK_CRASH_POINT", crash_point).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let digest = text.lines().find_map(|line| line.split("digest ").nth(1)).map(|rest| rest[..64].to_owned());
    assert_eq!(digest.is_some(), output.status.success(), "{text} {}", String::from_utf8_lossy(&output.stderr));
    digest
}

#[test]
fn killed_at_every_commit_boundary_it_goes_on_to_the_same_rows() {
    let envelopes = history(SEED, 100);
    let whole = tempfile::tempdir().unwrap();
    append(&mut ledger_in(whole.path()), &envelopes);
    let expected = project(whole.path());
    let killed = tempfile::tempdir().unwrap();
    append(&mut ledger_in(killed.path()), &envelopes);
    let points = daybook_projector::CRASH_POINTS.into_iter().chain(["derived:before_commit", "derived:after_commit"]);
    for point in points {
        daybook_store::derived_delete(killed.path(), &daybook_store::DerivedOptions::default()).unwrap();
        let mut deaths = 0;
        for pass in 1.. {
            match run_child(killed.path(), &format!("{point}:{pass}")) {
                None => deaths += 1,
                Some(digest) => {
                    assert_eq!(digest, expected, "{point} after {deaths} deaths");
                    break;
                }
            }
        }
        assert!(deaths > 0, "{point} is never passed");
    }
}
