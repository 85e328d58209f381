//! The page of a comparison: as it was agreed on, whole, safe, of bounded size.
#![allow(missing_docs, clippy::unwrap_used)]

use daybook_console::impact::{BookHead, ImpactPage, page};
use daybook_event::{Exact, Instant, Position, RuleFile, date_parse};
use daybook_replay::{
    Attributed, AttributionMethod, AttributionPlan, AttributionRequest, Histories, HistoriesBuilder, Impact, attribute,
    impact,
};
use daybook_rules::model::RuleBook;
use daybook_rules::{BookArgument, DiffLine, Players, RuleLibrary, diff, load_tests, shipped_rule_files};
use std::collections::BTreeMap;
use std::path::Path;

/// What two books make of some partners, and everything else that a page tells.
struct Compared {
    thresholds: [Vec<Exact>; 2],
    lines: Vec<DiffLine>,
    urls: BTreeMap<String, String>,
    attributed: Attributed,
    impact: Impact,
}

fn histories(book: &RuleBook, given: &str) -> Histories {
    if given.is_empty() {
        return Histories::default();
    }
    let text = format!(
        "format = \"incentive-tests/1\"\n[[test]]\nname = \"t\"\nperiod = \"FY22H2\"\ngiven = \"\"\"\n\
         date | partner | customer | product | segment | amount\n{given}\n\"\"\"\n\
         expect = \"\"\"\npartner | earned\nP-1 | 0.00\n\"\"\"\n"
    );
    let (tests, diagnostics) = load_tests(&[RuleFile { name: "t.tests.toml".to_owned(), bytes: text.into_bytes() }]);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let mut builder = HistoriesBuilder::default();
    for (position, envelope) in (1..).zip(tests[0].envelopes(book)) {
        builder.add(Position::new(position), Instant::default(), envelope);
    }
    builder.finish()
}

/// What is asked beside the two sides.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Everything,
    SidesOnly,
}

fn compared(given: &str, versions: [&str; 2], asked: Asked) -> Compared {
    let library = RuleLibrary::load(&shipped_rule_files()).0.unwrap();
    let cut = versions.map(|version| library.cut(&BookArgument::parse(version).unwrap()).unwrap());
    let players = Players::between(&cut[0], &cut[1]);
    let books = [players.reference().clone(), players.candidate().clone()];
    let through = date_parse("2022-12-31").unwrap();
    let histories = histories(&books[0], given);
    let everything = asked == Asked::Everything;
    let request = AttributionRequest {
        method: everything.then_some(AttributionMethod::Shapley),
        seed: 1,
        readings: everything,
        varied: if everything { vec![players.varied("coop.threshold=0..12000/6").unwrap()] } else { Vec::new() },
        keep_rows: true,
    };
    let plan = AttributionPlan::new(&players, request, through);
    let partners = attribute(&histories, &plan, through, 1, &|_| {}).unwrap();
    let mut attributed = partners.finish(&plan, (versions[0], versions[1]), Position::new(42)).unwrap();
    let (before, after) = attributed.sides.take().unwrap();
    let impact =
        impact(&histories, through, (&books[0], &before), (&books[1], &after), None, Some(&attributed)).unwrap();
    let thresholds = [&books[0], &books[1]].map(|book| {
        let mut amounts: Vec<Exact> = book.sets.iter().map(|set| set.coop.threshold).collect();
        amounts.dedup();
        amounts
    });
    Compared { thresholds, lines: diff(&books[0], &books[1]), urls: library.source_urls(), attributed, impact }
}

