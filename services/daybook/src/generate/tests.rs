//! What a generated history promises.

use super::{EventFormat, GenerateError, GenerateOptions, generate, generate_envelopes};
use daybook_event::{
    Amount, ClaimState, Currency, Envelope, EventId, EventRef, Month, NaiveDate, PartnerId, Payload, PayloadKind,
    StandingValue,
};
use daybook_intake::import::ImportItem;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

fn options(events: u64) -> GenerateOptions {
    let start_month = Month::parse(GenerateOptions::START_MONTH).unwrap();
    GenerateOptions { partners: 200, events, months: 27, seed: 7, start_month }
}

fn history(events: u64) -> Vec<Envelope> {
    generate_envelopes(options(events)).unwrap().collect()
}

fn written(options: GenerateOptions, format: EventFormat) -> Vec<u8> {
    let mut out = Vec::new();
    generate(options, format, &mut out).unwrap();
    out
}

fn lines_of(options: GenerateOptions) -> String {
    String::from_utf8(written(options, EventFormat::Ndjson)).unwrap()
}

fn count(history: &[Envelope], of: impl Fn(&Envelope) -> bool) -> usize {
    history.iter().filter(|envelope| of(envelope)).count()
}

fn share_is(part: usize, whole: usize, low_permille: usize, high_permille: usize) {
    let permille = part * 1_000 / whole;
    assert!((low_permille..=high_permille).contains(&permille), "{part} of {whole}");
}

fn credits_of(envelope: &Envelope) -> Option<(&EventId, Amount)> {
    match &envelope.payload {
        Payload::LicenseSale(sale) => sale.credits.as_ref().map(|credited| (credited, sale.amount)),
        _ => None,
    }
}

#[test]
fn every_line_reads_back_as_its_envelope() {
    let text = lines_of(options(20_000));
    let envelopes = history(20_000);
    assert_eq!(text.lines().count(), envelopes.len());
    for (line, envelope) in text.lines().zip(&envelopes) {
        assert_eq!(&daybook_proto::decode_json(line).unwrap(), envelope, "{line}");
        assert_eq!(&daybook_proto::decode(&daybook_proto::encode(envelope)).unwrap(), envelope, "{line}");
    }
}

#[test]
fn one_seed_is_one_history_and_another_is_another() {
    let text = lines_of(options(3_000));
    assert_eq!(text, lines_of(options(3_000)));
    assert_ne!(text, lines_of(GenerateOptions { seed: 8, ..options(3_000) }));
}

/// Figures of measurements and tests elsewhere were taken from these very bytes.
#[test]
fn a_seed_gives_the_bytes_that_it_always_gave() {
    let digest = hex::encode(Sha256::digest(lines_of(options(60_000))));
    assert_eq!(digest, "b3094d0a15c517dc2146ecf736d60059bc1a0872b644151edb8d05734d5a1fc9");
}

#[test]
fn protobuf_holds_the_same_events() {
    let file = written(options(5_000), EventFormat::Protobuf);
    let mut envelopes = Vec::new();
    daybook_intake::import::protobuf(file.as_slice(), &mut |item| {
        let ImportItem::Event { envelope, .. } = item else { panic!("{item:?}") };
        envelopes.push(*envelope);
        Ok::<(), String>(())
    })
    .unwrap();
    assert!(envelopes == history(5_000));
}

#[test]
fn the_count_is_exact_whatever_the_size() {
    for events in [0, 1, 2, 10, 55, 1_399, 5_000] {
        assert_eq!(history(events).len() as u64, events);
        let one = GenerateOptions { partners: 1, months: 1, ..options(events) };
        assert_eq!(generate_envelopes(one).unwrap().count() as u64, events);
    }
}

#[test]
fn ids_are_unique() {
    let history = history(20_000);
    let ids: BTreeSet<&EventRef> = history.iter().map(|envelope| &envelope.id).collect();
    assert_eq!(ids.len(), history.len());
    assert!(ids.iter().all(|id| id.event_id.as_str().len() == 32));
}

#[test]
fn shares_are_as_told() {
    let history = history(50_000);
    let all = history.len();
    share_is(count(&history, |e| credits_of(e).is_some()), all, 15, 25);
    share_is(count(&history, |e| e.payload.kind() == PayloadKind::Reversal), all, 3, 7);
    share_is(count(&history, |e| e.payload.kind() == PayloadKind::LicenseSale), all, 800, 950);
    let sale = |e: &Envelope| match &e.payload {
        Payload::LicenseSale(sale) => Some((sale.currency, sale.product.product_family.is_empty())),
        _ => None,
    };
    for code in ["USD", "EUR", "GBP"] {
        let currency = Currency::parse(code).unwrap();
        assert!(count(&history, |e| sale(e).is_some_and(|(c, _)| c == currency)) > all / 50, "{code}");
    }
    share_is(count(&history, |e| sale(e).is_some_and(|(_, empty)| empty)), all, 50, 150);
}

#[test]
fn late_events_are_late_by_up_to_ninety_days() {
    let history = history(50_000);
    let (mut newest, mut late) = (NaiveDate::MIN, 0);
    for envelope in &history {
        let days = (newest - envelope.effective_on).num_days().max(0);
        assert!(days <= 90, "{days}");
        late += usize::from(days > 0);
        newest = newest.max(envelope.effective_on);
    }
    share_is(late, history.len(), 35, 60);
}

