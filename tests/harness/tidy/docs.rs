//! The pages exist, every page can be reached, and every link between them leads somewhere.

use super::expect_none;
use super::source::{Source, sources};
use daybook_tests::workspace_root;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// Pages that the repository promises.
const PAGES: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "docs/README.md",
    "docs/events.md",
    "docs/rules.md",
    "docs/operation.md",
    "docs/glossary.md",
    "docs/decisions/README.md",
];

/// Pages that a reader starts from.
const STARTS: &[&str] = &["README.md", "docs/README.md", "docs/decisions/README.md"];

#[test]
fn the_promised_pages_exist() {
    let missing: Vec<String> = PAGES
        .iter()
        .filter(|page| !workspace_root().join(page).is_file())
        .map(|page| format!("{page} is not there: write it"))
        .collect();
    expect_none(&missing, "Pages:");
}

#[test]
fn every_page_of_the_docs_can_be_reached() {
    let pages = pages();
    let starts = pages.iter().filter(|page| STARTS.contains(&page.path.as_str()));
    let reached: BTreeSet<PathBuf> = starts.flat_map(links).map(|link| link.to).collect();
    let faults: Vec<String> = pages
        .iter()
        .filter(|page| page.path.starts_with("docs/") && !reached.contains(Path::new(&page.path)))
        .map(|page| format!("{} is linked from none of {}", page.path, STARTS.join(", ")))
        .collect();
    expect_none(&faults, "Pages that nobody finds:");
}

#[test]
fn every_link_leads_to_a_file() {
    let root = workspace_root();
    let pages = pages();
    let faults: Vec<String> = pages
        .iter()
        .flat_map(links)
        .filter(|link| !root.join(&link.to).exists())
        .map(|link| format!("{}: the link to {} leads nowhere", link.from, link.to.display()))
        .collect();
    expect_none(&faults, "Links between pages:");
}

/// A link from a page to a file of the repository.
struct Link {
    from: String,
    to: PathBuf,
}

fn pages() -> Vec<Source> {
    sources(&[".md"])
}

/// The links of a page that stay within the repository, as paths from its root.
fn links(page: &Source) -> Vec<Link> {
    let folder = Path::new(&page.path).parent().unwrap_or(Path::new("")).to_path_buf();
    let targets = page.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:") && !target.starts_with('#'))
        .map(|target| target.split('#').next().unwrap_or(target))
        .map(|target| Link { from: page.path.clone(), to: plain(&folder.join(target)) })
        .collect()
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
        plain
    })
}

#[test]
fn links_are_read_from_their_page() {
    let text = "[a](glossary.md#term) [b](../README.md) [c](https://example.org/x.md) [d](#here)".to_owned();
    let page = Source { path: "docs/events.md".to_owned(), text };
    let found: Vec<PathBuf> = links(&page).into_iter().map(|link| link.to).collect();
    assert_eq!(found, [PathBuf::from("docs/glossary.md"), PathBuf::from("README.md")]);
}
