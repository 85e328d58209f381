//! What must hold of the versions of the terms, whatever they say: none is ignored, none changes what was final before it.

use super::compare::of_engine;
use super::properties::each;
use chrono::{Days, NaiveDate};
use daybook_event::{Envelope, PartnerId, Payload};
use daybook_rules::model::{Base, Lever, Match, RuleBook};
use daybook_tests::dice::Dice;
use daybook_tests::json_differences;
use daybook_tests::model::facts::{Partner, World, billed};
use daybook_tests::model::generate::{Case, with_version};
use daybook_tests::model::number::Num;
use daybook_tests::model::terms::number_on;
use daybook_tests::model::time::{Period, Ym};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A date on which a new version may begin: one of the history's, or near it, but no version's first and not before all.
fn a_first_date(case: &Case, dice: &mut Dice) -> Option<NaiveDate> {
    let event = case.events.get(dice.place(case.events.len().max(1)))?;
    let month = Ym::of(event.effective_on);
    let dates = [event.effective_on, event.effective_on + Days::new(1), month.first_day(), month.last_day()];
    let from = dates[dice.place(4)];
    let sets = &case.book.sets;
    let is_free = from > sets[0].valid_from && sets.iter().all(|set| set.valid_from != from);
    is_free.then_some(from)
}

fn rows<'r>(figures: &'r Value, id: &str, view: &str) -> Vec<&'r Value> {
    figures[id][view].as_array().into_iter().flatten().collect()
}

fn text<'r>(row: &'r Value, field: &str) -> &'r str {
    row[field].as_str().unwrap_or_default()
}

fn month_of(row: &Value) -> Ym {
    let day = daybook_event::date_parse(&format!("{}-01", text(row, "month")));
    Ym::of(day.expect("a month"))
}

/// One partner's figures under both books, and what of them is final before the date on which the books part.
struct Before<'a> {
    case: &'a Case,
    other: &'a RuleBook,
    from: NaiveDate,
    id: &'a PartnerId,
    both: [&'a Value; 2],
}

