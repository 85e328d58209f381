//! Rows as kept bytes.

use super::bytes::{Reader, Writer};
use super::sum_of;
use crate::margins::RevenueMargin;
use crate::rows::{ConservationRow, FindingRow, PostingRow, ProvisionalRow, StandingRow, UnconvertedSum};
use daybook_event::{Currency, Exact, PartnerId};

/// A posting without what its prices make of it; what it earned stays, since a cap may have cut it.
pub(super) fn put_posting(writer: &mut Writer<'_>, row: &PostingRow) {
    writer.month(row.month);
    writer.name(&row.period);
    writer.name(&row.lever);
    writer.name(&row.rule_set);
    writer.exact(row.base);
    writer.exact(row.earned);
}

pub(super) fn posting(reader: &mut Reader<'_, '_>, partner_id: &PartnerId) -> Option<PostingRow> {
    Some(PostingRow {
        partner_id: partner_id.clone(),
        month: reader.month()?,
        period: reader.name()?,
        lever: reader.name()?,
        rule_set: reader.name()?,
        base: reader.exact()?,
        earned: reader.exact()?,
        rebate: Exact::ZERO,
        coop: Exact::ZERO,
    })
}

/// What was billed is the sum of the buckets.
pub(super) fn put_conservation(writer: &mut Writer<'_>, row: &ConservationRow) {
    writer.month(row.month);
    [row.earning, row.unmatched, row.capped, row.provisional_noterms].into_iter().for_each(|sum| writer.exact(sum));
    writer.number(row.ineligible.len() as u64);
    for (code, sum) in &row.ineligible {
        writer.name(code);
        writer.exact(*sum);
    }
    writer.list(&row.unconverted, |writer, sum| {
        writer.text(&sum.currency.to_string());
        writer.exact(sum.amount);
    });
}

pub(super) fn conservation(reader: &mut Reader<'_, '_>, partner_id: &PartnerId) -> Option<ConservationRow> {
    let month = reader.month()?;
    let (earning, unmatched) = (reader.exact()?, reader.exact()?);
    let (capped, provisional_noterms) = (reader.exact()?, reader.exact()?);
    let ineligible = reader.list(|reader| Some((reader.name()?, reader.exact()?)))?;
    let unconverted = |reader: &mut Reader<'_, '_>| {
        Some(UnconvertedSum { currency: Currency::parse(reader.text()?).ok()?, amount: reader.exact()? })
    };
    let not = ineligible.iter().map(|(_, sum)| *sum);
    Some(ConservationRow {
        partner_id: partner_id.clone(),
        month,
        billed: sum_of([earning, unmatched, capped, provisional_noterms].into_iter().chain(not))?,
        earning,
        ineligible: ineligible.into_iter().collect(),
        unmatched,
        capped,
        provisional_noterms,
        unconverted: reader.list(unconverted)?,
    })
}

pub(super) fn put_standing(writer: &mut Writer<'_>, row: &StandingRow) {
    writer.date(row.on);
    writer.name(&row.state);
    writer.name(&row.cause);
    writer.text(&row.measured);
    writer.text(&row.required);
    writer.name(&row.rule_set);
    writer.list(&row.events, |writer, event| writer.text(event));
}

pub(super) fn standing(reader: &mut Reader<'_, '_>, partner_id: &PartnerId) -> Option<StandingRow> {
    Some(StandingRow {
        partner_id: partner_id.clone(),
        on: reader.date()?,
        state: reader.name()?,
        cause: reader.name()?,
        measured: reader.text()?.to_owned(),
        required: reader.text()?.to_owned(),
        rule_set: reader.name()?,
        events: reader.list(|reader| reader.text().map(str::to_owned))?,
    })
}

pub(super) fn put_provisional(writer: &mut Writer<'_>, row: &ProvisionalRow) {
    writer.month(row.month);
    writer.name(&row.why);
}

pub(super) fn provisional(reader: &mut Reader<'_, '_>, partner_id: &PartnerId) -> Option<ProvisionalRow> {
    Some(ProvisionalRow { partner_id: partner_id.clone(), month: reader.month()?, why: reader.name()? })
}

pub(super) fn put_finding(writer: &mut Writer<'_>, row: &FindingRow) {
    writer.name(&row.code);
    writer.list(&row.events, |writer, event| writer.text(event));
}

pub(super) fn finding(reader: &mut Reader<'_, '_>, partner_id: &PartnerId) -> Option<FindingRow> {
    Some(FindingRow {
        partner_id: partner_id.to_string(),
        code: reader.name()?,
        events: reader.list(|reader| reader.text().map(str::to_owned))?,
    })
}

pub(super) fn put_margin(writer: &mut Writer<'_>, margin: &RevenueMargin) {
    writer.text(&margin.gate);
    writer.exact(margin.measured);
    writer.exact(margin.required);
}

pub(super) fn margin(reader: &mut Reader<'_, '_>) -> Option<RevenueMargin> {
    Some(RevenueMargin { gate: reader.text()?.to_owned(), measured: reader.exact()?, required: reader.exact()? })
}
