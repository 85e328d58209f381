//! Sections 5 and 6: the bucket of each billed amount, and what it contributes to which posting.

use super::contributions::Contribution;
use super::facts::{Billed, Line, Partner, billed};
use super::newness::Asked;
use super::number::Num;
use super::standing::Standing;
use super::terms::number_on;
use super::time::{Period, Ym};
use chrono::NaiveDate;
use daybook_event::{Envelope, Segment};
use daybook_rules::model::{Base, Lever, RuleSet};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Where a line goes, and the levers that apply to it.
pub(crate) struct Priced {
    pub(crate) bucket: Bucket,
    pub(crate) rule_set: Option<usize>,
    /// By number in the rule set.
    pub(crate) levers: Vec<usize>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Bucket {
    Unconverted,
    NoTerms,
    Ineligible(String),
    Unmatched,
    Capped,
    Earning,
}

/// A posting: the rounded sum per month, lever and rule set.
pub(crate) struct Posting {
    pub(crate) month: Ym,
    pub(crate) rebate: Num,
    pub(crate) coop: Num,
    pub(crate) row: Value,
}

/// What the revenue lines come to.
#[derive(Default)]
pub(crate) struct Accrual {
    pub(crate) postings: Vec<Posting>,
    pub(crate) conservation: Vec<Value>,
    /// Month and reason.
    pub(crate) provisional: BTreeSet<(String, String)>,
}

impl<'a> Partner<'a> {
    pub(crate) fn accrual(&self, standing: &Standing) -> Accrual {
        let mut accrual = Accrual::default();
        let mut priced: Vec<Priced> = self.lines.iter().map(|line| self.price(standing, line)).collect();
        let (contributions, without_base) = self.contributions(&priced);
        Self::cap(&mut priced, &contributions);
        let months: BTreeSet<Ym> = self.lines.iter().map(|line| Ym::of(line.event.effective_on)).collect();
        for month in months {
            let lines = self.lines.iter().zip(&priced);
            let of_month: Vec<(&Line<'_>, &Priced)> =
                lines.filter(|(line, _)| Ym::of(line.event.effective_on) == month).collect();
            self.conserve(month, &of_month, &mut accrual);
            self.post(month, &contributions, &mut accrual);
        }
        let flags = without_base.into_iter().map(|month| (month.to_string(), "NOBASE".to_owned()));
        accrual.provisional.extend(flags);
        accrual
    }

    /// The first bucket that holds. A credit's is that of the line that prices it.
    fn price(&self, standing: &Standing, line: &Line<'_>) -> Priced {
        let on = line.priced_by.effective_on;
        let rule_set = number_on(self.world.book, on);
        let into = |bucket| Priced { bucket, rule_set, levers: Vec::new() };
        if line.worth.is_none() {
            return into(Bucket::Unconverted);
        }
        if line.of_reversed {
            return into(Bucket::Unmatched);
        }
        let Some(set) = rule_set.map(|at| &self.world.book.sets[at]) else { return into(Bucket::NoTerms) };
        let root = billed(line.priced_by).expect("a line is priced by a line");
        if self.holds(&format!("own_tenant:{}", root.customer), on) {
            return into(Bucket::Ineligible("CUSEQPTR".to_owned()));
        }
        if let Some(code) = self.code_of(standing, on) {
            return into(Bucket::Ineligible(code));
        }
        let (levers, unmet_need) = self.levers_of(set, line.priced_by, &root);
        let bucket = match (levers.is_empty(), unmet_need) {
            (false, _) => Bucket::Earning,
            (true, Some(code)) => Bucket::Ineligible(code),
            (true, None) => Bucket::Unmatched,
        };
        Priced { bucket, rule_set, levers }
    }

    /// In each slot the first lever whose match and needs hold; and the code of the first unmet need.
    fn levers_of(&self, set: &RuleSet, event: &'a Envelope, root: &Billed<'_>) -> (Vec<usize>, Option<String>) {
        let mut unmet_need = None;
        let mut by_slot: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, lever) in set.levers.iter().enumerate() {
            if by_slot.contains_key(lever.slot.as_str()) || !self.is_match(set, lever, event, root) {
                continue;
            }
            let needs = lever.needs.iter().map(|&need| &set.gates[need]);
            let unmet = needs.into_iter().find(|gate| !self.judge(set, gate, event.effective_on, None).met);
            match unmet {
                Some(gate) => unmet_need = unmet_need.or_else(|| Some(gate.fail_code.clone())),
                None => {
                    by_slot.insert(&lever.slot, at);
                }
            }
        }
        (by_slot.into_values().collect(), unmet_need)
    }

