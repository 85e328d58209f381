//! Players and coalitions: who makes which difference, and the book of every part of them.
#![allow(missing_docs, clippy::unwrap_used)]

use daybook_event::RuleFile;
use daybook_rules::model::RuleBook;
use daybook_rules::{BookArgument, Players, RuleLibrary, announced_steps, diff, shipped_rule_files};

fn shipped() -> RuleLibrary {
    RuleLibrary::load(&shipped_rule_files()).0.unwrap()
}

fn cut(library: &RuleLibrary, argument: &str) -> RuleLibrary {
    library.cut(&BookArgument::parse(argument).unwrap()).unwrap()
}

/// The shipped rules, all versions up to the one that is named.
fn upto(argument: &str) -> RuleLibrary {
    cut(&shipped(), argument)
}

fn overlay(name: &str, extends: &str, from: &str, changes: &str) -> RuleFile {
    let text = format!(
        "format = \"incentive-rules/1\"\nprogram = \"csp-indirect-reseller\"\nversion = \"{name}\"\nextends = \"{extends}\"\n\
         title = \"{name}\"\nhypothetical = true\n[validity]\nfrom = {from}\n[source.me]\ntitle = \"Me\"\n\
         authority = \"internal-reading\"\ngrade = \"inferred\"\n{changes}"
    );
    RuleFile { name: format!("{name}.toml"), bytes: text.into_bytes() }
}

fn set(id: &str, path: &str, from: &str, to: &str) -> String {
    format!(
        "[[change]]\nid = \"{id}\"\nset = \"{path}\"\nfrom = \"{from}\"\nto = \"{to}\"\nwhy = \"w\"\ncite = \"me\"\n"
    )
}

fn with(library: &RuleLibrary, file: RuleFile) -> RuleLibrary {
    library.with_file(file).unwrap_or_else(|found| panic!("{}", found[0]))
}

fn ids(players: &Players) -> Vec<&str> {
    players.list().iter().map(|player| player.id.as_str()).collect()
}

fn hashes(book: &RuleBook) -> Vec<(&str, &str)> {
    book.sets.iter().map(|set| (set.version.as_str(), set.hashes.terms_hash.as_str())).collect()
}

/// Nobody's coalition is the reference, everybody's the candidate, and each single player changes only its own paths.
fn check(players: &Players) {
    let (nobody, everyone) = (players.coalition(0).unwrap(), players.coalition(players.everyone()).unwrap());
    assert_eq!(hashes(&nobody), hashes(players.reference()));
    assert_eq!(hashes(&everyone), hashes(players.candidate()));
    assert_eq!(everyone.terms_hash, players.candidate().terms_hash);
    assert!(!ids(players).contains(&"rest"), "{:?}", ids(players));
    for (at, player) in players.list().iter().enumerate() {
        let book = players.coalition(1 << at).unwrap();
        let is_wording = |path: &str| path.ends_with(".sentence") || path.ends_with(".how_to");
        for line in diff(players.reference(), &book).iter().filter(|line| !is_wording(&line.path)) {
            let own = |path: &str| line.path.starts_with(path) || path.starts_with(&line.path);
            assert!(player.changes.iter().any(|change| own(&change.path)), "{}: {}", player.id, line.path);
            assert!(line.begins >= player.begins, "{}: {}", player.id, line.path);
        }
    }
}

#[test]
fn the_changes_of_a_version_are_its_players() {
    let players = Players::between(&upto("2020-10"), &upto("2021-10"));
    assert_eq!(ids(&players), ["ttm-threshold", "coop-threshold", "nonprofit-accelerator"]);
    assert_eq!(players.begins().unwrap().to_string(), "2021-10-01");
    let coop = &players.list()[1].changes[0];
    let said = (coop.path.as_str(), coop.from.as_deref(), coop.to.as_deref());
    assert_eq!(said, ("coop.threshold", Some("4000.00 USD"), Some("10000.00 USD")));
    assert!(coop.cite.contains(&"pax8".to_owned()) && coop.source_title.contains("Pax8"), "{coop:?}");
    check(&players);
    for mask in 1..8 {
        let book = players.coalition(mask).unwrap();
        assert_eq!(
            book.sets.iter().map(|set| set.version.as_str()).collect::<Vec<_>>(),
            ["2020-01", "2020-10", "2021-10"]
        );
    }
}

#[test]
fn a_version_without_a_change_in_the_coalition_is_no_rule_set() {
    let players = Players::between(&upto("2020-10"), &upto("2022-10"));
    let of_2021 = players.list().iter().position(|player| player.version == "2021-10").unwrap();
    let book = players.coalition(1 << of_2021).unwrap();
    let versions: Vec<&str> = book.sets.iter().map(|set| set.version.as_str()).collect();
    assert_eq!(versions, ["2020-01", "2020-10", "2021-10"]);
    let of_2022 = players.list().iter().position(|player| player.version == "2022-10").unwrap();
    let book = players.coalition(1 << of_2022).unwrap();
    let versions: Vec<&str> = book.sets.iter().map(|set| set.version.as_str()).collect();
    assert_eq!(versions, ["2020-01", "2020-10", "2022-10"]);
    check(&players);
}

