//! What the histories reached of the terms that look across months, people and dates: seen only with the book at hand.

use super::coverage::{Coverage, is_nothing, text};
use chrono::{Days, NaiveDate};
use daybook_event::{ClaimState, Envelope, Payload, date_parse};
use daybook_rules::model::{Base, Lever, ResolveAt};
use daybook_tests::model::generate::Case;
use daybook_tests::model::number::Num;
use daybook_tests::model::terms::set_on;
use daybook_tests::model::time::{Period, Ym};
use serde_json::Value;

/// What enough histories must reach beside the rows that every rule set gives.
pub(crate) const OUTCOMES: &str = "\
    bucket:capped payout:held provisional:NOBASE code:NEEDA code:NEEDB \
    lever:customer_add lever:growth lever:growth_of_nothing lever:credited_growth \
    cap:reached_to_the_cent cap:cent_less cap:given_back \
    competency:by_people competency:by_new_customers competency:by_fee competency:held_on \
    payout:released payout:released_on_the_last_day payout:lost_after_the_hold \
    extension:used extension:claimed extension:outside \
    threshold:edges_disagree \
    version:2020-01 version:2022-10 version:2023-10 version:2024-10 version:2025-07";

/// One partner's rows beside what was asked.
pub(crate) struct Reached<'a> {
    pub(crate) case: &'a Case,
    pub(crate) partner_id: &'a str,
    pub(crate) coverage: &'a mut Coverage,
}

fn day(row: &Value, field: &str) -> NaiveDate {
    date_parse(text(row, field)).expect("a date")
}

fn month(row: &Value) -> Ym {
    Ym::of(date_parse(&format!("{}-01", text(row, "month"))).expect("a month"))
}

