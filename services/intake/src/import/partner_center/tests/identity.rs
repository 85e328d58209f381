//! Ids: the same line is the same event, whatever file it stands in.

use super::*;
use proptest::prelude::*;

/// A seat change as it stands on an invoice: refund and recreation share a reference.
fn seat_change() -> Vec<Row> {
    let line = |subtotal, quantity| {
        nce_row(&[
            ("ChargeType", "addQuantity"),
            ("Subtotal", subtotal),
            ("BillableQuantity", quantity),
            ("OrderId", "O-1"),
            ("PCToBCExchangeRate", "1"),
        ])
    };
    vec![line("-94.08", "10"), line("112.89", "12"), line("9.4", "1"), line("9.4", "1"), line("9.4", "2")]
}

fn by_id(bytes: &[u8]) -> std::collections::BTreeMap<EventRef, Envelope> {
    let all = envelopes(bytes, &options());
    let count = all.len();
    let map: std::collections::BTreeMap<_, _> =
        all.into_iter().map(|envelope| (envelope.id.clone(), envelope)).collect();
    assert_eq!(map.len(), count, "ids are distinct");
    map
}

#[test]
fn an_id_is_pinned() {
    let read = envelopes(&csv_of(&[nce_row(&[("OrderId", "O-1")])]), &options());
    assert_eq!(read[0].id.to_string(), "contoso/f88cc3480269d7fc7cfe5ce07775c816");
}

#[test]
fn likes_on_one_invoice_are_counted_not_merged() {
    let events = by_id(&csv_of(&seat_change()));
    assert_eq!(events.len(), 5);
}

#[test]
fn a_changed_amount_is_the_same_event_with_other_content() {
    let before = envelopes(&csv_of(&[nce_row(&[])]), &options());
    let after = envelopes(&csv_of(&[nce_row(&[("Subtotal", "0.02")])]), &options());
    assert_eq!(before[0].id, after[0].id);
    assert_ne!(before[0], after[0]);
    // A refund in place of the charge is another event.
    let refund = envelopes(&csv_of(&[nce_row(&[("Subtotal", "-0.01")])]), &options());
    assert_ne!(before[0].id, refund[0].id);
}

#[test]
fn every_part_of_the_key_tells_lines_apart() {
    let mut ids = BTreeSet::new();
    ids.insert(envelopes(&csv_of(&[nce_row(&[])]), &options())[0].id.clone());
    for (column, value) in [
        ("InvoiceNumber", "G2"),
        ("OrderId", "O-2"),
        ("ProductId", "P-2"),
        ("SkuId", "0002"),
        ("SubscriptionId", "S-2"),
        ("ChargeType", "renew"),
        ("ChargeStartDate", "9/2/2020"),
        ("ChargeEndDate", "9/29/2020"),
        ("ReferenceID", "R-2"),
        ("Subtotal", "-0.01"),
        ("Subtotal", "0"),
    ] {
        let read = envelopes(&csv_of(&[nce_row(&[(column, value)])]), &options());
        assert!(ids.insert(read[0].id.clone()), "{column}");
    }
}

#[test]
fn the_same_invoice_as_json_is_the_same_events() {
    let rows = seat_change();
    let object = |row: &Row| {
        let numeric = ["Subtotal", "UnitPrice", "BillableQuantity", "EffectiveUnitPrice", "PCToBCExchangeRate"];
        let pair = |(name, value): &(String, String)| {
            let key = format!("{}{}", name[..1].to_lowercase(), &name[1..]);
            let date = name.ends_with("Date").then(|| super::values_date(value)).flatten();
            let value = match date {
                Some(date) => format!("\"{date}T00:00:00Z\""),
                None if numeric.contains(&name.as_str()) => value.clone(),
                None => serde_json::to_string(value).unwrap(),
            };
            format!("{}:{value}", serde_json::to_string(&key).unwrap())
        };
        format!("{{{}}}", row.iter().map(pair).collect::<Vec<_>>().join(","))
    };
    let items: Vec<String> = rows.iter().rev().map(object).collect();
    let json = format!(r#"{{"items":[{}],"attributes":{{"objectType":"Collection"}}}}"#, items.join(","));
    assert_eq!(by_id(json.as_bytes()), by_id(&csv_of(&rows)));
}

/// Rows that are often alike: few invoices, orders, amounts and quantities.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row =
        (0..2_u8, 0..2_u8, -2..3_i8, 0..3_u8, 0..2_u8).prop_map(|(invoice, order, amount, quantity, reseller)| {
            nce_row(&[
                ("InvoiceNumber", &format!("G{invoice}")),
                ("OrderId", &format!("O{order}")),
                ("Subtotal", &format!("{amount}.5")),
                ("BillableQuantity", &quantity.to_string()),
                ("ResellerMPNID", &format!("7{reseller}")),
            ])
        });
    proptest::collection::vec(row, 1..24)
}

fn rows_and_another_order() -> impl Strategy<Value = (Vec<Row>, Vec<Row>)> {
    rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_rows_does_not_matter((rows, shuffled) in rows_and_another_order()) {
        prop_assert_eq!(by_id(&csv_of(&rows)), by_id(&csv_of(&shuffled)));
    }

    #[test]
    fn rows_of_other_invoices_do_not_matter(rows in rows()) {
        let whole = by_id(&csv_of(&rows));
        let one: Vec<Row> = rows.iter().filter(|row| row.iter().any(|(_, value)| value == "G0")).cloned().collect();
        prop_assume!(!one.is_empty());
        for (id, envelope) in by_id(&csv_of(&one)) {
            prop_assert_eq!(whole.get(&id), Some(&envelope));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), tail in ".{0,80}") {
        let _ = try_read(&bytes, &options());
        let mut file = csv_of(&[nce_row(&[])]);
        file.extend(tail.as_bytes());
        let _ = try_read(&file, &options());
        let _ = try_read(format!("{{\"subtotal\":{tail}}}").as_bytes(), &options());
    }
}
