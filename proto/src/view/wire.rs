//! Protobuf in the common form: fields in the order of their numbers, each once, none unknown, none with its default
//! written out, numbers in as few bytes as they need. So writes every encoder that follows the order; the long way reads
//! the rest.

use super::schema::{MESSAGES, Message};
use super::value::{Value, absent_value, bytes_value};
use super::{Fields, Head};

/// Bytes that are read from the front.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a [u8]);

/// How a field's value is laid down.
const VARINT: u64 = 0;
const DELIMITED: u64 = 2;

impl<'a> Reader<'a> {
    /// A number in base 128, in as few bytes as it needs.
    fn varint(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first()?;
        if *first < 0x80 {
            self.0 = rest;
            return Some(u64::from(*first));
        }
        let mut number = 0;
        for (at, byte) in self.0.iter().take(10).enumerate() {
            let bits = u64::from(byte & 0x7f);
            number |= bits.checked_shl(7 * u32::try_from(at).ok()?)?;
            if *byte < 0x80 {
                self.0 = &self.0[at + 1..];
                // The tenth byte holds one bit; a last byte of nothing is one too many.
                return (*byte != 0 && (at < 9 || *byte == 1)).then_some(number);
            }
        }
        None
    }

    /// The next field's number and layout, which must come after `last`; none at the end.
    fn key(&mut self, last: u64) -> Option<Option<(u64, u64)>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let key = self.varint()?;
        let number = key >> 3;
        (number > last).then_some(Some((number, key & 7)))
    }

    fn delimited(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    /// Text that is there.
    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.delimited()?).ok().filter(|text| !text.is_empty())
    }

    /// A number that is not its default.
    fn number(&mut self) -> Option<u64> {
        self.varint().filter(|number| *number != 0)
    }
}

/// Reads the head and finds the payload with its number; the payload's own bytes are not looked at.
pub(super) fn head<'a>(bytes: &'a [u8], head: &mut Head<'a>) -> Option<(u64, &'a [u8])> {
    let mut reader = Reader(bytes);
    let mut last = 0;
    while let Some((number, layout)) = reader.key(last)? {
        last = number;
        match (number, layout) {
            (1, DELIMITED) => head.source = reader.text()?,
            (2, DELIMITED) => head.event_id = reader.text()?,
            (3, DELIMITED) => head.partner_id = reader.text()?,
            (4, DELIMITED) => head.effective_on = reader.text()?,
            (5, VARINT) => head.seq = u32::try_from(reader.number()?).ok()?,
            (6, VARINT) => head.source_seq = Some(reader.varint()?),
            (10..=23, DELIMITED) => {
                let payload = reader.delimited()?;
                return reader.0.is_empty().then_some((number, payload));
            }
            _ => return None,
        }
    }
    None
}

/// Reads a payload into fields that are empty, and tells whether all of it is spelled as it would be written.
pub(super) fn payload<'a>(number: u64, bytes: &'a [u8], fields: &mut Fields<'a>) -> Option<(&'static Message, bool)> {
    let message = MESSAGES.iter().find(|message| u64::from(message.number) == number)?;
    let mut reader = Reader(bytes);
    let mut is_canonical = true;
    let mut last = 0;
    while let Some((number, layout)) = reader.key(last)? {
        last = number;
        let at = usize::try_from(number).ok()?.checked_sub(1)?;
        let form = message.fields.get(at)?.form;
        let (value, is_spelled) = match layout {
            DELIMITED => bytes_value(form, reader.delimited().filter(|bytes| !bytes.is_empty())?)?,
            VARINT if form.is_int() => (Value::Int(int(reader.number()?)?), true),
            _ => return None,
        };
        fields[at] = value;
        is_canonical &= is_spelled;
    }
    let is_complete = complete(message, fields)?;
    Some((message, is_canonical & is_complete))
}

/// Whether everything is there that must be; fills in what an absent field stands for, and tells whether none was.
pub(super) fn complete(message: &Message, fields: &mut Fields<'_>) -> Option<bool> {
    let mut is_canonical = true;
    for (field, value) in message.fields.iter().zip(fields) {
        if *value == Value::Absent {
            let (stands_for, is_spelled) = absent_value(field.form)?;
            *value = stands_for;
            is_canonical &= is_spelled;
        }
    }
    Some(is_canonical)
}

/// An `int32` in the 64 bits that it is written in.
fn int(number: u64) -> Option<i32> {
    i32::try_from(number.cast_signed()).ok()
}
