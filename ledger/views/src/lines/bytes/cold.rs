//! The part that is read where an event is named.

use super::pack::{Taker, damaged, put_numbers, put_texts, put_u64};
use crate::lines::{ColdLines, EventIds, LinesError};

pub(super) fn cold_bytes(cold: &ColdLines) -> Result<Vec<u8>, LinesError> {
    let mut out = Vec::with_capacity(cold.positions.len() * 32);
    put_u64(&mut out, cold.positions.len() as u64);
    put_positions(&mut out, &cold.positions);
    put_numbers(&mut out, &cold.subscriptions);
    put_numbers(&mut out, &cold.sources);
    put_event_ids(&mut out, &cold.event_ids)?;
    put_event_ids(&mut out, &cold.credited_ids)?;
    put_texts(&mut out, &cold.customer_ids)?;
    put_texts(&mut out, &cold.subscription_ids)?;
    put_texts(&mut out, &cold.source_ids)?;
    Ok(out)
}

pub(super) fn cold_read(bytes: &[u8]) -> Result<ColdLines, LinesError> {
    let mut taker = Taker(bytes);
    let rows = usize::try_from(u64::from_le_bytes(taker.array()?)).map_err(|_| damaged("its bytes are cut off"))?;
    let cold = ColdLines {
        positions: positions_read(&mut taker, rows)?,
        subscriptions: taker.numbers(rows)?,
        sources: taker.numbers(rows)?,
        event_ids: event_ids_read(&mut taker)?,
        credited_ids: event_ids_read(&mut taker)?,
        customer_ids: taker.texts()?,
        subscription_ids: taker.texts()?,
        source_ids: taker.texts()?,
    };
    taker.end()?;
    Ok(cold)
}

/// Positions from the lowest on, in four bytes each where they fit.
fn put_positions(out: &mut Vec<u8>, positions: &[u64]) {
    let lowest = positions.iter().copied().min().unwrap_or(0);
    put_u64(out, lowest);
    let narrow: Result<Vec<u32>, _> = positions.iter().map(|position| u32::try_from(position - lowest)).collect();
    match narrow {
        Ok(narrow) => {
            out.push(4);
            out.extend(narrow.iter().flat_map(|since| since.to_le_bytes()));
        }
        Err(_) => {
            out.push(8);
            out.extend(positions.iter().flat_map(|position| (position - lowest).to_le_bytes()));
        }
    }
}

fn positions_read(taker: &mut Taker<'_>, rows: usize) -> Result<Vec<u64>, LinesError> {
    let lowest = u64::from_le_bytes(taker.array()?);
    match taker.u8()? {
        4 => Ok(taker
            .arrays(rows)?
            .iter()
            .map(|since| lowest.wrapping_add(u64::from(u32::from_le_bytes(*since))))
            .collect()),
        8 => Ok(taker.arrays(rows)?.iter().map(|since| lowest.wrapping_add(u64::from_le_bytes(*since))).collect()),
        _ => Err(damaged("a column has an unknown width")),
    }
}

/// The forms once where all are the same, then the numbers of those that are no texts, then the texts.
fn put_event_ids(out: &mut Vec<u8>, ids: &EventIds) -> Result<(), LinesError> {
    put_u64(out, ids.len() as u64);
    let forms = ids.forms();
    let is_one = forms.iter().all(|form| Some(form) == forms.first());
    out.push(u8::from(is_one));
    out.extend_from_slice(if is_one { forms.get(..1).unwrap_or_default() } else { forms });
    ids.numbers().iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
    put_texts(out, ids.texts())
}

fn event_ids_read(taker: &mut Taker<'_>) -> Result<EventIds, LinesError> {
    let rows = usize::try_from(u64::from_le_bytes(taker.array()?)).map_err(|_| damaged("its bytes are cut off"))?;
    let is_one = taker.flag()?;
    let forms = match (is_one, rows) {
        (true, 0) => Vec::new(),
        (true, _) => {
            let form = taker.u8()?;
            // The numbers must be there: a length that is not true must not take memory.
            if taker.0.len() / size_of::<u128>() < rows {
                return Err(damaged("its bytes are cut off"));
            }
            vec![form; rows]
        }
        (false, _) => taker.slice(rows)?.to_vec(),
    };
    let numbers = taker.arrays(rows)?.iter().map(|number| u128::from_le_bytes(*number)).collect();
    EventIds::from_parts(forms, numbers, taker.texts()?)
}
