//! Books a month's priced lines: postings, conservation, provisional flags and what is odd about the lines.

use crate::codes::LineCode;
use crate::compiled::CompiledBook;
use crate::credits::{LinesUnder, Resolved};
use crate::fact::LineKind;
use crate::fold::finding;
use crate::lines::{Lines, LinesError};
use crate::month::Stop;
use crate::pricing::{Bucket, PricedLine};
use crate::rows::{ConservationRow, PostingRow, ProvisionalRow, UnconvertedSum};
use crate::state::{Credited, PartnerState};
use daybook_event::{Currency, Exact, Month, Name, Overflow, PartnerId};
use std::collections::BTreeMap;

/// Everything billed in a month, by where it went and under which levers.
pub(crate) struct MonthSums {
    billed: Exact,
    earning: Exact,
    ineligible: BTreeMap<Name, Exact>,
    unmatched: Exact,
    capped: Exact,
    noterms: Option<Exact>,
    unconverted: BTreeMap<Currency, Exact>,
    postings: Vec<PostingSums>,
    any: bool,
}

/// Sums of one posting.
struct PostingSums {
    rule_set: usize,
    lever: usize,
    base: Exact,
    contributions: Exact,
}

impl MonthSums {
    pub(crate) fn new() -> Self {
        Self {
            billed: Exact::ZERO,
            earning: Exact::ZERO,
            ineligible: BTreeMap::new(),
            unmatched: Exact::ZERO,
            capped: Exact::ZERO,
            noterms: None,
            unconverted: BTreeMap::new(),
            postings: Vec::new(),
            any: false,
        }
    }

    /// Takes in lines without a rate, in their own currency.
    pub(crate) fn add_unconverted(&mut self, currency: Currency, amount: Exact) -> Result<(), Overflow> {
        self.any = true;
        let sum = self.unconverted.entry(currency).or_default();
        *sum = sum.plus(amount)?;
        Ok(())
    }

    /// Takes in lines of one bucket.
    pub(crate) fn add(&mut self, bucket: &Bucket, amount: Exact) -> Result<(), Overflow> {
        self.any = true;
        self.billed = self.billed.plus(amount)?;
        let sum = match bucket {
            Bucket::Earning => &mut self.earning,
            Bucket::Capped => &mut self.capped,
            Bucket::Unmatched => &mut self.unmatched,
            Bucket::NoTerms => self.noterms.get_or_insert_default(),
            Bucket::Ineligible(code) => self.ineligible.entry(code.clone()).or_default(),
            Bucket::Unconverted => unreachable!("what has no rate is in no sum"),
        };
        *sum = sum.plus(amount)?;
        Ok(())
    }

    /// Takes in what lines contribute under a lever.
    pub(crate) fn contribute(
        &mut self,
        rule_set: usize,
        lever: usize,
        base: Exact,
        contribution: Exact,
    ) -> Result<(), Overflow> {
        let is_it = |of: &&mut PostingSums| of.rule_set == rule_set && of.lever == lever;
        let Some(sums) = self.postings.iter_mut().find(is_it) else {
            self.postings.push(PostingSums { rule_set, lever, base, contributions: contribution });
            return Ok(());
        };
        sums.base = sums.base.plus(base)?;
        sums.contributions = sums.contributions.plus(contribution)?;
        Ok(())
    }

    /// Takes in a line priced apart.
    pub(crate) fn add_priced(&mut self, priced: &PricedLine, own: (Currency, Exact)) -> Result<(), Overflow> {
        let Some(amount) = priced.amount else { return self.add_unconverted(own.0, own.1) };
        self.add(&priced.bucket, amount)?;
        let Some(rule_set) = priced.rule_set else { return Ok(()) };
        for contribution in &priced.contributions {
            self.contribute(rule_set, contribution.lever, contribution.base, contribution.amount)?;
        }
        Ok(())
    }
}

