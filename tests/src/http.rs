//! Asking a service over HTTP, with nothing between.

use crate::daybook::PATIENCE;
use std::io::{Read, Write};
use std::net::TcpStream;

/// Status and body of a request.
///
/// # Panics
/// Where nobody answers, or not in HTTP.
#[must_use]
pub fn get(address: &str, path: &str) -> (u16, String) {
    try_get(address, path).unwrap_or_else(|| panic!("{address} does not answer {path} in HTTP"))
}

/// The same where the service may not listen yet, or may be dying: then nothing.
#[must_use]
pub fn try_get(address: &str, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}
