//! A whole rule set: header, calendar, cadence, interpretations, and every block in its place.

use super::block::Block;
use super::origins::origins;
use super::{Cx, Names, competency, coop, gates, levers, money, products};
use crate::calendar::{Calendar, MonthDay};
use crate::diagnostic::{Code, Findings, Place};
use crate::document::{Change, Node, Operation, Resolved, Value};
use crate::library::VersionChange;
use crate::model::{Cadence, Hashes, Interpretation, RuleSet};
use chrono::{NaiveDate, Weekday};
use daybook_event::{Currency, Month};
use std::collections::BTreeMap;

/// What a rule file says of itself, read before anything is resolved.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) program: String,
    pub(crate) version: String,
    pub(crate) version_place: Place,
    pub(crate) extends: Option<(String, Place)>,
    pub(crate) title: String,
    pub(crate) hypothetical: bool,
    pub(crate) valid_from: NaiveDate,
    pub(crate) from_place: Place,
    pub(crate) published: Option<NaiveDate>,
}

/// Makes the typed rule set; none where anything in it is wrong.
pub(crate) fn rule_set(
    findings: &Findings<'_>,
    header: &Header,
    resolved: &Resolved,
    version_of: &dyn Fn(usize) -> String,
) -> Option<RuleSet> {
    let mut set = rule_set_bare(findings, header, resolved)?;
    set.origins = origins(findings, resolved, version_of);
    set.changes = resolved.changes.iter().map(|change| change_made(change, resolved)).collect();
    Some(set)
}

/// The same without saying where each parameter stands and which changes led there: enough to fold under, and much faster.
pub(crate) fn rule_set_bare(findings: &Findings<'_>, header: &Header, resolved: &Resolved) -> Option<RuleSet> {
    let mark = findings.mark();
    let currency = currency(findings, header, resolved)?;
    let cx = Cx { findings, sources: &resolved.sources, currency };
    let root = Block::new(&cx, "", &resolved.table, header.version_place);
    root.get("currency");
    let mut names = Names::default();
    products::groups(&root, &mut names);
    let competencies = competency::competencies(&root, &mut names);
    gates::gates(&root, &mut names);
    let levers = levers::levers(&root, &names);
    if !findings.has_errors_since(mark) {
        gates::all_used(&root, &names, levers.as_deref().unwrap_or_default());
    }
    let (calendar, assessment) = (calendar(&root), assessment(&root));
    let (split, coop) = (money::split(&root), coop::coop(&root, calendar.as_ref()));
    let (payout, rounding) = (money::payout(&root), money::rounding(&root));
    let certification_validity = competency::certifications(&root);
    let benefits = competency::benefits(&root, &names);
    let interpretations = interpretations(&root, resolved);
    root.finish();
    if findings.has_errors_since(mark) {
        return None;
    }
    Some(RuleSet {
        version: header.version.clone(),
        program: header.program.clone(),
        title: header.title.clone(),
        valid_from: header.valid_from,
        published: header.published,
        hypothetical: header.hypothetical,
        currency,
        calendar: calendar?,
        product_groups: names.groups,
        assessment: assessment?,
        gates: names.gates,
        competency_levels: names.levels,
        competencies,
        certification_validity,
        levers: levers?,
        split: split?,
        coop: coop?,
        payout: payout?,
        rounding: rounding?,
        benefits,
        interpretations,
        origins: BTreeMap::new(),
        changes: Vec::new(),
        hashes: Hashes::default(),
    })
}

/// A change as its version shows it.
fn change_made(change: &Change, resolved: &Resolved) -> VersionChange {
    let titles = change.cites.iter().filter_map(|key| resolved.sources.get(key)).map(|source| source.title.as_str());
    VersionChange {
        id: change.id.clone(),
        path: change.path.clone(),
        from: change.from.clone(),
        to: if change.operation == Operation::Remove { None } else { change.to.clone() },
        why: change.why.clone(),
        cite: change.cites.clone(),
        source_title: titles.collect::<Vec<_>>().join("; "),
        version: change.version.clone(),
    }
}

fn currency(findings: &Findings<'_>, header: &Header, resolved: &Resolved) -> Option<Currency> {
    let Some(node) = resolved.table.get("currency") else {
        let report = findings.report(Code::MissingKey, header.version_place, "no program currency");
        report.hint("write currency = \"USD\" above the first block");
        return None;
    };
    let parsed = node.as_text().and_then(|text| Currency::parse(text).ok());
    if parsed.is_none() {
        findings.report(Code::WrongKind, node.place, "a currency is three capitals, such as \"USD\"");
    }
    parsed
}

const MONTHS: [(&str, i32); 12] = [
    ("january", 1),
    ("february", 2),
    ("march", 3),
    ("april", 4),
    ("may", 5),
    ("june", 6),
    ("july", 7),
    ("august", 8),
    ("september", 9),
    ("october", 10),
    ("november", 11),
    ("december", 12),
];

