//! Players: the differences between two books, each of which can be there or not, and the book of every coalition of them.
//!
//! A player is a `[[change]]` of some version. Changes that cannot be applied without each other are one player. Where no
//! change wrote a difference (books that stand alone, another catalogue), the path of the difference is its name.

mod coalition;
mod forming;
mod labels;
mod readings;
mod timeline;
mod tree_diff;

pub use readings::{Reading, ReadingBook, Varied, VaryError};

use crate::library::RuleLibrary;
use crate::model::RuleBook;
use chrono::NaiveDate;
use coalition::Made;
use forming::{Bonds, catalogue_label, sources_label};
use labels::{LabelledEdits, Labels};
use serde::Serialize;
use std::collections::BTreeMap;
use timeline::Timeline;

/// Most players of which every coalition is looked at.
pub const PLAYERS_EXACT_MAX: usize = 12;
/// Most players at all: more are grouped by version, or else together.
const PLAYERS_MAX: usize = 120;

/// One player: a change, or changes that cannot stand apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Player {
    /// The change's id; ids of changes that go together are joined with `+`. No two players have the same.
    pub id: String,
    /// The version that it stands in; the first, where there are several.
    pub version: String,
    /// The first date on which it makes a difference.
    pub begins: NaiveDate,
    /// What it is made of, in announced order.
    pub changes: Vec<PlayerChange>,
}

/// A change as a part of a player.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct PlayerChange {
    /// Its id; the path, where no `[[change]]` wrote the difference.
    pub id: String,
    /// The version whose file says so.
    pub version: String,
    /// The parameter or block.
    pub path: String,
    /// What the reference says; none where it says nothing there.
    pub from: Option<String>,
    /// What the candidate says; none where it says nothing there.
    pub to: Option<String>,
    /// Why.
    pub why: String,
    /// The keys of the sources cited.
    pub cite: Vec<String>,
    /// The titles of those sources.
    pub source_title: String,
}

impl PlayerChange {
    fn of_path(path: &str) -> Self {
        Self { id: path.to_owned(), path: path.to_owned(), ..Self::default() }
    }
}

/// The differences between a reference and a candidate, player by player in announced order.
#[derive(Debug, Clone)]
pub struct Players {
    list: Vec<Player>,
    reference: RuleBook,
    candidate: RuleBook,
    timeline: Timeline,
    /// By segment.
    edits: Vec<LabelledEdits>,
    /// The player of each label.
    player_of: Vec<usize>,
    /// The label of the catalogue, where it differs.
    catalogue: Option<usize>,
    /// The label of who may send facts of no partner, where that differs.
    sources: Option<usize>,
}

/// Why a coalition has no book.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the terms of {0} make no rule book together without the other changes: group the changes by version")]
pub struct CoalitionError(pub String);

impl Players {
    /// The players between two books, given the libraries that they are cut from ([`RuleLibrary::cut`]).
    #[must_use]
    pub fn between(reference: &RuleLibrary, candidate: &RuleLibrary) -> Self {
        let (mut players, labels, mut bonds) = Self::bound(reference, candidate);
        while let Some(together) = players.inseparable() {
            bonds.tie_all((0..labels.all.len()).filter(|&label| together.contains(&players.player_of[label])));
            players.form(&labels, &bonds);
        }
        players.rest();
        players
    }

    /// Players of changes that write the same path, or into a block that another adds. The terms of one may still need
    /// those of another: in announced order they come after them.
    fn bound(reference: &RuleLibrary, candidate: &RuleLibrary) -> (Self, Labels, Bonds) {
        let timeline = Timeline::of(reference, candidate);
        let mut labels = Labels::default();
        let edits: Vec<LabelledEdits> =
            (0..timeline.segments.len()).map(|at| labels.of_segment(&timeline, at)).collect();
        let (before, after) = (reference.current(), candidate.current());
        let catalogue = catalogue_label(&mut labels, &before, &after);
        let sources = sources_label(&mut labels, &before, &after);
        let mut bonds = Bonds::new(labels.all.len());
        bonds.tie_edits(&edits);
        let mut players = Self {
            list: Vec::new(),
            reference: before,
            candidate: after,
            timeline,
            edits,
            player_of: Vec::new(),
            catalogue,
            sources,
        };
        players.form(&labels, &bonds);
        (players, labels, bonds)
    }

    /// The players in announced order.
    #[must_use]
    pub fn list(&self) -> &[Player] {
        &self.list
    }

    /// The book in force.
    #[must_use]
    pub fn reference(&self) -> &RuleBook {
        &self.reference
    }

    /// The book proposed.
    #[must_use]
    pub fn candidate(&self) -> &RuleBook {
        &self.candidate
    }

    /// The first date on which any player makes a difference; none where there is no player.
    #[must_use]
    pub fn begins(&self) -> Option<NaiveDate> {
        self.list.iter().map(|player| player.begins).min()
    }

    /// Every player as one mask.
    #[must_use]
    pub fn everyone(&self) -> u128 {
        (1 << self.list.len()) - 1
    }

