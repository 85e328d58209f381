//! `daybook export`: the books in double entry, as an hledger journal, CSV or JSON.

use crate::books::Books;
use crate::cli::{Cli, ExportArguments, ExportForm};
use crate::closed::{Kept, Terms};
use crate::failure::Failure;
use crate::shards::threads_of_machine;
use crate::waiting::Waiting;
use crate::window::{self, Window};
use daybook_event::Currency;
use daybook_replay::{
    AccountBalance, AccountEntry, ClaimDays, HledgerJournal, ViewsHead, account_entries, balances_of_rows,
};
use daybook_rules::model::RuleBook;
use daybook_views::ENGINE_SEMANTICS;
use daybook_views::rows::ProvisionalRow;
use serde::Serialize;
use std::io::Write;

pub(crate) fn run(cli: &Cli, arguments: &ExportArguments) -> Result<(), Failure> {
    let known = window::known(&cli.ledger, arguments.window.known_as_of.as_deref())?;
    let books = Books::known(cli.rules.as_deref(), &known)?;
    let named = books.book(&arguments.book)?;
    let window = window::read(&known, arguments.window.through)?;
    let terms = Terms::of(&named, &books);
    let kept = terms.replay(&window.histories, window.through, threads_of_machine(), &|_| ())?;
    let mut about = vec![format!("rule book {}", named.note), format!("closed {}", kept.note)];
    let waiting = Waiting::of(&known.snapshot, arguments.partner.as_ref())?;
    about.extend(waiting.line().map(|line| format!("quarantine {line}")));
    let book = &named.book;
    if let Some(partner_id) = &arguments.partner
        && !kept.replayed.has(partner_id)
    {
        return Err(window::partner_missing(partner_id));
    }
    let accounting = accounting(&window, book, &kept, arguments, waiting)?;
    match &arguments.output {
        None => {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            write(&mut out, arguments.to, &accounting, &about)?;
            out.flush()?;
        }
        Some(path) => {
            let cannot = |error: std::io::Error| Failure::Input(format!("cannot write {}: {error}", path.display()));
            let mut file = std::io::BufWriter::new(std::fs::File::create(path).map_err(cannot)?);
            write(&mut file, arguments.to, &accounting, &about)?;
            file.flush().map_err(cannot)?;
        }
    }
    Ok(())
}

/// The books with their coordinates, as `--to json` prints them.
#[derive(Serialize)]
struct Accounting {
    #[serde(flatten)]
    head: ViewsHead,
    currency: Currency,
    /// Partners without figures, or with months whose figures miss something.
    flags: Vec<Flag>,
    entries: Vec<AccountEntry>,
    balances: Vec<AccountBalance>,
    /// What waits in quarantine now.
    #[serde(skip_serializing_if = "Waiting::is_nothing")]
    quarantine: Waiting,
}

/// A month whose figures miss something.
#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Flag {
    partner_id: String,
    month: String,
    why: String,
}

impl Flag {
    fn of(row: &ProvisionalRow) -> Self {
        Self { partner_id: row.partner_id.to_string(), month: row.month.to_string(), why: row.why.to_string() }
    }
}

fn accounting(
    window: &Window,
    book: &RuleBook,
    Kept { replayed, note }: &Kept,
    arguments: &ExportArguments,
    waiting: Waiting,
) -> Result<Accounting, Failure> {
    let (mut entries, mut balances, mut flags) = (Vec::new(), Vec::new(), Vec::new());
    let wanted = |id: &_| arguments.partner.as_ref().is_none_or(|only| only == id);
    for (partner_id, rows) in replayed.partners.iter().filter(|(id, _)| wanted(id)) {
        let history = window.histories.partner(partner_id);
        let days = history.map(|history| ClaimDays::of(history, window.through)).unwrap_or_default();
        entries.extend(account_entries(book, partner_id, rows, &days, window.through)?);
        balances.extend(balances_of_rows(partner_id, rows, window.through)?);
        flags.extend(rows.provisional.iter().map(Flag::of));
    }
    flags.extend(waiting.provisional.iter().map(Flag::of));
    flags.sort();
    entries.sort();
    balances.sort();
    let head = ViewsHead {
        position: window.position,
        through: window.through,
        root: hex::encode(window.root),
        rule_book: book.terms_hash.clone(),
        engine_semantics: ENGINE_SEMANTICS,
        views_digest: replayed.digest().to_string(),
        closed: note.clone(),
    };
    Ok(Accounting { head, currency: book.sets[0].currency, flags, entries, balances, quarantine: waiting })
}

fn write(out: &mut impl Write, to: ExportForm, accounting: &Accounting, terms: &[String]) -> Result<(), Failure> {
    match to {
        ExportForm::Hledger => write_journal(out, accounting, terms)?,
        ExportForm::Csv => write_csv(out, accounting)?,
        ExportForm::Json => {
            serde_json::to_writer_pretty(&mut *out, accounting).map_err(std::io::Error::from)?;
            writeln!(out)?;
        }
    }
    Ok(())
}

fn write_journal(out: &mut impl Write, accounting: &Accounting, terms: &[String]) -> Result<(), Failure> {
    let Accounting { head, currency, flags, entries, balances, quarantine: _ } = accounting;
    let mut about = vec![
        "written by daybook export; the figures depend on these alone".to_owned(),
        format!("position {}", head.position),
        format!("through {}", head.through),
        format!("root {}", head.root),
        format!("engine semantics {}", head.engine_semantics),
        format!("views digest {}", head.views_digest),
    ];
    about.extend(terms.iter().cloned());
    about.extend(flags.iter().map(|flag| format!("provisional {} {} {}", flag.partner_id, flag.month, flag.why)));
    let journal = HledgerJournal { about: &about, currency: *currency, through: head.through, entries, balances };
    Ok(write!(out, "{journal}")?)
}

/// The columns of a row: what the entry says, then one of its lines.
const COLUMNS: [&str; 13] = [
    "on",
    "partner_id",
    "kind",
    "month",
    "lever",
    "rule_set",
    "lot",
    "claim_id",
    "cause",
    "description",
    "account",
    "amount",
    "currency",
];

fn write_csv(out: &mut impl Write, accounting: &Accounting) -> Result<(), Failure> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(COLUMNS)?;
    for entry in &accounting.entries {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let origin = &entry.origin;
        for line in &entry.lines {
            writer.write_record([
                entry.on.to_string(),
                entry.partner_id.to_string(),
                entry.kind.to_string(),
                origin.month.map(|month| month.to_string()).unwrap_or_default(),
                text(&origin.lever),
                text(&origin.rule_set),
                text(&origin.lot),
                text(&origin.claim_id),
                text(&origin.cause),
                entry.description.clone(),
                line.account.to_string(),
                line.amount.to_string(),
                accounting.currency.to_string(),
            ])?;
        }
    }
    writer.flush()?;
    Ok(())
}
