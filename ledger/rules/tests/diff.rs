//! What differs between two books: by value, by date, with reason and source.
#![allow(missing_docs, clippy::unwrap_used)]

use daybook_event::RuleFile;
use daybook_rules::model::RuleBook;
use daybook_rules::{BookArgument, DiffLine, RuleLibrary, diff, shipped_rule_files};

fn library() -> RuleLibrary {
    RuleLibrary::load(&shipped_rule_files()).0.unwrap()
}

fn book(argument: &str) -> RuleBook {
    library().book(&BookArgument::parse(argument).unwrap()).unwrap()
}

/// The book with one more version of 1 April 2021, made of changes.
fn with(changes: &str) -> RuleBook {
    let text = format!(
        "format = \"incentive-rules/1\"\nprogram = \"csp-indirect-reseller\"\nversion = \"spring\"\nextends = \"2020-10\"\n\
         title = \"Spring\"\nhypothetical = true\n[validity]\nfrom = 2021-04-01\n[source.me]\ntitle = \"Me\"\n\
         authority = \"internal-reading\"\ngrade = \"inferred\"\n{changes}"
    );
    let file = RuleFile { name: "spring.toml".to_owned(), bytes: text.into_bytes() };
    library().with_file(file).unwrap_or_else(|found| panic!("{}", found[0])).current()
}

/// Where, from and to.
fn sides(line: &DiffLine) -> (&str, Option<&str>, Option<&str>) {
    (&line.path, line.from.as_deref(), line.to.as_deref())
}

#[test]
fn a_version_against_the_one_before_it_gives_its_changes() {
    let lines = diff(&book("2020-10"), &book("2021-10"));
    let lever = "slot = nonprofit; match.product_group = modern_work; match.segment = nonprofit; \
                 base = billed_revenue; rate = 12%";
    assert_eq!(
        lines.iter().map(sides).collect::<Vec<_>>(),
        [
            ("coop.threshold", Some("4000.00 USD"), Some("10000.00 USD")),
            ("gate.ttm_revenue.at_least", Some("none"), Some("25000.00 USD")),
            ("lever.nonprofit_accelerator", None, Some(lever)),
        ]
    );
    for line in &lines {
        assert_eq!((line.begins.to_string().as_str(), line.ends), ("2021-10-01", None), "{}", line.path);
        assert!(!line.why.is_empty() && !line.cite.is_empty() && !line.source.is_empty(), "{}", line.path);
        assert_eq!(line.version, "2021-10");
    }
    let ids: Vec<&str> = lines.iter().map(|line| line.change.as_str()).collect();
    assert_eq!(ids, ["coop-threshold", "ttm-threshold", "nonprofit-accelerator"]);
    assert!(lines[0].source.contains("Pax8") && lines[0].cite.contains("pax8"), "{:?}", lines[0]);
}

#[test]
fn the_other_way_round_gives_the_same_lines_with_sides_swapped() {
    let (there, back) = (diff(&book("2020-10"), &book("2021-10")), diff(&book("2021-10"), &book("2020-10")));
    let swapped: Vec<_> =
        back.iter().map(|line| (line.path.as_str(), line.to.as_deref(), line.from.as_deref())).collect();
    assert_eq!(there.iter().map(sides).collect::<Vec<_>>(), swapped);
    assert_eq!(diff(&book("current"), &book("2025-07")), []);
}

#[test]
fn a_difference_ends_where_the_books_agree_again() {
    let change = "[[change]]\nid = \"rate\"\nset = \"lever.core_azure.rate\"\nfrom = \"4%\"\nto = \"5%\"\nwhy = \"Because.\"\ncite = \"me\"\n";
    let lines = diff(&book("current"), &with(change));
    assert_eq!(lines.iter().map(sides).collect::<Vec<_>>(), [("lever.core_azure.rate", Some("4%"), Some("5%"))]);
    assert_eq!(lines[0].begins.to_string(), "2021-04-01");
    assert_eq!(lines[0].ends.unwrap().to_string(), "2021-10-01");
    let said = (lines[0].change.as_str(), lines[0].why.as_str(), lines[0].cite.as_str(), lines[0].source.as_str());
    assert_eq!(said, ("rate", "Because.", "me", "Me"));
}

#[test]
fn what_is_taken_away_says_who_took_it() {
    let change = "[[change]]\nid = \"gone\"\nremove = \"lever.core_biz_apps\"\nwhy = \"It ended.\"\ncite = \"me\"\n";
    let lines = diff(&book("current"), &with(change));
    let gone = "slot = core; match.product_group = biz_apps; base = billed_revenue; rate = 4.75%";
    assert_eq!(lines.iter().map(sides).collect::<Vec<_>>(), [("lever.core_biz_apps", Some(gone), None)]);
    let said = (lines[0].change.as_str(), lines[0].version.as_str(), lines[0].why.as_str(), lines[0].source.as_str());
    assert_eq!(said, ("gone", "spring", "It ended.", "Me"));
}

