//! Rule tests as tables: the shipped ones read, and what events they become.
#![allow(missing_docs, clippy::unwrap_used)]

use daybook_event::{Envelope, Payload, RuleFile, StandingValue};
use daybook_rules::model::RuleBook;
use daybook_rules::{RuleLibrary, RuleTest, load_tests, shipped_rule_files, shipped_tests};

fn owned(files: &[(&str, &[u8])]) -> Vec<RuleFile> {
    files.iter().map(|(name, bytes)| RuleFile { name: (*name).to_owned(), bytes: bytes.to_vec() }).collect()
}

fn library() -> RuleLibrary {
    RuleLibrary::load(&shipped_rule_files()).0.unwrap()
}

/// The book whose gates ask for no designation yet.
fn book_of_2021() -> RuleBook {
    library().up_to("2021-10").unwrap()
}

fn test_of(text: &str) -> RuleTest {
    let text = format!("format = \"incentive-tests/1\"\n[[test]]\nname = \"it\"\nperiod = \"FY22H2\"\n{text}");
    let (mut tests, diagnostics) = load_tests(&owned(&[("t.tests.toml", text.as_bytes())]));
    assert!(diagnostics.is_empty(), "{}", diagnostics[0]);
    tests.remove(0)
}

fn facts(envelopes: &[Envelope]) -> Vec<String> {
    let line = |envelope: &Envelope| match &envelope.payload {
        Payload::PartnerStanding(standing) => {
            let value = match &standing.value {
                StandingValue::Held => "held".to_owned(),
                StandingValue::Lapsed => "lapsed".to_owned(),
                StandingValue::Number(number) => number.to_string(),
            };
            Some(format!("{} {} {value}", envelope.effective_on, standing.fact))
        }
        _ => None,
    };
    envelopes.iter().filter_map(line).collect()
}

#[test]
fn every_shipped_test_reads_and_looks_at_partners_that_it_gives() {
    let (tests, diagnostics) = load_tests(&owned(shipped_tests()));
    let text: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(text.join("\n\n"), "");
    assert!(tests.len() >= 24, "{}", tests.len());
    for test in &tests {
        let book = library().book(&test.book).unwrap();
        let through = test.through(&book).unwrap();
        for row in &test.expect {
            assert!(test.given.iter().any(|given| given.partner == row.partner), "{}: {}", test.name, row.partner);
            assert!(!row.cells.is_empty(), "{}: {} expects nothing", test.name, row.partner);
        }
        for envelope in test.envelopes(&book) {
            assert!(envelope.effective_on <= through, "{}: {} has not happened yet", test.name, envelope.id);
        }
    }
}

#[test]
fn ids_are_unique_within_a_test() {
    let book = library().current();
    for test in load_tests(&owned(shipped_tests())).0 {
        let mut ids: Vec<_> = test.envelopes(&book).into_iter().map(|envelope| envelope.id).collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "{}", test.name);
    }
}

#[test]
fn a_partner_holds_what_the_gates_ask_for_from_the_month_of_its_first_sale() {
    let test = test_of(
        "given = \"\"\"
date | partner | customer | product | segment | amount
2022-02-10 | P-1 | C-1 | Azure | | 100.00
2022-01-10 | P-1 | C-1 | Azure | commercial | -20.005
\"\"\"
expect = \"\"\"
partner | earned
P-1 | 0.00
\"\"\"",
    );
    let envelopes = test.envelopes(&book_of_2021());
    assert_eq!(
        facts(&envelopes),
        [
            "2022-01-01 mpn_membership held",
            "2022-01-01 reseller_agreement held",
            "2022-01-01 competency:silver:cloud_business_applications held",
            "2022-01-01 invitation_accepted held",
            "2022-01-01 incentive_tool held",
            "2022-01-01 tax_profile held",
            "2022-01-01 bank_profile held",
        ]
    );
    let sales: Vec<String> = envelopes
        .iter()
        .filter_map(|envelope| match &envelope.payload {
            Payload::LicenseSale(sale) => Some(format!(
                "{} {} {} {:?} {}",
                envelope.effective_on, envelope.seq, sale.product.product_family, sale.segment, sale.amount
            )),
            _ => None,
        })
        .collect();
    assert_eq!(sales, ["2022-02-10 1 Azure None 100.00", "2022-01-10 2 Azure Some(Commercial) -20.005"]);
}

