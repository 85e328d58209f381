//! Checkpoints (C2SP tlog-checkpoint): what a log's tree was at a size, as the text of a note.
//!
//! Three lines are everybody's: origin, size, root. Lines of ours follow, in this order: one for the tree of the quarantine,
//! one for each month closed since the checkpoint before, and, where the key changes, one with the key of those to come. Lines
//! that we do not know are kept.

use crate::encoding::{base64_write, decimal_read, hash_read, hex_hash_read};
use crate::{Hash, KeyName, VerifierKey, root_empty};
use std::fmt;

/// Extension lines of a checkpoint at the most.
pub const EXTENSION_LINES_MAX: usize = 512;
const QUARANTINE: &str = "quarantine";
const CLOSED: &str = "closed";
const KEY: &str = "key";

/// Why text is not a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// A line is missing or cannot be read.
    #[error("line {line} of the checkpoint is not its {what}: the note is of something else, or was changed")]
    Line {
        /// Counted from one.
        line: usize,
        /// What belongs there.
        what: &'static str,
    },
    /// A tree without leaves has one root.
    #[error("the checkpoint names a root of an empty tree that an empty tree cannot have")]
    Empty,
    /// More lines than a checkpoint has.
    #[error("the checkpoint has more than {EXTENSION_LINES_MAX} lines after the third")]
    Long,
}

/// A month as checkpoints name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClosedMonth {
    year: u16,
    month: u8,
}

impl ClosedMonth {
    /// The month in `YYYY-MM`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let is_form =
            year.len() == 4 && month.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let (year, month) = (year.parse().ok()?, month.parse().ok()?);
        (is_form && (1..=12).contains(&month)).then_some(Self { year, month })
    }
}

impl fmt::Display for ClosedMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// The tree of the quarantine at a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuarantineTree {
    /// Entries and decisions in it.
    pub leaves: u64,
    /// Its root.
    pub root: Hash,
}

/// A month that was closed since the checkpoint before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedLine {
    /// The month.
    pub month: ClosedMonth,
    /// The position of the record that closed it.
    pub position: u64,
    /// The digest of its statements.
    pub statement_digest: Hash,
    /// The digest of all view rows that it was closed with; none in closings that name none.
    pub views_digest: Option<Hash>,
}

/// What a checkpoint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: KeyName,
    /// Leaves in its tree: the last position.
    pub size: u64,
    /// The tree's root.
    pub root: Hash,
    /// The tree of the quarantine; none in checkpoints of other logs.
    pub quarantine: Option<QuarantineTree>,
    /// Months closed since the checkpoint before.
    pub closed: Vec<ClosedLine>,
    /// The key that signs this checkpoint too, and alone those after it: said under the signature of the key before.
    pub next_key: Option<VerifierKey>,
    /// Lines of no form that is known here.
    unknown: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint of ours.
    #[must_use]
    pub fn new(origin: KeyName, size: u64, root: Hash, quarantine: QuarantineTree, closed: Vec<ClosedLine>) -> Self {
        Self { origin, size, root, quarantine: Some(quarantine), closed, next_key: None, unknown: Vec::new() }
    }

    /// The checkpoint in a note's text.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let missing = |line, what| CheckpointError::Line { line, what };
        let mut lines = text.strip_suffix('\n').unwrap_or_default().split('\n').enumerate();
        let mut next = |line, what| lines.next().map(|(_, text)| text).ok_or(missing(line, what));
        let origin = KeyName::parse(next(1, "origin")?).map_err(|_| missing(1, "origin"))?;
        let size = decimal_read(next(2, "size")?).ok_or(missing(2, "size"))?;
        let root = hash_read(next(3, "root")?).ok_or(missing(3, "root"))?;
        if size == 0 && root != root_empty() {
            return Err(CheckpointError::Empty);
        }
        let mut read =
            Self { origin, size, root, quarantine: None, closed: Vec::new(), next_key: None, unknown: Vec::new() };
        for (at, line) in lines {
            if at >= 3 + EXTENSION_LINES_MAX {
                return Err(CheckpointError::Long);
            }
            read.extend(line).map_err(|what| missing(at + 1, what))?;
        }
        Ok(read)
    }

    /// Takes an extension line. Ours stand in one order, before those of others: a text is then one checkpoint's only.
    fn extend(&mut self, line: &str) -> Result<(), &'static str> {
        let mut words = line.split(' ');
        match words.next() {
            Some(QUARANTINE) => {
                let is_first = self.quarantine.is_none() && self.closed.is_empty() && self.is_open();
                let read = quarantine_read(words).filter(|_| is_first);
                self.quarantine = Some(read.ok_or("quarantine line")?);
            }
            Some(CLOSED) => {
                let read = closed_read(words).filter(|_| self.is_open());
                self.closed.push(read.ok_or("line of a closed month")?);
            }
            Some(KEY) => {
                let text = line.strip_prefix("key ").filter(|_| self.is_open());
                let key = text.and_then(|text| VerifierKey::parse(text).ok());
                self.next_key = Some(key.ok_or("line of the next key")?);
            }
            _ if line.is_empty() => return Err("extension line, which is never empty"),
            _ => self.unknown.push(line.to_owned()),
        }
        Ok(())
    }

    /// Whether neither the line of a key nor lines of others have come.
    fn is_open(&self) -> bool {
        self.next_key.is_none() && self.unknown.is_empty()
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, base64_write(&self.root))?;
        if let Some(tree) = &self.quarantine {
            writeln!(f, "{QUARANTINE} {} {}", tree.leaves, base64_write(&tree.root))?;
        }
        for line in &self.closed {
            let views = line.views_digest.map_or_else(|| "-".to_owned(), hex::encode);
            let statement = hex::encode(line.statement_digest);
            writeln!(f, "{CLOSED} {} {} {statement} {views}", line.month, line.position)?;
        }
        if let Some(key) = &self.next_key {
            writeln!(f, "{KEY} {key}")?;
        }
        self.unknown.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

