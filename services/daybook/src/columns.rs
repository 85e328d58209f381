//! A window read from the column files beside the ledger, which are brought up to date first.

use crate::failure::Failure;
use crate::progress;
use crate::window::Known;
use daybook_event::{NaiveDate, PartnerId, Position};
use daybook_projector::{ColumnsFault, ColumnsView, RefreshOptions, columns_discard, columns_open, columns_refresh};
use daybook_replay::ColumnsSource;
use daybook_store::{COLUMNS_FOLDER, ColumnsOptions};
use daybook_views::{FactsOfNoPartner, LineClasses, PartnerColumns};
use std::borrow::Cow;
use std::ops::Range;
use std::time::{Duration, Instant};

/// The columns of a window.
pub(crate) struct Columned {
    pub(crate) view: ColumnsView,
    /// What it took to bring the files up to date and to open them.
    pub(crate) took: Duration,
}

impl Columned {
    /// The through date: the one asked for, else the day of the last record.
    pub(crate) fn through(&self, asked: Option<NaiveDate>) -> NaiveDate {
        asked.unwrap_or_else(|| self.view.recorded_at().date_utc())
    }
}

/// Opens the columns of a window, brought up to date; else why the records must be read. Where this process may not write,
/// the files are read as they are, with the records behind them.
pub(crate) fn open(known: &Known) -> Result<Result<Columned, ColumnsFault>, Failure> {
    let started = Instant::now();
    match refreshed(known) {
        Ok(view) => Ok(Ok(Columned { view, took: started.elapsed() })),
        Err(fault) if fault.is_of_files() => Ok(Err(fault)),
        Err(fault) => Err(Failure::input(fault)),
    }
}

/// Opens the columns of a window as they are, with the records behind them, and writes nothing; none where there are none, or they
/// cannot be used, which is said.
pub(crate) fn open_as_is(known: &Known) -> Result<Option<Columned>, Failure> {
    if !known.dir.join(COLUMNS_FOLDER).is_dir() {
        return Ok(None);
    }
    let started = Instant::now();
    match columns_open(&known.dir, &known.snapshot, known.position, &ColumnsOptions::default()) {
        Ok(view) => Ok(Some(Columned { view, took: started.elapsed() })),
        // Files that lie far behind are as good as none.
        Err(ColumnsFault::Held { .. }) => Ok(None),
        Err(fault) if fault.is_of_files() => {
            say_unused(&fault);
            Ok(None)
        }
        Err(fault) => Err(Failure::input(fault)),
    }
}

/// Says that the column files cannot be used.
pub(crate) fn say_unused(fault: &ColumnsFault) {
    eprintln!("daybook: the records are read instead of the column files: {fault}");
}

fn refreshed(known: &Known) -> Result<ColumnsView, ColumnsFault> {
    let bar = progress::bar("columns", known.snapshot.head().position.number());
    let told = |position: Position| bar.set_position(position.number());
    let refreshed = columns_refresh(&known.dir, &known.snapshot, &RefreshOptions::default(), &told);
    bar.finish_and_clear();
    let opened = columns_open(&known.dir, &known.snapshot, known.position, &ColumnsOptions::default());
    match (refreshed, opened) {
        // A folder that takes no file may hold enough all the same.
        (Err(ColumnsFault::Files(_)) | Ok(_), Ok(view)) => Ok(view),
        (Err(fault), _) | (Ok(_), Err(fault)) => Err(fault),
    }
}

/// Whether the file that a fault names is gone now, so that it is made anew at the next try.
pub(crate) fn discarded(known: &Known, fault: &ColumnsFault) -> bool {
    let ColumnsFault::Files(fault) = fault else { return false };
    // Where it cannot be removed the records have it all.
    columns_discard(&known.dir, fault, &ColumnsOptions::default()).unwrap_or(false)
}

/// Some partners of a window, as a replay takes them.
pub(crate) struct Partners<'a> {
    view: &'a ColumnsView,
    places: Range<usize>,
}

impl<'a> Partners<'a> {
    /// All of them.
    pub(crate) fn all(view: &'a ColumnsView) -> Self {
        Self { view, places: 0..view.partners() }
    }

    /// All of them, as many at once as have so many lines together, or one that has more.
    pub(crate) fn parts(view: &'a ColumnsView, lines_max: u64) -> Vec<Self> {
        let mut parts: Vec<Self> = Vec::new();
        let mut lines = 0_u64;
        for at in 0..view.partners() {
            lines += view.lines(at);
            match parts.last_mut().filter(|_| lines <= lines_max) {
                Some(part) => part.places.end = at + 1,
                None => {
                    lines = view.lines(at);
                    parts.push(Self { view, places: at..at + 1 });
                }
            }
        }
        parts
    }
}

impl ColumnsSource for Partners<'_> {
    type Error = ColumnsFault;

    fn classes(&self) -> &LineClasses {
        self.view.classes()
    }

    fn of_no_partner(&self) -> &FactsOfNoPartner {
        self.view.of_no_partner()
    }

    fn partners(&self) -> usize {
        self.places.len()
    }

    fn partner_id(&self, at: usize) -> &PartnerId {
        self.view.partner_id(self.places.start + at)
    }

    fn lines(&self, at: usize) -> u64 {
        self.view.lines(self.places.start + at)
    }

    fn columns(&self, at: usize) -> Result<Cow<'_, PartnerColumns>, ColumnsFault> {
        self.view.columns(self.places.start + at).map(Cow::Owned)
    }
}
