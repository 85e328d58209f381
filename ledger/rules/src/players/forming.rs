//! From differences to players: which differences belong together, in which order the players stand, and what they are
//! called.

use super::coalition::Made;
use super::labels::{Label, LabelledEdits, Labels};
use super::{PLAYERS_MAX, Player, PlayerChange, Players};
use crate::model::RuleBook;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// Up to so many players every pair of them is tried for whether it can stand alone.
const PAIRS_TRIED_MAX: usize = 40;
/// Up to so many players every part of them is.
const EVERY_PART_TRIED_MAX: usize = 8;

/// Which labels are one player: each names another, or itself.
pub(super) struct Bonds(Vec<usize>);

impl Bonds {
    pub(super) fn new(labels: usize) -> Self {
        Self((0..labels).collect())
    }

    fn root(&self, label: usize) -> usize {
        let mut at = label;
        while self.0[at] != at {
            at = self.0[at];
        }
        at
    }

    fn tie(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other)] = one.min(other);
    }

    pub(super) fn tie_all(&mut self, labels: impl Iterator<Item = usize>) {
        let all: Vec<usize> = labels.collect();
        all.windows(2).for_each(|pair| self.tie(pair[0], pair[1]));
    }

    /// Ties what writes the same path, or into a block that another writes; and everything that a book has one of.
    pub(super) fn tie_edits(&mut self, edits: &[LabelledEdits]) {
        let mut writers: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        let one_of_a_book = |path: &str| path == "currency" || path.starts_with("calendar");
        for (edit, labels) in edits.iter().flat_map(|segment| &segment.edits) {
            let is_order = matches!(edit.kind, super::tree_diff::EditKind::Order);
            self.tie_all(labels.iter().copied());
            if !is_order {
                writers.entry(&edit.path).or_default().extend(labels);
            }
        }
        let whole = edits.iter().filter(|segment| segment.edits.is_empty()).flat_map(|segment| &segment.boundary);
        let one_sided: Vec<usize> = whole.copied().collect();
        for (path, labels) in &writers {
            let inside = format!("{path}.");
            let under = writers.range(inside.as_str()..).take_while(|(other, _)| other.starts_with(&inside));
            self.tie_all(labels.iter().copied().chain(under.flat_map(|(_, labels)| labels.iter().copied())));
            if one_of_a_book(path) {
                self.tie_all(labels.iter().copied().chain(one_sided.iter().copied()));
            }
        }
    }
}

impl Players {
    /// Makes the players of bound labels.
    pub(super) fn form(&mut self, labels: &Labels, bonds: &Bonds) {
        let of = |label: usize| bonds.root(label);
        let mut classes: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for label in 0..labels.all.len() {
            classes.entry(of(label)).or_default().push(label);
        }
        let rank = |label: &usize| &labels.all[*label].rank;
        let mut classes: Vec<Vec<usize>> = classes.into_values().collect();
        classes.iter_mut().for_each(|class| class.sort_by(|a, b| rank(a).cmp(rank(b))));
        if classes.len() > PLAYERS_MAX {
            classes = by_version(classes, labels);
        }
        classes.sort_by(|a, b| a.first().map(rank).cmp(&b.first().map(rank)));
        self.player_of = vec![0; labels.all.len()];
        for (player, class) in classes.iter().enumerate() {
            class.iter().for_each(|&label| self.player_of[label] = player);
        }
        let class_labels = |class: &Vec<usize>| class.iter().map(|&at| labels.all[at].clone()).collect::<Vec<_>>();
        self.list = classes.iter().map(|class| player(&class_labels(class))).collect();
        unique_ids(&mut self.list);
    }

    /// Players that cannot stand apart: some whose terms do not load alone, and those with whom they do.
    pub(super) fn inseparable(&self) -> Option<Vec<usize>> {
        let mut made = Made::default();
        for (at, edits) in self.edits.iter().enumerate() {
            let all = self.concerned(edits);
            let mut stands = |mask: u128| self.stands(at, mask, &mut made);
            let failing = parts_tried(all).into_iter().find(|&part| part != 0 && part != all && !stands(part));
            let Some(failing) = failing else { continue };
            // The fewest that fail, and the fewest that mend it: whoever has nothing to do with it stays apart.
            let core = bits(failing).fold(failing, |part, bit| match part & !(1 << bit) {
                less if less != 0 && !stands(less) => less,
                _ => part,
            });
            let whole = bits(all & !core).fold(all, |whole, bit| match whole & !(1 << bit) {
                less if stands(less) => less,
                _ => whole,
            });
            return Some(bits(whole).collect());
        }
        None
    }

    /// A difference that no player makes is one by itself: nothing is lost silently.
    pub(super) fn rest(&mut self) {
        let made = self.book_assembled(self.everyone(), &mut Made::default());
        if made.is_some_and(|book| book.terms_hash == self.candidate.terms_hash) {
            return;
        }
        let change = PlayerChange { id: "rest".to_owned(), ..PlayerChange::of_path("terms") };
        let begins = first_date(&self.reference, &self.candidate);
        self.list.push(Player { id: "rest".to_owned(), version: String::new(), begins, changes: vec![change] });
    }
}

