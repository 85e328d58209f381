//! Which months a closing is of.

use super::attempt::adopted_book;
use crate::books::Books;
use crate::cli::CloseArguments;
use crate::closed::Terms;
use crate::failure::Failure;
use crate::shards::threads_of_machine;
use daybook_event::{Month, NaiveDate};
use daybook_replay::Histories;
use daybook_rules::calendar::Calendar;
use daybook_views::PartnerRows;

/// The months to close, in order; none where the last of them is closed already.
pub(super) fn months(
    arguments: &CloseArguments,
    books: &Books,
    histories: &Histories,
    through: NaiveDate,
) -> Result<Vec<Month>, Failure> {
    let last = arguments.month;
    if last.last_day() > through {
        return Err(Failure::Input(format!(
            "{last} is not past on {through}: close it once a record is taken, or --through is given, after its last day"
        )));
    }
    let closings = histories.of_no_partner().closings();
    if let Some(later) = closings.all().get(closings.on(through).len()) {
        return Err(Failure::Input(format!(
            "{} was closed through {}, later than {through}: give --through {} or a later date",
            later.month, later.through, later.through
        )));
    }
    let first = match closings.on(through) {
        [first, .., closing] | [first @ closing] => {
            if last < first.month {
                return Err(Failure::Input(format!(
                    "{last} is before the first closed month, {}: what comes late of it is booked as true-ups",
                    first.month
                )));
            }
            closing.month.next()
        }
        [] => first_month(books, histories, through)?,
    };
    if closings.on(through).is_empty() && last < first {
        return Err(Failure::Input(format!(
            "{last} is before the first month that any partner has anything in: begin with {first}"
        )));
    }
    if first < last && !arguments.with_earlier {
        return Err(Failure::Input(format!(
            "{first} is open, and months are closed in order: close it first, or give --with-earlier"
        )));
    }
    Ok((first.index()..=last.index()).map(Month::from_index).collect())
}

/// The first month to be closed ever: of the first fact, or an earlier one that ends the period of an opening lot. What
/// became of such a lot is pinned with the last month of its period, and so is what its conversion pays.
fn first_month(books: &Books, histories: &Histories, through: NaiveDate) -> Result<Month, Failure> {
    let named = adopted_book(books)?;
    let replayed = Terms::of(&named, books).replay(histories, through, threads_of_machine(), &|_| ())?.replayed;
    let of_facts = histories.partners().iter().filter_map(|(_, history)| history.first_month());
    let calendar = named.book.calendar();
    let of_rows = replayed.partners.iter().flat_map(|(_, rows)| to_be_pinned(rows, calendar, through));
    of_facts
        .chain(of_rows)
        .min()
        .ok_or_else(|| Failure::Input("no partner has any fact: there is nothing to close".to_owned()))
}

/// The past months whose statements have a lot or a payout. A lot that claims alone name says nothing.
fn to_be_pinned(rows: &PartnerRows, calendar: &Calendar, through: NaiveDate) -> impl Iterator<Item = Month> {
    let decided = rows.lots.iter().filter(|lot| lot.state != "none");
    let ends = decided.filter_map(|lot| Some(calendar.period_parse(&lot.period)?.last_month()));
    ends.chain(rows.payouts.iter().map(|row| row.month)).filter(move |month| month.last_day() <= through)
}
