//! What is odd and changes no figure: the findings on a partner, and those on facts of no partner.

use super::claims::Desk;
use super::facts::{Line, Partner, World, is_reversed};
use super::number::Num;
use super::time::Period;
use daybook_event::{Envelope, Opening, Payload};
use serde_json::{Value, json};

/// Code and events.
pub(crate) type Finding = (String, Vec<String>);

impl Partner<'_> {
    /// Every finding, with those that others made.
    pub(crate) fn findings(&self, desk: &Desk<'_>, unconverted: &[String], mut found: Vec<Finding>) -> Vec<Value> {
        for line in &self.lines {
            let codes = line.findings.iter();
            found.extend(codes.map(|code| ((*code).to_owned(), vec![line.event.id.to_string()])));
        }
        found.extend(desk.findings.iter().map(|(code, event)| ((*code).to_owned(), vec![event.clone()])));
        found.extend(unconverted.iter().map(|event| ("ADJUSTMENT_NOFX".to_owned(), vec![event.clone()])));
        found.extend(
            self.facts
                .iter()
                .filter(|event| self.is_ignored(event))
                .map(|event| ("OPENING_IGNORED".to_owned(), vec![event.id.to_string()])),
        );
        found.extend(self.billed_twice());
        found.extend(self.credited_above());
        found.extend(of_reversals(&self.records));
        rows(self.id.as_str(), found)
    }

    fn is_ignored(&self, event: &Envelope) -> bool {
        match &event.payload {
            Payload::Opening(Opening::Lot { period, consumed, .. }) => {
                Num::of_amount(consumed).is_negative() || Period::labelled(self.world.book, period).is_none()
            }
            Payload::Opening(Opening::CustomerSince { product_group, .. }) => !self.is_some_group(product_group),
            _ => false,
        }
    }

    /// A sale and a change that bill the same source, subscription, date and amount.
    fn billed_twice(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        let is_same = |a: &Line<'_>, b: &Line<'_>| {
            a.event.id.source == b.event.id.source
                && a.event.effective_on == b.event.effective_on
                && a.own.subscription == b.own.subscription
                && !a.own.subscription.is_empty()
                && (a.own.amount, a.own.currency) == (b.own.amount, b.own.currency)
        };
        for sale in self.lines.iter().filter(|line| line.own.is_sale) {
            let changes = self.lines.iter().filter(|line| !line.own.is_sale);
            if let Some(change) = changes.rev().find(|change| is_same(sale, change)) {
                let mut events = vec![sale.event.id.to_string(), change.event.id.to_string()];
                events.sort();
                found.push(("BILLED_TWICE".to_owned(), events));
            }
        }
        found
    }

    /// Lines of which credits, all together, take more than they had.
    fn credited_above(&self) -> Vec<Finding> {
        let mut found = Vec::new();
        for root in &self.lines {
            let is_credit = |line: &&Line<'_>| {
                line.priced_by.id == root.event.id && line.event.id != root.event.id && !line.of_reversed
            };
            let credits: Vec<&Line<'_>> =
                self.lines.iter().filter(is_credit).filter(|line| line.worth.is_some()).collect();
            let Some(worth) = root.worth.filter(|_| !credits.is_empty()) else { continue };
            let rest = worth.plus(Num::sum(credits.iter().filter_map(|line| line.worth)));
            let is_above = if worth.is_negative() { rest.is_positive() } else { rest.is_negative() };
            if is_above {
                let mut events: Vec<String> = credits.iter().map(|line| line.event.id.to_string()).collect();
                events.sort();
                events.insert(0, root.event.id.to_string());
                found.push(("CREDIT_ABOVE_LINE".to_owned(), events));
            }
        }
        found
    }
}

/// Reversals that change nothing: of a reversal, or of what is not known.
fn of_reversals(records: &[&Envelope]) -> Vec<Finding> {
    let mut found = Vec::new();
    for record in records {
        let Payload::Reversal(reversal) = &record.payload else { continue };
        let is_target =
            |other: &&&Envelope| other.id.source == record.id.source && other.id.event_id == reversal.reverses;
        let code = match records.iter().find(is_target).map(|target| &target.payload) {
            Some(Payload::Reversal(_)) => "REVERSAL_OF_REVERSAL",
            Some(Payload::PeriodClosed(_) | Payload::PinnedStatement(_)) => "CLOSE_NOT_REVERSIBLE",
            Some(_) => continue,
            None => "REVERSAL_TARGET_UNKNOWN",
        };
        found.push((code.to_owned(), vec![record.id.to_string()]));
    }
    found
}

impl World<'_> {
    /// Findings on facts of no partner, with those that others made.
    pub(crate) fn findings(&self, mut found: Vec<Finding>) -> Vec<Value> {
        let records = self.of_no_partner();
        found.extend(of_reversals(&records));
        for record in &records {
            let is_weighed = matches!(record.payload, Payload::FxRate(_) | Payload::Reversal(_));
            if is_weighed && !self.is_named(record) && !is_reversed(&records, &record.id) {
                found.push(("SOURCE_NOT_NAMED".to_owned(), vec![record.id.to_string()]));
            }
        }
        rows("", found)
    }
}

fn rows(partner_id: &str, mut found: Vec<Finding>) -> Vec<Value> {
    found.sort();
    let row = |(code, events): Finding| json!({ "partner_id": partner_id, "code": code, "events": events });
    found.into_iter().map(row).collect()
}
