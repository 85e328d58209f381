//! `rules.schema.json` against the parser: what loads validates, what has an unknown key does not, and both know the same
//! words.
//!
//! The schema is for editors. The checks here need only the part of JSON Schema that it uses, so they bring their own
//! reader of it, and a property counts as known to the parser where a file that has it loads.
#![allow(missing_docs, clippy::unwrap_used)]

use daybook_event::RuleFile;
use daybook_rules::{Code, Diagnostic, RuleLibrary, load_tests, shipped_files, shipped_rule_files, shipped_tests};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

struct Schema {
    root: Value,
}

impl Schema {
    fn read() -> Self {
        let text = fs::read_to_string(folder("csp-indirect-reseller/rules.schema.json")).unwrap();
        Self { root: serde_json::from_str(&text).unwrap() }
    }

    /// The properties of the schema that the value uses; an error says where it does not fit.
    fn check(&self, value: &Value) -> Result<BTreeSet<String>, String> {
        self.node(&self.root, "#", value)
    }

    fn node(&self, schema: &Value, at: &str, value: &Value) -> Result<BTreeSet<String>, String> {
        let Some(schema) = schema.as_object() else { return Ok(BTreeSet::new()) };
        for keyword in schema.keys() {
            assert!(KEYWORDS.contains(&keyword.as_str()), "{at}: this reader does not know {keyword}");
        }
        let mut used = BTreeSet::new();
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            used.extend(self.node(self.root.pointer(&target[1..]).unwrap(), target, value)?);
        }
        for part in items(schema, "allOf") {
            used.extend(self.node(part, at, value)?);
        }
        self.choices(schema, at, value, &mut used)?;
        scalar(schema, at, value)?;
        if let Some(all) = value.as_array().filter(|_| schema.contains_key("items")) {
            for item in all {
                used.extend(self.node(&schema["items"], &format!("{at}/items"), item)?);
            }
        }
        if let Some(fields) = value.as_object() {
            self.object(schema, at, fields, &mut used)?;
        }
        Ok(used)
    }

    fn choices(
        &self,
        schema: &Map<String, Value>,
        at: &str,
        value: &Value,
        used: &mut BTreeSet<String>,
    ) -> Result<(), String> {
        for keyword in ["anyOf", "oneOf"] {
            let parts = items(schema, keyword);
            let tried: Vec<_> = parts.iter().map(|part| self.node(part, at, value)).collect();
            let fits = tried.iter().filter(|result| result.is_ok()).count();
            if !parts.is_empty() && (fits == 0 || (keyword == "oneOf" && fits > 1)) {
                let why: Vec<String> = tried.into_iter().filter_map(Result::err).collect();
                return Err(format!("{at}: {fits} of {keyword} fit: {}", why.join(" | ")));
            }
            used.extend(tried.into_iter().flatten().flatten());
        }
        Ok(())
    }

    fn object(
        &self,
        schema: &Map<String, Value>,
        at: &str,
        fields: &Map<String, Value>,
        used: &mut BTreeSet<String>,
    ) -> Result<(), String> {
        for name in items(schema, "required").iter().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                return Err(format!("{at}: {name} is missing"));
            }
        }
        for (name, value) in fields {
            let known = schema.get("properties").and_then(|properties| properties.get(name));
            match (known, schema.get("additionalProperties")) {
                (Some(property), _) => {
                    let at = format!("{at}/properties/{name}");
                    used.extend(self.node(property, &at, value)?);
                    used.insert(at);
                }
                (None, Some(Value::Bool(false))) => return Err(format!("{at}: no property {name}")),
                (None, Some(any)) => used.extend(self.node(any, &format!("{at}/*"), value)?),
                (None, None) => {}
            }
        }
        Ok(())
    }
}

const KEYWORDS: [&str; 20] = [
    "$schema",
    "$defs",
    "$ref",
    "title",
    "description",
    "examples",
    "format",
    "type",
    "const",
    "enum",
    "pattern",
    "properties",
    "additionalProperties",
    "required",
    "items",
    "minItems",
    "maxItems",
    "allOf",
    "anyOf",
    "oneOf",
];

fn items<'s>(schema: &'s Map<String, Value>, keyword: &str) -> &'s [Value] {
    schema.get(keyword).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Keywords that need no look inside.
fn scalar(schema: &Map<String, Value>, at: &str, value: &Value) -> Result<(), String> {
    let kind = match value {
        Value::String(_) => "string",
        Value::Bool(_) => "boolean",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        _ => "number",
    };
    let count = value.as_array().map(|all| all.len() as u64);
    let limit = |keyword: &str| schema.get(keyword).and_then(Value::as_u64).zip(count);
    let fits = schema.get("type").is_none_or(|wanted| wanted == kind)
        && schema.get("const").is_none_or(|wanted| wanted == value)
        && schema.get("enum").is_none_or(|words| words.as_array().unwrap().contains(value))
        && limit("minItems").is_none_or(|(least, count)| count >= least)
        && limit("maxItems").is_none_or(|(most, count)| count <= most)
        && schema.get("pattern").and_then(Value::as_str).zip(value.as_str()).is_none_or(|(p, text)| matches(p, text));
    if fits { Ok(()) } else { Err(format!("{at}: {value} does not fit")) }
}

