//! Standing facts as kept bytes.

use super::bytes::{Reader, Writer};
use crate::facts::{FactHistory, FactValue, HeldAs, StandingFacts};
use daybook_event::{EventId, EventRef, SourceId};

/// How a value is held.
mod held {
    pub(super) const LAPSED: u64 = 0;
    pub(super) const HELD: u64 = 1;
    pub(super) const NUMBER: u64 = 2;
}

/// The facts of these names, as far as anything was ever said of them.
pub(super) fn put(writer: &mut Writer<'_>, facts: &StandingFacts, names: &[&str]) {
    let told: Vec<(&str, &FactHistory)> = names.iter().filter_map(|name| Some((*name, facts.get(name)?))).collect();
    writer.list(&told, |writer, (name, history)| {
        writer.text(name);
        writer.list(&history.values, |writer, value| {
            writer.date(value.on);
            writer.text(value.event.source.as_str());
            writer.text(value.event.event_id.as_str());
            match value.held {
                HeldAs::Lapsed => writer.number(held::LAPSED),
                HeldAs::Held => writer.number(held::HELD),
                HeldAs::Number(number) => {
                    writer.number(held::NUMBER);
                    writer.exact(number);
                }
            }
        });
    });
}

pub(super) fn facts(reader: &mut Reader<'_, '_>) -> Option<StandingFacts> {
    let told = reader.list(|reader| Some((reader.text()?.to_owned(), FactHistory { values: reader.list(value)? })))?;
    Some(StandingFacts::told(told))
}

fn value(reader: &mut Reader<'_, '_>) -> Option<FactValue> {
    let on = reader.date()?;
    let (source, event_id) = (reader.text()?, reader.text()?);
    let event = EventRef { source: SourceId::parse(source).ok()?, event_id: EventId::parse(event_id).ok()? };
    let held = match reader.number()? {
        held::LAPSED => HeldAs::Lapsed,
        held::HELD => HeldAs::Held,
        held::NUMBER => HeldAs::Number(reader.exact()?),
        _ => return None,
    };
    Some(FactValue { on, event, held })
}
