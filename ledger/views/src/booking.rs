//! Books a month's priced lines: postings, conservation, provisional flags and what is odd about the lines.

use crate::codes::LineCode;
use crate::credits::Resolved;
use crate::fact::LineKind;
use crate::fold::finding;
use crate::pricing::{Bucket, PricedLine};
use crate::rows::{ConservationRow, PostingRow, ProvisionalRow, UnconvertedSum};
use crate::state::{Credited, PartnerState};
use chrono::NaiveDate;
use daybook_event::{Amount, Currency, EventRef, Exact, Month, Name, Overflow, PartnerId};
use daybook_rules::model::RuleBook;
use std::collections::BTreeMap;

/// Sums of one posting.
#[derive(Default)]
struct PostingSums {
    base: Exact,
    contributions: Exact,
}

/// Books the month: postings, conservation, provisional flags.
pub(crate) fn book_month(
    book: &RuleBook,
    partner_id: &PartnerId,
    state: &mut PartnerState,
    month: Month,
    lines: &[Resolved<'_>],
    priced: &[PricedLine],
) -> Result<(), Overflow> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut row = ConservationRow {
        partner_id: partner_id.clone(),
        month,
        billed: Exact::ZERO,
        earning: Exact::ZERO,
        ineligible: BTreeMap::new(),
        unmatched: Exact::ZERO,
        capped: Exact::ZERO,
        provisional_noterms: Exact::ZERO,
        unconverted: Vec::new(),
    };
    let mut unconverted: BTreeMap<Currency, Exact> = BTreeMap::new();
    let mut postings: BTreeMap<(&str, usize), PostingSums> = BTreeMap::new();
    for (line, priced) in lines.iter().zip(priced) {
        let Some(amount) = priced.amount else {
            let sum = unconverted.entry(line.line.currency).or_default();
            *sum = sum.plus(line.line.amount.exact())?;
            continue;
        };
        row.billed = row.billed.plus(amount)?;
        let bucket = match &priced.bucket {
            Bucket::Earning => &mut row.earning,
            Bucket::Capped => &mut row.capped,
            Bucket::Unmatched => &mut row.unmatched,
            Bucket::NoTerms => &mut row.provisional_noterms,
            Bucket::Ineligible(code) => row.ineligible.entry(code.clone()).or_default(),
            Bucket::Unconverted => unconverted.entry(line.line.currency).or_default(),
        };
        *bucket = bucket.plus(amount)?;
        let Some(rule_set) = priced.rule_set else { continue };
        for contribution in &priced.contributions {
            let lever = &book.sets[rule_set].levers[contribution.lever];
            let sums = postings.entry((&lever.name, rule_set)).or_default();
            sums.base = sums.base.plus(contribution.base)?;
            sums.contributions = sums.contributions.plus(contribution.amount)?;
        }
    }
    let any_noterms = priced.iter().any(|line| line.bucket == Bucket::NoTerms);
    let flags = [(!unconverted.is_empty(), LineCode::NoRate), (any_noterms, LineCode::NoTerms)];
    for (_, why) in flags.iter().filter(|(holds, _)| *holds) {
        state.provisional.push(ProvisionalRow {
            partner_id: partner_id.clone(),
            month,
            why: Name::known(why.as_str()),
        });
    }
    row.unconverted = unconverted.into_iter().map(|(currency, amount)| UnconvertedSum { currency, amount }).collect();
    check_conservation(&row)?;
    state.conservation.push(row);
    for ((lever, rule_set), sums) in postings {
        state.postings.push(posting(book, partner_id, month, lever, rule_set, &sums)?);
    }
    Ok(())
}

/// Billed is the sum of the buckets, to the last digit. One that does not close is our own bug.
fn check_conservation(row: &ConservationRow) -> Result<(), Overflow> {
    let parts = [row.earning, row.unmatched, row.capped, row.provisional_noterms];
    let sum = parts.iter().chain(row.ineligible.values()).try_fold(Exact::ZERO, |sum, part| sum.plus(*part))?;
    assert_eq!(row.billed, sum, "{} of {} does not close", row.month, row.partner_id);
    Ok(())
}

/// `earned = round(sum of contributions)`, `rebate = round(earned x rebate share)`, `coop = earned - rebate`.
fn posting(
    book: &RuleBook,
    partner_id: &PartnerId,
    month: Month,
    lever: &str,
    rule_set: usize,
    sums: &PostingSums,
) -> Result<PostingRow, Overflow> {
    let set = &book.sets[rule_set];
    let earned = set.rounding.round(sums.contributions);
    let rebate = set.rounding.round(earned.times(set.split.rebate)?);
    Ok(PostingRow {
        partner_id: partner_id.clone(),
        month,
        period: book.calendar().period_of(month).to_string().into(),
        lever: lever.into(),
        rule_set: set.version.as_str().into(),
        base: sums.base,
        earned,
        rebate,
        coop: earned.minus(rebate)?,
    })
}

/// Findings of the month's lines, and the running totals of credits.
pub(crate) fn note_oddities(
    partner_id: &PartnerId,
    state: &mut PartnerState,
    lines: &[Resolved<'_>],
) -> Result<(), Overflow> {
    for line in lines {
        for code in &line.findings {
            state.findings.push(finding(partner_id, code, vec![line.fact.id.to_string()]));
        }
        let (Some(root), Some(amount), false) = (&line.root, line.amount, line.of_reversed) else { continue };
        let Some(worth) = line.root_worth else { continue };
        let credited = state.credited.entry(root.id.clone()).or_insert(Credited {
            line: worth,
            credits: Exact::ZERO,
            events: Vec::new(),
        });
        credited.credits = credited.credits.plus(amount)?;
        credited.events.push(line.fact.id.clone());
    }
    billed_twice(partner_id, state, lines);
    Ok(())
}

/// What two bills of the same money have in common: source, subscription, date, amount, currency.
type BillKey<'a> = (&'a str, &'a str, NaiveDate, Amount, Currency);

/// The same money billed by a sale and by a change.
fn billed_twice(partner_id: &PartnerId, state: &mut PartnerState, lines: &[Resolved<'_>]) {
    fn key<'a>(line: &'a Resolved<'_>) -> BillKey<'a> {
        let fact = line.fact;
        let subscription = line.line.subscription_id.as_str();
        (fact.id.source.as_str(), subscription, fact.effective_on, line.line.amount, line.line.currency)
    }
    let of_kind = |kind: LineKind| lines.iter().filter(move |line| line.line.kind == kind);
    let changes: BTreeMap<BillKey<'_>, &EventRef> = of_kind(LineKind::Change)
        .filter(|line| !line.line.subscription_id.is_empty())
        .map(|l| (key(l), &l.fact.id))
        .collect();
    if changes.is_empty() {
        return;
    }
    for sale in of_kind(LineKind::Sale) {
        if let Some(change) = changes.get(&key(sale)) {
            let mut events = vec![sale.fact.id.to_string(), change.to_string()];
            events.sort();
            state.findings.push(finding(partner_id, "BILLED_TWICE", events));
        }
    }
}
