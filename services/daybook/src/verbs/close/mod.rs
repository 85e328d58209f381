//! `daybook close`: a month's statements become records, and the record after them makes them count.
//!
//! Reading order: `run` (what is printed), [`months`] (which months), [`attempt`] (what a month would pin, and what blocks
//! it), [`records`] (the events).

mod attempt;
mod months;
mod records;

use super::act::{self, Signatures};
use crate::books::Books;
use crate::cli::{Cli, CloseArguments, Format};
use crate::failure::Failure;
use crate::growing::Growing;
use crate::import::now;
use crate::output::{self, Section};
use crate::serve::config::ActConfig;
use crate::signing::{self, Control, Order};
use crate::window;
use attempt::{Attempt, Blocked};
use daybook_event::{Month, NaiveDate, PartnerId};
use daybook_views::{Closing, Statement};
use serde::Serialize;

/// What became of it.
#[derive(Serialize)]
struct Report {
    /// `closed`, `duplicate` (it was closed before), `blocked`, or `dry_run`.
    outcome: &'static str,
    through: NaiveDate,
    months: Vec<MonthLine>,
    /// Why a month is not closed; or, with an override, what it was closed in spite of.
    blocked: Vec<Blocked>,
    /// What would be pinned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    statements: Vec<Statement>,
    closed_by: String,
    approver: String,
    reason: String,
    override_reason: String,
    /// The checkpoint that signs the closing.
    checkpoint: Option<u64>,
}

/// One month.
#[derive(Serialize)]
struct MonthLine {
    month: Month,
    /// The record that closes it; empty in a dry run, or where it is blocked.
    event: String,
    position: Option<u64>,
    /// The last record that its statements contain, and the tree's root there.
    statement_position: u64,
    root: String,
    rule_book: String,
    engine_semantics: u32,
    statements: usize,
    statement_digest: String,
}

/// What does not change from month to month.
struct Closer<'a> {
    config: &'a ActConfig,
    arguments: &'a CloseArguments,
    signatures: Signatures,
    through: NaiveDate,
    /// What a month appends is added for the next.
    growing: Growing,
}

pub(super) fn run(cli: &Cli, arguments: &CloseArguments) -> Result<(), Failure> {
    let config = ActConfig::of(cli, &arguments.nats, &arguments.four_eyes)?;
    let signatures = Signatures::of(&arguments.signatures, config.four_eyes)?;
    if arguments.override_reason.as_deref().is_some_and(|reason| reason.trim().is_empty()) {
        return Err(Failure::Input("--override is empty: say why the month is closed all the same".to_owned()));
    }
    let known = window::known(&config.ledger, None)?;
    let mut growing = Growing::default();
    let histories = growing.up_to(&known.snapshot, known.position)?;
    let through = arguments.through.unwrap_or_else(|| histories.recorded_at().date_utc());
    if through > now().date_utc() {
        return Err(Failure::Input(format!(
            "--through {through} has not happened yet: a closing cannot know that day"
        )));
    }
    let books = Books::known(config.rules.as_deref(), &known)?;
    let months = months::months(arguments, &books, histories, through)?;
    drop(known);
    let mut closer = Closer { config: &config, arguments, signatures, through, growing };
    let mut report = closer.report();
    if months.is_empty() {
        report.outcome = "duplicate";
    }
    for month in months {
        if !closer.close(month, &mut report)? {
            break;
        }
    }
    let signed = if report.outcome == "closed" { sign(&config).map(Some) } else { Ok(None) };
    report.checkpoint = signed.as_ref().ok().copied().flatten();
    print(&report, arguments.format.format)?;
    signed?;
    match report.outcome {
        "blocked" => {
            let is_final = report.blocked.iter().any(Blocked::is_final);
            let cure = if is_final {
                "a partner without figures (OVERFLOW) cannot be closed, whatever --override says: correct the amount"
            } else {
                "cure them, or give --override with a reason"
            };
            Err(Failure::Check(format!(
                "{} is not closed, for the reasons listed ({}): {cure}",
                report.blocked.first().map_or(arguments.month, |blocked| blocked.month),
                report.blocked.len()
            )))
        }
        _ => Ok(()),
    }
}

/// Signs what is closed now. A closing stands without it, so its failure is told and undoes nothing.
fn sign(config: &ActConfig) -> Result<u64, Failure> {
    let made = signing::ask(&config.ledger, config.signing_key.as_deref(), &Control::Checkpoint(Order::default()));
    made.map(|made| made.number).map_err(|why| {
        Failure::Input(format!("closed, but no checkpoint was signed: {why}; then run daybook checkpoint"))
    })
}

