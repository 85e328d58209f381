//! Days of claims, and a journal word by word. That books balance and equal the views is tested over every situation and
//! over generated histories, where whole rows are at hand.

use super::*;
use daybook_event::{ClaimState, CoopClaim, Currency, Envelope, EventId, EventRef, Payload, Position, SourceId};
use daybook_rules::{load_book, shipped_rule_files};
use daybook_views::rows::{PayoutRow, PostingRow};
use daybook_views::{Fact, PartnerHistory, Reversals};

fn date(text: &str) -> NaiveDate {
    daybook_event::date_parse(text).unwrap()
}

fn exact(text: &str) -> Exact {
    Exact::parse(text).unwrap()
}

fn partner() -> PartnerId {
    PartnerId::parse("P-1").unwrap()
}

fn days_of(steps: &[(&str, ClaimState)]) -> ClaimDays {
    let fact = |(at, (on, state)): (usize, &(&str, ClaimState))| {
        let claim = CoopClaim {
            claim_id: "CL-1".to_owned(),
            state: *state,
            activity: String::new(),
            activity_start: None,
            activity_end: None,
            amount: None,
            currency: None,
            evidence: String::new(),
        };
        let id = EventRef {
            source: SourceId::parse("claims").unwrap(),
            event_id: EventId::parse(&format!("e-{at}")).unwrap(),
        };
        let envelope = Envelope {
            id,
            partner_id: Some(partner()),
            effective_on: date(on),
            seq: 0,
            source_seq: None,
            payload: Payload::CoopClaim(claim),
        };
        Fact::of(envelope, Position::new(1)).unwrap()
    };
    let facts = steps.iter().enumerate().map(fact).collect();
    ClaimDays::of(&PartnerHistory::new(facts, Reversals::default()), date("2022-12-31"))
}

#[test]
fn a_claim_draws_on_its_lot_from_the_day_of_the_approval_that_stands() {
    use ClaimState as State;
    let days = days_of(&[
        ("2022-03-01", State::Submitted),
        ("2022-03-05", State::Approved),
        ("2022-03-09", State::Rejected),
        ("2022-03-10", State::Disputed),
        ("2022-03-20", State::Approved),
        ("2022-04-01", State::Approved),
        ("2022-05-02", State::Paid),
        ("2022-06-01", State::Rejected),
        ("2023-01-01", State::Approved),
    ]);
    assert_eq!(days.approved_on("CL-1"), Some(date("2022-03-20")));
    assert_eq!(days.paid_on("CL-1"), Some(date("2022-05-02")));
    assert_eq!(days.approved_on("CL-2"), None);
}

#[test]
fn a_claim_paid_without_approval_draws_and_is_paid_on_one_day() {
    let days = days_of(&[("2022-03-01", ClaimState::Submitted), ("2022-03-05", ClaimState::Paid)]);
    assert_eq!(days.approved_on("CL-1"), Some(date("2022-03-05")));
    assert_eq!(days.paid_on("CL-1"), Some(date("2022-03-05")));
}

/// One posting, and the payout of its month.
fn rows() -> PartnerRows {
    let month = Month::parse("2021-11").unwrap();
    let posting = PostingRow {
        partner_id: partner(),
        month,
        period: "FY22H1".into(),
        lever: "core_azure".into(),
        rule_set: "2021-10".into(),
        base: exact("10000"),
        earned: exact("400"),
        rebate: exact("240"),
        coop: exact("160"),
    };
    let payout = PayoutRow {
        partner_id: partner(),
        month,
        rebate: exact("240"),
        converted: Exact::ZERO,
        true_up: Exact::ZERO,
        carried_in: exact("0.125"),
        paid: exact("240.125"),
        held: Exact::ZERO,
        forfeited: Exact::ZERO,
        carried_out: Exact::ZERO,
        due_on: date("2022-01-14"),
    };
    let lot = daybook_views::rows::LotRow {
        accrued: exact("160"),
        state: "open".into(),
        ..daybook_views::rows::LotRow::none(&partner(), "FY22H1")
    };
    PartnerRows { postings: vec![posting], payouts: vec![payout], lots: vec![lot], ..PartnerRows::default() }
}

#[test]
fn a_journal_names_its_accounts_holds_exact_amounts_and_asserts_what_the_views_say() {
    let book = load_book(&shipped_rule_files()).0.unwrap();
    let (rows, through) = (rows(), date("2021-12-05"));
    let entries = account_entries(&book, &partner(), &rows, &ClaimDays::default(), through).unwrap();
    let balances = balances_of_rows(&partner(), &rows, through).unwrap();
    let about = ["through 2021-12-05".to_owned()];
    let journal =
        HledgerJournal { about: &about, currency: Currency::USD, through, entries: &entries, balances: &balances };
    let expected = "\
; through 2021-12-05

decimal-mark .
commodity 1000.00 USD

account equity:opening:P-1
account expenses:co-op:P-1
account expenses:rebate:P-1
account liabilities:co-op:P-1:FY22H1
account liabilities:payouts-due:P-1
account liabilities:rebate:P-1

2021-11-01 P-1 | opening carry into 2021-11
    ; partner:P-1, kind:opening, month:2021-11
    equity:opening:P-1  0.125 USD
    liabilities:rebate:P-1  -0.125 USD

2021-11-30 P-1 | accrual of 2021-11, core_azure under 2021-10
    ; partner:P-1, kind:accrual, month:2021-11, lever:core_azure, rule_set:2021-10, lot:FY22H1
    expenses:rebate:P-1  240.00 USD
    expenses:co-op:P-1  160.00 USD
    liabilities:rebate:P-1  -240.00 USD
    liabilities:co-op:P-1:FY22H1  -160.00 USD

2021-11-30 P-1 | payout of 2021-11 decided, due on 2022-01-14
    ; partner:P-1, kind:payout, month:2021-11
    liabilities:rebate:P-1  240.125 USD
    liabilities:payouts-due:P-1  -240.125 USD

2021-12-05 daybook | balances by the views
    equity:opening:P-1  0.00 USD = 0.125 USD
    expenses:co-op:P-1  0.00 USD = 160.00 USD
    expenses:rebate:P-1  0.00 USD = 240.00 USD
    liabilities:co-op:P-1:FY22H1  0.00 USD = -160.00 USD
    liabilities:payouts-due:P-1  0.00 USD = -240.125 USD
    liabilities:rebate:P-1  0.00 USD = 0.00 USD
";
    assert_eq!(journal.to_string(), expected);
}

#[test]
fn the_head_of_a_journal_keeps_its_punctuation_and_each_text_its_line() {
    let about = ["closed 2022-01, kept as pinned; the last by record 7\naccount x".to_owned()];
    let through = date("2021-12-05");
    let journal = HledgerJournal { about: &about, currency: Currency::USD, through, entries: &[], balances: &[] };
    let text = journal.to_string();
    assert_eq!(text.lines().next(), Some("; closed 2022-01, kept as pinned; the last by record 7 account x"));
}

#[test]
fn text_of_others_cannot_end_a_line_or_a_tag() {
    let mut rows = rows();
    rows.postings[0].lever = "odd, lever\n2021-12-01 ; | x".into();
    let book = load_book(&shipped_rule_files()).0.unwrap();
    let through = date("2021-12-05");
    let entries = account_entries(&book, &partner(), &rows, &ClaimDays::default(), through).unwrap();
    let journal = HledgerJournal { about: &[], currency: Currency::USD, through, entries: &entries, balances: &[] };
    let text = journal.to_string();
    assert!(text.contains("lever:odd  lever 2021-12-01     x, rule_set:"), "{text}");
}
