//! A ledger and its derived file in a folder of their own, and the figures that they must come to.

use crate::history::TREASURY;
use chrono::NaiveDate;
use daybook_event::{Envelope, Instant, PartnerId, Position, RuleFile};
use daybook_projector::{BatchLimits, ProjectError, Projector, Views};
use daybook_rules::RuleLibrary;
use daybook_rules::model::RuleBook;
use daybook_store::{Binding, ContentHash, DerivedOptions, Incoming, Ledger, LedgerOptions, LedgerReader, Origin};
use daybook_views::{
    ClosedMonths, ClosedTerms, Digest, Fact, FactsOfNoPartner, PartnerHistory, PartnerRows, PinnedRecord, Reversals,
    digest_of_partner, digest_of_views, fold_partner, fold_partner_closed,
};
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

/// The shipped rule files, without the lock, which nobody adopts.
pub(crate) fn rule_files() -> Vec<RuleFile> {
    daybook_rules::shipped_rule_files().into_iter().filter(|file| file.name.ends_with(".toml")).collect()
}

/// All of them.
pub(crate) fn library() -> RuleLibrary {
    let (library, findings) = RuleLibrary::load(&rule_files());
    library.unwrap_or_else(|| panic!("{findings:?}"))
}

/// The whole book.
pub(crate) fn book() -> Arc<RuleBook> {
    with_treasury(library().current())
}

/// The book as it was before its second version.
pub(crate) fn book_of_2020() -> Arc<RuleBook> {
    with_treasury(library().up_to("2020-10").unwrap())
}

pub(crate) fn with_treasury(book: RuleBook) -> Arc<RuleBook> {
    Arc::new(RuleBook { sources_of_no_partner: vec![TREASURY.to_owned()], ..book })
}

pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) ledger: Ledger,
    pub(crate) reader: LedgerReader,
    /// What the ledger has.
    pub(crate) appended: Vec<Envelope>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger_in(dir.path());
        let reader = ledger.reader();
        Self { dir, ledger, reader, appended: Vec::new() }
    }

    pub(crate) fn append(&mut self, envelopes: &[Envelope]) {
        append(&mut self.ledger, envelopes);
        self.appended.extend_from_slice(envelopes);
    }

    pub(crate) fn projector(&self, book: &Arc<RuleBook>, records_max: u64) -> Projector {
        projector_in(self.dir.path(), &self.reader, book, records_max).unwrap()
    }

    /// Fails unless the views are what the fold makes of everything that was appended.
    #[track_caller]
    pub(crate) fn assert_equal(&self, projector: &Projector, book: &RuleBook, through: NaiveDate, about: &str) {
        let views = projector.views().unwrap().unwrap();
        assert_eq!(views.checkpoint().position.number(), self.appended.len() as u64, "{about}");
        assert_eq!(views.checkpoint().through, through, "{about}");
        self.assert_rows(&views, &Expected::of(&self.appended, book, through), about);
    }

    /// Fails unless the views are these.
    #[track_caller]
    pub(crate) fn assert_rows(&self, views: &Views, expected: &Expected, about: &str) {
        for (partner_id, rows) in &expected.partners {
            assert_rows(&views.rows(partner_id).unwrap().unwrap(), rows, about);
        }
        assert_eq!(partners_of(views), expected.partners.keys().cloned().collect::<Vec<_>>(), "{about}");
        assert_eq!(views.rows_of_no_partner().unwrap(), expected.of_no_partner, "{about}");
        assert_eq!(views.digest().unwrap(), expected.digest(), "{about}");
        assert_eq!(views.digest_kept().unwrap(), expected.digest(), "{about}");
    }
}

/// Fails with the rows that are not the same, and only with those.
#[track_caller]
fn assert_rows(found: &PartnerRows, expected: &PartnerRows, about: &str) {
    fn only_in<T: PartialEq + Debug>(some: &[T], other: &[T]) -> Vec<String> {
        some.iter().filter(|row| !other.contains(row)).map(|row| format!("{row:?}")).collect()
    }
    macro_rules! differing {
        ($($view:ident),+) => {{
            let mut differing = Vec::new();
            $(
                differing.extend(only_in(&found.$view, &expected.$view).into_iter().map(|row| format!("found {row}")));
                differing.extend(only_in(&expected.$view, &found.$view).into_iter().map(|row| format!("missed {row}")));
            )+
            differing
        }};
    }
    let differing =
        differing!(standing, postings, lots, claims, true_ups, payouts, conservation, provisional, findings);
    assert!(found == expected, "{about}:\n{}", differing.join("\n"));
}

