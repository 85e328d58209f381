//! Published samples and worked examples, and what real files do to them.

mod faults;
mod identity;
mod partners;
mod samples;
mod webhooks;

use super::*;
use crate::import::{FileError, NoCatalogue, Placement, ProductHint};
use daybook_event::{LicenseSale, Segment};
use std::convert::Infallible;
use std::path::PathBuf;

/// A row as names and values.
type Row = Vec<(String, String)>;

fn testdata(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/partner-center").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A published table, header first.
fn table(name: &str) -> Vec<Vec<String>> {
    let bytes = testdata(&format!("tables/{name}.csv"));
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes.as_slice());
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The published columns of a format with their published sample values; blank where none is published.
fn published_row(columns: &str) -> Row {
    let rows = table(columns);
    let sample = |row: &Vec<String>| row.get(2).cloned().unwrap_or_default();
    rows[1..].iter().map(|row| (row[0].clone(), sample(row))).collect()
}

/// The 46 columns of a new-commerce invoice file, with some values of our own.
fn nce_row(changes: &[(&str, &str)]) -> Row {
    with(published_row("columns-nce-invoice-recon"), changes)
}

fn with(mut row: Row, changes: &[(&str, &str)]) -> Row {
    for (name, value) in changes {
        let cell = row.iter_mut().find(|(column, _)| column == name).unwrap_or_else(|| panic!("no column {name}"));
        (*value).clone_into(&mut cell.1);
    }
    row
}

fn csv_of(rows: &[Row]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(rows[0].iter().map(|(name, _)| name)).unwrap();
    for row in rows {
        writer.write_record(row.iter().map(|(_, value)| value)).unwrap();
    }
    writer.into_inner().unwrap()
}

fn options() -> PartnerCenterOptions<'static> {
    PartnerCenterOptions {
        source: SourceId::parse("contoso").unwrap(),
        partner_map: PartnerMap::default(),
        catalogue: &NoCatalogue,
        billing: Billing::Detect,
        invoice: None,
    }
}

fn mapped(csv: &str) -> PartnerCenterOptions<'static> {
    PartnerCenterOptions { partner_map: PartnerMap::parse_csv(csv).unwrap(), ..options() }
}

fn try_read(bytes: &[u8], options: &PartnerCenterOptions<'_>) -> Result<(Vec<ImportItem>, FileSummary), FileError> {
    let mut items = Vec::new();
    let mut sink = |item| -> Result<(), Infallible> {
        items.push(item);
        Ok(())
    };
    match partner_center(bytes, options, &mut sink) {
        Ok(summary) => Ok((items, summary)),
        Err(ImportError::File(fault)) => Err(fault),
        Err(ImportError::Sink(never)) => match never {},
    }
}

fn read(bytes: &[u8], options: &PartnerCenterOptions<'_>) -> Vec<ImportItem> {
    try_read(bytes, options).unwrap().0
}

/// The events of a file in which nothing is faulty or skipped.
fn envelopes(bytes: &[u8], options: &PartnerCenterOptions<'_>) -> Vec<Envelope> {
    let envelope = |item| match item {
        ImportItem::Event { envelope, .. } => *envelope,
        other => panic!("{other:?}"),
    };
    read(bytes, options).into_iter().map(envelope).collect()
}

fn sale(envelope: &Envelope) -> &LicenseSale {
    match &envelope.payload {
        Payload::LicenseSale(sale) => sale,
        other => panic!("{other:?}"),
    }
}

/// `event`, or the reason of a fault, or why skipped.
fn verdict(item: &ImportItem) -> &'static str {
    match item {
        ImportItem::Event { .. } => "event",
        ImportItem::Faulty { reason, .. } => reason.code(),
        ImportItem::Skipped { why, .. } => why.code(),
    }
}

fn verdicts(bytes: &[u8], options: &PartnerCenterOptions<'_>) -> Vec<&'static str> {
    read(bytes, options).iter().map(verdict).collect()
}

/// Knows charities by their SKU's name and Azure by its offering.
struct Patterns;

impl Catalogue for Patterns {
    fn place(&self, product: &ProductHint<'_>) -> Placement {
        Placement {
            family: (product.subscription_description == "Azure plan").then(|| "Azure".to_owned()),
            segment: product.sku_name.contains("Nonprofit").then_some(Segment::Nonprofit),
        }
    }
}

/// A published date in ISO form.
fn values_date(text: &str) -> Option<String> {
    values::date("", text).unwrap().map(|date| date.to_string())
}
