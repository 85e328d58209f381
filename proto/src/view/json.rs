//! NDJSON in the common form: one object, its payload one object in it, names as the schema has them, each once, text
//! without escapes, and whole numbers bare or as text.

use super::schema::{MESSAGES, Message};
use super::value::{Value, text_value};
use super::{Fields, Head, wire};
use crate::limits::ENVELOPE_BYTES_MAX;
use daybook_event::PayloadKind;

/// A longer line may hold an envelope over the limit, which the long way measures.
const LINE_BYTES_MAX: usize = ENVELOPE_BYTES_MAX / 2;

const HEAD_NAMES: [&str; 6] = ["source", "event_id", "partner_id", "effective_on", "seq", "source_seq"];

/// Reads a line into a head and fields that are empty. What they hold is moved no more: it is several hundred bytes.
pub(super) fn read<'a>(line: &'a str, head: &mut Head<'a>, fields: &mut Fields<'a>) -> Option<&'static Message> {
    if line.len() > LINE_BYTES_MAX {
        return None;
    }
    let mut cursor = Cursor { line, at: 0 };
    let (mut seen, mut payload) = (0_u32, None);
    let mut is_first = true;
    while let Some(name) = cursor.name(&mut is_first)? {
        // Two payloads are one too many, as a name that comes twice.
        let at = HEAD_NAMES.iter().position(|known| *known == name).unwrap_or(HEAD_NAMES.len());
        if seen & 1 << at != 0 {
            return None;
        }
        seen |= 1 << at;
        match at {
            0 => head.source = cursor.quoted()?,
            1 => head.event_id = cursor.quoted()?,
            2 => head.partner_id = cursor.quoted()?,
            3 => head.effective_on = cursor.quoted()?,
            4 => head.seq = cursor.number()?.parse().ok()?,
            5 => head.source_seq = Some(cursor.number()?.parse().ok()?),
            _ => {
                let message = MESSAGES.iter().find(|message| message.kind.as_str() == name)?;
                fields_read(&mut cursor, message, fields)?;
                payload = Some(message);
            }
        }
    }
    cursor.end()?;
    wire::complete(payload?, fields)?;
    payload
}

/// Reads the payload's object.
fn fields_read<'a>(cursor: &mut Cursor<'a>, message: &Message, fields: &mut Fields<'a>) -> Option<()> {
    let (mut seen, mut next, mut is_first) = (0_u32, 0, true);
    while let Some(name) = cursor.name(&mut is_first)? {
        let at = place(message, name, next)?;
        let form = message.fields[at].form;
        if seen & 1 << at != 0 {
            return None;
        }
        seen |= 1 << at;
        next = at + 1;
        if form.is_int() {
            fields[at] =
                Some(cursor.number()?.parse().ok()?).filter(|int| *int != 0).map(Value::Int).unwrap_or_default();
            continue;
        }
        let text = cursor.quoted()?;
        if !text.is_empty() {
            fields[at] = text_value(form, text)?.0;
        } else if message.kind == PayloadKind::PartnerStanding {
            // A standing's value may be there and empty, which is another thing than none.
            return None;
        }
    }
    Some(())
}

/// Where a field stands. Writers keep the order, so the search begins behind the field before.
fn place(message: &Message, name: &str, next: usize) -> Option<usize> {
    let is_it = |at: &usize| message.fields[*at].name == name;
    (next..message.fields.len()).find(is_it).or_else(|| (0..next).find(is_it))
}

/// How many bytes stand before the first quote, backslash or control character. Eight are looked at as one number: in each
/// of the three, the high bit of a byte says that it is such, and of the lowest one that is never wrong.
fn plain_bytes(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x80 * ONES;
    let is_below = |eight: u64, bound: u64| eight.wrapping_sub(ONES * bound) & !eight & HIGHS;
    let is = |eight: u64, byte: u8| is_below(eight ^ (ONES * u64::from(byte)), 1);
    let (blocks, rest) = bytes.as_chunks::<8>();
    for (at, block) in blocks.iter().enumerate() {
        let eight = u64::from_le_bytes(*block);
        let special = is(eight, b'"') | is(eight, b'\\') | is_below(eight, u64::from(b' '));
        if special != 0 {
            return Some(at * 8 + special.trailing_zeros() as usize / 8);
        }
    }
    let in_rest = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))?;
    Some(blocks.len() * 8 + in_rest)
}

/// A line that is read from the front.
struct Cursor<'a> {
    line: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn byte(&self) -> Option<u8> {
        self.line.as_bytes().get(self.at).copied()
    }

    fn space_skip(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Passes this byte and the space around it, of which there mostly is none.
    fn pass(&mut self, byte: u8) -> Option<()> {
        if self.byte()? != byte {
            self.space_skip();
            if self.byte()? != byte {
                return None;
            }
        }
        self.at += 1;
        if self.byte().is_some_and(|next| next <= b' ') {
            self.space_skip();
        }
        Some(())
    }

    /// The next name of an object, past its colon; `None` inside at the object's end.
    fn name(&mut self, is_first: &mut bool) -> Option<Option<&'a str>> {
        if std::mem::take(is_first) {
            self.pass(b'{')?;
            if self.byte()? == b'}' {
                return self.pass(b'}').map(|()| None);
            }
        } else if self.pass(b',').is_none() {
            return self.pass(b'}').map(|()| None);
        }
        let name = self.quoted()?;
        self.pass(b':')?;
        Some(Some(name))
    }

    /// Text between quotes, without escapes.
    fn quoted(&mut self) -> Option<&'a str> {
        if self.byte()? != b'"' {
            return None;
        }
        let start = self.at + 1;
        let end = start + plain_bytes(&self.line.as_bytes()[start..])?;
        if self.line.as_bytes()[end] != b'"' {
            return None;
        }
        self.at = end + 1;
        self.line.get(start..end)
    }

    /// The digits of a whole number, bare or as text.
    fn number(&mut self) -> Option<&'a str> {
        let text = if self.byte()? == b'"' {
            self.quoted()?
        } else {
            let rest = &self.line[self.at..];
            let length = rest.bytes().position(|byte| !matches!(byte, b'0'..=b'9' | b'-')).unwrap_or(rest.len());
            self.at += length;
            &rest[..length]
        };
        let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
        let is_plain = match digits {
            [b'0'] => text == "0",
            [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
            _ => false,
        };
        is_plain.then_some(text)
    }

    /// Nothing but space may follow.
    fn end(&mut self) -> Option<()> {
        self.space_skip();
        (self.at == self.line.len()).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_byte_that_is_not_plain_is_found(
            bytes in prop::collection::vec(prop_oneof![8 => 0x1e_u8..=0xff, 1 => Just(b'"'), 1 => any::<u8>()], 0..40),
        ) {
            let expected = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
            prop_assert_eq!(plain_bytes(&bytes), expected);
        }
    }
}