/// Books the month: postings, conservation, provisional flags.
pub(crate) fn book_month(
    terms: &CompiledBook<'_>,
    partner_id: &PartnerId,
    state: &mut PartnerState,
    (month, period): (Month, &Name),
    mut sums: MonthSums,
) -> Result<(), Overflow> {
    let book = terms.book;
    if !sums.any {
        return Ok(());
    }
    let flags = [(!sums.unconverted.is_empty(), LineCode::NoRate), (sums.noterms.is_some(), LineCode::NoTerms)];
    for (_, why) in flags.iter().filter(|(holds, _)| *holds) {
        let (partner_id, why) = (partner_id.clone(), Name::known(why.as_str()));
        state.provisional.push(ProvisionalRow { partner_id, month, why });
    }
    let unconverted = sums.unconverted.into_iter().map(|(currency, amount)| UnconvertedSum { currency, amount });
    let row = ConservationRow {
        partner_id: partner_id.clone(),
        month,
        billed: sums.billed,
        earning: sums.earning,
        ineligible: sums.ineligible,
        unmatched: sums.unmatched,
        capped: sums.capped,
        provisional_noterms: sums.noterms.unwrap_or_default(),
        unconverted: unconverted.collect(),
    };
    check_conservation(&row)?;
    state.conservation.push(row);
    sums.postings.sort_by_key(|of| (book.sets[of.rule_set].levers[of.lever].name.as_str(), of.rule_set));
    for of in sums.postings {
        state.postings.push(posting(terms, partner_id, (month, period), &of)?);
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
    terms: &CompiledBook<'_>,
    partner_id: &PartnerId,
    (month, period): (Month, &Name),
    sums: &PostingSums,
) -> Result<PostingRow, Overflow> {
    let set = &terms.book.sets[sums.rule_set];
    let earned = set.rounding.round(sums.contributions);
    let rebate = set.rounding.round(earned.times(set.split.rebate)?);
    Ok(PostingRow {
        partner_id: partner_id.clone(),
        month,
        period: period.clone(),
        lever: terms.lever_name(sums.rule_set, sums.lever),
        rule_set: terms.set_name(sums.rule_set),
        base: sums.base,
        earned,
        rebate,
        coop: earned.minus(rebate)?,
    })
}

/// What is odd about a line, and the running totals of the line that it credits.
pub(crate) fn note_oddities(
    partner_id: &PartnerId,
    state: &mut PartnerState,
    lines: &Lines,
    line: &Resolved,
) -> Result<(), Stop> {
    for code in line.findings.into_iter().flatten() {
        state.findings.push(finding(partner_id, code, vec![lines.event(line.row)?.to_string()]));
    }
    let (true, Some(amount), Some(worth)) = (line.is_credit, line.amount, line.root_worth) else { return Ok(()) };
    let credited = state.credited.entry(lines.event(line.by)?).or_insert(Credited {
        line: worth,
        credits: Exact::ZERO,
        events: Vec::new(),
    });
    credited.credits = credited.credits.plus(amount)?;
    credited.events.push(lines.event(line.row)?);
    Ok(())
}

/// What two bills of the same money have in common: source, subscription, date, amount, currency.
type BillKey = (u32, u32, i32, i128, usize);

/// The same money billed by a sale and by a change, among these rows.
pub(crate) fn billed_twice(
    partner_id: &PartnerId,
    state: &mut PartnerState,
    under: &LinesUnder<'_>,
    rows: &[usize],
) -> Result<(), LinesError> {
    if rows.is_empty() {
        return Ok(());
    }
    let (lines, cold) = (under.lines, under.lines.cold()?);
    let key = |row: usize| -> BillKey {
        (cold.sources[row], cold.subscriptions[row], lines.on_days[row], lines.nanos(row), under.currency(row))
    };
    let kind = |row: usize| under.terms.class(under.class(row)).map(|class| class.kind);
    let of_kind = |wanted: LineKind| rows.iter().copied().filter(move |row| kind(*row) == Some(wanted));
    let changes: BTreeMap<BillKey, usize> = of_kind(LineKind::Change).map(|row| (key(row), row)).collect();
    for sale in of_kind(LineKind::Sale) {
        if let Some(change) = changes.get(&key(sale)) {
            let mut events = vec![lines.event(sale)?.to_string(), lines.event(*change)?.to_string()];
            events.sort();
            state.findings.push(finding(partner_id, "BILLED_TWICE", events));
        }
    }
    Ok(())
}
