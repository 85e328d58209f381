//! The arguments of `daybook replay`.

use super::{FormatArgument, WindowArguments};
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    // Named apart: `--window` is the months to show, not the records to read.
    #[command(flatten)]
    pub(crate) records: WindowArguments,
    /// The rule book: current, a version, a rule file, any of these with @DATE.
    #[arg(long, default_value = "current")]
    pub(crate) book: String,
    /// Only the rows of these months: FY22H1, 2022-01 or 2022-01..2022-06. Figures are folded from the first record all the
    /// same, and the digest is that of all rows.
    #[arg(long, value_name = "PERIOD|MONTHS")]
    pub(crate) window: Option<String>,
    /// Threads that fold. The digest is the same for any number.
    #[arg(long, value_name = "COUNT")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Read the records themselves, not the column files made of them. The digest is the same.
    #[arg(long)]
    pub(crate) from_records: bool,
    #[command(flatten)]
    pub(crate) memory: MemoryArguments,
    /// Where to write the rows as JSON. The file appears when it is whole.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) format: FormatArgument,
}

/// How much memory the records of a window may take.
#[derive(Debug, Args, Clone, Copy)]
pub(crate) struct MemoryArguments {
    /// What records in memory may take, such as 512MiB: a window that needs more is read in several passes, some partners in
    /// each. A partner's records are always read together.
    #[arg(long, env = "DAYBOOK_MEMORY_MAX", value_name = "SIZE", default_value = "512MiB", value_parser = size)]
    pub(crate) memory_max: u64,
}

/// Reads a size with its unit.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || "a size is written with its unit: 64KiB, 512MiB or 2GiB".to_owned();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(wrong()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn a_size_has_a_unit() {
        assert_eq!((size("64KiB"), size("512MiB"), size("2GiB")), (Ok(65_536), Ok(536_870_912), Ok(2_147_483_648)));
        for wrong in ["512", "MiB", "1.5GiB", "-1MiB", "99999999999999999GiB", "512mb"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
