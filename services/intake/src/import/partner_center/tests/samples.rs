//! Every published sample and worked example that is kept beside this crate.

use super::*;
use crate::import::FlagCode;
use daybook_event::NaiveDate;

fn day(text: &str) -> NaiveDate {
    daybook_event::date_parse(text).unwrap()
}

#[test]
fn the_published_invoice_columns_make_a_line() {
    let items = read(&csv_of(&[nce_row(&[])]), &options());
    let [ImportItem::Event { envelope, origin, flags }] = items.as_slice() else { panic!("{items:?}") };
    let sale = sale(envelope);
    assert_eq!(envelope.partner_id.as_ref().unwrap().as_str(), "6048879");
    assert_eq!(envelope.effective_on, day("2020-09-01"));
    assert_eq!((sale.charge_start, sale.charge_end), (Some(day("2020-09-01")), Some(day("2020-09-30"))));
    assert_eq!((sale.amount.to_string().as_str(), sale.currency.as_str()), ("0.01", "EUR"));
    assert_eq!((sale.quantity, sale.metered_quantity.unwrap().to_string().as_str()), (0, "0.005001"));
    assert_eq!((sale.charge_type.as_str(), sale.invoice_id.as_str()), ("new", "G002297372"));
    assert_eq!((sale.product.product_id.as_str(), sale.product.sku_id.as_str()), ("DZH318Z0BNZ5", "006G"));
    assert_eq!(sale.product.product_name, "Tables");
    assert_eq!(sale.customer_id, "196e2273-9651-43a3-ba7e-7cbcd918fc40");
    assert_eq!((sale.segment, sale.credits.as_ref()), (None, None));
    assert_eq!(origin.line, 2);
    assert_eq!(flags, &[]);
}

#[test]
fn the_columns_of_2023_are_the_same_columns() {
    let old = nce_row(&[]);
    let camel = |name: &str| match name {
        "ResellerMPNID" => "Tier2 Mpn Id".to_owned(),
        "Total" => "totalForCustomer".to_owned(),
        name => format!("{}{}", name[..1].to_lowercase(), &name[1..]),
    };
    let new: Row = old.iter().map(|(name, value)| (camel(name), value.clone())).collect();
    assert_eq!(envelopes(&csv_of(&[old]), &options()), envelopes(&csv_of(&[new]), &options()));
}

#[test]
fn an_odd_first_header_is_the_header_it_was() {
    let mut row = nce_row(&[]);
    row.swap(0, 1); // the first column is one that counts
    let expected = envelopes(&csv_of(std::slice::from_ref(&row)), &options());
    for odd in ["\u{feff}CustomerId", "\u{feff}\u{feff}CustomerId", "\u{ef}\u{bb}\u{bf}CustomerId", " customer id "] {
        odd.clone_into(&mut row[0].0);
        assert_eq!(envelopes(&csv_of(std::slice::from_ref(&row)), &options()), expected, "{odd:?}");
    }
}

/// The published tables show some columns only: their own names for the amount and the quantity, no ids. What they lack
/// is constant.
fn worked_example(name: &str) -> Vec<u8> {
    let rows = table(name);
    let title =
        |column: &str| if matches!(column, "Total" | "Amount") { "Subtotal".to_owned() } else { column.to_owned() };
    let header: Vec<String> = rows[0].iter().map(|column| title(column)).collect();
    let complete = |row: &Vec<String>| {
        let mut row: Row = header.iter().cloned().zip(row.iter().cloned()).collect();
        for (column, value) in [
            ("Customer Id", "196e2273-9651-43a3-ba7e-7cbcd918fc40"),
            ("Invoice Number", "G1"),
            ("Reseller MPN ID", "6048879"),
            ("Product Name", "Microsoft 365 Business Premium"),
            ("Currency", "USD"),
            ("Subtotal", "0"),
            ("Charge Type", "new"),
            ("Charge Start Date", "June 18, 2021"),
        ] {
            if !header.iter().any(|there| there == column) {
                row.push((column.to_owned(), value.to_owned()));
            }
        }
        row
    };
    csv_of(&rows[1..].iter().map(complete).collect::<Vec<_>>())
}