fn quarantine_read<'t>(mut words: impl Iterator<Item = &'t str>) -> Option<QuarantineTree> {
    let (leaves, root) = (decimal_read(words.next()?)?, hash_read(words.next()?)?);
    words.next().is_none().then_some(QuarantineTree { leaves, root })
}

fn closed_read<'t>(mut words: impl Iterator<Item = &'t str>) -> Option<ClosedLine> {
    let (month, position) = (ClosedMonth::parse(words.next()?)?, decimal_read(words.next()?)?);
    let statement_digest = hex_hash_read(words.next()?)?;
    let views_digest = match words.next()? {
        "-" => None,
        text => Some(hex_hash_read(text)?),
    };
    words.next().is_none().then_some(ClosedLine { month, position, statement_digest, views_digest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NEXT: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    fn made() -> Checkpoint {
        let closed = |month, views_digest| ClosedLine {
            month: ClosedMonth::parse(month).unwrap(),
            position: 40,
            statement_digest: [5; 32],
            views_digest,
        };
        let origin = KeyName::parse("daybook/00112233445566778899aabbccddeeff").unwrap();
        let quarantine = QuarantineTree { leaves: 2, root: [3; 32] };
        Checkpoint::new(
            origin,
            41,
            [4; 32],
            quarantine,
            vec![closed("2022-01", None), closed("2022-02", Some([6; 32]))],
        )
    }

    #[test]
    fn golden_text() {
        let text = "daybook/00112233445566778899aabbccddeeff\n41\nBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ=\n\
             quarantine 2 AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=\n\
             closed 2022-01 40 0505050505050505050505050505050505050505050505050505050505050505 -\n\
             closed 2022-02 40 0505050505050505050505050505050505050505050505050505050505050505 \
             0606060606060606060606060606060606060606060606060606060606060606\n";
        assert_eq!(made().to_string(), text);
        assert_eq!(Checkpoint::parse(text), Ok(made()));
    }

    #[test]
    fn the_next_key_stands_after_the_months_and_before_lines_of_others() {
        let text = format!("{}key {NEXT}\ntheirs\n", made());
        let read = Checkpoint::parse(&text).unwrap();
        assert_eq!(read.next_key.as_ref().map(ToString::to_string), Some(NEXT.to_owned()));
        assert_eq!(read.to_string(), text);
        for more in ["key ", &format!("key {NEXT}"), "closed 2022-03 1 - -", "key"] {
            assert!(Checkpoint::parse(&format!("{text}{more}\n")).is_err(), "{more}");
        }
        assert!(Checkpoint::parse(&text.replacen("c74f", "c75f", 1)).is_err());
    }

    #[test]
    fn a_checkpoint_of_another_log_is_read_with_its_own_lines() {
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\ntheir line\n";
        let read = Checkpoint::parse(text).unwrap();
        assert_eq!((read.size, read.quarantine, read.unknown.len()), (20_852_163, None, 1));
        assert_eq!(read.to_string(), text);
    }

    #[test]
    fn a_line_that_is_not_what_it_should_be_is_named() {
        let text = made().to_string();
        let wrong = [
            (text.replacen("41\n", "041\n", 1), 2, "size"),
            (text.replacen("41\n", "-1\n", 1), 2, "size"),
            (text.replacen("BAQ=", "BAQ", 1), 3, "root"),
            (text.replacen("daybook/", "day book/", 1), 1, "origin"),
            (text.replacen("quarantine 2 ", "quarantine 2  ", 1), 4, "quarantine line"),
            (text.replacen("closed 2022-01 ", "closed 2022-13 ", 1), 5, "line of a closed month"),
            (text.replacen(" -\n", "\n", 1), 5, "line of a closed month"),
            (text.replacen(" -\n", " - -\n", 1), 5, "line of a closed month"),
            (format!("{text}quarantine 0 AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=\n"), 7, "quarantine line"),
            (format!("{text}\n"), 7, "extension line, which is never empty"),
            (String::new(), 1, "origin"),
            ("a\n".to_owned(), 2, "size"),
            ("a\n1\n".to_owned(), 3, "root"),
            ("a\n1".to_owned(), 1, "origin"),
        ];
        for (text, line, what) in wrong {
            assert_eq!(Checkpoint::parse(&text), Err(CheckpointError::Line { line, what }), "{text}");
        }
        let empty = "a\n0\nBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ=\n";
        assert_eq!(Checkpoint::parse(empty), Err(CheckpointError::Empty));
        let long = format!("{text}{}", "x\n".repeat(EXTENSION_LINES_MAX));
        assert_eq!(Checkpoint::parse(&long), Err(CheckpointError::Long));
    }

    proptest! {
        #[test]
        fn whatever_is_read_prints_the_same(text in "[ -~\n]{0,120}", at in any::<prop::sample::Index>(), by in "[ -~\n]{0,3}") {
            let mut changed = made().to_string();
            let at = at.index(changed.len());
            changed.replace_range(at..(at + by.len()).min(changed.len()), &by);
            for text in [text, changed] {
                if let Ok(read) = Checkpoint::parse(&text) { prop_assert_eq!(read.to_string(), text); }
            }
        }
    }
}
