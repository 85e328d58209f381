//! Who may do what.

use super::scene::{MONTH, PARTNER, Scene, text, token};
use daybook_console::http::{Access, Method, ROUTES, Role};
use daybook_tests::daybook::{Daybook, PATIENCE};
use serde_json::json;
use std::time::{Duration, Instant};

/// A path that the table's pattern stands for.
fn path_of(pattern: &str) -> String {
    pattern.replace("{position}", "1").replace("{entry}", "1")
}

#[test]
fn every_route_lets_in_exactly_the_roles_of_the_table() {
    let scene = Scene::start(&[]);
    let mut tried = 0;
    for route in ROUTES {
        let path = path_of(route.path);
        let send = |client: &super::client::Client| match route.method {
            Method::Get => client.get(&path),
            // Refused as it stands before anything is done.
            Method::Post => client.post(&path, "[]"),
        };
        let nobody = send(&scene.client);
        assert_eq!(nobody.status == 401, route.access != Access::Anybody, "{}: {}", route.path, nobody.status);
        let unknown = send(&scene.client.with("daybook-00"));
        assert_eq!(unknown.status == 401, route.access != Access::Anybody, "{}", route.path);
        for (name, role) in [
            ("contoso", Role::Distributor),
            ("auditor", Role::Auditor),
            ("finance", Role::Finance),
            ("operator", Role::Operator),
        ] {
            let answer = send(&scene.of(name));
            let is_refused = answer.status == 403 && answer.body.contains("the role");
            assert_eq!(is_refused, !route.lets_in(role), "{name} {}: {} {}", route.path, answer.status, answer.body);
            assert_ne!(answer.status, 500, "{name} {}: {}", route.path, answer.body);
            tried += 1;
        }
        let other = if route.method == Method::Get { "DELETE" } else { "PUT" };
        let answer = scene.of("operator").send(other, &path, "", b"").expect(405);
        assert!(answer.header("allow").is_some_and(|allow| allow.contains(&route.method.as_str().to_lowercase())));
    }
    println!("{tried} pairs of route and role");
    scene.of("auditor").get("/v1/nothing").expect(404);
    scene.end();
}

#[test]
fn answers_are_those_of_the_command_line() {
    let scene = Scene::start(&[]);
    let through = ["--through", "2022-12-31"];
    let (finance, auditor) = (scene.of("finance"), scene.of("auditor"));
    let views = finance.get("/v1/views?through=2022-12-31").expect(200).json();
    assert_eq!(views, scene.daybook.json(&[["views"].as_slice(), &through].concat()));
    let explained =
        auditor.get(&format!("/v1/explain?partner={PARTNER}&month={MONTH}&through=2022-12-31")).expect(200).json();
    let arguments = ["explain", "--partner", PARTNER, "--month", MONTH];
    assert_eq!(explained, scene.daybook.json(&[arguments.as_slice(), &through].concat()));
    assert!(!explained["postings"].as_array().unwrap().is_empty(), "the scene earns nothing: {explained}");
    let statement =
        finance.get(&format!("/v1/statement?partner={PARTNER}&month={MONTH}&through=2022-12-31")).expect(200).json();
    assert_eq!(statement["partner_id"], PARTNER);
    let compared = finance.get("/v1/compare?candidate=2021-10&through=2022-12-31").expect(200).json();
    assert!(compared["totals"].is_array(), "{compared}");
    let head = auditor.get("/v1/head").expect(200).json();
    assert_eq!((&head["position"], &head["root"]), (&views["position"], &views["root"]));
    let record = auditor.get("/v1/records/8").expect(200).json();
    assert_eq!(record["event"]["event_id"], "s-1");
    auditor.get("/v1/records/999").expect(404);
    assert_eq!(auditor.get("/v1/quarantine").expect(200).json(), json!([]));
    auditor.get("/v1/quarantine/1").expect(400);
    scene.end();
}

