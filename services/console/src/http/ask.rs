//! From a request's parameters to the words of a verb.
//!
//! Every value goes into one word with its flag (`--partner=P-1`), so none can pass for a flag. Books are held to those that
//! need no file: a path would read whatever the service may read.

use super::fault::Fault;
use super::limits::{PAGE_ROWS, PAGE_ROWS_MAX, VALUE_BYTES_MAX};
use super::role::Caller;
use super::routes::{Form, Place, Route};
use daybook_event::{EventId, PartnerId, SourceId};
use daybook_rules::{BookArgument, BookChoice};
use serde_json::Value;
use std::collections::BTreeMap;

/// The values of a request by the names of its parameters, each checked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    values: BTreeMap<&'static str, String>,
    /// Which rows of each list are wanted.
    pub(super) page: Page,
}

/// Which rows of each list are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) offset: usize,
    pub(super) limit: usize,
}

impl Default for Page {
    fn default() -> Self {
        Self { offset: 0, limit: PAGE_ROWS }
    }
}

impl Asked {
    /// Reads path, query and body against the table's parameters.
    pub(super) fn of(
        route: &'static Route,
        path: &[&str],
        query: &[(String, String)],
        body: Option<&Value>,
    ) -> Result<Self, Fault> {
        let mut asked = Self::default();
        let in_path = route.parameters.iter().filter(|parameter| parameter.place == Place::Path);
        for (parameter, text) in in_path.zip(path) {
            asked.take(route, parameter.name, text)?;
        }
        for (name, text) in query {
            asked.take(route, name, text)?;
        }
        for (name, value) in body.and_then(Value::as_object).into_iter().flatten() {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Bool(is_set) => is_set.to_string(),
                _ => return Err(Fault::bad_request(route.path, format!("{name}: write it as text"))),
            };
            asked.take(route, name, &text)?;
        }
        match route.parameters.iter().find(|parameter| parameter.is_required && asked.get(parameter.name).is_none()) {
            Some(missing) => {
                Err(Fault::bad_request(route.path, format!("{} is missing: {}", missing.name, missing.help)))
            }
            None => Ok(asked),
        }
    }

    fn take(&mut self, route: &'static Route, name: &str, text: &str) -> Result<(), Fault> {
        let wrong = |what: String| Fault::bad_request(route.path, format!("{name}: {what}"));
        if route.is_paged && (name == "offset" || name == "limit") {
            let number: usize = text.parse().map_err(|_| wrong("is no whole number".to_owned()))?;
            if name == "limit" && !(1..=PAGE_ROWS_MAX).contains(&number) {
                return Err(wrong(format!("a page has 1 to {PAGE_ROWS_MAX} rows")));
            }
            *if name == "limit" { &mut self.page.limit } else { &mut self.page.offset } = number;
            return Ok(());
        }
        let Some(parameter) = route.parameters.iter().find(|parameter| parameter.name == name) else {
            let known: Vec<&str> = route.parameters.iter().map(|parameter| parameter.name).collect();
            return Err(wrong(format!("is no parameter here; there are {}", known.join(", "))));
        };
        if let Some(why) = fault(parameter.form, text) {
            return Err(wrong(why));
        }
        if self.values.insert(parameter.name, text.to_owned()).is_some() {
            return Err(wrong("is given twice".to_owned()));
        }
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The words of the verb, in the table's order.
    pub(super) fn words(&self, route: &Route, verb: &[&str], signed_by: Option<&Caller>) -> Vec<String> {
        self.words_with(route, verb, signed_by, &["--format=json"])
    }

    /// The same with these flags of ours.
    pub(super) fn words_with(
        &self,
        route: &Route,
        verb: &[&str],
        signed_by: Option<&Caller>,
        ours: &[&str],
    ) -> Vec<String> {
        let mut words: Vec<String> = verb.iter().map(|word| (*word).to_owned()).collect();
        words.extend(signed_by.map(|caller| format!("--by={}", caller.name)));
        let mut alone = Vec::new();
        for parameter in route.parameters {
            match (self.get(parameter.name), parameter.flag) {
                (None, _) => {}
                (Some(text), None | Some("")) => alone.push(text.to_owned()),
                (Some(text), Some(flag)) if parameter.form == Form::Switch => {
                    words.extend((text == "true").then(|| flag.to_owned()));
                }
                (Some(text), Some(flag)) => words.push(format!("{flag}={text}")),
            }
        }
        words.extend(ours.iter().map(|word| (*word).to_owned()));
        // Behind this nothing is a flag any more.
        if !alone.is_empty() {
            words.push("--".to_owned());
            words.extend(alone);
        }
        words
    }
}

