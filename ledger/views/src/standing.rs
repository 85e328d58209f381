//! May this partner earn on this date? Invitation, enrolment and offboarding, day by day.

use crate::gates::{GateContext, Verdict};
use crate::rows::StandingRow;
use crate::state::{JudgedDay, PartnerState, Status};
use chrono::{Datelike, Days, NaiveDate};
use daybook_event::{EventRef, Month, Name, Overflow, PartnerId};
use daybook_rules::compiled::{DayCode, GateMask, SetGates};
use daybook_rules::model::{Cadence, Gate, RuleBook, Upkeep};

/// The days of one month as standing sees them.
pub(crate) struct MonthOfStanding<'a> {
    book: &'a RuleBook,
    partner_id: &'a PartnerId,
    /// The rule set in force on the first day; none before the first set.
    set: Option<usize>,
    /// Whether another begins within the month.
    changes: bool,
    /// Days, a bit each, on which standing is assessed or a rule set begins.
    assessed: u32,
    /// Days on which the partner is enrolled, or earns after the fact because it enrolled later in the month.
    enrolled: u32,
    judged: Vec<Judged>,
    /// What the last days were judged to be, where facts alone decided.
    settled: Option<Settled>,
}

/// Days in a month, at the most.
const DAYS_MAX: usize = 31;

/// What every day is judged to be until a fact changes, or standing does.
struct Settled {
    /// The rule set, how many facts were noted, the last offboarding, and whether the partner is enrolled.
    of: (usize, u64, Option<NaiveDate>, bool),
    judged: Judged,
}

/// A day with the two codes it can have; which one counts is known at the month's end.
#[derive(Clone)]
struct Judged {
    on: NaiveDate,
    if_enrolled: DayCode,
    if_not: DayCode,
    unmet_needs: GateMask,
}

impl<'a> MonthOfStanding<'a> {
    pub(crate) fn new(book: &'a RuleBook, partner_id: &'a PartnerId, month: Month) -> Self {
        let (first, last) = (month.first_day(), month.last_day());
        let set = book.index_on(first);
        let next = book.sets.get(set.map_or(0, |at| at + 1));
        let changes = next.is_some_and(|next| next.valid_from <= last);
        let assessed = match set.map(|at| book.gates().of_set(at)) {
            None if !changes => 0,
            Some(gates) if !changes => assessed_days(gates, first, last),
            _ => {
                let is_one = |on: &NaiveDate| book.index_on(*on).is_some_and(|at| is_stop(book, at, *on));
                first.iter_days().take_while(|on| *on <= last).filter(is_one).fold(0, |days, on| days | bit(on))
            }
        };
        Self { book, partner_id, set, changes, assessed, enrolled: 0, judged: Vec::new(), settled: None }
    }

    /// Takes the state to the end of the day: facts and revenue of the day are in it already.
    pub(crate) fn day(&mut self, state: &mut PartnerState, on: NaiveDate, has_lines: bool) -> Result<(), Overflow> {
        let at = if self.changes { self.book.index_on(on) } else { self.set };
        if let Some(at) = at {
            let gates = self.book.gates().of_set(at);
            state.refresh_verdicts(gates, at);
            if self.assessed & bit(on) != 0 && gates.assesses_on(on) {
                self.assess(state, at, on)?;
            }
            if state.standing.status == Status::Invited {
                self.enrol_if_complete(state, at, on)?;
            }
            if state.standing.status == Status::Enrolled {
                self.enrolled |= bit(on);
            }
        }
        if has_lines { self.judge_day(state, at.unwrap_or(0), on) } else { Ok(()) }
    }

    /// Takes the state through days without facts and without lines, both ends included: only on an assessment, or on the
    /// first day of a rule set, can anything change, unless onboarding waits for a measure.
    pub(crate) fn quiet(&mut self, state: &mut PartnerState, from: NaiveDate, to: NaiveDate) -> Result<(), Overflow> {
        let mut on = from;
        while on <= to {
            if self.is_waiting(state, on) || self.assessed & bit(on) != 0 {
                self.day(state, on, false)?;
                on = on + Days::new(1);
                continue;
            }
            let later = self.assessed.checked_shr(on.day()).unwrap_or(0);
            if later == 0 {
                break;
            }
            on = on + Days::new(u64::from(later.trailing_zeros()));
        }
        Ok(())
    }

    /// Whether the partner is invited, and could come to be enrolled on a day on which no fact changes.
    fn is_waiting(&self, state: &mut PartnerState, on: NaiveDate) -> bool {
        if state.standing.status != Status::Invited {
            return false;
        }
        let at = if self.changes { self.book.index_on(on) } else { self.set };
        let Some(at) = at else { return false };
        let gates = self.book.gates().of_set(at);
        state.refresh_verdicts(gates, at);
        self.context(state, at, on).is_onboarding_open(gates)
    }

