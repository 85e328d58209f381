//! Shares in percent with one decimal, computed in whole numbers.

use daybook_event::Exact;

/// `part` of the magnitude of `whole`, in percent with one decimal, half to even; empty where the whole is zero.
#[must_use]
pub fn percent(part: Exact, whole: Exact) -> String {
    let (magnitude, divisor) = (part.raw().unsigned_abs(), whole.raw().unsigned_abs());
    if divisor == 0 {
        return String::new();
    }
    let Some(tenths) = tenths_of_percent(magnitude, divisor) else { return String::new() };
    let sign = if part.is_negative() && tenths > 0 { "-" } else { "" };
    format!("{sign}{}.{}", tenths / 10, tenths % 10)
}

/// `part / whole` in thousandths, half to even; none beyond what can be held.
fn tenths_of_percent(part: u128, whole: u128) -> Option<u128> {
    let (mut quotient, mut rest) = (part / whole, part % whole);
    for _ in 0..3 {
        let (digit, left) = times_ten(rest, whole);
        quotient = quotient.checked_mul(10)?.checked_add(digit)?;
        rest = left;
    }
    let is_up = match rest.cmp(&(whole - rest)) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient % 2 == 1,
        std::cmp::Ordering::Greater => true,
    };
    quotient.checked_add(u128::from(is_up))
}

/// `rest * 10` divided by `whole`, by addition: the product itself may not fit.
fn times_ten(rest: u128, whole: u128) -> (u128, u128) {
    let (mut digit, mut sum) = (0, 0);
    for _ in 0..10 {
        let room = whole - rest;
        if sum >= room {
            sum -= room;
            digit += 1;
        } else {
            sum += rest;
        }
    }
    (digit, sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(part: &str, whole: &str) -> String {
        percent(Exact::parse(part).unwrap(), Exact::parse(whole).unwrap())
    }

    #[test]
    fn shares_are_rounded_half_to_even() {
        assert_eq!(of("1.00", "3.00"), "33.3");
        assert_eq!(of("-2.00", "3.00"), "-66.7");
        assert_eq!(of("0.0005", "1.00"), "0.0");
        assert_eq!(of("0.0015", "1.00"), "0.2");
        assert_eq!(of("-0.0001", "1.00"), "0.0");
        assert_eq!(of("5.00", "-10.00"), "50.0");
        assert_eq!(of("5.00", "0.00"), "");
        assert_eq!(of("16000000000000.00", "17000000000000.00"), "94.1");
    }

    proptest! {
        #[test]
        fn a_share_is_the_rounded_quotient(part in -1_000_000_i64..1_000_000, whole in 1_i64..100_000) {
            let (scaled, divisor) = (i128::from(part.abs()) * 1_000, i128::from(whole));
            let (down, rest) = (scaled / divisor, scaled % divisor * 2);
            let up = rest > divisor || rest == divisor && down % 2 == 1;
            let tenths = down + i128::from(up);
            let sign = if part < 0 && tenths > 0 { "-" } else { "" };
            let expected = format!("{sign}{}.{}", tenths / 10, tenths % 10);
            prop_assert_eq!(percent(Exact::from_units(part), Exact::from_units(whole)), expected);
        }
    }
}
