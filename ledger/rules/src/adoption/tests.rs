use super::*;
use crate::library::RuleLibrary;
use crate::model::RuleBook;
use daybook_event::{EventId, Reversal, RuleFile, SourceId, date_parse};

/// Two versions with their catalogue and book file, kept for these tests whatever is shipped.
fn files() -> Vec<RuleFile> {
    let file = |(name, bytes): (&str, &[u8])| RuleFile { name: name.to_owned(), bytes: bytes.to_vec() };
    let files: [(&str, &[u8]); 4] = [
        ("2020-10.toml", include_bytes!("../../tests-books/two-versions/2020-10.toml")),
        ("2021-10.toml", include_bytes!("../../tests-books/two-versions/2021-10.toml")),
        ("book.toml", include_bytes!("../../tests-books/two-versions/book.toml")),
        ("catalogue.toml", include_bytes!("../../tests-books/two-versions/catalogue.toml")),
    ];
    files.into_iter().map(file).collect()
}

fn file(name: &str) -> RuleFile {
    files().into_iter().find(|file| file.name == name).unwrap()
}

fn edited(name: &str, from: &str, to: &str) -> RuleFile {
    let text = String::from_utf8(file(name).bytes).unwrap();
    assert!(text.contains(from), "{name} has no {from:?}");
    RuleFile { name: name.to_owned(), bytes: text.replacen(from, to, 1).into_bytes() }
}

fn offered() -> RuleLibrary {
    RuleLibrary::load(&files()).0.unwrap()
}

fn envelope(source: &str, id: &str, payload: Payload) -> Envelope {
    Envelope {
        id: EventRef { source: SourceId::parse(source).unwrap(), event_id: EventId::parse(id).unwrap() },
        partner_id: None,
        effective_on: date_parse("2022-01-31").unwrap(),
        seq: 0,
        source_seq: None,
        payload,
    }
}

fn adoption(id: &str, files: &[RuleFile], terms_hash: &str) -> Envelope {
    let act = RuleBookAdopted {
        files: files.to_vec(),
        terms_hash: terms_hash.to_owned(),
        adopted_by: "finance".to_owned(),
        approver: String::new(),
        reason: "published".to_owned(),
    };
    envelope("ledger", id, Payload::RuleBookAdopted(act))
}

fn reversal(id: &str, of: &str) -> Envelope {
    let reverses = EventId::parse(of).unwrap();
    envelope("ledger", id, Payload::Reversal(Reversal { reverses, reason: "a mistake".to_owned() }))
}

/// The records at 1, 2, ... in this order.
fn recorded(envelopes: &[Envelope]) -> Adoptions {
    let mut adoptions = Adoptions::default();
    for (position, envelope) in (1..).zip(envelopes) {
        adoptions.add(Position::new(position), envelope);
    }
    adoptions
}

fn versions_at(adoptions: &Adoptions, position: u64) -> Vec<String> {
    let adopted = adoptions.adopted(Position::new(position));
    let versions = adopted.library().map(|library| library.versions().to_vec()).unwrap_or_default();
    versions.into_iter().map(|version| version.set.version).collect()
}

fn findings_at(adoptions: &Adoptions, position: u64) -> Vec<String> {
    let adopted = adoptions.adopted(Position::new(position));
    adopted.findings().iter().map(|finding| format!("{} {}", finding.position, finding.what)).collect()
}

fn plan(adoptions: &Adoptions, offered: &RuleLibrary, wanted: &[&str]) -> Result<AdoptionPlan, PlanError> {
    let adopted = adoptions.adopted(Position::new(u64::MAX));
    let wanted = match wanted {
        [] => WantedVersions::Every,
        ids => WantedVersions::These(ids.iter().map(|id| (*id).to_owned()).collect()),
    };
    adoption_plan(&adopted, offered, offered.files(), &wanted)
}

fn names(plan: &AdoptionPlan) -> Vec<&str> {
    plan.files.iter().map(|file| file.name.as_str()).collect()
}