#[test]
fn a_credit_names_an_earlier_line_of_its_partner_and_source_and_takes_no_more() {
    let mut lines: BTreeMap<EventRef, (Option<PartnerId>, NaiveDate, Amount)> = BTreeMap::new();
    let mut corrected = BTreeSet::new();
    for envelope in history(20_000) {
        let target = match &envelope.payload {
            Payload::Reversal(reversal) => Some(&reversal.reverses),
            _ => credits_of(&envelope).map(|(credited, _)| credited),
        };
        if let Some(target) = target {
            let target = EventRef { source: envelope.id.source.clone(), event_id: target.clone() };
            let (partner_id, on, amount) = lines.get(&target).unwrap();
            assert_eq!(partner_id, &envelope.partner_id);
            assert!(*on <= envelope.effective_on);
            if let Some((_, credit)) = credits_of(&envelope) {
                assert!(!credit.is_positive() && !credit.is_zero());
                assert!(-credit.decimal() <= amount.decimal());
            }
            assert!(corrected.insert(target));
        } else if let Payload::LicenseSale(sale) = &envelope.payload {
            assert!(sale.amount.is_positive());
            lines.insert(envelope.id, (envelope.partner_id, envelope.effective_on, sale.amount));
        }
    }
    assert!(corrected.len() > 300);
}

#[test]
fn the_first_partner_sells_most_and_the_last_still_something() {
    let mut lines: BTreeMap<Option<PartnerId>, usize> = BTreeMap::new();
    for envelope in history(50_000) {
        *lines.entry(envelope.partner_id).or_default() += 1;
    }
    lines.remove(&None);
    let mut counts: Vec<usize> = lines.into_values().collect();
    counts.sort_unstable();
    assert_eq!(counts.len(), 200);
    let (most, second, least) = (counts[199], counts[198], counts[0]);
    assert!(most > second * 3 / 2 && most > 50_000 / 8 && least > 7, "{most} {second} {least}");
}

#[test]
fn most_partners_hold_every_fact_before_the_first_sale_and_some_lose_one() {
    let first = Month::parse(GenerateOptions::START_MONTH).unwrap().first_day();
    let mut held: BTreeMap<Option<PartnerId>, usize> = BTreeMap::new();
    let mut lapsed = 0;
    for envelope in history(20_000) {
        let Payload::PartnerStanding(standing) = &envelope.payload else { continue };
        lapsed += usize::from(standing.value == StandingValue::Lapsed);
        if envelope.effective_on < first {
            *held.entry(envelope.partner_id).or_default() += 1;
        }
    }
    assert!(held.values().filter(|facts| **facts == 7).count() > 160);
    assert!(lapsed > 3);
}

#[test]
fn every_month_has_a_rate_for_each_foreign_currency() {
    let mut rates = BTreeSet::new();
    for envelope in history(20_000) {
        if let Payload::FxRate(rate) = envelope.payload {
            assert_eq!((envelope.id.source.as_str(), envelope.partner_id), ("rates", None));
            assert!(rates.insert((rate.month, rate.currency)));
        }
    }
    assert_eq!(rates.len(), 27 * 2);
}

#[test]
fn claims_go_through_their_states_one_step_at_a_time() {
    let mut claims: BTreeMap<(Option<PartnerId>, String), ClaimState> = BTreeMap::new();
    let mut seen = Vec::new();
    for envelope in history(100_000) {
        let Payload::CoopClaim(claim) = envelope.payload else { continue };
        let before = claims.insert((envelope.partner_id, claim.claim_id), claim.state);
        let allowed: &[Option<ClaimState>] = match claim.state {
            ClaimState::Submitted => &[None, Some(ClaimState::ActionRequired)],
            ClaimState::Approved | ClaimState::Rejected => &[Some(ClaimState::Submitted), Some(ClaimState::Disputed)],
            ClaimState::ActionRequired => &[Some(ClaimState::Submitted)],
            ClaimState::Disputed => &[Some(ClaimState::Rejected)],
            ClaimState::Paid => &[Some(ClaimState::Approved)],
            ClaimState::Withdrawn => &[Some(ClaimState::Submitted), Some(ClaimState::ActionRequired)],
        };
        assert!(allowed.contains(&before), "{before:?} -> {:?}", claim.state);
        seen.push(claim.state);
    }
    assert!(ClaimState::ALL.iter().all(|(state, _)| seen.contains(state)));
}

#[test]
fn the_counting_source_has_no_holes() {
    let counts: Vec<u64> = history(5_000).iter().filter_map(|envelope| envelope.source_seq).collect();
    assert!(counts.len() > 500);
    assert!(counts.iter().zip(1..).all(|(count, expected)| *count == expected));
}

#[test]
fn options_out_of_range_are_refused() {
    let refused = |options| generate_envelopes(options).err().map(|error| error.to_string()).unwrap();
    assert!(refused(GenerateOptions { partners: 0, ..options(1) }).contains("give 1 to 1000000"));
    assert!(refused(GenerateOptions { months: 0, ..options(1) }).contains("give 1 to 1200"));
    let late = GenerateOptions { start_month: Month::parse("2197-01").unwrap(), ..options(1) };
    assert!(refused(late).contains("start later"));
}

#[test]
fn a_writer_that_fails_is_an_error() {
    let mut full = [0_u8; 100];
    let outcome = generate(options(10), EventFormat::Ndjson, &mut full.as_mut_slice());
    assert!(matches!(outcome, Err(GenerateError::Write(_))));
}
