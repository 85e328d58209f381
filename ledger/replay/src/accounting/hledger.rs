//! The entries as a journal that hledger reads: <https://hledger.org/hledger.html#journal>.

use super::{AccountBalance, AccountEntry, AccountLine, EntryOrigin};
use daybook_event::{Currency, NaiveDate};
use std::collections::BTreeSet;
use std::fmt;

/// A journal: declarations, entries in order of date, then what every account must stand at.
///
/// Amounts are printed in full, so that hledger adds up the same exact numbers.
#[derive(Debug, Clone)]
pub struct HledgerJournal<'a> {
    /// What the figures depend on, a line each, such as the position and the rule book.
    pub about: &'a [String],
    /// The program currency.
    pub currency: Currency,
    /// The date of the assertions.
    pub through: NaiveDate,
    /// Entries in order.
    pub entries: &'a [AccountEntry],
    /// What the views say that every account stands at.
    pub balances: &'a [AccountBalance],
}

impl fmt::Display for HledgerJournal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.about {
            writeln!(f, "; {}", one_line(line))?;
        }
        writeln!(f, "\ndecimal-mark .\ncommodity 1000.00 {}\n", self.currency)?;
        let of_entries = self.entries.iter().flat_map(|entry| &entry.lines).map(|line| line.account.to_string());
        let of_balances = self.balances.iter().map(|of| of.account.to_string());
        let accounts: BTreeSet<String> = of_entries.chain(of_balances).collect();
        for account in &accounts {
            writeln!(f, "account {account}")?;
        }
        self.entries.iter().try_for_each(|entry| self.write_entry(f, entry))?;
        self.write_assertions(f, &accounts)
    }
}

impl HledgerJournal<'_> {
    fn write_entry(&self, f: &mut fmt::Formatter<'_>, entry: &AccountEntry) -> fmt::Result {
        writeln!(f, "\n{} {} | {}", entry.on, entry.partner_id, plain(&entry.description))?;
        write!(f, "    ; partner:{}, kind:{}", entry.partner_id, entry.kind)?;
        for (tag, value) in tags(&entry.origin) {
            write!(f, ", {tag}:{}", tag_value(&value))?;
        }
        writeln!(f)?;
        for AccountLine { account, amount } in &entry.lines {
            writeln!(f, "    {account}  {amount} {}", self.currency)?;
        }
        Ok(())
    }

    /// One transaction that moves nothing and says what everything must stand at: hledger refuses a journal whose
    /// balances are others. An account that the views do not name stands at zero.
    fn write_assertions(&self, f: &mut fmt::Formatter<'_>, accounts: &BTreeSet<String>) -> fmt::Result {
        if accounts.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{} daybook | balances by the views", self.through)?;
        let mut balances: Vec<(String, String)> =
            self.balances.iter().map(|of| (of.account.to_string(), of.balance.to_string())).collect();
        balances.sort();
        for account in accounts {
            let at = balances.binary_search_by(|(known, _)| known.cmp(account)).ok();
            let balance = at.map_or("0.00", |at| balances[at].1.as_str());
            writeln!(f, "    {account}  0.00 {currency} = {balance} {currency}", currency = self.currency)?;
        }
        Ok(())
    }
}

fn tags(origin: &EntryOrigin) -> Vec<(&'static str, String)> {
    let month = origin.month.map(|month| month.to_string());
    let of = [
        ("month", month.as_ref()),
        ("lever", origin.lever.as_ref()),
        ("rule_set", origin.rule_set.as_ref()),
        ("lot", origin.lot.as_ref()),
        ("claim", origin.claim_id.as_ref()),
        ("cause", origin.cause.as_ref()),
    ];
    of.into_iter().filter_map(|(tag, value)| value.map(|value| (tag, value.clone()))).collect()
}

/// Text of a comment: only the end of the line ends it.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Text of others in a line: what hledger would read as the end of the line or the start of a comment becomes a space.
fn plain(text: &str) -> String {
    one_line(text).replace([';', '|'], " ")
}

/// The same in a tag, whose value a comma ends.
fn tag_value(text: &str) -> String {
    plain(text).replace(',', " ")
}