#[test]
fn each_change_of_a_version_is_one_line() {
    let file =
        RuleFile { name: "everything.toml".to_owned(), bytes: include_bytes!("vocabulary/everything.toml").to_vec() };
    let library = library().with_file(file).unwrap();
    let lines = diff(&book("current"), &library.current());
    let mut shown: Vec<(&str, &str)> = lines.iter().map(|line| (line.change.as_str(), line.path.as_str())).collect();
    let changes = &library.version("everything").unwrap().changes;
    let mut made: Vec<(&str, &str)> = changes.iter().map(|change| (change.id.as_str(), change.path.as_str())).collect();
    shown.sort_unstable();
    made.sort_unstable();
    assert_eq!(shown, made);
}

/// The shipped files without the lock, with one text replaced.
fn edited(name: &str, from: &str, to: &str) -> RuleBook {
    let mut files = shipped_rule_files();
    files.retain(|file| file.name != "rules.lock");
    for file in files.iter_mut().filter(|file| file.name == name) {
        let text = String::from_utf8(file.bytes.clone()).unwrap();
        assert!(text.contains(from), "{from:?} is not in {name}");
        file.bytes = text.replacen(from, to, 1).into_bytes();
    }
    RuleLibrary::load(&files).0.unwrap().current()
}

#[test]
fn files_that_stand_alone_are_compared_by_what_they_say() {
    let spelt = edited("2020-01.toml", "\"200.00 USD\"", "\"200 USD\"");
    assert_eq!(diff(&book("current"), &spelt), [], "another spelling is no difference");
    let why = "why         = \"The three areas are published;";
    let silent = edited("2020-01.toml", why, "why = \"The areas are published;");
    assert_eq!(diff(&book("current"), &silent), [], "nor is another reason");
    let richer = edited("2020-01.toml", "\"family:EMS\"]", "\"family:EMS\", \"family:Azure\"]");
    let lines = diff(&book("current"), &richer);
    assert_eq!(lines.len(), 1, "what is inherited unchanged is said once");
    assert_eq!(lines[0].path, "product_group.modern_work");
    assert_eq!(lines[0].to.as_deref(), Some("family:Microsoft 365, family:Office 365, family:EMS, family:Azure"));
    assert_eq!((lines[0].cite.as_str(), lines[0].ends), ("deck-cee-2020, giacom-fy20", None));
    assert!(lines[0].why.starts_with("The three areas are published"), "{}", lines[0].why);
}

#[test]
fn the_catalogue_the_senders_and_the_order_of_levers_differ_too() {
    let lines = diff(&book("current"), &edited("catalogue.toml", "[\"name:Intune\", \"EMS\"],", ""));
    assert_eq!(lines.iter().map(sides).collect::<Vec<_>>(), [("catalogue.families.name:Intune", Some("EMS"), None)]);
    let lines = diff(&book("current"), &edited("book.toml", "[\"rates\"]", "[\"rates\", \"contoso\"]"));
    assert_eq!(
        lines.iter().map(sides).collect::<Vec<_>>(),
        [("sources.facts_of_no_partner", Some("rates"), Some("rates, contoso"))]
    );
    let (one, other) = ("name:Power BI", "name:Power Apps");
    let text = format!("[\"{one}\", \"Power Platform\"],\n    [\"{other}\", \"Power Platform\"],");
    let swapped = format!("[\"{other}\", \"Power Platform\"],\n    [\"{one}\", \"Power Platform\"],");
    let lines = diff(&book("current"), &edited("catalogue.toml", &text, &swapped));
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].path, "catalogue.families (order)");
    let text = String::from_utf8(shipped_rule_files()[1].bytes.clone()).unwrap();
    let block = |name: &str| {
        let start = text.find(&format!("[lever.{name}]")).unwrap();
        text[start..].split_inclusive("\n\n").next().unwrap().to_owned()
    };
    let (work, biz) = (block("core_modern_work"), block("core_biz_apps"));
    let lines = diff(&book("current"), &edited("2020-01.toml", &format!("{work}{biz}"), &format!("{biz}{work}")));
    let (old, new) = ("core_modern_work, core_biz_apps", "core_biz_apps, core_modern_work");
    let others = [", core_azure, customer_add_modern_work", ", core_azure", ", core_azure, nonprofit_accelerator"];
    for (line, more) in lines.iter().zip(others) {
        assert_eq!(line.path, "lever (order)");
        assert_eq!(line.from.as_deref(), Some(format!("{old}{more}").as_str()));
        assert_eq!(line.to.as_deref(), Some(format!("{new}{more}").as_str()));
    }
    assert!(lines.len() >= others.len(), "a line for each set of levers: {}", lines.len());
}

#[test]
fn where_only_one_book_has_begun_the_whole_of_the_terms_differs() {
    let earlier = edited("2020-01.toml", "from = 2020-01-01", "from = 2019-07-01");
    let lines = diff(&book("2020-01"), &earlier);
    let first = (lines[0].path.as_str(), lines[0].from.as_deref(), lines[0].to.as_deref());
    assert_eq!(first, ("terms", None, Some("2020-01")));
    assert_eq!(lines[0].ends.unwrap().to_string(), "2020-01-01");
}
