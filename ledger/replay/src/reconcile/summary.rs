//! All partners together: totals that the variances add up to.

use super::{PartnerReconciliation, Variance, VarianceClass};
use daybook_event::{Exact, Month, Overflow, PartnerId};
use serde::Serialize;
use std::collections::BTreeMap;

/// The differences of one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassTotal {
    /// The class.
    pub class: VarianceClass,
    /// How many differences.
    pub variances: usize,
    /// Their rebate parts.
    pub rebate: Exact,
    /// Their co-op parts.
    pub coop: Exact,
    /// Both.
    pub amount: Exact,
}

/// A partner's month on both sides: rebate and co-op together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MonthTotal {
    /// The partner.
    pub partner_id: PartnerId,
    /// The month.
    pub month: Month,
    /// By their statement.
    pub theirs: Exact,
    /// By our figures.
    pub ours: Exact,
    /// Theirs less ours.
    pub variance: Exact,
}

/// A reconciliation. Variances add up to the total, by class and by month.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Reconciliation {
    /// Their earnings that were matched with lines of ours.
    pub matched: usize,
    /// By their statement.
    pub theirs: Exact,
    /// By our figures.
    pub ours: Exact,
    /// Theirs less ours.
    pub variance: Exact,
    /// One per class, also where there is none.
    pub classes: Vec<ClassTotal>,
    /// One per partner and month.
    pub months: Vec<MonthTotal>,
    /// Every difference, by partner, month and class.
    pub variances: Vec<Variance>,
}

impl Reconciliation {
    /// Puts partners together, which must come in order, and keeps the months that are asked for.
    ///
    /// # Errors
    /// [`Overflow`] when a sum leaves the range of exact money.
    pub fn of(
        partners: &[(PartnerId, PartnerReconciliation)],
        wanted: impl Fn(Month) -> bool,
    ) -> Result<Self, Overflow> {
        let mut all = Self::default();
        for (partner_id, found) in partners {
            all.matched +=
                found.matched.iter().filter(|(month, _)| wanted(**month)).map(|(_, count)| count).sum::<usize>();
            all.variances.extend(found.variances.iter().filter(|of| wanted(of.month)).cloned());
            let mut months: BTreeMap<Month, (Exact, Exact)> = BTreeMap::new();
            for (month, (rebate, coop)) in &found.theirs {
                months.entry(*month).or_default().0 = rebate.plus(*coop)?;
            }
            for (month, (rebate, coop)) in &found.ours {
                months.entry(*month).or_default().1 = rebate.plus(*coop)?;
            }
            for (month, (theirs, ours)) in months.into_iter().filter(|(month, _)| wanted(*month)) {
                let variance = theirs.minus(ours)?;
                all.months.push(MonthTotal { partner_id: partner_id.clone(), month, theirs, ours, variance });
                (all.theirs, all.ours) = (all.theirs.plus(theirs)?, all.ours.plus(ours)?);
            }
        }
        all.variance = all.theirs.minus(all.ours)?;
        all.classes = classes(&all.variances)?;
        Ok(all)
    }

    /// Whether anything but rounding differs.
    #[must_use]
    pub fn is_disputed(&self) -> bool {
        self.variances.iter().any(|variance| variance.class.is_disputed())
    }
}

fn classes(variances: &[Variance]) -> Result<Vec<ClassTotal>, Overflow> {
    let total = |class: VarianceClass| {
        let zero = Exact::ZERO;
        let mut total = ClassTotal { class, variances: 0, rebate: zero, coop: zero, amount: zero };
        for variance in variances.iter().filter(|variance| variance.class == class) {
            total.variances += 1;
            (total.rebate, total.coop) = (total.rebate.plus(variance.rebate)?, total.coop.plus(variance.coop)?);
        }
        total.amount = total.rebate.plus(total.coop)?;
        Ok(total)
    };
    VarianceClass::ALL.into_iter().map(total).collect()
}
