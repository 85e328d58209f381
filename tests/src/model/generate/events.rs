//! What happens to a partner: sales, changes, credits, reversals, lapses, corrections by hand, claims.

use super::Maker;
use super::money::{amount, currency};
use super::setup::FACTS;
use crate::model::facts::billed;
use crate::model::time::{Period, Ym};
use chrono::{Days, NaiveDate};
use daybook_event::{
    Amount, ChangeKind, ClaimState, CoopClaim, Envelope, EventId, LicenseSale, ManualAdjustment, Month, PartnerId,
    Payload, Product, Reversal, Segment, SubscriptionChange,
};
use serde_json::Value;

/// A product by number: three that the shipped levers know by family, three by the catalogue, one that nothing knows, and
/// two that later versions know by name.
pub(super) fn product(number: usize) -> Product {
    let (name, family) = [
        ("Microsoft 365 Business", "Microsoft 365"),
        ("Azure plan", "Azure"),
        ("Dynamics 365 Sales", "Dynamics 365"),
        ("OFFICE 365 E3", ""),
        ("Power BI Pro", ""),
        ("Azure Reservation", ""),
        ("Third-party thing", "Marketplace"),
        ("Microsoft 365 Business Premium", "Microsoft 365"),
        ("Microsoft 365 E5", ""),
    ][number];
    let product_id = format!("CFQ{number}");
    Product { product_id, sku_id: "0001".to_owned(), product_name: name.to_owned(), product_family: family.to_owned() }
}

impl Maker {
    pub(super) fn event(&mut self) {
        let partner = self.a_partner();
        match self.dice.between(0, 19) {
            0..=7 => self.line(&partner, None),
            8..=11 => self.credit(&partner),
            12 => self.reversal(&partner),
            13..=15 => self.lapse_or_renew(&partner),
            16 => self.adjustment(&partner),
            17 => self.own_tenant(&partner),
            18 => self.exchange_rate(),
            _ => self.odd(&partner),
        }
    }

    fn line(&mut self, partner: &PartnerId, credits: Option<EventId>) {
        let (billed, currency) = self.billed_amount(partner);
        let on = self.a_date();
        let payload = self.line_payload(billed, currency, credits);
        self.push(Some(partner.clone()), on, payload);
    }

    pub(super) fn sale_on(&mut self, partner: &PartnerId, on: NaiveDate, billed: &str) {
        let payload = self.line_payload(amount(billed), currency("USD"), None);
        self.push(Some(partner.clone()), on, payload);
    }

    fn line_payload(&mut self, billed: Amount, currency: daybook_event::Currency, credits: Option<EventId>) -> Payload {
        let customer_id = self.one_of(&["c-1", "c-2", "c-3"]).to_owned();
        let subscription_id = self.one_of(&["s-1", "s-2", ""]).to_owned();
        let product = product(self.one_of(&[0, 0, 7, 8, 1, 1, 2, 3, 4, 5, 6]));
        let segments = [None, Some(Segment::Commercial), Some(Segment::Nonprofit), Some(Segment::Nonprofit)];
        let segment = self.one_of(&segments);
        if self.chance(6) {
            return Payload::SubscriptionChange(SubscriptionChange {
                customer_id,
                subscription_id,
                change: ChangeKind::QuantityChanged,
                quantity_before: 1,
                quantity_after: 2,
                amount_delta: billed,
                currency,
                segment,
                product,
                credits,
            });
        }
        Payload::LicenseSale(LicenseSale {
            customer_id,
            subscription_id,
            product,
            segment,
            quantity: 1,
            metered_quantity: None,
            amount: billed,
            currency,
            charge_type: self.one_of(&["new", "cycleCharge", "change"]).to_owned(),
            charge_start: None,
            charge_end: None,
            invoice_id: String::new(),
            credits,
        })
    }

    /// A credit of some line: in part, whole, above; in another currency; of a credit, of anything, of nothing.
    fn credit(&mut self, partner: &PartnerId) {
        let of_partner = self.events.iter().filter(|event| event.partner_id.as_ref() == Some(partner));
        let lines: Vec<Envelope> = of_partner.filter(|event| billed(event).is_some()).cloned().collect();
        if lines.is_empty() {
            return self.line(partner, EventId::parse("nowhere").ok());
        }
        let target = self.one_of(&lines);
        let line = billed(&target).expect("a line");
        let whole = line.amount.to_string();
        let negated = whole.strip_prefix('-').map_or_else(|| format!("-{whole}"), str::to_owned);
        let text = match self.dice.between(0, 4) {
            0 | 1 => negated,
            2 => format!("-{}.{:02}", self.dice.between(0, 900), self.dice.between(0, 99)),
            3 => "10.00".to_owned(),
            _ => format!("-{}", self.dice.between(0, 90_000)),
        };
        let code = if self.chance(6) { self.one_of(&["USD", "EUR"]) } else { line.currency.as_str() };
        let payload = self.line_payload(amount(&text), currency(code), Some(target.id.event_id.clone()));
        let on = self.dates.after(&mut self.dice, target.effective_on);
        let source = if self.chance(12) { "beta" } else { target.id.source.as_str() };
        self.push_from(source, Some(partner.clone()), on, payload);
        if self.chance(8) {
            self.close_cycle(&target);
        }
    }