impl Before<'_> {
    /// A month's lines are final from its end on. In the month of the date itself, lines before the date are too, unless
    /// the partner is enrolled later in that month, which makes its earlier days earning days; but lines of both kinds
    /// share rows.
    fn is_final(&self, month: Ym) -> bool {
        if month < Ym::of(self.from) {
            return true;
        }
        let is_later = |date: NaiveDate| date >= self.from && Ym::of(date) == month;
        let of_partner = self.case.events.iter().filter(|event| event.partner_id.as_ref() == Some(self.id));
        let is_booked = of_partner.into_iter().any(|event| billed(event).is_some() && is_later(event.effective_on));
        let is_enrolled = self.both.iter().any(|figures| {
            let on = |row: &&Value| daybook_event::date_parse(text(row, "on")).expect("a date");
            let standing = rows(figures, self.id.as_str(), "standing").into_iter();
            standing.filter(|row| row["state"] == "enrolled").any(|row| is_later(on(&row)))
        });
        month == Ym::of(self.from) && !is_booked && !is_enrolled
    }

    /// Lots whose usage has not ended when the books part, and what shares a claim with them: activities are judged by
    /// their own date, and whether the usage is longer by its last day.
    fn unsettled(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let (mut claims, mut lots) = (BTreeSet::new(), BTreeSet::new());
        let book = &self.case.book;
        let label = |period: Period| period.label(book);
        let candidates = |date: NaiveDate| {
            let either = [book, self.other].map(|book| Period::usable_on(book, date));
            let mut all: Vec<Period> = either.concat();
            all.push(Period::holding(book, Ym::of(date)).previous(book));
            all
        };
        let is_open = |period: &Period| [book, self.other].iter().any(|book| period.usage(book).1 >= self.from);
        let steps: Vec<(&str, Vec<Period>)> =
            self.case.events.iter().filter_map(|event| self.step(event)).map(|(id, on)| (id, candidates(on))).collect();
        // Whoever shares a claim with an unsettled lot may be touched, and so on.
        loop {
            let known = claims.len() + lots.len();
            for (claim, periods) in &steps {
                let touched = periods.iter().any(|one| is_open(one) || lots.contains(&label(*one)));
                if touched || claims.contains(*claim) {
                    claims.insert((*claim).to_owned());
                    lots.extend(periods.iter().map(|period| label(*period)));
                }
            }
            if known == claims.len() + lots.len() {
                return (claims, lots);
            }
        }
    }

    /// A claim's step and the date that says which lots it may be for.
    fn step<'e>(&self, event: &'e Envelope) -> Option<(&'e str, NaiveDate)> {
        let Payload::CoopClaim(step) = &event.payload else { return None };
        let is_own = event.partner_id.as_ref() == Some(self.id);
        is_own.then(|| (step.claim_id.as_str(), step.activity_start.unwrap_or(event.effective_on)))
    }

    /// Everything that is final before the date, of one side.
    fn of(&self, figures: &Value) -> Value {
        let of = |view: &str| rows(figures, self.id.as_str(), view).into_iter();
        let is_final = |row: &&Value| self.is_final(month_of(row));
        let from = self.from.to_string();
        let (claims, lots) = self.unsettled();
        let settled = |row: &&Value| !claims.contains(text(row, "claim_id")) && !lots.contains(text(row, "period"));
        let sums = |row: &Value| {
            let kept =
                ["month", "billed", "provisional_noterms", "unconverted"].map(|key| (key.to_owned(), row[key].clone()));
            Value::Object(kept.into_iter().collect::<Map<_, _>>())
        };
        let findings = of("findings").filter(|row| !text(row, "code").starts_with("CLAIM_"));
        json!({
            "standing": of("standing").filter(|row| text(row, "on") < from.as_str()).collect::<Vec<_>>(),
            "postings": of("postings").filter(is_final).collect::<Vec<_>>(),
            "conservation": of("conservation").filter(is_final).collect::<Vec<_>>(),
            "provisional": of("provisional").filter(is_final).collect::<Vec<_>>(),
            // A payout is decided by the terms of its month's last day.
            "payouts": of("payouts").filter(|row| month_of(row) < Ym::of(self.from)).collect::<Vec<_>>(),
            "lots": of("lots").filter_map(|row| self.lot(row, &lots)).collect::<Vec<_>>(),
            "claims": of("claims").filter(settled).collect::<Vec<_>>(),
            // No terms are asked for what was billed, corrected by hand, or is odd about events.
            "billed": of("conservation").map(sums).collect::<Vec<_>>(),
            "true_ups": of("true_ups").collect::<Vec<_>>(),
            "findings": findings.collect::<Vec<_>>(),
        })
    }

    /// What a period accrued, and what became of it, is final with its last day; what was used of it with its usage.
    fn lot(&self, row: &Value, unsettled: &BTreeSet<String>) -> Option<Value> {
        let period = Period::labelled(&self.case.book, text(row, "period")).expect("a period");
        if period.last_day() >= self.from || !self.is_final(period.last) {
            return None;
        }
        if period.usage(&self.case.book).1 < self.from && !unsettled.contains(text(row, "period")) {
            return Some(row.clone());
        }
        // A lot of which only claims know has no outcome.
        let kept = ["period", "accrued", "state", "converted"].map(|key| (key.to_owned(), row[key].clone()));
        (row["state"] != "none").then(|| Value::Object(kept.into_iter().collect::<Map<_, _>>()))
    }
}

#[test]
fn a_later_version_changes_nothing_that_was_final_before_it() {
    let (mut compared, mut changed) = (0, 0);
    each(|case, dice| {
        let Some(from) = a_first_date(case, dice) else { return };
        let other = with_version(&case.book, from, true, dice);
        let [one, two] = [&case.book, &other].map(|book| of_engine(&Case { book: book.clone(), ..case.clone() }));
        changed += u64::from(one != two);
        for id in case.events.iter().filter_map(|event| event.partner_id.as_ref()).collect::<BTreeSet<_>>() {
            let before = Before { case, other: &other, from, id, both: [&one, &two] };
            let differences = json_differences(&before.of(&one), &before.of(&two));
            let seed = case.seed;
            assert!(differences.is_empty(), "{id}, from {from}, DAYBOOK_MODEL_SEED={seed}: {}", differences.join("\n"));
            compared += 1;
        }
    });
    assert!(compared > 400 && changed > 100, "{compared} partners, {changed} books that make a difference");
}

/// The book with a lever that every line matches, and codes that name their version: now no version can hide.
fn telling(book: &RuleBook) -> RuleBook {
    let mut book = book.clone();
    for set in &mut book.sets {
        for gate in &mut set.gates {
            gate.fail_code = format!("{}@{}", gate.fail_code, set.version);
        }
        let every = Lever {
            name: "every".to_owned(),
            slot: "every".to_owned(),
            matches: Match::default(),
            base: Base::BilledRevenue,
            needs: Vec::new(),
            cap: None,
            ..set.levers[0].clone()
        };
        set.levers.push(every);
    }
    book
}

