//! What a statement says: the figures as they were pinned, or as they are now, and the proof beside them.

use crate::failure::Failure;
use daybook_event::{Exact, Month, NaiveDate, Name, PartnerId, Position};
use daybook_rules::model::RuleBook;
use daybook_views::codes::LineCode;
use daybook_views::rows::{ConservationRow, LotRow, PayoutRow, PostingRow, TrueUpRow};
use daybook_views::{Closings, LotDays, PartnerRows, Statement};
use serde::Serialize;

/// A partner's statement of a month.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    pub(super) partner_id: PartnerId,
    pub(super) month: Month,
    /// `closed`: as it was pinned, for good. `open`: as computed now.
    pub(super) state: &'static str,
    /// The program currency: of every amount that names none.
    pub(super) currency: String,
    /// What the figures miss.
    pub(super) provisional: Vec<String>,
    pub(super) totals: Totals,
    pub(super) postings: Vec<PostingRow>,
    pub(super) not_earned: Vec<NotEarned>,
    /// Differences of closed months that are booked in this one.
    pub(super) true_ups: Vec<TrueUpRow>,
    /// Where the month is the last of its earning period: the co-op of the period.
    pub(super) lot: Option<LotRow>,
    pub(super) payout: Option<PayoutRow>,
    pub(super) conservation: Option<ConservationRow>,
    /// Differences of this month that were found after it was closed, and the months that they are booked in.
    pub(super) booked_later: Vec<TrueUpRow>,
    /// The partner's lots as they stand at the head.
    pub(super) lots: Vec<LotNow>,
    pub(super) proof: Proof,
}

/// What the month earned, over all levers, and what true-ups add.
#[derive(Debug, Default, Serialize)]
pub(super) struct Totals {
    pub(super) earned: Exact,
    pub(super) rebate: Exact,
    pub(super) coop: Exact,
    pub(super) true_up_rebate: Exact,
    pub(super) true_up_coop: Exact,
}

/// Billed amounts that earned nothing, and why.
#[derive(Debug, Serialize)]
pub(super) struct NotEarned {
    pub(super) code: String,
    pub(super) amount: Exact,
    /// Empty where the amount is in the program currency.
    pub(super) currency: String,
    pub(super) why: String,
    pub(super) what_to_do: String,
}

/// A lot with its dates.
#[derive(Debug, Serialize)]
pub(super) struct LotNow {
    #[serde(flatten)]
    pub(super) row: LotRow,
    /// The dates are those of a lot that can be used, or may come to be; of any other they would mislead.
    pub(super) use_from: Option<NaiveDate>,
    pub(super) use_until: Option<NaiveDate>,
    pub(super) claim_from: Option<NaiveDate>,
    pub(super) claim_until: Option<NaiveDate>,
}

/// What the figures follow from: whoever has these records and this book gets these figures.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Proof {
    /// The last record that the figures contain, and the tree's root there.
    pub(super) position: Position,
    pub(super) root: String,
    /// The last date that had happened.
    pub(super) through: NaiveDate,
    /// The rule book's terms hash, and its versions.
    pub(super) rule_book: String,
    pub(super) rule_sets: Vec<String>,
    pub(super) engine_semantics: u32,
    /// What the head was when this was printed: lots and later true-ups are of there.
    pub(super) head_position: Position,
    pub(super) head_root: String,
    pub(super) head_through: NaiveDate,
    /// Of a closed month.
    pub(super) closing: Option<ClosingProof>,
    /// Of a month that is not closed on the through date: how it stands to what is.
    #[serde(skip)]
    pub(super) open: Open,
}

/// Why a month has no pinned statement.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Open {
    /// It is to be closed yet.
    #[default]
    NotYet,
    /// It is closed, from this through date on.
    ClosedThrough(NaiveDate),
    /// Closing began with this later month.
    BeforeFirst(Month),
}

impl Open {
    /// How a month that no closing closes on the through date stands to those that are recorded.
    pub(super) fn of(closings: &Closings, month: Month, through: NaiveDate) -> Self {
        let later = closings.all().iter().find(|closing| closing.month == month);
        let first = closings.on(through).first().map(|closing| closing.month);
        match (later, first) {
            (Some(closing), _) => Self::ClosedThrough(closing.through),
            (None, Some(first)) if month < first => Self::BeforeFirst(first),
            (None, _) => Self::NotYet,
        }
    }
}

/// The record that closed the month.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ClosingProof {
    pub(super) event: String,
    pub(super) position: Position,
    pub(super) statement_digest: String,
    pub(super) closed_by: String,
    pub(super) approver: String,
    pub(super) reason: String,
    /// Why it was closed though something blocked it; empty where nothing did.
    pub(super) override_reason: String,
}

