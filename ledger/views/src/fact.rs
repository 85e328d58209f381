//! What the fold reads of a record.

use chrono::NaiveDate;
use daybook_event::{
    Amount, CHARGE_TYPE_OF_CHANGE, CoopClaim, Currency, Envelope, EventId, EventRef, ManualAdjustment, Month, Opening,
    PartnerStanding, Payload, Position, Product, Segment,
};

/// A partner's fact: what happened, when it counts, and which record says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The event.
    pub id: EventRef,
    /// The date it counts for.
    pub effective_on: NaiveDate,
    /// Orders facts of one date.
    pub seq: u32,
    /// The record.
    pub position: Position,
    /// What happened.
    pub kind: FactKind,
}

/// What happened, as far as figures depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactKind {
    /// A revenue line.
    Line(Line),
    /// A standing fact.
    Standing(PartnerStanding),
    /// A certification.
    Certification(Exam),
    /// A step of a claim.
    Claim(CoopClaim),
    /// An opening balance.
    Opening(Opening),
    /// A correction by hand.
    Adjustment(ManualAdjustment),
    /// A change of a subscription that moved no money.
    Moneyless,
}

/// An exam that a person passed, as far as figures depend on it: sealed personal data is not even carried along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exam {
    /// The publisher's pseudonym of the person.
    pub person_id: String,
    /// The competency area that it counts for.
    pub competency_area: String,
    /// The first day on which it no longer holds; none: the validity in force on the day it was earned applies.
    pub expires_on: Option<NaiveDate>,
}

/// Which event billed a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineKind {
    /// A license sale.
    Sale,
    /// A subscription change with money.
    Change,
}

/// A revenue line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which event billed it.
    pub kind: LineKind,
    /// The customer.
    pub customer_id: String,
    /// The subscription.
    pub subscription_id: String,
    /// The product.
    pub product: Product,
    /// The customer's segment, where known.
    pub segment: Option<Segment>,
    /// The charge type.
    pub charge_type: String,
    /// What was billed, in `currency`.
    pub amount: Amount,
    /// The line's own currency.
    pub currency: Currency,
    /// The line that this one credits, of the same source.
    pub credits: Option<EventId>,
}

/// The order in which facts count, where order matters. Text compares bytewise.
pub type FactOrder<'a> = (NaiveDate, u32, &'a EventRef);

impl Fact {
    /// What the fold reads of an envelope of a partner; none for reversals and for facts of no partner, which act on
    /// other facts instead of being one.
    #[must_use]
    pub fn of(envelope: Envelope, position: Position) -> Option<Self> {
        let Envelope { id, effective_on, seq, payload, partner_id, source_seq: _ } = envelope;
        partner_id?;
        let kind = match payload {
            Payload::LicenseSale(sale) => FactKind::Line(Line {
                kind: LineKind::Sale,
                customer_id: sale.customer_id,
                subscription_id: sale.subscription_id,
                product: sale.product,
                segment: sale.segment,
                charge_type: sale.charge_type,
                amount: sale.amount,
                currency: sale.currency,
                credits: sale.credits,
            }),
            Payload::SubscriptionChange(change) if change.amount_delta.is_zero() => FactKind::Moneyless,
            Payload::SubscriptionChange(change) => FactKind::Line(Line {
                kind: LineKind::Change,
                customer_id: change.customer_id,
                subscription_id: change.subscription_id,
                product: change.product,
                segment: change.segment,
                charge_type: CHARGE_TYPE_OF_CHANGE.to_owned(),
                amount: change.amount_delta,
                currency: change.currency,
                credits: change.credits,
            }),
            Payload::CertificationEarned(earned) => FactKind::Certification(Exam {
                person_id: earned.person_id,
                competency_area: earned.competency_area,
                expires_on: earned.expires_on,
            }),
            Payload::CoopClaim(claim) => FactKind::Claim(claim),
            Payload::PartnerStanding(standing) => FactKind::Standing(standing),
            Payload::Opening(opening) => FactKind::Opening(opening),
            Payload::ManualAdjustment(adjustment) => FactKind::Adjustment(adjustment),
            Payload::FxRate(_)
            | Payload::Reversal(_)
            | Payload::SourceManifest(_)
            | Payload::RuleBookAdopted(_)
            | Payload::PeriodClosed(_)
            | Payload::PinnedStatement(_)
            | Payload::QuarantineDecision(_) => return None,
        };
        Some(Self { id, effective_on, seq, position, kind })
    }

    /// Its place in the order in which facts count.
    #[must_use]
    pub fn order(&self) -> FactOrder<'_> {
        (self.effective_on, self.seq, &self.id)
    }

    /// The earning month it counts in.
    #[must_use]
    pub fn month(&self) -> Month {
        Month::of(self.effective_on)
    }

    /// The revenue line, if it is one.
    #[must_use]
    pub fn line(&self) -> Option<&Line> {
        if let FactKind::Line(line) = &self.kind { Some(line) } else { None }
    }
}
