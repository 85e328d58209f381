//! A bad line to the broker: stands between a client and a nats-server on loopback, and does to their messages what a
//! test asks for.

mod frame;
mod pump;

use crate::dice::Dice;
use pump::Line;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// What becomes of acknowledgements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Acks {
    /// They pass.
    #[default]
    Pass,
    /// They never arrive.
    Swallow,
    /// They arrive so much later.
    Late(Duration),
}

/// What is done to messages. The default does nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Plan {
    /// Of a thousand deliveries, how many are dropped.
    pub drop_per_mille: u64,
    /// Of a thousand deliveries, how many arrive twice.
    pub duplicate_per_mille: u64,
    /// Of a thousand deliveries, how many arrive after the one behind them.
    pub reorder_per_mille: u64,
    /// Of a thousand deliveries, how many are held up, with all behind them, and for how long.
    pub delay_per_mille: u64,
    /// How long a delivery is held up.
    pub delay: Duration,
    /// Of a thousand deliveries, how many are the last of their connection: it is cut instead, every second time in the
    /// middle of the message.
    pub cut_per_mille: u64,
    /// What becomes of acknowledgements.
    pub acks: Acks,
    /// The most bytes a second from the broker to the client; none: no limit.
    pub bytes_per_second_max: Option<u64>,
    /// Connections are accepted, and nothing is passed on, not on those that stand either.
    pub is_deaf: bool,
}

/// How often something was done.
#[derive(Debug, Default)]
pub struct Counts {
    connections: AtomicU64,
    deliveries: AtomicU64,
    redeliveries: AtomicU64,
    dropped: AtomicU64,
    duplicated: AtomicU64,
    reordered: AtomicU64,
    delayed: AtomicU64,
    cut: AtomicU64,
    acks_swallowed: AtomicU64,
    acks_late: AtomicU64,
    frozen: AtomicU64,
}

macro_rules! reading {
    ($($name:ident: $doc:literal),* $(,)?) => {
        impl Counts {
            $(#[doc = $doc]
            #[must_use]
            pub fn $name(&self) -> u64 {
                self.$name.load(Ordering::Relaxed)
            })*
        }

        impl fmt::Display for Counts {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let all = [$((stringify!($name), self.$name())),*];
                let told: Vec<String> =
                    all.iter().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{name} {count}")).collect();
                f.write_str(&told.join(", "))
            }
        }
    };
}

reading! {
    connections: "Connections made.",
    deliveries: "Messages of the stream that came from the broker.",
    redeliveries: "Those among them that the broker had sent before.",
    dropped: "Deliveries dropped.",
    duplicated: "Deliveries passed on twice.",
    reordered: "Deliveries passed on after the one behind them.",
    delayed: "Deliveries held up.",
    cut: "Connections cut.",
    acks_swallowed: "Acknowledgements that never arrived.",
    acks_late: "Acknowledgements that arrived late.",
    frozen: "Connections that nothing passes on any more.",
}

/// What all connections share.
#[derive(Debug)]
struct Shared {
    counts: Counts,
    dice: Mutex<Dice>,
}

impl Shared {
    /// Whether it happens now.
    fn hits(&self, per_mille: u64) -> bool {
        per_mille > 0 && self.dice.lock().unwrap_or_else(PoisonError::into_inner).between(1, 1_000) <= per_mille
    }
}

/// What a connection may do: all of it, or nothing any more.
#[derive(Debug, Clone, Copy, Default)]
struct Orders {
    plan: Plan,
    /// Connections up to this number are frozen for good.
    frozen_to: u64,
}

/// The proxy. It ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    orders: watch::Sender<Orders>,
    shared: Arc<Shared>,
    _runtime: Runtime,
}

impl Proxy {
    /// Listens on a free port of loopback and passes everything on to this one.
    #[must_use]
    pub fn start(broker_port: u16, seed: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let shared = Arc::new(Shared { counts: Counts::default(), dice: Mutex::new(Dice::new(seed)) });
        let (orders, received) = watch::channel(Orders::default());
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0))).expect("a port on loopback");
        let port = listener.local_addr().expect("a listener has an address").port();
        runtime.spawn(accept(listener, broker_port, received, Arc::clone(&shared)));
        Self { port, orders, shared, _runtime: runtime }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Does this from now on.
    pub fn set(&self, plan: Plan) {
        self.orders.send_modify(|orders| orders.plan = plan);
    }

    /// Leaves the connections that stand open, and passes nothing on in them any more: a peer that is gone without a word.
    pub fn freeze(&self) {
        let connections = self.counts().connections();
        self.orders.send_modify(|orders| {
            self.shared.counts.frozen.fetch_add(connections - orders.frozen_to, Ordering::Relaxed);
            orders.frozen_to = connections;
        });
    }

    /// What it has done so far.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.shared.counts
    }
}

async fn accept(listener: TcpListener, broker_port: u16, orders: watch::Receiver<Orders>, shared: Arc<Shared>) {
    while let Ok((client, _)) = listener.accept().await {
        let number = shared.counts.connections.fetch_add(1, Ordering::Relaxed) + 1;
        let line = Line { number, orders: orders.clone(), shared: Arc::clone(&shared) };
        tokio::spawn(async move {
            // A broker that is away looks from here like one that closes at once.
            let is_slow = line.orders.borrow().plan.bytes_per_second_max.is_some();
            if let Ok(broker) = dial(broker_port, is_slow).await {
                line.pass(client, broker).await;
            }
        });
    }
}

/// Connects to the broker. For a slow line with next to no room on our side: the system would take megabytes off the broker's
/// hands otherwise.
async fn dial(broker_port: u16, is_slow: bool) -> std::io::Result<TcpStream> {
    const RECEIVE_BYTES_SLOW: u32 = 4_096;
    let socket = TcpSocket::new_v4()?;
    if is_slow {
        socket.set_recv_buffer_size(RECEIVE_BYTES_SLOW)?;
    }
    socket.connect(SocketAddr::from(([127, 0, 0, 1], broker_port))).await
}
