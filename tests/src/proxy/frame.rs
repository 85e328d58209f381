//! The client protocol of NATS, as far as it takes to tell one message from the next.

/// A line ends so, and so does a payload.
const LINE_END: &[u8] = b"\r\n";

/// What a frame is to the proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A message of a stream, on its way to a consumer.
    Delivery {
        /// Whether the broker has sent it before.
        is_again: bool,
    },
    /// An acknowledgement, on its way to the broker.
    Ack,
    /// Everything else.
    Other,
}

/// One frame, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) bytes: Vec<u8>,
    pub(super) kind: Kind,
}

/// Takes the first whole frame off the buffer; none while it is not whole.
///
/// # Errors
/// What is no frame: the line.
pub(super) fn take(buffer: &mut Vec<u8>) -> Result<Option<Frame>, String> {
    let Some(line_length) = find(buffer, LINE_END) else { return Ok(None) };
    let line = String::from_utf8_lossy(&buffer[..line_length]).into_owned();
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let (payload, kind) = match words.as_slice() {
        ["MSG" | "HMSG", _, _, middle @ .., bytes] => (Some(*bytes), delivery(middle)),
        ["PUB" | "HPUB", subject, .., bytes] if is_receipt(subject) => (Some(*bytes), Kind::Ack),
        ["PUB" | "HPUB", _, .., bytes] => (Some(*bytes), Kind::Other),
        _ => (None, Kind::Other),
    };
    let payload_length = match payload {
        Some(bytes) => bytes.parse::<usize>().map_err(|_| line.clone())? + LINE_END.len(),
        None => 0,
    };
    let length = line_length + LINE_END.len() + payload_length;
    if buffer.len() < length {
        return Ok(None);
    }
    let rest = buffer.split_off(length);
    Ok(Some(Frame { bytes: std::mem::replace(buffer, rest), kind }))
}

/// Whether a message with this reply subject, and whatever else stands between subscription and length, comes of a stream.
fn delivery(middle: &[&str]) -> Kind {
    match middle.first().filter(|reply| is_receipt(reply)) {
        // $JS.ACK.<stream>.<consumer>.<times sent>.<stream sequence>.<consumer sequence>.<time>.<pending>
        Some(reply) => Kind::Delivery { is_again: reply.split('.').rev().nth(4).is_some_and(|times| times != "1") },
        None => Kind::Other,
    }
}

fn is_receipt(subject: &str) -> bool {
    subject.starts_with("$JS.ACK.")
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(text: &str) -> (Vec<(usize, Kind)>, usize) {
        let (mut buffer, mut found) = (text.as_bytes().to_vec(), Vec::new());
        while let Some(frame) = take(&mut buffer).unwrap() {
            found.push((frame.bytes.len(), frame.kind));
        }
        (found, buffer.len())
    }

    #[test]
    fn frames_are_told_apart_by_their_lengths() {
        let first = "MSG _INBOX.a 1 $JS.ACK.S.c.1.7.3.99.0 4\r\n\r\n\r\n\r\n";
        let again = "HMSG _INBOX.a 1 $JS.ACK.S.c.2.7.4.99.0 2 4\r\nabcd\r\n";
        let (found, rest) = frames(&format!("INFO {{}}\r\n{first}{again}PING\r\nMSG x 1 5\r\nab"));
        let expected = [
            (9, Kind::Other),
            (first.len(), Kind::Delivery { is_again: false }),
            (again.len(), Kind::Delivery { is_again: true }),
            (6, Kind::Other),
        ];
        assert_eq!((found.as_slice(), rest), (expected.as_slice(), 13));
        let (found, rest) = frames("PUB $JS.ACK.S.c.1.7.3.99.0 4\r\n+ACK\r\nPUB csp.events.a inbox 2\r\nab\r\nPI");
        assert_eq!((found[0].1, found[1].1, rest), (Kind::Ack, Kind::Other, 2));
    }

    #[test]
    fn a_length_that_is_none_is_said() {
        assert_eq!(take(&mut b"PUB a many\r\n".to_vec()), Err("PUB a many".to_owned()));
    }
}
