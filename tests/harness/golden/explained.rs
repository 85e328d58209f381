//! Whatever did not earn or was refused in any situation is explained: what is wrong, and how to become eligible again.

use super::situation::Situation;
use daybook_replay::{Explanation, explain_lot, explain_month, replay};
use daybook_views::PartnerRows;
use std::collections::BTreeSet;

/// Codes that some situation must show, so that nothing here passes for want of cases.
const SHOWN: &[&str] = &[
    "CUSEQPTR",
    "TTMREV",
    "IVDCOMP",
    "NOFX",
    "NOTERMS",
    "NO_LOT",
    "LATE",
    "EARLY",
    "OUTSIDE_USAGE",
    "NOT_APPROVED_ACTIVITY",
    "NOT_POSITIVE",
    "OVER_BALANCE",
];

#[test]
fn every_code_of_every_situation_has_a_sentence_and_says_what_to_do() {
    let mut shown: BTreeSet<String> = BTreeSet::new();
    for situation in Situation::all() {
        let (histories, book, through) = situation.coordinates();
        for (partner_id, rows) in replay(&histories, &book, through, 1).partners {
            for month in months_not_earning(&rows) {
                let explained = explain_month(&histories, &book, through, &partner_id, month, None).unwrap();
                for bucket in &explained.not_earning {
                    let what = format!("{} {month} {}", situation.name(), bucket.bucket);
                    assert!(!bucket.sentence.is_empty() && !bucket.how_to.is_empty(), "{what}");
                    shown.insert(bucket.bucket.rsplit(':').next().unwrap_or_default().to_owned());
                }
                let text = Explanation::Month(explained).to_string();
                assert!(text.contains("  what to do  "), "{}: {text}", situation.name());
            }
            for refused in rows.claims.iter().filter(|claim| !claim.refused.is_empty() && !claim.period.is_empty()) {
                let period = book.calendar().period_parse(&refused.period).unwrap();
                let explained = explain_lot(&histories, &book, through, &partner_id, period).unwrap();
                let claim = explained.claims.iter().find(|part| part.row.claim_id == refused.claim_id).unwrap();
                let (sentence, how_to) = (claim.sentence.clone(), claim.how_to.clone());
                assert!(sentence.contains(&format!("({}). ", refused.refused)), "{}: {sentence}", situation.name());
                assert!(!how_to.is_empty(), "{}: {sentence}", situation.name());
                let text = Explanation::Lot(explained).to_string();
                assert!(text.contains(&format!("      what to do  {how_to}\n")), "{}: {text}", situation.name());
                shown.insert(refused.refused.to_string());
            }
        }
    }
    let missing: Vec<&&str> = SHOWN.iter().filter(|code| !shown.contains(**code)).collect();
    assert!(missing.is_empty(), "no situation shows {missing:?}");
}

/// The months in which something did not earn.
fn months_not_earning(rows: &PartnerRows) -> Vec<daybook_event::Month> {
    let not_earning = rows
        .conservation
        .iter()
        .filter(|row| !row.ineligible.is_empty() || !row.unconverted.is_empty() || !row.provisional_noterms.is_zero());
    not_earning.map(|row| row.month).collect()
}
