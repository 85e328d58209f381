//! The rule books that situations and rule tests run under: the shipped one, and the synthetic one, which is in no binary.

use daybook_event::RuleFile;
use daybook_rules::model::RuleBook;
use daybook_rules::{
    BookArgument, Diagnostic, RuleLibrary, RuleTest, lint, load_tests, shipped_rule_files, shipped_tests,
};
use std::path::Path;
use std::sync::LazyLock;

/// A folder of rules.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// Built into the binary.
    Shipped,
    /// Invented numbers: `ledger/rules/synthetic`.
    Synthetic,
}

impl Rules {
    /// The folder that a situation names; without a name the shipped one.
    pub(crate) fn named(name: Option<&str>) -> Self {
        match name {
            None => Self::Shipped,
            Some("synthetic") => Self::Synthetic,
            Some(other) => panic!("{other:?} is no folder of rules: leave it out, or say \"synthetic\""),
        }
    }

    /// Loaded once for all situations.
    pub(crate) fn library(self) -> &'static RuleLibrary {
        static SHIPPED: LazyLock<RuleLibrary> = LazyLock::new(|| load(&Rules::Shipped.files()));
        static SYNTHETIC: LazyLock<RuleLibrary> = LazyLock::new(|| load(&Rules::Synthetic.files()));
        match self {
            Self::Shipped => &SHIPPED,
            Self::Synthetic => &SYNTHETIC,
        }
    }

    pub(crate) fn book(self, argument: &str) -> RuleBook {
        self.library().book(&BookArgument::parse(argument).unwrap()).unwrap()
    }

    /// The rule tests beside the rules.
    pub(crate) fn tests(self) -> Vec<RuleTest> {
        let (tests, diagnostics) = load_tests(&self.test_files());
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        tests
    }

    /// What lint has to say, up to the given date.
    pub(crate) fn lint(self, until: &str) -> Vec<Diagnostic> {
        lint(&self.files(), &self.test_files(), daybook_event::date_parse(until).unwrap())
    }

    fn files(self) -> Vec<RuleFile> {
        match self {
            Self::Shipped => shipped_rule_files(),
            Self::Synthetic => toml_files("ledger/rules/synthetic"),
        }
    }

    fn test_files(self) -> Vec<RuleFile> {
        let file = |(name, bytes): &(&str, &[u8])| RuleFile { name: (*name).to_owned(), bytes: bytes.to_vec() };
        match self {
            Self::Shipped => shipped_tests().iter().map(file).collect(),
            Self::Synthetic => toml_files("ledger/rules/synthetic/tests"),
        }
    }
}

fn load(files: &[RuleFile]) -> RuleLibrary {
    let (library, diagnostics) = RuleLibrary::load(files);
    library.unwrap_or_else(|| panic!("{}", diagnostics.iter().map(ToString::to_string).collect::<String>()))
}

fn toml_files(folder: &str) -> Vec<RuleFile> {
    let read = |path: &Path| RuleFile {
        name: path.file_name().unwrap().to_string_lossy().into_owned(),
        bytes: std::fs::read(path).unwrap(),
    };
    let listing = std::fs::read_dir(daybook_tests::workspace_root().join(folder)).unwrap();
    let paths = listing.map(|entry| entry.unwrap().path());
    let mut files: Vec<RuleFile> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == "toml")).map(|path| read(&path)).collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}
