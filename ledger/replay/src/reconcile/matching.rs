//! Which of our lines each of their earnings speaks of.
//!
//! Keys are tried one after the other, for all earnings, before the next is tried: what is certain comes before what is
//! likely. Each contribution of a line is taken once.

use super::ours::OurLine;
use super::theirs::TheirEarning;
use std::collections::{BTreeMap, BTreeSet};

/// Microsoft's date and a distributor's can lie in months next to each other, not far apart.
const TIMING_MONTHS_MAX: i32 = 2;

/// What a key compares. In the order in which keys are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum MatchKey {
    SubscriptionAndAmount,
    Subscription,
    CustomerAndAmount,
    Customer,
    SubscriptionInOtherMonth,
    CustomerInOtherMonth,
}

impl MatchKey {
    const ALL: [Self; 6] = [
        Self::SubscriptionAndAmount,
        Self::Subscription,
        Self::CustomerAndAmount,
        Self::Customer,
        Self::SubscriptionInOtherMonth,
        Self::CustomerInOtherMonth,
    ];

    fn is_by_subscription(self) -> bool {
        matches!(self, Self::SubscriptionAndAmount | Self::Subscription | Self::SubscriptionInOtherMonth)
    }

    fn needs_same_amount(self) -> bool {
        !matches!(self, Self::Subscription | Self::Customer)
    }

    pub(super) fn is_in_other_month(self) -> bool {
        matches!(self, Self::SubscriptionInOtherMonth | Self::CustomerInOtherMonth)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::SubscriptionAndAmount => "subscription, month, amount",
            Self::Subscription => "subscription, month",
            Self::CustomerAndAmount => "customer, product, month, amount",
            Self::Customer => "customer, product, month",
            Self::SubscriptionInOtherMonth => "subscription, amount; another month",
            Self::CustomerInOtherMonth => "customer, product, amount; another month",
        }
    }
}

/// An earning with its line, both by index, and with the line's contribution if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Matched {
    pub(super) theirs: usize,
    pub(super) line: usize,
    pub(super) contribution: Option<usize>,
    pub(super) key: MatchKey,
}

/// Matches the earnings of one partner with its lines.
pub(super) fn matched(lines: &[OurLine], theirs: &[TheirEarning]) -> Vec<Matched> {
    let mut desk = Desk { lines, by_name: BTreeMap::new(), taken: BTreeSet::new() };
    for (at, line) in lines.iter().enumerate() {
        desk.by_name.entry((true, name_key(&line.subscription_id))).or_default().push(at);
        desk.by_name.entry((false, name_key(&line.customer_id))).or_default().push(at);
    }
    let mut found: BTreeMap<usize, Matched> = BTreeMap::new();
    for key in MatchKey::ALL {
        for (at, their) in theirs.iter().enumerate() {
            if found.contains_key(&at) {
                continue;
            }
            if let Some((line, contribution)) = desk.best(key, their) {
                desk.taken.insert((line, contribution, slot_name(their, contribution)));
                found.insert(at, Matched { theirs: at, line, contribution, key });
            }
        }
    }
    found.into_values().collect()
}

/// A line that earns nothing under a lever can be spoken of once by each lever that they name.
fn slot_name(their: &TheirEarning, contribution: Option<usize>) -> String {
    if contribution.is_some() { String::new() } else { their.row.lever_named.clone() }
}

struct Desk<'a> {
    lines: &'a [OurLine],
    /// Lines by subscription (true) and by customer (false).
    by_name: BTreeMap<(bool, String), Vec<usize>>,
    taken: BTreeSet<(usize, Option<usize>, String)>,
}

impl Desk<'_> {
    /// Of the lines that the key fits the best: one that earns under their lever, the nearest month, the nearest amount,
    /// the nearest date, the first.
    fn best(&self, key: MatchKey, their: &TheirEarning) -> Option<(usize, Option<usize>)> {
        let named = if key.is_by_subscription() { &their.row.subscription_id } else { &their.row.customer_id };
        let named = name_key(named);
        let candidates = self.by_name.get(&(key.is_by_subscription(), named.clone())).filter(|_| !named.is_empty())?;
        let fitting = candidates.iter().copied().filter(|&at| fits(key, &self.lines[at], their));
        let ranked = fitting.filter_map(|at| {
            let contribution = self.slot(at, their)?;
            let line = &self.lines[at];
            let months = line.month().since(their.row.month).abs();
            let days = their.row.transacted_on.map_or(0, |on| (line.on - on).num_days().abs());
            Some((contribution.is_none(), months, distance(line, their), days, at, contribution))
        });
        ranked.min().map(|(.., at, contribution)| (at, contribution))
    }

    /// The contribution that the earning speaks of, or none where the line has no such: each once.
    fn slot(&self, at: usize, their: &TheirEarning) -> Option<Option<usize>> {
        let contributions = &self.lines[at].contributions;
        let is_free = |of: usize| !self.taken.contains(&(at, Some(of), String::new()));
        let is_theirs = |of: usize| their.row.lever.as_ref().is_none_or(|lever| contributions[of].lever == *lever);
        if let Some(of) = (0..contributions.len()).find(|&of| is_free(of) && is_theirs(of)) {
            return Some(Some(of));
        }
        let earns_under_it = (0..contributions.len()).any(is_theirs);
        let is_taken = self.taken.contains(&(at, None, their.row.lever_named.clone()));
        (!earns_under_it && !is_taken).then_some(None)
    }
}

fn fits(key: MatchKey, line: &OurLine, their: &TheirEarning) -> bool {
    let months = line.month().since(their.row.month).abs();
    let in_month = if key.is_in_other_month() { (1..=TIMING_MONTHS_MAX).contains(&months) } else { months == 0 };
    let same_amount = !key.needs_same_amount() || their.row.transaction == Some((line.amount, line.currency));
    in_month && same_amount && same_sign(line, their) && same_product(key, line, their)
}

/// A refund is never taken for a sale.
fn same_sign(line: &OurLine, their: &TheirEarning) -> bool {
    let Some((amount, _)) = their.row.transaction else { return true };
    amount.exact().is_negative() == line.amount.exact().is_negative()
}

/// A subscription is of one product, unless both sides name others; a customer has many, so there both must name it.
fn same_product(key: MatchKey, line: &OurLine, their: &TheirEarning) -> bool {
    let pairs = [(&line.product_id, &their.row.product_id), (&line.product_name, &their.row.product_name)];
    let both_named = pairs.iter().filter(|(ours, theirs)| !ours.is_empty() && !theirs.is_empty());
    let mut same = both_named.map(|(ours, theirs)| name_key(ours) == name_key(theirs)).peekable();
    if same.peek().is_none() { key.is_by_subscription() } else { same.any(|same| same) }
}

/// How far the amounts are apart, in units of 10^-25; across currencies nothing is known.
fn distance(line: &OurLine, their: &TheirEarning) -> i128 {
    match their.row.transaction {
        Some((amount, currency)) if currency == line.currency => {
            // Both are amounts of events: their difference is far inside the range.
            amount.exact().raw().saturating_sub(line.amount.exact().raw()).saturating_abs()
        }
        _ => i128::MAX,
    }
}

/// A name as it is compared: letters and digits in lower case, since files write one id in many ways.
pub(super) fn name_key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
