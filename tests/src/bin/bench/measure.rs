//! Measured values: a few rounds of each, their median and spread, ratios between two taken in turn. Integers only.

use std::fmt;

/// What a value counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Microseconds.
    Micros,
    /// Events in a second.
    EventsPerSecond,
    /// Nanoseconds of an event.
    NanosPerEvent,
    /// Bytes.
    Bytes,
    /// Thousandths of a byte, of an event.
    MilliBytesPerEvent,
    /// Thousandths of anything.
    Milli,
}

impl Unit {
    /// A value with its unit, in the size that people read.
    fn text(self, value: u64) -> String {
        match self {
            Self::Micros if value < 10_000 => format!("{} ms", milli(value)),
            Self::Micros if value < 1_000_000 => format!("{} ms", value / 1_000),
            Self::Micros => format!("{} s", milli(value / 1_000)),
            Self::EventsPerSecond if value < 10_000 => format!("{value}/s"),
            Self::EventsPerSecond if value < 10_000_000 => format!("{}k/s", value / 1_000),
            Self::EventsPerSecond => format!("{}M/s", milli(value / 1_000)),
            Self::NanosPerEvent => format!("{value} ns"),
            Self::Bytes if value < 10_000_000 => format!("{} kB", value / 1_000),
            Self::Bytes => format!("{} MB", value / 1_000_000),
            Self::MilliBytesPerEvent => format!("{} B", milli(value)),
            Self::Milli => milli(value),
        }
    }
}

/// Thousandths as a decimal with two digits, or three where it is small.
pub(crate) fn milli(value: u64) -> String {
    if value < 100 {
        format!("{}.{:03}", value / 1_000, value % 1_000)
    } else {
        let hundredths = value.saturating_add(5) / 10;
        format!("{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

/// The rounds of one measurement, in the order in which they were taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Samples {
    /// What they count.
    pub(crate) unit: Unit,
    values: Vec<u64>,
}

impl Samples {
    /// No round yet.
    pub(crate) fn new(unit: Unit) -> Self {
        Self { unit, values: Vec::new() }
    }

    /// One value that is not measured in rounds.
    pub(crate) fn one(unit: Unit, value: u64) -> Self {
        Self { unit, values: vec![value] }
    }

    /// Takes a round.
    pub(crate) fn push(&mut self, value: u64) {
        self.values.push(value);
    }

    /// The middle value; of an even number the lower of the two.
    pub(crate) fn median(&self) -> u64 {
        percentile(&self.values, 50)
    }

    /// Whether there is no round.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Round by round: ours in thousandths of the other's.
    pub(crate) fn ratios(&self, other: &Self) -> Self {
        let pairs = self.values.iter().zip(&other.values);
        let ratio = |(ours, theirs): (&u64, &u64)| {
            u64::try_from(u128::from(*ours) * 1_000 / u128::from((*theirs).max(1))).unwrap_or(u64::MAX)
        };
        Self { unit: Unit::Milli, values: pairs.map(ratio).collect() }
    }
}

/// The median, and the least and the greatest where there are several rounds.
impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(least), Some(greatest)) = (self.values.iter().min(), self.values.iter().max()) else {
            return f.write_str("-");
        };
        f.write_str(&self.unit.text(self.median()))?;
        if self.values.len() > 1 {
            write!(f, " ({} to {})", self.unit.text(*least), self.unit.text(*greatest))?;
        }
        Ok(())
    }
}

/// The value below which so many of a hundred lie; zero where there is none.
pub(crate) fn percentile(values: &[u64], percent: usize) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len().saturating_sub(1)) * percent / 100;
    sorted.get(at).copied().unwrap_or(0)
}

/// Events in a second.
pub(crate) fn rate(events: u64, micros: u64) -> u64 {
    u64::try_from(u128::from(events) * 1_000_000 / u128::from(micros.max(1))).unwrap_or(u64::MAX)
}

/// Thousandths of a byte of each event.
pub(crate) fn milli_bytes_each(bytes: u64, events: u64) -> u64 {
    u64::try_from(u128::from(bytes) * 1_000 / u128::from(events.max(1))).unwrap_or(u64::MAX)
}

/// A duration in microseconds.
pub(crate) fn micros(took: std::time::Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(values: &[u64]) -> Samples {
        Samples { unit: Unit::Micros, values: values.to_vec() }
    }

    #[test]
    fn a_median_stands_with_its_spread() {
        assert_eq!(samples(&[3_000, 1_000, 2_000_000]).to_string(), "3.00 ms (1.00 ms to 2.00 s)");
        assert_eq!(samples(&[250_000]).to_string(), "250 ms");
        assert_eq!(samples(&[]).to_string(), "-");
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        let ratios = samples(&[200, 300, 400]).ratios(&samples(&[100, 100, 800]));
        assert_eq!((ratios.median(), ratios.to_string().as_str()), (2_000, "2.00 (0.50 to 3.00)"));
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values: Vec<u64> = (1..=100).rev().collect();
        assert_eq!((percentile(&values, 50), percentile(&values, 99), percentile(&values, 100)), (50, 99, 100));
        assert_eq!(percentile(&[], 50), 0);
    }

    #[test]
    fn thousandths_are_rounded_to_what_is_shown() {
        assert_eq!(
            (milli(1_349), milli(1_355), milli(42), milli(0)),
            ("1.35".into(), "1.36".into(), "0.042".into(), "0.000".into())
        );
    }
}
