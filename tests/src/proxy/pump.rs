//! One connection through the proxy: both directions, frame by frame.

use super::frame::{Frame, Kind, take};
use super::{Acks, Orders, Plan, Shared};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;

/// How long a delivery waits for the one that shall pass it. Without one it goes on alone.
const REORDER_WAIT: Duration = Duration::from_millis(50);

/// A connection's number and orders.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) orders: watch::Receiver<Orders>,
    pub(super) shared: Arc<Shared>,
}

/// One more.
fn count(counter: &AtomicU64) -> u64 {
    counter.fetch_add(1, Ordering::Relaxed) + 1
}

fn cut() -> io::Error {
    io::Error::from(io::ErrorKind::ConnectionAborted)
}

impl Line {
    /// Passes frames on until either side ends or the line is cut; then both sides are closed.
    pub(super) async fn pass(self, client: TcpStream, broker: TcpStream) {
        let (client_read, client_write) = client.into_split();
        let (broker_read, broker_write) = broker.into_split();
        tokio::select! {
            // Either end is the end of the line: dropping both halves closes both sides.
            _ = self.clone().deliver(broker_read, client_write) => {}
            _ = self.send(client_read, broker_write) => {}
        }
    }

    /// The plan of now. Waits while nothing is passed on.
    async fn plan(&mut self) -> io::Result<Plan> {
        let number = self.number;
        let orders = self.orders.wait_for(|orders| !orders.plan.is_deaf && orders.frozen_to < number).await;
        orders.map(|orders| orders.plan).map_err(|_| cut())
    }

    /// From the client to the broker.
    async fn send(mut self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> io::Result<()> {
        let mut buffer = Vec::new();
        let mut late: Option<(tokio::time::Instant, Frame)> = None;
        loop {
            let due = late.as_ref().map_or_else(far, |(at, _)| *at);
            tokio::select! {
                next = next_frame(&mut from, &mut buffer) => {
                    let frame = next?;
                    let acks = self.plan().await?.acks;
                    match (frame.kind, acks) {
                        (Kind::Ack, Acks::Swallow) => drop(count(&self.shared.counts.acks_swallowed)),
                        (Kind::Ack, Acks::Late(by)) => {
                            count(&self.shared.counts.acks_late);
                            // The newest covers all before it; the first one's moment stays.
                            let at = late.as_ref().map_or_else(|| tokio::time::Instant::now() + by, |(at, _)| *at);
                            late = Some((at, frame));
                        }
                        _ => to.write_all(&frame.bytes).await?,
                    }
                }
                () = tokio::time::sleep_until(due), if late.is_some() => {
                    if let Some((_, frame)) = late.take() {
                        to.write_all(&frame.bytes).await?;
                    }
                }
            }
        }
    }

    /// From the broker to the client.
    async fn deliver(mut self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> io::Result<()> {
        let mut buffer = Vec::new();
        let mut held: Option<Frame> = None;
        loop {
            let next = match &held {
                Some(_) => tokio::time::timeout(REORDER_WAIT, next_frame(&mut from, &mut buffer)).await.ok(),
                None => Some(next_frame(&mut from, &mut buffer).await),
            };
            let plan = self.plan().await?;
            if let Some(frame) = next {
                let frame = frame?;
                if held.is_none() && self.is_held(&frame, &plan) {
                    held = Some(frame);
                    continue;
                }
                self.deliver_one(frame, &plan, &mut to).await?;
            }
            if let Some(frame) = held.take() {
                write(&mut to, &frame.bytes, &plan).await?;
            }
        }
    }

    fn is_held(&self, frame: &Frame, plan: &Plan) -> bool {
        let is_held = matches!(frame.kind, Kind::Delivery { .. }) && self.shared.hits(plan.reorder_per_mille);
        if is_held {
            count(&self.shared.counts.deliveries);
            count(&self.shared.counts.reordered);
        }
        is_held
    }

    async fn deliver_one(&self, frame: Frame, plan: &Plan, to: &mut OwnedWriteHalf) -> io::Result<()> {
        let (shared, counts) = (&self.shared, &self.shared.counts);
        let Kind::Delivery { is_again } = frame.kind else { return write(to, &frame.bytes, plan).await };
        count(&counts.deliveries);
        if is_again {
            count(&counts.redeliveries);
        }
        if shared.hits(plan.cut_per_mille) {
            if count(&counts.cut).is_multiple_of(2) {
                write(to, &frame.bytes[..frame.bytes.len() / 2], plan).await?;
            }
            return Err(cut());
        }
        if shared.hits(plan.drop_per_mille) {
            count(&counts.dropped);
            return Ok(());
        }
        if shared.hits(plan.delay_per_mille) {
            count(&counts.delayed);
            tokio::time::sleep(plan.delay).await;
        }
        write(to, &frame.bytes, plan).await?;
        if shared.hits(plan.duplicate_per_mille) {
            count(&counts.duplicated);
            write(to, &frame.bytes, plan).await?;
        }
        Ok(())
    }
}

/// A moment that no test lives to see.
fn far() -> tokio::time::Instant {
    tokio::time::Instant::now() + Duration::from_secs(86_400)
}

/// The next whole frame. May be dropped while it waits: what was read stays in the buffer.
async fn next_frame(from: &mut OwnedReadHalf, buffer: &mut Vec<u8>) -> io::Result<Frame> {
    loop {
        if let Some(frame) = take(buffer).map_err(io::Error::other)? {
            return Ok(frame);
        }
        if from.read_buf(buffer).await? == 0 {
            return Err(cut());
        }
    }
}

/// Writes, as slowly as the plan says.
async fn write(to: &mut OwnedWriteHalf, bytes: &[u8], plan: &Plan) -> io::Result<()> {
    to.write_all(bytes).await?;
    if let Some(rate) = plan.bytes_per_second_max {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        tokio::time::sleep(Duration::from_micros(length.saturating_mul(1_000_000) / rate.max(1))).await;
    }
    Ok(())
}
