//! The table: what was measured, against what, and whether it is where it should be.

use crate::machine::Machine;
use crate::measure::{Samples, milli};
use std::fmt::Write;

/// Where a value or a ratio should be, in thousandths of its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// A ratio of at least this.
    RatioAtLeast(u64),
    /// A ratio of at most this.
    RatioAtMost(u64),
    /// A value of at least this, in the value's own unit.
    AtLeast(u64),
    /// A value of at most this, in the value's own unit.
    AtMost(u64),
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Row {
    what: String,
    ours: Samples,
    against: Option<(String, Samples)>,
    target: Option<Target>,
}

impl Row {
    /// A value of ours.
    pub(crate) fn new(what: impl Into<String>, ours: Samples) -> Self {
        Self { what: what.into(), ours, against: None, target: None }
    }

    /// What was taken in turn with it.
    pub(crate) fn against(self, what: impl Into<String>, other: Samples) -> Self {
        Self { against: Some((what.into(), other)), ..self }
    }

    /// Where it should be.
    pub(crate) fn target(self, target: Target) -> Self {
        Self { target: Some(target), ..self }
    }

    fn ratios(&self) -> Option<Samples> {
        self.against.as_ref().map(|(_, other)| self.ours.ratios(other))
    }

    /// Whether it is there; none where nothing is asked or nothing was measured.
    fn is_met(&self) -> Option<bool> {
        let ratio = || self.ratios().filter(|ratios| !ratios.is_empty()).map(|ratios| ratios.median());
        let own = || (!self.ours.is_empty()).then(|| self.ours.median());
        match self.target? {
            Target::RatioAtLeast(least) => ratio().map(|ratio| ratio >= least),
            Target::RatioAtMost(most) => ratio().map(|ratio| ratio <= most),
            Target::AtLeast(least) => own().map(|value| value >= least),
            Target::AtMost(most) => own().map(|value| value <= most),
        }
    }

    fn cells(&self) -> [String; 7] {
        let (against, other) = match &self.against {
            Some((what, other)) => (what.clone(), other.to_string()),
            None => (String::new(), String::new()),
        };
        let own = |value: u64| Samples::one(self.ours.unit, value);
        let target = self.target.map_or_else(String::new, |target| match target {
            Target::RatioAtLeast(least) => format!("at least {}x", milli(least)),
            Target::RatioAtMost(most) => format!("at most {}x", milli(most)),
            Target::AtLeast(least) => format!("at least {}", own(least)),
            Target::AtMost(most) => format!("at most {}", own(most)),
        });
        let met = self.is_met().map_or("", |met| if met { "met" } else { "MISSED" });
        let ratio = self.ratios().map_or_else(String::new, |ratios| ratios.to_string());
        [self.what.clone(), self.ours.to_string(), against, other, ratio, target, met.to_owned()]
    }
}

const HEADS: [&str; 7] = ["what", "ours", "against", "its value", "ratio", "target", ""];

/// All that one run found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    sections: Vec<Section>,
}

#[derive(Debug)]
struct Section {
    name: String,
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Report {
    /// Begins a section.
    pub(crate) fn section(&mut self, name: &str) {
        self.sections.push(Section { name: name.to_owned(), rows: Vec::new(), notes: Vec::new() });
    }

    /// Adds a line to the section, and says it at once: a run takes minutes.
    pub(crate) fn add(&mut self, row: Row) {
        let cells = row.cells();
        let said: Vec<&str> = cells.iter().map(String::as_str).filter(|cell| !cell.is_empty()).collect();
        eprintln!("    {}", said.join(" | "));
        if let Some(section) = self.sections.last_mut() {
            section.rows.push(row);
        }
    }

    /// Adds a sentence to the section.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        eprintln!("    {note}");
        if let Some(section) = self.sections.last_mut() {
            section.notes.push(note);
        }
    }

