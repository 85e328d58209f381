//! The rule books of a simulation: a ladder of adoptions of the shipped versions, one after the other.

use crate::model::closing::Current;
use daybook_event::{Position, RuleBookAdopted};
use daybook_rules::model::RuleBook;
use daybook_rules::{Adoptions, RuleLibrary, WantedVersions, adoption_plan, announced_steps, shipped_rule_files};
use daybook_views::{ClosedTerms, Closing, TermsStep};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// How many of the shipped versions the first adoption brings.
const FIRST: usize = 2;

/// What operators adopt, step by step.
pub(super) struct Ladder {
    /// In force while nothing is adopted.
    pub(super) at_hand: Arc<RuleBook>,
    /// What each adoption says.
    pub(super) acts: Vec<RuleBookAdopted>,
    /// What is adopted after each.
    libraries: Vec<RuleLibrary>,
    /// The books that the views were asked to be made under, by the files adopted: read once, they never change.
    read: Mutex<Vec<(Vec<String>, RuleLibrary)>>,
}

/// The ladder of the shipped versions. It is made once: reading rule files takes longer than most simulations.
pub(super) fn ladder() -> &'static Ladder {
    static LADDER: OnceLock<Ladder> = OnceLock::new();
    LADDER.get_or_init(|| {
        let offered = RuleLibrary::load(&shipped_rule_files()).0.expect("the shipped rules load");
        let versions: Vec<String> = offered.versions().iter().map(|known| known.set.version.clone()).collect();
        let mut adoptions = Adoptions::default();
        let (mut acts, mut libraries) = (Vec::new(), Vec::new());
        for count in FIRST..=versions.len() {
            let position = Position::new(count as u64);
            let adopted = adoptions.adopted(position);
            let wanted = WantedVersions::These(versions[..count].to_vec());
            let plan = adoption_plan(&adopted, &offered, offered.files(), &wanted).expect("a plan");
            let act = RuleBookAdopted {
                files: plan.files,
                terms_hash: plan.book.expect("a book").terms_hash,
                adopted_by: "finance".to_owned(),
                approver: String::new(),
                reason: "simulated".to_owned(),
            };
            let payload = daybook_event::Payload::RuleBookAdopted(act.clone());
            let on = daybook_event::date_parse("2020-01-01").expect("a date");
            let name = format!("adopt-{}", acts.len() + 1);
            adoptions.add(position, &super::operators::act(&name, None, on, payload));
            libraries.push(adoptions.adopted(position).library().expect("it is adopted").clone());
            acts.push(act);
        }
        Ladder { at_hand: Arc::new(offered.current()), acts, libraries, read: Mutex::default() }
    })
}

impl Ladder {
    /// What is adopted at a position, as the engine reads it.
    fn library(&self, adoptions: &Adoptions, known: Position) -> Option<RuleLibrary> {
        let standing = adoptions.standing(known).flat_map(|one| one.act.files.iter().map(|file| file.name.clone()));
        let names: Vec<String> = standing.collect();
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, library)) = read.iter().find(|(of, _)| *of == names) {
            return Some(library.clone());
        }
        let library = adoptions.adopted(known).library()?.clone();
        read.push((names, library.clone()));
        Some(library)
    }

    /// The book in force for the adoptions up to a position.
    pub(super) fn book(&self, adoptions: &Adoptions, known: Position) -> Arc<RuleBook> {
        self.library(adoptions, known).map_or_else(|| Arc::clone(&self.at_hand), |library| Arc::new(library.current()))
    }

    /// The terms of a closing, and how they became those of now.
    pub(super) fn closed_terms(&self, adoptions: &Adoptions, closing: &Closing) -> Option<ClosedTerms> {
        let then = self.library(adoptions, closing.position)?;
        let now = self.library(adoptions, Position::new(u64::MAX))?;
        let step = |(name, book)| TermsStep { cause: format!("terms:{name}"), book: Arc::new(book) };
        Some(ClosedTerms {
            at_close: Arc::new(then.current()),
            steps: announced_steps(&then, &now).into_iter().map(step).collect(),
        })
    }

    /// The books that were in force one after the other, for adoptions recorded at these positions.
    pub(super) fn books(&self, adopted_at: &[u64]) -> Vec<Current> {
        let mut books = vec![Current { since: 0, cause: String::new(), book: (*self.at_hand).clone() }];
        for (at, since) in adopted_at.iter().enumerate() {
            let Some(now) = self.libraries.get(at) else { continue };
            match at.checked_sub(1).and_then(|before| self.libraries.get(before)) {
                None => books.push(Current { since: *since, cause: String::new(), book: now.current() }),
                Some(before) => {
                    let steps = announced_steps(before, now).into_iter();
                    let current = |(change, book)| Current { since: *since, cause: format!("terms:{change}"), book };
                    books.extend(steps.map(current));
                }
            }
        }
        books
    }
}
