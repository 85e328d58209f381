//! May this partner earn on this date? Invitation, enrolment and offboarding, day by day.

use crate::codes::LineCode;
use crate::gates::{GateContext, Verdict};
use crate::rows::StandingRow;
use crate::state::{JudgedDay, PartnerState, Status};
use chrono::{Datelike, Days, NaiveDate};
use daybook_event::{EventRef, Month, Name, Overflow, PartnerId};
use daybook_rules::model::{Cadence, Gate, RuleBook, RuleSet, Upkeep};

/// The days of one month as standing sees them.
pub(crate) struct MonthOfStanding<'a> {
    book: &'a RuleBook,
    partner_id: &'a PartnerId,
    /// Days on which the partner is enrolled, or earns after the fact because it enrolled later in the month.
    enrolled: [bool; 32],
    judged: Vec<(JudgedDay, Codes)>,
}

/// The two codes a day can have; which one counts is known at the month's end.
struct Codes {
    if_enrolled: Option<String>,
    if_not: Option<String>,
}

impl<'a> MonthOfStanding<'a> {
    pub(crate) fn new(book: &'a RuleBook, partner_id: &'a PartnerId) -> Self {
        Self { book, partner_id, enrolled: [false; 32], judged: Vec::new() }
    }

    /// Takes the state to the end of the day: facts and revenue of the day are in it already.
    pub(crate) fn day(&mut self, state: &mut PartnerState, on: NaiveDate, has_lines: bool) -> Result<(), Overflow> {
        let Some(at) = self.book.index_on(on) else {
            if has_lines {
                self.judge_day(state, on)?;
            }
            return Ok(());
        };
        let set = &self.book.sets[at];
        if is_assessment(self.book, at, on) {
            self.assess(state, set, on)?;
        }
        if state.standing.status == Status::Invited {
            self.enrol_if_complete(state, set, on)?;
        }
        self.enrolled[on.day() as usize] |= state.standing.status == Status::Enrolled;
        if has_lines { self.judge_day(state, on) } else { Ok(()) }
    }

    /// Rules 3 and 1: offboarding, then invitation, on an assessment date.
    fn assess(&mut self, state: &mut PartnerState, set: &RuleSet, on: NaiveDate) -> Result<(), Overflow> {
        let mut offboarding = None;
        for gate in &set.gates {
            let Some(upkeep) = gate.offboards else { continue };
            let verdict = self.context(state, set, on).judge(gate, None)?;
            if verdict.met && verdict.revenue.is_some() {
                state.standing.met_once.insert(gate.name.clone());
            }
            let kept = upkeep == Upkeep::EntryOnly && state.standing.met_once.contains(&gate.name);
            if !verdict.met && !kept && offboarding.is_none() {
                offboarding = Some((gate, verdict));
            }
        }
        let is_in = matches!(state.standing.status, Status::Invited | Status::Enrolled);
        if let Some((gate, verdict)) = offboarding.filter(|_| is_in) {
            state.standing.status = Status::Offboarded;
            state.standing.offboarded_on = Some(on);
            self.row(state, set, on, "offboarded", &gate.name, &verdict, Vec::new());
            return Ok(());
        }
        if !is_in && state.standing.offboarded_on != Some(on) {
            self.invite_if_entitled(state, set, on)?;
        }
        Ok(())
    }

    /// Rule 1.
    fn invite_if_entitled(&self, state: &mut PartnerState, set: &RuleSet, on: NaiveDate) -> Result<(), Overflow> {
        let entry = |gate: &&Gate| gate.entry;
        let Some(verdicts) = self.all_met(state, set, on, entry, None)? else { return Ok(()) };
        state.standing.status = Status::Invited;
        let revenue = verdicts.iter().find(|(_, verdict)| verdict.revenue.is_some());
        let (cause, shown) = revenue.map_or(("entry_gates", Verdict::default()), |(gate, v)| (&gate.name, v.clone()));
        self.row(state, set, on, "invited", cause, &shown, events_of(&verdicts));
        Ok(())
    }

    /// Rule 2: enrolled on the first date with all onboarding gates met; earns from the first day of that month, but
    /// never from before the last offboarding.
    fn enrol_if_complete(&mut self, state: &mut PartnerState, set: &RuleSet, on: NaiveDate) -> Result<(), Overflow> {
        let offboarded_on = state.standing.offboarded_on;
        let Some(verdicts) = self.all_met(state, set, on, |gate| gate.onboarding, offboarded_on)? else {
            return Ok(());
        };
        state.standing.status = Status::Enrolled;
        let first = Month::of(on).first_day();
        let earns_from = offboarded_on.map_or(first, |date| date.max(first));
        let mut day = earns_from;
        while day <= on {
            self.enrolled[day.day() as usize] = true;
            day = day + Days::new(1);
        }
        self.row(state, set, on, "enrolled", "onboarding_gates", &Verdict::default(), events_of(&verdicts));
        Ok(())
    }

