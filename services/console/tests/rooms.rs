//! Room to compute: what one token asks for never keeps others from queries, nor queries from acts.

// A helper that fails is a test that fails.
#![allow(clippy::unwrap_used)]

use daybook_console::http::{Api, Desk, Limits, Ran, Running, Sources, Tokens, hash, serve};
use daybook_console::{Health, Measure, metrics};
use daybook_event::SourceId;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// Queries that never end, and acts that are done at once.
#[derive(Default)]
struct Slow {
    begun: Arc<AtomicUsize>,
}

impl Desk for Slow {
    fn head(&self) -> Result<Value, String> {
        Ok(json!({}))
    }

    fn record(&self, _: u64) -> Result<Option<Value>, String> {
        Ok(None)
    }

    fn sources(&self, _: &[u8]) -> Result<BTreeSet<SourceId>, String> {
        Ok(BTreeSet::from([SourceId::parse("a").unwrap()]))
    }

    fn ask(&self, _: Vec<String>) -> Running {
        let begun = Arc::clone(&self.begun);
        Box::pin(async move {
            begun.fetch_add(1, Ordering::SeqCst);
            std::future::pending().await
        })
    }

    fn act(&self, _: Vec<String>, _: Option<Vec<u8>>) -> Running {
        Box::pin(async { Ok(Ran { status: Some(0), output: b"{}".to_vec(), said: String::new() }) })
    }
}

struct NoFigures;

impl Measure for NoFigures {
    fn figures(&self) -> metrics::Figures {
        metrics::Figures::default()
    }
}

/// A door with a token for each of two distributors.
async fn door(begun: &Arc<AtomicUsize>) -> SocketAddr {
    let table = |name: &str| {
        let hash = hex::encode(hash(name));
        format!("[[token]]\nname = \"{name}\"\nrole = \"distributor\"\nsources = [\"{name}\"]\nsha256 = \"{hash}\"\n")
    };
    let tokens = Tokens::parse(&["a", "b"].map(table).concat()).unwrap();
    let (_, health) = watch::channel(Health::default());
    let (_, tokens) = watch::channel(Arc::new(tokens));
    let api = Some(Api { tokens, desk: Arc::new(Slow { begun: Arc::clone(begun) }) });
    let sources = Sources { health, measure: Arc::new(NoFigures), api, limits: Limits::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, sources, std::future::pending()));
    address
}

async fn send(address: SocketAddr, token: &str, request: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n");
    let length = format!("Content-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all((head + &length).as_bytes()).await.unwrap();
    stream
}

/// Waits until so many queries have begun.
async fn wait_for(begun: &AtomicUsize, count: usize) {
    let reached = async {
        while begun.load(Ordering::SeqCst) < count {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(20), reached).await.unwrap();
}

#[tokio::test]
async fn one_token_leaves_a_place_for_others_and_queries_leave_room_for_acts() {
    let begun = Arc::default();
    let address = door(&begun).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(send(address, "a", "GET /v1/receipts?source=a", "").await);
    }
    wait_for(&begun, 1).await;
    sleep(Duration::from_millis(200)).await;
    assert_eq!(begun.load(Ordering::SeqCst), 1, "one token has every place");
    held.push(send(address, "b", "GET /v1/receipts?source=b", "").await);
    wait_for(&begun, 2).await;
    // Each of its four requests is under way: the first must end before it may publish.
    drop(held.remove(0));
    let publish = async {
        loop {
            let mut answer = String::new();
            send(address, "a", "POST /v1/events", "{}").await.read_to_string(&mut answer).await.unwrap();
            if !answer.starts_with("HTTP/1.1 429") {
                return answer;
            }
        }
    };
    let answer = timeout(Duration::from_secs(20), publish).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
