//! A closed month computed again from the records and the book that it was closed under.

use super::Finding;
use super::closings::finding;
use crate::books::Books;
use crate::closed::{Pinned, Terms};
use crate::failure::Failure;
use crate::growing::Growing;
use crate::shards::threads_of_machine;
use daybook_event::PartnerId;
use daybook_store::Snapshot;
use daybook_views::{Closing, ENGINE_SEMANTICS, Statement};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Reads the ledger once, in order: each month is computed when its last record is in.
pub(super) struct Recompute<'a> {
    snapshot: &'a Snapshot,
    growing: Growing,
}

impl<'a> Recompute<'a> {
    pub(super) fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, growing: Growing::default() }
    }

    /// Holds a month's pinned rows against those computed now. Closings must come in order.
    pub(super) fn month(
        &mut self,
        closing: &Closing,
        pinned: &Pinned,
        books: &Books,
        findings: &mut Vec<Finding>,
    ) -> Result<(), Failure> {
        if books.adopted().library().is_none() {
            // Without a book there is nothing to compute; that it is not there is a finding already.
            return Ok(());
        }
        let histories = self.growing.up_to(self.snapshot, closing.position)?;
        let named = books.book("current")?;
        let kept = Terms::of(&named, books).replay(histories, closing.through, threads_of_machine(), &|_| ())?;
        let calendar = named.book.calendar();
        let of = |partner_id: &PartnerId, rows| {
            Statement::of(rows, closing.month, closing.position, partner_id, calendar)
                .map(|made| (partner_id.clone(), made))
        };
        let computed: BTreeMap<PartnerId, Statement> =
            kept.replayed.partners.iter().filter_map(|(partner_id, rows)| of(partner_id, rows)).collect();
        let why = why(closing, &named.book.terms_hash);
        let partners: BTreeSet<&PartnerId> = pinned.keys().chain(computed.keys()).collect();
        for partner_id in partners {
            let pinned = pinned.get(partner_id).and_then(|rows| serde_json::from_slice(rows).ok());
            let computed = computed.get(partner_id).map(serde_json::to_value).transpose()?;
            for what in differences(pinned.as_ref(), computed.as_ref()) {
                findings.push(finding(
                    "CLOSED_MONTH",
                    closing,
                    format!("{} of {partner_id}: {what}; {why}", closing.month),
                ));
            }
        }
        let views_digest = kept.replayed.digest().to_string();
        if !closing.views_digest.is_empty() && closing.views_digest != views_digest {
            let what = format!(
                "names the digest {} of its view rows, but they make {views_digest} now; {why}",
                closing.views_digest
            );
            findings.push(finding("CLOSED_VIEWS", closing, what));
        }
        Ok(())
    }
}

/// What may have made the difference.
fn why(closing: &Closing, terms_hash: &str) -> String {
    if closing.engine_semantics != ENGINE_SEMANTICS {
        return format!(
            "it was closed by engine semantics {}, this is {ENGINE_SEMANTICS}: true-ups of the cause `engine` book it",
            closing.engine_semantics
        );
    }
    if closing.terms_hash != terms_hash {
        return format!("it names the rule book {}, and {terms_hash} was adopted then", closing.terms_hash);
    }
    "records, rule book and engine are those that it names, so these rows were not made from them".to_owned()
}

/// Where two statements differ, row by row.
pub(super) fn differences(pinned: Option<&Value>, computed: Option<&Value>) -> Vec<String> {
    let fields = |statement: Option<&Value>| statement.and_then(Value::as_object).cloned().unwrap_or_default();
    let (pinned, computed) = (fields(pinned), fields(computed));
    let names: BTreeSet<&String> = pinned.keys().chain(computed.keys()).collect();
    let mut all = Vec::new();
    for name in names.into_iter().filter(|name| !NOT_ROWS.contains(&name.as_str())) {
        let (one, other) = (rows(pinned.get(name)), rows(computed.get(name)));
        let lost =
            one.iter().filter(|row| !other.contains(row)).map(|row| format!("{name}: pinned {row}, not computed"));
        let found =
            other.iter().filter(|row| !one.contains(row)).map(|row| format!("{name}: computed {row}, not pinned"));
        all.extend(lost.chain(found));
    }
    all
}

/// The fields of a statement that say of what it is.
const NOT_ROWS: [&str; 3] = ["position", "month", "partner_id"];

/// The rows in a field: of a list its items, else the one that is there.
fn rows(field: Option<&Value>) -> Vec<Value> {
    match field {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => items.clone(),
        Some(row) => vec![row.clone()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_row_that_differs_is_named_once_on_each_side() {
        let pinned = json!({"position": 7, "month": "2021-09", "postings": [{"lever": "a", "coop": "1.00"}, {"lever": "b"}], "payout": {"paid": "3.00"}, "lot": null});
        let computed = json!({"position": 7, "month": "2021-09", "postings": [{"lever": "a", "coop": "1.01"}, {"lever": "b"}], "payout": null, "lot": {"accrued": "2.00"}});
        let found = differences(Some(&pinned), Some(&computed));
        assert_eq!(
            found,
            [
                r#"lot: computed {"accrued":"2.00"}, not pinned"#,
                r#"payout: pinned {"paid":"3.00"}, not computed"#,
                r#"postings: pinned {"lever":"a","coop":"1.00"}, not computed"#,
                r#"postings: computed {"lever":"a","coop":"1.01"}, not pinned"#,
            ]
        );
        assert_eq!(differences(Some(&pinned), Some(&pinned)), Vec::<String>::new());
        assert_eq!(differences(None, Some(&computed)).len(), 3);
        assert_eq!(differences(Some(&pinned), None).len(), 3);
    }
}
