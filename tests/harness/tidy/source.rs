//! The files of the repository, and Rust text with its comments, literals and tests blanked out.
//!
//! Not a parser: enough of the lexical rules that a word inside a comment or a string is not taken for code.

use daybook_tests::workspace_root;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold nothing written by hand for this project.
const SKIPPED: &[&str] = &["target", "daybook-data"];

/// A text file.
pub(super) struct Source {
    /// Where, from the workspace's root, with `/` between the parts.
    pub(super) path: String,
    /// As it stands.
    pub(super) text: String,
}

/// A Rust file.
pub(super) struct RustSource {
    /// Where, from the workspace's root.
    pub(super) path: String,
    /// As it stands.
    pub(super) text: String,
    /// The same lines without comments, literals and items under `#[cfg(test)]`.
    pub(super) code: String,
    /// Whether all of it is test code.
    pub(super) is_test: bool,
}

/// Every text file with one of these endings, sorted by path.
pub(super) fn sources(endings: &[&str]) -> Vec<Source> {
    let root = workspace_root();
    let mut found = Vec::new();
    collect(&root, &root, endings, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Every Rust file, sorted by path.
pub(super) fn rust_sources() -> Vec<RustSource> {
    let files = sources(&[".rs"]);
    let test_modules: Vec<String> = files.iter().flat_map(|file| test_modules_of(&file.path, &file.text)).collect();
    let is_test = |path: &str| {
        let stem = path.trim_end_matches(".rs");
        path.split('/').any(|part| part == "tests")
            || test_modules.iter().any(|module| stem == module || stem.starts_with(&format!("{module}/")))
    };
    files
        .into_iter()
        .map(|file| RustSource {
            is_test: is_test(&file.path),
            code: without_tests(&without_literals(&file.text)),
            path: file.path,
            text: file.text,
        })
        .collect()
}

fn collect(root: &Path, folder: &Path, endings: &[&str], found: &mut Vec<Source>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path: PathBuf = entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            // Hidden folders are tools' own: .git, .tools, editors.
            if !name.starts_with('.') && !SKIPPED.contains(&name.as_str()) {
                collect(root, &path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let relative = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            found.push(Source { path: relative, text });
        }
    }
}

/// The text with comments and literals as spaces. Lines stay where they are.
pub(super) fn without_literals(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match blank_length(rest, code.ends_with(is_word)) {
            Some(length) => {
                code.extend(rest[..length].chars().map(|c| if c == '\n' { c } else { ' ' }));
                rest = &rest[length..];
            }
            None => {
                code.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    code
}

/// How many bytes at the start are a comment or a literal.
fn blank_length(rest: &str, after_word: bool) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment_length(rest));
    }
    if !after_word && let Some(length) = raw_string_length(rest) {
        return Some(length);
    }
    match rest.as_bytes().first() {
        Some(b'"') => Some(string_length(rest)),
        Some(b'\'') => char_length(rest),
        _ => None,
    }
}

/// Block comments nest.
fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn raw_string_length(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r"].into_iter().find(|prefix| rest.starts_with(prefix))?;
    let hashes = rest[prefix.len()..].bytes().take_while(|b| *b == b'#').count();
    let body_at = prefix.len() + hashes + 1;
    if rest.as_bytes().get(body_at - 1) != Some(&b'"') {
        return None;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    Some(rest[body_at..].find(&close).map_or(rest.len(), |end| body_at + end + close.len()))
}

fn string_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// A character literal; none where the quote begins a lifetime.
fn char_length(rest: &str) -> Option<usize> {
    let first = rest[1..].chars().next()?;
    if first == '\\' {
        return rest.get(3..)?.find('\'').map(|end| end + 4);
    }
    let close_at = 1 + first.len_utf8();
    rest[close_at..].starts_with('\'').then_some(close_at + 1)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Openings of the attributes that keep an item out of a build without tests.
const TEST_ONLY: &[&str] = &["#[cfg(test)]", "#[cfg(any(test,"];

/// Code with the items under `#[cfg(test)]` as spaces.
fn without_tests(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = TEST_ONLY.iter().filter_map(|opening| rest.find(opening)).min() {
        let length = item_length(&rest[at..]);
        kept.push_str(&rest[..at]);
        kept.extend(rest[at..at + length].chars().filter(|c| *c == '\n'));
        rest = &rest[at + length..];
    }
    kept + rest
}

/// From an attribute to the end of the item that it stands on: its semicolon or its closing brace.
fn item_length(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            ';' if depth == 0 => return at + 1,
            '{' => depth += 1,
            '}' if depth <= 1 => return at + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

/// The modules in files of their own that a file declares under `#[cfg(test)]`: their paths without `.rs`.
fn test_modules_of(path: &str, text: &str) -> Vec<String> {
    let stem = path.trim_end_matches(".rs");
    let folder = match stem.rsplit_once('/') {
        Some((folder, "mod" | "lib" | "main")) => folder,
        _ => stem,
    };
    let code = without_literals(text);
    let items = TEST_ONLY.iter().flat_map(|opening| code.match_indices(opening));
    let heads = items.filter_map(|(at, _)| code[at..at + item_length(&code[at..])].strip_suffix(';'));
    heads.filter_map(|head| head.rsplit_once("mod ").map(|(_, name)| format!("{folder}/{}", name.trim()))).collect()
}

#[test]
fn comments_and_literals_are_no_code() {
    let text = "a // b\nc /* d /* e */ f */ g \"h \\\" i\" 'j' '\\'' k<'l> r#\"m \" n\"# o\n";
    let words: Vec<String> = without_literals(text).split_whitespace().map(str::to_owned).collect();
    assert_eq!(words, ["a", "c", "g", "k<'l>", "o"]);
    assert_eq!(without_literals(text).lines().count(), text.lines().count());
}

#[test]
fn test_items_are_left_out_and_lines_stay() {
    let code = "use a;\n#[cfg(test)]\nmod tests {\n    fn b() { c(); }\n}\nfn d() {}\n#[cfg(test)]\nmod e;\nfn f() {}";
    let kept = without_tests(code);
    assert_eq!(kept.split_whitespace().collect::<Vec<_>>(), ["use", "a;", "fn", "d()", "{}", "fn", "f()", "{}"]);
    assert_eq!(kept.lines().position(|line| line == "fn d() {}"), Some(5));
}

#[test]
fn test_modules_in_their_own_files_are_found() {
    assert_eq!(test_modules_of("a/src/lib.rs", "#[cfg(test)]\nmod kit;\nmod b;"), ["a/src/kit"]);
    assert_eq!(test_modules_of("a/src/c.rs", "#[cfg(test)]\npub(crate) mod kit;"), ["a/src/c/kit"]);
    assert!(test_modules_of("a/src/lib.rs", "#[cfg(test)]\nmod tests { mod x; }").is_empty());
}