    /// Makes the credited line credit its credit.
    fn close_cycle(&mut self, target: &Envelope) {
        let Some(last) = self.events.last().cloned() else { return };
        if let Some(first) = self.events.iter_mut().find(|event| event.id == target.id)
            && let Payload::LicenseSale(sale) = &mut first.payload
        {
            sale.credits = Some(last.id.event_id.clone());
            let on = first.effective_on;
            if let Some(credit) = self.events.last_mut() {
                credit.effective_on = on;
            }
        }
    }

    /// A reversal of anything: of a line, a fact, a reversal, of what is not there; dated before or after.
    fn reversal(&mut self, partner: &PartnerId) {
        let partner = if self.chance(8) { None } else { Some(partner.clone()) };
        let known: Vec<Envelope> = self.events.iter().filter(|event| event.partner_id == partner).cloned().collect();
        if known.is_empty() {
            return;
        }
        let target = self.one_of(&known);
        let reverses = if self.chance(6) { EventId::parse("unheard-of") } else { Ok(target.id.event_id) };
        let on = self.dates.after(&mut self.dice, target.effective_on);
        let payload = Payload::Reversal(Reversal { reverses: reverses.expect("a plain id"), reason: String::new() });
        let source = if self.chance(10) { "beta" } else { target.id.source.as_str() };
        self.push_from(source, partner, on, payload);
    }

    fn lapse_or_renew(&mut self, partner: &PartnerId) {
        let fact = self.one_of(&FACTS);
        let on = self.a_date();
        let held = self.chance(2);
        self.standing_fact(partner, fact, held, on);
        if !held && self.chance(2) {
            let again = self.dates.after(&mut self.dice, on);
            self.standing_fact(partner, fact, true, again);
        }
    }

    fn own_tenant(&mut self, partner: &PartnerId) {
        let fact = self.one_of(&["own_tenant:c-1", "own_tenant:c-2"]);
        let on = self.a_date();
        let held = self.dice.between(0, 2) > 0;
        self.standing_fact(partner, fact, held, on);
    }

    fn adjustment(&mut self, partner: &PartnerId) {
        let on = self.a_date();
        let parts = ["0", "0", "100", "-40.01", "3999.99", "-5000", "0.005"];
        let (rebate, coop) = (self.one_of(&parts), self.one_of(&parts));
        let code = self.one_of(&["USD", "USD", "USD", "EUR"]);
        let payload = Payload::ManualAdjustment(ManualAdjustment {
            month: Month::of(self.a_date()),
            lever: self.one_of(&["", "core_azure"]).to_owned(),
            rebate: amount(rebate),
            coop: amount(coop),
            currency: currency(code),
            reason: "r".to_owned(),
            approver: "a".to_owned(),
        });
        self.push(Some(partner.clone()), on, payload);
    }

    /// The same money billed twice, or a change without money.
    fn odd(&mut self, partner: &PartnerId) {
        let on = self.a_date();
        let (mut billed, currency) = self.billed_amount(partner);
        let is_moneyless = self.chance(2);
        if is_moneyless {
            billed = Amount::ZERO;
        }
        let change = SubscriptionChange {
            customer_id: "c-1".to_owned(),
            subscription_id: "s-1".to_owned(),
            change: ChangeKind::Renewed,
            quantity_before: 1,
            quantity_after: 1,
            amount_delta: billed,
            currency,
            segment: None,
            product: product(0),
            credits: None,
        };
        self.push_from("alpha", Some(partner.clone()), on, Payload::SubscriptionChange(change));
        if let Payload::LicenseSale(mut sale) = self.line_payload(billed, currency, None) {
            "s-1".clone_into(&mut sale.subscription_id);
            self.push_from("alpha", Some(partner.clone()), on, Payload::LicenseSale(sale));
        }
    }

