//! A partner's rows as JSON, written straight into bytes: what the digest is taken over, a million rows at a time.
//!
//! The bytes are those of `serde_json`, which a test holds them against; a general serializer costs several times as much.

use crate::rows::{
    ClaimRow, ConservationRow, FindingRow, LotRow, PartnerRows, PayoutRow, PostingRow, ProvisionalRow, StandingRow,
    TrueUpRow,
};
use daybook_event::{Exact, Month, NaiveDate, PartnerId, date_text};

/// Bytes that are gathered before they are handed on: they stay near the processor.
const GATHERED_BYTES: usize = 8_192;

/// Hands a partner's rows as JSON to `take`, piece by piece.
pub(crate) fn write_rows(rows: &PartnerRows, take: &mut dyn FnMut(&[u8])) {
    let mut json = Json { gathered: Vec::with_capacity(GATHERED_BYTES + 1_024), take };
    json.list(b"{\"standing\":[", &rows.standing, Json::standing);
    json.list(b"],\"postings\":[", &rows.postings, Json::posting);
    json.list(b"],\"lots\":[", &rows.lots, Json::lot);
    json.list(b"],\"claims\":[", &rows.claims, Json::claim);
    json.list(b"],\"true_ups\":[", &rows.true_ups, Json::true_up);
    json.list(b"],\"payouts\":[", &rows.payouts, Json::payout);
    json.list(b"],\"conservation\":[", &rows.conservation, Json::conservation);
    json.list(b"],\"provisional\":[", &rows.provisional, Json::provisional);
    json.list(b"],\"findings\":[", &rows.findings, Json::finding);
    json.put(b"]}");
    (json.take)(&json.gathered);
}

struct Json<'a> {
    gathered: Vec<u8>,
    take: &'a mut dyn FnMut(&[u8]),
}