impl Compared {
    fn page(&self) -> ImpactPage<'_> {
        let head = |at: usize, name| BookHead {
            name,
            terms_hash: "0123456789abcdef",
            coop_thresholds: self.thresholds[at].as_slice(),
        };
        ImpactPage {
            reference: head(0, &self.attributed.comparison.reference),
            candidate: head(1, &self.attributed.comparison.candidate),
            root: "00ff",
            through: date_parse("2022-12-31").unwrap(),
            closed: "2021-07 to 2022-01, not kept",
            engine_semantics: 1,
            currency: "USD",
            command: "daybook compare --reference 2020-10 --candidate 2021-10",
            lines: &self.lines,
            source_urls: &self.urls,
            attributed: &self.attributed,
            method: "exact mean over every order (Shapley) of 3 changes",
            impact: &self.impact,
        }
    }
}

/// Lines of one amount on the twelfth of each of twelve months from July 2021.
fn monthly(partner: &str, product: &str, segment: &str, amount: &str) -> String {
    let months =
        (7..=12).map(|month| format!("2021-{month:02}")).chain((1..=6).map(|month| format!("2022-{month:02}")));
    let lines = months.map(|month| format!("{month}-12 | {partner} | C-1 | {product} | {segment} | {amount}"));
    lines.collect::<Vec<_>>().join("\n")
}

fn everybody() -> String {
    [
        monthly("P-COOP", "Azure", "commercial", "50000.00"),
        monthly("P-GATE", "Azure", "commercial", "1000.00"),
        monthly("P-GAIN", "Microsoft 365", "nonprofit", "26000.00"),
        monthly("P-SAME", "Azure", "commercial", "150000.00"),
        monthly("P-NEAR", "Azure", "commercial", "2000.00"),
    ]
    .join("\n")
}

const VERSIONS: [&str; 2] = ["2020-10", "2021-10"];

#[test]
fn the_page_is_as_agreed() {
    let text = page(&compared(&everybody(), VERSIONS, Asked::Everything).page());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/impact_page.html");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let first = text.lines().zip(expected.lines()).find(|(one, other)| one != other);
    assert!(
        text == expected,
        "the page differs from {}, first in {first:?}; UPDATE_EXPECT=1 writes it, to be looked at",
        path.display()
    );
}

/// What must hold of every page.
fn is_sound(text: &str) {
    for figure in text.split("<figure ").skip(1) {
        let figure = figure.split("</figure>").next().unwrap();
        assert!(figure.contains("<svg ") && figure.contains("<table") && figure.contains("<tbody>\n<tr>"), "{figure}");
        assert!(figure.contains("role=\"img\"") && figure.contains("<desc "), "{figure}");
    }
    let pictures = text.matches("<svg viewBox").count();
    assert_eq!(pictures, text.matches("<figure ").count(), "a picture outside a figure");
    for bad in ["<script", "src=", "@import", "url(h", "url(\"", "javascript:", "onload", "NaN"] {
        assert!(!text.contains(bad), "{bad}");
    }
    let mut ids: Vec<&str> = text.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id stands twice");
    assert!(text.starts_with("<!doctype html>\n<html lang=\"en\">") && text.contains("<title>What changes: "));
    for tag in ["figure", "table", "section", "details", "svg", "main", "ul", "dl"] {
        let opened = text.matches(&format!("<{tag}>")).count() + text.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, text.matches(&format!("</{tag}>")).count(), "{tag}");
    }
    headings_are_in_order(text);
}

fn headings_are_in_order(text: &str) {
    let mut last = 0;
    for heading in text.split("<h").skip(1) {
        let Some(level) = heading.chars().next().and_then(|c| c.to_digit(10)) else { continue };
        assert!(level <= last + 1, "a heading of level {level} under one of {last}");
        last = level;
    }
}

#[test]
fn every_picture_has_its_table_and_nothing_runs_or_is_fetched() {
    let of = compared(&everybody(), VERSIONS, Asked::Everything);
    let text = page(&of.page());
    is_sound(&text);
    for chart in ["waterfall-cash", "bands", "histogram-earned", "transitions", "scatter-earned", "scatter-coop"] {
        assert!(text.contains(&format!("<figure id=\"chart-{chart}\">")), "{chart}");
    }
    assert_eq!(text.matches("<figure ").count(), 16);
    assert!(!text.contains("Check failed"), "a check fails");
    // Only sources are linked, and nothing else leads away.
    assert!(text.matches("href=\"").count() == text.matches("href=\"https://").count());
}