#[test]
fn an_act_is_signed_by_its_token_and_stands_in_the_ledger() {
    let scene = Scene::start(&[]);
    let operator = scene.of("operator");
    let adopted =
        operator.post_json("/v1/adoptions", &json!({"reason": "terms published", "approver": "C"})).expect(200);
    assert!(adopted.body.contains("adopt"), "{}", adopted.body);
    let position = operator.get("/v1/head").expect(200).json()["position"].as_u64().unwrap();
    let record = scene.of("auditor").get(&format!("/v1/records/{position}")).expect(200).json();
    assert_eq!(record["event"]["rule_book_adopted"]["adopted_by"], "operator", "{record}");
    // Who signs is who asks, whatever the body says.
    operator.post_json("/v1/adoptions", &json!({"reason": "r", "by": "somebody else"})).expect(400);
    let close = json!({"month": MONTH, "reason": "month end", "dry_run": true});
    let answer = scene.of("finance").post_json("/v1/close", &close);
    assert!(answer.status == 200 || answer.status == 409, "{} {}", answer.status, answer.body);
    let log = scene.end();
    assert!(log.contains("an act was asked for"), "{log}");
}

#[test]
fn without_tokens_the_door_tells_how_the_service_is_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let mut serving = daybook.start(&["serve", "--listen", "127.0.0.1:0"]);
    let client = super::client::Client::new(&serving.address());
    for path in ["/livez", "/readyz", "/metrics"] {
        client.get(path).expect(200);
    }
    let answer = client.get("/v1/head").expect(401);
    assert!(answer.body.contains("http.tokens"), "{}", answer.body);
    serving.terminate();
    serving.wait().ok();
    let beyond = daybook.run(&["serve", "--listen", "0.0.0.0:0"]);
    beyond.expect(2, &["0.0.0.0:0", "--tokens", "daybook token new"]);
}

#[test]
fn a_token_that_is_taken_out_of_the_file_lets_nobody_in() {
    let scene = Scene::start(&[]);
    let file = scene.tokens_file();
    scene.of("auditor").get("/v1/head").expect(200);
    let kept: Vec<String> = std::fs::read_to_string(&file)
        .unwrap()
        .split("[[token]]")
        .filter(|table| !table.contains("\"auditor\"") && !table.trim().is_empty())
        .map(|table| format!("[[token]]{table}"))
        .collect();
    std::fs::write(&file, kept.concat()).unwrap();
    let since = Instant::now();
    while scene.of("auditor").get("/v1/head").status != 401 {
        assert!(since.elapsed() < PATIENCE, "the token still lets in");
        std::thread::sleep(Duration::from_millis(100));
    }
    // Written wrong, the file changes nothing.
    std::fs::write(&file, "nonsense").unwrap();
    let mut scene = scene;
    assert!(scene.serving.has_said("the tokens stay as they were", 1));
    scene.of("finance").get("/v1/head").expect(200);
    scene.end();
}

#[test]
fn a_file_of_tokens_that_others_may_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let file = dir.path().join("tokens.toml");
    let made = token(&daybook, text(&file), "a", "auditor", &[]);
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(
        !std::fs::read_to_string(&file).unwrap().contains(made.trim_start_matches("daybook-")),
        "the token is in the file"
    );
    for mode in [0o666, 0o602, 0o620, 0o660] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let refused = daybook.run(&["serve", "--listen", "127.0.0.1:0", "--tokens", text(&file)]);
        refused.expect(2, &["tokens.toml", "its group or others may write it", "chmod go-w"]);
    }
    let twice = ["token", "new", "--tokens", text(&file), "--name", "a", "--role", "auditor"];
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    daybook.run(&twice).expect(2, &["two tokens", "\"a\""]);
}

#[test]
fn a_token_that_is_added_leaves_the_file_to_those_who_read_it_before() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    let dir = tempfile::tempdir().unwrap();
    let daybook = Daybook::on(&dir.path().join("ledger"));
    let file = dir.path().join("tokens.toml");
    token(&daybook, text(&file), "a", "auditor", &[]);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    // Only root can give a file to another group and user: as anybody else the mode alone is tried.
    let is_given = chown(&file, Some(1), Some(1)).is_ok();
    let seen = std::fs::metadata(&file).unwrap();
    println!("given to another user: {is_given}");
    token(&daybook, text(&file), "b", "auditor", &[]);
    let now = std::fs::metadata(&file).unwrap();
    let of = |file: &std::fs::Metadata| (file.uid(), file.gid(), file.permissions().mode() & 0o777);
    assert_eq!(of(&now), of(&seen));
    assert_eq!(std::fs::read_to_string(&file).unwrap().matches("[[token]]").count(), 2);
}
