//! The lever that came nearest to a line that none matches, and what of the line misses it.

use super::Cited;
use super::change::{Need, SmallestChange, billable, product_in, standing};
use super::line::pricing_fact;
use super::subject::{FoldedMonth, Subject};
use daybook_event::{Amount, EventRef, Exact, Month, NaiveDate, Overflow, Segment, StandingValue};
use daybook_rules::model::{Base, Lever, RuleSet};
use daybook_views::reasons::{LeverFit, PartnerOn, lever_fits};
use daybook_views::{Bucket, Fact, FactKind, FactSource, Line, PricedLine};
use serde::Serialize;

/// The lever that came nearest to a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NearLever {
    /// The line.
    pub event: String,
    /// The lever.
    pub lever: String,
    /// What misses: of the line, with what the lever takes.
    pub misses: Vec<Need>,
    /// The parameters of the lever that ask it.
    pub rules: Vec<Cited>,
    /// With what the line would have earned; none where nothing tried would have sufficed.
    pub smallest_change: Option<SmallestChange>,
}

/// The nearest lever; none where no terms apply, or the line credits one that was reversed.
pub(super) fn nearest(
    subject: &Subject<'_>,
    folded: &FoldedMonth,
    fact: &Fact,
    priced: &PricedLine,
) -> Result<Option<NearLever>, Overflow> {
    let pricing = pricing_fact(subject, fact, priced);
    let (Some(set), Some(line)) = (priced.rule_set.map(|at| &subject.book.sets[at]), pricing.line()) else {
        return Ok(None);
    };
    let partner = PartnerOn::at(subject.book, folded.state.clone(), subject.through);
    let Some(fits) = lever_fits(&partner, pricing.effective_on, line)? else { return Ok(None) };
    if credits_reversed(subject, fact) {
        return Ok(None);
    }
    let Some(fit) = fits.iter().min_by_key(|fit| fit.misses()).filter(|fit| fit.misses() > 0) else { return Ok(None) };
    let lever = &set.levers[fit.lever];
    let asked = Asked { subject, set, lever, fit, line, on: pricing.effective_on };
    let misses = asked.misses()?;
    // A credit takes everything over from its line: only that line could have been otherwise.
    let smallest_change = if priced.credit_of.is_none() { asked.smallest_change(fact, &misses)? } else { None };
    Ok(Some(NearLever {
        event: fact.id.to_string(),
        lever: lever.name.clone(),
        rules: asked.rules(),
        misses,
        smallest_change,
    }))
}

struct Asked<'a> {
    subject: &'a Subject<'a>,
    set: &'a RuleSet,
    lever: &'a Lever,
    fit: &'a LeverFit,
    line: &'a Line,
    on: NaiveDate,
}

