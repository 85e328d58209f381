//! Both sides asked the same; and a difference cut down to the smallest history that still shows it.

use daybook_event::{Envelope, Instant, Position};
use daybook_proto::encode_json;
use daybook_replay::{HistoriesBuilder, Replayed, replay};
use daybook_rules::model::RuleBook;
use daybook_tests::json_differences;
use daybook_tests::model::closing;
use daybook_tests::model::figures::figures;
use daybook_tests::model::generate::Case;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The engine's rows of the case.
pub(crate) fn replayed(case: &Case, events: &[Envelope], threads: usize) -> Replayed {
    let mut names = BTreeSet::new();
    let mut builder = HistoriesBuilder::default();
    // The ledger takes each name once: of duplicates the first stands.
    for (position, event) in (1..).zip(events.iter().filter(|event| names.insert(&event.id))) {
        builder.add(Position::new(position), Instant::default(), event.clone());
    }
    replay(&builder.finish(), &case.book, case.through, threads)
}

/// The engine's rows as JSON, by partner.
pub(crate) fn of_engine(case: &Case) -> Value {
    let replayed = replayed(case, &case.events, 1);
    let mut all = Map::new();
    for (id, rows) in replayed.partners {
        all.insert(id.to_string(), serde_json::to_value(rows).expect("rows are JSON"));
    }
    let findings = serde_json::to_value(replayed.of_no_partner.findings).expect("rows are JSON");
    all.insert(String::new(), serde_json::json!({ "findings": findings }));
    Value::Object(all)
}

/// What both sides say.
pub(crate) enum Answer {
    /// The same rows.
    Same(Value),
    /// What differs; a panic of either side is a difference.
    Differs(String),
}

pub(crate) fn asked(case: &Case) -> Answer {
    if case.closes() {
        let both = catch_unwind(AssertUnwindSafe(|| closing::ask::figures_of(case)));
        return match both {
            Ok(Ok(figures)) => Answer::Same(figures),
            Ok(Err(differs)) => Answer::Differs(differs),
            Err(_) => Answer::Differs("a side panicked: see above".to_owned()),
        };
    }
    let both = catch_unwind(AssertUnwindSafe(|| (figures(&case.book, case.through, &case.events), of_engine(case))));
    match both {
        Ok((model, engine)) if model == engine => Answer::Same(model),
        Ok((model, engine)) => Answer::Differs(json_differences(&model, &engine).join("\n")),
        Err(_) => Answer::Differs("a side panicked: see above".to_owned()),
    }
}

fn differs(case: &Case) -> bool {
    matches!(asked(case), Answer::Differs(_))
}

/// The case without whatever the difference does not need: the book as shipped where it will do, then event by event.
fn smallest(mut case: Case, shipped: &RuleBook, differs: impl Fn(&Case) -> bool) -> Case {
    let plain = Case { book: shipped.clone(), changes: Vec::new(), adoptions: Vec::new(), ..case.clone() };
    if differs(&plain) {
        case = plain;
    }
    let mut again = true;
    while again {
        again = false;
        for at in (0..case.events.len()).rev() {
            let mut smaller = case.clone();
            smaller.events.remove(at);
            if differs(&smaller) {
                case = smaller;
                again = true;
            }
        }
    }
    case
}

/// The smallest history that still shows the difference, in writing: model first, engine second.
pub(crate) fn shrink(case: Case, shipped: &RuleBook) -> String {
    let case = smallest(case, shipped, differs);
    let Answer::Differs(differences) = asked(&case) else { return "the difference does not come again".to_owned() };
    let lines: Vec<String> = case.events.iter().map(encode_json).collect();
    format!(
        "DAYBOOK_MODEL_SEED={} (through {}): expected by the model, came from the engine:\n{}\n\nthe book: {}\n\n{}\n",
        case.seed,
        case.through,
        differences,
        if case.changes.is_empty() { "as shipped".to_owned() } else { format!("\n  {}", case.changes.join("\n  ")) },
        lines.join("\n"),
    )
}

#[test]
fn a_difference_is_cut_down_to_the_events_that_it_needs() {
    let shipped = daybook_tests::model::shipped();
    let case = daybook_tests::model::generate::generate(&shipped, 7);
    assert!(case.events.len() > 10);
    let needed = [case.events[2].id.clone(), case.events[9].id.clone()];
    let needs = |case: &Case| needed.iter().all(|id| case.events.iter().any(|event| event.id == *id));
    let left = smallest(case, &shipped, needs);
    assert_eq!(left.events.iter().map(|event| event.id.clone()).collect::<Vec<_>>(), needed);
    assert!(left.changes.is_empty());
}
