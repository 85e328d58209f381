//! What differs between two rule sets.

use super::Difference;
use crate::library::VersionChange;
use crate::model::{Origin, RuleSet};
use std::collections::{BTreeMap, BTreeSet};

type Parameters = BTreeMap<String, Origin>;

pub(super) fn differences(reference: Option<&RuleSet>, candidate: Option<&RuleSet>) -> Vec<Difference> {
    match (reference, candidate) {
        (Some(one), Some(other)) => between(one, other),
        (None, None) => Vec::new(),
        // Where one book has begun and the other has not, the whole of the terms differs.
        (one, other) => {
            let id = |set: Option<&RuleSet>| set.map(|set| set.version.clone());
            let version = id(other).or_else(|| id(one)).unwrap_or_default();
            vec![Difference {
                path: "terms".to_owned(),
                from: id(one),
                to: id(other),
                version,
                ..Difference::default()
            }]
        }
    }
}

fn between(one: &RuleSet, other: &RuleSet) -> Vec<Difference> {
    let mut found = Vec::new();
    let (before, after) = (&one.origins, &other.origins);
    for (path, origin) in after {
        match before.get(path) {
            Some(inherited) if inherited.value == origin.value => {}
            Some(inherited) => {
                let difference = said_by(other, path, origin);
                let (from, to) = (Some(inherited.value.clone()), Some(origin.value.clone()));
                found.push(Difference { from, to, ..difference });
            }
            None => {}
        }
    }
    let added: BTreeSet<String> = alone(after, before).map(|path| root(path, before, added_by(other, path))).collect();
    for root in added {
        if let Some((_, origin)) = within(after, &root).next() {
            let to = Some(text_of(after, &root));
            found.push(Difference { to, ..said_by(other, &root, origin) });
        }
    }
    let gone: BTreeSet<String> = alone(before, after).map(|path| root(path, after, removed_at(other, path))).collect();
    for root in gone {
        if let Some((_, origin)) = within(before, &root).next() {
            let from = Some(text_of(before, &root));
            found.push(Difference { from, ..removed_by(other, &root, origin) });
        }
    }
    let gates = |set: &RuleSet| set.gates.iter().map(|gate| gate.name.clone()).collect();
    let levers = |set: &RuleSet| set.levers.iter().map(|lever| lever.name.clone()).collect();
    found.extend(order("gate", gates(one), gates(other), other));
    found.extend(order("lever", levers(one), levers(other), other));
    found
}

/// Who says what stands at a path of the candidate.
fn said_by(set: &RuleSet, path: &str, origin: &Origin) -> Difference {
    Difference {
        path: path.to_owned(),
        change: origin.change_id.clone().unwrap_or_default(),
        version: if origin.version.is_empty() { set.version.clone() } else { origin.version.clone() },
        why: origin.why.clone(),
        cite: origin.cite.clone(),
        source: origin.source_title.clone(),
        ..Difference::default()
    }
}

/// Who took away what stood at a path: the change that did, or else the version that does not have it.
fn removed_by(set: &RuleSet, path: &str, stood: &Origin) -> Difference {
    let path = path.to_owned();
    match removal(set, &path) {
        Some(change) => Difference {
            path,
            change: change.id.clone(),
            version: change.version.clone(),
            why: change.why.clone(),
            cite: change.cite.join(", "),
            source: change.source_title.clone(),
            ..Difference::default()
        },
        None => Difference {
            path,
            version: set.version.clone(),
            cite: stood.cite.clone(),
            source: stood.source_title.clone(),
            ..Difference::default()
        },
    }
}

/// The last change that could have taken a path away: it names the path or a block around it, and puts nothing there.
fn removal<'s>(set: &'s RuleSet, path: &str) -> Option<&'s VersionChange> {
    set.changes.iter().rev().find(|change| change.to.is_none() && is_within(path, &change.path))
}

fn removed_at<'s>(set: &'s RuleSet, path: &str) -> Option<&'s str> {
    removal(set, path).map(|change| change.path.as_str())
}

/// What the change that added a path added as a whole.
fn added_by<'s>(set: &'s RuleSet, path: &str) -> Option<&'s str> {
    let id = set.origins.get(path)?.change_id.as_ref()?;
    let adds = |change: &&VersionChange| change.id == *id && change.from.is_none() && is_within(path, &change.path);
    set.changes.iter().find(adds).map(|change| change.path.as_str())
}

fn is_within(path: &str, block: &str) -> bool {
    path.strip_prefix(block).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The parameters that only the first of two sets has.
fn alone<'p>(has: &'p Parameters, lacks: &'p Parameters) -> impl Iterator<Item = &'p str> {
    has.keys().filter(|path| !lacks.contains_key(*path)).map(String::as_str)
}

/// The widest block around a path that a set lacks; but where one change made the difference, no more than that change.
fn root(path: &str, lacks: &Parameters, by_change: Option<&str>) -> String {
    let ends = path.match_indices('.').map(|(at, _)| at).chain([path.len()]);
    let widest = ends.map(|end| &path[..end]).find(|prefix| within(lacks, prefix).next().is_none()).unwrap_or(path);
    by_change.filter(|change| is_within(change, widest)).unwrap_or(widest).to_owned()
}

/// The parameters at or under a path.
fn within<'p>(parameters: &'p Parameters, path: &str) -> impl Iterator<Item = (&'p String, &'p Origin)> + use<'p> {
    let under = format!("{path}.");
    let alone = parameters.get_key_value(path);
    let inside = parameters.range(under.clone()..).take_while(move |(key, _)| key.starts_with(&under));
    alone.into_iter().chain(inside)
}

/// What stands at a path: the value, or a block's parameters in file order.
fn text_of(parameters: &Parameters, path: &str) -> String {
    if let Some(origin) = parameters.get(path) {
        return origin.value.clone();
    }
    let mut inside: Vec<(&String, &Origin)> = within(parameters, path).collect();
    inside.sort_by(|a, b| (&a.1.file, a.1.line).cmp(&(&b.1.file, b.1.line)));
    let inside = inside.iter().map(|(key, origin)| format!("{} = {}", &key[path.len() + 1..], origin.value));
    inside.collect::<Vec<_>>().join("; ")
}

/// Blocks whose order decides something, where both sets have the same ones in another order.
fn order(block: &str, one: Vec<String>, other: Vec<String>, candidate: &RuleSet) -> Option<Difference> {
    let shared = |all: &[String], known: &[String]| -> Vec<String> {
        all.iter().filter(|name| known.contains(name)).cloned().collect()
    };
    let (before, after) = (shared(&one, &other), shared(&other, &one));
    (before != after).then(|| Difference {
        path: format!("{block} (order)"),
        from: Some(before.join(", ")),
        to: Some(after.join(", ")),
        version: candidate.version.clone(),
        ..Difference::default()
    })
}
