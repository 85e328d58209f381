//! Reads the files and hands every line through the door.

use super::again::MetBefore;
use super::catalogue::BookCatalogue;
use super::door::{Door, Part, Role, Settled};
use super::now;
use super::operators;
use super::supersede::{Names, Place, Superseder};
use crate::cli::{Cli, ImportArguments, ImportFormat};
use crate::failure::Failure;
use crate::{books, progress};
use daybook_event::NaiveDate;
use daybook_intake::classify_envelope;
use daybook_intake::import::{
    Billing, ImportError, ImportItem, ImportReport, Judged, Outcome, PartnerCenterOptions, PartnerMap, Read, ndjson,
    ndjson_ahead, partner_center, protobuf, protobuf_ahead,
};
use daybook_store::{Incoming, Origin};
use indicatif::ProgressBar;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

/// The most threads that judge events ahead of the one that appends them: it is busy with fewer.
const JUDGES_MAX: usize = 4;

/// Reads every file in order through the door.
pub(crate) fn files(
    cli: &Cli,
    arguments: &ImportArguments,
    door: Box<dyn Door>,
    report: &mut ImportReport,
) -> Result<(), Failure> {
    let partner_map = arguments.partner_map.as_deref().map(partner_map).transpose()?.unwrap_or_default();
    let names = names(arguments, door.as_ref())?;
    let is_by_operators = arguments.operator_acts;
    let met = MetBefore::of(&door.reader()?)?;
    let mut taker = Taker { door, names, met, report, recorded_at: now(), is_by_operators };
    for path in &arguments.files {
        let bar = progress::bar("importing", 0);
        let file_name = path.display().to_string();
        let reader = open(path)?;
        match arguments.from {
            ImportFormat::Ndjson | ImportFormat::Protobuf => {
                let is_ndjson = arguments.from == ImportFormat::Ndjson;
                taker.events(reader, is_ndjson, &file_name, &bar).map_err(|error| failure(path, error))?;
            }
            ImportFormat::PartnerCenter => {
                let book = books::current(cli)?;
                let catalogue = BookCatalogue { catalogue: book.catalogue, on: NaiveDate::MAX };
                let options = PartnerCenterOptions {
                    source: arguments.source.clone(),
                    partner_map: partner_map.clone(),
                    catalogue: &catalogue,
                    billing: Billing::Detect,
                    invoice: arguments.invoice.clone(),
                };
                let mut take = |item: ImportItem| taker.take(item, &file_name, &bar);
                partner_center(reader, &options, &mut take).map_err(|error| failure(path, error))?;
            }
        }
        bar.finish_and_clear();
    }
    taker.finish()
}

/// A line that is no Partner Center line has the name that its publisher gave it, and is looked up once, by the ledger.
fn names(arguments: &ImportArguments, door: &dyn Door) -> Result<Names, Failure> {
    Ok(match arguments.from {
        _ if arguments.supersede => Names::Superseding(Box::new(Superseder::open(door.reader()?)?)),
        ImportFormat::PartnerCenter => Names::KnownAgain { reader: door.reader()?, snapshot: None },
        ImportFormat::Ndjson | ImportFormat::Protobuf => Names::AsTheyCome,
    })
}

/// Takes items to the door, and what became of them to the report.
struct Taker<'a> {
    door: Box<dyn Door>,
    names: Names,
    met: MetBefore,
    report: &'a mut ImportReport,
    recorded_at: daybook_event::Instant,
    is_by_operators: bool,
}

