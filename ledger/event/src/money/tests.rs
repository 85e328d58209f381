//! Tests of money at its limits.

use super::*;
use proptest::prelude::*;
use serde::{Deserialize, de};

fn exact(text: &str) -> Exact {
    Exact::parse(text).unwrap()
}

#[test]
fn amounts_of_real_files_are_read_exactly() {
    assert_eq!(Amount::parse("0.00E+00").unwrap(), Amount::ZERO);
    assert_eq!(Amount::parse("0.032258065").unwrap().to_string(), "0.032258065");
    assert_eq!(Amount::parse("550.0").unwrap(), Amount::parse("550.00").unwrap());
    assert_eq!(Amount::parse("550").unwrap().to_string(), "550.00");
    assert_eq!(Amount::parse("-94.08").unwrap().exact(), exact("-94.08"));
    assert_eq!(Amount::parse("1.5E+2").unwrap().to_string(), "150.00");
}

#[test]
fn amounts_at_the_limit_pass_and_one_beyond_fails() {
    assert!(Amount::parse("999999999999.999999999").is_ok());
    assert!(matches!(Amount::parse("1000000000000"), Err(MoneyError::Range { .. })));
    assert!(Amount::parse("0.000000001").is_ok());
    assert!(matches!(Amount::parse("0.0000000001"), Err(MoneyError::Decimals { .. })));
    for bad in ["", "abc", "1,000.00", "+1", "1_0", "NaN", "1e", "--1"] {
        assert!(matches!(Amount::parse(bad), Err(MoneyError::NotANumber(_))), "{bad}");
    }
}

#[test]
fn rates_are_percentages() {
    assert_eq!(Rate::parse_percent("4.75%").unwrap().millionths(), 47_500);
    assert_eq!(Rate::parse_percent("4.75%").unwrap().to_string(), "4.75%");
    assert_eq!(Rate::parse_percent("60%").unwrap().to_string(), "60%");
    assert!(Rate::parse_percent("4.75").is_err());
    assert!(Rate::parse_percent("0.00001%").is_err());
    assert!(Rate::parse_percent("-1%").is_err());
}

#[test]
fn a_converted_amount_times_a_rate_is_exact_to_the_last_digit() {
    let amount = Amount::parse("0.000000001").unwrap();
    let fx = ExchangeRate::parse("0.0000000001").unwrap();
    let product = amount.convert(fx).unwrap().times(Rate::from_millionths(1)).unwrap();
    assert_eq!(product.raw(), 1);
    assert_eq!(product.to_string(), "0.0000000000000000000000001");
}

#[test]
fn conversion_out_of_range_is_an_overflow() {
    let amount = Amount::parse("999999999999").unwrap();
    assert_eq!(amount.convert(ExchangeRate::parse("999999").unwrap()), Err(Overflow));
}

#[test]
fn half_even_goes_to_the_even_cent_on_both_sides_of_zero() {
    let cents = Rounding::half_even(Amount::parse("0.01").unwrap()).unwrap();
    for (given, expected) in [
        ("0.005", "0.00"),
        ("0.015", "0.02"),
        ("0.025", "0.02"),
        ("0.0250000001", "0.03"),
        ("-0.005", "0.00"),
        ("-0.015", "-0.02"),
        ("-0.025", "-0.02"),
        ("24999.97", "24999.97"),
    ] {
        assert_eq!(cents.round(exact(given)).to_string(), expected, "{given}");
    }
}

#[test]
fn money_is_never_read_from_a_bare_number() {
    assert!(serde_json_like("12.5").is_err());
}

/// A deserializer that offers a float, as TOML and JSON readers do for bare numbers.
fn serde_json_like(text: &str) -> Result<Amount, de::value::Error> {
    use de::IntoDeserializer;
    let float: f64 = text.parse().unwrap();
    Amount::deserialize(IntoDeserializer::<de::value::Error>::into_deserializer(float))
}

/// The plain form of [`Exact::times`], with a division at each step.
fn times_plainly(value: Exact, rate: Rate) -> Result<Exact, Overflow> {
    let (raw, millionths) = (value.raw(), i128::from(rate.millionths()));
    if raw % 1_000_000 == 0 {
        return (raw / 1_000_000).checked_mul(millionths).map(Exact::from_raw).ok_or(Overflow);
    }
    let product = raw.checked_mul(millionths).ok_or(Overflow)?;
    if product % 1_000_000 == 0 { Ok(Exact::from_raw(product / 1_000_000)) } else { Err(Overflow) }
}

