//! Each fault of the border names its field and says what may stand there.

use super::{of_ledger, of_no_partner, of_partner, refused};
use crate::decode_json;

const SALE: &str = r#""license_sale":{"customer_id":"C","amount":"1.00","currency":"USD"}"#;
const RATE: &str = r#""fx_rate":{"currency":"EUR","month":"2022-01","rate":"1.1312"}"#;
const DECISION: &str = r#""quarantine_decision":{"entry":"7","verdict":"retry","reason":"mapped"}"#;

/// The sale with one of its fields set to another JSON value.
fn sale_with(key: &str, value: &str) -> String {
    let all = [("customer_id", r#""C""#), ("amount", r#""1.00""#), ("currency", r#""USD""#)];
    let mut fields: Vec<String> =
        all.iter().filter(|(name, _)| *name != key).map(|(name, value)| format!("{name:?}:{value}")).collect();
    fields.push(format!("{key:?}:{value}"));
    of_partner(&format!(r#""license_sale":{{{}}}"#, fields.join(",")))
}

fn assert_refused(line: &str, field: &str, fault: &str) {
    let (named, told) = refused(line);
    assert_eq!((named.as_str(), told.contains(fault)), (field, true), "{line}\n{named}: {told}");
}

#[test]
fn the_lines_that_the_faults_start_from_are_valid() {
    for line in [of_partner(SALE), of_no_partner(RATE), of_ledger(DECISION)] {
        assert!(decode_json(&line).is_ok(), "{line}");
    }
}

#[test]
fn ids_of_the_envelope() {
    let line = of_partner(SALE);
    assert_refused(&line.replace("contoso", ""), "source", "is missing");
    assert_refused(&line.replace("contoso", "con toso"), "source", "has the character ' '");
    assert_refused(&line.replace("e-1", &"x".repeat(65)), "event_id", "has 65 bytes");
    assert_refused(&line.replace("P-1", "_"), "partner_id", "reserved");
}

#[test]
fn dates_have_one_shape_and_a_range() {
    let line = of_partner(SALE);
    for bad in ["2022-1-10", "10/01/2022", "2022-02-30", "2022-01-10T00:00:00Z"] {
        assert_refused(&line.replace("2022-01-10", bad), "effective_on", "is not a date: YYYY-MM-DD");
    }
    assert_refused(&line.replace("2022-01-10", ""), "effective_on", "is missing");
    assert_refused(&line.replace("2022-01-10", "1989-12-31"), "effective_on", "years 1990 to 2199");
    assert_refused(&line.replace("2022-01-10", "2200-01-01"), "effective_on", "years 1990 to 2199");
    assert!(decode_json(&line.replace("2022-01-10", "1990-01-01")).is_ok());
    assert!(decode_json(&line.replace("2022-01-10", "2199-12-31")).is_ok());
    assert_refused(&sale_with("charge_end", r#""soon""#), "license_sale.charge_end", "is not a date");
    assert_refused(&of_no_partner(&RATE.replace("2022-01", "2022-13")), "fx_rate.month", "is not a month: YYYY-MM");
    assert_refused(&of_no_partner(&RATE.replace("2022-01", "0001-01")), "fx_rate.month", "out of range");
}

#[test]
fn money_is_a_decimal_within_limits() {
    let field = "license_sale.amount";
    assert_refused(&sale_with("amount", r#""""#), field, "is missing");
    assert_refused(&sale_with("amount", r#""1,000.00""#), field, "is not a decimal number");
    assert_refused(&sale_with("amount", r#""0.0000000001""#), field, "more than 9 decimals");
    assert_refused(&sale_with("amount", r#""1000000000000""#), field, "out of range");
    assert_refused(&sale_with("amount", &format!("{:?}", "0".repeat(65))), field, "has 65 bytes");
    assert_refused(&sale_with("metered_quantity", r#""x""#), "license_sale.metered_quantity", "is not a decimal");
    assert_refused(&sale_with("currency", r#""usd""#), "license_sale.currency", "is not a currency code");
    assert_refused(&of_no_partner(&RATE.replace("1.1312", "0")), "fx_rate.rate", "out of range");
}

#[test]
fn words_of_closed_lists_come_with_the_list() {
    assert_refused(
        &sale_with("segment", r#""Commercial""#),
        "license_sale.segment",
        "is none of commercial, nonprofit, education, government",
    );
    let claim = of_partner(r#""coop_claim":{"claim_id":"K","state":"open"}"#);
    assert_refused(&claim, "coop_claim.state", "is none of submitted, action_required, approved");
    let standing = of_partner(r#""partner_standing":{"fact":"f","status":"yes"}"#);
    assert_refused(&standing, "partner_standing.status", "is none of held, lapsed");
    let change = r#""subscription_change":{"customer_id":"C","subscription_id":"S","change":"new","currency":"USD"}"#;
    assert_refused(&of_partner(change), "subscription_change.change", "is none of created, renewed");
    let decision = of_ledger(&DECISION.replace("retry", "forget"));
    assert_refused(&decision, "quarantine_decision.verdict", "is none of retry, dismiss");
    let lot = of_partner(r#""opening":{"lot":{"period":"FY21H1","accrued":"1","state":"gone"}}"#);
    assert_refused(&lot, "opening.lot.state", "is none of open, usable, converted");
}

#[test]
fn texts_have_a_length_and_no_control_characters() {
    let text = |bytes: usize| format!("{:?}", "x".repeat(bytes));
    assert!(decode_json(&sale_with("product_name", &text(256))).is_ok());
    assert_refused(&sale_with("product_name", &text(257)), "license_sale.product_name", "has 257 bytes; at most 256");
    assert_refused(&sale_with("customer_id", r#""a\nb""#), "license_sale.customer_id", "control character '\\n'");
    assert_refused(&sale_with("customer_id", r#""\u001b[2J""#), "license_sale.customer_id", "control character");
    let reversal = |reason: &str| of_partner(&format!(r#""reversal":{{"reverses":"x","reason":{reason}}}"#));
    assert!(decode_json(&reversal(&text(1024))).is_ok());
    assert_refused(&reversal(&text(1025)), "reversal.reason", "at most 1024");
}

#[test]
fn sealed_bytes_have_a_length() {
    // Four characters of base64 are three bytes: 1,024 bytes end in one of two and padding.
    let sealed = |text: &str| {
        of_partner(&format!(r#""certification_earned":{{"person_id":"p","certification":"c","sealed":"{text}"}}"#))
    };
    assert!(decode_json(&sealed(&format!("{}AA==", "A".repeat(1364)))).is_ok());
    let too_long = sealed(&format!("{}AAA=", "A".repeat(1364)));
    assert_refused(&too_long, "certification_earned.sealed", "has 1025 bytes; at most 1024");
}

#[test]
fn what_must_be_there_is_missed_by_name() {
    assert_refused(&of_partner(r#""seq":1"#), "payload", "none of license_sale, subscription_change");
    assert_refused(&of_partner(r#""reversal":{}"#), "reversal.reverses", "is missing");
    assert_refused(&of_partner(r#""opening":{}"#), "opening.balance", "none of customer_since, revenue, lot, carry");
    assert_refused(&of_partner(r#""opening":{"carry":{}}"#), "opening.carry.amount", "is missing");
    assert_refused(&of_partner(r#""partner_standing":{"fact":"f"}"#), "partner_standing.status", "so is number");
    assert_refused(&of_partner(r#""partner_standing":{"status":"held"}"#), "partner_standing.fact", "is missing");
    assert_refused(&of_partner(r#""certification_earned":{}"#), "certification_earned.person_id", "is missing");
    let claim = of_partner(r#""coop_claim":{"claim_id":"K","state":"submitted","amount":"5"}"#);
    assert_refused(&claim, "coop_claim.currency", "is missing, though the step has an amount");
    let decision = of_ledger(&DECISION.replace("mapped", ""));
    assert_refused(&decision, "quarantine_decision.reason", "is missing");
}

#[test]
fn repeated_fields_are_named_by_place() {
    let sums = r#"[{"currency":"USD","amount":"1"},{"currency":"EUR","amount":"x"}]"#;
    let manifest = |sums: &str| of_no_partner(&format!(r#""manifest":{{"count":"2","sums":{sums}}}"#));
    assert_refused(&manifest(sums), "manifest.sums[1].amount", "is not a decimal number");
    let twice = sums.replace("EUR", "USD").replace('x', "2");
    assert_refused(&manifest(&twice), "manifest.sums[1].currency", "USD stands twice");
    let adopted = of_ledger(r#""rule_book_adopted":{"terms_hash":"h","files":[{"bytes":"AA=="}]}"#);
    assert_refused(&adopted, "rule_book_adopted.files[0].name", "is missing");
}

#[test]
fn only_operators_write_as_ledger() {
    assert_refused(&of_partner(SALE).replace("contoso", "ledger"), "source", "reserved for operators' acts");
    assert_refused(&of_ledger(DECISION).replace("ledger", "contoso"), "source", "only from the source 'ledger'");
    let reversal = of_ledger(r#""reversal":{"reverses":"x","reason":"wrong"}"#);
    assert!(decode_json(&reversal).is_ok());
}

#[test]
fn a_partner_stands_where_it_belongs() {
    assert_refused(&of_no_partner(SALE), "partner_id", "a license_sale is a partner's fact");
    assert_refused(&of_partner(RATE), "partner_id", "must be empty: a fx_rate is a fact of no partner");
    let reversal = r#""reversal":{"reverses":"x"}"#;
    assert!(decode_json(&of_partner(reversal)).is_ok());
    assert!(decode_json(&of_no_partner(reversal)).is_ok());
    let statement = of_partner(r#""pinned_statement":{"month":"2022-01","partner_id":"P-2","rows":"e30="}"#);
    assert_refused(&statement.replace("contoso", "ledger"), "pinned_statement.partner_id", "is P-2");
}