impl Asked<'_> {
    fn attribute(&self, attribute: &str, has: &str, wants: Vec<String>) -> Need {
        Need::Attribute {
            lever: self.lever.name.clone(),
            attribute: attribute.to_owned(),
            has: has.to_owned(),
            wants: wants.join(","),
        }
    }

    fn groups(&self) -> Vec<String> {
        self.lever.matches.groups.iter().map(|&at| self.set.product_groups[at].name.clone()).collect()
    }

    fn misses(&self) -> Result<Vec<Need>, Overflow> {
        let (fit, wanted, line) = (self.fit, &self.lever.matches, self.line);
        let mut found = Vec::new();
        if !fit.group {
            let family = self.subject.book.catalogue.family_of(&line.product, self.on);
            let has = self.set.groups_of(&line.product, family);
            let has: Vec<&str> = has.into_iter().map(|at| self.set.product_groups[at].name.as_str()).collect();
            found.push(self.attribute("product_group", &has.join(","), self.groups()));
        }
        if !fit.segment {
            let has = line.segment.map(Segment::as_str).unwrap_or_default();
            let wants = wanted.segments.iter().map(|segment| segment.as_str().to_owned()).collect();
            found.push(self.attribute("segment", has, wants));
        }
        if !fit.charge_type {
            found.push(self.attribute("charge_type", &line.charge_type, wanted.charge_types.clone()));
        }
        if !fit.market {
            found.push(self.attribute("market", "", wanted.markets.clone()));
        }
        if let (Some(new), Base::CustomerAdd { months, .. }) = (&fit.new_customer, self.lever.base) {
            if !new.in_time {
                let has = new.new_on.map(|on| format!("a customer since {on}")).unwrap_or_default();
                let earliest = Month::of(self.on).plus(1 - months);
                found.push(self.attribute("new_customer", &has, vec![format!("new in {earliest} or later")]));
            } else if new.total < new.at_least {
                found.push(self.more_billed(new.at_least.minus(new.total)?));
            }
        }
        Ok(found)
    }

    fn more_billed(&self, missing: Exact) -> Need {
        Need::CustomerRevenue {
            lever: self.lever.name.clone(),
            customer_id: self.line.customer_id.clone(),
            amount: billable(missing, &self.set.rounding),
            month: Month::of(self.on),
        }
    }

    fn rules(&self) -> Vec<Cited> {
        let name = &self.lever.name;
        let fit = self.fit;
        let paths = [
            (!fit.group, format!("lever.{name}.match.product_group")),
            (!fit.segment, format!("lever.{name}.match.segment")),
            (!fit.charge_type, format!("lever.{name}.match.charge_type")),
            (!fit.market, format!("lever.{name}.match.market")),
            (fit.new_customer.as_ref().is_some_and(|new| !new.in_time), format!("lever.{name}.base.months")),
            (
                fit.new_customer.as_ref().is_some_and(|new| new.in_time && new.total < new.at_least),
                format!("lever.{name}.base.monthly_at_least"),
            ),
        ];
        paths.into_iter().filter(|(misses, _)| *misses).map(|(_, path)| Cited::stated(self.set, &path)).collect()
    }

    /// Tries the line with everything that misses put right.
    fn smallest_change(&self, fact: &Fact, misses: &[Need]) -> Result<Option<SmallestChange>, Overflow> {
        let Some(facts) = self.put_right(fact, misses) else { return Ok(None) };
        let bucket = self.subject.bucket_of(&self.subject.with(&facts), fact.month(), &fact.id)?;
        let earns = matches!(bucket, Some(Bucket::Earning));
        Ok(earns.then(|| SmallestChange::of(misses.to_vec(), &format!("{} earns under {}", fact.id, self.lever.name))))
    }

    fn put_right(&self, fact: &Fact, misses: &[Need]) -> Option<Vec<Fact>> {
        let mut line = self.line.clone();
        let mut further = Vec::new();
        for need in misses {
            match need {
                Need::Attribute { attribute, wants, .. } => match attribute.as_str() {
                    "product_group" => line.product = product_in(self.subject, self.set, &self.groups(), self.on)?,
                    "segment" => line.segment = self.lever.matches.segments.first().copied(),
                    "charge_type" => line.charge_type.clone_from(self.lever.matches.charge_types.first()?),
                    "new_customer" => line.customer_id = "supposed".to_owned(),
                    _ => further.push(standing(&format!("market:{}", wants.split(',').next()?), StandingValue::Held)),
                },
                Need::CustomerRevenue { amount, .. } => {
                    let amount = Amount::parse(&amount.to_string()).ok()?;
                    let currency = self.set.currency;
                    further.push(FactKind::Line(Line { amount, currency, credits: None, ..line.clone() }));
                }
                _ => return None,
            }
        }
        let supposed =
            further.into_iter().enumerate().map(|(number, kind)| self.subject.supposed(number, self.on, kind));
        let changed = Fact { kind: FactKind::Line(line), ..fact.clone() };
        supposed.chain([Some(changed)]).collect()
    }
}

/// Whether a line credits one that was reversed: it then stays unmatched whatever it has.
fn credits_reversed(subject: &Subject<'_>, fact: &Fact) -> bool {
    let credited = fact.line().and_then(|line| line.credits.clone());
    credited.is_some_and(|event_id| {
        let line = EventRef { source: fact.id.source.clone(), event_id };
        subject.history.reversals().names(&line)
    })
}
