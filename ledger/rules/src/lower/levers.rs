//! Levers: what earns, on what, at which rate.

use super::Names;
use super::block::Block;
use super::products::segment_words;
use crate::diagnostic::Code;
use crate::document::Value;
use crate::model::{Base, Cap, CapPer, CapWindow, Lever, Match};

#[derive(Clone, Copy)]
enum BaseKind {
    Billed,
    CustomerAdd,
    Growth,
}

const BASES: [(&str, BaseKind); 3] =
    [("billed_revenue", BaseKind::Billed), ("customer_add", BaseKind::CustomerAdd), ("growth", BaseKind::Growth)];
const CAP_PER: [(&str, CapPer); 2] = [("customer", CapPer::Customer), ("partner", CapPer::Partner)];
const CAP_WINDOW: [(&str, CapWindow); 3] =
    [("earning_period", CapWindow::EarningPeriod), ("program_year", CapWindow::ProgramYear), ("life", CapWindow::Life)];

/// Reads `[lever.NAME]`, in file order.
pub(super) fn levers(root: &Block<'_>, names: &Names) -> Option<Vec<Lever>> {
    let node = root.need("lever")?;
    let all = root.sub_block("lever", node)?;
    let mut found = Vec::new();
    for entry in &all.table.entries {
        let Some(block) = all.sub_block(&entry.key, &entry.node) else { continue };
        found.extend(lever(&block, &entry.key, names));
        block.finish();
    }
    Some(found)
}

fn lever(block: &Block<'_>, name: &str, names: &Names) -> Option<Lever> {
    block.cited();
    let slot = block.text("slot");
    let matches = match block.need("match") {
        Some(_) => block.block("match").map(|inner| matches(&inner, names)),
        None => None,
    };
    let base = base(block);
    let rate = block.rate("rate");
    let gates = names.gate_names.iter().map(String::as_str);
    let needs: Vec<Option<usize>> =
        block.texts("needs").into_iter().map(|word| block.cx.index_of("gate", word, gates.clone())).collect();
    let needs: Option<Vec<usize>> = needs.into_iter().collect();
    let cap = if block.has("cap") { Some(block.block("cap").and_then(|inner| cap(&inner))) } else { None };
    let cap = match cap {
        Some(read) => Some(read?),
        None => None,
    };
    let slot = slot?.text.to_owned();
    Some(Lever { name: name.to_owned(), slot, matches: matches?, base: base?, rate: rate?, needs: needs?, cap })
}

fn matches(block: &Block<'_>, names: &Names) -> Match {
    let groups =
        block.texts("product_group").into_iter().filter_map(|word| block.cx.group_index(names, word)).collect();
    let words = segment_words();
    let segments =
        block.texts("segment").into_iter().filter_map(|word| block.word_of("segment", word, &words)).collect();
    let owned = |key| block.texts(key).into_iter().map(|word| word.text.to_owned()).collect();
    let found = Match { groups, segments, markets: owned("market"), charge_types: owned("charge_type") };
    block.finish();
    found
}

/// `base = "billed_revenue"`, or a table where the base has conditions.
fn base(block: &Block<'_>) -> Option<Base> {
    let node = block.need("base")?;
    if !matches!(node.value, Value::Table(_)) {
        return match block.word("base", &BASES)? {
            BaseKind::Billed => Some(Base::BilledRevenue),
            BaseKind::Growth => Some(Base::Growth),
            BaseKind::CustomerAdd => {
                let message = format!("{}.base = \"customer_add\" needs its conditions", block.path);
                block.cx.findings.report(Code::MissingKey, node.place, message).hint(
                    "write base = { kind = \"customer_add\", months = \"12mo\", monthly_at_least = \"250.00 USD\" }",
                );
                None
            }
        };
    }
    let inner = block.block("base")?;
    let base = match inner.word("kind", &BASES) {
        Some(BaseKind::Billed) => Some(Base::BilledRevenue),
        Some(BaseKind::Growth) => Some(Base::Growth),
        Some(BaseKind::CustomerAdd) => match (inner.months("months"), inner.money("monthly_at_least")) {
            (Some(months), Some(least)) => Some(Base::CustomerAdd { months, monthly_at_least: least.exact() }),
            _ => None,
        },
        None => None,
    };
    inner.finish();
    base
}

fn cap(block: &Block<'_>) -> Option<Cap> {
    let (amount, per, window) = (block.money("amount"), block.word("per", &CAP_PER), block.word("window", &CAP_WINDOW));
    block.finish();
    Some(Cap { amount: amount?.exact(), per: per?, window: window? })
}
