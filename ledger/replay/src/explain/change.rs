//! The smallest change that would have made a difference, as something that can be done, and tried.

use super::subject::Subject;
use daybook_event::{Amount, Exact, Month, NaiveDate, PartnerStanding, Product, Rounding, Segment, StandingValue};
use daybook_rules::model::{ProductPattern, RuleSet};
use daybook_views::{Exam, Fact, FactKind, Line, LineKind};
use serde::Serialize;

/// What would have to be otherwise, all of it together, and what would come of it. It was tried: the partner was folded with
/// these changes, and the outcome is what came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SmallestChange {
    /// One plain sentence.
    pub sentence: String,
    /// What it takes.
    pub needs: Vec<Need>,
    /// What would come of it.
    pub outcome: String,
}

/// One thing that would have to be otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Need {
    /// A standing fact is held.
    StandingFact {
        /// Which.
        fact: String,
        /// From this date on at the latest.
        by: NaiveDate,
    },
    /// A number fact is at least this.
    Number {
        /// Which.
        fact: String,
        /// The number.
        at_least: Exact,
        /// On this date at the latest.
        by: NaiveDate,
    },
    /// More billed revenue.
    Revenue {
        /// How much, in program currency.
        amount: Exact,
        /// In these product groups; empty: any product.
        groups: Vec<String>,
        /// Dated from this day.
        from: NaiveDate,
        /// To this day.
        by: NaiveDate,
    },
    /// More certified people.
    People {
        /// How many.
        people: usize,
        /// The area of the certification.
        area: String,
        /// Certified on this date at the latest.
        by: NaiveDate,
    },
    /// More new customers.
    NewCustomers {
        /// How many.
        customers: usize,
        /// The product group.
        group: String,
        /// New from this day.
        from: NaiveDate,
        /// To this day.
        by: NaiveDate,
    },
    /// An attribute of the line is another.
    Attribute {
        /// The lever that asks it.
        lever: String,
        /// Which: `product_group`, `segment`, `charge_type`, `market`, `new_customer`.
        attribute: String,
        /// What the line has.
        has: String,
        /// What the lever takes, joined by commas.
        wants: String,
    },
    /// The customer is billed more in the month.
    CustomerRevenue {
        /// The lever that asks it.
        lever: String,
        /// The customer.
        customer_id: String,
        /// How much more.
        amount: Exact,
        /// In this month.
        month: Month,
    },
    /// An exchange rate is published.
    ExchangeRate {
        /// The currency.
        currency: String,
        /// The month.
        month: Month,
    },
    /// More co-op accrues in the earning period.
    Coop {
        /// How much.
        amount: Exact,
    },
    /// A line like this one is billed for more.
    Billed {
        /// How much more, in program currency.
        amount: Exact,
        /// A line whose product, segment and terms it would have.
        like: String,
        /// On the date of that line.
        on: NaiveDate,
    },
    /// A field of the submission is another.
    Submission {
        /// The event of the submission.
        event: String,
        /// Which: `submitted_on`, `activity_start`, `activity_end`, `activity`, `amount`.
        field: String,
        /// What it has; empty for nothing.
        has: String,
        /// What would pass: the nearest.
        wants: String,
    },
    /// Nothing but time: this date is past.
    Through {
        /// The date.
        date: NaiveDate,
    },
}

impl Need {
    /// The need in words.
    pub(in crate::explain) fn words(&self) -> String {
        match self {
            Self::StandingFact { fact, by } => format!("{fact} held on {by} at the latest"),
            Self::Number { fact, at_least, by } => format!("{fact} of at least {at_least} on {by}"),
            Self::Revenue { amount, groups, from, by } => {
                let of = if groups.is_empty() { String::new() } else { format!(" of {}", groups.join(" or ")) };
                format!("{amount} more billed revenue{of}, dated {from} to {by}")
            }
            Self::People { people, area, by } => format!("{people} more people certified in {area} by {by}"),
            Self::NewCustomers { customers, group, from, by } => {
                format!("{customers} more new customers of {group}, new from {from} to {by}")
            }
            Self::Attribute { attribute, has, wants, .. } => {
                let has = if has.is_empty() { "none" } else { has };
                format!("{attribute} {wants} instead of {has}")
            }
            Self::CustomerRevenue { customer_id, amount, month, .. } => {
                format!("{amount} more billed to {customer_id} in {month}")
            }
            Self::ExchangeRate { currency, month } => format!("an exchange rate for {currency} in {month}"),
            Self::Coop { amount } => format!("{amount} more co-op"),
            Self::Billed { amount, like, on } => format!("{amount} more billed on {on} on a line like {like}"),
            Self::Submission { field, has, wants, .. } => {
                let has = if has.is_empty() { "none" } else { has };
                format!("{field} {wants} instead of {has}")
            }
            Self::Through { date } => format!("{date} is past"),
        }
    }
}

