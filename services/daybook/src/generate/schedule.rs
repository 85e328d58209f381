//! Facts with a date of their own: exchange rates of each month, and what partners hold, lose and regain.

use super::GenerateOptions;
use super::calendar::{Calendar, days_after, days_before};
use super::catalogue::currency;
use super::chance::Chance;
use daybook_event::{ExchangeRate, FxRate, Month, NaiveDate, PartnerStanding, Payload, StandingValue};

/// What a partner needs to be invited, enrolled and kept.
const FACTS: [&str; 7] = [
    "mpn_membership",
    "reseller_agreement",
    "incentive_tool",
    "tax_profile",
    "bank_profile",
    "invitation_accepted",
    "competency:silver:cloud_productivity",
];

/// EUR and GBP by their places in the table of currencies, with the first rate in hundredths of a cent.
const FIRST_RATES: [(usize, u64); 2] = [(1, 11_800), (2, 13_000)];

/// A fact that waits for its date.
pub(super) struct Scheduled {
    pub(super) on: NaiveDate,
    /// Whose: a place among the partners; none for exchange rates.
    pub(super) partner: Option<usize>,
    pub(super) payload: Payload,
}

/// All dated facts in the order of their dates, at most half of the history: the rest is business.
pub(super) fn schedule(options: &GenerateOptions, calendar: Calendar, chance: &mut Chance) -> Vec<Scheduled> {
    let most = usize::try_from(options.events / 2).unwrap_or(usize::MAX);
    let mut facts = exchange_rates(options, chance);
    for place in 0..options.partners as usize {
        if facts.len() >= most {
            break;
        }
        facts.extend(standing(place, calendar, chance));
    }
    facts.truncate(most);
    facts.sort_by_key(|fact| fact.on);
    facts
}

/// A rate a month and currency, which wanders by up to two per cent a month and stays near where it began.
fn exchange_rates(options: &GenerateOptions, chance: &mut Chance) -> Vec<Scheduled> {
    let mut facts = Vec::new();
    let mut rates = FIRST_RATES.map(|(_, first)| first);
    for number in 0..options.months {
        let month = options.start_month.plus(i32::from(number));
        for ((place, first), rate) in FIRST_RATES.iter().zip(&mut rates) {
            facts.push(exchange_rate(*place, month, *rate));
            let moved = *rate + chance.below(*rate / 25) - *rate / 50;
            *rate = moved.clamp(first * 4 / 5, first * 6 / 5);
        }
    }
    facts
}

fn exchange_rate(place: usize, month: Month, rate: u64) -> Scheduled {
    let text = format!("{}.{:04}", rate / 10_000, rate % 10_000);
    let rate = ExchangeRate::parse(&text).expect("the rate stays near its first value");
    let payload = Payload::FxRate(FxRate { currency: currency(place), month, rate });
    Scheduled { on: month.first_day(), partner: None, payload }
}

/// What one partner holds: most have everything before the history begins, some join later, some never have it all,
/// some lose a fact and most of those regain it.
fn standing(place: usize, calendar: Calendar, chance: &mut Chance) -> Vec<Scheduled> {
    let joined_on = match chance.below(100) {
        0..=6 => Some(calendar.day(chance.below(calendar.days))),
        _ => None,
    };
    let missing = chance.percent(5).then(|| chance.pick(&FACTS));
    let mut facts = Vec::new();
    for fact in FACTS {
        let on = joined_on.unwrap_or_else(|| days_before(calendar.first, chance.between(1, 120)));
        if missing != Some(fact) {
            facts.push(fact_of(place, on, fact, StandingValue::Held));
        }
    }
    if chance.percent(6) {
        let fact = chance.pick(&FACTS);
        let lapsed_on = calendar.day(chance.below(calendar.days));
        facts.push(fact_of(place, lapsed_on, fact, StandingValue::Lapsed));
        if chance.percent(67) {
            let regained_on = days_after(lapsed_on, chance.between(10, 90));
            facts.push(fact_of(place, regained_on, fact, StandingValue::Held));
        }
    }
    facts.retain(|fact| !calendar.is_over(fact.on));
    facts
}

fn fact_of(place: usize, on: NaiveDate, fact: &str, value: StandingValue) -> Scheduled {
    let payload = Payload::PartnerStanding(PartnerStanding { fact: fact.to_owned(), value });
    Scheduled { on, partner: Some(place), payload }
}