impl Closer<'_> {
    fn report(&self) -> Report {
        let outcome = if self.arguments.dry_run { "dry_run" } else { "closed" };
        Report {
            outcome,
            through: self.through,
            months: Vec::new(),
            blocked: Vec::new(),
            statements: Vec::new(),
            closed_by: self.signatures.by.clone(),
            approver: self.signatures.approver.clone(),
            reason: self.signatures.reason.clone(),
            override_reason: self.override_reason().to_owned(),
            checkpoint: None,
        }
    }

    fn override_reason(&self) -> &str {
        self.arguments.override_reason.as_deref().unwrap_or_default().trim()
    }

    /// Closes a month, and says whether the next may follow.
    fn close(&mut self, month: Month, report: &mut Report) -> Result<bool, Failure> {
        let known = window::known(&self.config.ledger, None)?;
        let books = Books::known(self.config.rules.as_deref(), &known)?;
        let histories = self.growing.up_to(&known.snapshot, known.position)?;
        let attempt = Attempt::of(&known, &books, histories, month, self.through)?;
        // The door may have to open the ledger for writing.
        drop(known);
        report.blocked.extend(attempt.blocked.iter().cloned());
        // To override a reason is to pin figures that miss something. A partner without any would lose what its earlier
        // closed months hand on, for good.
        let is_overridden = !self.override_reason().is_empty() && !attempt.blocked.iter().any(Blocked::is_final);
        let is_blocked = !attempt.blocked.is_empty() && !is_overridden;
        let mut line = line_of(&attempt);
        if is_blocked && !self.arguments.dry_run {
            report.outcome = "blocked";
        } else if !self.arguments.dry_run {
            (line.event, line.position) = self.record(&attempt)?;
        }
        if self.arguments.dry_run {
            report.statements.extend(attempt.statements.into_iter().map(|(statement, _)| statement));
        }
        report.months.push(line);
        // Closing changes no figure, so a dry run can say of every month what would be pinned, and what blocks it.
        Ok(self.arguments.dry_run || !is_blocked)
    }

    /// The statements through the ledger's door, then the record that makes them count.
    fn record(&mut self, attempt: &Attempt) -> Result<(String, Option<u64>), Failure> {
        let overridden = if attempt.blocked.is_empty() { "" } else { self.override_reason() };
        let closing = records::closing(attempt, &self.signatures, overridden)?;
        let statements = attempt.statements.iter().map(|statement| records::statement(attempt, statement));
        let (_, position) = act::record_after(self.config, statements, &closing)?;
        let known = window::known(&self.config.ledger, None)?;
        let histories = self.growing.up_to(&known.snapshot, known.position)?;
        let counts = |counting: &Closing| counting.event == closing.id;
        if !histories.of_no_partner().closings().all().iter().any(counts) {
            return Err(Failure::Input(format!(
                "{} stands but counts for nothing, since {} was closed by another record meanwhile: see daybook verify",
                closing.id, attempt.month
            )));
        }
        Ok((closing.id.to_string(), position))
    }
}

fn line_of(attempt: &Attempt) -> MonthLine {
    MonthLine {
        month: attempt.month,
        event: String::new(),
        position: None,
        statement_position: attempt.position.number(),
        root: attempt.root.clone(),
        rule_book: attempt.rule_book.clone(),
        engine_semantics: daybook_views::ENGINE_SEMANTICS,
        statements: attempt.statements.len(),
        statement_digest: attempt.digest.clone(),
    }
}

fn print(report: &Report, format: Format) -> Result<(), Failure> {
    let outcome = match report.outcome {
        "duplicate" => "duplicate: closed already, and a closed month never changes",
        "blocked" => "blocked: nothing was recorded for the last month below",
        "dry_run" => "dry run: nothing was recorded",
        done => done,
    };
    let mut head = vec![("outcome", outcome.to_owned()), ("through", report.through.to_string())];
    head.push(("by", report.closed_by.clone()));
    for (name, text) in
        [("approver", &report.approver), ("reason", &report.reason), ("override", &report.override_reason)]
    {
        if !text.is_empty() {
            head.push((name, text.clone()));
        }
    }
    if let Some(number) = report.checkpoint {
        head.push(("checkpoint", format!("{number}, signed")));
    }
    let sections = match format {
        Format::Csv => vec![Section::new("months", &report.months)?],
        Format::Table | Format::Json => vec![
            Section::new("months", &report.months.iter().map(Closed::of).collect::<Vec<_>>())?,
            Section::new("blocked by", &report.blocked)?,
            Section::new("would be pinned", &report.statements.iter().map(Pinned::of).collect::<Vec<_>>())?,
        ],
    };
    output::print(format, report, &head, &sections)
}

/// A month in one line of a table: hashes are for JSON and CSV.
#[derive(Serialize)]
struct Closed<'a> {
    month: Month,
    statements: usize,
    records_up_to: u64,
    event: &'a str,
    position: Option<u64>,
}

impl<'a> Closed<'a> {
    fn of(line: &'a MonthLine) -> Self {
        Self {
            month: line.month,
            statements: line.statements,
            records_up_to: line.statement_position,
            event: &line.event,
            position: line.position,
        }
    }
}

/// A statement in one line of a table.
#[derive(Serialize)]
struct Pinned<'a> {
    month: Month,
    partner_id: &'a PartnerId,
    postings: usize,
    true_ups: usize,
    lot: &'a str,
    paid: String,
    due_on: String,
}

impl<'a> Pinned<'a> {
    fn of(statement: &'a Statement) -> Self {
        let payout = statement.payout.as_ref();
        Self {
            month: statement.month,
            partner_id: &statement.partner_id,
            postings: statement.postings.len(),
            true_ups: statement.true_ups.len(),
            lot: statement.lot.as_ref().map_or("", |lot| lot.state.as_str()),
            paid: payout.map(|payout| payout.paid.to_string()).unwrap_or_default(),
            due_on: payout.map(|payout| payout.due_on.to_string()).unwrap_or_default(),
        }
    }
}
