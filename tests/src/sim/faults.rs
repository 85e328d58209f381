//! When the machine dies and the disk refuses: drawn before something is done, judged after it.

use super::Sim;
use super::process::Process;
use crate::disk::{Fault, SimDisk};
use daybook_store::crash_points_watch;
use std::cell::RefCell;
use std::rc::Rc;

/// Where a process may die, by name, while it does one of these.
fn points_of(what: &str) -> &'static [&'static str] {
    match what {
        APPENDING => &[
            "intake:before_append",
            "append:begin",
            "append:sealed",
            "append:records_written",
            "append:before_commit",
            "append:after_commit",
            "intake:after_append_before_ack",
        ],
        PROJECTING => &[
            "projector:before_commit",
            "projector:after_commit",
            "projector:built",
            "derived:before_commit",
            "derived:after_commit",
        ],
        CHECKPOINT => &["checkpoint:before_commit", "checkpoint:after_commit"],
        _ => &[],
    }
}

/// What has points of its own.
pub(super) const APPENDING: &str = "appending";
pub(super) const PROJECTING: &str = "projecting";
pub(super) const CHECKPOINT: &str = "keeping a checkpoint";

/// One thing is done while at most one of these waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Armed {
    Point(&'static str),
    Disk(Fault),
}

/// The point that waits, shared with whoever watches the points.
#[derive(Clone, Default)]
pub(super) struct Points(Rc<RefCell<Waiting>>);

#[derive(Default)]
struct Waiting {
    disk: Option<SimDisk>,
    name: &'static str,
    passed: bool,
}

impl Points {
    /// Watches the points that this thread passes.
    pub(super) fn watched() -> Self {
        let points = Self::default();
        let shared = Rc::clone(&points.0);
        crash_points_watch(Some(Box::new(move |name| {
            let mut waiting = shared.borrow_mut();
            if waiting.name == name
                && let Some(disk) = waiting.disk.take()
            {
                // Dead from here on: nothing reaches the disk any more.
                disk.arm(Fault::PowerLoss, 0);
                waiting.passed = true;
            }
        })));
        points
    }

    fn arm(&self, disk: &SimDisk, name: &'static str) {
        *self.0.borrow_mut() = Waiting { disk: Some(disk.clone()), name, passed: false };
    }

    fn disarm(&self) -> bool {
        std::mem::take(&mut *self.0.borrow_mut()).passed
    }
}

impl Sim {
    fn arm(&mut self, what: &str) -> Option<Armed> {
        if !self.chance(5) {
            return None;
        }
        let points = points_of(what);
        if !points.is_empty() && self.chance(2) {
            let name = points[self.dice.place(points.len())];
            self.points.arm(&self.disk, name);
            return Some(Armed::Point(name));
        }
        let fault = match self.dice.between(0, 11) {
            0..=3 => Fault::PowerLoss,
            4 | 5 => Fault::TornWrite,
            6 => Fault::ShortWrite,
            7 => Fault::WriteError,
            8 => Fault::SyncError,
            9 => Fault::ReadError,
            10 => Fault::DiskFull,
            _ => Fault::ReadOnly,
        };
        let at = self.dice.between(0, if fault == Fault::SyncError { 2 } else { 14 });
        self.disk.arm(fault, at);
        Some(Armed::Disk(fault))
    }

    /// Does something with the process while a fault may strike. None where it died or failed of that fault: it is gone
    /// then. An error without a fault is a failure of the simulation.
    pub(super) fn act<T>(
        &mut self,
        what: &str,
        action: impl FnOnce(&mut Self) -> Result<T, String>,
    ) -> Result<Option<T>, String> {
        let armed = self.arm(what);
        let result = action(self);
        let passed = self.points.disarm();
        let struck = match armed {
            None => None,
            Some(Armed::Point(name)) => passed.then_some((format!("point:{name}"), true)),
            Some(Armed::Disk(fault)) => self.disk.struck().map(|_| {
                let dies = matches!(fault, Fault::PowerLoss | Fault::TornWrite | Fault::SyncError);
                (name_of(fault).to_owned(), dies)
            }),
        };
        let Some((name, dies)) = struck else {
            self.disk.mend();
            return result.map(Some).map_err(|why| format!("{what}: {why}"));
        };
        self.counts.see(name.as_str());
        self.note(format!(
            "  {name} strikes while {what}: {}",
            result.as_ref().map_or_else(String::as_str, |_| "done")
        ));
        match result {
            // Damage would be a silent difference: a fault of these kinds must be called what it is.
            Err(why) if why.contains("damaged") => Err(format!("{what}, after {name}: {why}")),
            Ok(done) if !dies => {
                self.disk.mend();
                Ok(Some(done))
            }
            _ => {
                self.gone(dies);
                Ok(None)
            }
        }
    }

    /// The process is no more; with the machine, where that died too.
    fn gone(&mut self, machine: bool) {
        self.process = None;
        if machine {
            self.disk.crash();
            self.counts.see("process:crashed");
        } else {
            self.disk.mend();
        }
    }

    /// The process at work, opened where there is none: it goes on from what is durable. None where it died of it.
    pub(super) fn up(&mut self) -> Result<bool, String> {
        if self.process.is_some() {
            return Ok(true);
        }
        let is_up = self.open()?;
        if is_up {
            self.look()?;
            self.pending.clear();
        }
        Ok(is_up)
    }

    /// Opens the process, where that does not kill it.
    pub(super) fn open(&mut self) -> Result<bool, String> {
        let opened = self.act("opening", |sim| Process::open(&sim.disk, sim.now))?;
        let Some(process) = opened else { return Ok(false) };
        self.process = Some(process);
        self.counts.see("process:opened");
        Ok(true)
    }
}

fn name_of(fault: Fault) -> &'static str {
    match fault {
        Fault::PowerLoss => "disk:power_loss",
        Fault::TornWrite => "disk:torn_write",
        Fault::ShortWrite => "disk:short_write",
        Fault::WriteError => "disk:write_error",
        Fault::SyncError => "disk:sync_error",
        Fault::ReadError => "disk:read_error",
        Fault::DiskFull => "disk:full",
        Fault::ReadOnly => "disk:read_only",
        Fault::LostSync | Fault::FlippedWrite | Fault::FlippedRead | Fault::Misdirected => "disk:silent",
    }
}