impl Document {
    /// The document of a statement. `book` is that of the figures; `rows` and `book_now` those of the head.
    pub(super) fn of(
        statement: Statement,
        proof: Proof,
        book: &RuleBook,
        rows: &PartnerRows,
        book_now: &RuleBook,
    ) -> Result<Self, Failure> {
        let is_closed = proof.closing.is_some();
        let later = |row: &&TrueUpRow| is_closed && row.closed_month == statement.month && row.month > statement.month;
        Ok(Self {
            state: if is_closed { "closed" } else { "open" },
            currency: book.set_on_or_first(statement.month.last_day()).currency.to_string(),
            totals: totals(&statement)?,
            not_earned: statement.conservation.as_ref().map(|row| not_earned(book, row)).unwrap_or_default(),
            booked_later: rows.true_ups.iter().filter(later).cloned().collect(),
            lots: rows.lots.iter().filter_map(|row| lot_now(book_now, row)).collect(),
            partner_id: statement.partner_id,
            month: statement.month,
            provisional: statement.provisional.into_iter().map(String::from).collect(),
            postings: statement.postings,
            true_ups: statement.true_ups,
            lot: statement.lot,
            payout: statement.payout,
            conservation: statement.conservation,
            proof,
        })
    }
}

fn totals(statement: &Statement) -> Result<Totals, Failure> {
    let mut totals = Totals::default();
    for row in &statement.postings {
        totals.earned = totals.earned.plus(row.earned)?;
        totals.rebate = totals.rebate.plus(row.rebate)?;
        totals.coop = totals.coop.plus(row.coop)?;
    }
    for row in &statement.true_ups {
        totals.true_up_rebate = totals.true_up_rebate.plus(row.rebate)?;
        totals.true_up_coop = totals.true_up_coop.plus(row.coop)?;
    }
    Ok(totals)
}

/// Every bucket with something in it that earned nothing.
fn not_earned(book: &RuleBook, row: &ConservationRow) -> Vec<NotEarned> {
    let last_day = row.month.last_day();
    let of_code = |(code, amount): (&Name, &Exact)| {
        let (why, what_to_do) = code_texts(book, code, last_day);
        NotEarned { code: code.to_string(), amount: *amount, currency: String::new(), why, what_to_do }
    };
    let fixed = |code: &str, amount: Exact, why: &str, what_to_do: &str| NotEarned {
        code: code.to_owned(),
        amount,
        currency: String::new(),
        why: why.to_owned(),
        what_to_do: what_to_do.to_owned(),
    };
    let mut all: Vec<NotEarned> = row.ineligible.iter().map(of_code).collect();
    let no_terms = LineCode::NoTerms.meaning();
    all.extend([
        fixed("unmatched", row.unmatched, "No lever matches.", "Check product family, segment and charge type."),
        fixed("capped", row.capped, "A cap left nothing of it.", "Nothing: the cap is used up."),
        fixed(LineCode::NoTerms.as_str(), row.provisional_noterms, no_terms.sentence, no_terms.how_to),
    ]);
    let no_rate = LineCode::NoRate.meaning();
    all.extend(row.unconverted.iter().map(|sum| NotEarned {
        currency: sum.currency.to_string(),
        ..fixed(LineCode::NoRate.as_str(), sum.amount, no_rate.sentence, no_rate.how_to)
    }));
    all.retain(|line| !line.amount.is_zero());
    all
}

/// What a code says, and what to do: a gate's texts are those of the month's terms, or of the first that know the code.
fn code_texts(book: &RuleBook, code: &str, on: NaiveDate) -> (String, String) {
    if let Some(own) = LineCode::parse(code) {
        let meaning = own.meaning();
        return (meaning.sentence.to_owned(), meaning.how_to.to_owned());
    }
    let sets = std::iter::once(book.set_on_or_first(on)).chain(&book.sets);
    let gate = sets.flat_map(|set| &set.gates).find(|gate| gate.fail_code == code);
    gate.map(|gate| (gate.sentence.clone(), gate.how_to.clone())).unwrap_or_default()
}

/// A lot with its dates; none for a period that the calendar does not name.
fn lot_now(book: &RuleBook, row: &LotRow) -> Option<LotNow> {
    let days = LotDays::of(book, book.calendar().period_parse(&row.period)?);
    let has_days = matches!(row.state.as_str(), "open" | "usable");
    let of = |day: NaiveDate| has_days.then_some(day);
    Some(LotNow {
        row: row.clone(),
        use_from: of(days.used.0),
        use_until: of(days.used.1),
        claim_from: of(days.claimed.0),
        claim_until: of(days.claimed.1),
    })
}