impl Reached<'_> {
    pub(crate) fn note(&mut self, rows: &Value) {
        let of = |view: &str| rows[view].as_array().cloned().unwrap_or_default();
        of("standing").iter().for_each(|row| self.standing(row));
        of("postings").iter().for_each(|row| self.posting(row));
        of("payouts").iter().for_each(|row| self.payout(row));
        of("claims").iter().for_each(|row| self.claim(row));
        of("lots").iter().for_each(|row| self.lot(row));
    }

    fn event(&self, name: &str) -> Option<&Envelope> {
        self.case.events.iter().find(|event| event.id.to_string() == name)
    }

    /// Which kind of fact let a partner in; lines do so only as what makes a customer new.
    fn standing(&mut self, row: &Value) {
        let names: Vec<String> = row["events"].as_array().expect("events").iter().map(ToString::to_string).collect();
        for name in names {
            let on = day(row, "on");
            let by = match self.event(name.trim_matches('"')).map(|event| (&event.payload, event.effective_on)) {
                Some((Payload::CertificationEarned(_), _)) => "competency:by_people",
                Some((Payload::LicenseSale(_) | Payload::SubscriptionChange(_) | Payload::Opening(_), _)) => {
                    "competency:by_new_customers"
                }
                Some((Payload::PartnerStanding(standing), then)) => {
                    let is_before = format!("{:?}", set_on(&self.case.book, on).gates).contains("held_on: Some");
                    match standing.fact.split(':').next() {
                        Some("competency_fee") => "competency:by_fee",
                        Some("competency") if is_before && then < on => "competency:held_on",
                        _ => continue,
                    }
                }
                _ => continue,
            };
            self.coverage.see_if(true, by);
        }
    }

    fn lever(&self, row: &Value) -> Option<Lever> {
        let set = self.case.book.sets.iter().find(|set| set.version == text(row, "rule_set"))?;
        set.levers.iter().find(|lever| lever.name == text(row, "lever")).cloned()
    }

    fn posting(&mut self, row: &Value) {
        let Some(lever) = self.lever(row) else { return };
        let (base, earned) = (text(row, "base"), Num::parse(text(row, "earned")));
        self.coverage.see_if(earned.is_positive(), &format!("version:{}", text(row, "rule_set")));
        match lever.base {
            Base::BilledRevenue => {}
            Base::CustomerAdd { .. } => self.coverage.see_if(earned.is_positive(), "lever:customer_add"),
            Base::Growth => {
                self.coverage.see_if(earned.is_positive(), "lever:growth");
                self.coverage.see_if(is_nothing(base), "lever:growth_of_nothing");
                let of_month = |event: &&Envelope| Ym::of(event.effective_on) == month(row);
                let is_credit =
                    |event: &Envelope| matches!(&event.payload, Payload::LicenseSale(sale) if sale.credits.is_some());
                let credited = self.case.events.iter().filter(of_month).any(is_credit);
                self.coverage.see_if(earned.is_positive() && credited, "lever:credited_growth");
            }
        }
        if let Some(cap) = lever.cap.map(|cap| Num::of_term(cap.amount)).filter(|cap| cap.is_positive()) {
            let raw = Num::parse(base).times(Num::of_rate(lever.rate));
            let cent_less = cap.minus(Num::parse("0.01"));
            self.coverage.see_if(earned == cap && raw == cap, "cap:reached_to_the_cent");
            self.coverage.see_if(earned == cent_less && raw == cent_less, "cap:cent_less");
            self.coverage.see_if(raw.is_negative() && earned > raw.plus(Num::parse("0.01")), "cap:given_back");
        }
    }

    fn payout(&mut self, row: &Value) {
        let set = set_on(&self.case.book, month(row).last_day());
        let Some(hold_days) = set.payout.hold_days else { return };
        let due_on = month(row).last_day() + Days::new(set.payout.due_days.into());
        let released_on = day(row, "due_on");
        self.coverage.see_if(released_on > due_on, "payout:released");
        let is_last = released_on > due_on && released_on == due_on + Days::new(hold_days.into());
        self.coverage.see_if(is_last, "payout:released_on_the_last_day");
        let payable = ["rebate", "converted", "true_up", "carried_in"].map(|part| Num::parse(text(row, part)));
        let is_enough = Num::sum(payable) >= Num::of_term(set.payout.minimum);
        self.coverage.see_if(is_enough && !is_nothing(text(row, "forfeited")), "payout:lost_after_the_hold");
    }

    /// Whether some claim was accepted that only an extension lets through.
    fn claim(&mut self, row: &Value) {
        let Some(period) = Period::labelled(&self.case.book, text(row, "period")) else { return };
        let book = &self.case.book;
        let (usage_last, closes) = (period.next(book).last_day(), period.claim_window(book).1);
        if period.usage(book).1 == usage_last {
            return;
        }
        let refused = text(row, "refused");
        let mut reached = [refused == "OUTSIDE_USAGE", false, false];
        for event in self.case.events.iter().filter(|event| self.is_own(event)) {
            let Payload::CoopClaim(step) = &event.payload else { continue };
            if step.claim_id == text(row, "claim_id") && step.state == ClaimState::Submitted && refused.is_empty() {
                reached[1] |= step.activity_start.is_some_and(|start| start > usage_last);
                reached[2] |= event.effective_on > closes;
            }
        }
        for (reached, outcome) in reached.into_iter().zip(["extension:outside", "extension:used", "extension:claimed"])
        {
            self.coverage.see_if(reached, outcome);
        }
    }

    fn is_own(&self, event: &Envelope) -> bool {
        event.partner_id.as_ref().is_some_and(|id| id.as_str() == self.partner_id)
    }

    /// The rule sets of a period's two edges name different edges, and their thresholds would decide differently.
    fn lot(&mut self, row: &Value) {
        let Some(period) = Period::labelled(&self.case.book, text(row, "period")) else { return };
        let book = &self.case.book;
        let (start, end) = (&set_on(book, period.first_day()).coop, &set_on(book, period.last_day()).coop);
        let accrued = Num::parse(text(row, "accrued"));
        let is_enough = |threshold| accrued >= Num::of_term(threshold);
        let is_decided = ["usable", "converted"].contains(&text(row, "state"));
        let disagree = start.resolve_at != end.resolve_at && is_enough(start.threshold) != is_enough(end.threshold);
        self.coverage
            .see_if(is_decided && disagree && end.resolve_at == ResolveAt::PeriodStart, "threshold:edges_disagree");
    }
}