fn calendar(root: &Block<'_>) -> Option<Calendar> {
    let node = root.need("calendar")?;
    let block = root.sub_block("calendar", node)?;
    block.cited();
    let months = block.months("earning_period");
    if months.is_some_and(|months| 12 % months != 0) {
        let message = "calendar.earning_period does not divide a year: 1, 2, 3, 4, 6 or 12 months";
        block.report_at("earning_period", Code::OutOfRange, message.to_owned());
    }
    let anchor = block.date("anchor");
    // What is earned in a period is used in the next: the only usage period any terms had.
    block.word("usage_period", &[("next", ())]);
    let (opens, closes) = (month_day(&block, "claim_opens"), month_day(&block, "claim_closes"));
    let program_year_last_month = block.word("program_year_ends", &MONTHS);
    block.finish();
    Some(Calendar {
        period_months: months?,
        period_anchor: Month::of(anchor?),
        claim_opens: opens?,
        claim_closes: closes?,
        program_year_last_month: program_year_last_month?,
    })
}

/// Reads `day 16 of month 2`: counted from the start of the usage period.
fn month_day(block: &Block<'_>, key: &'static str) -> Option<MonthDay> {
    let word = block.text(key)?;
    let parsed =
        word.text.strip_prefix("day ").and_then(|rest| rest.split_once(" of month ")).and_then(|(day, month)| {
            let (day, month) = (day.parse::<u32>().ok()?, month.parse::<i32>().ok()?);
            ((1..=31).contains(&day) && (1..=24).contains(&month)).then_some(MonthDay { month, day })
        });
    if parsed.is_none() {
        let message = format!("{:?} is no day of a month of the usage period", word.text);
        block.cx.findings.report(Code::WrongKind, word.place, message).hint("write \"day 16 of month 2\"");
    }
    parsed
}

fn assessment(root: &Block<'_>) -> Option<Cadence> {
    let node = root.need("assessment")?;
    let block = root.sub_block("assessment", node)?;
    block.cited();
    let word = block.text("cadence");
    block.finish();
    let word = word?;
    let parsed = match word.text.split_once(':') {
        None if word.text == "daily" => Some(Cadence::Daily),
        Some(("weekly", day)) => weekday(day).map(Cadence::Weekly),
        Some(("monthly", day)) => day.parse().ok().filter(|day| (1..=31).contains(day)).map(Cadence::Monthly),
        _ => None,
    };
    if parsed.is_none() {
        let message = format!("{:?} is no cadence", word.text);
        let report = root.cx.findings.report(Code::UnknownWord, word.place, message);
        report.hint("one of: daily, weekly:monday, monthly:1");
    }
    parsed
}

fn weekday(name: &str) -> Option<Weekday> {
    let days = [
        ("monday", Weekday::Mon),
        ("tuesday", Weekday::Tue),
        ("wednesday", Weekday::Wed),
        ("thursday", Weekday::Thu),
        ("friday", Weekday::Fri),
        ("saturday", Weekday::Sat),
        ("sunday", Weekday::Sun),
    ];
    days.iter().find(|(word, _)| *word == name).map(|(_, day)| *day)
}

fn interpretations(root: &Block<'_>, resolved: &Resolved) -> Vec<Interpretation> {
    let items = root.get("interpretation").map(Node::as_list).unwrap_or_default();
    items.iter().filter_map(|item| interpretation(root, item, resolved)).collect()
}

fn interpretation(root: &Block<'_>, item: &Node, resolved: &Resolved) -> Option<Interpretation> {
    let Value::Table(table) = &item.value else { return None };
    let block = Block::new(root.cx, "interpretation", table, item.place);
    block.cited();
    let path = block.text("path");
    let chosen = block.get("chosen").or_else(|| block.need("chosen"));
    let other: Vec<String> =
        block.need("other").map(Node::as_list).unwrap_or_default().iter().filter_map(Node::plain).collect();
    let (why, owner) = (block.text("why"), block.text("owner"));
    block.finish();
    let path = path?;
    let (chosen, place) = (chosen?.plain()?, chosen?.place);
    if other.is_empty() || other.contains(&chosen) {
        let message = format!("the reading of {} names no other reading", path.text);
        root.cx.findings.report(Code::Interpretation, item.place, message);
    }
    match root.table.find(path.text).map(|node| (node.plain(), node.place)) {
        Some((Some(stands), _)) if stands == chosen => {}
        // A later change of the parameter took another reading, or ended the doubt.
        Some((_, at)) if resolved.is_later(at, item.place) => return None,
        Some((stands, at)) => {
            let stands = stands.unwrap_or_else(|| "a block".to_owned());
            let message = format!("the reading chosen for {} is {chosen:?}, but the terms say {stands:?}", path.text);
            root.cx.findings.report(Code::Interpretation, place, message).against(at, "the terms say so here");
        }
        // It was there when its own version was read: a later change took it away, and the doubt with it.
        None if !resolved.is_newest(item.place) => return None,
        None => {
            let message = format!("there is no {} to read one way or another", path.text);
            root.cx.findings.report(Code::Interpretation, path.place, message);
        }
    }
    Some(Interpretation {
        path: path.text.to_owned(),
        chosen,
        other,
        why: why?.text.to_owned(),
        owner: owner?.text.to_owned(),
        cite: crate::document::cite_keys(table).join(", "),
    })
}
