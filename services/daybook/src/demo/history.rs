//! The demo history: a generated crowd, and a few partners whose story the comparison tells.

use crate::failure::Failure;
use crate::generate::{GenerateOptions, generate_envelopes};
use daybook_event::{Envelope, Month, NaiveDate};
use std::collections::BTreeSet;

/// Where the history lies, in words.
pub(super) const SPAN: &str = "October 2020 to September 2022";

/// Events of the crowd.
const CROWD_EVENTS: u64 = 20_000;
/// Partners of the crowd.
const CROWD_PARTNERS: u32 = 60;

/// The partners of the story, one NDJSON event a line.
const STORY: &str = include_str!("story.ndjson");

/// The last date that has happened in the demo.
pub(super) fn through() -> NaiveDate {
    Month::parse("2022-12").map_or(NaiveDate::MAX, Month::last_day)
}

/// Every event of the demo in the order of publishing.
pub(super) fn events() -> Result<Vec<Envelope>, Failure> {
    let start_month = Month::parse(GenerateOptions::START_MONTH).unwrap_or(Month::from_index(0));
    let options =
        GenerateOptions { partners: CROWD_PARTNERS, events: CROWD_EVENTS, months: 24, seed: 2_021, start_month };
    let mut events: Vec<Envelope> = generate_envelopes(options)?.collect();
    for (at, line) in STORY.lines().enumerate() {
        let event = daybook_proto::decode_json(line);
        events.push(event.map_err(|fault| Failure::Input(format!("line {} of the demo's story: {fault}", at + 1)))?);
    }
    Ok(events)
}

/// How many partners the events are of.
pub(super) fn partners(events: &[Envelope]) -> usize {
    events.iter().filter_map(|event| event.partner_id.as_ref()).collect::<BTreeSet<_>>().len()
}
