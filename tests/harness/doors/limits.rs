//! What a request may take; and what is never said.

use super::client::{self, Answer, Client};
use super::scene::{MONTH, PARTNER, Scene, sale};
use daybook_console::http::{CALLER_REQUESTS_MAX, HEADER_BYTES_MAX, URI_BYTES_MAX};
use daybook_tests::daybook::PATIENCE;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A service with small limits.
fn small() -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let daybook = daybook_tests::daybook::Daybook::on(&dir.path().join("ledger")).with("DAYBOOK_LOG", "debug");
    let config = dir.path().join("daybook.toml");
    std::fs::write(
        &config,
        "[http]\nbody_bytes_max = 2000\nrequest_seconds_max = 10\nrequests_max = 6\nqueries_max = 1\n[log]\nformat = \"text\"\n",
    )
    .unwrap();
    let config = config.to_str().unwrap().to_owned();
    Scene::serve(dir, daybook, &["--config", &config])
}

/// Waits until so many of these are answered: which of them come too late is chance.
fn wait_for_answers(streams: &[TcpStream], count: usize) {
    let since = Instant::now();
    let is_answered = |stream: &&TcpStream| {
        stream.set_nonblocking(true).unwrap();
        let seen = stream.peek(&mut [0]);
        stream.set_nonblocking(false).unwrap();
        seen.is_ok()
    };
    while streams.iter().filter(is_answered).count() < count {
        assert!(since.elapsed() < PATIENCE, "nobody is refused");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The statuses of all answers, sorted; each must be a whole fault.
fn statuses(streams: Vec<TcpStream>) -> Vec<u16> {
    let mut statuses: Vec<u16> = streams.into_iter().map(|stream| refused(client::read(stream)).status).collect();
    statuses.sort_unstable();
    statuses
}

fn refused(answer: Answer) -> Answer {
    let status = answer.status;
    assert!(status == 408 || answer.header("retry-after").is_some(), "{}", answer.head);
    answer.expect(status)
}

/// Begins a request whose body never comes.
fn hanging(client: &Client, token: &str) -> TcpStream {
    let mut stream = client.connect();
    let head = "POST /v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10\r\n";
    write!(stream, "{head}Authorization: Bearer {token}\r\n\r\nab").unwrap();
    stream
}

#[test]
fn what_is_too_large_is_refused_by_its_own_status() {
    let scene = small();
    let contoso = scene.of("contoso");
    contoso.post("/v1/events", &"x".repeat(2_001)).expect(413);
    let chunked = format!("800\r\n{}\r\n0\r\n\r\n", "x".repeat(2_048));
    contoso.send("POST", "/v1/events", "Transfer-Encoding: chunked\r\n", b"").expect(408);
    let mut stream = contoso.connect();
    let token = scene.tokens().nth(1).unwrap().to_owned();
    write!(
        stream,
        "POST /v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nAuthorization: Bearer {token}\r\n\r\n{chunked}"
    )
    .unwrap();
    client::read(stream).expect(413);
    contoso.get(&format!("/v1/head?{}", "x".repeat(URI_BYTES_MAX))).expect(414);
    contoso.send("GET", "/v1/head", &format!("X-Long: {}\r\n", "x".repeat(HEADER_BYTES_MAX)), b"").expect(431);
    scene.of("auditor").get(&format!("/v1/views?partner={}", "x".repeat(65))).expect(400);
    scene.of("auditor").get("/v1/views?limit=100000").expect(400);
    scene.of("auditor").get("/v1/views?book=/etc/hostname").expect(400);
    scene.end();
}

#[test]
fn a_body_that_does_not_come_and_too_many_at_once_are_refused() {
    let scene = small();
    let token =
        |name: &str| scene.tokens().nth(["auditor", "contoso", "fabrikam"].iter().position(|n| *n == name).unwrap());
    let (contoso, fabrikam) = (token("contoso").unwrap().to_owned(), token("fabrikam").unwrap().to_owned());
    let held: Vec<TcpStream> = (0..=CALLER_REQUESTS_MAX).map(|_| hanging(&scene.client, &contoso)).collect();
    wait_for_answers(&held, 1);
    // Two places are left for everybody together.
    let others: Vec<TcpStream> = (0..4).map(|_| hanging(&scene.client, &fabrikam)).collect();
    wait_for_answers(&others, 2);
    // Whoever looks after the service is answered all the same.
    assert_eq!(scene.client.get("/livez").status, 200);
    assert_eq!(statuses(held), [408, 408, 408, 408, 429]);
    assert_eq!(statuses(others), [408, 408, 503, 503]);
    scene.of("contoso").get("/v1/head").expect(200);
    scene.end();
}

#[test]
fn long_lists_come_in_pages() {
    let scene = Scene::start(&[]);
    let auditor = scene.of("auditor");
    let whole = auditor.get("/v1/rules").expect(200);
    assert_eq!(whole.header("daybook-next-offset"), None);
    let (mut rows, mut offset) = (Vec::new(), Some("0".to_owned()));
    while let Some(at) = offset {
        let page = auditor.get(&format!("/v1/rules?limit=2&offset={at}")).expect(200);
        offset = page.header("daybook-next-offset").map(str::to_owned);
        rows.push(lists(&page.json()));
    }
    assert!(rows.len() > 2, "{rows:?}");
    assert_eq!(rows.concat(), lists(&whole.json()));
    scene.end();
}

#[test]
fn no_secret_and_no_payload_is_in_the_log() {
    let scene = Scene::start(&[]);
    scene.of("contoso").post("/v1/events", &sale("contoso", "n-1", "123456.78")).expect(200);
    scene.of("contoso").post("/v1/events", &sale("fabrikam", "n-1", "1.00")).expect(403);
    scene.of("auditor").get(&format!("/v1/explain?partner={PARTNER}&month={MONTH}&claim=SECRET-CLAIM")).expect(400);
    scene.client.with("daybook-SECRET-TOKEN").get("/v1/head").expect(401);
    let tokens: Vec<String> = scene.tokens().map(str::to_owned).collect();
    let log = scene.end();
    assert!(log.contains("answered a request"), "{log}");
    for secret in tokens.iter().map(String::as_str).chain(["SECRET", "123456.78", "CUST-", "SUB-", "Bearer"]) {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
}

/// The rows of the longest list of a document.
fn lists(document: &serde_json::Value) -> Vec<serde_json::Value> {
    let of_fields =
        document.as_object().into_iter().flat_map(|fields| fields.values().filter_map(|list| list.as_array()));
    let lists = document.as_array().into_iter().chain(of_fields);
    lists.max_by_key(|list| list.len()).cloned().unwrap_or_default()
}
