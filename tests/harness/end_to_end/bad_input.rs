//! Bad input, as `docs/bad-input.md` tells it: each kind has its code where the page says, and none ends in a panic.

use daybook_tests::daybook::{Daybook, Done};
use daybook_tests::workspace_root;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Where an answer is to be found.
enum Answer {
    /// The line waits in quarantine for this reason.
    Quarantined(&'static str),
    /// A finding of the views.
    Finding(&'static str),
    /// The month is flagged, and what is missing stands in a bucket of its own.
    Provisional(&'static str),
    /// A bucket that earns nothing, and what `explain` says of it.
    Bucket(&'static str),
    /// A refused claim.
    Refused(&'static str),
    /// It counts, with its sign.
    Earned(&'static str),
}

use Answer::{Bucket, Earned, Finding, Provisional, Quarantined, Refused};

/// One kind of bad input: its name on the page, the lines of a file, the answer.
struct Case {
    name: &'static str,
    lines: Vec<String>,
    answer: Answer,
}

fn event(id: &str, on: &str, payload: &Value) -> String {
    let mut line = json!({ "source": "contoso", "event_id": id, "partner_id": "P-1", "effective_on": on });
    line.as_object_mut().unwrap().extend(payload.as_object().unwrap().clone());
    line.to_string()
}

fn sale(id: &str, on: &str, changed: &Value) -> String {
    let mut sale = json!({
        "customer_id": "C-1", "subscription_id": "S-1", "product_name": "Azure plan", "product_family": "Azure",
        "segment": "commercial", "quantity": 1, "amount": "100.00", "currency": "USD", "charge_type": "new",
    });
    sale.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
    event(id, on, &json!({ "license_sale": sale }))
}

fn of_no_partner(source: &str, id: &str, payload: &Value) -> String {
    let mut line = json!({ "source": source, "event_id": id, "effective_on": "2022-02-01" });
    line.as_object_mut().unwrap().extend(payload.as_object().unwrap().clone());
    line.to_string()
}

/// A partner who is enrolled from January 2022 on.
fn enrolled() -> Vec<String> {
    let facts = [
        "mpn_membership",
        "reseller_agreement",
        "competency:silver:cloud_platform",
        "invitation_accepted",
        "incentive_tool",
        "tax_profile",
        "bank_profile",
    ];
    let held = |(at, fact): (usize, &&str)| {
        let payload = json!({ "partner_standing": { "fact": fact, "status": "held" } });
        event(&format!("f-{at}"), "2022-01-01", &payload)
    };
    let mut lines: Vec<String> = facts.iter().enumerate().map(held).collect();
    lines.push(sale("s-base", "2022-01-05", &json!({ "amount": "30000.00" })));
    lines
}

fn cases() -> Vec<Case> {
    [not_appended(), appended_without_figure(), appended_and_odd()].into_iter().flatten().collect()
}

fn case(name: &'static str, lines: Vec<String>, answer: Answer) -> Case {
    Case { name, lines, answer }
}

/// The day of most bad lines: the partner is enrolled.
const ON: &str = "2022-02-07";

/// What cannot be a record.
fn not_appended() -> Vec<Case> {
    let on = ON;
    vec![
        case("bytes that are no event", vec!["{\"source\":".to_owned()], Quarantined("invalid")),
        case("a key that no event has", vec![event("s-1", on, &json!({ "licence_sale": {} }))], Quarantined("invalid")),
        case("an amount that is none", vec![sale("s-1", on, &json!({ "amount": "12,50" }))], Quarantined("invalid")),
        case(
            "more decimals than money holds",
            vec![sale("s-1", on, &json!({ "amount": "1.0000000001" }))],
            Quarantined("invalid"),
        ),
        case("a date that does not exist", vec![sale("s-1", "2022-02-30", &json!({}))], Quarantined("invalid")),
        case(
            "a text that is too long",
            vec![sale("s-1", on, &json!({ "product_name": "x".repeat(257) }))],
            Quarantined("invalid"),
        ),
        case(
            "an operator's act by a distributor",
            vec![event(
                "m-1",
                on,
                &json!({ "manual_adjustment": {
                "month": "2022-01", "rebate": "1.00", "coop": "0.00", "currency": "USD", "reason": "r", "approver": "a",
            } }),
            )],
            Quarantined("invalid"),
        ),
        case(
            "the same id with other content",
            vec![sale("s-base", "2022-01-05", &json!({ "amount": "1.00" }))],
            Quarantined("conflict"),
        ),
    ]
}

/// Lines that no terms, rate or product group can be found for.
fn appended_without_figure() -> Vec<Case> {
    let on = ON;
    vec![
        case(
            "an event dated before the first version",
            vec![sale("s-1", "2019-06-03", &json!({}))],
            Provisional("NOTERMS"),
        ),
        case("a currency without a rate", vec![sale("s-1", on, &json!({ "currency": "EUR" }))], Provisional("NOFX")),
        case(
            "an unknown product",
            vec![sale("s-1", on, &json!({ "product_family": "", "product_name": "Contoso Backup" }))],
            Bucket("unmatched"),
        ),
        case(
            "a sale to the partner itself",
            vec![
                event(
                    "o-1",
                    "2022-01-01",
                    &json!({ "partner_standing": { "fact": "own_tenant:C-1", "status": "held" } }),
                ),
                sale("s-1", on, &json!({})),
            ],
            Bucket("ineligible:CUSEQPTR"),
        ),
    ]
}

/// What counts, or is kept beside the figures.
fn appended_and_odd() -> Vec<Case> {
    let on = ON;
    let claim = |state: &str| {
        json!({ "coop_claim": {
            "claim_id": "K-1", "state": state, "activity": "direct_mail", "activity_start": on, "activity_end": on,
            "amount": "50.00", "currency": "USD",
        } })
    };
    let huge = |at: u32| sale(&format!("s-{at}"), on, &json!({ "amount": "999999999999.00" }));
    vec![
        case("a negative sale", vec![sale("s-1", on, &json!({ "amount": "-100.00" }))], Earned("-4.00")),
        case("a claim without a lot", vec![event("k-1", "2022-03-01", &claim("submitted"))], Refused("NO_LOT")),
        case(
            "a step that a claim may not take",
            vec![event("k-1", on, &claim("disputed"))],
            Finding("CLAIM_STEP_IGNORED"),
        ),
        case(
            "a credit of an unknown line",
            vec![sale("s-1", on, &json!({ "amount": "-1.00", "credits": "nothing" }))],
            Finding("CREDIT_TARGET_UNKNOWN"),
        ),
        case(
            "a reversal of an unknown event",
            vec![event("r-1", on, &json!({ "reversal": { "reverses": "nothing", "reason": "typed wrongly" } }))],
            Finding("REVERSAL_TARGET_UNKNOWN"),
        ),
        case(
            "an exchange rate from a source that the rules do not name",
            vec![of_no_partner(
                "contoso",
                "x-1",
                &json!({ "fx_rate": { "currency": "EUR", "month": "2022-02", "rate": "1.1" } }),
            )],
            Finding("SOURCE_NOT_NAMED"),
        ),
        case(
            "an opening of an unknown product group",
            vec![event(
                "op-1",
                on,
                &json!({ "opening": { "customer_since": {
                "customer_id": "C-1", "product_group": "no_such_group", "since_on": "2020-01-01",
            } } }),
            )],
            Finding("OPENING_IGNORED"),
        ),
        case("a sum beyond exact money", (0..20).map(huge).collect(), Finding("OVERFLOW")),
    ]
}

/// No panic, whatever the status.
fn whole(done: Done, name: &str) -> Done {
    assert!(!done.stderr.contains("panicked") && done.code() != Some(101), "{name}: {}", done.stderr);
    done
}

fn codes<'a>(views: &'a Value, view: &str, field: &str) -> Vec<&'a str> {
    let rows = views[view].as_array().unwrap();
    rows.iter().filter_map(|row| row[field].as_str()).collect()
}

/// What is wrong with the answer; nothing if it is as the page says.
fn wrong(case: &Case) -> Option<String> {
    let name = case.name;
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let file = dir.path().join("events.ndjson");
    let lines = [enrolled(), case.lines.clone()].concat();
    std::fs::write(&file, lines.join("\n") + "\n").unwrap();
    let imported = whole(daybook.run(&["import", "--from", "ndjson", &file.display().to_string()]), name);
    let view = ["views", "--book", "2021-10", "--through", "2022-03-31", "--format", "json"];
    let views = whole(daybook.run(&view), name).ok();
    let views: Value = serde_json::from_str(&views).unwrap();
    let explained = |month: &str| {
        let asked = ["explain", "--partner", "P-1", "--month", month, "--book", "2021-10", "--through", "2022-03-31"];
        whole(daybook.run(&asked), name).ok()
    };
    let among =
        |view: &str, field: &str, code: &str| (codes(&views, view, field).contains(&code), views[view].to_string());
    let (is_right, shown) = match case.answer {
        Quarantined(reason) => {
            let listed = daybook.ok(&["quarantine", "list"]);
            let told = imported.stdout.contains(&format!("quarantined: {reason}"));
            (told && listed.contains(reason), format!("{}{listed}", imported.stdout))
        }
        Finding(code) => among("findings", "code", code),
        Refused(code) => among("claims", "refused", code),
        Earned(amount) => among("postings", "earned", amount),
        Provisional(why) => {
            let (flagged, shown) = among("provisional", "why", why);
            let month = views["provisional"][0]["month"].as_str().unwrap_or("2022-02");
            let text = explained(month);
            (flagged && text.contains(why), format!("{shown}{text}"))
        }
        Bucket(bucket) => {
            let text = explained("2022-02");
            (text.contains(bucket) && text.contains("what to do"), text)
        }
    };
    (!is_right).then(|| format!("{name}: {shown}"))
}

#[test]
fn each_kind_has_its_code_and_none_is_a_panic() {
    let wrong: Vec<String> = cases().iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_page_and_the_cases_name_the_same() {
    let page = std::fs::read_to_string(workspace_root().join("docs/bad-input.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| input"));
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect::<Vec<_>>();
    let told: BTreeMap<String, String> = rows.map(cells).map(|row| (row[1].clone(), row[2].clone())).collect();
    let code_of = |answer: &Answer| match answer {
        Quarantined(code) | Finding(code) | Provisional(code) | Bucket(code) | Refused(code) => (*code).to_owned(),
        Earned(_) => String::new(),
    };
    for case in cases() {
        let code = told.get(case.name).unwrap_or_else(|| panic!("docs/bad-input.md does not tell of {}", case.name));
        let last = code_of(&case.answer);
        assert!(code.contains(&last), "{}: the page says {code:?}, the answer is {last:?}", case.name);
    }
    let checked: BTreeSet<String> = cases().iter().map(|case| case.name.to_owned()).collect();
    let elsewhere: BTreeSet<&str> = BTreeSet::from(["a malformed rule file", "an unreadable invoice file"]);
    for name in told.keys().filter(|name| !elsewhere.contains(name.as_str())) {
        assert!(checked.contains(name), "docs/bad-input.md tells of {name:?}, which nothing checks");
    }
}

#[test]
fn a_malformed_rule_file_names_the_place_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let rules = dir.path().join("rules");
    std::fs::create_dir(&rules).unwrap();
    std::fs::write(rules.join("2022-01.toml"), "format = \"incentive-rules/1\nversion = 1\n").unwrap();
    let lint = whole(daybook.run(&["rules", "lint", "--rules", &rules.display().to_string()]), "lint");
    assert_eq!(lint.code(), Some(1), "{}", lint.stderr);
    for part in ["error[R014]", "2022-01.toml:1:28", "not TOML: "] {
        assert!(lint.stdout.contains(part), "{part}: {}", lint.stdout);
    }
}

#[test]
fn an_unreadable_invoice_file_names_the_line_and_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let file = dir.path().join("invoice.csv");
    std::fs::write(&file, b"\xff\xfe\x00PartnerId,CustomerId\n").unwrap();
    let imported = whole(daybook.run(&["import", "--from", "partner-center", &file.display().to_string()]), "import");
    imported.expect(2, &["invoice.csv"]);
}