pub(crate) fn ledger_in(dir: &Path) -> Ledger {
    Ledger::create_or_open(dir, Some(Binding::Files), &LedgerOptions::default()).unwrap()
}

pub(crate) fn append(ledger: &mut Ledger, envelopes: &[Envelope]) {
    let event = |envelope: &Envelope| {
        let bytes = daybook_proto::encode(envelope);
        assert_eq!(daybook_proto::decode(&bytes).as_ref(), Ok(envelope), "no intake would take it");
        Incoming::Event {
            id: envelope.id.clone(),
            content_hash: ContentHash::of_digest(&daybook_proto::content_hash(envelope)),
            recorded_at: Instant::from_micros(1),
            envelope: bytes,
            origin: Origin::default(),
            decision: None,
        }
    };
    ledger.append(envelopes.iter().map(event).collect(), None, &[]).unwrap();
}

pub(crate) fn projector_in(
    dir: &Path,
    reader: &LedgerReader,
    book: &Arc<RuleBook>,
    records_max: u64,
) -> Result<Projector, ProjectError> {
    let limits = BatchLimits { records_max, ..BatchLimits::default() };
    Projector::open_in(dir, &DerivedOptions::default(), reader, Arc::clone(book), limits)
}

pub(crate) fn partners_of(views: &Views) -> Vec<PartnerId> {
    let mut partners = Vec::new();
    let visited = views.rows_visit(|partner_id, _| {
        partners.push(partner_id);
        Ok::<_, ProjectError>(ControlFlow::Continue(()))
    });
    visited.unwrap();
    partners
}

/// Records by partner, and those of none.
pub(crate) fn known(envelopes: &[Envelope]) -> (FactsOfNoPartner, BTreeMap<PartnerId, PartnerHistory>) {
    let mut of_no_partner = FactsOfNoPartner::default();
    let mut taken: BTreeMap<PartnerId, (Vec<Fact>, Reversals, Vec<PinnedRecord>)> = BTreeMap::new();
    for (position, envelope) in (1..).map(Position::new).zip(envelopes) {
        of_no_partner.add(position, envelope);
        let Some(partner_id) = envelope.partner_id.clone() else { continue };
        let (facts, reversals, pinned) = taken.entry(partner_id).or_default();
        reversals.add(position, envelope);
        pinned.extend(PinnedRecord::of(position, envelope));
        facts.extend(Fact::of(envelope.clone(), position));
    }
    let history = |(id, (facts, reversals, pinned))| (id, PartnerHistory::new(facts, reversals).with_pinned(pinned));
    (of_no_partner, taken.into_iter().map(history).collect())
}

/// What the pure fold makes of a history taken whole.
pub(crate) struct Expected {
    pub(crate) partners: BTreeMap<PartnerId, PartnerRows>,
    pub(crate) of_no_partner: PartnerRows,
}

impl Expected {
    pub(crate) fn of(envelopes: &[Envelope], book: &RuleBook, through: NaiveDate) -> Self {
        let (of_no_partner, histories) = known(envelopes);
        let fx = of_no_partner.fx_counting(book, through);
        let fold = |(id, history): (PartnerId, PartnerHistory)| {
            let rows = fold_partner(book, &fx, &id, &history, through);
            (id, rows)
        };
        Self { partners: histories.into_iter().map(fold).collect(), of_no_partner: of_no_partner.rows(book) }
    }

    /// The same, with what is closed kept.
    pub(crate) fn closed(envelopes: &[Envelope], book: &RuleBook, terms: &ClosedTerms, through: NaiveDate) -> Self {
        let (of_no_partner, histories) = known(envelopes);
        let Some(closed) = ClosedMonths::of(&of_no_partner, book, terms, through) else {
            return Self::of(envelopes, book, through);
        };
        let fold = |(id, history): (PartnerId, PartnerHistory)| {
            let rows = fold_partner_closed(&closed, &id, &history);
            (id, rows)
        };
        Self { partners: histories.into_iter().map(fold).collect(), of_no_partner: of_no_partner.rows(book) }
    }

    pub(crate) fn digest(&self) -> Digest {
        let digests: Vec<(&PartnerId, Digest)> =
            self.partners.iter().map(|(partner_id, rows)| (partner_id, digest_of_partner(partner_id, rows))).collect();
        digest_of_views(digests.into_iter(), &self.of_no_partner)
    }
}
