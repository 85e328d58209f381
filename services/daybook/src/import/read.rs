//! Reads the files and hands every line through the door.

use super::catalogue::BookCatalogue;
use super::door::{Door, Settled};
use super::now;
use crate::cli::{Cli, ImportArguments, ImportFormat};
use crate::failure::Failure;
use crate::{books, progress};
use daybook_event::NaiveDate;
use daybook_intake::classify_envelope;
use daybook_intake::import::{
    Billing, ImportError, ImportItem, ImportReport, PartnerCenterOptions, PartnerMap, ndjson, partner_center,
};
use daybook_store::{Incoming, Origin};
use indicatif::ProgressBar;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// Reads every file in order through the door.
pub(crate) fn files(
    cli: &Cli,
    arguments: &ImportArguments,
    mut door: Box<dyn Door>,
    report: &mut ImportReport,
) -> Result<(), Failure> {
    let recorded_at = now();
    let partner_map = arguments.partner_map.as_deref().map(partner_map).transpose()?.unwrap_or_default();
    for path in &arguments.files {
        let bar = progress::bar("importing", 0);
        let file_name = path.display().to_string();
        let mut take = |item: ImportItem| -> Result<(), Failure> {
            report.item(&item);
            let money = item.money();
            let Some(incoming) = incoming(item, recorded_at, &file_name) else { return Ok(()) };
            tell(report, door.push(incoming, money)?, &bar);
            Ok(())
        };
        let reader = open(path)?;
        match arguments.from {
            ImportFormat::Ndjson => {
                ndjson(reader, &mut take).map_err(|error| failure(path, error))?;
            }
            ImportFormat::PartnerCenter => {
                let book = books::book(cli.rules.as_deref(), "current")?;
                let catalogue = BookCatalogue { catalogue: book.catalogue, on: NaiveDate::MAX };
                let options = PartnerCenterOptions {
                    source: arguments.source.clone(),
                    partner_map: partner_map.clone(),
                    catalogue: &catalogue,
                    billing: Billing::Detect,
                    invoice: arguments.invoice.clone(),
                };
                partner_center(reader, &options, &mut take).map_err(|error| failure(path, error))?;
            }
        }
        bar.finish_and_clear();
    }
    let bar = progress::bar("importing", 0);
    tell(report, door.finish()?, &bar);
    bar.finish_and_clear();
    Ok(())
}

fn tell(report: &mut ImportReport, settled: Vec<Settled>, bar: &ProgressBar) {
    bar.inc(settled.len() as u64);
    for one in settled {
        report.outcome(one.money, one.outcome);
    }
}

/// Whether a file can be read at all. A pipe is not opened to see: it opens once.
pub(crate) fn check(path: &Path) -> Result<(), Failure> {
    if path.as_os_str() == "-" {
        return Ok(());
    }
    let cannot = |why: String| Failure::Input(format!("cannot read {}: {why}", path.display()));
    let about = std::fs::metadata(path).map_err(|error| cannot(error.to_string()))?;
    if about.is_dir() {
        return Err(cannot("it is a folder, name the files in it".to_owned()));
    }
    if about.is_file() {
        open(path)?;
    }
    Ok(())
}

fn open(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let file = File::open(path).map_err(|error| Failure::Input(format!("cannot read {}: {error}", path.display())))?;
    Ok(Box::new(BufReader::with_capacity(1 << 20, file)))
}

fn failure(path: &Path, error: ImportError<Failure>) -> Failure {
    match error {
        ImportError::File(error) => Failure::Input(format!("{}: {error}", path.display())),
        ImportError::Sink(failure) => failure,
    }
}

fn partner_map(path: &Path) -> Result<PartnerMap, Failure> {
    let read =
        |error: std::io::Error| Failure::Input(format!("cannot read the partner map {}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(read)?;
    let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let parsed = if is_csv { PartnerMap::parse_csv(&text) } else { PartnerMap::parse_toml(&text) };
    parsed.map_err(|error| Failure::Input(format!("{}: {error}", path.display())))
}

/// What goes to the ledger; nothing for lines that are no events.
fn incoming(item: ImportItem, recorded_at: daybook_event::Instant, file: &str) -> Option<Incoming> {
    let at = item.origin();
    let origin = Origin { subject: None, stream_sequence: None, file: Some(file.to_owned()), line: Some(at.line) };
    match item {
        ImportItem::Event { envelope, .. } => Some(classify_envelope(&envelope, recorded_at, origin)),
        ImportItem::Faulty { reason, detail, bytes, .. } => {
            Some(Incoming::Faulty { reason: reason.quarantine_reason(&detail), id: None, recorded_at, origin, bytes })
        }
        ImportItem::Skipped { .. } => None,
    }
}
