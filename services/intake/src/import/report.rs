//! What became of a file, line by line and currency by currency.

use super::{FlagCode, ImportItem, Money, SkipReason, Supersession};
use daybook_event::Currency;
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// How many flagged lines a report lists; the counts are always complete.
pub const FLAGGED_LISTED_MAX: usize = 100;

/// What to do about conflicts.
const CONFLICT_ADVICE: &str = "a conflict is a line whose id stands with other content; if this is a later issue of the \
                               same invoice, import it again with --supersede";

/// What the caller did with an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Appended, or published and then appended.
    Appended,
    /// Appended in the place of what stood under its id: only where the import supersedes.
    Superseding,
    /// Same source, id and content as a record: dropped.
    Duplicate,
    /// Put into quarantine for this reason (a conflict is one).
    Quarantined(String),
    /// The very same line is in quarantine already for this reason: nothing was done.
    QuarantinedBefore(String),
}

/// A sum of money that says so when it can no longer be exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum(Option<Decimal>);

impl Default for Sum {
    fn default() -> Self {
        Self(Some(Decimal::ZERO))
    }
}

impl Sum {
    /// The exact sum; none when it left the range of exact decimals.
    #[must_use]
    pub fn value(&self) -> Option<Decimal> {
        self.0
    }

    fn add(&mut self, value: Decimal) {
        if let Some(sum) = self.0.filter(|sum| is_short(*sum) && is_short(value)) {
            self.0 = Some(sum + value);
            return;
        }
        // `checked_add` would round silently rather than overflow once the digits run out: compare both ways.
        self.0 = self.0.and_then(|sum| {
            let next = sum.checked_add(value)?;
            (next.checked_sub(value)? == sum && next.checked_sub(sum)? == value).then_some(next)
        });
    }
}

/// Whether the sum of two such is exact whatever they are: it has fewer digits than a decimal holds.
fn is_short(value: Decimal) -> bool {
    value.scale() <= 9 && value.mantissa().unsigned_abs() < 1 << 62
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.map(|sum| sum.normalize()) {
            Some(sum) if sum.scale() < 2 => f.pad(&format!("{sum:.2}")),
            Some(sum) => f.pad(&sum.to_string()),
            None => f.pad("too large"),
        }
    }
}

impl Serialize for Sum {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Lines and their money.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// How many lines.
    pub lines: u64,
    /// Their money by currency.
    pub money: BTreeMap<Currency, Sum>,
}

impl Tally {
    pub(super) fn add(&mut self, money: Option<Money>) {
        self.lines += 1;
        if let Some(money) = money {
            self.money.entry(money.currency).or_default().add(money.value);
        }
    }
}

/// A line that was taken although something about it is odd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlaggedLine {
    /// Where it stood.
    pub line: u64,
    /// What kind of oddity.
    pub code: FlagCode,
    /// What was seen and what was expected.
    pub detail: String,
}

/// The report at the end of an import. Feed it every item, and every outcome of events and faulty lines.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ImportReport {
    /// All lines.
    pub read: Tally,
    /// New records.
    pub appended: Tally,
    /// Known already, same content.
    pub duplicate: Tally,
    /// Waiting in quarantine, by reason.
    pub quarantined: BTreeMap<String, Tally>,
    /// In quarantine from an earlier import, by reason: no second entry was made.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub quarantined_before: BTreeMap<String, Tally>,
    /// No events and no faults, by why.
    pub skipped: BTreeMap<SkipReason, Tally>,
    /// How often each oddity was seen.
    pub flags: BTreeMap<FlagCode, u64>,
    /// The first flagged lines, at most [`FLAGGED_LISTED_MAX`].
    pub flagged: Vec<FlaggedLine>,
    /// What an import that supersedes did; none of another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supersession: Option<Supersession>,
}

impl ImportReport {
    /// Counts an item as it comes from the importer.
    pub fn item(&mut self, item: &ImportItem) {
        self.read.add(item.money());
        if let ImportItem::Skipped { why, money, .. } = item {
            self.skipped.entry(*why).or_default().add(*money);
        }
        for flag in item.flags() {
            *self.flags.entry(flag.code).or_default() += 1;
            if self.flagged.len() < FLAGGED_LISTED_MAX {
                let line = item.origin().line;
                self.flagged.push(FlaggedLine { line, code: flag.code, detail: flag.detail.clone() });
            }
        }
    }

    /// Counts an event that nothing is odd about; `money` is what it bills.
    pub fn event(&mut self, money: Option<Money>) {
        self.read.add(money);
    }

    /// Counts what became of an event or a faulty line; `money` is [`ImportItem::money`] of it.
    pub fn outcome(&mut self, money: Option<Money>, outcome: Outcome) {
        match outcome {
            Outcome::Appended => self.appended.add(money),
            Outcome::Superseding => self.supersession.get_or_insert_default().superseding.add(money),
            Outcome::Duplicate => self.duplicate.add(money),
            Outcome::Quarantined(reason) => self.quarantined.entry(reason).or_default().add(money),
            Outcome::QuarantinedBefore(reason) => self.quarantined_before.entry(reason).or_default().add(money),
        }
    }

    /// Lines whose outcome was not told: zero at the end of an import that ran through.
    #[must_use]
    pub fn lines_open(&self) -> u64 {
        let superseding = self.supersession.as_ref().map_or(0, |supersession| supersession.superseding.lines);
        let told = self.appended.lines + superseding + self.duplicate.lines;
        let quarantined = self.quarantined.values().chain(self.quarantined_before.values());
        let by_reason: u64 = quarantined.chain(self.skipped.values()).map(|tally| tally.lines).sum();
        self.read.lines.saturating_sub(told + by_reason)
    }

