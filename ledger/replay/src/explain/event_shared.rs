//! Events that are part of figures through what they do to others: reversals and exchange rates.

use super::event::{EventExplanation, EventUse, cited};
use super::subject::Subject;
use daybook_event::{EventRef, Position};
use daybook_views::{Fact, FactSource, FactsOfNoPartner, PublishedRate};

/// Explains a reversal or an exchange rate; none where the event is neither.
pub(super) fn explain(
    subject: &Subject<'_>,
    of_no_partner: &FactsOfNoPartner,
    event: &EventRef,
) -> Option<EventExplanation> {
    for reversals in [subject.history.reversals(), of_no_partner.reversals()] {
        if let (Some(target), Some(position)) = (reversals.target_of(event), reversals.position_of(event)) {
            let is_known = subject.fact(target).is_some() || of_no_partner.rate(target).is_some();
            return Some(of_reversal(subject, event, position, target, is_known));
        }
    }
    let rate = of_no_partner.rate(event)?;
    let reversed = of_no_partner.reversals().of(event).into_iter().next();
    Some(of_rate(subject, event, &rate, reversed))
}

fn of_reversal(
    subject: &Subject<'_>,
    event: &EventRef,
    position: Position,
    target: &EventRef,
    is_known: bool,
) -> EventExplanation {
    let partner_id = subject.partner_id;
    let takes_out = EventUse {
        view: "events".to_owned(),
        row: target.to_string(),
        part: "this event takes that one out of what counts".to_owned(),
        amount: None,
        ask: format!("daybook explain --partner {partner_id} --event {target}"),
    };
    let mut uses: Vec<EventUse> = is_known.then_some(takes_out).into_iter().collect();
    uses.extend(cited(subject, &subject.rows(), event));
    let what = format!("reversal of {target}");
    let does = if is_known {
        caused(&uses)
    } else {
        "changes nothing: no fact of the partner and no exchange rate has that id".to_owned()
    };
    EventExplanation {
        summary: format!("{event} ({what}, record {position}) {does}."),
        partner_id: partner_id.clone(),
        event: event.to_string(),
        position,
        effective_on: None,
        what,
        through: subject.through,
        counts: is_known,
        reversed_by: None,
        reversed_at: None,
        uses,
    }
}

fn of_rate(
    subject: &Subject<'_>,
    event: &EventRef,
    rate: &PublishedRate,
    reversed: Option<(Position, &EventRef)>,
) -> EventExplanation {
    let partner_id = subject.partner_id;
    let PublishedRate { currency, month, effective_on, position, .. } = *rate;
    let used = subject.fx.rate(currency, month).map(|(_, used)| used);
    let is_used = used == Some(event);
    let is_of = |fact: &&Fact| fact.month() == month && fact.line().is_some_and(|line| line.currency == currency);
    let lines = subject.history.facts().iter().filter(is_of).filter(|fact| subject.counts(fact)).count();
    let converts = EventUse {
        view: "conservation".to_owned(),
        row: month.to_string(),
        part: format!("the rate of {lines} lines in {currency}"),
        amount: None,
        ask: format!("daybook explain --partner {partner_id} --month {month}"),
    };
    let mut uses: Vec<EventUse> = (is_used && lines > 0).then_some(converts).into_iter().collect();
    uses.extend(cited(subject, &subject.rows(), event));
    let what = format!("exchange rate of {currency} for {month}: {}", rate.rate);
    let does = match (reversed, used) {
        _ if is_used => format!("converts {lines} lines, and {}", caused(&uses)),
        (Some((at, by)), _) => format!("is reversed at record {at} by {by}; it {}", caused(&uses)),
        (None, _) if effective_on > subject.through => {
            format!("is dated after the through date {}: it does not count yet", subject.through)
        }
        (None, Some(other)) => format!("does not count, {other} does; it {}", caused(&uses)),
        (None, None) => "does not count: the rule book does not name its source".to_owned(),
    };
    EventExplanation {
        summary: format!("{event} ({what}, {effective_on}) {does}."),
        partner_id: partner_id.clone(),
        event: event.to_string(),
        position,
        effective_on: Some(effective_on),
        what,
        through: subject.through,
        counts: is_used,
        reversed_by: reversed.map(|(_, by)| by.to_string()),
        reversed_at: reversed.map(|(at, _)| at),
        uses,
    }
}

/// How many true-ups an event caused, in words.
fn caused(uses: &[EventUse]) -> String {
    match uses.iter().filter(|one| one.view == "true_ups").count() {
        0 => "caused no true-up".to_owned(),
        1 => "caused 1 true-up".to_owned(),
        more => format!("caused {more} true-ups"),
    }
}
