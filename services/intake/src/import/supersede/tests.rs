use super::*;
use crate::{INTAKE_SEMANTICS, classify_envelope};
use daybook_event::{Amount, PartnerId};
use daybook_store::{Binding, Ledger, LedgerOptions, Origin, Outcome};
use proptest::prelude::*;
use std::collections::BTreeSet;
use tempfile::TempDir;

const LINE: &str = r#"{"source":"contoso","event_id":"s-1","partner_id":"P-AT","effective_on":"2022-01-10","license_sale":{"customer_id":"C-1","subscription_id":"S-1","product_name":"Microsoft 365 Business Premium","quantity":25,"amount":"550.00","currency":"USD","charge_type":"new","invoice_id":"G1"}}"#;

struct Scene {
    ledger: Ledger,
    reissues: Reissues,
    _dir: TempDir,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = LedgerOptions { intake_semantics: INTAKE_SEMANTICS, ..LedgerOptions::default() };
        let ledger = Ledger::create_or_open(dir.path(), Some(Binding::Files), &options).unwrap();
        Self { ledger, reissues: Reissues::default(), _dir: dir }
    }

    fn append(&mut self, envelope: &Envelope) -> Outcome {
        let incoming = classify_envelope(envelope, daybook_event::Instant::default(), Origin::default());
        self.ledger.append(vec![incoming], None, &[]).unwrap().outcomes[0]
    }

    fn plan(&mut self, envelope: &Envelope) -> Plan {
        let snapshot = self.ledger.reader().snapshot().unwrap();
        self.reissues.read_on(&snapshot).unwrap();
        self.reissues.plan(&snapshot, envelope).unwrap()
    }

    /// Does what the plan says; returns the money taken back.
    fn supersede(&mut self, envelope: &Envelope) -> Vec<String> {
        match self.plan(envelope) {
            Plan::Reversed(known) | Plan::CreditMoved(known) => {
                assert!(matches!(self.append(&known), Outcome::Duplicate { .. }), "{known:?}");
                Vec::new()
            }
            Plan::AsItIs | Plan::Refused(_) => {
                self.append(envelope);
                Vec::new()
            }
            Plan::Supersede { reversals, line } => {
                let taken_back = reversals.iter().map(|(_, money)| money.unwrap().value.to_string()).collect();
                for (reversal, _) in &reversals {
                    assert!(matches!(self.append(reversal), Outcome::Appended(_)), "{reversal:?}");
                }
                self.append(&line);
                taken_back
            }
        }
    }

    fn amounts_standing(&mut self) -> Vec<String> {
        let snapshot = self.ledger.reader().snapshot().unwrap();
        self.reissues.read_on(&snapshot).unwrap();
        let standing = self.reissues.standing(&snapshot, &line("1").id, None).unwrap();
        standing.iter().map(|one| envelope_money(one).unwrap().value.to_string()).collect()
    }

    fn head(&self) -> daybook_store::Head {
        self.ledger.head()
    }
}

fn line(amount: &str) -> Envelope {
    let mut envelope = daybook_proto::decode_json(LINE).unwrap();
    let Payload::LicenseSale(sale) = &mut envelope.payload else { panic!("{envelope:?}") };
    sale.amount = Amount::parse(amount).unwrap();
    envelope
}

fn named(envelope: &Envelope, id: &str) -> Envelope {
    let event_id = EventId::parse(id).unwrap();
    Envelope { id: EventRef { source: envelope.id.source.clone(), event_id }, ..envelope.clone() }
}

#[test]
fn each_issue_takes_the_place_of_the_one_before_and_comes_once() {
    let mut scene = Scene::new();
    assert!(scene.supersede(&line("550")).is_empty());
    assert_eq!(scene.supersede(&line("600")), ["550"]);
    assert_eq!(scene.supersede(&line("700")), ["600"]);
    assert_eq!(scene.amounts_standing(), ["700"]);
    let head = scene.head();
    assert!(scene.supersede(&line("700")).is_empty(), "the same issue again");
    assert_eq!(scene.head(), head, "and nothing is appended");
}

