//! Split, payout and rounding.

use super::block::Block;
use crate::diagnostic::Code;
use crate::model::{Payout, ProgramYearEnd, Split};
use daybook_event::{Rate, Rounding};

/// Reads `[split]`: two shares that make a whole, and who gets the odd cent.
pub(super) fn split(root: &Block<'_>) -> Option<Split> {
    let node = root.need("split")?;
    let block = root.sub_block("split", node)?;
    block.cited();
    let (rebate, coop) = (block.rate("rebate"), block.rate("coop"));
    // The rebate is rounded, the co-op is what is left of what is earned: so no cent is lost.
    let remainder = block.word("remainder_to", &[("coop", ())]);
    block.finish();
    let (rebate, coop) = (rebate?, coop?);
    let whole = rebate.millionths() + coop.millionths();
    if whole != Rate::ONE.millionths() {
        let message = format!("rebate {rebate} and coop {coop} make {}, not 100%", Rate::from_millionths(whole));
        let place = |key| block.get(key).map_or(block.place, |node| node.place);
        block
            .cx
            .findings
            .report(Code::SplitNotWhole, place("coop"), message)
            .against(place("rebate"), "the other part");
        return None;
    }
    remainder.map(|()| Split { rebate, coop })
}

/// Reads `[payout]`.
pub(super) fn payout(root: &Block<'_>) -> Option<Payout> {
    let node = root.need("payout")?;
    let block = root.sub_block("payout", node)?;
    block.cited();
    let (minimum, due_days) = (block.money("minimum"), block.days("due"));
    let hold = if block.has("hold") { Some(block.days("hold")) } else { None };
    let ends = [("carry", ProgramYearEnd::Carry), ("forfeit", ProgramYearEnd::Forfeit)];
    let program_year_end = block.word("program_year_end", &ends);
    block.finish();
    let hold_days = match hold {
        Some(days) => Some(days?),
        None => None,
    };
    let minimum = minimum?.exact();
    Some(Payout { minimum, due_days: due_days?, hold_days, program_year_end: program_year_end? })
}

/// Reads `[rounding]`.
pub(super) fn rounding(root: &Block<'_>) -> Option<Rounding> {
    let node = root.need("rounding")?;
    let block = root.sub_block("rounding", node)?;
    block.cited();
    let (unit, mode) = (block.money("unit"), block.word("mode", &[("half_even", ())]));
    block.finish();
    mode?;
    match Rounding::half_even(unit?) {
        Ok(rounding) => Some(rounding),
        Err(error) => {
            block.report_at("unit", Code::OutOfRange, format!("rounding.unit: {error}"));
            None
        }
    }
}
