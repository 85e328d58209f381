//! Where `daybook compare` writes beside its output.

use clap::Args;
use std::path::PathBuf;

/// Files of a comparison.
#[derive(Debug, Args)]
pub(crate) struct CompareFilesArguments {
    /// Where to write the comparison as a page that can be printed: pictures, tables, checks, nothing fetched.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// A folder to write every table of the comparison into, a CSV file each.
    #[arg(long, value_name = "DIR")]
    pub(crate) csv: Option<PathBuf>,
}