#[test]
fn what_was_superseded_does_not_come_back() {
    let mut scene = Scene::new();
    for amount in ["550", "600", "700"] {
        scene.supersede(&line(amount));
    }
    for earlier in ["550", "600"] {
        assert!(matches!(scene.plan(&line(earlier)), Plan::Reversed(_)), "{earlier}");
        let head = scene.head();
        scene.supersede(&line(earlier));
        assert_eq!(scene.head(), head, "{earlier} is a duplicate under the name that it has");
    }
    assert_eq!(scene.plan(&line("700.00")), scene.plan(&line("700")), "the same content");
}

#[test]
fn an_import_that_was_cut_off_is_completed() {
    // After the reversal, before the line: with the same file, and with the next issue instead.
    for next in ["600", "700"] {
        let mut scene = Scene::new();
        scene.append(&line("550"));
        let Plan::Supersede { reversals, .. } = scene.plan(&line("600")) else { panic!() };
        scene.append(&reversals[0].0);
        assert!(scene.supersede(&line(next)).is_empty());
        assert_eq!(scene.amounts_standing(), [next]);
    }
    // After the line, before the reversal: a broker may take them in the other order.
    let mut scene = Scene::new();
    scene.append(&line("550"));
    let Plan::Supersede { line: superseding, .. } = scene.plan(&line("600")) else { panic!() };
    scene.append(&superseding);
    assert_eq!(scene.amounts_standing(), ["550", "600"]);
    assert_eq!(scene.supersede(&line("600")), ["550"]);
    assert_eq!(scene.amounts_standing(), ["600"]);
}

#[test]
fn the_reversal_is_the_standing_partners_and_the_line_its_own() {
    let mut scene = Scene::new();
    scene.append(&line("550"));
    let moved = Envelope { partner_id: Some(PartnerId::parse("P-BIRCH").unwrap()), ..line("550") };
    let Plan::Supersede { reversals, line: superseding } = scene.plan(&moved) else { panic!() };
    assert_eq!(reversals[0].0.partner_id, line("550").partner_id);
    assert_eq!(superseding.partner_id, moved.partner_id);
    assert_eq!(reversals[0].0.id.event_id.as_str(), "s-1.reversed");
    assert_eq!(superseding.id.event_id.as_str().len(), "s-1.".len() + HASH_DIGITS);
}

#[test]
fn what_cannot_be_superseded_is_refused_with_what_to_do() {
    let mut scene = Scene::new();
    let longest = "x".repeat(SUPERSEDED_ID_BYTES_MAX);
    scene.append(&named(&line("550"), &longest));
    assert_eq!(scene.supersede(&named(&line("600"), &longest)), ["550"]);
    let too_long = format!("{longest}x");
    scene.append(&named(&line("550"), &too_long));
    let Plan::Refused(why) = scene.plan(&named(&line("600"), &too_long)) else { panic!() };
    assert!(why.contains("has 39 bytes; at most 38"), "{why}");
    let reversal = reversal_of(&line("550")).unwrap();
    scene.append(&reversal);
    let Plan::Refused(why) = scene.plan(&named(&line("9"), "s-1.reversed")) else { panic!() };
    assert!(why.contains("cannot be reversed"), "{why}");
}

#[test]
fn a_name_that_looks_like_ours_and_is_not_is_no_later_issue() {
    let mut scene = Scene::new();
    scene.append(&line("550"));
    scene.append(&named(&line("20"), "s-1.0123456789abcdef"));
    assert_eq!(scene.amounts_standing(), ["550"]);
}

#[test]
fn a_name_that_something_else_has_is_no_reason_to_overlook_a_line() {
    let mut scene = Scene::new();
    scene.append(&line("550"));
    let Plan::Supersede { reversals, line: superseding } = scene.plan(&line("600")) else { panic!() };
    for taken in [&superseding.id, &reversals[0].0.id] {
        let mut scene = Scene::new();
        scene.append(&line("550"));
        scene.append(&named(&line("20"), taken.event_id.as_str()));
        let Plan::Refused(why) = scene.plan(&line("600")) else { panic!("{taken}") };
        assert_eq!(why, format!("the name {taken} that it would need stands at position 2 with something else"));
    }
}