/// The act that a plan makes.
fn act_of(id: &str, plan: &AdoptionPlan) -> Envelope {
    adoption(id, &plan.files, &plan.book.as_ref().unwrap().terms_hash)
}

#[test]
fn everything_adopted_is_the_book_that_was_offered() {
    let plan_of_all = plan(&Adoptions::default(), &offered(), &[]).unwrap();
    assert_eq!(names(&plan_of_all), ["2020-10.toml", "2021-10.toml", "book.toml", "catalogue.toml"]);
    assert_eq!(plan_of_all.added, ["2020-10", "2021-10"]);
    let adoptions = recorded(&[act_of("a-1", &plan_of_all)]);
    let adopted = adoptions.adopted(Position::new(1));
    let (of_ledger, of_files) = (adopted.library().unwrap().current(), offered().current());
    assert_eq!(of_ledger.terms_hash, of_files.terms_hash);
    let hashes = |book: &RuleBook| book.sets.iter().map(|set| set.hashes.document_hash.clone()).collect::<Vec<_>>();
    assert_eq!(hashes(&of_ledger), hashes(&of_files));
    assert_eq!(of_ledger.sources_of_no_partner, of_files.sources_of_no_partner);
    assert_eq!(adopted.findings(), []);
    assert_eq!(adopted.file("2021-10.toml").unwrap().position, Position::new(1));
    let again = plan(&adoptions, &offered(), &[]).unwrap();
    assert_eq!(names(&again), [""; 0]);
    assert_eq!(again.standing, ["2020-10", "2021-10"]);
}

#[test]
fn versions_are_adopted_one_after_another_and_known_from_their_position_on() {
    let first = plan(&Adoptions::default(), &offered(), &["2020-10"]).unwrap();
    assert_eq!(names(&first), ["2020-10.toml", "book.toml", "catalogue.toml"]);
    let one = recorded(&[act_of("a-1", &first)]);
    let second = plan(&one, &offered(), &[]).unwrap();
    assert_eq!(names(&second), ["2021-10.toml"]);
    let both = recorded(&[act_of("a-1", &first), act_of("a-2", &second)]);
    let known: Vec<Vec<String>> = (0..=2).map(|position| versions_at(&both, position)).collect();
    assert_eq!(known, [vec![], vec!["2020-10".to_owned()], vec!["2020-10".to_owned(), "2021-10".to_owned()]]);
    assert_eq!(findings_at(&both, 2), [""; 0]);
}

#[test]
fn what_may_not_be_adopted_is_refused_in_words() {
    let none = Adoptions::default();
    let said = |planned: Result<AdoptionPlan, PlanError>| planned.unwrap_err().to_string();
    assert!(said(plan(&none, &offered(), &["2021-10"])).contains("2021-10 extends 2020-10, which is not adopted"));
    assert!(said(plan(&none, &offered(), &["2019-10"])).contains("no version \"2019-10\""));
    let what_if = edited("2021-10.toml", "\nversion ", "\nhypothetical = true\nversion ");
    let without = |name: &str| files().into_iter().filter(|file| file.name != name).collect::<Vec<_>>();
    let with_what_if = RuleLibrary::load(&[without("2021-10.toml"), vec![what_if]].concat()).0.unwrap();
    assert!(said(plan(&none, &with_what_if, &["2021-10"])).contains("what-if"));
    assert_eq!(plan(&none, &with_what_if, &[]).unwrap().added, ["2020-10"], "every version is no what-if");

    let all = recorded(&[act_of("a-1", &plan(&none, &offered(), &[]).unwrap())]);
    let changed = edited("2021-10.toml", "FY22", "fiscal year 2022");
    let other = RuleLibrary::load(&[without("2021-10.toml"), vec![changed]].concat()).0.unwrap();
    for wanted in [&["2021-10"][..], &[]] {
        let text = said(plan(&all, &other, wanted));
        assert!(text.contains("2021-10 is adopted already") && text.contains("2021-10.r2"), "{text}");
    }
}

