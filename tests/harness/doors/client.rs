//! A client that can also be wrong: it writes what it is told, byte for byte.

use daybook_tests::daybook::PATIENCE;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    /// The body as JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }

    /// It must have this status, and be a whole fault if that is one.
    pub(super) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}\n{}", self.head, self.body);
        if status >= 400 && status != 409 {
            let fault = self.json();
            for field in ["error", "what", "where", "what_to_do"] {
                assert!(fault[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {fault}");
            }
        }
        for header in ["x-content-type-options: nosniff", "cache-control: no-store", "content-security-policy: "] {
            assert!(self.head.contains(header), "{header}: {}", self.head);
        }
        assert!(!self.head.contains("access-control"), "{}", self.head);
        self
    }

    /// A header's value.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// The door, and a token or none.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) address: String,
    token: Option<String>,
}

impl Client {
    pub(super) fn new(address: &str) -> Self {
        Self { address: address.to_owned(), token: None }
    }

    /// The same with a token.
    pub(super) fn with(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "", b"")
    }

    pub(super) fn post(&self, path: &str, body: &str) -> Answer {
        self.send("POST", path, "", body.as_bytes())
    }

    pub(super) fn post_json(&self, path: &str, body: &Value) -> Answer {
        self.post(path, &body.to_string())
    }

    /// Sends a request with these header lines more.
    pub(super) fn send(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let token = self.token.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let host = &self.address;
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{token}{length}{headers}\r\n");
        let mut stream = self.connect();
        stream.write_all(head.as_bytes()).unwrap();
        // The door may answer before it has read a body that it refuses.
        let _ = stream.write_all(body);
        read(stream)
    }

    pub(super) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }
}

/// Reads an answer to its end.
pub(super) fn read(mut stream: TcpStream) -> Answer {
    let mut answer = Vec::new();
    let mut part = [0_u8; 8_192];
    // A door that hangs up on a body that it did not read resets the connection, after its answer.
    while let Ok(length) = stream.read(&mut part) {
        if length == 0 {
            break;
        }
        answer.extend_from_slice(&part[..length]);
    }
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no HTTP: {answer:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
    Answer { status, head: head.to_lowercase().replace("\r\n", "\n"), body: body.to_owned() }
}