/// The versions that each month's rows name.
fn named(figures: &Value, id: &str) -> BTreeMap<Ym, BTreeSet<String>> {
    let mut named: BTreeMap<Ym, BTreeSet<String>> = BTreeMap::new();
    for row in rows(figures, id, "postings") {
        named.entry(month_of(row)).or_default().insert(text(row, "rule_set").to_owned());
    }
    for row in rows(figures, id, "conservation") {
        let codes = row["ineligible"].as_object().expect("codes");
        let versions = codes.keys().filter_map(|code| code.split_once('@')).map(|(_, version)| version.to_owned());
        named.entry(month_of(row)).or_default().extend(versions);
    }
    named
}

/// What a month says where no version decides: the partner's own tenant, never enrolled, the credit of what never was.
fn says_without(figures: &Value, id: &str, month: Ym) -> bool {
    let of_month = rows(figures, id, "conservation").into_iter().filter(|row| month_of(row) == month);
    let codes: Vec<&String> = of_month.flat_map(|row| row["ineligible"].as_object().expect("codes").keys()).collect();
    codes.iter().any(|code| ["CUSEQPTR", "NOT_ENROLLED"].contains(&code.as_str()))
}

#[test]
fn every_version_that_prices_a_line_is_named_by_its_month() {
    let (mut by_version, mut of_new) = (0, 0);
    each(|case, dice| {
        let Some(from) = a_first_date(case, dice) else { return };
        let changed = dice.between(0, 1) == 0;
        let book = telling(&with_version(&case.book, from, changed, dice));
        let case = Case { book, ..case.clone() };
        let figures = of_engine(&case);
        let world = World::new(&case.book, case.through, &case.events);
        for id in world.partner_ids() {
            let named = named(&figures, id.as_str());
            let mut expected: BTreeMap<Ym, BTreeSet<String>> = BTreeMap::new();
            for line in Partner::new(&world, id).lines.iter().filter(|line| line.worth.is_some() && !line.of_reversed) {
                let Some(at) = number_on(&case.book, line.priced_by.effective_on) else { continue };
                let (month, version) = (Ym::of(line.event.effective_on), &case.book.sets[at].version);
                expected.entry(month).or_default().insert(version.clone());
                let is_named = named.get(&month).is_some_and(|versions| versions.contains(version));
                let at = format!("{id} {month}, DAYBOOK_MODEL_SEED={}", case.seed);
                assert!(is_named || says_without(&figures, id.as_str(), month), "{version} is not named: {at}");
                by_version += u64::from(is_named);
                of_new += u64::from(is_named && version == "new");
            }
            for (month, versions) in named {
                let lines = expected.remove(&month).unwrap_or_default();
                let seed = case.seed;
                assert!(versions.is_subset(&lines), "{id} {month}: {versions:?}, DAYBOOK_MODEL_SEED={seed}");
            }
        }
    });
    assert!(by_version > 2_000 && of_new > 200, "{by_version} lines name their version, {of_new} of them the new one");
}

#[test]
fn a_line_before_the_first_version_is_provisional_and_never_nothing() {
    let mut months = 0;
    each(|case, dice| {
        // A first version that begins within the history.
        let mut case = case.clone();
        let mut from = case.book.sets[0].valid_from;
        while dice.between(0, 3) > 0 && from + Days::new(40) < case.book.sets[1].valid_from {
            from = from + Days::new(40);
        }
        case.book.sets[0].valid_from = from;
        let figures = of_engine(&case);
        let world = World::new(&case.book, case.through, &case.events);
        for id in world.partner_ids() {
            let mut before: BTreeMap<Ym, Num> = BTreeMap::new();
            for line in Partner::new(&world, id).lines.iter().filter(|line| !line.of_reversed) {
                if let Some(worth) = line.worth.filter(|_| line.priced_by.effective_on < from) {
                    let sum = before.entry(Ym::of(line.event.effective_on)).or_default();
                    *sum = sum.plus(worth);
                }
            }
            for (month, sum) in before {
                let at = format!("{id} {month}, DAYBOOK_MODEL_SEED={}", case.seed);
                let of = |view: &str| {
                    rows(&figures, id.as_str(), view).into_iter().find(|row| month_of(row) == month).cloned()
                };
                let row = of("conservation").unwrap_or_else(|| panic!("no row: {at}"));
                assert_eq!(row["provisional_noterms"], sum.to_string(), "{at}");
                let flags = rows(&figures, id.as_str(), "provisional").into_iter();
                let is_flagged = flags.filter(|row| month_of(row) == month).any(|row| row["why"] == "NOTERMS");
                assert!(is_flagged, "no flag: {at}");
                assert!(month >= Ym::of(from) || of("postings").is_none(), "a posting without terms: {at}");
                months += 1;
            }
        }
    });
    assert!(months > 400, "only {months} months have lines before the first version");
}
