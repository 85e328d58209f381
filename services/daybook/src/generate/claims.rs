//! Co-op claims: each moves from step to step as the history goes on.

use super::calendar::{days_after, days_before};
use super::chance::Chance;
use super::lines::amount_of;
use super::partners::Partner;
use daybook_event::{ClaimState, CoopClaim, Currency, NaiveDate, Payload};

const ACTIVITIES: [&str; 7] = [
    "digital_advertising",
    "customer_seminars",
    "print_advertising",
    "direct_mail_email_sms",
    "partner_website_and_search_engine",
    "telemarketing",
    "multi_touch_digital_campaign",
];

/// Claims of one partner that may be open at a time.
const OPEN_MAX: usize = 8;

/// A claim that may still move.
#[derive(Clone, Copy)]
pub(super) struct OpenClaim {
    number: u64,
    state: ClaimState,
    activity: &'static str,
    start: NaiveDate,
    end: NaiveDate,
    cents: i64,
    currency: Currency,
}

/// The next thing that happens to a partner's claims: a new one, or a step of an open one.
pub(super) fn claim_step(partner: &mut Partner, date: NaiveDate, chance: &mut Chance) -> Payload {
    let open = partner.claims.len();
    if open == OPEN_MAX || (open > 0 && chance.percent(60)) {
        let at = chance.index(open);
        let mut claim = partner.claims.swap_remove(at);
        claim.state = next_state(claim.state, chance);
        let step = step_of(&claim, chance);
        if may_move(claim.state, chance) {
            partner.claims.push(claim);
        }
        return step;
    }
    let claim = new_claim(partner, date, chance);
    partner.claims.push(claim);
    step_of(&claim, chance)
}

fn new_claim(partner: &Partner, date: NaiveDate, chance: &mut Chance) -> OpenClaim {
    let start = days_before(date, chance.between(5, 45));
    OpenClaim {
        number: chance.below(1 << 48),
        state: ClaimState::Submitted,
        activity: chance.pick(&ACTIVITIES),
        start,
        end: days_after(start, chance.between(0, 4)),
        cents: i64::try_from(chance.between(30_000, 400_000)).expect("a claim is small"),
        currency: if chance.percent(75) { Currency::USD } else { partner.currency() },
    }
}

fn next_state(state: ClaimState, chance: &mut Chance) -> ClaimState {
    let draw = chance.below(100);
    match state {
        ClaimState::Submitted => match draw {
            0..=69 => ClaimState::Approved,
            70..=81 => ClaimState::Rejected,
            82..=91 => ClaimState::ActionRequired,
            _ => ClaimState::Withdrawn,
        },
        ClaimState::ActionRequired if draw < 85 => ClaimState::Submitted,
        ClaimState::Rejected => ClaimState::Disputed,
        ClaimState::Disputed if draw < 50 => ClaimState::Approved,
        ClaimState::Disputed => ClaimState::Rejected,
        ClaimState::Approved => ClaimState::Paid,
        ClaimState::ActionRequired | ClaimState::Paid | ClaimState::Withdrawn => ClaimState::Withdrawn,
    }
}

/// Paid and withdrawn claims rest; of the rejected ones some are disputed.
fn may_move(state: ClaimState, chance: &mut Chance) -> bool {
    match state {
        ClaimState::Paid | ClaimState::Withdrawn => false,
        ClaimState::Rejected => chance.percent(40),
        _ => true,
    }
}

/// Submissions name an amount; approvals sometimes name a lower one; the other steps leave it as submitted.
fn step_of(claim: &OpenClaim, chance: &mut Chance) -> Payload {
    let cents = match claim.state {
        ClaimState::Submitted => Some(claim.cents),
        ClaimState::Approved if chance.percent(25) => Some(claim.cents * 4 / 5),
        _ => None,
    };
    let claim_id = format!("K-{:012x}", claim.number);
    Payload::CoopClaim(CoopClaim {
        state: claim.state,
        activity: claim.activity.to_owned(),
        activity_start: Some(claim.start),
        activity_end: Some(claim.end),
        amount: cents.map(amount_of),
        currency: cents.map(|_| claim.currency),
        evidence: format!("claims/{claim_id}"),
        claim_id,
    })
}