#[test]
fn without_superseding_a_known_issue_is_a_duplicate_all_the_same() {
    let mut scene = Scene::new();
    for amount in ["550", "600"] {
        scene.supersede(&line(amount));
    }
    let snapshot = scene.ledger.reader().snapshot().unwrap();
    let known = known_again(&snapshot, &line("600")).unwrap().unwrap();
    assert_eq!(known_again(&snapshot, &line("550")).unwrap(), None);
    assert_eq!(known_again(&snapshot, &line("650")).unwrap(), None);
    drop(snapshot);
    assert!(matches!(scene.append(&known), Outcome::Duplicate { .. }));
}

#[test]
fn lines_of_the_invoice_that_no_file_has_are_named() {
    let mut scene = Scene::new();
    for (id, amount) in [("s-1", "550"), ("s-2", "20"), ("s-3", "30")] {
        scene.append(&named(&line(amount), id));
    }
    scene.supersede(&line("600"));
    let snapshot = scene.ledger.reader().snapshot().unwrap();
    scene.reissues.read_on(&snapshot).unwrap();
    let met = BTreeSet::from([line("1").id, named(&line("1"), "s-3").id]);
    let invoices = BTreeSet::from([(line("1").id.source, "G1".to_owned())]);
    let left = scene.reissues.lines_left(&snapshot, &invoices, &met).unwrap();
    let left: Vec<_> = left.iter().map(|line| (line.event.to_string(), line.position.number())).collect();
    assert_eq!(left, [("contoso/s-2".to_owned(), 2)]);
}

fn crediting(amount: &str, credits: &str) -> Envelope {
    let mut envelope = named(&line(amount), "c-1");
    let Payload::LicenseSale(sale) = &mut envelope.payload else { panic!("{envelope:?}") };
    sale.credits = Some(EventId::parse(credits).unwrap());
    envelope
}

impl Scene {
    fn standing(&mut self, id: &EventRef) -> Vec<Envelope> {
        let snapshot = self.ledger.reader().snapshot().unwrap();
        self.reissues.read_on(&snapshot).unwrap();
        self.reissues.standing(&snapshot, id, None).unwrap()
    }

    /// Sets right what is left, until nothing is; returns how many records that took.
    fn amend(&mut self, ids: &BTreeSet<EventRef>) -> u64 {
        let before = self.head().position.number();
        for _ in 0..4 {
            let snapshot = self.ledger.reader().snapshot().unwrap();
            self.reissues.read_on(&snapshot).unwrap();
            let amendments = self.reissues.amendments(&snapshot, ids).unwrap();
            drop(snapshot);
            assert!(amendments.refused.is_empty(), "{amendments:?}");
            if amendments.is_empty() {
                return self.head().position.number() - before;
            }
            let lines = amendments.credits.iter().flat_map(|credit| [&credit.line, &credit.reversal]);
            for envelope in amendments.superfluous.iter().map(|(reversal, _)| reversal).chain(lines) {
                assert!(matches!(self.append(envelope), Outcome::Appended(_)), "{envelope:?}");
            }
        }
        panic!("there is no end to it");
    }
}

#[test]
fn of_two_imports_at_once_the_line_that_the_ledger_took_last_stands() {
    for order in [["600", "700"], ["700", "600"]] {
        let mut scene = Scene::new();
        scene.append(&line("550"));
        let plans = order.map(|amount| scene.plan(&line(amount)));
        for plan in plans {
            let Plan::Supersede { reversals, line } = plan else { panic!() };
            reversals.iter().for_each(|(reversal, _)| {
                scene.append(reversal);
            });
            scene.append(&line);
        }
        assert_eq!(scene.amounts_standing(), order, "both saw the first issue standing");
        let ids = BTreeSet::from([line("1").id]);
        assert_eq!(scene.amend(&ids), 1);
        assert_eq!(scene.amounts_standing(), [order[1]]);
        assert_eq!(scene.amend(&ids), 0, "the other import finds nothing to do");
    }
}