    /// A claim through some steps, on a lot that the model sees, or on any.
    pub(super) fn claim(&mut self, partner: &PartnerId, lots: &[Value]) {
        let usable: Vec<Value> = lots.iter().filter(|lot| lot["state"] == "usable").cloned().collect();
        let longer: Vec<Value> = usable.iter().filter(|lot| self.is_longer(lot)).cloned().collect();
        let chosen = if usable.is_empty() || self.chance(5) {
            lots
        } else if longer.is_empty() || self.chance(4) {
            &usable
        } else {
            &longer
        };
        let lot = if chosen.is_empty() { None } else { Some(self.one_of(chosen)) };
        let any = self.a_date();
        let period = lot.as_ref().and_then(|lot| Period::labelled(&self.book, lot["period"].as_str()?));
        let period = period.unwrap_or_else(|| Period::holding(&self.book, Ym::of(any)));
        let mut on = self.claim_date(period);
        let claim_id = format!("k-{}", self.dice.between(1, 6));
        use ClaimState::{ActionRequired, Approved, Disputed, Paid, Rejected, Submitted, Withdrawn};
        let usual: &[ClaimState] = self.one_of(&[
            [Submitted, Approved, Paid, Rejected].as_slice(),
            &[Submitted, ActionRequired, Submitted, Approved],
            &[Submitted, Rejected, Disputed, ActionRequired, Submitted],
            &[Submitted, Rejected, Disputed, Approved, Withdrawn],
            &[Submitted, Approved, Rejected, Disputed, Approved],
            &[Submitted, Withdrawn, Submitted, Paid],
            &[Submitted, ActionRequired, Rejected, Submitted],
        ]);
        let steps = self.dice.between(1, 5);
        for number in 0..usize::try_from(steps).expect("a few") {
            let any = self.one_of(&ClaimState::ALL).0;
            let state = if self.chance(8) { any } else { usual.get(number).copied().unwrap_or(any) };
            let step = self.claim_step(&claim_id, state, period, lot.as_ref());
            self.push(Some(partner.clone()), on, Payload::CoopClaim(step));
            on = if self.chance(6) { self.claim_date(period) } else { on + Days::new(self.dice.between(0, 30)) };
        }
    }

    /// In the claim window, or at its edges.
    fn claim_date(&mut self, period: Period) -> NaiveDate {
        let (opens, ordinary) = period.claim_window(&self.book);
        // Of a lot that is extended, around the later end.
        let closes = if self.chance(2) { ordinary } else { period.claims(&self.book).1 };
        match self.dice.between(0, 9) {
            0 => opens - Days::new(1),
            1 => opens,
            2 => closes,
            3 => closes + Days::new(1),
            _ => opens + Days::new(self.dice.between(0, 120)),
        }
    }

    fn claim_step(&mut self, claim_id: &str, state: ClaimState, period: Period, lot: Option<&Value>) -> CoopClaim {
        let usage = period.next(&self.book);
        let used_until = period.usage(&self.book).1;
        let is_full = state == ClaimState::Submitted;
        let start = match self.dice.between(0, 14) {
            0 => usage.first_day() - Days::new(1),
            1 => usage.last_day(),
            2 => usage.first_day(),
            3..=7 if used_until > usage.last_day() => {
                let last = self.one_of(&[used_until, usage.last_day() + Days::new(1), used_until + Days::new(1)]);
                last - Days::new(self.one_of(&[0, 0, 10]))
            }
            _ => usage.first_day() + Days::new(self.dice.between(0, 80)),
        };
        let end = match self.dice.between(0, 14) {
            0 => start - Days::new(1),
            1 => usage.last_day() + Days::new(1),
            2..=6 => start,
            7 => used_until + Days::new(1),
            _ => used_until.max(start),
        };
        let named = ["print_advertising"; 6].into_iter().chain(["telemarketing", "exams_and_tuition", "yachting"]);
        let named: Vec<&str> = named.collect();
        let has_amount = is_full || self.chance(3);
        let text = self.claimed(lot);
        let code = self.one_of(&["USD", "USD", "USD", "USD", "USD", "USD", "EUR", "CHF"]);
        let has_dates = is_full && !self.chance(10);
        CoopClaim {
            claim_id: claim_id.to_owned(),
            state,
            activity: if is_full { self.one_of(&named).to_owned() } else { String::new() },
            activity_start: has_dates.then_some(start),
            activity_end: (has_dates && !self.chance(20)).then_some(end),
            amount: (has_amount && !self.chance(15)).then(|| amount(&text)),
            currency: if self.chance(10) { None } else { Some(currency(code)) },
            evidence: String::new(),
        }
    }

    /// All that the lot has, a cent more, a half, or anything.
    fn claimed(&mut self, lot: Option<&Value>) -> String {
        use crate::model::number::Num;
        let accrued = lot.and_then(|lot| lot["accrued"].as_str()).map_or(Num::parse("1000"), Num::parse);
        match self.dice.between(0, 9) {
            8 | 9 => accrued.times(Num::parse("0.25")).rounded(Num::parse("0.01")).to_string(),
            0 | 1 => accrued.rounded(Num::parse("0.01")).to_string(),
            2 => accrued.rounded(Num::parse("0.01")).plus(Num::parse("0.01")).to_string(),
            3 | 4 => accrued.times(Num::parse("0.5")).rounded(Num::parse("0.01")).to_string(),
            5 => self.one_of(&["0", "-5", "0.01", "500", "500.01", "1000"]).to_owned(),
            _ => format!("{}.{:02}", self.dice.between(0, 9_000), self.dice.between(0, 99)),
        }
    }
}