    /// The verdicts of the wanted gates if all are met.
    fn all_met<'s>(
        &self,
        state: &PartnerState,
        set: &'s RuleSet,
        on: NaiveDate,
        wanted: impl Fn(&&Gate) -> bool,
        renewed_after: Option<NaiveDate>,
    ) -> Result<Option<Vec<(&'s Gate, Verdict)>>, Overflow> {
        let context = self.context(state, set, on);
        let mut verdicts = Vec::new();
        for gate in set.gates.iter().filter(wanted) {
            let verdict = context.judge(gate, renewed_after)?;
            if !verdict.met {
                return Ok(None);
            }
            verdicts.push((gate, verdict));
        }
        Ok(Some(verdicts))
    }

    /// What a day with lines is, apart from whether the partner turns out to be enrolled on it.
    fn judge_day(&mut self, state: &PartnerState, on: NaiveDate) -> Result<(), Overflow> {
        let set = self.book.set_on_or_first(on);
        let context = self.context(state, set, on);
        let mut codes = Codes { if_enrolled: None, if_not: None };
        let mut unmet_needs = Vec::new();
        for (at, gate) in set.gates.iter().enumerate() {
            let met = context.judge(gate, None)?.met;
            if !met && gate.upkeep && codes.if_enrolled.is_none() {
                codes.if_enrolled = Some(gate.fail_code.clone());
            }
            if !met && set.levers.iter().any(|lever| lever.needs.contains(&at)) {
                unmet_needs.push(gate.name.clone());
            }
            if codes.if_not.is_none() && (gate.entry || gate.onboarding || gate.upkeep) {
                // While not enrolled, an onboarding gate asks for facts renewed after the last offboarding.
                let renewed_after = state.standing.offboarded_on.filter(|_| gate.onboarding);
                let met = met && (renewed_after.is_none() || context.judge(gate, renewed_after)?.met);
                codes.if_not = (!met).then(|| gate.fail_code.clone());
            }
        }
        self.judged.push((JudgedDay { on, code: None, unmet_needs }, codes));
        Ok(())
    }

    /// The month's days with lines, judged.
    pub(crate) fn finish(self) -> Vec<JudgedDay> {
        let enrolled = self.enrolled;
        let judged = self.judged.into_iter().map(|(mut day, codes)| {
            day.code = if enrolled[day.on.day() as usize] {
                codes.if_enrolled
            } else {
                Some(codes.if_not.unwrap_or_else(|| LineCode::NotEnrolled.as_str().to_owned()))
            };
            day
        });
        judged.collect()
    }

    fn context<'s>(&'s self, state: &'s PartnerState, set: &'s RuleSet, on: NaiveDate) -> GateContext<'s> {
        GateContext { set, catalogue: &self.book.catalogue, state, on }
    }

    #[allow(clippy::too_many_arguments)] // the columns of the row
    fn row(
        &self,
        state: &mut PartnerState,
        set: &RuleSet,
        on: NaiveDate,
        to: &'static str,
        cause: &str,
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
            cause: cause.into(),
            measured,
            required,
            rule_set: set.version.as_str().into(),
            events,
        });
    }
}

fn events_of(verdicts: &[(&Gate, Verdict)]) -> Vec<EventRef> {
    verdicts.iter().flat_map(|(_, verdict)| verdict.events.iter().cloned()).collect()
}

/// Whether standing is assessed on the date: by the cadence of the set in force, on the first day of the first set, and
/// on the first day of every set whose gates differ from those before.
pub(crate) fn is_assessment(book: &RuleBook, at: usize, on: NaiveDate) -> bool {
    let set = &book.sets[at];
    if on == set.valid_from && (at == 0 || !same_gates(&book.sets[at - 1], set)) {
        return true;
    }
    match set.assessment {
        Cadence::Daily => true,
        Cadence::Weekly(weekday) => on.weekday() == weekday,
        Cadence::Monthly(day) => Month::of(on).day(day) == on,
    }
}

/// Whether two sets test the same: sentences and citations apart.
fn same_gates(a: &RuleSet, b: &RuleSet) -> bool {
    let tested = |gate: &Gate| {
        (gate.name.clone(), gate.entry, gate.onboarding, gate.upkeep, gate.any_of.clone(), gate.offboards)
    };
    a.gates.len() == b.gates.len() && a.gates.iter().zip(&b.gates).all(|(x, y)| tested(x) == tested(y))
}