impl SmallestChange {
    /// A change with its sentence.
    pub(super) fn of(needs: Vec<Need>, outcome: &str) -> Self {
        let words: Vec<String> = needs.iter().map(Need::words).collect();
        let sentence = format!("The smallest change: {}. Then {outcome}.", words.join(", and "));
        Self { sentence, needs, outcome: outcome.to_owned() }
    }
}

/// The least amount that can be billed and is not below this one.
pub(super) fn billable(amount: Exact, rounding: &Rounding) -> Exact {
    let unit = rounding.unit();
    let rounded = rounding.round(amount);
    // Rounding down loses less than a unit.
    if rounded >= amount { rounded } else { rounded.plus(unit).unwrap_or(rounded) }
}

/// The facts that needs of standing, revenue, people and customers suppose. None where a need is of another kind, or no
/// product of its groups can be named.
pub(super) fn supposed_facts(subject: &Subject<'_>, set: &RuleSet, needs: &[Need]) -> Option<Vec<Fact>> {
    let mut kinds: Vec<(NaiveDate, FactKind)> = Vec::new();
    for need in needs {
        match need {
            Need::StandingFact { fact, by } => kinds.push((*by, standing(fact, StandingValue::Held))),
            Need::Number { fact, at_least, by } => {
                kinds.push((*by, standing(fact, StandingValue::Number(Amount::parse(&at_least.to_string()).ok()?))));
            }
            Need::Revenue { amount, groups, by, .. } => {
                let product = product_in(subject, set, groups, *by)?;
                kinds.push((*by, sale(set, "supposed", product, *amount)?));
            }
            Need::People { people, area, by } => {
                let exam = |number: usize| Exam {
                    person_id: format!("supposed-{number}"),
                    competency_area: area.clone(),
                    expires_on: None,
                };
                kinds.extend((0..*people).map(|number| (*by, FactKind::Certification(exam(number)))));
            }
            Need::NewCustomers { customers, group, by, .. } => {
                let product = product_in(subject, set, std::slice::from_ref(group), *by)?;
                for number in 0..*customers {
                    kinds.push((*by, sale(set, &format!("supposed-{number}"), product.clone(), set.rounding.unit())?));
                }
            }
            _ => return None,
        }
    }
    kinds.into_iter().enumerate().map(|(number, (on, kind))| subject.supposed(number, on, kind)).collect()
}

pub(super) fn standing(fact: &str, value: StandingValue) -> FactKind {
    FactKind::Standing(PartnerStanding { fact: fact.to_owned(), value })
}

/// A sale in program currency.
fn sale(set: &RuleSet, customer_id: &str, product: Product, amount: Exact) -> Option<FactKind> {
    Some(FactKind::Line(Line {
        kind: LineKind::Sale,
        customer_id: customer_id.to_owned(),
        subscription_id: String::new(),
        product,
        segment: Some(Segment::Commercial),
        charge_type: "new".to_owned(),
        amount: Amount::parse(&amount.to_string()).ok()?,
        currency: set.currency,
        credits: None,
    }))
}

/// A product of one of the groups: one that the partner sold, else one made after the group's first pattern.
pub(super) fn product_in(subject: &Subject<'_>, set: &RuleSet, groups: &[String], on: NaiveDate) -> Option<Product> {
    let is_in = |product: &Product| {
        let of_product = set.groups_of(product, subject.book.catalogue.family_of(product, on));
        groups.is_empty() || of_product.iter().any(|&at| groups.contains(&set.product_groups[at].name))
    };
    let lines = subject.history.facts().iter().filter_map(Fact::line);
    let sold = lines.map(|line| &line.product).find(|product| is_in(product)).cloned();
    sold.or_else(|| {
        let named = set.product_groups.iter().filter(|group| groups.is_empty() || groups.contains(&group.name));
        named.flat_map(|group| &group.patterns).map(product_of).find(|product| is_in(product))
    })
}

fn product_of(pattern: &ProductPattern) -> Product {
    match pattern {
        ProductPattern::Family(family) => Product { product_family: family.clone(), ..Product::default() },
        ProductPattern::ProductId(id) => Product { product_id: id.clone(), ..Product::default() },
        ProductPattern::Name(name) => Product { product_name: name.clone(), ..Product::default() },
    }
}
