//! Which exchange rates a partner's figures depend on.

use crate::fact::{Fact, FactKind};
use daybook_event::{Currency, Month};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Where a partner uses which currency.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CurrencyUses(BTreeMap<Currency, CurrencyUse>);

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct CurrencyUse {
    /// Months with lines or corrections, converted with their own month's rate.
    months: BTreeSet<Month>,
    /// Months with credits, converted with the rate of the month of the line that they credit.
    credits: BTreeSet<Month>,
    /// Whether a claim is in it. Claims are converted when everything is settled, in no month in particular.
    claims: bool,
}

impl CurrencyUse {
    /// The first month with a line or correction that a rate of the month may convert.
    fn converted_from(&self, month: Month) -> Option<Month> {
        let own = self.months.get(&month).copied();
        // A credit may follow a line of any month before its own.
        let credit = self.credits.range(month..).next().copied();
        own.into_iter().chain(credit).min()
    }
}

impl CurrencyUses {
    /// Those of facts, reversed ones included.
    pub(crate) fn of(facts: &[Fact]) -> Self {
        let mut uses = Self::default();
        facts.iter().for_each(|fact| uses.note(fact));
        uses
    }

    /// Notes the currency that the fact's figures depend on.
    pub fn note(&mut self, fact: &Fact) {
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
    pub fn add(&mut self, other: &Self) {
        for (currency, added) in &other.0 {
            let of_currency = self.0.entry(*currency).or_default();
            of_currency.months.extend(&added.months);
            of_currency.credits.extend(&added.credits);
            of_currency.claims |= added.claims;
        }
    }

    /// Whether a line or a correction may be converted with the currency's rate of the month.
    #[must_use]
    pub fn may_convert(&self, currency: Currency, month: Month) -> bool {
        self.0.get(&currency).is_some_and(|of_currency| of_currency.converted_from(month).is_some())
    }

    /// The first month that other rates for these currencies and months affect; `settled` where they affect claims only.
    /// There is one wherever [`may_convert`](Self::may_convert) holds.
    #[must_use]
    pub fn affected_by(&self, changed: &BTreeSet<(Currency, Month)>, settled: Month) -> Option<Month> {
        let affected = changed.iter().filter_map(|(currency, month)| {
            let of_currency = self.0.get(currency)?;
            let claim = of_currency.claims.then_some(settled);
            of_currency.converted_from(*month).into_iter().chain(claim).min()
        });
        affected.min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_matters_in_its_own_month_to_later_credits_and_to_claims_at_the_end() {
        let month = |text: &str| Month::parse(text).unwrap();
        let currency = |text: &str| Currency::parse(text).unwrap();
        let months = |of: &[&str]| of.iter().map(|text| month(text)).collect();
        let (euro, pound) = (currency("EUR"), currency("GBP"));
        let in_euro =
            CurrencyUse { months: months(&["2021-01", "2021-03"]), credits: months(&["2021-04"]), claims: false };
        let claimed = CurrencyUse { claims: true, ..CurrencyUse::default() };
        let uses = CurrencyUses(BTreeMap::from([(euro, in_euro), (pound, claimed)]));
        let affected = |currency, of: &str| {
            let affected = uses.affected_by(&BTreeSet::from([(currency, month(of))]), month("2021-09"));
            (uses.may_convert(currency, month(of)), affected.map(|month| month.to_string()))
        };
        assert_eq!(affected(euro, "2021-01"), (true, Some("2021-01".to_owned())));
        assert_eq!(
            affected(euro, "2021-02"),
            (true, Some("2021-04".to_owned())),
            "the credit may be of a line of then"
        );
        assert_eq!(affected(euro, "2021-05"), (false, None));
        assert_eq!(affected(pound, "2021-01"), (false, Some("2021-09".to_owned())), "no posting, but a claim");
        assert_eq!(affected(Currency::USD, "2021-01"), (false, None));
    }
}
