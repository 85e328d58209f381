//! What a bucket or a claim says to the partner: what is wrong, and what would have to change.

use daybook_rules::model::RuleBook;
use daybook_views::Bucket;
use daybook_views::codes::{Flag, LineCode, Meaning, Refusal};
use daybook_views::rows::{ClaimRow, ProvisionalRow};
use serde::Serialize;

/// Of a bucket: the sentence, and what to do. `rule_set` is that of the line.
pub(super) fn of_bucket(book: &RuleBook, bucket: &Bucket, rule_set: Option<usize>) -> (String, String) {
    let meaning = match bucket {
        Bucket::Ineligible(code) => return of_code(book, code, rule_set),
        Bucket::Unconverted => LineCode::NoRate.meaning(),
        Bucket::NoTerms => LineCode::NoTerms.meaning(),
        Bucket::Unmatched => Meaning {
            sentence: "No lever matches the line.",
            how_to: "Check its product family, segment and charge type.",
        },
        Bucket::Capped => {
            Meaning { sentence: "A cap leaves every contribution at zero.", how_to: "Nothing: the cap is used up." }
        }
        Bucket::Earning => Meaning { sentence: "", how_to: "" },
    };
    texts(meaning)
}

/// A gate's code means what the rule set of the line says of it, or else the first that knows it: the day of a credit may
/// have been judged under other terms than its line's.
fn of_code(book: &RuleBook, code: &str, rule_set: Option<usize>) -> (String, String) {
    if let Some(own) = LineCode::parse(code) {
        return texts(own.meaning());
    }
    let of_line = rule_set.and_then(|at| book.sets.get(at));
    let mut gates = of_line.into_iter().chain(&book.sets).flat_map(|set| &set.gates);
    let gate = gates.find(|gate| gate.fail_code == code);
    gate.map(|gate| (gate.sentence.clone(), gate.how_to.clone())).unwrap_or_default()
}

/// Of a claim: what became of it, and of a refused one what to do.
pub(super) fn of_claim(row: &ClaimRow) -> (String, String) {
    let Some(refusal) = Refusal::parse(&row.refused) else {
        return (format!("{} for {}", row.state, row.amount), String::new());
    };
    let (sentence, how_to) = texts(refusal.meaning());
    (format!("{}: our check refused it ({}). {sentence}", row.state, row.refused), how_to)
}

/// Something that the figures of a month miss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlagExplanation {
    /// What is missing.
    pub why: String,
    /// What it means.
    pub sentence: String,
    /// What would have to change.
    pub how_to: String,
}

impl FlagExplanation {
    pub(super) fn of(row: &ProvisionalRow) -> Self {
        let (sentence, how_to) = Flag::parse(&row.why).map(|flag| texts(flag.meaning())).unwrap_or_default();
        Self { why: row.why.to_string(), sentence, how_to }
    }
}

fn texts(meaning: Meaning) -> (String, String) {
    (meaning.sentence.to_owned(), meaning.how_to.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use daybook_event::PartnerId;

    #[test]
    fn every_refusal_says_what_to_do() {
        for refusal in Refusal::ALL {
            let row = ClaimRow {
                partner_id: PartnerId::parse("P-AT").unwrap(),
                claim_id: "c-1".to_owned(),
                period: "FY22H1".into(),
                state: "refused".into(),
                amount: "10.00".to_owned(),
                refused: refusal.as_str().into(),
            };
            let (sentence, how_to) = of_claim(&row);
            assert!(
                sentence.starts_with(&format!("refused: our check refused it ({}). ", refusal.as_str())),
                "{sentence}"
            );
            assert_eq!(how_to, refusal.meaning().how_to);
        }
    }

    #[test]
    fn every_gate_of_the_shipped_rules_says_what_to_do() {
        let book = daybook_rules::load_book(&daybook_rules::shipped_rule_files()).0.unwrap();
        for (at, set) in book.sets.iter().enumerate() {
            for gate in &set.gates {
                let (sentence, how_to) =
                    of_bucket(&book, &Bucket::Ineligible(gate.fail_code.as_str().into()), Some(at));
                assert!(!sentence.is_empty() && !how_to.is_empty(), "{}", gate.fail_code);
            }
        }
    }
}