#[test]
fn credits_follow_the_line_that_stands() {
    let mut scene = Scene::new();
    let ids = BTreeSet::from([line("1").id]);
    scene.append(&line("550"));
    scene.append(&crediting("-20", "s-1"));
    assert_eq!(scene.amend(&ids), 0);
    for amount in ["600", "700"] {
        scene.supersede(&line(amount));
        assert_eq!(scene.amend(&ids), 2, "{amount}");
        let names: Vec<_> = scene.standing(&line("1").id).into_iter().map(|one| one.id.event_id).collect();
        let credits = scene.standing(&crediting("1", "s-1").id);
        let credited: Vec<_> =
            credits.iter().filter_map(|credit| amend::credits_of(&credit.payload).cloned()).collect();
        assert_eq!(credited, names, "{amount}");
        assert_eq!(envelope_money(&credits[0]).unwrap().value.to_string(), "-20", "{amount}");
        let head = scene.head();
        assert!(matches!(scene.plan(&crediting("-20", "s-1")), Plan::CreditMoved(_)), "{amount}");
        scene.supersede(&crediting("-20", "s-1"));
        assert_eq!((scene.amend(&ids), scene.head()), (0, head), "the same file again");
    }
    // A later issue of the line that credits, in the words of its file.
    scene.supersede(&crediting("-30", "s-1"));
    assert_eq!(scene.amend(&ids), 2);
    let standing = scene.standing(&crediting("1", "s-1").id);
    assert_eq!((standing.len(), envelope_money(&standing[0]).unwrap().value.to_string()), (1, "-30".to_owned()));
    assert!(matches!(scene.plan(&crediting("-20", "s-1")), Plan::Reversed(_)), "the earlier issue does not come back");
}

#[test]
fn a_credit_that_was_cut_off_between_line_and_reversal_is_completed() {
    let mut scene = Scene::new();
    let ids = BTreeSet::from([line("1").id]);
    scene.append(&line("550"));
    scene.append(&crediting("-20", "s-1"));
    scene.supersede(&line("600"));
    let snapshot = scene.ledger.reader().snapshot().unwrap();
    scene.reissues.read_on(&snapshot).unwrap();
    let amendments = scene.reissues.amendments(&snapshot, &ids).unwrap();
    drop(snapshot);
    scene.append(&amendments.credits[0].line);
    assert_eq!(scene.standing(&crediting("1", "s-1").id).len(), 2);
    assert_eq!(scene.amend(&ids), 1);
    assert_eq!(scene.standing(&crediting("1", "s-1").id), [amendments.credits[0].line.clone()]);
}

#[test]
fn a_superseding_line_does_not_repeat_a_number_of_its_sources_count() {
    let mut scene = Scene::new();
    let numbered = |amount: &str| Envelope { source_seq: Some(7), ..line(amount) };
    scene.append(&numbered("550"));
    let Plan::Supersede { line: superseding, .. } = scene.plan(&numbered("600")) else { panic!() };
    assert_eq!(superseding.source_seq, None);
    scene.supersede(&numbered("600"));
    let head = scene.head();
    scene.supersede(&numbered("600"));
    assert_eq!((scene.amounts_standing(), scene.head()), (vec!["600".to_owned()], head));
    assert_eq!(scene.supersede(&numbered("700")), ["600"]);
}

/// How much of a superseding import reaches the ledger.
#[derive(Debug, Clone, Copy)]
enum Reach {
    All,
    /// Killed between the two.
    ReversalsAlone,
    /// Killed, and the broker had taken the later message only.
    LineAlone,
}

fn issues() -> impl Strategy<Value = Vec<(u8, Reach)>> {
    let reach = prop_oneof![4 => Just(Reach::All), 1 => Just(Reach::ReversalsAlone), 1 => Just(Reach::LineAlone)];
    proptest::collection::vec((1_u8..6, reach), 1..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever was cut off before: once an issue of new content went in whole, it stands alone; and again it is nothing new.
    #[test]
    fn the_last_new_issue_stands_alone_whatever_was_cut_off(issues in issues()) {
        let mut scene = Scene::new();
        for (amount, reach) in issues {
            let Plan::Supersede { reversals, line: superseding } = scene.plan(&line(&amount.to_string())) else {
                scene.append(&line(&amount.to_string()));
                continue;
            };
            if !matches!(reach, Reach::LineAlone) {
                reversals.iter().for_each(|(reversal, _)| { scene.append(reversal); });
            }
            if !matches!(reach, Reach::ReversalsAlone) {
                scene.append(&superseding);
            }
        }
        scene.supersede(&line("99"));
        prop_assert_eq!(scene.amounts_standing(), ["99"]);
        let head = scene.head();
        scene.supersede(&line("99"));
        prop_assert_eq!(scene.head(), head);
    }
}