    fn rows(&self) -> Vec<(String, &Tally)> {
        let mut fixed = vec![("read", &self.read), ("appended", &self.appended)];
        fixed.extend(self.supersession.iter().map(|supersession| ("superseding", &supersession.superseding)));
        fixed.push(("duplicate", &self.duplicate));
        let mut rows: Vec<_> = fixed.into_iter().map(|(name, tally)| (name.to_owned(), tally)).collect();
        rows.extend(self.quarantined.iter().map(|(reason, tally)| (format!("quarantined: {reason}"), tally)));
        let before = self.quarantined_before.iter();
        rows.extend(before.map(|(reason, tally)| (format!("quarantined before: {reason}"), tally)));
        rows.extend(self.skipped.iter().map(|(why, tally)| (format!("skipped: {}", why.code()), tally)));
        rows
    }
}

impl fmt::Display for ImportReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows();
        let currencies: Vec<Currency> = self.read.money.keys().copied().collect();
        let name_width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0).max("outcome".len());
        write!(f, "{:name_width$}  {:>9}", "outcome", "lines")?;
        for currency in &currencies {
            write!(f, "  {:>20}", currency.as_str())?;
        }
        writeln!(f)?;
        for (name, tally) in rows {
            write!(f, "{name:name_width$}  {:>9}", tally.lines)?;
            for currency in &currencies {
                write!(f, "  {:>20}", tally.money.get(currency).copied().unwrap_or_default())?;
            }
            writeln!(f)?;
        }
        for why in self.skipped.keys() {
            if let SkipReason::Webhook(webhook) = why {
                writeln!(f, "webhook {}: no money, nothing appended: {}", webhook.name(), webhook.advice())?;
            }
        }
        for (code, lines) in &self.flags {
            writeln!(f, "flagged {}: {lines}", code.as_str())?;
        }
        for line in &self.flagged {
            writeln!(f, "  line {}: {}: {}", line.line, line.code.as_str(), line.detail)?;
        }
        match &self.supersession {
            Some(supersession) => supersession.fmt(f),
            None if [&self.quarantined, &self.quarantined_before].iter().any(|by| by.contains_key("conflict")) => {
                writeln!(f, "{CONFLICT_ADVICE}")
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::{FaultReason, Flag, Origin};

    fn money(value: &str) -> Option<Money> {
        Some(Money { currency: Currency::USD, value: value.parse().unwrap() })
    }

    fn faulty(value: &str) -> ImportItem {
        let origin = Origin { file_sha256: None, line: 7 };
        let reason = FaultReason::PartnerUnknown;
        ImportItem::Faulty { reason, detail: String::new(), origin, bytes: Vec::new(), money: money(value) }
    }

    fn skipped(value: &str) -> ImportItem {
        let origin = Origin { file_sha256: None, line: 8 };
        let flags = vec![Flag { code: FlagCode::EarnedCreditUnusual, detail: "\"12\"".to_owned() }];
        ImportItem::Skipped { why: SkipReason::Unbilled, origin, money: money(value), flags }
    }

    fn report() -> ImportReport {
        let mut report = ImportReport::default();
        for item in [faulty("10.50"), faulty("0.005"), skipped("30.7197334080551"), faulty("-2"), faulty("1")] {
            report.item(&item);
        }
        report.outcome(money("10.50"), Outcome::Appended);
        report.outcome(money("0.005"), Outcome::Duplicate);
        report.outcome(money("-2"), Outcome::Quarantined("partner_unknown".to_owned()));
        report
    }

    #[test]
    fn every_line_is_accounted_for() {
        let mut report = report();
        assert_eq!(report.lines_open(), 1);
        report.outcome(money("1"), Outcome::Quarantined("conflict".to_owned()));
        assert_eq!(report.lines_open(), 0);
        assert_eq!(report.read.money[&Currency::USD].to_string(), "40.2247334080551");
    }

    #[test]
    fn it_prints_a_table() {
        let expected = "\
outcome                           lines                   USD
read                                  5      40.2247334080551
appended                              1                 10.50
duplicate                             1                 0.005
quarantined: partner_unknown          1                 -2.00
skipped: unbilled                     1      30.7197334080551
flagged earned_credit_unusual: 1
  line 8: earned_credit_unusual: \"12\"
";
        assert_eq!(report().to_string(), expected);
    }

    #[test]
    fn as_json_its_money_is_text() {
        let json = serde_json::to_value(report()).unwrap();
        assert_eq!(json["appended"], serde_json::json!({"lines": 1, "money": {"USD": "10.50"}}));
        assert_eq!(json["skipped"]["unbilled"]["lines"], 1);
        assert_eq!(json["flags"]["earned_credit_unusual"], 1);
        assert_eq!(json["flagged"][0]["line"], 8);
    }

    #[test]
    fn a_sum_that_cannot_be_exact_says_so() {
        let mut sum = Sum::default();
        sum.add(Decimal::MAX);
        assert!(sum.value().is_some());
        sum.add(Decimal::new(1, 9));
        assert_eq!((sum.value(), sum.to_string().as_str()), (None, "too large"));
    }

    #[test]
    fn the_list_of_flags_is_bounded_and_the_count_is_not() {
        let mut report = ImportReport::default();
        for _ in 0..=FLAGGED_LISTED_MAX {
            report.item(&skipped("1"));
        }
        assert_eq!(report.flagged.len(), FLAGGED_LISTED_MAX);
        assert_eq!(report.flags[&FlagCode::EarnedCreditUnusual], FLAGGED_LISTED_MAX as u64 + 1);
    }
}
