//! Serving a ledger bound to files: writing verbs come through the socket in its folder.

use super::config::Config;
use super::figures::Measured;
use super::socket::Socket;
use super::timer::Timer;
use super::writer::{Told, Writer};
use super::{ledger_open, project, reader_open};
use crate::cli::ServeArguments;
use crate::failure::{Failure, with_sources};
use crate::serve::health;
use crate::signing::KeyPlace;
use daybook_console::Health;
use daybook_event::Position;
use daybook_intake::IntakeProgress;
use daybook_store::{Binding, LEDGER_FILE};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub(super) async fn serve(config: &Config, arguments: &ServeArguments, stop: CancellationToken) -> Result<(), Failure> {
    let is_new = !config.ledger.join(LEDGER_FILE).exists();
    let ledger = ledger_open(config, Binding::Files)?;
    if is_new {
        tracing::warn!(ledger = %config.ledger.display(), "made a new ledger bound to files, since no broker was named: \
            to follow a stream, give --nats and another folder");
    }
    let reader = reader_open(config)?;
    let (publish_head, head) = watch::channel(ledger.head().position);
    let mut heads = head.clone();
    let projecting = project(config, arguments.through, reader.clone(), head, stop.child_token())?;
    let (publish_health, health) = watch::channel(Health::default());
    let (publish_progress, progress) =
        watch::channel(IntakeProgress { is_following: true, ..IntakeProgress::default() });
    let measured = Measured::new(config, reader.clone(), progress.clone(), &projecting, None);
    let door = health::open(config, reader, health, measured, stop.clone()).await?;
    let told = Told { head: publish_head, progress: publish_progress };
    let socket = Socket::bind(&config.ledger)?;
    let keys = KeyPlace::of(&config.ledger, config.signing_key.as_deref());
    let timer = Timer::new(config.checkpoint_every);
    let tried_at = std::time::Instant::now();
    let writer = Writer { ledger, told, is_four_eyes: config.four_eyes, keys, timer, tried_at };
    let writer = {
        let stop = stop.clone();
        tokio::task::spawn_blocking(move || socket.serve(writer, &stop))
    };
    tracing::info!(ledger = %config.ledger.display(), "serving; imports come through the socket in its folder");
    let (mut published, mut rested) = (projecting.published.clone(), projecting.rested.clone());
    let mut taking = progress;
    loop {
        let position = *heads.borrow();
        let projected = published.borrow().as_ref().map_or(Position::ZERO, |checkpoint| checkpoint.position);
        publish_health.send_replace(Health {
            is_following: true,
            has_disk_trouble: taking.borrow_and_update().disk_trouble.is_some(),
            position,
            projected,
            lag_messages: 0,
            lag_records: position.number().saturating_sub(projected.number()),
        });
        if arguments.until_drained && *rested.borrow_and_update() == Some(position) {
            stop.cancel();
        }
        tokio::select! {
            () = stop.cancelled() => break,
            changed = heads.changed() => if changed.is_err() { break },
            changed = taking.changed() => if changed.is_err() { break },
            changed = published.changed() => if changed.is_err() { break },
            changed = rested.changed() => if changed.is_err() { break },
        }
    }
    stop.cancel();
    let written = writer.await.map_err(Failure::input)?;
    let projected = projecting.task.await.map_err(Failure::input)?;
    door.await.map_err(Failure::input)?;
    // Closed last: the projector reads the ledger until its step is done.
    let ledger = written?.ledger;
    drop(projected.map_err(|error| Failure::Input(with_sources(&error)))?);
    Ok(ledger.close()?)
}
