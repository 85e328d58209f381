//! What a line of a bill is part of.

use super::event::EventUse;
use super::event_money::of_money;
use super::subject::{FoldedMonth, Subject};
use super::{ExplainError, bucket, closed, line};
use daybook_event::{EventRef, Exact, Month, NaiveDate, Position};
use daybook_rules::model::GateTest;
use daybook_views::rows::PostingRow;
use daybook_views::{Fact, PartnerRows, PricedLine};

/// Where a line that counts went: its bucket, its postings and what these go into, gates, and credits.
pub(super) fn of_line(subject: &Subject<'_>, fact: &Fact, rows: &PartnerRows) -> Result<Vec<EventUse>, ExplainError> {
    let month = fact.month();
    let Some(folded) = subject.month(month)? else { return Ok(Vec::new()) };
    let Some(priced) = folded.lines.iter().find(|priced| folded.facts[priced.fact].id == fact.id) else {
        return Ok(Vec::new());
    };
    let ask = format!("daybook explain --partner {} --month {month}", subject.partner_id);
    let bucket = bucket::name_of(&priced.bucket).unwrap_or_else(|| "earning".to_owned());
    let mut uses = vec![EventUse {
        view: "conservation".to_owned(),
        row: month.to_string(),
        part: format!("bucket {bucket}"),
        amount: priced.amount,
        ask,
    }];
    let postings = of_postings(subject, &folded, priced);
    let mut is_paid = false;
    for mut posting in postings {
        let is_in_figure = is_in_figure(subject, rows, fact, &posting);
        if !is_in_figure {
            posting.part.push_str(", as the records give it now");
        }
        is_paid |= is_in_figure;
        uses.push(posting.into_use(subject, month));
    }
    if is_paid {
        uses.extend(of_money(subject, rows, month, "postings"));
    }
    uses.extend(of_gates(subject, fact, priced));
    uses.extend(of_credits(subject, fact, priced));
    Ok(uses)
}

/// The pinned postings of a line that was reversed after its month was closed, and what these go into.
pub(super) fn of_pinned_line(
    subject: &Subject<'_>,
    fact: &Fact,
    rows: &PartnerRows,
    reversed_at: Position,
) -> Result<Vec<EventUse>, ExplainError> {
    let month = fact.month();
    let closing = closed::closing(subject, month).filter(|closing| closing.position < reversed_at);
    let Some(closing) = closing else { return Ok(Vec::new()) };
    let known = subject.history.known_until(closing.position);
    let Some(folded) = subject.month_of(&known, month)? else { return Ok(Vec::new()) };
    let priced = folded.lines.iter().find(|priced| folded.facts[priced.fact].id == fact.id);
    let posted = priced.map(|priced| of_postings(subject, &folded, priced)).unwrap_or_default();
    let pinned = posted.into_iter().filter(|posted| is_in_figure(subject, rows, fact, posted));
    // Terms and rates may have changed since, so no share of the pinned figure is named.
    let part = || "pinned with it, before it was reversed".to_owned();
    let pinned = pinned.map(|posted| Posted { part: part(), amount: None, ..posted }.into_use(subject, month));
    let mut uses: Vec<EventUse> = pinned.collect();
    if !uses.is_empty() {
        uses.extend(of_money(subject, rows, month, "postings"));
    }
    Ok(uses)
}

/// What a line is in a posting.
struct Posted {
    lever: String,
    rule_set: String,
    part: String,
    amount: Option<Exact>,
}

impl Posted {
    fn into_use(self, subject: &Subject<'_>, month: Month) -> EventUse {
        let Self { lever, rule_set, part, amount } = self;
        EventUse {
            view: "postings".to_owned(),
            row: format!("{month} {lever} {rule_set}"),
            part,
            amount,
            ask: format!("daybook explain --partner {} --month {month} --lever {lever}", subject.partner_id),
        }
    }
}

fn of_postings(subject: &Subject<'_>, folded: &FoldedMonth, priced: &PricedLine) -> Vec<Posted> {
    let Some(set) = priced.rule_set.map(|at| &subject.book.sets[at]) else { return Vec::new() };
    let shown = line::explained(subject, folded, priced);
    let parts = priced.contributions.iter().map(|part| {
        let lever = &set.levers[part.lever];
        let words = format!("{} x {} on {}", part.base, lever.rate, shown.groups.join(", "));
        (&lever.name, words, Some(part.amount))
    });
    let growth = priced.growth.iter().filter(|at| !priced.contributions.iter().any(|part| part.lever == **at));
    let growth = growth.map(|&at| (&set.levers[at].name, "in the sum that grows".to_owned(), None));
    let posted = |(lever, part, amount): (&String, String, Option<Exact>)| {
        let (lever, rule_set) = (lever.clone(), set.version.clone());
        Posted { lever, rule_set, part, amount }
    };
    parts.chain(growth).map(posted).collect()
}

/// Whether the posting that counts has the line in it. A closed month's is the pinned one: it has no line that was recorded
/// later, and none that earned nothing then.
fn is_in_figure(subject: &Subject<'_>, rows: &PartnerRows, fact: &Fact, posted: &Posted) -> bool {
    let month = fact.month();
    closed::closing(subject, month).is_none_or(|closing| {
        let is_pinned = |row: &PostingRow| row.month == month && row.lever == posted.lever;
        fact.position <= closing.position && rows.postings.iter().any(is_pinned)
    })
}

/// The trailing sums in which a line counts, by gate of the terms of its date.
fn of_gates(subject: &Subject<'_>, fact: &Fact, priced: &PricedLine) -> Vec<EventUse> {
    let set = subject.book.set_on_or_first(fact.effective_on);
    let mut found = Vec::new();
    for gate in &set.gates {
        for test in &gate.any_of {
            let GateTest::TrailingRevenue { window_days, groups, at_least: Some(_) } = test else { continue };
            let last = fact.effective_on.checked_add_days(chrono::Days::new(u64::from(window_days.saturating_sub(1))));
            let of = if groups.is_empty() { "any product".to_owned() } else { groups.join(", ") };
            found.push(EventUse {
                view: "gates".to_owned(),
                row: gate.name.clone(),
                part: format!(
                    "in the trailing revenue of {} to {} (over {of})",
                    fact.effective_on,
                    last.unwrap_or(NaiveDate::MAX)
                ),
                amount: priced.amount,
                ask: format!(
                    "daybook explain --partner {} --standing {}",
                    subject.partner_id,
                    fact.effective_on.min(subject.through)
                ),
            });
        }
    }
    found
}

/// The line that this one credits, and those that credit it.
fn of_credits(subject: &Subject<'_>, fact: &Fact, priced: &PricedLine) -> Vec<EventUse> {
    let credits = |other: &&Fact| {
        let named = other.line().and_then(|line| line.credits.as_ref());
        other.id.source == fact.id.source && named == Some(&fact.id.event_id) && subject.counts(other)
    };
    let with = |id: &EventRef, part: &str| EventUse {
        view: "events".to_owned(),
        row: id.to_string(),
        part: part.to_owned(),
        amount: None,
        ask: format!("daybook explain --partner {} --event {id}", subject.partner_id),
    };
    let root = priced.credit_of.iter().map(|root| with(root, "this event credits that line, and takes over its terms"));
    let by = subject.history.facts().iter().filter(credits).map(|other| with(&other.id, "that line credits this one"));
    root.chain(by).collect()
}
