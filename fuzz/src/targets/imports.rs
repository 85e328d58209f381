//! Files that people hand in.

use super::{envelope, message};
use daybook_event::{Instant, SourceId};
use daybook_intake::classify_envelope;
use daybook_intake::import::{
    Billing, EarningItem, ImportError, ImportItem, NoCatalogue, PartnerCenterOptions, PartnerMap,
    earnings as read_earnings, ndjson as read_ndjson, partner_center as read_partner_center, protobuf as read_protobuf,
};
use daybook_store::{Incoming, Origin};
use std::convert::Infallible;

pub(super) fn ndjson(bytes: &[u8]) {
    let mut items = Vec::new();
    let lines = read_ndjson(bytes, &mut |item| {
        items.push(item);
        Ok::<(), Infallible>(())
    });
    let lines = lines.expect("memory can be read, and the sink takes everything");
    assert!(items.len() as u64 <= lines, "{} items of {lines} lines", items.len());
    assert!(items.is_sorted_by_key(|item| item.origin().line), "lines out of order");
    items.iter().for_each(item_check);
}

pub(super) fn protobuf(bytes: &[u8]) {
    let mut items = Vec::new();
    let read = read_protobuf(bytes, &mut |item| {
        items.push(item);
        Ok::<(), Infallible>(())
    });
    match read {
        Ok(messages) => assert_eq!(items.len() as u64, messages, "messages are lost"),
        Err(error) => message::check(&error),
    }
    assert!(items.iter().zip(1..).all(|(item, number)| item.origin().line == number), "messages out of order");
    items.iter().for_each(item_check);
}

pub(super) fn partner_center(bytes: &[u8]) {
    let (items, read) = partner_center_read(bytes);
    let (again, read_again) = partner_center_read(bytes);
    assert_eq!((&items, read.is_ok()), (&again, read_again.is_ok()), "the same file is read in two ways");
    match read {
        Ok(summary) => assert_eq!(summary, items.len() as u64, "lines are lost"),
        Err(error) => {
            message::check(&error);
            assert!(items.is_empty(), "a file that cannot be read has lines");
        }
    }
    items.iter().for_each(item_check);
    let mut ids: Vec<_> = items.iter().filter_map(event_id).collect();
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "two lines of one file with one id");
}

/// The lines of the file, and how many it says it has.
fn partner_center_read(bytes: &[u8]) -> (Vec<ImportItem>, Result<u64, ImportError<Infallible>>) {
    let options = PartnerCenterOptions {
        source: SourceId::parse("contoso").expect("an id"),
        partner_map: PartnerMap::parse_toml("[customers]\nC-1 = \"P-1\"\n").expect("a map"),
        catalogue: &NoCatalogue,
        billing: Billing::Detect,
        invoice: None,
    };
    let mut items = Vec::new();
    let read = read_partner_center(bytes, &options, &mut |item| {
        items.push(item);
        Ok(())
    });
    (items, read.map(|summary| summary.lines))
}

fn event_id(item: &ImportItem) -> Option<&str> {
    if let ImportItem::Event { envelope, .. } = item { Some(envelope.id.event_id.as_str()) } else { None }
}

/// What an importer hands on as an event is one to the door as well; what it does not says why.
fn item_check(item: &ImportItem) {
    match item {
        ImportItem::Event { envelope, .. } => {
            envelope::valid(envelope);
            let judged = classify_envelope(envelope, Instant::from_micros(0), Origin::default());
            assert!(matches!(judged, Incoming::Event { .. }), "the importer takes what the door refuses: {judged:?}");
        }
        ImportItem::Faulty { detail, .. } => message::check(detail),
        ImportItem::Skipped { why, .. } => assert!(!why.code().is_empty()),
    }
    item.flags().iter().for_each(message::check);
}

pub(super) fn earnings(bytes: &[u8]) {
    match read_earnings(bytes) {
        Ok(file) => {
            for item in &file.items {
                if let EarningItem::Faulty { detail, .. } = item {
                    message::check(detail);
                }
            }
            assert_eq!(read_earnings(bytes).as_ref().ok(), Some(&file), "the same file is read in two ways");
        }
        Err(error) => message::check(&error),
    }
}

/// The first byte says which form the rest is in.
pub(super) fn partner_map(bytes: &[u8]) {
    let Some((&form, rest)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let read = if form % 2 == 0 { PartnerMap::parse_toml(text) } else { PartnerMap::parse_csv(text) };
    if let Err(error) = read {
        message::check(&error);
    }
}
