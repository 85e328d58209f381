//! Exact decimals of any scale: the model's own money, so that a fault of the engine's cannot hide in both.

use daybook_event::{Amount, Exact, ExchangeRate, Rate};
use std::cmp::Ordering;
use std::fmt;

/// `digits / 10^scale`. Every operation is checked; the generated amounts stay far from the edge.
#[derive(Debug, Clone, Copy)]
pub struct Num {
    digits: i128,
    scale: u32,
}

impl Num {
    /// Nothing.
    pub const ZERO: Self = Self { digits: 0, scale: 0 };

    /// Digits with so many of them after the point.
    pub fn new(digits: i128, scale: u32) -> Self {
        Self { digits, scale }
    }

    /// An event's amount.
    pub fn of_amount(amount: &Amount) -> Self {
        Self::new(amount.decimal().mantissa(), amount.decimal().scale())
    }

    /// An exchange rate.
    pub fn of_exchange(rate: &ExchangeRate) -> Self {
        Self::new(rate.decimal().mantissa(), rate.decimal().scale())
    }

    /// A number of the terms.
    pub fn of_term(term: Exact) -> Self {
        Self::parse(&term.to_string())
    }

    /// A lever's rate.
    pub fn of_rate(rate: Rate) -> Self {
        Self::new(rate.millionths().into(), 6)
    }

    /// Digits in writing.
    pub fn parse(text: &str) -> Self {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{whole}{decimals}").parse().expect("digits");
        Self::new(digits, u32::try_from(decimals.len()).expect("few decimals"))
    }

    fn at_scale(self, scale: u32) -> i128 {
        self.digits.checked_mul(10_i128.pow(scale - self.scale)).expect("the model's numbers fit")
    }

    fn aligned(self, other: Self) -> (i128, i128, u32) {
        let scale = self.scale.max(other.scale);
        (self.at_scale(scale), other.at_scale(scale), scale)
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Self {
        let (a, b, scale) = self.aligned(other);
        Self::new(a.checked_add(b).expect("the model's numbers fit"), scale)
    }

    /// The difference.
    pub fn minus(self, other: Self) -> Self {
        self.plus(Self::new(-other.digits, other.scale))
    }

    /// The product, exact.
    pub fn times(self, other: Self) -> Self {
        let digits = self.digits.checked_mul(other.digits).expect("the model's numbers fit");
        Self::new(digits, self.scale + other.scale)
    }

    /// All together.
    pub fn sum(all: impl IntoIterator<Item = Self>) -> Self {
        all.into_iter().fold(Self::ZERO, Self::plus)
    }

    /// The nearest multiple of the unit; of two as near, the even one.
    pub fn rounded(self, unit: Self) -> Self {
        let (value, unit_digits, scale) = self.aligned(unit);
        let below = value.div_euclid(unit_digits);
        let rest = value - below * unit_digits;
        let odd = below.rem_euclid(2) == 1;
        let up = rest * 2 > unit_digits || (rest * 2 == unit_digits && odd);
        Self::new((below + i128::from(up)) * unit_digits, scale)
    }

    /// The smaller.
    pub fn min(self, other: Self) -> Self {
        if other < self { other } else { self }
    }

    /// The larger.
    pub fn max(self, other: Self) -> Self {
        if other > self { other } else { self }
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// Whether it is below nothing.
    pub fn is_negative(self) -> bool {
        self.digits < 0
    }

    /// Whether it is above nothing.
    pub fn is_positive(self) -> bool {
        self.digits > 0
    }
}

impl PartialEq for Num {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Num {}

impl PartialOrd for Num {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Num {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b, _) = self.aligned(*other);
        a.cmp(&b)
    }
}

impl fmt::Display for Num {
    /// In full, with at least two decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = usize::try_from(self.scale).expect("a small scale") + 1;
        let digits = format!("{:0width$}", self.digits.unsigned_abs());
        let (whole, decimals) = digits.split_at(digits.len() - (width - 1));
        let sign = if self.digits < 0 { "-" } else { "" };
        write!(f, "{sign}{whole}.{:0<2}", decimals.trim_end_matches('0'))
    }
}

#[test]
fn the_models_decimals_round_half_to_even_and_print_in_full() {
    let cent = Num::parse("0.01");
    let rounded = |text: &str| Num::parse(text).rounded(cent).to_string();
    assert_eq!(rounded("0.125"), "0.12");
    assert_eq!(rounded("0.135"), "0.14");
    assert_eq!(rounded("-0.125"), "-0.12");
    assert_eq!(rounded("-0.1251"), "-0.13");
    assert_eq!(Num::parse("1.5").times(Num::parse("-0.25")).to_string(), "-0.375");
    assert_eq!(Num::parse("2").to_string(), "2.00");
    assert!(Num::parse("1.0") == Num::parse("1") && Num::parse("1.1") > Num::parse("1"));
}
