//! Serving a ledger that follows a stream.

use super::config::Config;
use super::edges::{RetentionWatch, is_limited};
use super::figures::Measured;
use super::socket::Socket;
use super::timer::Timer;
use super::turns::{Asking, Turns};
use super::{ledger_open, project, reader_open};
use crate::cli::ServeArguments;
use crate::failure::{Failure, with_sources};
use crate::serve::health;
use crate::signing::KeyPlace;
use daybook_console::Health;
use daybook_event::Position;
use daybook_intake::nats::{NatsConnection, NatsOptions, StreamOptions, connect, ensure_stream};
use daybook_intake::{BatchLimits, IntakeOptions, IntakeProgress, MismatchPolicy};
use daybook_store::Binding;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Up to so many messages behind the stream, the views follow every batch.
const NEAR_MESSAGES: u64 = 10_000;
/// Farther behind, they follow after so long.
const HEAD_INTERVAL_FAR: Duration = Duration::from_secs(30);

pub(super) async fn serve(
    config: &Config,
    arguments: &ServeArguments,
    broker: NatsOptions,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let connection = connect(&broker).await.map_err(Failure::input)?;
    let stream = StreamOptions { name: config.stream.clone(), ..StreamOptions::default() };
    ensure_stream(&connection, &stream).await.map_err(Failure::input)?;
    let drained_at =
        if arguments.until_drained { Some(last_sequence(&connection, &config.stream).await?) } else { None };
    let ledger = ledger_open(config, Binding::Stream { name: config.stream.clone() })?;
    let reader = reader_open(config)?;
    let (publish_progress, mut progress) = watch::channel(IntakeProgress::default());
    let (publish_head, head) = watch::channel(ledger.head().position);
    let projecting = project(config, arguments.through, reader.clone(), head, stop.child_token())?;
    let (publish_health, health) = watch::channel(Health::default());
    let mut retention = RetentionWatch::new(is_limited(&connection, &config.stream).await?);
    let measured = Measured::new(config, reader.clone(), progress.clone(), &projecting, Some(retention.is_limited));
    let door = health::open(config, reader.clone(), health, measured, stop.clone()).await?;
    let (asked, to_do) = mpsc::channel(1);
    let asking = Asking { asked, timer: Timer::new(config.checkpoint_every) };
    let socket = Socket::bind(&config.ledger)?;
    let controls = {
        let stop = stop.clone();
        tokio::task::spawn_blocking(move || socket.serve(asking, &stop))
    };
    let intake = {
        let (connection, options, stop) = (connection.clone(), intake_options(config, arguments), stop.clone());
        let keys = KeyPlace::of(&config.ledger, config.signing_key.as_deref());
        let turns = Turns { connection, options, progress: publish_progress, keys, asked: to_do, stop: stop.clone() };
        tokio::spawn(async move {
            let end = turns.follow(ledger).await;
            // Whatever ended intake, nothing more will come for the projector.
            stop.cancel();
            end
        })
    };
    tracing::info!(ledger = %config.ledger.display(), stream = config.stream, "serving");
    let (mut published, mut rested) = (projecting.published.clone(), projecting.rested.clone());
    let mut head_told_at = Instant::now();
    loop {
        let now = progress.borrow().clone();
        let projected = published.borrow().as_ref().map_or(Position::ZERO, |checkpoint| checkpoint.position);
        // Far behind the stream, folding after every batch would fold the same partners a thousand times: the projector
        // hears of the head now and then, and at once when intake is near the stream's end.
        if now.stream_pending <= NEAR_MESSAGES || head_told_at.elapsed() >= HEAD_INTERVAL_FAR {
            publish_head.send_if_modified(|head| std::mem::replace(head, now.position) != now.position);
            head_told_at = Instant::now();
        }
        publish_health.send_replace(health::of(&now, projected));
        retention.look(&now);
        // Drained means: everything that the stream held at the start, and whatever came since and is known.
        let has_rested = *rested.borrow_and_update() == Some(now.position);
        if drained_at.is_some_and(|last| now.stream_sequence >= last) && now.is_caught_up() && has_rested {
            stop.cancel();
        }
        tokio::select! {
            () = stop.cancelled() => break,
            changed = progress.changed() => if changed.is_err() { break },
            changed = published.changed() => if changed.is_err() { break },
            changed = rested.changed() => if changed.is_err() { break },
        }
    }
    stop.cancel();
    let end = intake.await.map_err(Failure::input)?;
    controls.await.map_err(Failure::input)??;
    let projected = projecting.task.await.map_err(Failure::input)?;
    door.await.map_err(Failure::input)?;
    let position = progress.borrow().position;
    // The projector may have been behind; what it has is committed and it goes on from there at the next start.
    drop(projected.map_err(|error| Failure::Input(with_sources(&error)))?);
    let done = end.result.map_err(|error| Failure::Input(with_sources(&error)))?;
    if let Some(ledger) = end.ledger {
        ledger.close()?;
    }
    tracing::info!(%position, appended = done.appended, duplicates = done.duplicates, conflicts = done.conflicts,
        faulty = done.faulty, "stopped");
    Ok(())
}

async fn last_sequence(connection: &NatsConnection, stream: &str) -> Result<u64, Failure> {
    let context = async_nats::jetstream::new(connection.client().clone());
    let stream = context.get_stream(stream).await.map_err(Failure::input)?;
    Ok(stream.cached_info().state.last_sequence)
}

fn intake_options(config: &Config, arguments: &ServeArguments) -> IntakeOptions {
    let default = BatchLimits::default();
    IntakeOptions {
        batch: BatchLimits {
            events_max: config.batch_records_max.unwrap_or(default.events_max),
            bytes_max: config.batch_bytes_max.unwrap_or(default.bytes_max),
            age_ms_max: config.batch_age_ms_max.unwrap_or(default.age_ms_max),
        },
        on_mismatch: if arguments.accept_stream_reset { MismatchPolicy::Accept } else { MismatchPolicy::Stop },
        ..IntakeOptions::default()
    }
}