/// The patterns of the schema, each spelt out.
fn matches(pattern: &str, text: &str) -> bool {
    let whole = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let decimal = |text: &str| match text.split_once('.') {
        Some((left, right)) => whole(left) && whole(right),
        None => whole(text),
    };
    let capitals = |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase());
    let amount = |text: &str| text.split_once(' ').is_some_and(|(number, unit)| decimal(number) && capitals(unit));
    let counted = |suffix: &str| text.strip_suffix(suffix).is_some_and(whole);
    match pattern {
        r"^[0-9]+(\.[0-9]+)? [A-Z]{3}$" => amount(text),
        r"^([0-9]+(\.[0-9]+)? [A-Z]{3}|none)$" => text == "none" || amount(text),
        r"^[0-9]+(\.[0-9]{1,4})?%$" => text.strip_suffix('%').is_some_and(decimal),
        r"^[0-9]+d$" => counted("d"),
        r"^[0-9]+mo$" => counted("mo"),
        r"^[0-9]+ customers$" => counted(" customers"),
        r"^[0-9]+ people$" => counted(" people"),
        r"^[0-9]+(\.[0-9]+)? points$" => text.strip_suffix(" points").is_some_and(decimal),
        r"^day [0-9]+ of month [0-9]+$" => text
            .strip_prefix("day ")
            .and_then(|rest| rest.split_once(" of month "))
            .is_some_and(|(day, month)| whole(day) && whole(month)),
        r"^(family|product|name):.+$" => text
            .split_once(':')
            .is_some_and(|(kind, name)| ["family", "product", "name"].contains(&kind) && !name.is_empty()),
        r"^[A-Za-z0-9_-]+(\.r[0-9]+)?$" => {
            let base = text.rsplit_once(".r").map_or(text, |(base, number)| if whole(number) { base } else { "" });
            !base.is_empty() && base.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        }
        r"^[0-9a-f]{64}$" => text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
        r"^(daily|weekly:(mon|tues|wednes|thurs|fri|satur|sun)day|monthly:[0-9]+)$" => {
            text == "daily"
                || text.strip_prefix("weekly:").is_some_and(|day| day.ends_with("day"))
                || text.strip_prefix("monthly:").is_some_and(whole)
        }
        r"^[A-Z]{3}$" => capitals(text),
        other => panic!("this reader does not know the pattern {other}"),
    }
}

/// A TOML file as an editor hands it to a schema: dates are text.
fn as_json(bytes: &[u8]) -> Option<Value> {
    fn value(toml: &toml::Value) -> Value {
        match toml {
            toml::Value::Datetime(at) => json!(at.to_string()),
            toml::Value::Array(items) => items.iter().map(value).collect(),
            toml::Value::Table(fields) => fields.iter().map(|(key, field)| (key.clone(), value(field))).collect(),
            toml::Value::Boolean(flag) => json!(flag),
            toml::Value::String(text) => json!(text),
            toml::Value::Integer(number) => json!(number),
            toml::Value::Float(number) => json!(number.to_string().parse::<serde_json::Number>().ok()),
        }
    }
    let table: toml::Table = std::str::from_utf8(bytes).ok()?.parse().ok()?;
    Some(value(&toml::Value::Table(table)))
}

fn files_of(folder: &Path) -> Vec<RuleFile> {
    let mut own: Vec<RuleFile> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_name() != "expected.txt")
        .map(|entry| RuleFile {
            name: entry.file_name().into_string().unwrap(),
            bytes: fs::read(entry.path()).unwrap(),
        })
        .collect();
    own.sort_by(|a, b| a.name.cmp(&b.name));
    own
}

fn shipped_beside(own: &[RuleFile]) -> Vec<RuleFile> {
    let mut files = shipped_rule_files();
    files.retain(|file| file.name != "rules.lock" && file.name != "book.toml");
    files.retain(|file| !own.iter().any(|other| other.name == file.name));
    files.extend(own.iter().cloned());
    files
}

fn owned(files: &[(&str, &[u8])]) -> Vec<RuleFile> {
    files.iter().map(|(name, bytes)| RuleFile { name: (*name).to_owned(), bytes: bytes.to_vec() }).collect()
}

/// The shipped version of 2020-01 with every block that a file can have.
fn alone() -> RuleFile {
    let shipped = String::from_utf8(shipped_rule_files()[1].bytes.clone()).unwrap();
    let edit = |text: String, from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    let text = edit(shipped, "[validity]\n", "hypothetical = true\n\n[validity]\npublished = 2020-07-01\n");
    let limit = "limit = { amount = \"1.00 USD\", share = \"1%\", take = \"lesser\" }\n";
    let text = edit(text, "name     = \"telemarketing\"\n", &format!("name     = \"telemarketing\"\n{limit}"));
    let text = edit(text, "version  = \"2020-01\"", "version  = \"alone\"");
    let text = text + include_str!("vocabulary/alone.toml");
    RuleFile { name: "alone.toml".to_owned(), bytes: text.into_bytes() }
}