#[test]
fn a_reversed_adoption_counts_until_the_reversal_and_in_no_order_of_arrival_after_it() {
    let first = plan(&Adoptions::default(), &offered(), &["2020-10"]).unwrap();
    let second = plan(&recorded(&[act_of("a-1", &first)]), &offered(), &[]).unwrap();
    let envelopes = [act_of("a-1", &first), act_of("a-2", &second), reversal("u-1", "a-2")];
    let adoptions = recorded(&envelopes);
    assert_eq!(versions_at(&adoptions, 2), ["2020-10", "2021-10"]);
    assert_eq!(versions_at(&adoptions, 3), ["2020-10"]);
    let mut backwards = Adoptions::default();
    for (position, envelope) in (1..).zip(&envelopes).collect::<Vec<_>>().into_iter().rev() {
        backwards.add(Position::new(position), envelope);
    }
    assert_eq!(backwards, adoptions);
    let before_its_target = recorded(&[act_of("a-1", &first), reversal("u-1", "a-2"), act_of("a-2", &second)]);
    assert_eq!(versions_at(&before_its_target, 3), ["2020-10"]);
    let adopted_again = recorded(&[&envelopes[..], &[act_of("a-3", &second)]].concat());
    assert_eq!(versions_at(&adopted_again, 4), ["2020-10", "2021-10"]);
}

#[test]
fn an_act_that_makes_no_book_is_a_finding_and_the_others_count() {
    let all = plan(&Adoptions::default(), &offered(), &[]).unwrap();
    let good = act_of("a-1", &all);
    let broken = RuleFile { name: "2022-10.toml".to_owned(), bytes: b"no = toml = ".to_vec() };
    let lock = crate::lock_text(&offered()).into_bytes();
    let lock = RuleFile { name: "rules.lock".to_owned(), bytes: lock };
    let edition_changed = edited("catalogue.toml", "\"Azure\"]", "\"Azure services\"]");
    for (files, said) in [
        (vec![], "it holds no file"),
        (vec![broken], "neither a rule set nor"),
        (vec![lock], "neither a rule set nor"),
        (vec![edited("2021-10.toml", "FY22", "FY 22")], "adopted already with other bytes"),
        (vec![edited("2021-10.toml", "\nversion", "\nversoin")], "adopted already with other bytes"),
        (vec![edition_changed], "do not load together with the adopted ones: R009"),
    ] {
        let act = adoption("bad", &files, "h");
        let adoptions = recorded(&[act.clone(), good.clone(), act]);
        let found = findings_at(&adoptions, 3);
        let third = found.iter().find(|line| line.starts_with('3')).unwrap_or_else(|| panic!("{said}: {found:?}"));
        assert!(third.contains("does not count") && third.contains(said), "{said}: {third}");
        assert!(versions_at(&adoptions, 3).contains(&"2021-10".to_owned()), "{said}");
    }
}

#[test]
fn the_catalogue_grows_by_editions_and_keeps_the_adopted_ones() {
    let all = plan(&Adoptions::default(), &offered(), &[]).unwrap();
    let text = String::from_utf8(file("catalogue.toml").bytes).unwrap();
    let first_date = offered().catalogue.editions[0].from.to_string();
    let moved =
        RuleFile { name: "catalogue.toml".to_owned(), bytes: text.replace(&first_date, "2019-01-01").into_bytes() };
    let found = findings_at(&recorded(&[act_of("a-1", &all), adoption("a-2", &[moved], "h")]), 2);
    assert!(found[0].contains(&format!("changes the adopted edition of {first_date}")), "{found:?}");

    let edition = &text[text.find("[[edition]]").unwrap()..];
    let grown = format!("{text}\n{}", edition.replace(&first_date, "2030-01-01"));
    let grown = RuleFile { name: "catalogue.toml".to_owned(), bytes: grown.into_bytes() };
    let files = files().into_iter().map(|file| if file.name == grown.name { grown.clone() } else { file });
    let newer = RuleLibrary::load(&files.collect::<Vec<_>>()).0.unwrap();
    let adoptions = recorded(&[act_of("a-1", &all)]);
    let next = plan(&adoptions, &newer, &[]).unwrap();
    assert_eq!((names(&next), &next.added), (vec!["catalogue.toml"], &vec![]));
    let both = recorded(&[act_of("a-1", &all), act_of("a-2", &next)]);
    assert_eq!(findings_at(&both, 2), [""; 0]);
    let older = plan(&both, &offered(), &[]).unwrap();
    assert_eq!(names(&older), [""; 0], "an older catalogue takes nothing back");
}

