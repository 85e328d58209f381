//! What damaged rows and files become.

use super::*;

#[test]
fn each_damage_has_its_reason_and_the_next_row_goes_on() {
    for (column, value, reason) in [
        ("Subtotal", "", "amount_missing"),
        ("Subtotal", "1.000,00", "amount_invalid"),
        ("Subtotal", "0.1234567891", "amount_invalid"),
        ("Currency", "", "currency_invalid"),
        ("Currency", "EURO", "currency_invalid"),
        ("ChargeStartDate", "31.12.2021", "date_invalid"),
        ("ChargeStartDate", "13/31/2021", "date_invalid"),
        ("ChargeStartDate", "1/1/1899", "date_out_of_range"),
        ("ChargeEndDate", "1/1/2300", "date_out_of_range"),
        ("BillableQuantity", "ten", "quantity_invalid"),
        ("CustomerId", " ", "customer_missing"),
        ("ChargeType", "", "charge_type_missing"),
        ("InvoiceNumber", "", "invoice_missing"),
        ("ProductName", "x\u{1b}[2J", "event_invalid"),
        ("currency", "eur", "event"),
    ] {
        let mut row = nce_row(&[]);
        let cell = row.iter_mut().find(|(name, _)| name.eq_ignore_ascii_case(column)).unwrap();
        value.clone_into(&mut cell.1);
        assert_eq!(
            verdicts(&csv_of(&[nce_row(&[]), row, nce_row(&[])]), &options()),
            ["event", reason, "event"],
            "{column} {value}"
        );
    }
}

#[test]
fn a_text_longer_than_an_event_holds_is_named() {
    let row = nce_row(&[("ProductName", &"x".repeat(300))]);
    let items = read(&csv_of(&[row]), &options());
    let ImportItem::Faulty { detail, .. } = &items[0] else { panic!("{items:?}") };
    assert_eq!(detail, "license_sale.product_name: has 300 bytes; at most 256 may stand");
}

#[test]
fn a_line_without_charge_dates_counts_on_its_order_date() {
    let blank = [("ChargeStartDate", ""), ("ChargeEndDate", "")];
    let read = envelopes(&csv_of(&[nce_row(&blank)]), &options());
    assert_eq!(read[0].effective_on.to_string(), "2020-10-03");
    let none = with(nce_row(&blank), &[("OrderDate", "0001-01-01T00:00:00")]);
    assert_eq!(verdicts(&csv_of(&[none]), &options()), ["date_missing"]);
}

#[test]
fn short_rows_and_foreign_bytes_are_faults_with_their_lines() {
    let good = csv_of(&[nce_row(&[("SkuName", "two\nlines")])]);
    let mut file = good.clone();
    file.extend(b"\r\nonly,three,fields\r\n\r\n");
    let row_start = good.iter().position(|b| *b == b'\n').unwrap() + 1;
    let mut foreign = good[row_start..].to_vec();
    let name = foreign.windows(6).position(|w| w == b"Johnny").unwrap();
    foreign[name] = 0xff;
    file.extend(&foreign);
    let items = read(&file, &options());
    let seen: Vec<_> = items.iter().map(|item| (verdict(item), item.origin().line)).collect();
    assert_eq!(seen, [("event", 2), ("row_columns", 5), ("not_utf8", 7)]);
    let ImportItem::Faulty { bytes, detail, .. } = &items[1] else { panic!("{items:?}") };
    assert!(bytes.ends_with(b"\nonly,three,fields"), "{bytes:?}");
    assert_eq!(detail, "the row has 3 fields, the header 46");
}

#[test]
fn unbilled_lines_are_estimates() {
    let blank = csv_of(&[nce_row(&[("InvoiceNumber", "")]), nce_row(&[("InvoiceNumber", ""), ("Subtotal", "5")])]);
    let items = read(&blank, &options());
    assert_eq!(items.iter().map(verdict).collect::<Vec<_>>(), ["unbilled", "unbilled"]);
    assert_eq!(items[1].money().unwrap().value.to_string(), "5");
    assert_eq!(verdicts(&csv_of(&[nce_row(&[("InvoiceNumber", "Unbilled")])]), &options()), ["unbilled"]);
    let told = PartnerCenterOptions { billing: Billing::Unbilled, ..options() };
    assert_eq!(verdicts(&csv_of(&[nce_row(&[])]), &told), ["unbilled"]);
}

#[test]
fn files_that_are_none_say_why() {
    let message = |bytes: &[u8]| try_read(bytes, &options()).unwrap_err().to_string();
    assert_eq!(message(b""), "the file is empty");
    assert_eq!(message(b"\xef\xbb\xbf \r\n"), "the file is empty");
    assert_eq!(message(b"\xff\xfea\0"), "the file is UTF-16; save it as UTF-8");
    assert_eq!(
        message(b"a,b\n1,2\n"),
        "the header lacks Subtotal; new commerce invoice files have it: export the file again or mend its first line"
    );
    assert_eq!(message(b"Subtotal,sub total\n"), "the header has the column \"sub total\" twice; remove one");
    assert!(message(b"{\"items\":[{]}").starts_with("the JSON breaks at line 1, column "));
    assert_eq!(message(b"{\"a\":\"\xff\"}"), "the JSON is not UTF-8 from byte 6 on; save it as UTF-8");
    assert_eq!(verdicts(b"[1,\"x\",{}]", &options()), ["item_invalid", "item_invalid", "not_a_line"]);
}

#[test]
fn the_file_limit_holds_at_the_byte() {
    assert_eq!(bytes_read(&b"12345"[..], 5).unwrap(), b"12345");
    assert!(matches!(bytes_read(&b"123456"[..], 5), Err(FileError::TooLarge { bytes_max: 5 })));
}

#[test]
fn one_line_beyond_the_limit_is_too_many() {
    let mut table = csv_of(&[nce_row(&[])]);
    table.extend("a\n".repeat(FILE_LINES_MAX - 1).as_bytes());
    assert_eq!(table::read(&table).unwrap().rows.len(), FILE_LINES_MAX);
    table.extend(b"a\n");
    assert!(matches!(table::read(&table), Err(FileError::TooManyLines { .. })));
    let json = "1 ".repeat(FILE_LINES_MAX + 1);
    assert!(matches!(document::read(&json), Err(FileError::TooManyLines { .. })));
}

#[test]
fn the_summary_tells_what_the_file_was() {
    let file = csv_of(&[nce_row(&[]), nce_row(&[("InvoiceNumber", "G2")])]);
    let (items, summary) = try_read(&file, &options()).unwrap();
    assert_eq!(summary.lines, 2);
    assert_eq!(summary.invoices.iter().map(String::as_str).collect::<Vec<_>>(), ["G002297372", "G2"]);
    assert_eq!(summary.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(), ["new commerce invoice"]);
    assert_eq!(items[0].origin().file_sha256, Some(summary.file_sha256));
    assert_eq!(summary.file_sha256, <[u8; 32]>::from(Sha256::digest(&file)));
}
