//! Inputs near those of a corpus: bits flipped, parts cut, doubled, moved and mixed, and scraps put in that parsers trip on.

use daybook_tests::dice::Dice;

/// Longest input, in bytes.
const BYTES_MAX: usize = 16 * 1024;

/// What texts and tables of this project trip on.
const SCRAPS: &[&[u8]] = &[
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b";",
    b":",
    b"\n",
    b"\r\n",
    b"\0",
    b"\x1b[2J",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
    b"null",
    b"-0.000000000",
    b"999999999999.999999999",
    b"1E+400",
    b"2021-02-30",
    b"9999-12",
    b"=cmd()",
    b"\\u0000",
    b"\\ud800",
    "\u{202e}".as_bytes(),
    "\u{e9}".as_bytes(),
];

/// Makes one input after the other.
pub(super) struct Mutator<'a> {
    dice: Dice,
    corpus: &'a [Vec<u8>],
}

impl<'a> Mutator<'a> {
    pub(super) fn new(dice: Dice, corpus: &'a [Vec<u8>]) -> Self {
        Self { dice, corpus }
    }

    pub(super) fn next(&mut self) -> Vec<u8> {
        let mut bytes = self.one();
        for _ in 0..=self.below(4) {
            self.step(&mut bytes);
        }
        bytes.truncate(BYTES_MAX);
        bytes
    }

    fn one(&mut self) -> Vec<u8> {
        let at = self.below(self.corpus.len());
        self.corpus.get(at).cloned().unwrap_or_default()
    }

    fn step(&mut self, bytes: &mut Vec<u8>) {
        let from = self.below(bytes.len() + 1);
        let to = from + self.below((bytes.len() - from).min(64) + 1);
        match self.below(8) {
            0 if from < bytes.len() => bytes[from] ^= 1 << self.below(8),
            1 if from < bytes.len() => bytes[from] = u8::try_from(self.below(256)).unwrap(),
            2 => drop(bytes.drain(from..to)),
            3 => bytes.truncate(from),
            4 => {
                let part = bytes[from..to].to_vec();
                let at = self.below(bytes.len() + 1);
                bytes.splice(at..at, part);
            }
            5 => {
                let other = self.one();
                let cut = self.below(other.len() + 1);
                bytes.truncate(from);
                bytes.extend(&other[cut..]);
            }
            6 => {
                // A digit for a digit: what stays readable goes deeper.
                if let Some(at) = bytes.iter().skip(from).position(u8::is_ascii_digit) {
                    bytes[from + at] = b'0' + u8::try_from(self.below(10)).unwrap();
                }
            }
            _ => {
                let scrap = SCRAPS[self.below(SCRAPS.len())];
                bytes.splice(from..from, scrap.iter().copied());
            }
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { self.dice.place(bound) }
    }
}