#[test]
fn an_act_that_names_another_book_than_it_makes_counts_and_is_noted() {
    let first = plan(&Adoptions::default(), &offered(), &["2020-10"]).unwrap();
    let wrong = recorded(&[adoption("a-1", &first.files, "another")]);
    assert_eq!(versions_at(&wrong, 1), ["2020-10"]);
    assert!(findings_at(&wrong, 1)[0].contains("names the rule book another"), "{:?}", findings_at(&wrong, 1));
    // Where an act between them is reversed, the whole makes another hash than the last one named: not its doing.
    let text =
        String::from_utf8(edited("2020-10.toml", "version  = \"2020-10\"", "version = \"2020-10.r2\"").bytes).unwrap();
    let reading = RuleFile { name: "2020-10.r2.toml".to_owned(), bytes: text.replace("\"4%\"", "\"5%\"").into_bytes() };
    let mut so_far = vec![act_of("a-1", &first)];
    for (id, file) in [("a-2", reading), ("a-3", file("2021-10.toml"))] {
        let adopted = recorded(&so_far).adopted(Position::new(9));
        let book = adopted.plus(std::slice::from_ref(&file)).unwrap().current();
        so_far.push(adoption(id, &[file], &book.terms_hash));
    }
    so_far.push(reversal("u-1", "a-2"));
    assert_eq!(versions_at(&recorded(&so_far), 3), ["2020-10", "2020-10.r2", "2021-10"]);
    assert_eq!(versions_at(&recorded(&so_far), 4), ["2020-10", "2021-10"]);
    assert_eq!(findings_at(&recorded(&so_far), 4), [""; 0]);
}

#[test]
fn files_are_loaded_once_for_each_act_and_again_only_after_one_that_is_reversed() {
    let first = plan(&Adoptions::default(), &offered(), &["2020-10"]).unwrap();
    let mut so_far =
        vec![adoption("a-1", &first.files, "another"), adoption("a-2", &[file("2021-10.toml")], "another")];
    so_far.extend((3..=8).map(|at| adoption(&format!("a-{at}"), &[file("2021-10.toml")], "another")));
    let loads = |envelopes: &[Envelope]| {
        let before = adopted::LOADS.get();
        let adopted = recorded(envelopes).adopted(Position::new(99));
        (adopted::LOADS.get() - before, adopted.findings().len())
    };
    assert_eq!(loads(&so_far), (8, 2), "the two that brought files name another book");
    so_far.push(reversal("u-1", "a-7"));
    assert_eq!(loads(&so_far), (9, 2));
    so_far.push(reversal("u-2", "nothing"));
    let every = recorded(&so_far).adopted_since_the_first(Position::new(10));
    assert_eq!(every.len(), 10, "after each act and reversal");
    assert_eq!(every[0].library().unwrap().versions().len(), 1);
}

#[test]
fn only_the_operators_adopt() {
    let all = plan(&Adoptions::default(), &offered(), &[]).unwrap();
    let mut by_another = act_of("a-1", &all);
    by_another.id.source = SourceId::parse("contoso").unwrap();
    let mut for_a_partner = act_of("a-1", &all);
    for_a_partner.partner_id = Some(daybook_event::PartnerId::parse("P-1").unwrap());
    assert_eq!(recorded(&[by_another, for_a_partner]), Adoptions::default());
}