/// Why a text cannot be the value of a parameter of this form.
fn fault(form: Form, text: &str) -> Option<String> {
    if text.len() > VALUE_BYTES_MAX {
        return Some(format!("has {} bytes; a value has at most {VALUE_BYTES_MAX}", text.len()));
    }
    if text.chars().any(char::is_control) {
        return Some("has a control character".to_owned());
    }
    match form {
        Form::Text => None,
        Form::Id => {
            let ids = [SourceId::parse(text).err(), EventId::parse(text).err(), PartnerId::parse(text).err()];
            ids.into_iter().flatten().next().map(|error| error.to_string())
        }
        Form::Number => text.parse::<u64>().err().map(|_| "is no whole number".to_owned()),
        Form::Switch => (!matches!(text, "true" | "false")).then(|| "is neither true nor false".to_owned()),
        Form::Book => match BookArgument::parse(text) {
            Err(error) => Some(error.to_string()),
            Ok(BookArgument { choice: BookChoice::File(_), .. }) => {
                Some("is a file: here a book is current, a version, or either with @DATE".to_owned())
            }
            Ok(_) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::role::Role;
    use super::super::table::ROUTES;
    use super::*;
    use std::collections::BTreeSet;

    fn route(path: &str) -> &'static Route {
        ROUTES.iter().find(|route| route.path == path).unwrap()
    }

    fn query(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_request_becomes_the_words_of_its_verb() {
        let explain = route("/v1/explain");
        let asked = Asked::of(explain, &[], &query(&[("month", "2022-01"), ("partner", "P-1")]), None).unwrap();
        assert_eq!(
            asked.words(explain, &["explain"], None),
            ["explain", "--partner=P-1", "--month=2022-01", "--format=json"]
        );
        let show = route("/v1/quarantine/{entry}");
        let asked = Asked::of(show, &["7"], &[], None).unwrap();
        assert_eq!(
            asked.words(show, &["quarantine", "show"], None),
            ["quarantine", "show", "--format=json", "--", "7"]
        );
    }

    #[test]
    fn an_act_is_signed_by_the_token() {
        let close = route("/v1/close");
        let body = serde_json::json!({"month": "2022-01", "reason": "--by=x", "dry_run": true});
        let asked = Asked::of(close, &[], &[], Some(&body)).unwrap();
        let caller =
            Caller { name: "Fin".to_owned(), role: Role::Finance, sources: BTreeSet::new(), partner_totals: false };
        let words = asked.words(close, &["close"], Some(&caller));
        assert_eq!(words, ["close", "--by=Fin", "--month=2022-01", "--reason=--by=x", "--dry-run", "--format=json"]);
        let by = serde_json::json!({"month": "2022-01", "reason": "r", "by": "somebody"});
        assert!(Asked::of(close, &[], &[], Some(&by)).is_err());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let views = route("/v1/views");
        for (pairs, names) in [
            (vec![("partner", "a b")], "partner: has the character ' '"),
            (vec![("partner", "P"), ("partner", "P")], "given twice"),
            (vec![("nothing", "1")], "nothing: is no parameter here"),
            (vec![("limit", "10001")], "10000 rows"),
            (vec![("limit", "0")], "10000 rows"),
            (vec![("offset", "-1")], "whole number"),
            (vec![("view", "a\nb")], "control character"),
            (vec![("book", "/etc/passwd")], "is a file"),
            (vec![("book", "../x.toml@2022-01-01")], "is a file"),
        ] {
            let fault = Asked::of(views, &[], &query(&pairs), None).unwrap_err();
            let text = serde_json::to_string(&fault).unwrap();
            assert!(fault.status() == 400 && text.contains(names), "{names}: {text}");
        }
        let long = "x".repeat(VALUE_BYTES_MAX + 1);
        assert!(Asked::of(views, &[], &query(&[("view", &long)]), None).is_err());
        assert!(Asked::of(route("/v1/statement"), &[], &query(&[("partner", "P")]), None).is_err());
    }
}
