//! A statement as tables, and as the lines of one CSV file.

use super::document::{Document, LotNow, NotEarned, Open};
use crate::failure::Failure;
use crate::output::Section;
use daybook_event::{Exact, NaiveDate};
use daybook_views::Statement;
use daybook_views::rows::TrueUpRow;
use serde::Serialize;

/// Facts above the tables.
pub(super) fn head(document: &Document) -> Vec<(&'static str, String)> {
    let proof = &document.proof;
    let mut head = vec![
        ("partner", document.partner_id.to_string()),
        ("month", document.month.to_string()),
        ("state", state(document)),
        ("currency", document.currency.clone()),
    ];
    if !document.provisional.is_empty() {
        head.push(("provisional", document.provisional.join(", ")));
    }
    if let Some(closing) = &proof.closing {
        let texts = [
            ("by", &closing.closed_by),
            ("approver", &closing.approver),
            ("reason", &closing.reason),
            ("override", &closing.override_reason),
            ("digest", &closing.statement_digest),
        ];
        head.extend(texts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name, text.clone())));
    }
    head.extend([
        ("position", proof.position.to_string()),
        ("through", proof.through.to_string()),
        ("root", proof.root.clone()),
        ("rule book", format!("{} ({})", proof.rule_book, proof.rule_sets.join(", "))),
        ("engine", proof.engine_semantics.to_string()),
        ("head", format!("{}, root {}", proof.head_position, proof.head_root)),
    ]);
    head
}

fn state(document: &Document) -> String {
    if let Some(closing) = &document.proof.closing {
        return format!("closed by record {}, {}", closing.position, closing.event);
    }
    match document.proof.open {
        Open::NotYet => "open: of now, until the month is closed".to_owned(),
        Open::ClosedThrough(on) => format!("not closed on this through date: closed through {on}"),
        Open::BeforeFirst(first) => {
            format!(
                "before the first closed month, {first}: nothing of it is pinned; what comes late is booked as true-ups"
            )
        }
    }
}

const EARNED: &str = "earned";
const TRUE_UPS: &str = "true-ups booked in this month";
const PERIOD: &str = "co-op of the period that ended";
const PAYOUT: &str = "payout";
const CONSERVATION: &str = "conservation";

/// The tables of what a closing pins, under the names that a whole document has for them.
pub(crate) fn statement_sections(statement: &Statement) -> Result<Vec<Section>, Failure> {
    Ok(vec![
        Section::new(EARNED, &statement.postings)?,
        Section::new(TRUE_UPS, &statement.true_ups)?,
        Section::new(PERIOD, statement.lot.as_slice())?,
        Section::new(PAYOUT, statement.payout.as_slice())?,
        Section::new(CONSERVATION, statement.conservation.as_slice())?,
    ])
}

/// The tables.
pub(super) fn tables(document: &Document) -> Result<Vec<Section>, Failure> {
    let lots = format!("lots at record {}, through {}", document.proof.head_position, document.proof.head_through);
    Ok(vec![
        Section::new(EARNED, &document.postings)?,
        Section::new(TRUE_UPS, &document.true_ups)?,
        Section::new("billed, and not earning", &document.not_earned)?,
        Section::new(PERIOD, document.lot.as_slice())?,
        Section::new(PAYOUT, document.payout.as_slice())?,
        Section::new(CONSERVATION, document.conservation.as_slice())?,
        Section::new("found after this month was closed", &document.booked_later)?,
        Section::new(&lots, &document.lots.iter().map(LotLine::of).collect::<Vec<_>>())?,
    ])
}

/// A lot in one line of a table. What accrued and what was overdrawn are together all that follows.
#[derive(Serialize)]
struct LotLine<'a> {
    period: &'a str,
    state: &'a str,
    accrued: Exact,
    overdrawn: Exact,
    converted: Exact,
    consumed: Exact,
    reserved: Exact,
    available: Exact,
    forfeited: Exact,
    use_until: Option<NaiveDate>,
    claim_until: Option<NaiveDate>,
}

