//! The part that every fold reads.

use super::facts::{fact_read, put_other};
use super::pack::{Taker, damaged, put_bytes, put_count, put_day, put_event, put_month, put_numbers, put_u32, put_u64};
use crate::history::{Known, PinnedRecord, Reversals};
use crate::lines::{AMOUNT_IS_WIDE, Credit, Lines, LinesError, PartnerColumns, count};
use daybook_event::{EventRef, Position};
use std::collections::BTreeMap;

/// Stands for a credit whose target is not known.
const NO_ROW: u32 = u32::MAX;

pub(super) fn hot_bytes(columns: &PartnerColumns) -> Result<Vec<u8>, LinesError> {
    let PartnerColumns { lines, reversed, others, reversals, pinned } = columns;
    let mut out = Vec::with_capacity(lines.len() * 10 + 256);
    put_count(&mut out, lines.len())?;
    put_days(&mut out, &lines.on_days)?;
    put_classes(&mut out, &lines.classes)?;
    put_u32(&mut out, lines.customer_count);
    put_numbers(&mut out, &lines.customers);
    put_amounts(&mut out, lines)?;
    put_count(&mut out, lines.seqs.len())?;
    for (row, seq) in &lines.seqs {
        put_u32(&mut out, *row);
        put_u32(&mut out, *seq);
    }
    put_count(&mut out, lines.credits.len())?;
    for credit in &lines.credits {
        put_u32(&mut out, credit.row);
        put_u32(&mut out, credit.target.unwrap_or(NO_ROW));
    }
    put_rows(&mut out, &lines.twins)?;
    put_rows(&mut out, reversed)?;
    put_count(&mut out, others.len())?;
    for fact in others {
        put_other(&mut out, fact)?;
    }
    put_reversals(&mut out, reversals)?;
    put_pinned(&mut out, pinned)?;
    Ok(out)
}

/// Reads it; the cold columns stay empty. Classes come out with their numbers in `class_numbers`.
pub(super) fn hot_read(bytes: &[u8], class_numbers: &[u32]) -> Result<PartnerColumns, LinesError> {
    let mut taker = Taker(bytes);
    let rows = taker.count()?;
    let mut lines = Lines {
        on_days: days_read(&mut taker, rows)?,
        classes: classes_read(&mut taker, rows, class_numbers)?,
        customer_count: taker.u32()?,
        customers: taker.numbers(rows)?,
        ..Lines::default()
    };
    amounts_read(&mut taker, rows, &mut lines)?;
    let length = taker.count()?;
    let pair = |pair: &[u8; 8]| {
        let [a, b, c, d, e, f, g, h] = *pair;
        (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]))
    };
    lines.seqs = taker.arrays::<8>(length)?.iter().map(pair).collect();
    let length = taker.count()?;
    let credit = |(row, target)| Credit { row, target: Some(target).filter(|target| *target != NO_ROW) };
    lines.credits = taker.arrays::<8>(length)?.iter().map(pair).map(credit).collect();
    lines.twins = rows_read(&mut taker)?;
    let reversed = rows_read(&mut taker)?;
    let others = taker.count()?;
    let others = (0..others).map(|_| fact_read(&mut taker)).collect::<Result<Vec<_>, _>>()?;
    let reversals = reversals_read(&mut taker)?;
    let pinned = pinned_read(&mut taker)?;
    taker.end()?;
    Ok(PartnerColumns { lines, reversed, others, reversals, pinned })
}

/// Days from the first one on: lines are in order of date.
fn put_days(out: &mut Vec<u8>, on_days: &[i32]) -> Result<(), LinesError> {
    let first = on_days.first().copied().unwrap_or(0);
    let since =
        |day: &i32| u32::try_from(day.wrapping_sub(first)).map_err(|_| damaged("lines are not in order of date"));
    out.extend_from_slice(&first.to_le_bytes());
    put_numbers(out, &on_days.iter().map(since).collect::<Result<Vec<_>, _>>()?);
    Ok(())
}

fn days_read(taker: &mut Taker<'_>, rows: usize) -> Result<Vec<i32>, LinesError> {
    let first = taker.i32()?;
    let since = taker.numbers(rows)?;
    Ok(since.into_iter().map(|days| first.wrapping_add_unsigned(days)).collect())
}

/// The classes that the block has, then the place among these of each row's class.
fn put_classes(out: &mut Vec<u8>, classes: &[u32]) -> Result<(), LinesError> {
    let mut places: BTreeMap<u32, u32> = classes.iter().map(|class| (*class, 0)).collect();
    put_count(out, places.len())?;
    for (place, (class, at)) in places.iter_mut().enumerate() {
        put_u32(out, *class);
        *at = count(place)?;
    }
    let of_rows: Vec<u32> = classes.iter().filter_map(|class| places.get(class).copied()).collect();
    put_numbers(out, &of_rows);
    Ok(())
}

fn classes_read(taker: &mut Taker<'_>, rows: usize, class_numbers: &[u32]) -> Result<Vec<u32>, LinesError> {
    let length = taker.count()?;
    let number = |class: &[u8; 4]| class_numbers.get(u32::from_le_bytes(*class) as usize).copied();
    let known: Option<Vec<u32>> = taker.arrays::<4>(length)?.iter().map(number).collect();
    let known = known.ok_or(damaged("a line has no class"))?;
    let mut places = taker.numbers(rows)?;
    for place in &mut places {
        *place = *known.get(*place as usize).ok_or(damaged("a line has no class"))?;
    }
    Ok(places)
}