    /// Rules 3 and 1: offboarding, then invitation, on an assessment date.
    fn assess(&mut self, state: &mut PartnerState, at: usize, on: NaiveDate) -> Result<(), Overflow> {
        let (set, gates) = (&self.book.sets[at], self.book.gates().of_set(at));
        let (mut offboarding, mut bars_entry) = (None, false);
        for (number, upkeep) in &gates.offboarding {
            let gate = &set.gates[*number];
            let was_met = state.standing.met_once.contains(gate.name.as_str());
            if was_met && *upkeep == Upkeep::EntryOnly && !state.is_heavy() {
                continue;
            }
            let verdict = self.context(state, at, on).judge(gate, None)?;
            if verdict.met && verdict.revenue.is_some() && !was_met {
                state.standing.met_once.insert(gate.name.clone());
            }
            // Measured once: what keeps the partner out need not be asked again by the invitation.
            bars_entry |= !verdict.met && gates.entry.contains(*number);
            let kept = *upkeep == Upkeep::EntryOnly && was_met;
            if !verdict.met && !kept && offboarding.is_none() {
                offboarding = Some((gate, verdict));
            }
        }
        let is_in = matches!(state.standing.status, Status::Invited | Status::Enrolled);
        if let Some((gate, verdict)) = offboarding.filter(|_| is_in) {
            state.standing.status = Status::Offboarded;
            state.standing.offboarded_on = Some(on);
            state.refresh_verdicts(gates, at);
            self.row(state, at, on, "offboarded", gate.name.as_str().into(), &verdict, Vec::new());
            return Ok(());
        }
        if !is_in && state.standing.offboarded_on != Some(on) && (!bars_entry || state.is_heavy()) {
            self.invite_if_entitled(state, at, on)?;
        }
        Ok(())
    }

    /// Rule 1.
    fn invite_if_entitled(&self, state: &mut PartnerState, at: usize, on: NaiveDate) -> Result<(), Overflow> {
        let gates = self.book.gates().of_set(at);
        let is_unmet = !self.context(state, at, on).unmet(gates, &gates.entry)?.is_empty();
        if is_unmet && !state.is_heavy() {
            return Ok(());
        }
        let Some(verdicts) = self.all_met(state, at, on, |gate| gate.entry, None)? else { return Ok(()) };
        state.standing.status = Status::Invited;
        let revenue = verdicts.iter().find(|(_, verdict)| verdict.revenue.is_some());
        let all = (Name::known("entry_gates"), Verdict::default());
        let (cause, shown) = revenue.map_or(all, |(gate, verdict)| (gate.name.as_str().into(), verdict.clone()));
        self.row(state, at, on, "invited", cause, &shown, events_of(&verdicts));
        Ok(())
    }

    /// Rule 2: enrolled on the first date with all onboarding gates met; earns from the first day of that month, but
    /// never from before the last offboarding.
    fn enrol_if_complete(&mut self, state: &mut PartnerState, at: usize, on: NaiveDate) -> Result<(), Overflow> {
        let gates = self.book.gates().of_set(at);
        let is_unmet = !self.context(state, at, on).unmet_renewed(gates, &gates.onboarding)?.is_empty();
        if is_unmet && !state.is_heavy() {
            return Ok(());
        }
        let offboarded_on = state.standing.offboarded_on;
        let Some(verdicts) = self.all_met(state, at, on, |gate| gate.onboarding, offboarded_on)? else {
            return Ok(());
        };
        state.standing.status = Status::Enrolled;
        let first = Month::of(on).first_day();
        let earns_from = offboarded_on.map_or(first, |date| date.max(first));
        for day in earns_from.day()..=on.day() {
            self.enrolled |= 1 << day;
        }
        let cause = Name::known("onboarding_gates");
        self.row(state, at, on, "enrolled", cause, &Verdict::default(), events_of(&verdicts));
        Ok(())
    }

    /// The verdicts of the wanted gates if all are met.
    fn all_met(
        &self,
        state: &PartnerState,
        at: usize,
        on: NaiveDate,
        wanted: impl Fn(&&Gate) -> bool,
        renewed_after: Option<NaiveDate>,
    ) -> Result<Option<Vec<(&'a Gate, Verdict)>>, Overflow> {
        let context = self.context(state, at, on);
        let mut verdicts = Vec::new();
        for gate in self.book.sets[at].gates.iter().filter(wanted) {
            let verdict = context.judge(gate, renewed_after)?;
            if !verdict.met {
                return Ok(None);
            }
            verdicts.push((gate, verdict));
        }
        Ok(Some(verdicts))
    }