impl Json<'_> {
    fn put(&mut self, bytes: &[u8]) {
        self.gathered.extend_from_slice(bytes);
    }

    fn list<T>(&mut self, opening: &[u8], rows: &[T], write: fn(&mut Self, &T)) {
        self.put(opening);
        for (at, row) in rows.iter().enumerate() {
            if at > 0 {
                self.put(b",");
            }
            write(self, row);
            if self.gathered.len() >= GATHERED_BYTES {
                (self.take)(&self.gathered);
                self.gathered.clear();
            }
        }
    }

    /// A key with a value that needs no escape. The key ends in the value's first quote.
    fn plain(&mut self, key: &[u8], value: &[u8]) {
        self.put(key);
        self.put(value);
        self.put(b"\"");
    }

    /// A key with any text.
    fn text(&mut self, key: &[u8], value: &str) {
        self.put(key);
        self.escaped(value);
        self.put(b"\"");
    }

    /// What stands between the quotes of a text.
    fn escaped(&mut self, value: &str) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut rest = value.as_bytes();
        while let Some(at) = rest.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
            self.put(&rest[..at]);
            match rest[at] {
                byte @ (b'"' | b'\\') => self.put(&[b'\\', byte]),
                b'\n' => self.put(b"\\n"),
                b'\r' => self.put(b"\\r"),
                b'\t' => self.put(b"\\t"),
                0x08 => self.put(b"\\b"),
                0x0c => self.put(b"\\f"),
                byte => {
                    let digits = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
                    self.put(b"\\u00");
                    self.put(&digits);
                }
            }
            rest = &rest[at + 1..];
        }
        self.put(rest);
    }

    fn texts(&mut self, opening: &[u8], values: &[String]) {
        self.put(opening);
        for (at, value) in values.iter().enumerate() {
            self.text(if at > 0 { b",\"" } else { b"\"" }, value);
        }
        self.put(b"]}");
    }

    fn partner(&mut self, partner_id: &PartnerId) {
        self.plain(b"{\"partner_id\":\"", partner_id.as_str().as_bytes());
    }

    fn month(&mut self, month: Month) {
        self.plain(b",\"month\":\"", month.text().as_bytes());
    }

    fn day(&mut self, key: &[u8], on: NaiveDate) {
        self.plain(key, date_text(on).as_bytes());
    }

    fn sum(&mut self, key: &[u8], sum: Exact) {
        // Most sums of a row are nothing.
        if sum.is_zero() { self.plain(key, b"0.00") } else { self.plain(key, sum.text().as_bytes()) }
    }

    fn standing(&mut self, row: &StandingRow) {
        self.partner(&row.partner_id);
        self.day(b",\"on\":\"", row.on);
        self.text(b",\"state\":\"", &row.state);
        self.text(b",\"cause\":\"", &row.cause);
        self.text(b",\"measured\":\"", &row.measured);
        self.text(b",\"required\":\"", &row.required);
        self.text(b",\"rule_set\":\"", &row.rule_set);
        self.texts(b",\"events\":[", &row.events);
    }

    fn posting(&mut self, row: &PostingRow) {
        self.partner(&row.partner_id);
        self.month(row.month);
        self.text(b",\"period\":\"", &row.period);
        self.text(b",\"lever\":\"", &row.lever);
        self.text(b",\"rule_set\":\"", &row.rule_set);
        self.sum(b",\"base\":\"", row.base);
        self.sum(b",\"earned\":\"", row.earned);
        self.sum(b",\"rebate\":\"", row.rebate);
        self.sum(b",\"coop\":\"", row.coop);
        self.put(b"}");
    }

    fn lot(&mut self, row: &LotRow) {
        self.partner(&row.partner_id);
        self.text(b",\"period\":\"", &row.period);
        self.sum(b",\"accrued\":\"", row.accrued);
        self.text(b",\"state\":\"", &row.state);
        self.sum(b",\"converted\":\"", row.converted);
        self.sum(b",\"consumed\":\"", row.consumed);
        self.sum(b",\"reserved\":\"", row.reserved);
        self.sum(b",\"available\":\"", row.available);
        self.sum(b",\"forfeited\":\"", row.forfeited);
        self.sum(b",\"overdrawn\":\"", row.overdrawn);
        self.put(b"}");
    }

    fn claim(&mut self, row: &ClaimRow) {
        self.partner(&row.partner_id);
        self.text(b",\"claim_id\":\"", &row.claim_id);
        self.text(b",\"period\":\"", &row.period);
        self.text(b",\"state\":\"", &row.state);
        self.text(b",\"amount\":\"", &row.amount);
        self.text(b",\"refused\":\"", &row.refused);
        self.put(b"}");
    }

    fn true_up(&mut self, row: &TrueUpRow) {
        self.partner(&row.partner_id);
        self.month(row.month);
        self.plain(b",\"closed_month\":\"", row.closed_month.text().as_bytes());
        self.text(b",\"lever\":\"", &row.lever);
        self.sum(b",\"rebate\":\"", row.rebate);
        self.sum(b",\"coop\":\"", row.coop);
        self.text(b",\"cause\":\"", &row.cause);
        self.put(b"}");
    }

    fn payout(&mut self, row: &PayoutRow) {
        self.partner(&row.partner_id);
        self.month(row.month);
        self.sum(b",\"rebate\":\"", row.rebate);
        self.sum(b",\"converted\":\"", row.converted);
        self.sum(b",\"true_up\":\"", row.true_up);
        self.sum(b",\"carried_in\":\"", row.carried_in);
        self.sum(b",\"paid\":\"", row.paid);
        self.sum(b",\"held\":\"", row.held);
        self.sum(b",\"forfeited\":\"", row.forfeited);
        self.sum(b",\"carried_out\":\"", row.carried_out);
        self.day(b",\"due_on\":\"", row.due_on);
        self.put(b"}");
    }

    fn conservation(&mut self, row: &ConservationRow) {
        self.partner(&row.partner_id);
        self.month(row.month);
        self.sum(b",\"billed\":\"", row.billed);
        self.sum(b",\"earning\":\"", row.earning);
        self.put(b",\"ineligible\":{");
        for (at, (code, amount)) in row.ineligible.iter().enumerate() {
            self.text(if at > 0 { b",\"" } else { b"\"" }, code);
            self.sum(b":\"", *amount);
        }
        self.put(b"}");
        self.sum(b",\"unmatched\":\"", row.unmatched);
        self.sum(b",\"capped\":\"", row.capped);
        self.sum(b",\"provisional_noterms\":\"", row.provisional_noterms);
        self.put(b",\"unconverted\":[");
        for (at, one) in row.unconverted.iter().enumerate() {
            let key: &[u8] = if at > 0 { b",{\"currency\":\"" } else { b"{\"currency\":\"" };
            self.plain(key, one.currency.as_str().as_bytes());
            self.sum(b",\"amount\":\"", one.amount);
            self.put(b"}");
        }
        self.put(b"]}");
    }

    fn provisional(&mut self, row: &ProvisionalRow) {
        self.partner(&row.partner_id);
        self.month(row.month);
        self.text(b",\"why\":\"", &row.why);
        self.put(b"}");
    }

    fn finding(&mut self, row: &FindingRow) {
        self.text(b"{\"partner_id\":\"", &row.partner_id);
        self.text(b",\"code\":\"", &row.code);
        self.texts(b",\"events\":[", &row.events);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::UnconvertedSum;
    use daybook_event::{Currency, Name};
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    fn partner() -> impl Strategy<Value = PartnerId> {
        "[A-Za-z0-9.-]{1,12}".prop_map(|text| PartnerId::parse(&text).unwrap())
    }

    fn month() -> impl Strategy<Value = Month> {
        (-30_i32..140_000).prop_map(Month::from_index)
    }

    fn day() -> impl Strategy<Value = NaiveDate> {
        (-900_i32..4_000_000).prop_map(|days| NaiveDate::from_num_days_from_ce_opt(days).unwrap())
    }

    fn sum() -> impl Strategy<Value = Exact> {
        prop_oneof![
            Just(0),
            any::<i64>().prop_map(|cents| i128::from(cents) * 10_i128.pow(16)),
            any::<i64>().prop_map(i128::from)
        ]
        .prop_map(Exact::from_raw)
    }

    fn sums() -> impl Strategy<Value = Vec<Exact>> {
        vec(sum(), 8)
    }

    /// Any text, and one with every kind of escape.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            Just("\u{0}\u{1f}\u{7f}\"\\/\n\r\t\u{8}\u{c}\u{e9}\u{2028}".to_owned()),
            Just(String::new())
        ]
    }

    fn name() -> impl Strategy<Value = Name> {
        text().prop_map(Name::from)
    }

    fn dated() -> impl Strategy<Value = PartnerRows> {
        let standing = (partner(), day(), vec(name(), 3), text(), text(), vec(text(), 0..3)).prop_map(
            |(partner_id, on, names, measured, required, events)| {
                let [state, cause, rule_set] = <[Name; 3]>::try_from(names).unwrap();
                StandingRow { partner_id, on, state, cause, measured, required, rule_set, events }
            },
        );
        let payout = (partner(), month(), sums(), day()).prop_map(|(partner_id, month, sums, due_on)| PayoutRow {
            partner_id,
            month,
            rebate: sums[0],
            converted: sums[1],
            true_up: sums[2],
            carried_in: sums[3],
            paid: sums[4],
            held: sums[5],
            forfeited: sums[6],
            carried_out: sums[7],
            due_on,
        });
        (vec(standing, 0..3), vec(payout, 0..3)).prop_map(|(standing, payouts)| PartnerRows {
            standing,
            payouts,
            ..PartnerRows::default()
        })
    }

    fn booked() -> impl Strategy<Value = PartnerRows> {
        let posting = (partner(), month(), vec(name(), 3), sums()).prop_map(|(partner_id, month, names, sums)| {
            let [period, lever, rule_set] = <[Name; 3]>::try_from(names).unwrap();
            let (base, earned, rebate, coop) = (sums[0], sums[1], sums[2], sums[3]);
            PostingRow { partner_id, month, period, lever, rule_set, base, earned, rebate, coop }
        });
        let true_up = (partner(), month(), month(), name(), name(), sums()).prop_map(
            |(partner_id, month, closed_month, lever, cause, sums)| TrueUpRow {
                partner_id,
                month,
                closed_month,
                lever,
                rebate: sums[0],
                coop: sums[1],
                cause,
            },
        );
        let currencies = vec(("[A-Z]{3}", sum()), 0..3);
        let conservation = (partner(), month(), sums(), btree_map(name(), sum(), 0..3), currencies).prop_map(
            |(partner_id, month, sums, ineligible, currencies)| ConservationRow {
                partner_id,
                month,
                billed: sums[0],
                earning: sums[1],
                ineligible,
                unmatched: sums[2],
                capped: sums[3],
                provisional_noterms: sums[4],
                unconverted: currencies
                    .into_iter()
                    .map(|(code, amount)| UnconvertedSum { currency: Currency::parse(&code).unwrap(), amount })
                    .collect(),
            },
        );
        let provisional =
            (partner(), month(), name()).prop_map(|(partner_id, month, why)| ProvisionalRow { partner_id, month, why });
        (vec(posting, 0..3), vec(true_up, 0..3), vec(conservation, 0..3), vec(provisional, 0..3)).prop_map(
            |(postings, true_ups, conservation, provisional)| PartnerRows {
                postings,
                true_ups,
                conservation,
                provisional,
                ..PartnerRows::default()
            },
        )
    }

    fn claimed() -> impl Strategy<Value = PartnerRows> {
        let lot = (partner(), name(), name(), sums()).prop_map(|(partner_id, period, state, sums)| LotRow {
            accrued: sums[0],
            state,
            converted: sums[1],
            consumed: sums[2],
            reserved: sums[3],
            available: sums[4],
            forfeited: sums[5],
            overdrawn: sums[6],
            ..LotRow::none(&partner_id, &period)
        });
        let claim = (partner(), vec(text(), 5)).prop_map(|(partner_id, texts)| {
            let [claim_id, period, state, amount, refused] = <[String; 5]>::try_from(texts).unwrap();
            ClaimRow {
                partner_id,
                claim_id,
                period: period.into(),
                state: state.into(),
                amount,
                refused: refused.into(),
            }
        });
        let finding = (text(), name(), vec(text(), 0..3)).prop_map(|(partner_id, code, events)| FindingRow {
            partner_id,
            code,
            events,
        });
        (vec(lot, 0..3), vec(claim, 0..3), vec(finding, 0..3)).prop_map(|(lots, claims, findings)| PartnerRows {
            lots,
            claims,
            findings,
            ..PartnerRows::default()
        })
    }

    proptest! {
        #[test]
        fn rows_are_the_bytes_of_the_general_serializer((dated, booked, claimed) in (dated(), booked(), claimed()), times in 1_usize..40) {
            let mut rows = PartnerRows::default();
            // Often enough, and more than is gathered at once.
            for part in std::iter::repeat_n([dated, booked, claimed], times).flatten() {
                rows.append(part);
            }
            let mut bytes = Vec::new();
            write_rows(&rows, &mut |piece| bytes.extend_from_slice(piece));
            prop_assert_eq!(bytes, serde_json::to_vec(&rows).unwrap());
        }
    }
}
