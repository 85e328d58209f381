//! Co-op: the threshold, the approved activities, and the lots that may be used for longer.

use super::block::Block;
use crate::calendar::Calendar;
use crate::diagnostic::Code;
use crate::document::{Node, Value};
use crate::model::{Activity, ActivityLimit, Coop, ResolveAt, UsageExtension};

const EDGES: [(&str, ResolveAt); 2] = [("period_start", ResolveAt::PeriodStart), ("period_end", ResolveAt::PeriodEnd)];

#[derive(Clone, Copy)]
enum Take {
    Greater,
    Lesser,
}

/// Reads `[coop]`, `[[coop.activity]]` and `[coop.extension.NAME]`.
pub(super) fn coop(root: &Block<'_>, calendar: Option<&Calendar>) -> Option<Coop> {
    let node = root.need("coop")?;
    let block = root.sub_block("coop", node)?;
    block.cited();
    let threshold = block.money("threshold");
    let resolve_at = block.word("resolve_at", &EDGES);
    let activities = activities(&block);
    let extensions = extensions(&block, calendar);
    block.finish();
    Some(Coop { threshold: threshold?.exact(), resolve_at: resolve_at?, activities, extensions })
}

fn activities(coop: &Block<'_>) -> Vec<Activity> {
    let mut found: Vec<Activity> = Vec::new();
    let items = match coop.get("activity") {
        Some(Node { value: Value::List(items), .. }) => items.as_slice(),
        Some(node) => {
            let message = "activities are written [[coop.activity]]";
            coop.cx.findings.report(Code::WrongKind, node.place, message);
            &[]
        }
        None => &[],
    };
    for item in items {
        let name = item.as_table().and_then(|table| table.text("name")).unwrap_or("?");
        let Some(block) = coop.sub_block(&format!("activity.{name}"), item) else { continue };
        let activity = activity(&block);
        block.finish();
        let Some(activity) = activity else { continue };
        if found.iter().any(|other| other.name == activity.name) {
            let message = format!("activity {:?} stands twice", activity.name);
            block.report_at("name", Code::ImpossibleChange, message);
            continue;
        }
        found.push(activity);
    }
    found
}

fn activity(block: &Block<'_>) -> Option<Activity> {
    block.cited();
    let (name, category) = (block.text("name"), block.text("category"));
    let limit = if block.has("limit") { Some(block.block("limit").and_then(|inner| limit(&inner))?) } else { None };
    Some(Activity { name: name?.text.to_owned(), category: category?.text.to_owned(), limit })
}

/// `limit = { amount = "3000.00 USD", share = "10%", take = "greater" }`, or one of amount and share alone.
fn limit(block: &Block<'_>) -> Option<ActivityLimit> {
    let amount = if block.has("amount") { Some(block.money("amount")?.exact()) } else { None };
    let share = if block.has("share") { Some(block.rate("share")?) } else { None };
    let both = amount.is_some() && share.is_some();
    let take =
        if both { Some(block.word("take", &[("greater", Take::Greater), ("lesser", Take::Lesser)])?) } else { None };
    block.finish();
    match (amount, share, take) {
        (Some(amount), Some(share), Some(Take::Greater)) => Some(ActivityLimit::GreaterOf(amount, share)),
        (Some(amount), Some(share), _) => Some(ActivityLimit::LesserOf(amount, share)),
        (Some(amount), None, _) => Some(ActivityLimit::Amount(amount)),
        (None, Some(share), _) => Some(ActivityLimit::Share(share)),
        (None, None, _) => {
            let message = format!("{} has neither an amount nor a share", block.path);
            block.cx.findings.report(Code::MissingKey, block.place, message);
            None
        }
    }
}

fn extensions(coop: &Block<'_>, calendar: Option<&Calendar>) -> Vec<UsageExtension> {
    let (Some(all), Some(calendar)) = (coop.block("extension"), calendar) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in &all.table.entries {
        let Some(block) = all.sub_block(&entry.key, &entry.node) else { continue };
        found.extend(extension(&block, &entry.key, calendar));
        block.finish();
    }
    found
}

/// Both dates may only give time: what they take away belongs in the calendar.
fn extension(block: &Block<'_>, name: &str, calendar: &Calendar) -> Option<UsageExtension> {
    block.cited();
    let period = block.text("earning_period").and_then(|word| {
        let period = calendar.period_parse(word.text);
        if period.is_none() {
            let message = format!("there is no earning period {:?}", word.text);
            let report = block.cx.findings.report(Code::UnknownName, word.place, message);
            report.hint("a period is named by the year in which its fiscal year ends, such as \"FY20H2\"");
        }
        period
    });
    let (usage_until, claims_until) = (block.date("usage_until"), block.date("claims_until"));
    let (period, usage_until, claims_until) = (period?, usage_until?, claims_until?);
    let usage_ends = period.next().last_day();
    if usage_until < usage_ends {
        let message = format!("{}.usage_until is before {usage_ends}, when {period} can be used anyway", block.path);
        block.report_at("usage_until", Code::OutOfRange, message);
    }
    if claims_until < usage_until {
        let message = format!("{}.claims_until is before usage_until: the last days could not be claimed", block.path);
        block.report_at("claims_until", Code::OutOfRange, message);
    }
    Some(UsageExtension { name: name.to_owned(), period, usage_until, claims_until })
}
