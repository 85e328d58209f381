//! Books made of versions: book arguments, revisions, what-ifs, what was known when, and the hashes.
#![allow(missing_docs, clippy::unwrap_used)]

use daybook_event::RuleFile;
use daybook_rules::{BookArgument, BookChoice, BookError, RuleLibrary, load_book, shipped_rule_files};

/// The shipped versions, by date.
const VERSIONS: [&str; 7] = ["2020-01", "2020-10", "2021-10", "2022-10", "2023-10", "2024-10", "2025-07"];

fn file(name: &str, text: &str) -> RuleFile {
    RuleFile { name: name.to_owned(), bytes: text.as_bytes().to_vec() }
}

fn library() -> RuleLibrary {
    RuleLibrary::load(&shipped_rule_files()).0.unwrap()
}

fn ask(library: &RuleLibrary, argument: &str) -> Result<Vec<String>, BookError> {
    let book = library.book(&BookArgument::parse(argument).unwrap())?;
    Ok(book.sets.iter().map(|set| set.version.clone()).collect())
}

/// A small version on top of another.
fn version(id: &str, extends: &str, from: &str, more: &str) -> RuleFile {
    let text = format!(
        "format = \"incentive-rules/1\"\nprogram = \"csp-indirect-reseller\"\nversion = \"{id}\"\n\
         extends = \"{extends}\"\ntitle = \"{id}\"\n{more}\n[validity]\nfrom = {from}\n\
         [source.me]\ntitle = \"me\"\nauthority = \"internal-reading\"\ngrade = \"inferred\"\n\
         [[change]]\nid = \"{id}-rate\"\nset = \"lever.core_azure.rate\"\nfrom = \"4%\"\nto = \"5%\"\nwhy = \"test\"\ncite = \"me\"\n"
    );
    file(&format!("{id}.toml"), &text)
}

#[test]
fn a_book_file_names_its_files() {
    let files = shipped_rule_files();
    let names = daybook_rules::book_file_names(&files[0]).unwrap();
    let versions: Vec<String> = VERSIONS.iter().map(|version| format!("{version}.toml")).collect();
    assert_eq!(names, [versions.as_slice(), &["catalogue.toml".to_owned()]].concat());
    assert_eq!(daybook_rules::book_file_names(&files[1]), None);
    assert_eq!(daybook_rules::book_file_names(&file("x.toml", "no = toml = ")), None);
}

