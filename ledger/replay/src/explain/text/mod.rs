//! Explanations as text.

mod claim;
mod event;
mod payout;
mod standing;
mod why_not;

pub(super) use claim::claim;
pub(super) use event::event;
pub(super) use payout::payout;
pub(super) use standing::standing;

use super::Cited;
use super::bucket::in_own_currency;
use super::change::SmallestChange;
use super::line::ExplainedLine;
use super::lot::LotExplanation;
use super::month::MonthExplanation;
use daybook_views::rows::TrueUpRow;
use std::fmt::{Formatter, Result};

pub(super) fn month(f: &mut Formatter<'_>, month: &MonthExplanation) -> Result {
    writeln!(f, "{}", month.summary)?;
    writeln!(f, "Facts dated up to {} count.", month.through)?;
    for posting in &month.postings {
        let row = &posting.row;
        writeln!(f, "\nPosting: lever {} in {} ({})", row.lever, row.month, row.period)?;
        writeln!(f, "  terms     {}", posting.terms)?;
        rules(f, &posting.rules)?;
        writeln!(f, "  lines")?;
        posting.lines.iter().try_for_each(|line| self::line(f, line))?;
        writeln!(f, "  arithmetic")?;
        posting.arithmetic.iter().try_for_each(|step| writeln!(f, "    {step}"))?;
    }
    for bucket in &month.not_earning {
        writeln!(f, "\nNot earning: {} {}", bucket.money(), bucket.bucket)?;
        writeln!(f, "  why       {}", bucket.sentence)?;
        writeln!(f, "  what to do  {}", bucket.how_to)?;
        bucket.lines.iter().try_for_each(|line| self::line(f, line))?;
        why_not::bucket(f, bucket)?;
    }
    for flag in &month.provisional {
        writeln!(f, "\nProvisional: {}  {}", flag.why, flag.sentence)?;
        writeln!(f, "  what to do  {}", flag.how_to)?;
    }
    if let Some(closed) = &month.closed {
        writeln!(f, "\nClosed by {} #{}, on the records up to {}", closed.event, closed.recorded, closed.position)?;
        for row in &closed.true_ups {
            let TrueUpRow { month, lever, rebate, coop, cause, .. } = row;
            writeln!(f, "  booked in {month} for {lever}: rebate {rebate}, co-op {coop} ({cause})")?;
        }
        closed.arithmetic.iter().try_for_each(|step| writeln!(f, "  {step}"))?;
    }
    if let Some(row) = &month.conservation {
        let ineligible: String = row.ineligible.iter().map(|(code, amount)| format!(" + {code} {amount}")).collect();
        writeln!(
            f,
            "\nConservation: billed {} = earning {}{ineligible} + unmatched {} + capped {} + before the first terms {}",
            row.billed, row.earning, row.unmatched, row.capped, row.provisional_noterms
        )?;
        let beside: Vec<String> = row.unconverted.iter().map(in_own_currency).collect();
        if !beside.is_empty() {
            writeln!(f, "  beside that, not converted: {}", beside.join(" + "))?;
        }
    }
    Ok(())
}

pub(super) fn lot(f: &mut Formatter<'_>, lot: &LotExplanation) -> Result {
    writeln!(f, "{}", lot.summary)?;
    writeln!(f, "Facts dated up to {} count.", lot.through)?;
    let days = |(first, last): (daybook_event::NaiveDate, daybook_event::NaiveDate)| format!("{first} to {last}");
    writeln!(f, "\nLot {} of {}", lot.row.period, lot.row.partner_id)?;
    writeln!(f, "  earned    {}", days(lot.earned_between))?;
    writeln!(f, "  used      {}", days(lot.used_between))?;
    writeln!(f, "  claimed   {}", days(lot.claimed_between))?;
    rules(f, &lot.rules)?;
    writeln!(f, "  parts")?;
    lot.parts.iter().try_for_each(|part| writeln!(f, "    {:>16}  {}", part.coop.to_string(), part.of))?;
    writeln!(f, "    (the events of a part: daybook explain --partner {} --month MONTH)", lot.row.partner_id)?;
    if !lot.claims.is_empty() {
        writeln!(f, "  claims")?;
    }
    for claim in &lot.claims {
        writeln!(f, "    {}  {}", claim.row.claim_id, claim.sentence)?;
        if !claim.how_to.is_empty() {
            writeln!(f, "      what to do  {}", claim.how_to)?;
        }
        for step in &claim.steps {
            writeln!(f, "      {} {} #{}  {} {}", step.on, step.event, step.position, step.state, step.amount)?;
        }
    }
    smallest(f, "  ", lot.smallest_change.as_ref())?;
    writeln!(f, "  arithmetic")?;
    lot.arithmetic.iter().try_for_each(|step| writeln!(f, "    {step}"))
}

/// The smallest change, if there is one.
fn smallest(f: &mut Formatter<'_>, indent: &str, change: Option<&SmallestChange>) -> Result {
    change.map_or(Ok(()), |change| writeln!(f, "{indent}{}", change.sentence))
}

fn rules(f: &mut Formatter<'_>, rules: &[Cited]) -> Result {
    rules.iter().enumerate().try_for_each(|(at, cited)| {
        let head = if at == 0 { "rules" } else { "" };
        let change = cited.change.as_ref().map(|id| format!(", change {id}")).unwrap_or_default();
        writeln!(f, "  {head:<9} {} = {}  [{}{change}; {}]", cited.path, cited.value, cited.at, cited.source)
    })
}

fn line(f: &mut Formatter<'_>, line: &ExplainedLine) -> Result {
    write!(f, "    {} {} #{}  {} {}", line.effective_on, line.event, line.position, line.amount, line.currency)?;
    if let Some(exchange) = &line.exchange {
        write!(f, " x {} ({} rate of {})", exchange.rate, exchange.month, exchange.event)?;
    }
    if let Some(contribution) = &line.contribution {
        if let Some(growth) = &contribution.growth {
            write!(f, "; the customer's growth: {} less {} a year before", growth.billed, growth.year_before)?;
        }
        write!(f, "; {} x {} = {}", contribution.base, contribution.rate, contribution.before_cap)?;
        if let Some(before) = contribution.sum_before {
            write!(f, ", after {before} in the cap's window: {} counts", contribution.amount)?;
        }
    }
    if let Some(root) = &line.credit_of {
        write!(f, "; credits {root}, whose terms it takes over")?;
    }
    writeln!(f, "  {}", line.product)
}