/// The plain form of [`Exact::text`].
fn text_plainly(value: Exact) -> String {
    let one = 10_i128.pow(EXACT_DECIMALS);
    let fraction = format!("{:025}", (value.raw() % one).unsigned_abs());
    let kept = fraction.trim_end_matches('0').len().max(2);
    let sign = if value.is_negative() { "-" } else { "" };
    format!("{sign}{}.{}", (value.raw() / one).unsigned_abs(), &fraction[..kept])
}

/// Any sum: of every size, and with any number of zeros at its end.
fn any_exact() -> impl Strategy<Value = Exact> {
    let anything = any::<i128>().prop_filter("never held", |raw| *raw != i128::MIN);
    (anything, 0_u32..127, 0_u32..26).prop_map(|(raw, shift, zeros)| {
        let (small, unit) = (raw >> shift, 10_i128.pow(zeros));
        Exact::from_raw(small / unit * unit)
    })
}

proptest! {
    #[test]
    fn products_are_what_they_are_when_divided_step_by_step(value in any_exact(), millionths in 0_i64..=10_000_000) {
        let rate = Rate::from_millionths(millionths);
        prop_assert_eq!(value.times(rate), times_plainly(value, rate));
    }

    #[test]
    fn a_sum_prints_digit_by_digit(value in any_exact()) {
        prop_assert_eq!(value.to_string(), text_plainly(value));
        prop_assert_eq!(Exact::parse(&value.to_string()).unwrap(), value);
    }

    #[test]
    fn exact_text_round_trips(raw in -1_000_000_000_000_000_000_000_000_000_000_i128..1_000_000_000_000_000_000_000_000_000_000) {
        let value = Exact::from_raw(raw);
        prop_assert_eq!(Exact::parse(&value.to_string()).unwrap(), value);
    }

    #[test]
    fn rounding_is_never_more_than_half_a_unit_away(raw in -1_000_000_000_000_000_000_000_000_000_000_i128..1_000_000_000_000_000_000_000_000_000_000) {
        let cents = Rounding::half_even(Amount::parse("0.01").unwrap()).unwrap();
        let value = Exact::from_raw(raw);
        let rounded = cents.round(value);
        let distance = rounded.minus(value).unwrap().raw().abs();
        prop_assert!(distance * 2 <= cents.unit().raw());
        prop_assert_eq!(rounded.raw() % cents.unit().raw(), 0);
    }
}

/// A decimal as it is in memory, and not only its value.
fn bits(decimal: Decimal) -> [u8; 16] {
    decimal.serialize()
}

#[test]
fn the_common_spelling_of_a_decimal_reads_as_every_other_does() {
    for text in
        ["0", "-0", "-0.00", "007", "1.10", "12345678901234.567", "123456789012345678", "5.", ".5", "-", "", "."]
    {
        let (plain, any) = (plain_parse(text), any_parse(text));
        assert!(plain.is_none_or(|plain| any.as_ref().is_ok_and(|any| bits(plain) == bits(*any))), "{text}: {plain:?}");
        assert_eq!(decimal_parse(text).map(bits), any.map(bits), "{text}");
    }
    assert!(plain_parse("-550.00").is_some() && plain_parse("+5").is_none() && plain_parse("1.2.3").is_none());
}

proptest! {
    #[test]
    fn cents_are_an_amount(cents in -99_999_999_999_999_i64..=99_999_999_999_999) {
        let text = format!("{}{}.{:02}", if cents < 0 { "-" } else { "" }, cents.abs() / 100, cents.abs() % 100);
        let amount = Amount::from_cents(cents).unwrap();
        prop_assert_eq!(bits(amount.decimal()), bits(Amount::parse(&text).unwrap().decimal()));
        prop_assert!(Amount::from_cents(cents.signum() * 100_000_000_000_000).is_err() || cents == 0);
    }

    #[test]
    fn any_spelling_reads_as_it_did(text in "-?[0-9]{0,20}[.]?[0-9]{0,11}([eE+_ .][0-9]{0,3})?") {
        prop_assert_eq!(decimal_parse(&text).map(bits), any_parse(&text).map(bits));
    }

    #[test]
    fn an_amount_prints_as_its_decimal_does(mantissa in -999_999_999_999_999_999_999_i128..=999_999_999_999_999_999_999, scale in 0_u32..=9) {
        let decimal = Decimal::from_i128_with_scale(mantissa % (10_i128.pow(12 + scale)), scale).normalize();
        let amount = Amount::parse(&decimal.to_string()).unwrap();
        let expected = if decimal.scale() < 2 { format!("{decimal:.2}") } else { decimal.to_string() };
        let text = amount.text();
        prop_assert_eq!(text.as_str(), expected.as_str());
        prop_assert_eq!(format!("{amount:>26}"), format!("{expected:>26}"));
    }
}