#[test]
fn a_book_argument_is_current_a_version_or_a_file_with_or_without_a_date() {
    let parse = |text: &str| BookArgument::parse(text).map(|argument| (argument.choice.clone(), argument.to_string()));
    assert_eq!(parse("current").unwrap(), (BookChoice::Current, "current".to_owned()));
    assert_eq!(parse("2020-10").unwrap().0, BookChoice::UpTo("2020-10".to_owned()));
    assert_eq!(parse("what-if.toml").unwrap().0, BookChoice::File("what-if.toml".to_owned()));
    assert_eq!(parse("a@b/rules").unwrap().0, BookChoice::File("a@b/rules".to_owned()));
    assert_eq!(parse("current@2021-11-01").unwrap().1, "current@2021-11-01");
    assert_eq!(parse("x/y.toml@2021-11-01").unwrap().0, BookChoice::File("x/y.toml".to_owned()));
    for bad in ["", "@2021-11-01", "current@yesterday", "current@2021-02-30"] {
        assert!(BookArgument::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn up_to_a_version_leaves_the_later_ones_out() {
    let library = library();
    assert_eq!(ask(&library, "current").unwrap(), VERSIONS);
    assert_eq!(ask(&library, "2020-01").unwrap(), VERSIONS[..1]);
    assert_eq!(ask(&library, "2021-10").unwrap(), VERSIONS[..3]);
    let error = ask(&library, "2019-10").unwrap_err();
    let message = format!("no version \"2019-10\" among the rules: there are {}", VERSIONS.join(", "));
    assert_eq!(error.to_string(), message);
}

#[test]
fn known_on_a_date_leaves_out_what_was_published_later() {
    let library = library();
    assert_eq!(ask(&library, "current@2021-09-30").unwrap(), VERSIONS[..2]);
    assert_eq!(ask(&library, "current@2021-10-01").unwrap(), VERSIONS[..3]);
    assert_eq!(ask(&library, "current@2025-08-24").unwrap(), VERSIONS[..6], "in force, but not yet published");
    assert_eq!(ask(&library, "current@2025-08-25").unwrap(), VERSIONS);
    assert!(matches!(ask(&library, "current@2019-12-31"), Err(BookError::NothingPublished(_))));
}

#[test]
fn a_what_if_is_one_more_version_and_replaces_the_one_of_its_date() {
    let between = version("spring", "2020-10", "2021-04-01", "hypothetical = true");
    let with = library().with_file(between).unwrap();
    assert_eq!(ask(&with, "current").unwrap()[..4], ["2020-01", "2020-10", "spring", "2021-10"]);
    let instead = version("gentle", "2021-10", "2021-10-01", "hypothetical = true");
    let with = library().with_file(instead).unwrap();
    assert_eq!(ask(&with, "current").unwrap()[..4], ["2020-01", "2020-10", "gentle", "2022-10"]);
    assert_eq!(
        ask(&with, "current@2021-01-01").unwrap(),
        ["2020-01", "2020-10", "gentle"],
        "a what-if is always known"
    );
    assert_eq!(with.current().sources_of_no_partner, ["rates"]);
    let set = &with.current().sets[2];
    let origin = &set.origins["lever.core_azure.rate"];
    assert_eq!((origin.file.as_str(), origin.version.as_str()), ("gentle.toml", "gentle"));
    assert_eq!(origin.change_id.as_deref(), Some("gentle-rate"));
    assert_eq!(set.origins["coop.threshold"].change_id.as_deref(), Some("coop-threshold"));
}

#[test]
fn a_revision_stands_for_its_version_unless_the_first_reading_is_asked_for() {
    let with = library().with_file(version("2021-10.r2", "2020-10", "2021-10-01", "")).unwrap();
    assert_eq!(ask(&with, "current").unwrap()[..4], ["2020-01", "2020-10", "2021-10.r2", "2022-10"]);
    assert_eq!(ask(&with, "2021-10").unwrap(), VERSIONS[..3]);
    let revised = with.version("2021-10.r2").unwrap();
    assert_eq!((revised.base_id(), revised.revision), ("2021-10", 2));
}

/// The shipped files without the lock, with one text replaced.
fn edited(name: &str, from: &str, to: &str) -> Vec<RuleFile> {
    let mut files = shipped_rule_files();
    files.retain(|file| file.name != "rules.lock");
    for file in files.iter_mut().filter(|file| file.name == name) {
        let text = String::from_utf8(file.bytes.clone()).unwrap();
        assert!(text.contains(from), "{from:?} is not in {name}");
        file.bytes = text.replace(from, to).into_bytes();
    }
    files
}

fn hashes(files: &[RuleFile]) -> (Vec<String>, Vec<String>, String) {
    let book = load_book(files).0.unwrap();
    let of = |pick: fn(&daybook_rules::model::Hashes) -> &String| {
        book.sets.iter().map(|set| pick(&set.hashes).clone()).collect()
    };
    (of(|hashes| &hashes.document_hash), of(|hashes| &hashes.terms_hash), book.terms_hash.clone())
}

#[test]
fn a_citation_changes_the_document_hash_and_not_the_terms_hash() {
    let shipped = hashes(&shipped_rule_files());
    for (name, from, to) in [
        ("2020-01.toml", "(Pax8)\"", "(Pax8, read again)\""),
        ("2020-01.toml", "The tax profile is missing.", "No tax profile."),
        ("2020-01.toml", "cite       = [\"vuzion-coop\", \"pax8\"]", "cite       = \"pax8\""),
    ] {
        let other = hashes(&edited(name, from, to));
        assert_ne!(shipped.0[0], other.0[0], "{from}");
        assert_ne!(shipped.0[1], other.0[1], "what is inherited counts: {from}");
        assert_eq!((&shipped.1, &shipped.2), (&other.1, &other.2), "{from}");
    }
    let why = hashes(&edited("2021-10.toml", "The co-op usage threshold is raised", "Raised"));
    assert_eq!(shipped.0[..2], why.0[..2]);
    assert_ne!(shipped.0[2], why.0[2]);
    assert_eq!(shipped.1, why.1);
}

#[test]
fn whatever_can_change_a_figure_changes_the_terms_hash() {
    let shipped = hashes(&shipped_rule_files());
    for (name, from, to) in [
        ("2020-01.toml", "minimum          = \"200.00 USD\"", "minimum          = \"199.00 USD\""),
        (
            "2020-01.toml",
            "rebate       = \"60%\"\ncoop         = \"40%\"",
            "rebate       = \"61%\"\ncoop         = \"39%\"",
        ),
        ("2020-01.toml", "due              = \"45d\"", "due              = \"46d\""),
        ("2020-01.toml", "minimum          = \"200.00 USD\"", "minimum          = \"200.01 USD\""),
        ("2020-01.toml", "TAXMISSING", "TAXABSENT"),
        ("2020-01.toml", "name     = \"telemarketing\"", "name     = \"telesales\""),
    ] {
        let other = hashes(&edited(name, from, to));
        assert!(shipped.1.iter().zip(&other.1).all(|(one, two)| one != two), "{from}");
        assert_ne!(shipped.2, other.2, "{from}");
    }
    let catalogue = hashes(&edited("catalogue.toml", "[\"name:Intune\", \"EMS\"],", ""));
    assert_eq!(shipped.1, catalogue.1);
    assert_ne!(shipped.2, catalogue.2, "the catalogue is part of the book");
    let sources = hashes(&edited("book.toml", "\"rates\"", "\"rates\", \"contoso\""));
    assert_ne!(shipped.2, sources.2, "so is who may send exchange rates");
}

#[test]
fn a_term_that_has_the_name_of_a_text_is_a_term_all_the_same() {
    let shipped = hashes(&shipped_rule_files());
    let lever = |rate: &str| {
        let block = format!(
            "[lever.category]\nslot = \"extra\"\nmatch = {{ product_group = \"azure\" }}\nbase = \"billed_revenue\"\n\
             rate = \"{rate}\"\ncite = \"house\"\n\n# ---- how it is split"
        );
        hashes(&edited("2020-01.toml", "# ---- how it is split", &block))
    };
    let (one, two) = (lever("1%"), lever("2%"));
    assert_ne!(shipped.2, one.2);
    assert_ne!(one.2, two.2);
    let group =
        hashes(&edited("2020-01.toml", "[product_group]\n", "[product_group]\nsentence = [\"family:Azure\"]\n"));
    assert_ne!(shipped.2, group.2);
}

#[test]
fn the_order_of_levers_is_a_term_and_the_spelling_of_a_number_is_not() {
    let shipped = hashes(&shipped_rule_files());
    let spelled = hashes(&edited("2020-01.toml", "\"200.00 USD\"", "\"200 USD\""));
    assert_eq!(shipped.1, spelled.1);
    assert_ne!(shipped.0, spelled.0);
    let text = String::from_utf8(shipped_rule_files()[1].bytes.clone()).unwrap();
    let at = |name: &str| text.find(&format!("[lever.{name}]")).unwrap();
    let (work, biz, azure) = (at("core_modern_work"), at("core_biz_apps"), at("core_azure"));
    let end = text.find("# ---- how it is split").unwrap();
    let parts = [&text[..work], &text[biz..azure], &text[work..biz], &text[azure..end], &text[end..]];
    let swapped = hashes(&edited("2020-01.toml", &text, &parts.concat()));
    assert_ne!(shipped.1[0], swapped.1[0]);
}