#[test]
fn the_smaller_book_takes_the_same_players_back() {
    let (there, back) =
        (Players::between(&upto("2020-10"), &upto("2021-10")), Players::between(&upto("2021-10"), &upto("2020-10")));
    assert_eq!(ids(&there), ids(&back));
    check(&back);
    for mask in 0..8 {
        let (one, other) = (there.coalition(mask).unwrap(), back.coalition(7 ^ mask).unwrap());
        assert_eq!(one.terms_hash, other.terms_hash, "{mask}");
    }
    let coop = &back.list()[1].changes[0];
    assert_eq!((coop.from.as_deref(), coop.to.as_deref()), (Some("10000.00 USD"), Some("4000.00 USD")));
}

#[test]
fn neighbours_among_the_shipped_versions_and_the_ends_are_covered() {
    let library = shipped();
    let versions: Vec<String> = library.versions().iter().map(|version| version.set.version.clone()).collect();
    let ends = [versions[0].clone(), versions[versions.len() - 1].clone()];
    for pair in versions.windows(2).chain([ends.as_slice()]) {
        for (one, other) in [(&pair[0], &pair[1]), (&pair[1], &pair[0])] {
            let players = Players::between(&cut(&library, one), &cut(&library, other));
            assert!(!players.list().is_empty(), "{one} {other}");
            check(&players);
            check(&players.grouped_by_version());
        }
    }
    assert!(Players::between(&library, &library).list().is_empty());
}

#[test]
fn changes_that_need_each_other_are_one_player() {
    let library = shipped();
    let later = set("more", "lever.nonprofit_accelerator.rate", "12%", "11%")
        + &set("azure", "lever.core_azure.rate", "4%", "5%");
    let candidate = with(&library, overlay("2022-01", "2021-10", "2022-01-01", &later));
    let players = Players::between(&cut(&library, "2020-10"), &cut(&candidate, "2022-01"));
    assert_eq!(ids(&players), ["ttm-threshold", "coop-threshold", "nonprofit-accelerator+more", "azure"]);
    check(&players);
    // A split that is not whole does not load: its two halves go together though no path is shared.
    let split = set("rebate", "split.rebate", "60%", "50%") + &set("coop", "split.coop", "40%", "50%");
    let candidate = with(&library, overlay("half", "2021-10", "2022-01-01", &split));
    let players = Players::between(&upto("2021-10"), &cut(&candidate, "half"));
    assert_eq!(ids(&players), ["rebate+coop"]);
    check(&players);
}

#[test]
fn an_overlay_that_ends_where_the_next_version_begins_makes_no_difference_later() {
    let what_if = overlay("spring", "2020-10", "2021-04-01", &set("azure", "lever.core_azure.rate", "4%", "5%"));
    let players = Players::between(&shipped(), &with(&shipped(), what_if));
    assert_eq!(ids(&players), ["azure"]);
    assert_eq!(players.begins().unwrap().to_string(), "2021-04-01");
    check(&players);
}

#[test]
fn a_revision_is_held_against_what_it_revises() {
    let text =
        String::from_utf8(shipped().files().iter().find(|file| file.name == "2021-10.toml").unwrap().bytes.clone());
    let text =
        text.unwrap().replace("\"2021-10\"\nextends", "\"2021-10.r2\"\nextends").replace("10000.00 USD", "9000.00 USD");
    let file = RuleFile { name: "2021-10.r2.toml".to_owned(), bytes: text.into_bytes() };
    let both = with(&upto("2021-10"), file);
    let players = Players::between(&cut(&both, "2021-10"), &cut(&both, "2021-10.r2"));
    assert_eq!(ids(&players), ["coop-threshold"]);
    assert_eq!(players.list()[0].version, "2021-10.r2");
    let change = &players.list()[0].changes[0];
    assert_eq!((change.from.as_deref(), change.to.as_deref()), (Some("10000.00 USD"), Some("9000.00 USD")));
    check(&players);
}

/// The files of a folder of invented rules that stand alone.
fn folder(name: &str, changed: impl Fn(&str, String) -> String) -> RuleLibrary {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = changed(&file, std::fs::read_to_string(&path).unwrap()).into_bytes();
            files.push(RuleFile { name: file, bytes });
        }
    }
    let (library, found) = RuleLibrary::load(&files);
    library.unwrap_or_else(|| panic!("{}", found[0]))
}

