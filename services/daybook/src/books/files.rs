//! Rule files from the binary or a folder.

use crate::failure::Failure;
use daybook_event::RuleFile;
use daybook_rules::{Diagnostic, RuleLibrary, Severity, shipped_rule_files};
use std::path::Path;

/// The rule files of `--rules`, or those built into the binary, in order of name.
///
/// A folder is read whole: rule sets, catalogue and book file beside each other, tests in the folder `tests` left out.
pub(crate) fn rule_files(dir: Option<&Path>) -> Result<Vec<RuleFile>, Failure> {
    let Some(dir) = dir else { return Ok(shipped_rule_files()) };
    let mut files = Vec::new();
    let listing = std::fs::read_dir(dir)
        .map_err(|error| Failure::Input(format!("cannot read the rules folder {}: {error}", dir.display())))?;
    for entry in listing {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml" || extension == "lock") {
            files.push(rule_file(&path)?);
        }
    }
    if files.is_empty() {
        return Err(Failure::Input(format!("{} holds no .toml rule file", dir.display())));
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

/// One rule file from disk.
pub(crate) fn rule_file(path: &Path) -> Result<RuleFile, Failure> {
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::Input(format!("cannot read the rule file {}: {error}", path.display())))?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(RuleFile { name, bytes })
}

/// The rule files, loaded. Errors among them end the verb with their text; warnings do not.
pub(crate) fn library(dir: Option<&Path>) -> Result<RuleLibrary, Failure> {
    let (library, diagnostics) = RuleLibrary::load(&rule_files(dir)?);
    library.ok_or_else(|| refused(&diagnostics))
}

/// Says why rule files do not load.
pub(crate) fn refused(diagnostics: &[Diagnostic]) -> Failure {
    let errors: Vec<String> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .map(ToString::to_string)
        .collect();
    Failure::Input(format!("the rule files do not load\n\n{}", errors.join("\n")))
}
