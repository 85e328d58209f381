//! Places on axes, computed in whole numbers: the same input gives the same picture on every machine.

use crate::money::UNIT;

/// A linear axis from one amount, in thousandths, to another, and the places of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Linear {
    /// Between two ticks.
    step: i128,
    low: i128,
    high: i128,
    from: i128,
    to: i128,
}

impl Linear {
    /// An axis that holds zero and all these amounts, with a tick at both ends and about so many between.
    pub(crate) fn around(amounts: impl IntoIterator<Item = i128>, (from, to): (i32, i32), about: i128) -> Self {
        let (mut low, mut high) = (0, 0);
        for amount in amounts {
            low = low.min(amount);
            high = high.max(amount);
        }
        if low == high {
            high = UNIT;
        }
        let step = round_step(high - low, about);
        let low = low.div_euclid(step) * step;
        let high = -(-high).div_euclid(step) * step;
        Self { step, low, high, from: i128::from(from), to: i128::from(to) }
    }

    /// The place of an amount.
    pub(crate) fn at(&self, amount: i128) -> i32 {
        let place = self.from + (amount - self.low) * (self.to - self.from) / (self.high - self.low);
        i32::try_from(place).unwrap_or(0)
    }

    /// Round amounts from end to end. Zero is one of them.
    pub(crate) fn ticks(&self) -> Vec<i128> {
        (0..=(self.high - self.low) / self.step).map(|at| self.low + at * self.step).collect()
    }
}

/// The smallest of 1, 2, 5 times a power of ten that divides the range into at most so many parts.
fn round_step(range: i128, about: i128) -> i128 {
    let mut power = 1;
    loop {
        for factor in [1, 2, 5] {
            if power * factor * about >= range {
                return power * factor;
            }
        }
        power *= 10;
    }
}

/// A logarithmic axis in whole decades of units; what is below one unit stands on a rail before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Logarithmic {
    /// The power of ten that it begins at.
    first: u32,
    decades: u32,
    from: i128,
    to: i128,
}

/// How far the rail for amounts below one unit stands before the axis.
pub(crate) const RAIL: i32 = 18;

impl Logarithmic {
    /// An axis between powers of ten that holds all these amounts, as far as they are one unit or more.
    pub(crate) fn holding(amounts: impl IntoIterator<Item = i128>, (from, to): (i32, i32)) -> Self {
        let large = amounts.into_iter().filter(|amount| *amount >= UNIT);
        let (least, most) = large.fold((i128::MAX, UNIT), |(least, most), at| (least.min(at), most.max(at)));
        let power = |power: u32| UNIT * 10_i128.pow(power);
        let last = (1..14).find(|&of| most <= power(of)).unwrap_or(14);
        let first = (0..last).rev().find(|&of| least >= power(of)).unwrap_or(0);
        Self { first, decades: last - first, from: i128::from(from), to: i128::from(to) }
    }

    /// The place of an amount; on the rail where it is below one unit.
    pub(crate) fn at(&self, amount: i128) -> i32 {
        let direction = if self.to < self.from { -1 } else { 1 };
        let place = match logarithm(amount) {
            Some(log) => {
                let inside = log - (i128::from(self.first) << LOG_BITS);
                self.from + inside * (self.to - self.from) / (i128::from(self.decades) << LOG_BITS)
            }
            None => self.from - i128::from(RAIL) * direction,
        };
        i32::try_from(place).unwrap_or(0)
    }

    /// The powers of ten, as amounts.
    pub(crate) fn ticks(&self) -> Vec<i128> {
        (self.first..=self.first + self.decades).map(|power| UNIT * 10_i128.pow(power)).collect()
    }
}

/// Binary digits of a logarithm: finer than a pixel on any axis.
const LOG_BITS: u32 = 12;

/// The decimal logarithm of an amount in units, as a count of 2^-12; none below one unit.
///
/// Digit by digit: squaring a number between 1 and 10 doubles its logarithm, and whether the square reaches 10 is the
/// next binary digit.
fn logarithm(amount: i128) -> Option<i128> {
    const ONE: i128 = 1_000_000_000_000;
    if amount < UNIT {
        return None;
    }
    let (mut mantissa, mut log) = (amount * (ONE / UNIT), 0);
    while mantissa >= 10 * ONE {
        mantissa /= 10;
        log += 1;
    }
    for _ in 0..LOG_BITS {
        mantissa = mantissa * mantissa / ONE;
        log *= 2;
        if mantissa >= 10 * ONE {
            mantissa /= 10;
            log += 1;
        }
    }
    Some(log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_axis_has_round_ends_and_holds_zero() {
        let axis = Linear::around([-320 * UNIT, 1_180 * UNIT], (0, 1_000), 8);
        assert_eq!((axis.low, axis.high), (-400 * UNIT, 1_200 * UNIT));
        assert_eq!((axis.at(-400 * UNIT), axis.at(0), axis.at(1_200 * UNIT)), (0, 250, 1_000));
        assert_eq!(axis.ticks().len(), 9);
        let uneven = Linear::around([-5_000 * UNIT, 36_648 * UNIT], (0, 100), 5);
        assert!(uneven.ticks().contains(&0) && uneven.ticks().len() <= 7, "{:?}", uneven.ticks());
        let nothing = Linear::around([], (0, 100), 5);
        assert_eq!((nothing.at(0), nothing.at(UNIT)), (0, 100));
    }

    #[test]
    fn logarithms_are_those_of_the_tables() {
        let thousandths = |units: i128| logarithm(units * UNIT).map(|log| (log * 1_000) >> LOG_BITS);
        for (units, expected) in
            [(1, 0), (2, 301), (5, 698), (10, 1_000), (4_000, 3_602), (10_000, 4_000), (625_000, 5_795)]
        {
            let found = thousandths(units).unwrap();
            assert!((found - expected).abs() <= 1, "{units}: {found}");
        }
        assert_eq!(logarithm(UNIT - 1), None);
        assert!(logarithm(17_000_000_000_000 * UNIT).is_some());
    }

    #[test]
    fn a_logarithmic_axis_puts_small_amounts_on_its_rail() {
        let axis = Logarithmic::holding([99_000 * UNIT, UNIT], (50, 550));
        assert_eq!((axis.at(UNIT), axis.at(100_000 * UNIT)), (50, 550));
        assert_eq!((axis.at(0), axis.at(-5 * UNIT)), (50 - RAIL, 50 - RAIL));
        let up = Logarithmic::holding([99_000 * UNIT, UNIT, 0], (400, 0));
        assert_eq!((up.at(0), up.at(UNIT), up.at(100_000 * UNIT)), (400 + RAIL, 400, 0));
        assert_eq!(axis.ticks().len(), 6);
        let late = Logarithmic::holding([250 * UNIT, 0, 40_000 * UNIT], (0, 300));
        assert_eq!((late.at(100 * UNIT), late.at(100_000 * UNIT), late.ticks().len()), (0, 300, 4));
        let one = Logarithmic::holding([100 * UNIT], (0, 300));
        assert_eq!(one.at(100 * UNIT), 300);
        assert_eq!(Logarithmic::holding([], (0, 300)).ticks(), [UNIT, 10 * UNIT]);
    }
}
