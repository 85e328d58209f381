//! Co-op: the threshold and the approved activities.

use super::block::Block;
use crate::diagnostic::Code;
use crate::document::{Node, Value};
use crate::model::{Activity, ActivityLimit, Coop, ResolveAt};

const EDGES: [(&str, ResolveAt); 2] = [("period_start", ResolveAt::PeriodStart), ("period_end", ResolveAt::PeriodEnd)];

#[derive(Clone, Copy)]
enum Take {
    Greater,
    Lesser,
}

/// Reads `[coop]` and `[[coop.activity]]`.
pub(super) fn coop(root: &Block<'_>) -> Option<Coop> {
    let node = root.need("coop")?;
    let block = root.sub_block("coop", node)?;
    block.cited();
    let threshold = block.money("threshold");
    let resolve_at = block.word("resolve_at", &EDGES);
    let activities = activities(&block);
    block.finish();
    Some(Coop { threshold: threshold?.exact(), resolve_at: resolve_at?, activities })
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