    /// The reference with the changes of the players whose bits are set, the first player's the lowest. Nobody's is the
    /// reference itself, everybody's the candidate itself.
    ///
    /// # Errors
    /// [`CoalitionError`] where these changes cannot stand without others. Changes that cannot stand apart are one player, so
    /// that happens only among many.
    pub fn coalition(&self, mask: u128) -> Result<RuleBook, CoalitionError> {
        self.book_made(mask, &mut Made::with_notes()).ok_or_else(|| self.unmade(mask))
    }

    /// The books of several coalitions, in order, to fold under and no more; none where changes cannot stand without others.
    /// Parts that they share are made once.
    #[must_use]
    pub fn coalitions(&self, masks: impl IntoIterator<Item = u128>) -> Vec<Option<RuleBook>> {
        let mut made = Made::default();
        masks.into_iter().map(|mask| self.book_made(mask, &mut made).map(without_notes)).collect()
    }

    fn unmade(&self, mask: u128) -> CoalitionError {
        let named = self.list.iter().enumerate().filter(|(at, _)| mask & 1 << at != 0);
        CoalitionError(named.map(|(_, player)| player.id.as_str()).collect::<Vec<_>>().join(", "))
    }

    /// The same with the changes of each version as one player.
    #[must_use]
    pub fn grouped_by_version(&self) -> Self {
        let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
        for (at, player) in self.list.iter().enumerate() {
            match groups.iter_mut().find(|(version, _)| *version == player.version) {
                Some((_, members)) => members.push(at),
                None => groups.push((&player.version, vec![at])),
            }
        }
        self.regrouped(groups.into_iter().map(|(version, members)| (version.to_owned(), members)).collect())
    }

    /// Makes one player of each group.
    fn regrouped(&self, groups: Vec<(String, Vec<usize>)>) -> Self {
        let mut new_of = vec![0; self.list.len()];
        let mut list = Vec::with_capacity(groups.len());
        for (at, (id, members)) in groups.into_iter().enumerate() {
            members.iter().for_each(|&member| new_of[member] = at);
            let members = || members.iter().map(|&member| &self.list[member]);
            let version = members().next().map(|player| player.version.clone()).unwrap_or_default();
            let begins = members().map(|player| player.begins).min().unwrap_or_default();
            let changes = members().flat_map(|player| player.changes.clone()).collect();
            list.push(Player { id, version, begins, changes });
        }
        let player_of = self.player_of.iter().map(|&old| new_of[old]).collect();
        Self { list, player_of, ..self.clone() }
    }
}

/// A book to fold under and no more: where each parameter stands is for explanations, and much of the size.
fn without_notes(mut book: RuleBook) -> RuleBook {
    for set in &mut book.sets {
        (set.origins, set.changes, set.benefits) = (BTreeMap::new(), Vec::new(), Vec::new());
    }
    book
}

/// From the reference to the candidate one change after the other, in announced order: each with `VERSION/CHANGE` and the
/// book once it is in. The last book is the candidate. Changes of one path, or of a block that one of them adds, are one
/// step. A change whose terms cannot stand yet waits for the first one after it with which they can.
#[must_use]
pub fn announced_steps(reference: &RuleLibrary, candidate: &RuleLibrary) -> Vec<(String, RuleBook)> {
    let (mut players, ..) = Players::bound(reference, candidate);
    players.rest();
    let mut made = Made::with_notes();
    let mut mask = 0;
    let mut steps = Vec::new();
    let mut waiting: Vec<usize> = Vec::new();
    for at in 0..players.list.len() {
        let last = at + 1 == players.list.len();
        let mut found = None;
        for with in companies(&waiting, last) {
            let more = with.iter().fold(1 << at, |more: u128, waits| more | 1 << waits);
            found = players.book_made(mask | more, &mut made).map(|book| (with, more, book));
            if found.is_some() {
                break;
            }
        }
        let Some((mut with, more, book)) = found else {
            waiting.push(at);
            continue;
        };
        mask |= more;
        waiting.retain(|waits| !with.contains(waits));
        with.push(at);
        steps.push((players.name(&with), book));
    }
    steps
}

/// Whom of those that wait a change may be tried with: nobody, each one, all. The last change takes all along.
fn companies(waiting: &[usize], last: bool) -> Vec<Vec<usize>> {
    if last || waiting.is_empty() {
        return vec![waiting.to_vec()];
    }
    let mut companies = vec![Vec::new()];
    companies.extend(waiting.iter().map(|&waits| vec![waits]));
    companies.push(waiting.to_vec());
    companies
}

impl Players {
    /// `VERSION/CHANGE` of players that go together; the version once for those of one version after the other.
    fn name(&self, together: &[usize]) -> String {
        let mut name = String::new();
        let mut version = "";
        for player in together.iter().map(|&at| &self.list[at]) {
            let join = if name.is_empty() { "" } else { "+" };
            let of_version = player.id.strip_prefix(&format!("{}/", player.version)).unwrap_or(&player.id);
            name.push_str(join);
            if !player.version.is_empty() && player.version != version {
                name.push_str(&player.version);
                name.push('/');
            }
            name.push_str(of_version);
            version = &player.version;
        }
        name
    }
}