#[test]
fn a_page_without_the_parts_of_changes_says_so() {
    let of = compared(&everybody(), VERSIONS, Asked::SidesOnly);
    let text = page(&of.page());
    is_sound(&text);
    assert!(text.contains("The parts of each change were not computed.") && !text.contains("chart-waterfall"));
    assert!(text.contains("No other reading was priced.") && !text.contains("chart-sensitivity"));
}

#[test]
fn nothing_one_partner_and_equal_books_have_pages_too() {
    let nothing = page(&compared("", VERSIONS, Asked::Everything).page());
    is_sound(&nothing);
    assert!(nothing.contains("0 lose, 0 gain"));
    let one = compared(&monthly("P-ONE", "Azure", "commercial", "-10.00"), VERSIONS, Asked::Everything);
    is_sound(&page(&one.page()));
    let same = page(&compared(&everybody(), ["2021-10", "2021-10"], Asked::Everything).page());
    is_sound(&same);
    assert!(same.contains("Nothing: both books say the same.") && same.contains("0 lose, 0 gain"));
    assert!(!same.contains("Check failed"));
}

#[test]
fn what_others_write_is_never_markup() {
    let mut of = compared(&everybody(), VERSIONS, Asked::Everything);
    let evil = "<script>alert('x')</script>\"&";
    of.lines[0].why = evil.to_owned();
    of.lines[0].change = evil.to_owned();
    of.urls.insert("pax8".to_owned(), "javascript:alert(1)".to_owned());
    of.attributed.comparison.candidate = evil.to_owned();
    of.attributed.interpretations[0].reading.other = evil.to_owned();
    of.attributed.sensitivity[0].path = evil.to_owned();
    for total in &mut of.attributed.comparison.totals {
        let parts = total.by_change.as_mut().unwrap();
        parts.ids = [evil.to_owned(), "b".to_owned(), "c".to_owned()].into();
    }
    let mut evil_page = of.page();
    evil_page.command = evil;
    evil_page.method = evil;
    let text = page(&evil_page);
    is_sound(&text);
    let evil_escaped = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;";
    assert!(text.matches(evil_escaped).count() > 10, "{}", text.matches(evil_escaped).count());
}

#[test]
fn a_failed_check_stands_on_top() {
    let mut of = compared(&everybody(), VERSIONS, Asked::Everything);
    // Money that no change explains, and a difference before the first date.
    of.attributed.comparison.totals[0].by_change.as_mut().unwrap().amounts[0] = Exact::from_units(1);
    of.lines.iter_mut().for_each(|line| line.begins = date_parse("2022-03-01").unwrap());
    let text = page(&of.page());
    assert!(text.contains("Check failed: the parts add up."), "no banner for parts");
    assert!(text.contains("Check failed: nothing changes before the first date."), "no banner for dates");
    assert_eq!(text.matches("role=\"alert\"").count(), 2);
}

#[test]
fn five_thousand_partners_make_a_page_of_bounded_size() {
    // Amounts all different, so that few marks share a place.
    let lines: Vec<String> = (0..5_000)
        .map(|at| format!("2021-11-10 | P-{at} | C-1 | Microsoft 365 | nonprofit | {}.00", 26_000 + at * at % 900_001))
        .collect();
    let of = compared(&lines.join("\n"), VERSIONS, Asked::SidesOnly);
    assert_eq!(of.impact.everyone.len(), 5_000);
    let text = page(&of.page());
    is_sound(&text);
    assert!(text.len() < 900_000, "{} bytes", text.len());
    for class in ["m-worse", "m-better", "m-other", "m-same"] {
        assert!(text.matches(&format!("class=\"{class}\"")).count() <= 2 * 2_000 + 10, "{class}");
    }
}
