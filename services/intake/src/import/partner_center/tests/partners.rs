//! Whose line it is.

use super::*;

const CUSTOMER: &str = "196e2273-9651-43a3-ba7e-7cbcd918fc40";

fn partner(reseller: &str, map: &str) -> String {
    let items = read(&csv_of(&[nce_row(&[("ResellerMPNID", reseller)])]), &mapped(map));
    match &items[0] {
        ImportItem::Event { envelope, .. } => envelope.partner_id.as_ref().unwrap().to_string(),
        other => verdict(other).to_owned(),
    }
}

#[test]
fn the_reseller_is_the_partner_under_the_name_that_the_map_gives() {
    let none = "mpn,partner_id\n";
    assert_eq!(partner("6048879", none), "6048879");
    assert_eq!(partner("6048879", "mpn,partner_id\n6048879,P-AT\n"), "P-AT");
    assert_eq!(partner("6048879", &format!("customer_id,partner_id\n{CUSTOMER},P-C\n")), "6048879");
    assert_eq!(partner("60 48", none), "partner_invalid");
}

#[test]
fn a_blank_reseller_is_found_by_customer_then_by_own_id_else_quarantined() {
    for blank in ["", "-1", "0", "NA"] {
        assert_eq!(partner(blank, "mpn,partner_id\n1,P-1\n"), "partner_unknown", "{blank}");
        assert_eq!(partner(blank, &format!("customer_id,partner_id\n{CUSTOMER},P-C\n")), "P-C", "{blank}");
        assert_eq!(partner(blank, "mpn,partner_id\n6034453,P-OWN\n"), "P-OWN", "{blank}");
        let both = format!("customer_id,mpn,partner_id\n{CUSTOMER},,P-C\n,6034453,P-OWN\n");
        assert_eq!(partner(blank, &both), "P-C", "{blank}");
    }
}

#[test]
fn a_quarantined_row_can_be_read_again_alone() {
    let file = csv_of(&[nce_row(&[]), nce_row(&[("ResellerMPNID", ""), ("Subtotal", "7.25")])]);
    let items = read(&file, &options());
    let ImportItem::Faulty { reason, detail, origin, bytes, money } = &items[1] else { panic!("{items:?}") };
    assert_eq!((*reason, origin.line), (FaultReason::PartnerUnknown, 3));
    assert_eq!(
        detail,
        &format!("ResellerMPNID is blank and the partner map has no partner for customer \"{CUSTOMER}\"")
    );
    assert_eq!(money.unwrap().value.to_string(), "7.25");
    let again = envelopes(bytes, &mapped(&format!("customer_id,partner_id\n{CUSTOMER},P-C\n")));
    assert_eq!((again.len(), sale(&again[0]).amount.to_string().as_str()), (1, "7.25"));
}

#[test]
fn ids_stay_when_the_map_learns_a_customer() {
    let like = |customer: &str, reseller: &str| nce_row(&[("CustomerId", customer), ("ResellerMPNID", reseller)]);
    let file = csv_of(&[like("C-1", ""), like("C-2", "7")]);
    let before = read(&file, &options());
    let after = envelopes(&file, &mapped("customer_id,partner_id\nC-1,P-1\n"));
    let ImportItem::Event { envelope, .. } = &before[1] else { panic!("{before:?}") };
    assert_eq!(verdict(&before[0]), "partner_unknown");
    assert_eq!(**envelope, after[1]);
}
