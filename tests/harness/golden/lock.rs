//! `engine-semantics.lock`: the digest of every situation's rows under the engine semantics number that made them.

use super::situation::Situation;
use std::collections::BTreeMap;
use std::path::PathBuf;

fn path() -> PathBuf {
    daybook_tests::workspace_root().join("replay-fixtures/engine-semantics.lock")
}

/// A digest that changes under an unchanged number would let two builds disagree about the same coordinates.
#[test]
fn digests_change_only_with_the_engine_semantics_number() {
    let digests: BTreeMap<String, String> =
        Situation::all().iter().map(|situation| (situation.name(), situation.digest())).collect();
    let number = daybook_views::ENGINE_SEMANTICS;
    let mut text = format!(
        "# The digest of every situation's rows. A digest may change only together with the engine semantics number.\n\
         # UPDATE_EXPECT=1 rewrites this file.\n\
         engine_semantics = {number}\n\n[digests]\n"
    );
    for (name, digest) in &digests {
        text.push_str(&format!("{name} = \"{digest}\"\n"));
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path(), &text).unwrap();
    }
    let locked: toml::Table = std::fs::read_to_string(path()).unwrap().parse().unwrap();
    assert_eq!(
        locked["engine_semantics"].as_integer(),
        Some(i64::from(number)),
        "raise the number and update the lock"
    );
    for (name, digest) in &digests {
        let known = locked["digests"].get(name).and_then(toml::Value::as_str);
        assert_eq!(known, Some(digest.as_str()), "{name}: other rows under the same engine semantics number");
    }
}
