//! JSON answers of the invoice interface as rows of cells: collections, single items, and either of them one after
//! another. Numbers are read as the text they are written in.

use super::super::FaultReason;
use super::super::fault::{FileError, LineFault};
use super::super::webhook::{Noticed, noticed};
use super::FILE_LINES_MAX;
use super::columns::{Cells, Column, LineKind, name_key};
use super::source_file::{RowContent, SourceFile, SourceRow};
use daybook_event::printable;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

type Object<'a> = BTreeMap<String, &'a RawValue>;

/// Reads every item of the document or documents.
pub(super) fn read(text: &str) -> Result<SourceFile<'_>, FileError> {
    let mut rows = Vec::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        let document = document.map_err(|e| broken(&e))?;
        let (items, invoice) = items_of(document);
        for item in items {
            let line = rows.len() as u64 + 1;
            let content = match noticed(item.get()) {
                Some(Noticed::Webhook(webhook)) => Ok(RowContent::Webhook(webhook)),
                Some(Noticed::Unknown(name)) => return Err(FileError::WebhookUnknown { line, name }),
                None => item_content(item, invoice.as_deref()),
            };
            rows.push(SourceRow { line, raw: item.get().as_bytes(), content });
            if rows.len() > FILE_LINES_MAX {
                return Err(FileError::TooManyLines { lines_max: FILE_LINES_MAX as u64 });
            }
        }
    }
    if rows.is_empty() { Err(FileError::Empty) } else { Ok(SourceFile { head: &[], rows }) }
}

fn broken(error: &serde_json::Error) -> FileError {
    FileError::Json { line: error.line(), column: error.column(), what: printable(&error.to_string()) }
}

/// The items of a collection, with the invoice that its own link names; any other value is one item.
fn items_of(document: &RawValue) -> (Vec<&RawValue>, Option<String>) {
    if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(document.get()) {
        return (items, None);
    }
    let object: Object<'_> = serde_json::from_str(document.get()).unwrap_or_default();
    let items = object.get("items").and_then(|items| serde_json::from_str::<Vec<&RawValue>>(items.get()).ok());
    match items {
        Some(items) => (items, object.get("links").and_then(|links| invoice_of_link(links))),
        None => (vec![document], None),
    }
}

/// The invoice in `/invoices/G000024135/lineitems?...`; for estimates it is `unbilled`.
fn invoice_of_link(links: &RawValue) -> Option<String> {
    let links: serde_json::Value = serde_json::from_str(links.get()).ok()?;
    let uri = links.pointer("/self/uri")?.as_str()?;
    let mut segments = uri.split(['/', '?']).skip_while(|segment| !segment.eq_ignore_ascii_case("invoices"));
    let invoice = segments.nth(1)?;
    let bare = invoice.strip_prefix("OneTime-").unwrap_or(invoice);
    (!bare.is_empty()).then(|| bare.to_owned())
}

fn item_content(item: &RawValue, invoice: Option<&str>) -> Result<RowContent, LineFault> {
    let object: Object<'_> = serde_json::from_str(item.get())
        .map_err(|e| LineFault::new(FaultReason::ItemInvalid, format!("the item is not a JSON object: {e}")))?;
    let texts: BTreeMap<String, String> =
        object.iter().filter_map(|(name, value)| Some((name_key(name), scalar_text(value)?))).collect();
    let Some(kind) = kind_of(&object, &texts) else {
        return Ok(RowContent::NotALine);
    };
    let mut cells = Cells::collect(|name| texts.get(name).map(String::as_str));
    if let Some(invoice) = invoice {
        cells.fill(Column::Invoice, invoice);
    }
    Ok(RowContent::Line { cells: Box::new(cells), kind })
}

/// The text of a plain value as it is written; null, lists and objects have none.
fn scalar_text(value: &RawValue) -> Option<String> {
    let raw = value.get();
    match raw.as_bytes().first()? {
        b'"' => serde_json::from_str(raw).ok(),
        b'{' | b'[' | b'n' => None,
        _ => Some(raw.to_owned()),
    }
}

/// The object's own type says it; where it has none, its keys do.
fn kind_of(object: &Object<'_>, texts: &BTreeMap<String, String>) -> Option<LineKind> {
    if texts.get("invoicelineitemtype").is_some_and(|kind| name_key(kind) == "usagelineitems") {
        return Some(LineKind::DailyUsage);
    }
    match object_type(object).as_deref() {
        Some("OneTimeInvoiceLineItem") => Some(LineKind::NewCommerce),
        Some("LicenseBasedLineItem") => Some(LineKind::LegacyLicence),
        Some("UsageBasedLineItem") => Some(LineKind::LegacyUsage),
        Some("DailyRatedUsageLineItem" | "DailyUsageLineItem") => Some(LineKind::DailyUsage),
        Some(_) => None,
        None => LineKind::detect(|name| texts.contains_key(name)),
    }
}

fn object_type(object: &Object<'_>) -> Option<String> {
    let attributes: Object<'_> = serde_json::from_str(object.get("attributes")?.get()).ok()?;
    scalar_text(attributes.get("objectType")?)
}