    /// The match and the conditions of the base, as the line that prices sees them.
    fn is_match(&self, set: &RuleSet, lever: &Lever, event: &'a Envelope, root: &Billed<'_>) -> bool {
        let on = event.effective_on;
        Asked::by_lever(set, lever, on).is_product(self, root.product)
            && self.is_otherwise_matched(lever, root, on)
            && match lever.base {
                Base::CustomerAdd { months, monthly_at_least } => {
                    self.is_added(lever, months, Num::of_term(monthly_at_least), event)
                }
                Base::BilledRevenue | Base::Growth => true,
            }
    }

    /// Segment, market and charge type.
    pub(crate) fn is_otherwise_matched(&self, lever: &Lever, root: &Billed<'_>, on: NaiveDate) -> bool {
        let wanted = &lever.matches;
        let in_market = |market: &String| self.holds(&format!("market:{market}"), on);
        let is_segment = |segment: &Segment| Some(*segment) == root.segment;
        (wanted.segments.is_empty() || wanted.segments.iter().any(is_segment))
            && (wanted.markets.is_empty() || wanted.markets.iter().any(in_market))
            && (wanted.charge_types.is_empty() || wanted.charge_types.iter().any(|one| one == root.charge_type))
    }

    /// Billed is the sum of the buckets, to the last digit.
    fn conserve(&self, month: Ym, priced: &[(&Line<'_>, &Priced)], accrual: &mut Accrual) {
        let sum_of = |bucket: &Bucket| {
            let of_bucket = priced.iter().filter(|(_, priced)| priced.bucket == *bucket);
            Num::sum(of_bucket.filter_map(|(line, _)| line.worth))
        };
        let mut ineligible: BTreeMap<String, Num> = BTreeMap::new();
        let mut unconverted: BTreeMap<String, Num> = BTreeMap::new();
        for (line, priced) in priced {
            if let (Bucket::Ineligible(code), Some(worth)) = (&priced.bucket, line.worth) {
                let sum = ineligible.entry(code.clone()).or_insert(Num::ZERO);
                *sum = sum.plus(worth);
            }
            if priced.bucket == Bucket::Unconverted {
                let sum = unconverted.entry(line.own.currency.to_string()).or_insert(Num::ZERO);
                *sum = sum.plus(line.own.amount);
            }
        }
        let flags = [(Bucket::Unconverted, "NOFX"), (Bucket::NoTerms, "NOTERMS")];
        for (bucket, why) in flags {
            if priced.iter().any(|(_, priced)| priced.bucket == bucket) {
                accrual.provisional.insert((month.to_string(), why.to_owned()));
            }
        }
        let texts: BTreeMap<&String, String> = ineligible.iter().map(|(code, sum)| (code, sum.to_string())).collect();
        let unconverted = unconverted.iter();
        let unconverted: Vec<Value> =
            unconverted.map(|(currency, sum)| json!({ "currency": currency, "amount": sum.to_string() })).collect();
        accrual.conservation.push(json!({
            "partner_id": self.id, "month": month.to_string(),
            "billed": Num::sum(priced.iter().filter_map(|(line, _)| line.worth)).to_string(),
            "earning": sum_of(&Bucket::Earning).to_string(), "ineligible": texts,
            "unmatched": sum_of(&Bucket::Unmatched).to_string(), "capped": sum_of(&Bucket::Capped).to_string(),
            "provisional_noterms": sum_of(&Bucket::NoTerms).to_string(), "unconverted": unconverted,
        }));
    }

    /// One posting per lever and rule set that priced the lines.
    fn post(&self, month: Ym, contributions: &[Contribution<'_>], accrual: &mut Accrual) {
        let mut sums: BTreeMap<(String, String, usize), (Num, Num)> = BTreeMap::new();
        for one in contributions.iter().filter(|one| one.month == month) {
            let version = &self.world.book.sets[one.rule_set].version;
            let key = (one.lever.name.clone(), version.clone(), one.rule_set);
            let (base, contributed) = sums.entry(key).or_insert((Num::ZERO, Num::ZERO));
            (*base, *contributed) = (base.plus(one.base), contributed.plus(one.counted));
        }
        for ((lever, version, at), (base, contributed)) in sums {
            let set = &self.world.book.sets[at];
            let unit = Num::of_term(set.rounding.unit());
            let earned = contributed.rounded(unit);
            let rebate = earned.times(Num::of_rate(set.split.rebate)).rounded(unit);
            let coop = earned.minus(rebate);
            let row = json!({
                "partner_id": self.id, "month": month.to_string(),
                "period": Period::holding(self.world.book, month).label(self.world.book),
                "lever": lever, "rule_set": version, "base": base.to_string(), "earned": earned.to_string(),
                "rebate": rebate.to_string(), "coop": coop.to_string(),
            });
            accrual.postings.push(Posting { month, rebate, coop, row });
        }
    }
}
