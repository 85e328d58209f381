//! How long a large ledger takes to be served: after a stop in good order, and after a kill.

use crate::data::{Data, History, Wire};
use crate::measure::{Samples, Unit, micros};
use crate::process::{Serving, run};
use crate::report::{Report, Row, Target};
use daybook_tests::http::try_get;
use std::path::{Path, PathBuf};
use std::time::Duration;

const READY: &str = "/readyz";
const LOOK: Duration = Duration::from_millis(1);
/// A first fold of everything may take its time.
const PATIENCE: Duration = Duration::from_secs(3_600);
/// What is imported while the service is killed.
const MEANWHILE_EVENTS: u64 = 20_000;
/// After its import begins, so that something is being written.
const KILL_AFTER: Duration = Duration::from_millis(150);

/// `serve` on a ledger of files.
pub(crate) struct Service {
    serving: Serving,
    address: String,
    /// From its start until it was ready.
    pub(crate) ready_micros: u64,
}

impl Service {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(data: &Data, ledger: &Path) -> Result<Self, String> {
        Self::start_with(data, ledger, &[])
    }

    /// The same with more arguments.
    pub(crate) fn start_with(data: &Data, ledger: &Path, more: &[&str]) -> Result<Self, String> {
        let through = data.options.through();
        let mut command = data.daybook.on(ledger, &["serve", "--listen", "127.0.0.1:0", "--through", &through]);
        let mut serving = Serving::start(command.args(more), data.place("serve.log"))?;
        loop {
            serving.check()?;
            if let Some(address) = address(&serving.said())
                && try_get(&address, READY).is_some_and(|(status, _)| status == 200)
            {
                let ready_micros = micros(serving.since.elapsed());
                return Ok(Self { serving, address, ready_micros });
            }
            if serving.since.elapsed() > PATIENCE {
                return Err(format!("the service is never ready: {}", serving.said()));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until its views are those of all records; how long after its start that was.
    pub(crate) fn wait_for_views(&mut self) -> Result<u64, String> {
        loop {
            let lag = try_get(&self.address, READY)
                .and_then(|(_, body)| serde_json::from_str::<serde_json::Value>(&body).ok()?["lag_records"].as_u64());
            if lag == Some(0) {
                return Ok(micros(self.serving.since.elapsed()));
            }
            self.serving.check()?;
            if self.serving.since.elapsed() > PATIENCE {
                return Err(format!("the views are never made: {}", self.serving.said()));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Stops it in good order.
    pub(crate) fn stop(self) -> Result<(), String> {
        self.serving.stop()
    }

    /// Kills it.
    pub(crate) fn kill(self) -> Result<(), String> {
        self.serving.kill()
    }
}

/// The address that a log names.
fn address(log: &str) -> Option<String> {
    let (_, rest) = log.split_once("listen=")?;
    let (address, _) = rest.split_once('\n')?;
    Some(address.trim().to_owned())
}

pub(crate) fn measure(data: &Data, report: &mut Report) -> Result<(), String> {
    let ledger = data.ledger(data.main())?;
    // Its views may be there already, from what was measured before.
    let _ = std::fs::remove_file(ledger.join("derived.redb"));
    let mut first = Service::start(data, &ledger)?;
    report.add(Row::new("views made for the first time", Samples::one(Unit::Micros, first.wait_for_views()?)));
    first.stop()?;
    let (mut stopped, mut killed) = (Samples::new(Unit::Micros), Samples::new(Unit::Micros));
    for round in 0..data.options.rounds {
        let service = Service::start(data, &ledger)?;
        stopped.push(service.ready_micros);
        kill_at_work(data, &ledger, service, round)?;
        let service = Service::start(data, &ledger)?;
        killed.push(service.ready_micros);
        service.stop()?;
    }
    report.add(Row::new("ready after a stop in good order", stopped).target(Target::AtMost(1_000_000)));
    report.add(Row::new("ready after kill -9", killed).target(Target::AtMost(1_000_000)));
    Ok(())
}

/// Kills a service while an import writes through it.
fn kill_at_work(data: &Data, ledger: &Path, service: Service, round: usize) -> Result<(), String> {
    let file = meanwhile(data, round)?;
    let mut import = data.daybook.on(ledger, &["import", "--from", "ndjson"]);
    import.arg(&file);
    let importing = std::thread::spawn(move || run(&mut import));
    std::thread::sleep(KILL_AFTER);
    service.kill()?;
    // It fails where the kill came before its end, as it should.
    let _ = importing.join();
    std::fs::remove_file(&file).map_err(|error| error.to_string())
}

/// Events of sources that the ledger has not seen: all of them are new records.
fn meanwhile(data: &Data, round: usize) -> Result<PathBuf, String> {
    let seed = 1_000 + round as u64;
    let history = History { events: MEANWHILE_EVENTS, partners: 100, seed };
    let file = data.file(history, Wire::Ndjson)?;
    let text = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;
    let text = text.replace("\"source\":\"", &format!("\"source\":\"again-{round}-"));
    std::fs::write(&file, text).map_err(|error| error.to_string())?;
    Ok(file)
}