impl Taker<'_> {
    /// Takes a file of events. Where they go in under the names that they have, they are judged ahead on other threads.
    fn events(
        &mut self,
        reader: Box<dyn BufRead + Send>,
        is_ndjson: bool,
        file: &str,
        bar: &ProgressBar,
    ) -> Result<u64, ImportError<Failure>> {
        if !matches!(self.names, Names::AsTheyCome) {
            let mut take = |item: ImportItem| self.take(item, file, bar);
            return if is_ndjson { ndjson(reader, &mut take) } else { protobuf(reader, &mut take) };
        }
        let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get() - 1);
        let read = Read { file: file.to_owned(), recorded_at: self.recorded_at, threads_max: threads.min(JUDGES_MAX) };
        let mut take = |batch: Vec<Judged>| batch.into_iter().try_for_each(|judged| self.judged(judged, file, bar));
        if is_ndjson { ndjson_ahead(reader, &read, &mut take) } else { protobuf_ahead(reader, &read, &mut take) }
    }

    fn judged(&mut self, judged: Judged, file: &str, bar: &ProgressBar) -> Result<(), Failure> {
        match judged {
            Judged::Event { incoming, money } => {
                self.report.event(money);
                self.push(incoming, Part::line(money), bar)
            }
            Judged::Item(item) => self.take(*item, file, bar),
        }
    }

    fn take(&mut self, item: ImportItem, file: &str, bar: &ProgressBar) -> Result<(), Failure> {
        self.report.item(&item);
        let (money, line) = (item.money(), item.origin().line);
        let origin = Origin { subject: None, stream_sequence: None, file: Some(file.to_owned()), line: Some(line) };
        match item {
            ImportItem::Event { envelope, .. } => {
                operators::check(&envelope, &Place { file, line }, self.is_by_operators)?;
                let about = (&Place { file, line }, money);
                let (settled, inputs) = self.names.inputs(self.door.as_mut(), *envelope, about, self.report)?;
                tell(self.report, settled, bar);
                for (envelope, part) in inputs {
                    self.push(classify_envelope(&envelope, self.recorded_at, origin.clone()), part, bar)?;
                }
                Ok(())
            }
            ImportItem::Faulty { reason, detail, bytes, .. } => {
                let reason = reason.quarantine_reason(&detail);
                // Where the line says which event it would be, publishing that corrected resolves the entry.
                let id = daybook_proto::peek_head(&bytes).id();
                let faulty = Incoming::Faulty { reason, id, recorded_at: self.recorded_at, origin, bytes };
                self.push(faulty, Part::line(money), bar)
            }
            ImportItem::Skipped { .. } => Ok(()),
        }
    }

    fn push(&mut self, incoming: Incoming, part: Part, bar: &ProgressBar) -> Result<(), Failure> {
        if let Some(reason) = self.met.reason(&incoming).filter(|_| part.role == Role::Line) {
            self.report.outcome(part.money, Outcome::QuarantinedBefore(reason.to_owned()));
            bar.inc(1);
            return Ok(());
        }
        let settled = self.door.push(incoming, part)?;
        if !settled.is_empty() {
            self.names.committed();
            tell(self.report, settled, bar);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), Failure> {
        let bar = progress::bar("importing", 0);
        let settled = self.names.close(self.door.as_mut(), self.recorded_at, self.report)?;
        tell(self.report, settled, &bar);
        tell(self.report, self.door.finish()?, &bar);
        bar.finish_and_clear();
        Ok(())
    }
}

fn tell(report: &mut ImportReport, settled: Vec<Settled>, bar: &ProgressBar) {
    bar.inc(settled.len() as u64);
    for Settled { part, outcome } in settled {
        match (part.role, outcome) {
            (Role::Superseding, Outcome::Appended) => report.outcome(part.money, Outcome::Superseding),
            (Role::Reversal, Outcome::Appended) => report.supersession.get_or_insert_default().reversed(part.money),
            (Role::Superfluous, Outcome::Appended) => {
                let supersession = report.supersession.get_or_insert_default();
                supersession.superfluous += 1;
                supersession.reversed(part.money);
            }
            (Role::MovedCredit, Outcome::Appended) => {
                report.supersession.get_or_insert_default().credit_moved(part.money);
            }
            // Another import was quicker with the same.
            (Role::Reversal | Role::Superfluous, Outcome::Duplicate) => {
                report.supersession.get_or_insert_default().reversed_by_another += 1;
            }
            (Role::MovedCredit, Outcome::Duplicate) => {}
            (_, outcome) => report.outcome(part.money, outcome),
        }
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

fn open(path: &Path) -> Result<Box<dyn BufRead + Send>, Failure> {
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

pub(crate) fn partner_map(path: &Path) -> Result<PartnerMap, Failure> {
    let read =
        |error: std::io::Error| Failure::Input(format!("cannot read the partner map {}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(read)?;
    let is_csv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let parsed = if is_csv { PartnerMap::parse_csv(&text) } else { PartnerMap::parse_toml(&text) };
    parsed.map_err(|error| Failure::Input(format!("{}: {error}", path.display())))
}
