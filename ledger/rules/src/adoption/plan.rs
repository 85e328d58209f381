//! What an adoption would hold: judged before anything is recorded.

use super::adopted::{Adopted, AdoptionError, format_named};
use crate::hashes::sha256_hex;
use crate::header::Format;
use crate::library::{RuleLibrary, Version};
use crate::model::{Catalogue, RuleBook};
use daybook_event::RuleFile;

/// Which versions are to be adopted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedVersions {
    /// Every version offered that is no what-if.
    Every,
    /// These, by id.
    These(Vec<String>),
}

/// An adoption that may be recorded.
#[derive(Debug, Clone)]
pub struct AdoptionPlan {
    /// The files that it adds: rule sets by their first date, then what changes of catalogue and book file. Empty where
    /// everything wanted is adopted already.
    pub files: Vec<RuleFile>,
    /// The versions that it adds.
    pub added: Vec<String>,
    /// The versions wanted that are adopted already, with these bytes.
    pub standing: Vec<String>,
    /// The book in force after it; none where nothing is adopted and nothing added.
    pub book: Option<RuleBook>,
}

/// Why an adoption may not be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No such version.
    #[error("no version {asked:?} among the rules: there are {known}")]
    Unknown {
        /// The id asked for.
        asked: String,
        /// The ids that there are.
        known: String,
    },
    /// A what-if.
    #[error("{0} is a what-if (hypothetical = true), which is never adopted: write it as a version")]
    WhatIf(String),
    /// Adopted with other bytes.
    #[error(
        "{version} is adopted already with other bytes (sha256 {adopted}, offered {offered}): an adopted file never \
         changes; restore it, and write a correction as a new file with version = \"{base}.r{next}\""
    )]
    Changed {
        /// The version.
        version: String,
        /// The hash of the adopted bytes.
        adopted: String,
        /// The hash of the others.
        offered: String,
        /// The version without its revision.
        base: String,
        /// The next revision.
        next: u32,
    },
    /// The parent is neither adopted nor in the act.
    #[error("{version} extends {parent}, which is not adopted: adopt {parent} before, or in the same act")]
    ParentNotAdopted {
        /// The version.
        version: String,
        /// Its parent.
        parent: String,
    },
    /// What the files make together is refused.
    #[error(transparent)]
    Refused(#[from] AdoptionError),
}

/// Judges an adoption. `offered` is where versions are looked up, `beside` the files that catalogue and book file are
/// taken from: both go with the versions, where they say more than the adopted ones.
///
/// # Errors
/// [`PlanError`], when it may not be recorded.
pub fn adoption_plan(
    adopted: &Adopted,
    offered: &RuleLibrary,
    beside: &[RuleFile],
    wanted: &WantedVersions,
) -> Result<AdoptionPlan, PlanError> {
    let (mut new, mut standing) = (Vec::new(), Vec::new());
    for version in wanted_versions(offered, wanted)? {
        match adopted.library().and_then(|known| known.version(&version.set.version)) {
            Some(known) if known.set.hashes.file_sha256 == version.set.hashes.file_sha256 => {
                standing.push(version.set.version.clone());
            }
            Some(known) => return Err(changed(known, version)),
            None => new.push(version),
        }
    }
    new.iter().try_for_each(|version| parent_check(adopted, &new, version))?;
    let mut files: Vec<RuleFile> = new.iter().filter_map(|version| offered.file_of(version).cloned()).collect();
    if !new.is_empty() || *wanted == WantedVersions::Every {
        files.extend(others(adopted, offered, beside));
    }
    let added = new.iter().map(|version| version.set.version.clone()).collect();
    let book = if files.is_empty() {
        adopted.library().map(RuleLibrary::current)
    } else {
        Some(adopted.plus(&files)?.current())
    };
    Ok(AdoptionPlan { files, added, standing, book })
}

fn wanted_versions<'l>(offered: &'l RuleLibrary, wanted: &WantedVersions) -> Result<Vec<&'l Version>, PlanError> {
    let WantedVersions::These(ids) = wanted else {
        return Ok(offered.versions().iter().filter(|version| !version.set.hypothetical).collect());
    };
    for id in ids {
        let Some(version) = offered.version(id) else {
            let known: Vec<&str> = offered.versions().iter().map(|version| version.set.version.as_str()).collect();
            return Err(PlanError::Unknown { asked: id.clone(), known: known.join(", ") });
        };
        if version.set.hypothetical {
            return Err(PlanError::WhatIf(id.clone()));
        }
    }
    // In the library's order, each once: the same act, however it was asked for.
    Ok(offered.versions().iter().filter(|version| ids.contains(&version.set.version)).collect())
}

fn changed(known: &Version, version: &Version) -> PlanError {
    PlanError::Changed {
        version: version.set.version.clone(),
        adopted: known.set.hashes.file_sha256.clone(),
        offered: version.set.hashes.file_sha256.clone(),
        base: version.base_id().to_owned(),
        next: version.revision + 1,
    }
}

fn parent_check(adopted: &Adopted, new: &[&Version], version: &Version) -> Result<(), PlanError> {
    let Some(parent) = &version.extends else { return Ok(()) };
    let is_adopted = adopted.library().is_some_and(|known| known.version(parent).is_some());
    if is_adopted || new.iter().any(|other| other.set.version == *parent) {
        return Ok(());
    }
    Err(PlanError::ParentNotAdopted { version: version.set.version.clone(), parent: parent.clone() })
}

/// Catalogue and book file, as far as they say something that the adopted ones do not. An older catalogue says nothing new.
fn others<'f>(adopted: &Adopted, offered: &RuleLibrary, beside: &'f [RuleFile]) -> impl Iterator<Item = RuleFile> + 'f {
    let known: Option<&RuleLibrary> = adopted.library();
    let holds = |catalogue: &Catalogue| offered.catalogue.editions.iter().all(|one| catalogue.editions.contains(one));
    let is_catalogue_new = !known.is_some_and(|known| holds(&known.catalogue));
    let same_sources = known.is_some_and(|known| known.sources_of_no_partner == offered.sources_of_no_partner);
    let is_book_new = adopted.file_of(Format::Book).is_none() || !same_sources;
    let is_new = move |file: &&RuleFile| match format_named(file) {
        Some(Format::Catalogue) => is_catalogue_new,
        Some(Format::Book) => is_book_new,
        _ => false,
    };
    beside.iter().filter(is_new).cloned()
}

impl AdoptionPlan {
    /// Name and SHA-256 of each file that it adds.
    #[must_use]
    pub fn file_hashes(&self) -> Vec<(String, String)> {
        self.files.iter().map(|file| (file.name.clone(), sha256_hex(&file.bytes))).collect()
    }
}
