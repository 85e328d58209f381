//! Why an earning of theirs and a contribution of ours differ, part by part, to the last digit.

use super::VarianceClass;
use super::ours::{OurContribution, OurLine, parted};
use super::theirs::TheirEarning;
use daybook_event::{Amount, Exact, Overflow};

/// A part of a difference: theirs less ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) class: VarianceClass,
    pub(super) rebate: Exact,
    pub(super) coop: Exact,
}

/// Their rows are rounded one by one, our postings once a month: so much a row is no more than that.
const ROUNDING_MAX: Exact = Exact::from_raw(10_i128.pow(23));

/// The parts of the difference, in the order of their classes. They sum to it exactly; a part of nothing is left out.
pub(super) fn parts(
    line: &OurLine,
    contribution: Option<&OurContribution>,
    their: &TheirEarning,
) -> Result<Vec<Part>, Overflow> {
    let Some(ours) = contribution else {
        return Ok(nonzero(vec![Part { class: VarianceClass::Eligibility, rebate: their.rebate, coop: their.coop }]));
    };
    let (our_rebate, our_coop) = ours.parts()?;
    let (rebate, coop) = (their.rebate.minus(our_rebate)?, their.coop.minus(our_coop)?);
    if their.is_zero() {
        return Ok(nonzero(vec![Part { class: VarianceClass::Eligibility, rebate, coop }]));
    }
    let mut sum = Sum { parts: Vec::new(), rebate, coop, ours };
    if ours.is_plain {
        let (base, exchange) = steps(line, ours, their)?;
        sum.step(VarianceClass::Base, base)?;
        sum.step(VarianceClass::Fx, exchange)?;
    }
    sum.rest(their.rows)
}

/// What our rate makes of the difference in the amount sold, and of the difference in how it was converted.
fn steps(line: &OurLine, ours: &OurContribution, their: &TheirEarning) -> Result<(Exact, Exact), Overflow> {
    let our_base = line.base.unwrap_or_default();
    let Some((amount, _)) = their.row.transaction.filter(|(_, currency)| *currency == line.currency) else {
        // Without the sold amount in our currency only the converted amounts can be held against each other.
        let base = their.row.base.unwrap_or(our_base).minus(our_base)?;
        return Ok((worth(base, ours)?, Exact::ZERO));
    };
    let at_our_rate = converted(line, amount)?;
    let base = at_our_rate.minus(our_base)?;
    let exchange = their.row.base.unwrap_or(at_our_rate).minus(at_our_rate)?;
    Ok((worth(base, ours)?, worth(exchange, ours)?))
}

fn converted(line: &OurLine, amount: Amount) -> Result<Exact, Overflow> {
    line.exchange.map_or(Ok(amount.exact()), |rate| amount.convert(rate))
}

/// A difference in the base at our rate. What their file rounded to the cent when it converted is no difference.
fn worth(base: Exact, ours: &OurContribution) -> Result<Exact, Overflow> {
    if is_within(base, ROUNDING_MAX) { Ok(Exact::ZERO) } else { base.times(ours.rate) }
}

/// What is left of a difference while it is taken apart.
struct Sum<'a> {
    parts: Vec<Part>,
    rebate: Exact,
    coop: Exact,
    ours: &'a OurContribution,
}

impl Sum<'_> {
    /// Takes a step out of what is left, split as our posting is.
    fn step(&mut self, class: VarianceClass, amount: Exact) -> Result<(), Overflow> {
        let (rebate, coop) = parted(amount, self.ours.rebate_share)?;
        (self.rebate, self.coop) = (self.rebate.minus(rebate)?, self.coop.minus(coop)?);
        self.parts.push(Part { class, rebate, coop });
        Ok(())
    }

    /// What is left after amount and exchange rate: the rate, then the split, or no more than rounding. Where growth or a
    /// cap decides what counts, the base is what differs.
    fn rest(mut self, rows: u32) -> Result<Vec<Part>, Overflow> {
        let most = Exact::from_raw(ROUNDING_MAX.raw() * i128::from(rows));
        let total = self.rebate.plus(self.coop)?;
        if !is_within(total, most) {
            let class = if self.ours.is_plain { VarianceClass::Rate } else { VarianceClass::Base };
            self.step(class, total)?;
        }
        let class = if is_within(self.rebate, most) { VarianceClass::Rounding } else { VarianceClass::Split };
        let (rebate, coop) = (self.rebate, self.coop);
        self.parts.push(Part { class, rebate, coop });
        self.parts.sort_by_key(|part| part.class);
        Ok(nonzero(self.parts))
    }
}

fn is_within(amount: Exact, most: Exact) -> bool {
    amount.raw().abs() <= most.raw()
}

fn nonzero(mut parts: Vec<Part>) -> Vec<Part> {
    parts.retain(|part| !part.rebate.is_zero() || !part.coop.is_zero());
    parts
}