#[test]
fn books_that_stand_alone_differ_by_path() {
    let one = folder("tests-books/two-versions", |_, text| text);
    let other = folder("tests-books/two-versions", |file, text| match file {
        "2020-10.toml" => text.replacen("4.75%", "5%", 1),
        _ => text,
    });
    let players = Players::between(&one, &other);
    assert_eq!(ids(&players), ["lever.core_biz_apps.rate"]);
    check(&players);
    let unrelated = Players::between(&one, &shipped());
    assert!(unrelated.list().len() > 12, "{:?}", ids(&unrelated));
    check(&unrelated.grouped_by_version());
}

#[test]
fn the_catalogue_is_one_player_whatever_differs_in_it() {
    let one = folder("synthetic", |_, text| text);
    let other = folder("synthetic", |file, text| match file {
        "catalogue.toml" => text.replacen("\"Cloud\"", "\"Office\"", 1),
        _ => text,
    });
    if one.current().catalogue.terms_hash == other.current().catalogue.terms_hash {
        panic!("the invented catalogue has no family \"Cloud\"");
    }
    let players = Players::between(&one, &other);
    assert_eq!(ids(&players), ["catalogue"]);
    check(&players);
}

#[test]
fn announced_steps_lead_from_the_reference_to_the_candidate() {
    let (reference, candidate) = (upto("2020-10"), upto("2022-10"));
    let steps = announced_steps(&reference, &candidate);
    let names: Vec<&str> = steps.iter().map(|(name, _)| name.as_str()).collect();
    let taken_back = "2021-10/nonprofit-accelerator+nonprofit-unknown";
    assert_eq!(names[..3], ["2021-10/ttm-threshold", "2021-10/coop-threshold", taken_back]);
    assert_eq!(hashes(&steps.last().unwrap().1), hashes(&candidate.current()));
    let mut books = vec![reference.current().terms_hash];
    books.extend(steps.iter().map(|(_, book)| book.terms_hash.clone()));
    assert!(books.windows(2).all(|pair| pair[0] != pair[1]), "a step that changes nothing");
    assert_eq!(announced_steps(&candidate, &candidate).len(), 0);
}

/// A gate that nobody asks for cannot stand, nor can a lever without the gate that it asks for: the first lever takes it along.
#[test]
fn announced_steps_are_smaller_than_players_that_cannot_stand_apart() {
    let (reference, candidate) = (upto("2024-10"), upto("2025-07"));
    let steps = announced_steps(&reference, &candidate);
    let names: Vec<&str> = steps.iter().filter_map(|(name, _)| name.strip_prefix("2025-07/")).collect();
    let growth = "growth+growth-needs-its-area+growth-cap";
    let core = "modern-work-and-security+core-modern-work-fy26+modern-work-needs-its-area+core-cap";
    let area = "business-applications-area+biz-apps-needs-its-area";
    for name in ["core-modern-work-ends", core, area, "tier-1-rate", "growth-products", growth] {
        assert!(names.contains(&name), "{name} is not one of {names:?}");
    }
    let players = Players::between(&reference, &candidate);
    assert!(ids(&players).iter().any(|id| id.contains("modern-work-and-security+")), "{:?}", ids(&players));
    assert_eq!(hashes(&steps.last().unwrap().1), hashes(&candidate.current()));
}

#[test]
fn readings_that_the_terms_can_say_have_books() {
    let players = Players::between(&upto("2020-10"), &upto("2021-10"));
    let readings = players.readings();
    let edge = readings.iter().find(|reading| reading.path == "coop.resolve_at").unwrap();
    let under = players.under(edge).unwrap();
    assert_eq!(diff(players.candidate(), under.candidate.as_ref().unwrap()).len(), 1);
    assert!(under.reference.is_some(), "2020-01 states the same reading");
    let words = readings.iter().find(|reading| reading.other.starts_with("twelve whole")).unwrap();
    assert!(players.under(words).is_none());
}

#[test]
fn a_parameter_is_varied_from_the_first_difference_on() {
    let players = Players::between(&upto("2020-10"), &upto("2021-10"));
    let (path, varied) = players.varied("coop.threshold=0..20000/4").unwrap();
    let values: Vec<&str> = varied.iter().map(|varied| varied.value.as_str()).collect();
    assert_eq!(
        (path.as_str(), values),
        ("coop.threshold", vec!["0.00 USD", "5000.00 USD", "10000.00 USD", "15000.00 USD", "20000.00 USD"])
    );
    assert_eq!(varied[2].book.terms_hash, players.candidate().terms_hash);
    let lines = diff(players.candidate(), &varied[0].book);
    assert_eq!((lines.len(), lines[0].begins.to_string().as_str()), (1, "2021-10-01"));
    let (_, rates) = players.varied("lever.core_azure.rate=0..1/8").unwrap();
    assert_eq!(rates[1].value, "0.125%");
    for bad in [
        "coop.threshold",
        "coop.threshold=1..2",
        "coop.threshold=1..x/2",
        "coop.threshold=1..2/0",
        "no.where=1..2/2",
        "coop.resolve_at=1..2/2",
        "payout.due=-5..5/2",
    ] {
        assert!(players.varied(bad).is_err(), "{bad}");
    }
}
