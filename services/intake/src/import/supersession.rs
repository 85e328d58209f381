//! What an import that supersedes did, and what it leaves for a person to decide.

use super::{LineLeft, Money, Tally};
use serde::Serialize;
use std::fmt;

/// How many lines each list of a supersession holds; the counts are always complete.
pub const LINES_LISTED_MAX: usize = 100;

/// A line that could not take the place of what stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineRefused {
    /// The file.
    pub file: String,
    /// The line in it.
    pub line: u64,
    /// Why, and what to do.
    pub why: String,
}

/// What an import that supersedes did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Supersession {
    /// Lines appended in the place of others.
    pub superseding: Tally,
    /// Records that they reversed.
    pub reversed: Tally,
    /// Records that another import reversed meanwhile.
    pub reversed_by_another: u64,
    /// Issues that two imports at once left standing beside a later one, and that were reversed.
    pub superfluous: u64,
    /// Lines whose credit moved to the record that stands now.
    pub credits_moved: Tally,
    /// What could not be set right, and why: the first [`LINES_LISTED_MAX`].
    pub not_set_right: Vec<String>,
    /// Lines whose content a later issue replaced, or somebody reversed: duplicates, and they do not come back.
    pub reversed_before: u64,
    /// Lines that stay conflicts, in quarantine: the first [`LINES_LISTED_MAX`].
    pub refused: Vec<LineRefused>,
    /// Lines of the same invoices that stand and were in none of the files.
    pub left: Tally,
    /// The first of them, at most [`LINES_LISTED_MAX`].
    pub left_lines: Vec<LineLeft>,
    /// Quarantine entries whose line has been taken by now, under another id.
    pub quarantine_entries: Vec<u64>,
}

impl Supersession {
    /// Counts a record that was reversed.
    pub fn reversed(&mut self, money: Option<Money>) {
        self.reversed.add(money);
    }

    /// Counts a line whose credit moved.
    pub fn credit_moved(&mut self, money: Option<Money>) {
        self.credits_moved.add(money);
    }

    /// Notes a line that stays a conflict.
    pub fn refused(&mut self, refused: LineRefused) {
        if self.refused.len() < LINES_LISTED_MAX {
            self.refused.push(refused);
        }
    }

    /// Notes the lines that stand and were in none of the files.
    pub fn left(&mut self, lines: Vec<LineLeft>) {
        for line in lines {
            self.left.add(line.money);
            if self.left_lines.len() < LINES_LISTED_MAX {
                self.left_lines.push(line);
            }
        }
    }
}

impl fmt::Display for Supersession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "records reversed: {}{}", self.reversed.lines, money_text(&self.reversed))?;
        if self.reversed_by_another > 0 {
            writeln!(f, "records that another import reversed meanwhile: {}", self.reversed_by_another)?;
        }
        if self.superfluous > 0 {
            writeln!(
                f,
                "issues of the same lines by another import at the same time: {} of the records reversed; the one that \
                 the ledger took last stands",
                self.superfluous
            )?;
        }
        if self.credits_moved.lines > 0 {
            let moved = &self.credits_moved;
            writeln!(f, "credits moved to the line that stands: {}{}", moved.lines, money_text(moved))?;
        }
        for why in &self.not_set_right {
            writeln!(f, "not set right: {why}")?;
        }
        if self.reversed_before > 0 {
            writeln!(
                f,
                "lines known and reversed since: {}; they do not come back: a later issue took their place, or somebody \
                 reversed them",
                self.reversed_before
            )?;
        }
        for refused in &self.refused {
            writeln!(f, "not superseded: {} line {}: {}", refused.file, refused.line, refused.why)?;
        }
        if self.left.lines > 0 {
            writeln!(
                f,
                "lines of the same invoices in the ledger, but in none of these files: {}{}; they stand as they are, and \
                 each that is billed no longer needs a reversal",
                self.left.lines,
                money_text(&self.left)
            )?;
        }
        for line in &self.left_lines {
            let money = line.money.map_or_else(String::new, |money| format!(", {} {}", money.value, money.currency));
            writeln!(f, "  invoice {}: {} at position {}{money}", line.invoice, line.event, line.position)?;
        }
        if !self.quarantine_entries.is_empty() {
            let entries: Vec<String> = self.quarantine_entries.iter().map(u64::to_string).collect();
            writeln!(
                f,
                "quarantine entries whose line is taken now under another id: {}; they stay listed, and their months \
                 flagged, until they are dismissed",
                entries.join(", ")
            )?;
        }
        Ok(())
    }
}

fn money_text(tally: &Tally) -> String {
    tally.money.iter().map(|(currency, sum)| format!(", {sum} {currency}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{ImportReport, Outcome};
    use daybook_event::{Currency, EventId, EventRef, Position, SourceId};

    fn money(value: &str) -> Option<Money> {
        Some(Money { currency: Currency::USD, value: value.parse().unwrap() })
    }

    #[test]
    fn it_says_what_was_done_and_what_is_left_to_decide() {
        let mut report = ImportReport::default();
        report.outcome(money("600"), Outcome::Superseding);
        let supersession = report.supersession.as_mut().unwrap();
        supersession.reversed(money("550"));
        supersession.reversed_before = 1;
        supersession.reversed_by_another = 2;
        supersession.superfluous = 3;
        supersession.credit_moved(money("-20"));
        supersession.not_set_right = vec!["a name is taken".into()];
        supersession.refused(LineRefused { file: "b.ndjson".into(), line: 7, why: "too long".into() });
        let event = EventRef { source: SourceId::parse("contoso").unwrap(), event_id: EventId::parse("s-1").unwrap() };
        let line = LineLeft { invoice: "G1".into(), event, position: Position::new(3), money: money("20.5") };
        supersession.left(vec![line]);
        supersession.quarantine_entries = vec![2, 5];
        let text = report.to_string();
        for said in [
            "superseding          1\n",
            "records reversed: 1, 550.00 USD\n",
            "lines known and reversed since: 1;",
            "another import reversed meanwhile: 2\n",
            "at the same time: 3 of the records reversed;",
            "credits moved to the line that stands: 1, -20.00 USD\n",
            "not set right: a name is taken\n",
            "not superseded: b.ndjson line 7: too long\n",
            "in none of these files: 1, 20.50 USD;",
            "  invoice G1: contoso/s-1 at position 3, 20.5 USD\n",
            "under another id: 2, 5; they stay",
        ] {
            assert!(text.contains(said), "{said:?} is not in\n{text}");
        }
    }

    #[test]
    fn its_lists_are_bounded_and_its_counts_are_not() {
        let event = EventRef { source: SourceId::parse("contoso").unwrap(), event_id: EventId::parse("s-1").unwrap() };
        let line = LineLeft { invoice: "G1".into(), event, position: Position::new(3), money: money("1") };
        let mut supersession = Supersession::default();
        supersession.left(vec![line; LINES_LISTED_MAX + 1]);
        assert_eq!((supersession.left_lines.len(), supersession.left.lines), (LINES_LISTED_MAX, 101));
    }
}