#[test]
fn the_worked_examples_add_up() {
    for (name, rows, total, last_day) in [
        ("nce-ex-add-seats", 3, "119.61", "2021-06-20"),
        ("nce-ex-annual-cyclecharge", 1, "100.8", "2021-07-18"),
        ("nce-ex-annual-prepaid", 1, "1209.6", "2021-06-18"),
        ("nce-ex-cancel-within-7-days", 2, "6.6", "2021-07-17"),
        ("nce-ex-change-billing-plan-1", 2, "2700", "2022-09-20"),
        ("nce-ex-change-billing-plan-2", 2, "2491.6", "2021-10-20"),
        ("nce-ex-day-before-month-end-annual-monthly", 12, "0", "2021-12-30"),
        ("nce-ex-day-before-month-end-monthly", 5, "0", "2021-07-30"),
        ("nce-ex-month-end-annual-monthly", 12, "0", "2021-12-31"),
        ("nce-ex-month-end-monthly", 5, "0", "2021-07-31"),
        ("nce-ex-monthly-new", 1, "100.8", "2021-06-18"),
        ("nce-ex-monthly-renew", 1, "100.8", "2021-07-18"),
        ("nce-ex-terms", 4, "0", "2021-06-18"),
        ("nce-ex-trial-convert", 3, "1315.25", "2021-06-25"),
    ] {
        let items = read(&worked_example(name), &options());
        assert!(items.iter().all(|item| item.flags().is_empty()), "{name}: {items:?}");
        let read = envelopes(&worked_example(name), &options());
        let sum: rust_decimal::Decimal = read.iter().map(|envelope| sale(envelope).amount.decimal()).sum();
        assert_eq!((read.len(), sum.normalize().to_string().as_str()), (rows, total), "{name}");
        assert_eq!(read.iter().map(|envelope| envelope.effective_on).max(), Some(day(last_day)), "{name}");
        let ids: BTreeSet<_> = read.iter().map(|envelope| &envelope.id).collect();
        assert_eq!(ids.len(), rows, "{name}");
    }
}

#[test]
fn an_amount_that_no_formula_gives_is_flagged_and_taken() {
    let row = nce_row(&[("EffectiveUnitPrice", "10.08"), ("BillableQuantity", "10"), ("PCToBCExchangeRate", "1")]);
    for (subtotal, flagged) in [("100.8", false), ("100.91", false), ("100.92", true), ("-100.8", true)] {
        let items = read(&csv_of(&[with(row.clone(), &[("Subtotal", subtotal)])]), &options());
        assert_eq!(verdict(&items[0]), "event");
        let codes: Vec<_> = items[0].flags().iter().map(|flag| flag.code).collect();
        assert_eq!(codes == [FlagCode::AmountDiffers], flagged, "{subtotal}: {codes:?}");
    }
}

#[test]
fn the_earned_credit_is_15_or_a_hundredth_of_it() {
    let mut row = nce_row(&[]);
    row.push(("PartnerEarnedCreditPercentage".to_owned(), String::new()));
    for (credit, flagged) in
        [("", false), ("0", false), ("15", false), ("0.15", false), ("null", false), ("12", true), ("much", true)]
    {
        let items = read(&csv_of(&[with(row.clone(), &[("PartnerEarnedCreditPercentage", credit)])]), &options());
        let codes: Vec<_> = items[0].flags().iter().map(|flag| flag.code).collect();
        assert_eq!(codes == [FlagCode::EarnedCreditUnusual], flagged, "{credit}: {codes:?}");
    }
}

#[test]
fn every_published_charge_type_keeps_its_spelling() {
    let published = table("enum-recon-charge-types");
    for row in &published[1..] {
        assert_eq!(charge_type::published(&row[1].to_uppercase()), Some(row[1].as_str()));
    }
    assert_eq!(published.len() - 1, 30);
    let items = read(&csv_of(&[nce_row(&[("ChargeType", "giveAway")])]), &options());
    assert_eq!(items[0].flags()[0].code, FlagCode::ChargeTypeUnknown);
}

