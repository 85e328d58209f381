//! The model on the stories of closed months: the third opinion beside the engine's and the one written by hand.

use crate::golden::situation::Situation;
use daybook_tests::model::closing::{Current, Question, Record};
use serde_json::Value;

#[test]
fn the_model_agrees_on_every_story_of_closed_months() {
    let (mut held, mut found) = (0, Vec::new());
    for situation in Situation::all() {
        let Some((told, through, expected)) = situation.story() else { continue };
        let record = |(position, event): (daybook_event::Position, &daybook_event::Envelope)| Record {
            position: position.number(),
            event: event.clone(),
        };
        let records: Vec<Record> = told.records().map(record).collect();
        let current =
            |(since, cause, book): (daybook_event::Position, String, _)| Current { since: since.number(), cause, book };
        let books: Vec<Current> = told.books().into_iter().map(current).collect();
        let figures = Question { books: &books, through, records: &records }.figures();
        for (view, rows) in expected.as_object().expect("views") {
            let of_partners = figures.as_object().expect("partners").values();
            let mut model: Vec<Value> =
                of_partners.flat_map(|rows| rows[view].as_array().cloned().unwrap_or_default()).collect();
            let mut by_hand = rows.as_array().cloned().expect("rows");
            // Partners stand in another order here than in the views of all of them.
            model.sort_by_key(ToString::to_string);
            by_hand.sort_by_key(ToString::to_string);
            if model != by_hand {
                let differences = daybook_tests::json_differences(&Value::Array(by_hand), &Value::Array(model));
                found.push(format!("{} {view}: {}", situation.name(), differences.join("\n")));
            }
        }
        held += 1;
    }
    assert!(found.is_empty(), "{}", found.join("\n\n"));
    assert!(held >= 13, "only {held} stories were found");
}
