//! What a distributor sees of a partner that others publish for too: its own lines, and sums where its token says so.
//!
//! Nothing is taken out of the whole explanation; what may be shown is put together anew, field by field. A field that is
//! added to explanations later is not shown until it is named here.

use super::role::Caller;
use daybook_event::SourceId;
use serde_json::{Map, Value, json};

/// Fields of a line that say only what its own publisher said, or what the program made of it.
const LINE_FIELDS: &[&str] = &[
    "event",
    "position",
    "effective_on",
    "priced_on",
    "rule_set",
    "customer_id",
    "product",
    "amount",
    "currency",
    "program_amount",
];
/// Fields of a posting that name it.
const POSTING_FIELDS: &[&str] = &["lever", "period", "rule_set"];
/// Fields of a posting in which lines of others are.
const POSTING_SUMS: &[&str] = &["lever", "period", "rule_set", "base", "earned", "rebate", "coop"];
/// Fields of the month's conservation: sums only.
const CONSERVATION_SUMS: &[&str] = &["billed", "earning", "ineligible", "unmatched", "capped", "provisional_noterms"];

/// The caller's part of a month's explanation; none where no line in it is the caller's.
pub(super) fn of(month: &Value, caller: &Caller) -> Option<Value> {
    let mut lines = Vec::new();
    for posting in list(month, "postings") {
        for line in list(posting, "lines").iter().filter(|line| is_own(line, caller)) {
            let mut shown = picked(line, LINE_FIELDS);
            shown.insert("outcome".to_owned(), "earning".into());
            shown.extend(credit_of(line, caller));
            shown.insert("posting".to_owned(), Value::Object(picked(posting, POSTING_FIELDS)));
            let part = &line["contribution"];
            shown.insert("contribution".to_owned(), json!({"rate": part["rate"], "amount": part["amount"]}));
            lines.push(Value::Object(shown));
        }
    }
    for bucket in list(month, "not_earning") {
        for line in list(bucket, "lines").iter().filter(|line| is_own(line, caller)) {
            let mut shown = picked(line, LINE_FIELDS);
            shown.insert("outcome".to_owned(), bucket["bucket"].clone());
            shown.extend(credit_of(line, caller));
            lines.push(Value::Object(shown));
        }
    }
    if lines.is_empty() {
        return None;
    }
    let mut answer = picked(month, &["partner_id", "month", "through"]);
    answer.insert("lines".to_owned(), lines.into());
    if caller.partner_totals {
        let postings = list(month, "postings").iter().map(|posting| Value::Object(picked(posting, POSTING_SUMS)));
        let conservation = picked(&month["conservation"], CONSERVATION_SUMS);
        let totals = json!({"postings": postings.collect::<Vec<_>>(), "conservation": conservation});
        answer.insert("partner_totals".to_owned(), totals);
    }
    Some(Value::Object(answer))
}

fn list<'v>(of: &'v Value, name: &str) -> &'v [Value] {
    of[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn picked(of: &Value, names: &[&str]) -> Map<String, Value> {
    names.iter().filter_map(|name| of.get(*name).map(|value| ((*name).to_owned(), value.clone()))).collect()
}

/// The line that a credit takes back, where that is the caller's too.
fn credit_of(line: &Value, caller: &Caller) -> Option<(String, Value)> {
    let credited = &line["credit_of"];
    is_of(credited, caller).then(|| ("credit_of".to_owned(), credited.clone()))
}

fn is_own(line: &Value, caller: &Caller) -> bool {
    is_of(&line["event"], caller)
}

/// Whether an event's name, SOURCE/ID, is of a source of the caller's.
fn is_of(event: &Value, caller: &Caller) -> bool {
    let source = event.as_str().and_then(|event| event.split_once('/')).map(|(source, _)| source);
    source.and_then(|text| SourceId::parse(text).ok()).is_some_and(|source| caller.sources.contains(&source))
}

#[cfg(test)]
mod tests {
    use super::super::role::Role;
    use super::*;

    fn caller(source: &str, partner_totals: bool) -> Caller {
        let sources = [SourceId::parse(source).unwrap()].into();
        Caller { name: source.to_owned(), role: Role::Distributor, sources, partner_totals }
    }

    fn month() -> Value {
        let line = |event: &str, customer: &str| {
            json!({"event": event, "position": 1, "customer_id": customer, "amount": "5.00", "groups": ["secret-group"],
                   "credit_of": "fabrikam/f-9", "exchange": {"event": "rates/secret-rate"},
                   "contribution": {"base": "5", "rate": "0.04", "amount": "0.2", "sum_before": "secret-sum",
                                    "growth": {"year_before": "secret-growth"}}})
        };
        json!({"summary": "secret-summary", "partner_id": "P", "month": "2022-01", "through": "2022-12-31",
               "postings": [{"lever": "core", "earned": "99.00", "base": "2475", "lines":
                    [line("contoso/c-1", "C-own"), line("fabrikam/f-1", "secret-customer")], "arithmetic": ["secret-step"]}],
               "not_earning": [{"bucket": "BUCKET", "amount": "secret-amount", "sentence": "secret-sentence",
                    "lines": [line("fabrikam/f-2", "secret-customer"), line("contoso/c-2", "C-own")]}],
               "conservation": {"partner_id": "P", "billed": "1000.00", "new_field": "secret-new"}, "closed": "secret-closed"})
    }

    #[test]
    fn nothing_of_others_is_shown() {
        for partner_totals in [false, true] {
            let text = of(&month(), &caller("contoso", partner_totals)).unwrap().to_string();
            assert!(!text.contains("secret") && !text.contains("fabrikam"), "{text}");
            assert!(text.contains("contoso/c-1") && text.contains("contoso/c-2") && text.contains("BUCKET"), "{text}");
            assert_eq!(text.contains("99.00") && text.contains("1000.00"), partner_totals, "{text}");
        }
        assert_eq!(of(&month(), &caller("northwind", true)), None);
        // A source whose name begins another's is somebody else.
        assert_eq!(of(&month(), &caller("cont", true)), None);
    }
}