#[test]
fn rows_of_a_fact_replace_it_and_any_competency_replaces_them_all() {
    let test = test_of(
        "given = \"\"\"
date | partner | customer | product | segment | amount
2022-01-10 | P-1 | C-1 | Azure | commercial | 100.00
\"\"\"
standing = \"\"\"
date | partner | fact | status
2022-02-01 | P-1 | competency:gold:erp | held
2022-03-01 | P-1 | bank_profile | lapsed
2022-03-01 | P-2 | capability_points:azure | 25
\"\"\"
expect = \"\"\"
partner | earned
P-1 | 0.00
\"\"\"",
    );
    let envelopes = test.envelopes(&book_of_2021());
    let of_p1: Vec<Envelope> = envelopes
        .into_iter()
        .filter(|envelope| envelope.partner_id.as_ref().is_some_and(|partner| partner.as_str() == "P-1"))
        .collect();
    assert_eq!(
        facts(&of_p1),
        [
            "2022-01-01 mpn_membership held",
            "2022-01-01 reseller_agreement held",
            "2022-01-01 invitation_accepted held",
            "2022-01-01 incentive_tool held",
            "2022-01-01 tax_profile held",
            "2022-02-01 competency:gold:erp held",
            "2022-03-01 bank_profile lapsed",
        ]
    );
}

#[test]
fn a_certification_is_earned_on_its_date_and_may_name_its_end() {
    let test = test_of(
        "given = \"\"\"
date | partner | customer | product | segment | amount
2022-01-10 | P-1 | C-1 | Azure | commercial | 100.00
\"\"\"
certifications = \"\"\"
date | partner | person | area | expires
2021-03-01 | P-1 | X-1 | erp | 2022-02-01
2021-03-02 | P-1 | X-2 | erp |
\"\"\"
expect = \"\"\"
partner | earned
P-1 | 0.00
\"\"\"",
    );
    let envelopes = test.envelopes(&book_of_2021());
    let earned = |envelope: &Envelope| match &envelope.payload {
        Payload::CertificationEarned(earned) => {
            let end = earned.expires_on.map(|date| date.to_string()).unwrap_or_default();
            Some(format!("{} {} {} {end}", envelope.effective_on, earned.person_id, earned.competency_area))
        }
        _ => None,
    };
    let found: Vec<String> = envelopes.iter().filter_map(earned).collect();
    assert_eq!(found, ["2021-03-01 X-1 erp 2022-02-01", "2021-03-02 X-2 erp "]);
}

#[test]
fn a_table_that_cannot_be_read_says_which_cell() {
    let text = "format = \"incentive-tests/1\"
[[test]]
name = \"it\"
period = \"FY22H2\"
given = \"\"\"
date       | partner | custommer | product | segment | amount
2022-13-01 | P-1     | C-1       | Azure   | charity | 1,000
2022-01-01 | P-1     | C-1       | Azure
\"\"\"
expect = \"\"\"
partner | earned
\"\"\"
";
    let (tests, diagnostics) = load_tests(&owned(&[("t.tests.toml", text.as_bytes())]));
    assert!(tests.is_empty());
    let lines: Vec<String> = diagnostics
        .iter()
        .map(|found| format!("{} {}:{} {}", found.code, found.at.line, found.at.column, found.message))
        .collect();
    assert_eq!(
        lines,
        [
            "R016 6:1 the table has no column \"customer\"",
            "R002 6:24 this table has no column \"custommer\"",
            "R015 7:1 \"2022-13-01\" is no date: YYYY-MM-DD",
            "R015 8:1 the row has 4 cells, the heading 6",
        ]
    );
}
