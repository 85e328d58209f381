//! The description of the door and the page about it are those of the table.

use daybook_console::http::{Access, Fault, ROUTES, Role, document};
use daybook_tests::workspace_root;

#[test]
fn the_kept_description_is_the_tables() {
    let path = workspace_root().join("docs/openapi.json");
    let made = serde_json::to_string_pretty(&document()).unwrap() + "\n";
    if std::env::var_os("DAYBOOK_BLESS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == made, "docs/openapi.json is not what the table of routes says: run this test with DAYBOOK_BLESS=1");
}

#[test]
fn the_page_has_a_row_for_every_route_and_every_fault() {
    let page = std::fs::read_to_string(workspace_root().join("docs/http.md")).unwrap();
    for route in ROUTES {
        let roles = match route.access {
            Access::Anybody => "anybody".to_owned(),
            Access::LoopbackOr(_) | Access::Roles(_) => {
                let roles = Role::ALL.iter().filter(|role| route.lets_in(**role)).map(|role| role.as_str());
                roles.collect::<Vec<_>>().join(", ")
            }
        };
        let row = format!("| `{} {}` | {roles} |", route.method.as_str(), route.path);
        assert!(page.contains(&row), "docs/http.md has no row that begins: {row}");
    }
    for (status, code, _) in Fault::ALL {
        let row = format!("| {status} | `{code}` |");
        assert!(page.contains(&row), "docs/http.md has no row that begins: {row}");
    }
}