    /// How many targets are met, and how many there are.
    fn counts(&self) -> (usize, usize) {
        let met: Vec<bool> = self.sections.iter().flat_map(|section| &section.rows).filter_map(Row::is_met).collect();
        (met.iter().filter(|met| **met).count(), met.len())
    }

    /// The whole as markdown.
    pub(crate) fn markdown(&self, machine: &Machine, command: &str) -> String {
        let mut text = format!("Command: `{command}`\n\n");
        for (name, value) in machine.lines() {
            let _ = writeln!(text, "- {name}: {value}");
        }
        for section in &self.sections {
            let _ = writeln!(text, "\n### {}\n", section.name);
            if !section.rows.is_empty() {
                let _ = writeln!(text, "| {} |\n|{}", HEADS.join(" | "), "---|".repeat(HEADS.len()));
                for row in &section.rows {
                    let _ = writeln!(text, "| {} |", row.cells().join(" | "));
                }
            }
            for note in &section.notes {
                let _ = writeln!(text, "\n{note}");
            }
        }
        let (met, asked) = self.counts();
        let _ = writeln!(text, "\n{met} of {asked} targets met.");
        text
    }

    /// The whole as aligned text.
    pub(crate) fn text(&self, machine: &Machine) -> String {
        let mut text = String::new();
        for (name, value) in machine.lines() {
            let _ = writeln!(text, "{name:<10} {value}");
        }
        for section in &self.sections {
            let _ = writeln!(text, "\n{}", section.name);
            text.push_str(&aligned(section.rows.iter().map(Row::cells).collect()));
            for note in &section.notes {
                let _ = writeln!(text, "  {note}");
            }
        }
        let (met, asked) = self.counts();
        let _ = writeln!(text, "\n{met} of {asked} targets met.");
        text
    }
}

fn aligned(rows: Vec<[String; 7]>) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut lines = vec![HEADS.map(str::to_owned)];
    lines.extend(rows);
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADS.len()).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let cells: Vec<String> =
            line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}", width = *width)).collect();
        let _ = writeln!(text, "  {}", cells.join("  ").trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Unit;

    fn three(values: [u64; 3]) -> Samples {
        let mut samples = Samples::new(Unit::EventsPerSecond);
        values.into_iter().for_each(|value| samples.push(value));
        samples
    }

    #[test]
    fn a_target_is_met_by_the_median_of_the_pairs() {
        let row =
            |target| Row::new("import", three([200, 500, 300])).against("peer", three([100, 100, 100])).target(target);
        assert_eq!(row(Target::RatioAtLeast(3_000)).is_met(), Some(true));
        assert_eq!(row(Target::RatioAtLeast(3_001)).is_met(), Some(false));
        assert_eq!(row(Target::RatioAtMost(3_000)).is_met(), Some(true));
        assert_eq!(row(Target::AtMost(299)).is_met(), Some(false));
        assert_eq!(Row::new("import", three([1, 2, 3])).is_met(), None);
    }

    #[test]
    fn what_was_not_measured_is_neither_met_nor_missed() {
        let row = Row::new("import", three([1, 2, 3])).target(Target::RatioAtLeast(1));
        assert_eq!(row.is_met(), None);
        assert_eq!(row.cells()[6], "");
    }

    #[test]
    fn the_markdown_counts_the_targets() {
        let mut report = Report::default();
        report.section("Ingest");
        report.add(
            Row::new("import", three([2, 2, 2])).against("peer", three([1, 1, 1])).target(Target::RatioAtLeast(2_000)),
        );
        report.add(Row::new("export", three([1, 1, 1])).target(Target::AtLeast(2)));
        let text = report.markdown(&Machine::default(), "bench");
        assert!(text.contains(
            "| import | 2/s (2/s to 2/s) | peer | 1/s (1/s to 1/s) | 2.00 (2.00 to 2.00) | at least 2.00x | met |"
        ));
        assert!(text.ends_with("1 of 2 targets met.\n"), "{text}");
    }
}
