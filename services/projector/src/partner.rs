//! What the derived file knows of a partner beside its facts: enough to say what a new record affects without reading
//! them. It depends on records only, never on a rule book, so every generation of the views shares it.

use crate::chunk::FactMonths;
use daybook_event::{Currency, Month, PartnerId};
use daybook_views::{Fact, FactKind, Reversals};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of a partner.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct PartnerMeta {
    /// Where its facts are.
    pub(crate) facts: FactMonths,
    /// Where its pinned statements are, by the month that they are of.
    pub(crate) pinned: FactMonths,
    /// Its reversals.
    pub(crate) reversals: Reversals,
    /// What exchange rates its figures depend on.
    pub(crate) currencies: CurrencyUses,
}

/// Under which name the derived file has a partner's pinned statements: no partner's own, since no id has a slash.
pub(crate) fn pinned_owner(partner_id: &PartnerId) -> String {
    format!("{partner_id}/pinned")
}

/// Where a partner uses which currency.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct CurrencyUses(BTreeMap<Currency, CurrencyUse>);

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct CurrencyUse {
    /// Months with lines or corrections, converted with their own month's rate.
    months: BTreeSet<Month>,
    /// Months with credits, converted with the rate of the month of the line that they credit.
    credits: BTreeSet<Month>,
    /// Whether a claim is in it. Claims are converted when everything is settled, in no month in particular.
    claims: bool,
}

impl CurrencyUses {
    /// Notes the currency that the fact's figures depend on.
    pub(crate) fn note(&mut self, fact: &Fact) {
        match &fact.kind {
            FactKind::Line(line) => {
                let of_currency = self.0.entry(line.currency).or_default();
                let months = if line.credits.is_some() { &mut of_currency.credits } else { &mut of_currency.months };
                months.insert(fact.month());
            }
            FactKind::Adjustment(adjustment) => {
                self.0.entry(adjustment.currency).or_default().months.insert(fact.month());
            }
            FactKind::Claim(claim) => {
                if let Some(currency) = claim.currency {
                    self.0.entry(currency).or_default().claims = true;
                }
            }
            FactKind::Standing(_) | FactKind::Certification(_) | FactKind::Opening(_) | FactKind::Moneyless => {}
        }
    }

    /// Takes in those of other facts of the partner.
    pub(crate) fn add(&mut self, other: &Self) {
        for (currency, added) in &other.0 {
            let of_currency = self.0.entry(*currency).or_default();
            of_currency.months.extend(&added.months);
            of_currency.credits.extend(&added.credits);
            of_currency.claims |= added.claims;
        }
    }

    /// Every currency used.
    pub(crate) fn all(&self) -> BTreeSet<Currency> {
        self.0.keys().copied().collect()
    }

    /// The first month that other rates for these currencies and months affect; `settled` where they affect claims only.
    pub(crate) fn affected_by(&self, changed: &BTreeSet<(Currency, Month)>, settled: Month) -> Option<Month> {
        let affected = changed.iter().filter_map(|(currency, month)| {
            let of_currency = self.0.get(currency)?;
            let own = of_currency.months.get(month).copied();
            // A credit may follow a line of any month before its own.
            let credit = of_currency.credits.range(month..).next().copied();
            let claim = of_currency.claims.then_some(settled);
            [own, credit, claim].into_iter().flatten().min()
        });
        affected.min()
    }
}
