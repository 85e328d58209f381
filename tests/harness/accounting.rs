//! What must hold of the books of any rows: every entry sums to zero, every account stands where the views say, and what
//! is booked as an opening is what openings told.

use daybook_event::{Exact, Month, NaiveDate, Opening};
use daybook_replay::{
    AccountBalance, AccountEntry, AccountName, ClaimDays, EntryKind, Histories, Replayed, account_entries,
    balances_of_entries, balances_of_rows, replay,
};
use daybook_rules::model::RuleBook;
use daybook_views::{FactKind, FactSource, PartnerHistory, PartnerRows};
use std::collections::BTreeSet;

/// Checks the books of every partner. Returns the kinds of entries that there were.
pub(crate) fn check(histories: &Histories, book: &RuleBook, through: NaiveDate, what: &str) -> BTreeSet<EntryKind> {
    check_rows(histories, book, through, &replay(histories, book, through, 1), what)
}

/// The same for rows that keep what is closed.
pub(crate) fn check_rows(
    histories: &Histories,
    book: &RuleBook,
    through: NaiveDate,
    replayed: &Replayed,
    what: &str,
) -> BTreeSet<EntryKind> {
    let mut kinds = BTreeSet::new();
    for (partner_id, rows) in &replayed.partners {
        let what = format!("{what}, {partner_id}");
        let history = histories.partner(partner_id).unwrap();
        let days = ClaimDays::of(history, through);
        let entries = account_entries(book, partner_id, rows, &days, through).unwrap();
        for entry in &entries {
            assert_eq!(entry.sum().unwrap(), Exact::ZERO, "{what}: {entry:?}");
            assert!(entry.lines.iter().all(|line| !line.amount.is_zero()), "{what}: {entry:?}");
            assert!(entry.on <= through, "{what}: {entry:?}");
            kinds.insert(entry.kind);
        }
        assert!(entries.is_sorted(), "{what}");
        let mut stand = balances_of_entries(&entries).unwrap();
        stand.retain(|of| !of.balance.is_zero());
        assert_eq!(stand, balances_of_rows(partner_id, rows, through).unwrap(), "{what}");
        if rows.is_overflowed() {
            assert!(entries.is_empty(), "{what}: no books without figures");
        } else {
            check_views(&stand, rows, &what);
            check_claims(&entries, rows, &what);
            let opened = opened(book, history, rows, through);
            assert_eq!(total(&stand, AccountName::Opening), opened, "{what}: openings");
        }
    }
    kinds
}

fn total(balances: &[AccountBalance], name: AccountName) -> Exact {
    let of_name = balances.iter().filter(|of| of.account.name == name);
    of_name.fold(Exact::ZERO, |sum, of| sum.plus(of.balance).unwrap())
}

fn sum(parts: impl Iterator<Item = Exact>) -> Exact {
    parts.fold(Exact::ZERO, |sum, part| sum.plus(part).unwrap())
}

/// The accounts that say the same as one column of a view, by plain sums over that column.
fn check_views(stand: &[AccountBalance], rows: &PartnerRows, what: &str) {
    let earned = sum(rows.postings.iter().map(|row| row.earned));
    let trued = sum(rows.true_ups.iter().map(|row| row.rebate.plus(row.coop).unwrap()));
    let expense = total(stand, AccountName::RebateExpense).plus(total(stand, AccountName::CoopExpense)).unwrap();
    assert_eq!(expense, earned.plus(trued).unwrap(), "{what}: what was earned");
    let forfeited = sum(rows.lots.iter().map(|row| row.forfeited));
    assert_eq!(total(stand, AccountName::CoopForfeited), forfeited.negate(), "{what}: co-op forfeited");
    let held = sum(rows.payouts.iter().map(|row| row.held));
    assert_eq!(total(stand, AccountName::PayoutsHeld), held.negate(), "{what}: held");
    for lot in rows.lots.iter().filter(|lot| lot.state != "open") {
        let account = stand.iter().find(|of| of.account.lot.as_deref() == Some(&lot.period));
        let left = lot.reserved.plus(lot.available).unwrap();
        assert_eq!(account.map(|of| of.balance).unwrap_or_default(), left.negate(), "{what}: lot {}", lot.period);
    }
}

/// A claim that draws on a lot is in the books once, on a day that is known; a paid one once more.
fn check_claims(entries: &[AccountEntry], rows: &PartnerRows, what: &str) {
    for claim in &rows.claims {
        let of_claim = |kind: EntryKind| {
            let is_of = move |entry: &&AccountEntry| {
                entry.kind == kind && entry.origin.claim_id.as_deref() == Some(claim.claim_id.as_str())
            };
            entries.iter().filter(is_of).count()
        };
        let draws = ["approved", "paid"].contains(&claim.state.as_str());
        let draws = draws && !["", "0.00"].contains(&claim.amount.as_str());
        let paid = draws && claim.state == "paid";
        let booked = (of_claim(EntryKind::Claim), of_claim(EntryKind::ClaimPayment));
        assert_eq!(booked, (usize::from(draws), usize::from(paid)), "{what}: claim {}", claim.claim_id);
    }
}

/// What `equity:opening` must stand at by the opening facts alone.
fn opened(book: &RuleBook, history: &PartnerHistory, rows: &PartnerRows, through: NaiveDate) -> Exact {
    let counts = |on: NaiveDate| on <= through;
    let comes_too_late = |id: &str| {
        let of_closed = rows.findings.iter().filter(|finding| finding.code == "OPENING_OF_CLOSED_MONTH");
        of_closed.flat_map(|finding| &finding.events).any(|event| event == id)
    };
    let mut sum = Exact::ZERO;
    for fact in history.facts().iter().filter(|fact| counts(fact.effective_on) && !history.reversals().names(&fact.id))
    {
        if comes_too_late(&fact.id.to_string()) {
            continue;
        }
        match &fact.kind {
            FactKind::Opening(Opening::Lot { period, accrued, state, consumed }) if !consumed.exact().is_negative() => {
                let Some(period) = book.calendar().period_parse(period) else { continue };
                sum = sum.plus(accrued.exact()).unwrap().minus(consumed.exact()).unwrap();
                // What was converted before was paid before: it is taken out again when the lot converts.
                let label = period.to_string();
                let converts = rows.lots.iter().any(|lot| lot.period == label && lot.state == "converted");
                if state == "converted" && converts {
                    sum = sum.minus(accrued.exact()).unwrap();
                }
            }
            // A carry is in no row before its month is past.
            FactKind::Opening(Opening::Carry { amount }) if counts(Month::of(fact.effective_on).last_day()) => {
                sum = sum.plus(amount.exact()).unwrap();
            }
            _ => {}
        }
    }
    sum
}
