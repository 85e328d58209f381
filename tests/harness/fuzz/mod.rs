//! The targets of the fuzzer over its corpus, and over some thousand mutations of it.
//!
//! `make fuzz` is what finds new things; this holds what was found, and that the targets still run.

mod mutate;
#[path = "../../../fuzz/src/targets/mod.rs"]
mod targets;

use daybook_tests::dice::Dice;
use daybook_tests::workspace_root;
use mutate::Mutator;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use targets::{TARGETS, Target};

/// Mutations a target; the whole takes seconds.
const MUTATIONS: usize = 2_000;
/// Another seed is another run: `DAYBOOK_TEST_SEED`.
const SEED: u64 = 1;
/// Bytes of one target's corpus: it lies in the repository.
const CORPUS_BYTES_MAX: usize = 64 * 1024;

fn folder(target: &Target) -> PathBuf {
    workspace_root().join("fuzz/corpus").join(target.name)
}

/// The corpus of a target, sorted by name.
fn corpus(target: &Target) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder(target)).unwrap_or_else(|error| panic!("{}: {error}", target.name));
    let mut files: Vec<(String, Vec<u8>)> = entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

/// Runs a target; a panic comes back with the input in hex, so that it can be put into the corpus.
fn run(target: &Target, what: &str, bytes: &[u8]) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))).map_err(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned())).unwrap_or_default();
        format!("{}, {what}: {said}\n  input {}", target.name, hex::encode(bytes))
    })
}

/// So many mutations of a corpus.
fn mutations_run(target: &Target, corpus: &[Vec<u8>], seed: u64, count: usize) -> Result<(), String> {
    let mut mutator = Mutator::new(Dice::new(seed), corpus);
    for number in 0..count {
        run(target, &format!("seed {seed}, mutation {number}"), &mutator.next())?;
    }
    Ok(())
}

#[test]
fn the_corpus_is_small_and_every_target_has_one() {
    let mut folders: Vec<String> = fs::read_dir(workspace_root().join("fuzz/corpus"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    folders.sort();
    let mut names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    names.sort_unstable();
    assert_eq!(folders, names, "folders of fuzz/corpus and targets");
    for target in TARGETS {
        let bytes: usize = corpus(target).iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(bytes > 0, "{} has an empty corpus", target.name);
        assert!(bytes <= CORPUS_BYTES_MAX, "the corpus of {} has {bytes} bytes: minimise it", target.name);
    }
}

/// Mutations of what verifies reach the checks behind the first one.
#[test]
fn the_corpus_has_notes_and_proofs_that_verify() {
    for (target, name, text) in targets::proofs::valid() {
        let path = workspace_root().join("fuzz/corpus").join(target).join(name);
        let kept = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(kept, text, "{}", path.display());
    }
}

#[test]
fn every_input_of_the_corpus_keeps_the_properties() {
    let mut inputs = 0;
    for target in TARGETS {
        for (name, bytes) in corpus(target) {
            run(target, &name, &bytes).unwrap_or_else(|broken| panic!("{broken}"));
            inputs += 1;
        }
    }
    println!("{inputs} inputs of {} targets", TARGETS.len());
}

#[test]
fn mutations_of_the_corpus_keep_the_properties() {
    let seed = std::env::var("DAYBOOK_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED);
    println!("seed {seed}, {MUTATIONS} mutations of each of {} targets", TARGETS.len());
    for target in TARGETS {
        let since = std::time::Instant::now();
        let inputs: Vec<Vec<u8>> = corpus(target).into_iter().map(|(_, bytes)| bytes).collect();
        mutations_run(target, &inputs, seed, MUTATIONS).unwrap_or_else(|broken| panic!("{broken}"));
        println!("{:16} {} ms", target.name, since.elapsed().as_millis());
    }
}

/// A runner that could not fail would say that all is well.
#[test]
fn a_broken_property_is_found_and_its_input_is_told() {
    let broken = Target { name: "broken", run: |bytes| assert!(!bytes.contains(&b'!'), "an exclamation") };
    let corpus = [b"quiet".to_vec(), b"calm!".to_vec()];
    let told = mutations_run(&broken, &corpus, SEED, 200).unwrap_err();
    assert!(told.contains("an exclamation") && told.contains("input ") && told.contains("21"), "{told}");
    let kept = Target { name: "kept", run: |_| {} };
    assert_eq!(mutations_run(&kept, &corpus, SEED, 200), Ok(()));
}
