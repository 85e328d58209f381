//! Four eyes: an adoption, a closing or a decision about the quarantine is signed by two people.

use daybook_event::Position;
use daybook_rules::{AdoptionFinding, Adoptions};

/// Why two signatures are not those of two people; none where they are.
pub(crate) fn fault(by: &str, approver: &str) -> Option<String> {
    let (first, second) = (folded(by), folded(approver));
    if second.is_empty() {
        return Some("nobody approved it".to_owned());
    }
    (first == second).then(|| format!("{} did it and cannot approve it too", by.trim()))
}

/// A name as people read it: without regard to case, to blanks around it, and to how many stand between its words.
fn folded(name: &str) -> String {
    name.split_whitespace().map(str::to_lowercase).collect::<Vec<_>>().join(" ")
}

/// Adoptions that stand at a position and lack a second person.
pub(crate) fn findings(adoptions: &Adoptions, known: Position) -> Vec<AdoptionFinding> {
    let finding = |adoption: &daybook_rules::Adoption| {
        let why = fault(&adoption.act.adopted_by, &adoption.act.approver)?;
        let what = format!("lacks the second of four eyes: {why}");
        Some(AdoptionFinding { position: adoption.position, id: adoption.id.clone(), what })
    };
    adoptions.standing(known).filter_map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_people_read_them() {
        for same in ["Ann Lee", " ann  lee ", "ANN\tLEE", "Ann\u{a0}Lee"] {
            assert!(fault("Ann Lee", same).unwrap().contains("Ann Lee did it"), "{same:?}");
        }
        assert_eq!(fault("Ann Lee", " \t"), Some("nobody approved it".to_owned()));
        assert_eq!(fault("Ann Lee", "Anna Lee"), None);
    }
}
