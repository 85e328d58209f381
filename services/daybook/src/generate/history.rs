//! The history itself: day by day, one event after the other.

use super::GenerateOptions;
use super::calendar::{Calendar, days_after};
use super::chance::{Chance, Zipf};
use super::claims::claim_step;
use super::drafts::{Body, Draft, Maker};
use super::lines;
use super::partners::Partner;
use super::schedule::{Scheduled, schedule};
use daybook_event::{CertificationEarned, NaiveDate, Payload, Sealed};
use std::iter::Peekable;
use std::vec::IntoIter;

/// Who publishes exchange rates.
pub(super) const RATES_SOURCE: &str = "rates";

/// Of ten thousand pieces of business so many are credits, and so on; the rest are sales.
const CREDITS: u64 = 200;
const REVERSALS: u64 = 50;
const CLAIMS: u64 = 80;
const CERTIFICATIONS: u64 = 30;
const CHANGES: u64 = 800;

/// Where each of them ends on the scale of ten thousand.
const CORRECTIONS: u64 = CREDITS + REVERSALS;
const CLAIMS_TO: u64 = CORRECTIONS + CLAIMS;
const CERTIFICATIONS_TO: u64 = CLAIMS_TO + CERTIFICATIONS;
const CHANGES_TO: u64 = CERTIFICATIONS_TO + CHANGES;

/// So many of a hundred sales and changes come late, by up to so many days.
const LATE_PERCENT: u64 = 5;
const LATE_DAYS_MAX: u64 = 90;

const EXAMS: [(&str, &str); 4] =
    [("MS-100", "cloud_productivity"), ("MS-500", "security"), ("AZ-104", "cloud_platform"), ("MB-800", "erp")];

/// One day's heading of an event before it has a payload.
struct Heading {
    id: u128,
    source: usize,
    on: NaiveDate,
}

/// The events of one history, in the order of publication.
pub(super) struct History {
    chance: Chance,
    calendar: Calendar,
    zipf: Zipf,
    partners: Vec<Partner>,
    scheduled: Peekable<IntoIter<Scheduled>>,
    /// Pieces of business: all, and those done.
    business: u64,
    done: u64,
    /// Events that the counting source has published.
    counted: u64,
}

impl History {
    pub(super) fn new(options: GenerateOptions) -> Self {
        let mut chance = Chance::new(options.seed);
        let calendar = Calendar::new(options.start_month, options.months);
        let partners = (0..options.partners).map(|place| Partner::new(place, &mut chance)).collect();
        let scheduled = schedule(&options, calendar, &mut chance);
        Self {
            business: options.events - scheduled.len() as u64,
            scheduled: scheduled.into_iter().peekable(),
            zipf: Zipf::new(options.partners),
            done: 0,
            counted: 0,
            chance,
            calendar,
            partners,
        }
    }

    /// The day that the business has come to: it is spread evenly.
    fn day(&self) -> u64 {
        let day = u128::from(self.done) * u128::from(self.calendar.days) / u128::from(self.business.max(1));
        u64::try_from(day).expect("a share of the days is no more than all of them")
    }

    fn fact(&mut self, fact: Scheduled) -> Draft {
        let (id, on) = (self.chance.id(), fact.on);
        let Some(place) = fact.partner else {
            return Draft { id, source: None, partner: None, on, source_seq: None, body: fact.payload.into() };
        };
        let heading = Heading { id, source: self.partners[place].home, on };
        self.draft(place, heading, fact.payload)
    }

    fn business_event(&mut self, day: u64) -> Draft {
        let today = self.calendar.day(day);
        let place = self.zipf.draw(&mut self.chance);
        let draw = self.chance.below(10_000);
        let home = self.partners[place].home;
        let own = |id| Heading { id, source: home, on: today };
        match draw {
            0..CORRECTIONS => self.correction(place, today, draw < CREDITS).unwrap_or_else(|| self.sale(place, day)),
            CORRECTIONS..CLAIMS_TO => {
                let heading = own(self.chance.id());
                let payload = claim_step(&mut self.partners[place], today, &mut self.chance);
                self.draft(place, heading, payload)
            }
            CLAIMS_TO..CERTIFICATIONS_TO => {
                let heading = own(self.chance.id());
                let payload = self.certification(today);
                self.draft(place, heading, payload)
            }
            CERTIFICATIONS_TO..CHANGES_TO => self.change(place, day),
            _ => self.sale(place, day),
        }
    }

    fn sale(&mut self, place: usize, day: u64) -> Draft {
        let on = self.perhaps_late(day);
        let partner = &mut self.partners[place];
        let subscription = partner.subscription(day, self.calendar.days, &mut self.chance);
        let (sale, line) = lines::sale(partner, subscription, on, &mut self.chance);
        partner.sold_push(line);
        self.draft(place, Heading { id: line.id, source: subscription.source(), on }, Body::Sale(sale))
    }

    fn change(&mut self, place: usize, day: u64) -> Draft {
        let on = self.perhaps_late(day);
        let partner = &self.partners[place];
        let subscription = partner.subscription(day, self.calendar.days, &mut self.chance);
        let payload = lines::subscription_change(partner, subscription, &mut self.chance);
        let id = self.chance.id();
        self.draft(place, Heading { id, source: subscription.source(), on }, payload)
    }

    /// A credit or a reversal of an earlier line, if the partner has one left: from the source that billed the line.
    fn correction(&mut self, place: usize, on: NaiveDate, is_credit: bool) -> Option<Draft> {
        let line = self.partners[place].sold_take(&mut self.chance)?;
        let payload = if is_credit {
            lines::credit(&self.partners[place], line, on, &mut self.chance)
        } else {
            lines::reversal(line, &mut self.chance)
        };
        let heading = Heading { id: self.chance.id(), source: line.subscription.source(), on };
        Some(self.draft(place, heading, payload))
    }

    fn certification(&mut self, today: NaiveDate) -> Payload {
        let (certification, competency_area) = self.chance.pick(&EXAMS);
        let years = self.chance.between(1, 2);
        Payload::CertificationEarned(CertificationEarned {
            person_id: format!("{:016x}", self.chance.below(u64::MAX)),
            certification: certification.to_owned(),
            competency_area: competency_area.to_owned(),
            expires_on: self.chance.percent(50).then(|| days_after(today, 365 * years)),
            sealed: Sealed::default(),
        })
    }

    fn perhaps_late(&mut self, day: u64) -> NaiveDate {
        let today = self.calendar.day(day);
        if !self.chance.percent(LATE_PERCENT) {
            return today;
        }
        self.calendar.days_before(today, self.chance.between(1, LATE_DAYS_MAX))
    }

    fn draft(&mut self, place: usize, heading: Heading, body: impl Into<Body>) -> Draft {
        // Only the first source keeps a dense count: both ways of publishing occur.
        let source_seq = (heading.source == 0).then(|| {
            self.counted += 1;
            self.counted
        });
        let Heading { id, source, on } = heading;
        Draft { id, source: Some(source), partner: Some(place), on, source_seq, body: body.into() }
    }

    /// Makes events of what is drawn.
    pub(super) fn maker(&self) -> Maker {
        Maker::new(&self.partners)
    }
}

impl Iterator for History {
    type Item = Draft;

    fn next(&mut self) -> Option<Draft> {
        if self.done == self.business {
            let fact = self.scheduled.next()?;
            return Some(self.fact(fact));
        }
        let day = self.day();
        let today = self.calendar.day(day);
        if let Some(fact) = self.scheduled.next_if(|fact| fact.on <= today) {
            return Some(self.fact(fact));
        }
        self.done += 1;
        Some(self.business_event(day))
    }
}