impl<'a> LotLine<'a> {
    fn of(lot: &'a LotNow) -> Self {
        Self {
            period: &lot.row.period,
            state: &lot.row.state,
            accrued: lot.row.accrued,
            overdrawn: lot.row.overdrawn,
            converted: lot.row.converted,
            consumed: lot.row.consumed,
            reserved: lot.row.reserved,
            available: lot.row.available,
            forfeited: lot.row.forfeited,
            use_until: lot.use_until,
            claim_until: lot.claim_until,
        }
    }
}

/// One line of the CSV file.
#[derive(Default, Serialize)]
struct Line {
    partner_id: String,
    month: String,
    state: &'static str,
    /// One of `posting`, `true_up`, `booked_later`, `not_earned`, `payout`, `lot`.
    kind: &'static str,
    /// The lever, the code, the part of the payout, or the lot's period and state.
    what: String,
    /// Of true-ups: the month concerned; of those booked later: the month that they are booked in.
    other_month: String,
    cause: String,
    earned: String,
    rebate: String,
    /// Of lots: what accrued.
    coop: String,
    /// Of postings: the base; of payouts: the part; of lots: what is available.
    amount: String,
    currency: String,
    /// When a payout is due; the last day to claim a lot.
    date: String,
}

/// Everything in the statement as lines of one kind or another.
pub(super) fn csv(document: &Document) -> Result<Section, Failure> {
    let of = |kind: &'static str, what: &str| Line {
        partner_id: document.partner_id.to_string(),
        month: document.month.to_string(),
        state: document.state,
        kind,
        what: what.to_owned(),
        currency: document.currency.clone(),
        ..Line::default()
    };
    let true_up = |kind, row: &TrueUpRow, other_month: String| Line {
        other_month,
        cause: row.cause.to_string(),
        rebate: row.rebate.to_string(),
        coop: row.coop.to_string(),
        ..of(kind, &row.lever)
    };
    let not_earned = |line: &NotEarned| {
        let mut of_code =
            Line { amount: line.amount.to_string(), cause: line.why.clone(), ..of("not_earned", &line.code) };
        if !line.currency.is_empty() {
            of_code.currency.clone_from(&line.currency);
        }
        of_code
    };
    let mut lines: Vec<Line> = Vec::new();
    lines.extend(document.postings.iter().map(|row| Line {
        earned: row.earned.to_string(),
        rebate: row.rebate.to_string(),
        coop: row.coop.to_string(),
        amount: row.base.to_string(),
        ..of("posting", &row.lever)
    }));
    lines.extend(document.true_ups.iter().map(|row| true_up("true_up", row, row.closed_month.to_string())));
    lines.extend(document.booked_later.iter().map(|row| true_up("booked_later", row, row.month.to_string())));
    lines.extend(document.not_earned.iter().map(not_earned));
    if let Some(row) = &document.payout {
        let parts = [
            ("rebate", row.rebate),
            ("converted", row.converted),
            ("true_up", row.true_up),
            ("carried_in", row.carried_in),
            ("paid", row.paid),
            ("held", row.held),
            ("forfeited", row.forfeited),
            ("carried_out", row.carried_out),
        ];
        let part = |(name, amount): (&str, Exact)| Line {
            amount: amount.to_string(),
            date: row.due_on.to_string(),
            ..of("payout", name)
        };
        lines.extend(parts.into_iter().map(part));
    }
    lines.extend(document.lots.iter().map(|lot| Line {
        coop: lot.row.accrued.to_string(),
        amount: lot.row.available.to_string(),
        date: lot.claim_until.map(|day| day.to_string()).unwrap_or_default(),
        ..of("lot", &format!("{} {}", lot.row.period, lot.row.state))
    }));
    Section::new("statement", &lines)
}
