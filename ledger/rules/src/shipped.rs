//! The rule files that are built into the crate.

use daybook_event::RuleFile;

type Embedded = (&'static str, &'static [u8]);

static FILES: [Embedded; 10] = [
    ("book.toml", include_bytes!("../csp-indirect-reseller/book.toml")),
    ("2020-01.toml", include_bytes!("../csp-indirect-reseller/2020-01.toml")),
    ("2020-10.toml", include_bytes!("../csp-indirect-reseller/2020-10.toml")),
    ("2021-10.toml", include_bytes!("../csp-indirect-reseller/2021-10.toml")),
    ("2022-10.toml", include_bytes!("../csp-indirect-reseller/2022-10.toml")),
    ("2023-10.toml", include_bytes!("../csp-indirect-reseller/2023-10.toml")),
    ("2024-10.toml", include_bytes!("../csp-indirect-reseller/2024-10.toml")),
    ("2025-07.toml", include_bytes!("../csp-indirect-reseller/2025-07.toml")),
    ("catalogue.toml", include_bytes!("../csp-indirect-reseller/catalogue.toml")),
    ("rules.lock", include_bytes!("../csp-indirect-reseller/rules.lock")),
];

static TESTS: [Embedded; 7] = [
    ("tests/2020-01.tests.toml", include_bytes!("../csp-indirect-reseller/tests/2020-01.tests.toml")),
    ("tests/2020-10.tests.toml", include_bytes!("../csp-indirect-reseller/tests/2020-10.tests.toml")),
    ("tests/2021-10.tests.toml", include_bytes!("../csp-indirect-reseller/tests/2021-10.tests.toml")),
    ("tests/2022-10.tests.toml", include_bytes!("../csp-indirect-reseller/tests/2022-10.tests.toml")),
    ("tests/2023-10.tests.toml", include_bytes!("../csp-indirect-reseller/tests/2023-10.tests.toml")),
    ("tests/2024-10.tests.toml", include_bytes!("../csp-indirect-reseller/tests/2024-10.tests.toml")),
    ("tests/2025-07.tests.toml", include_bytes!("../csp-indirect-reseller/tests/2025-07.tests.toml")),
];

/// Name and bytes of every shipped file of the CSP indirect reseller program: the book, its versions, the catalogue and
/// the lock.
#[must_use]
pub fn shipped_files() -> &'static [(&'static str, &'static [u8])] {
    &FILES
}

/// Name and bytes of every shipped file of rule tests.
#[must_use]
pub fn shipped_tests() -> &'static [(&'static str, &'static [u8])] {
    &TESTS
}

/// The shipped files in the form that the loader takes.
#[must_use]
pub fn shipped_rule_files() -> Vec<RuleFile> {
    FILES.iter().map(|(name, bytes)| RuleFile { name: (*name).to_owned(), bytes: bytes.to_vec() }).collect()
}