fn bits(mask: u128) -> impl Iterator<Item = usize> {
    (0..PLAYERS_MAX + 1).filter(move |bit| mask & 1 << bit != 0)
}

/// Every part of a few players; of many, up to two in and up to two out. Small parts and nearly whole ones come first: what
/// cannot stand apart mostly shows there, and is tied before much is tried.
fn parts_tried(all: u128) -> Vec<u128> {
    let members: Vec<u128> = bits(all).map(|bit| 1 << bit).collect();
    let count = members.len();
    let mut parts: Vec<u128> = members.iter().flat_map(|&member| [member, all & !member]).collect();
    if count <= PAIRS_TRIED_MAX {
        let pairs = members.iter().enumerate().flat_map(|(at, one)| members[..at].iter().map(move |two| one | two));
        parts.extend(pairs.flat_map(|pair| [pair, all & !pair]));
    }
    if count <= EVERY_PART_TRIED_MAX {
        let part = |number: u32| {
            let chosen = members.iter().enumerate().filter(|(at, _)| number & 1 << at != 0);
            chosen.fold(0, |mask, (_, member)| mask | member)
        };
        parts.extend((0..1_u32 << count).map(part));
    }
    parts
}

/// Classes of one version together; where there are still too many, all of them.
fn by_version(classes: Vec<Vec<usize>>, labels: &Labels) -> Vec<Vec<usize>> {
    let mut versions: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for class in classes {
        let version = class.first().map_or("", |&label| labels.all[label].change.version.as_str());
        versions.entry(version).or_default().extend(class);
    }
    let mut classes: Vec<Vec<usize>> = versions.into_values().collect();
    if classes.len() > PLAYERS_MAX {
        classes = vec![classes.into_iter().flatten().collect()];
    }
    classes.iter_mut().for_each(|class| class.sort_by(|a, b| labels.all[*a].rank.cmp(&labels.all[*b].rank)));
    classes
}

fn player(labels: &[Label]) -> Player {
    let mut ids: Vec<&str> = Vec::new();
    for label in labels {
        if !ids.contains(&label.change.id.as_str()) {
            ids.push(&label.change.id);
        }
    }
    Player {
        id: ids.join("+"),
        version: labels.first().map(|label| label.change.version.clone()).unwrap_or_default(),
        begins: labels.iter().map(|label| label.begins).min().unwrap_or_default(),
        changes: labels.iter().map(|label| label.change.clone()).collect(),
    }
}

/// An id that two players have gets the version in front.
fn unique_ids(players: &mut [Player]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for player in players.iter() {
        *seen.entry(player.id.clone()).or_default() += 1;
    }
    for player in players.iter_mut().filter(|player| seen.get(&player.id).is_some_and(|&count| count > 1)) {
        player.id = format!("{}/{}", player.version, player.id);
    }
}

/// The first date of either book.
pub(super) fn first_date(one: &RuleBook, other: &RuleBook) -> NaiveDate {
    let first = |book: &RuleBook| book.sets.first().map(|set| set.valid_from);
    first(one).into_iter().chain(first(other)).min().unwrap_or_default()
}

/// The catalogue with all its differences; none where there are none.
pub(super) fn catalogue_label(labels: &mut Labels, one: &RuleBook, other: &RuleBook) -> Option<usize> {
    let (before, after) = (&one.catalogue, &other.catalogue);
    if before.terms_hash == after.terms_hash {
        return None;
    }
    let dates: BTreeSet<NaiveDate> =
        before.editions.iter().chain(&after.editions).map(|edition| edition.from).collect();
    let differs = |date: &NaiveDate| before.edition_on(*date) != after.edition_on(*date);
    let begins = dates.iter().find(|date| differs(date)).filter(|date| Some(date) != dates.first().as_ref());
    // What the first edition says holds before its date too.
    let begins = begins.copied().unwrap_or_else(|| first_date(one, other));
    let short = |hash: &str| Some(hash.chars().take(12).collect());
    let (from, to) = (short(&before.terms_hash), short(&after.terms_hash));
    let change = PlayerChange { from, to, ..PlayerChange::of_path("catalogue") };
    Some(labels.intern((String::new(), "catalogue".to_owned()), begins, usize::MAX, change))
}

/// Who may send facts of no partner; none where both books say the same.
pub(super) fn sources_label(labels: &mut Labels, one: &RuleBook, other: &RuleBook) -> Option<usize> {
    if one.sources_of_no_partner == other.sources_of_no_partner {
        return None;
    }
    let path = "sources.facts_of_no_partner";
    let said = |book: &RuleBook| Some(book.sources_of_no_partner.join(", "));
    let change = PlayerChange { from: said(one), to: said(other), ..PlayerChange::of_path(path) };
    Some(labels.intern((String::new(), path.to_owned()), first_date(one, other), usize::MAX, change))
}