#[test]
fn legacy_licence_lines_need_their_invoice_named() {
    let row = with(
        published_row("columns-legacy-license-recon"),
        &[("ChargeType", "Cycle fee"), ("ResellerMPNID", "6048879")],
    );
    assert!(matches!(try_read(&csv_of(std::slice::from_ref(&row)), &options()), Err(FileError::InvoiceUnknown)));
    let named = PartnerCenterOptions { invoice: Some("D020001IVK".to_owned()), ..options() };
    let items = read(&csv_of(std::slice::from_ref(&row)), &named);
    assert_eq!(items[0].flags(), []);
    let read = envelopes(&csv_of(std::slice::from_ref(&row)), &named);
    let line = sale(&read[0]);
    assert_eq!((line.amount.to_string().as_str(), line.currency.as_str(), line.quantity), ("11.00", "EUR", 2));
    assert_eq!((line.invoice_id.as_str(), line.charge_type.as_str()), ("D020001IVK", "Cycle fee"));
    assert_eq!(line.subscription_id, "fb977ab5-test-test-test-24c8d9591708");
    assert_eq!(line.product.product_name, "Microsoft Office 365 (Plan E3)");
    assert_eq!((line.charge_start, line.charge_end), (Some(day("2019-02-01")), Some(day("2019-02-28"))));
    // Without a subtotal: amount less discount.
    assert_eq!(envelopes(&csv_of(&[with(row.clone(), &[("Subtotal", "")])]), &named), read);
    let items = super::read(&csv_of(&[with(row, &[("Subtotal", "12")])]), &named);
    assert_eq!(items[0].flags()[0].detail, "12.00 where the formulas give 11");
}

#[test]
fn legacy_usage_lines_are_their_pretax_charges() {
    let row = with(published_row("columns-legacy-usage-recon"), &[("ResellerMPNID", "6048879"), ("UsageDate", "")]);
    let read = envelopes(&csv_of(std::slice::from_ref(&row)), &options());
    let line = sale(&read[0]);
    assert_eq!((line.amount.to_string().as_str(), line.invoice_id.as_str()), ("0.085", "D020001IVK"));
    assert_eq!(read[0].effective_on, day("2019-02-01"));
    let daily = with(row, &[("UsageDate", "2/1/2019 0:00"), ("PretaxCharges", "")]);
    assert_eq!(verdicts(&csv_of(&[daily]), &options()), ["usage_detail"]);
}

#[test]
fn daily_rated_usage_is_never_revenue() {
    let row = with(
        published_row("columns-daily-rated-usage"),
        &[
            ("ChargeStartDate", "11/01/2025"),
            ("UsageDate", "11/03/2025"),
            ("Quantity", "0.032258065"),
            ("BillingPreTaxTotal", "30.7197334080551"),
            ("BillingCurrency", "USD"),
            ("EffectiveUnitPrice", "0.00E+00"),
            ("PartnerEarnedCreditPercentage", "15"),
        ],
    );
    assert_eq!(row.len(), 55);
    let billed = with(row.clone(), &[("InvoiceNumber", "G002297372")]);
    let items = read(&csv_of(&[row, billed.clone()]), &options());
    assert_eq!(items.iter().map(verdict).collect::<Vec<_>>(), ["usage_detail", "usage_detail"]);
    assert_eq!(items[0].money().unwrap().value.to_string(), "30.7197334080551");
    assert!(items.iter().all(|item| item.flags().is_empty()), "{items:?}");
    let unbilled = with(billed, &[("InvoiceNumber", ""), ("BillingPreTaxTotal", "some")]);
    let items = read(&csv_of(&[unbilled]), &options());
    assert_eq!((verdict(&items[0]), items[0].flags()[0].code), ("unbilled", FlagCode::EstimateUnreadable));
}

