//! Which line's terms a credit takes over, and what each line is worth in program currency.

use crate::fact::{Fact, Line};
use crate::fx::FxTable;
use crate::history::FactSource;
use chrono::NaiveDate;
use daybook_event::{Currency, EventRef, Exact, Month};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A line with the line whose terms price it.
pub(crate) struct Resolved<'a> {
    /// Index into the month's facts.
    pub(crate) at: usize,
    pub(crate) fact: &'a Fact,
    pub(crate) line: &'a Line,
    /// The first line of the chain of credits; none: the line stands for itself.
    pub(crate) root: Option<Cow<'a, Fact>>,
    /// The chain led to a line that was reversed.
    pub(crate) of_reversed: bool,
    /// In program currency; none without a rate, where the product is too large to hold, or where either is so of the
    /// first line: a credit takes over the bucket, and gives nothing back of what was in no sum.
    pub(crate) amount: Option<Exact>,
    /// The first line's own amount in program currency.
    pub(crate) root_worth: Option<Exact>,
    /// What is odd about it.
    pub(crate) findings: Vec<&'static str>,
}

impl Resolved<'_> {
    /// The fact whose date, product and customer price the line.
    pub(crate) fn pricing_fact(&self) -> &Fact {
        self.root.as_deref().unwrap_or(self.fact)
    }

    /// The line whose product, segment, charge type and customer price it.
    pub(crate) fn pricing_line(&self) -> &Line {
        self.root.as_deref().and_then(Fact::line).unwrap_or(self.line)
    }
}

/// How a chain of credits ends.
enum Chain<'a> {
    /// Nothing credited, or nothing that can be: priced on its own date. The finding says why.
    Itself(Option<&'static str>),
    Root(Cow<'a, Fact>),
    Reversed(Cow<'a, Fact>),
}

/// Resolves the month's lines among facts dated up to the through date. Reversed facts are no lines, but known.
pub(crate) struct Resolver<'a, S: FactSource> {
    source: &'a S,
    month: Month,
    through: NaiveDate,
    facts: &'a [Fact],
    by_id: BTreeMap<&'a EventRef, usize>,
    fx: &'a FxTable,
    program_currency: Currency,
}

impl<'a, S: FactSource> Resolver<'a, S> {
    pub(crate) fn new(
        source: &'a S,
        month: Month,
        through: NaiveDate,
        facts: &'a [Fact],
        fx: &'a FxTable,
        program_currency: Currency,
    ) -> Self {
        // Only credits look anything up by id: most months have few, some have none.
        let any_credit = facts.iter().any(|fact| fact.line().is_some_and(|line| line.credits.is_some()));
        let by_id = facts.iter().enumerate().filter(|_| any_credit).map(|(at, fact)| (&fact.id, at)).collect();
        Self { source, month, through, facts, by_id, fx, program_currency }
    }

    pub(crate) fn resolve(&self, at: usize, fact: &'a Fact, line: &'a Line) -> Result<Resolved<'a>, S::Error> {
        let chain = if line.credits.is_none() { Chain::Itself(None) } else { self.chain(fact)? };
        let (root, of_reversed, finding) = match chain {
            Chain::Itself(finding) => (None, false, finding),
            Chain::Root(root) => (Some(root), false, None),
            Chain::Reversed(root) => (Some(root), true, Some("CREDIT_OF_REVERSED")),
        };
        let findings = finding.into_iter().collect();
        let mut resolved = Resolved { at, fact, line, root, of_reversed, amount: None, root_worth: None, findings };
        if resolved.pricing_line().currency != line.currency {
            resolved.findings.push("CREDIT_OTHER_CURRENCY");
        }
        let rate_month = resolved.pricing_fact().month();
        resolved.amount = self.convert(line, rate_month);
        if resolved.root.is_some() && !of_reversed {
            resolved.root_worth = self.convert(resolved.pricing_line(), rate_month);
            resolved.amount = resolved.amount.filter(|_| resolved.root_worth.is_some());
        }
        Ok(resolved)
    }

    /// The exchange rate is that of the month of the line that prices it.
    fn convert(&self, line: &Line, rate_month: Month) -> Option<Exact> {
        if line.currency == self.program_currency {
            return Some(line.amount.exact());
        }
        let (rate, _) = self.fx.rate(line.currency, rate_month)?;
        line.amount.convert(rate).ok()
    }

    fn chain(&self, first: &'a Fact) -> Result<Chain<'a>, S::Error> {
        let mut chain: Vec<Cow<'a, Fact>> = Vec::new();
        let mut places: BTreeMap<EventRef, usize> = BTreeMap::new();
        let mut current = Cow::Borrowed(first);
        loop {
            let Some(event_id) = current.line().and_then(|line| line.credits.clone()) else {
                return Ok(Chain::Root(current));
            };
            let target = EventRef { source: current.id.source.clone(), event_id };
            let found = self.find(&target)?.filter(|fact| fact.line().is_some());
            let Some(found) = found.filter(|fact| fact.effective_on <= current.effective_on) else {
                let finding = Chain::Itself(Some("CREDIT_TARGET_UNKNOWN"));
                return Ok(if chain.is_empty() { finding } else { Chain::Root(current) });
            };
            if self.source.reversals().names(&found.id) {
                return Ok(Chain::Reversed(found));
            }
            places.insert(current.id.clone(), chain.len());
            chain.push(current);
            if let Some(&again) = places.get(&found.id) {
                // Whoever credits a member of a cycle prices itself: the members, and the one that leads into it.
                let prices_itself = again.saturating_sub(1);
                let itself = Chain::Itself(Some("CREDIT_CYCLE"));
                return Ok(if prices_itself == 0 { itself } else { Chain::Root(chain.swap_remove(prices_itself)) });
            }
            current = found;
        }
    }

    fn find(&self, id: &EventRef) -> Result<Option<Cow<'a, Fact>>, S::Error> {
        if let Some(&at) = self.by_id.get(id) {
            let fact = &self.facts[at];
            return Ok((fact.effective_on <= self.through).then_some(Cow::Borrowed(fact)));
        }
        Ok(self.source.find_before(id, self.month)?.map(Cow::Owned))
    }
}
