//! What is kept of a folded partner, so that another book with the same fold terms can price and settle it without a fact
//! being read again: the bases of its postings, and what rows show or settle beside them.
//!
//! As bytes it is a fraction of the facts. Whoever stores them keeps beside them of which ledger, position, through date and
//! fold terms they are, and [`KEPT_SHAPE`].

mod bytes;
mod facts;
mod head;
mod rows;

pub use head::KeptHead;

use crate::claims::ClaimStep;
use crate::fold::{credit_findings, reversal_findings};
use crate::history::Reversals;
use crate::margins::{RevenueMargin, margins_of};
use crate::openings::{Adjusted, OpeningBalances};
use crate::payout::NEEDED_TO_PAY;
use crate::state::PartnerState;
use bytes::{Reader, Writer};
use chrono::NaiveDate;
use daybook_event::{Exact, Month, Name, Overflow, PartnerId};
use daybook_rules::model::RuleBook;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The shape of these bytes. Another number: they mean something else.
pub const KEPT_SHAPE: u32 = 2;

/// A folded partner, as far as prices and settlement need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPartner {
    /// Only what settles and what is shown: no other month can be folded on top of it.
    state: PartnerState,
    /// How far it is from the revenue gates on the through date.
    margins: Vec<RevenueMargin>,
}

/// What few partners have any of.
#[derive(Default, PartialEq, Serialize, Deserialize)]
struct Rare {
    claims: Vec<ClaimStep>,
    openings: OpeningBalances,
    adjustments: Vec<Adjusted>,
}

impl KeptPartner {
    /// What is kept of the state at the end of a fold under a book, which began with the month of the first fact, as bytes; none
    /// where a part has no form in bytes, which no partner is known to have.
    ///
    /// # Errors
    /// [`Overflow`] when a sum leaves the range of exact money.
    pub fn bytes_of(
        (book, names): (&RuleBook, &KeptNames),
        partner_id: &PartnerId,
        reversals: &Reversals,
        first: Month,
        state: &PartnerState,
        through: NaiveDate,
    ) -> Result<Option<Vec<u8>>, Overflow> {
        let mut findings = state.findings.clone();
        findings.extend(reversal_findings(partner_id, reversals));
        findings.extend(credit_findings(partner_id, state)?);
        let mut writer = Writer::new(names);
        writer.month(first);
        writer.list(&state.postings, rows::put_posting);
        writer.list(&state.conservation, rows::put_conservation);
        writer.list(&state.standing_rows, rows::put_standing);
        writer.list(&state.provisional, rows::put_provisional);
        writer.list(&findings, rows::put_finding);
        writer.list(&margins_of(book, state, through)?, rows::put_margin);
        facts::put(&mut writer, &state.facts, &NEEDED_TO_PAY);
        let rare = Rare {
            claims: state.claims.clone(),
            openings: state.openings.clone(),
            adjustments: state.adjustments.clone(),
        };
        let rare = if rare == Rare::default() { Some(Vec::new()) } else { serde_json::to_vec(&rare).ok() };
        Ok(rare.map(|rare| {
            writer.bytes(&rare);
            writer.out
        }))
    }

    /// The month of its first fact.
    #[must_use]
    pub fn first(&self) -> Month {
        self.state.next_month
    }

    /// What settles.
    #[must_use]
    pub fn state(&self) -> &PartnerState {
        &self.state
    }

    /// How far it is from each revenue gate on the through date.
    #[must_use]
    pub fn margins(&self) -> &[RevenueMargin] {
        &self.margins
    }

    /// What these bytes keep; none where they keep nothing of this kind.
    #[must_use]
    pub fn from_bytes(partner_id: &PartnerId, bytes: &[u8], names: &KeptNames) -> Option<Self> {
        let mut reader = Reader::new(bytes, names);
        let mut state = PartnerState::before(reader.month()?);
        state.postings = reader.list(|reader| rows::posting(reader, partner_id))?;
        state.conservation = reader.list(|reader| rows::conservation(reader, partner_id))?;
        state.standing_rows = reader.list(|reader| rows::standing(reader, partner_id))?;
        state.provisional = reader.list(|reader| rows::provisional(reader, partner_id))?;
        state.findings = reader.list(|reader| rows::finding(reader, partner_id))?;
        let margins = reader.list(rows::margin)?;
        state.facts = facts::facts(&mut reader)?;
        let rare = match reader.bytes()? {
            [] => Rare::default(),
            bytes => serde_json::from_slice(bytes).ok()?,
        };
        (state.claims, state.openings, state.adjustments) = (rare.claims, rare.openings, rare.adjustments);
        reader.is_done().then_some(Self { state, margins })
    }
}

/// The names that kept bytes have numbers for: those of a book, of its periods and of the program itself.
#[derive(Debug, Clone)]
pub struct KeptNames {
    names: Vec<Name>,
    numbers: BTreeMap<Name, u64>,
}

impl KeptNames {
    /// The names that rows of a fold under the book have.
    #[must_use]
    pub fn of(book: &RuleBook, through: NaiveDate) -> Self {
        let of_program = ["invited", "enrolled", "offboarded", "entry_gates", "onboarding_gates"];
        let mut names: Vec<Name> = of_program.into_iter().map(Name::known).collect();
        names.extend(crate::codes::LineCode::ALL.into_iter().map(|code| Name::known(code.as_str())));
        names.extend(crate::codes::Flag::ALL.into_iter().map(|flag| Name::known(flag.as_str())));
        for set in &book.sets {
            names.push(Name::from(&set.version));
            names.extend(set.levers.iter().map(|lever| Name::from(&lever.name)));
            names.extend(set.gates.iter().flat_map(|gate| [Name::from(&gate.name), Name::from(&gate.fail_code)]));
        }
        let mut period = book.calendar().period_of(Month::of(book.sets[0].valid_from));
        while period.first_day() <= through {
            names.push(Name::from(period.to_string()));
            period = period.next();
        }
        Self::from_names(names)
    }

    fn from_names(names: Vec<Name>) -> Self {
        let numbers = names.iter().cloned().zip(0..).collect();
        Self { names, numbers }
    }

    /// As bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(self);
        writer.list(&self.names, |writer, name| writer.text(name));
        writer.out
    }

    /// The names that these bytes hold; none where they hold none.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let none = Self::from_names(Vec::new());
        let mut reader = Reader::new(bytes, &none);
        let names = reader.list(|reader| reader.text().map(Name::from))?;
        reader.is_done().then(|| Self::from_names(names))
    }

    fn number(&self, name: &Name) -> Option<u64> {
        self.numbers.get(name).copied()
    }

    fn named(&self, number: u64) -> Option<Name> {
        self.names.get(usize::try_from(number).ok()?).cloned()
    }
}

/// The sum of amounts, for the amounts that are kept once.
fn sum_of(amounts: impl IntoIterator<Item = Exact>) -> Option<Exact> {
    amounts.into_iter().try_fold(Exact::ZERO, |sum, amount| sum.plus(amount).ok())
}
