//! Places in files, and where findings gather.

use super::{Code, Diagnostic, Excerpt, Inherited};
use std::cell::RefCell;

/// A span of bytes in one of the files at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Index into the files.
    pub(crate) file: usize,
    /// First byte.
    pub(crate) start: usize,
    /// The byte after the last.
    pub(crate) end: usize,
}

/// One file's name and text.
#[derive(Debug, Clone)]
pub(crate) struct SourceText {
    pub(crate) name: String,
    pub(crate) text: String,
}

impl SourceText {
    /// The line of a byte, from 1, with the byte where it begins.
    fn line_of(&self, byte: usize) -> (usize, usize) {
        let before = &self.text.as_bytes()[..byte.min(self.text.len())];
        let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
        let begins = before.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        (line, begins)
    }

    fn excerpt(&self, start: usize, end: usize) -> Excerpt {
        let (line, begins) = self.line_of(start);
        let rest = self.text.get(begins..).unwrap_or("");
        let text = rest.lines().next().unwrap_or("").to_owned();
        let chars = |from: usize, to: usize| self.text.get(from..to).map_or(0, |part| part.chars().count());
        // A span over several lines is marked to the end of its first.
        let line_end = begins + text.len();
        Excerpt {
            file: self.name.clone(),
            line,
            column: chars(begins, start) + 1,
            span: (start, end),
            width: chars(start, end.min(line_end)).max(1),
            text,
        }
    }
}

/// Where findings gather while files are read. Shared by reference, so that readers can report as they go.
#[derive(Debug)]
pub(crate) struct Findings<'a> {
    files: &'a [SourceText],
    found: RefCell<Vec<(Place, Diagnostic)>>,
}

impl<'a> Findings<'a> {
    pub(crate) fn new(files: &'a [SourceText]) -> Self {
        Self { files, found: RefCell::new(Vec::new()) }
    }

    fn excerpt(&self, place: Place) -> Excerpt {
        match self.files.get(place.file) {
            Some(file) => file.excerpt(place.start, place.end),
            None => Excerpt { file: String::new(), line: 1, column: 1, span: (0, 0), text: String::new(), width: 1 },
        }
    }

    /// The line of a place, from 1.
    pub(crate) fn line(&self, place: Place) -> usize {
        self.files.get(place.file).map_or(1, |file| file.line_of(place.start).0)
    }

    /// The name of a place's file.
    pub(crate) fn file_name(&self, place: Place) -> &'a str {
        self.files.get(place.file).map_or("", |file| file.name.as_str())
    }

    /// Reports a finding.
    pub(crate) fn report(&self, code: Code, place: Place, message: impl Into<String>) -> Report<'_, 'a> {
        let diagnostic = Diagnostic {
            severity: code.severity(),
            code,
            message: message.into(),
            at: self.excerpt(place),
            inherited: None,
            hint: None,
        };
        let mut found = self.found.borrow_mut();
        found.push((place, diagnostic));
        Report { findings: self, index: found.len() - 1 }
    }

    /// Whether an error was reported since the mark (see [`Findings::mark`]).
    pub(crate) fn has_errors_since(&self, mark: usize) -> bool {
        self.found.borrow().iter().skip(mark).any(|(_, diagnostic)| diagnostic.is_error())
    }

    /// Whether a file could not be read at all.
    pub(crate) fn has_unreadable(&self) -> bool {
        self.found.borrow().iter().any(|(_, diagnostic)| diagnostic.code == Code::Unreadable)
    }

    /// How many findings there are so far.
    pub(crate) fn mark(&self) -> usize {
        self.found.borrow().len()
    }

    /// Everything found, by place, each once: what a version inherits is read again with it.
    pub(crate) fn into_sorted(self) -> Vec<Diagnostic> {
        let mut found = self.found.into_inner();
        found.sort_by(|a, b| (a.0, a.1.code, &a.1.message).cmp(&(b.0, b.1.code, &b.1.message)));
        found.dedup_by(|a, b| a.0 == b.0 && a.1.code == b.1.code && a.1.message == b.1.message);
        found.into_iter().map(|(_, diagnostic)| diagnostic).collect()
    }
}

/// A finding just reported, to be completed.
pub(crate) struct Report<'f, 'a> {
    findings: &'f Findings<'a>,
    index: usize,
}

impl Report<'_, '_> {
    /// Says what to do.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        self.findings.found.borrow_mut()[self.index].1.hint = Some(hint.into());
        self
    }

    /// Shows the place that it disagrees with.
    pub(crate) fn against(self, place: Place, label: &str) -> Self {
        let at = self.findings.excerpt(place);
        self.findings.found.borrow_mut()[self.index].1.inherited = Some(Inherited { at, label: label.to_owned() });
        self
    }
}