/// Powers of ten that amounts may be whole multiples of: cents are 10^7 nanos.
const STEPS: [i64; 4] = [1_000_000_000, 10_000_000, 100_000, 1];

/// Amounts as multiples of the largest step that all of them are; in four bytes each where they fit.
fn put_amounts(out: &mut Vec<u8>, lines: &Lines) -> Result<(), LinesError> {
    let amounts = &lines.amounts;
    let divides = |step: i64| amounts.iter().all(|nanos| nanos % step == 0);
    let narrow = |step: i64| amounts.iter().map(|nanos| i32::try_from(nanos / step).ok()).collect::<Option<Vec<i32>>>();
    let step = STEPS.into_iter().find(|step| lines.amounts_wide.is_empty() && divides(*step)).unwrap_or(1);
    out.extend_from_slice(&step.to_le_bytes());
    match narrow(step).filter(|_| lines.amounts_wide.is_empty()) {
        Some(narrow) => {
            out.push(4);
            out.extend(narrow.iter().flat_map(|steps| steps.to_le_bytes()));
        }
        None => {
            out.push(8);
            out.extend(amounts.iter().flat_map(|nanos| (nanos / step).to_le_bytes()));
        }
    }
    put_count(out, lines.amounts_wide.len())?;
    for (row, nanos) in &lines.amounts_wide {
        put_u32(out, *row);
        out.extend_from_slice(&nanos.to_le_bytes());
    }
    Ok(())
}

fn amounts_read(taker: &mut Taker<'_>, rows: usize, lines: &mut Lines) -> Result<(), LinesError> {
    let step = i64::from_le_bytes(taker.array()?);
    if !STEPS.contains(&step) {
        return Err(damaged("amounts have an unknown step"));
    }
    lines.amounts = match taker.u8()? {
        // 2^31 steps of 10^9 are below 2^63.
        4 => taker.arrays(rows)?.iter().map(|steps| i64::from(i32::from_le_bytes(*steps)) * step).collect(),
        8 => {
            let nanos = taker.arrays(rows)?.iter().map(|steps| i64::from_le_bytes(*steps).checked_mul(step));
            nanos.collect::<Option<Vec<i64>>>().ok_or(damaged("an amount is out of range"))?
        }
        _ => return Err(damaged("a column has an unknown width")),
    };
    let length = taker.count()?;
    for _ in 0..length {
        lines.amounts_wide.push((taker.u32()?, taker.i128()?));
    }
    let stands = |(row, _): &(u32, i128)| lines.amounts.get(*row as usize) == Some(&AMOUNT_IS_WIDE);
    if lines.amounts_wide.iter().all(stands) { Ok(()) } else { Err(damaged("a large amount is missing")) }
}

fn put_rows(out: &mut Vec<u8>, rows: &[u32]) -> Result<(), LinesError> {
    put_count(out, rows.len())?;
    rows.iter().for_each(|row| put_u32(out, *row));
    Ok(())
}

fn rows_read(taker: &mut Taker<'_>) -> Result<Vec<u32>, LinesError> {
    let length = taker.count()?;
    Ok(taker.arrays(length)?.iter().map(|row| u32::from_le_bytes(*row)).collect())
}

fn put_reversals(out: &mut Vec<u8>, reversals: &Reversals) -> Result<(), LinesError> {
    put_count(out, reversals.made().count())?;
    for (id, position, target) in reversals.made() {
        put_reversal(out, id, position, target)?;
    }
    put_count(out, reversals.known_all().count())?;
    for (id, known) in reversals.known_all() {
        put_event(out, id)?;
        let month = match known {
            Known::Fact(month) => Some(month),
            Known::Closing => None,
        };
        out.push(u8::from(month.is_some()));
        month.into_iter().for_each(|month| put_month(out, month));
    }
    Ok(())
}

pub(in crate::lines) fn put_reversal(
    out: &mut Vec<u8>,
    id: &EventRef,
    position: Position,
    target: &EventRef,
) -> Result<(), LinesError> {
    put_event(out, id)?;
    put_u64(out, position.number());
    put_event(out, target)
}

fn reversals_read(taker: &mut Taker<'_>) -> Result<Reversals, LinesError> {
    let mut reversals = Reversals::default();
    for _ in 0..taker.count()? {
        let id = taker.event()?;
        let position = taker.position()?;
        reversals.add_made(id, position, taker.event()?);
    }
    for _ in 0..taker.count()? {
        let id = taker.event()?;
        let known = if taker.flag()? { Known::Fact(taker.month()?) } else { Known::Closing };
        reversals.note_known(&id, known);
    }
    Ok(reversals)
}

fn put_pinned(out: &mut Vec<u8>, pinned: &[PinnedRecord]) -> Result<(), LinesError> {
    put_count(out, pinned.len())?;
    pinned.iter().try_for_each(|record| put_pinned_record(out, record))
}

pub(in crate::lines) fn put_pinned_record(out: &mut Vec<u8>, record: &PinnedRecord) -> Result<(), LinesError> {
    put_event(out, &record.id)?;
    put_u64(out, record.position.number());
    put_month(out, record.month);
    put_day(out, record.through);
    put_bytes(out, &record.rows)
}

fn pinned_read(taker: &mut Taker<'_>) -> Result<Vec<PinnedRecord>, LinesError> {
    let length = taker.count()?;
    let one = |taker: &mut Taker<'_>| {
        Ok(PinnedRecord {
            id: taker.event()?,
            position: taker.position()?,
            month: taker.month()?,
            through: taker.day()?,
            rows: taker.bytes()?.to_vec(),
        })
    };
    (0..length).map(|_| one(taker)).collect()
}