/// Every file that loads: the shipped ones, the whole vocabulary, and those among the faulty ones that are sound.
fn files_that_load() -> Vec<RuleFile> {
    let everything = include_bytes!("vocabulary/everything.toml").to_vec();
    let everything = RuleFile { name: "everything.toml".to_owned(), bytes: everything };
    let mut found = owned(shipped_files());
    found.extend(owned(shipped_tests()));
    let tables = owned(&[("every_table.toml", include_bytes!("vocabulary/every_table.toml"))]);
    let (tests, diagnostics) = load_tests(&tables);
    assert_eq!((tests.len(), diagnostics.len()), (1, 0), "{diagnostics:?}");
    found.extend(tables);
    for file in [everything, alone()] {
        let (library, diagnostics) = RuleLibrary::load(&shipped_beside(std::slice::from_ref(&file)));
        assert!(library.is_some(), "{}", diagnostics.iter().map(ToString::to_string).collect::<String>());
        found.push(file);
    }
    for entry in fs::read_dir(folder("tests-data")).unwrap() {
        let own = files_of(&entry.unwrap().path());
        let (library, _) = RuleLibrary::load(&shipped_beside(&own));
        if library.is_some() && load_tests(&own).1.iter().all(|found| !found.is_error()) {
            found.extend(own);
        }
    }
    found
}

#[test]
fn every_file_that_loads_validates_and_uses_every_property() {
    let schema = Schema::read();
    let files = files_that_load();
    assert!(files.len() > 12, "{}", files.len());
    let mut used = BTreeSet::new();
    for file in files {
        used.extend(schema.check(&as_json(&file.bytes).unwrap()).unwrap_or_else(|why| panic!("{}: {why}", file.name)));
    }
    let mut known = BTreeSet::new();
    for (name, definition) in schema.root["$defs"].as_object().unwrap() {
        properties(definition, &format!("#/$defs/{name}"), &mut known);
    }
    let unused: Vec<&String> = known.difference(&used).filter(|property| !is_meta(property)).collect();
    assert!(unused.is_empty(), "the schema has properties that no file shows the parser to know: {unused:?}");
}

/// What a block may say about itself is read in one place for all of them.
fn is_meta(property: &str) -> bool {
    ["cite", "why", "confidence"].iter().any(|name| property.ends_with(&format!("/properties/{name}")))
}

fn properties(schema: &Value, at: &str, found: &mut BTreeSet<String>) {
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let at = format!("{at}/properties/{name}");
        properties(property, &at, found);
        found.insert(at);
    }
    if let Some(item) = schema.get("items") {
        properties(item, &format!("{at}/items"), found);
    }
    for part in ["allOf", "anyOf"].iter().filter_map(|key| schema.get(key)?.as_array()).flatten() {
        properties(part, at, found);
    }
}

#[test]
fn every_key_that_the_parser_asks_for_is_in_the_schema() {
    let schema = fs::read_to_string(folder("csp-indirect-reseller/rules.schema.json")).unwrap();
    let methods = [
        "get",
        "need",
        "has",
        "block",
        "text",
        "texts",
        "texts_needed",
        "word",
        "date",
        "money",
        "money_or_none",
        "rate",
        "points",
        "days",
        "months",
        "count",
    ];
    let mut asked = BTreeSet::new();
    for file in files_of(&folder("src/lower")) {
        let text = String::from_utf8(file.bytes).unwrap();
        for call in methods.map(|method| format!(".{method}(\"")) {
            asked.extend(text.split(&call).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        }
    }
    assert!(asked.len() > 40, "{asked:?}");
    let absent: Vec<&String> = asked.iter().filter(|key| !schema.contains(&format!("\"{key}\": "))).collect();
    assert!(absent.is_empty(), "{absent:?}");
}

#[test]
fn a_file_with_an_unknown_key_or_a_bare_number_does_not_validate() {
    let schema = Schema::read();
    let refused: BTreeSet<Code> = [Code::BareNumber, Code::UnknownKey, Code::SilentGate].into();
    let mut seen = BTreeSet::new();
    for entry in fs::read_dir(folder("tests-data")).unwrap() {
        let own = files_of(&entry.unwrap().path());
        let (_, diagnostics) = RuleLibrary::load(&shipped_beside(&own));
        for file in own {
            let of_file = |found: &&Diagnostic| found.at.file == file.name && refused.contains(&found.code);
            let Some(found) = diagnostics.iter().find(of_file) else { continue };
            let Some(json) = as_json(&file.bytes) else { continue };
            assert!(schema.check(&json).is_err(), "{found}");
            seen.extend(diagnostics.iter().filter(of_file).map(|found| found.code));
        }
    }
    assert_eq!(seen, refused);
}