    /// What a day with lines is, apart from whether the partner turns out to be enrolled on it.
    fn judge_day(&mut self, state: &mut PartnerState, at: usize, on: NaiveDate) -> Result<(), Overflow> {
        if self.judged.is_empty() {
            self.judged.reserve(DAYS_MAX);
        }
        let gates = self.book.gates().of_set(at);
        state.refresh_verdicts(gates, at);
        let is_enrolled = self.enrolled & bit(on) != 0;
        let of = (at, state.facts.noted(), state.standing.offboarded_on, is_enrolled);
        if let Some(known) = self.settled.as_ref().filter(|known| known.of == of && !state.is_heavy()) {
            let judged = Judged { on, ..known.judged.clone() };
            self.judged.push(judged);
            return Ok(());
        }
        let context = self.context(state, at, on);
        if state.is_heavy() {
            // No figures where a sum cannot be held: every gate is measured, also where others decide.
            self.book.sets[at].gates.iter().try_for_each(|gate| context.judge(gate, None).map(|_| ()))?;
        }
        let asked = if is_enrolled { gates.upkeep.or(&gates.needed) } else { gates.staged.or(&gates.needed) };
        let unmet = context.unmet(gates, &asked)?;
        let code = |gate: Option<usize>, met| gate.and_then(|at| u32::try_from(at).ok()).map_or(met, DayCode::Gate);
        let if_enrolled = code(unmet.first_in(&gates.upkeep), DayCode::MayEarn);
        let if_not = match state.standing.offboarded_on {
            _ if is_enrolled => if_enrolled,
            None => code(unmet.first_in(&gates.staged), DayCode::NotEnrolled),
            // While not enrolled, an onboarding gate asks for facts renewed after the last offboarding.
            Some(_) => {
                let renewed = context.unmet_renewed(gates, &gates.onboarding)?;
                code(unmet.or(&renewed).first_in(&gates.staged), DayCode::NotEnrolled)
            }
        };
        let judged = Judged { on, if_enrolled, if_not, unmet_needs: unmet.and(&gates.needed) };
        self.settled = state.verdicts.decide(&asked).then(|| Settled { of, judged: judged.clone() });
        self.judged.push(judged);
        Ok(())
    }

    /// Adds the month's days with lines, judged, to the state.
    pub(crate) fn finish(self, state: &mut PartnerState) {
        let enrolled = self.enrolled;
        state.days.extend(self.judged.into_iter().map(|Judged { on, if_enrolled, if_not, unmet_needs }| {
            let code = if enrolled & bit(on) != 0 { if_enrolled } else { if_not };
            JudgedDay { on, code, unmet_needs }
        }));
    }

    fn context<'s>(&self, state: &'s PartnerState, at: usize, on: NaiveDate) -> GateContext<'s>
    where
        'a: 's,
    {
        GateContext { set: &self.book.sets[at], catalogue: &self.book.catalogue, state, on }
    }

    #[allow(clippy::too_many_arguments)] // the columns of the row
    fn row(
        &self,
        state: &mut PartnerState,
        at: usize,
        on: NaiveDate,
        to: &'static str,
        cause: Name,
        verdict: &Verdict,
        events: Vec<EventRef>,
    ) {
        let (measured, required) = verdict.revenue.map(|(m, r)| (m.to_string(), r.to_string())).unwrap_or_default();
        let mut events: Vec<String> = events.iter().map(EventRef::to_string).collect();
        events.sort();
        events.dedup();
        state.standing_rows.push(StandingRow {
            partner_id: self.partner_id.clone(),
            on,
            state: Name::known(to),
            cause,
            measured,
            required,
            rule_set: self.book.gates().of_set(at).version.clone(),
            events,
        });
    }
}

fn events_of(verdicts: &[(&Gate, Verdict)]) -> Vec<EventRef> {
    verdicts.iter().flat_map(|(_, verdict)| verdict.events.iter().cloned()).collect()
}

/// The day's bit in a set of days of one month.
fn bit(on: NaiveDate) -> u32 {
    1 << on.day()
}

/// Whether days without facts may not be passed over on this date, under the rule set of that number.
fn is_stop(book: &RuleBook, at: usize, on: NaiveDate) -> bool {
    on == book.sets[at].valid_from || is_assessment(book, at, on)
}

/// The days of a month under one rule set on which standing is assessed, or the set begins.
fn assessed_days(gates: &SetGates, first: NaiveDate, last: NaiveDate) -> u32 {
    let begins = if gates.valid_from == first { bit(first) } else { 0 };
    let days = 1..=last.day();
    let assessed = match gates.assessment {
        Cadence::Daily => days.fold(0, |assessed, day| assessed | 1 << day),
        Cadence::Weekly(weekday) => {
            let before = weekday.days_since(first.weekday());
            days.skip(before as usize).step_by(7).fold(0, |assessed, day| assessed | 1 << day)
        }
        Cadence::Monthly(day) => 1 << day.min(last.day()),
    };
    begins | assessed
}

/// Whether standing is assessed on the date: by the cadence of the set in force, on the first day of the first set, and
/// on the first day of every set whose gates differ from those before.
pub(crate) fn is_assessment(book: &RuleBook, at: usize, on: NaiveDate) -> bool {
    book.gates().of_set(at).assesses_on(on)
}
