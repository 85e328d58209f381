//! Diagnostics as text, in the manner of rustc.

use super::{Diagnostic, Excerpt, Severity};
use std::fmt;

impl fmt::Display for Diagnostic {
    /// Several lines, the last without a line end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{word}[{}]: {}", self.code, self.message)?;
        let widest = self.inherited.as_ref().map_or(self.at.line, |other| other.at.line.max(self.at.line));
        let gutter = widest.to_string().len();
        excerpt_write(f, &self.at, gutter, "-->", '^', "")?;
        if let Some(other) = &self.inherited {
            excerpt_write(f, &other.at, gutter, ":::", '-', &other.label)?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n{:gutter$} = help: {hint}", ""),
            None => Ok(()),
        }
    }
}

fn excerpt_write(
    f: &mut fmt::Formatter<'_>,
    at: &Excerpt,
    gutter: usize,
    arrow: &str,
    mark: char,
    label: &str,
) -> fmt::Result {
    write!(f, "\n{:gutter$}{arrow} {}:{}:{}", "", at.file, at.line, at.column)?;
    write!(f, "\n{:gutter$} |", "")?;
    write!(f, "\n{}", format!("{:gutter$} | {}", at.line, at.text).trim_end())?;
    let marks: String = std::iter::repeat_n(mark, at.width).collect();
    let indent = at.column - 1;
    let underline = format!("{:indent$}{marks} {label}", "");
    write!(f, "\n{:gutter$} | {}", "", underline.trim_end())
}