#[test]
fn every_published_json_answer_is_read() {
    let partners = mapped(
        "customer_id,mpn,partner_id\n74221236-d09c-4870-ac1d-33e155e9aebe,,P-1\n,4390934,P-2\n9060d13d-c5ed-482e-b059-a15a38000000,,P-3\n",
    );
    for (name, expected) in [
        ("pc-get-invoiceline-items-02", ["event", "event"].as_slice()),
        ("pc-get-invoiceline-items-03", &["event", "event"]),
        ("pc-get-invoiceline-items-04", &["usage_detail", "usage_detail"]),
        ("pc-get-invoiceline-items-06", &["event"]),
        ("pc-get-invoice-unbilled-recon-lineitems-02", &["unbilled", "unbilled"]),
        ("pc-get-invoice-unbilled-consumption-lineitems-02", &["unbilled", "unbilled"]),
        ("pc-get-invoice-billed-consumption-lineitems-02", &["usage_detail", "usage_detail"]),
        ("pc-get-invoice-by-id-01", &["not_a_line"]),
        ("pc-get-a-subscription-by-id-01", &["not_a_line"]),
    ] {
        assert_eq!(verdicts(&testdata(&format!("recon-json/{name}.json")), &partners), expected, "{name}");
    }
}

#[test]
fn json_lines_keep_their_exact_numbers() {
    let partners = mapped("mpn,partner_id\n4390934,P-2\n4870137,P-3\n4391507,P-4\n");
    let licences = envelopes(&testdata("recon-json/pc-get-invoiceline-items-02.json"), &partners);
    assert_eq!((sale(&licences[0]).invoice_id.as_str(), sale(&licences[0]).quantity), ("1234000000", 3));
    assert_eq!(sale(&licences[0]).customer_id, "74221236-d09c-4870-ac1d-33e155e9aebe");
    assert_eq!(sale(&licences[0]).charge_type, "new");
    let usage = envelopes(&testdata("recon-json/pc-get-invoiceline-items-03.json"), &partners);
    assert_eq!((sale(&usage[0]).amount.to_string().as_str(), sale(&usage[0]).quantity), ("63.33", 745));
    assert_eq!(sale(&usage[1]).metered_quantity.unwrap().to_string(), "0.000882");
    let once = read(&testdata("recon-json/pc-get-invoiceline-items-06.json"), &partners);
    let ImportItem::Event { envelope, flags, .. } = &once[0] else { panic!("{once:?}") };
    assert_eq!((envelope.effective_on, sale(envelope).charge_start), (day("2018-02-08"), None));
    assert_eq!(sale(envelope).metered_quantity.unwrap().to_string(), "0.013068798");
    assert!(flags.iter().any(|flag| flag.code == FlagCode::QuantityRounded), "{flags:?}");
}

#[test]
fn items_come_alone_in_lists_and_one_after_another_too() {
    let item = r#"{"invoiceNumber":"G1","customerId":"C","resellerMpnId":"7","chargeType":"new","subtotal":1.10,"currency":"USD","chargeStartDate":"2022-01-01","productId":"P","quantity":1}"#;
    let one = envelopes(item.as_bytes(), &options());
    assert_eq!(sale(&one[0]).amount.to_string(), "1.10");
    assert_eq!(envelopes(format!("[{item}]").as_bytes(), &options()), one);
    let two = envelopes(format!("\u{feff}{item}\n{{\"items\":[{item}]}}\n").as_bytes(), &options());
    assert_eq!(two.len(), 2);
    assert_ne!(two[0].id, two[1].id);
}

#[test]
fn segment_and_family_come_from_patterns_only() {
    let patterns = PartnerCenterOptions { catalogue: &Patterns, ..options() };
    let charity =
        nce_row(&[("SkuName", "Business Premium (Nonprofit Staff Pricing)"), ("SubscriptionDescription", "")]);
    let read = envelopes(&csv_of(&[nce_row(&[]), charity]), &patterns);
    assert_eq!((sale(&read[0]).product.product_family.as_str(), sale(&read[0]).segment), ("Azure", None));
    assert_eq!(
        (sale(&read[1]).product.product_family.as_str(), sale(&read[1]).segment),
        ("", Some(Segment::Nonprofit))
    );
}
