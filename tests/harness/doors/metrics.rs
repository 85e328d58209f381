//! The metrics are exported, documented and alarmed on under the same names.

use super::scene::{Scene, sale};
use daybook_console::metrics::METRICS;
use daybook_tests::workspace_root;

fn file(path: &str) -> String {
    std::fs::read_to_string(workspace_root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Words that begin like a metric of ours.
fn named(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !(c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit()));
    words.filter(|word| word.starts_with("daybook_") && *word != "daybook_").collect()
}

/// Whether the table has a metric of this name, as queries write it.
fn is_exported(name: &str) -> bool {
    METRICS.iter().any(|metric| {
        metric.name_in_queries() == name || metric.name == name.trim_end_matches("_sum").trim_end_matches("_count")
    })
}

#[test]
fn every_metric_of_the_alerts_and_the_page_is_exported_and_every_exported_one_has_a_row() {
    for path in ["deploy/prometheus/alerts.yaml", "docs/alarms.md"] {
        for name in named(&file(path)) {
            assert!(is_exported(name), "{path} names {name}, which nothing exports");
        }
    }
    let page = file("docs/alarms.md");
    for metric in METRICS {
        let row = format!("| `{}` | {} |", metric.name_in_queries().trim_end_matches("_bucket"), metric.unit);
        assert!(page.contains(&row), "docs/alarms.md has no row that begins: {row}");
    }
}

#[test]
fn every_alarm_has_a_section_that_says_what_to_do() {
    let (alerts, page) = (file("deploy/prometheus/alerts.yaml"), file("docs/alarms.md"));
    let names: Vec<&str> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(names.len() >= 8, "{names:?}");
    for name in &names {
        let section = page.split("\n### ").find(|section| section.starts_with(&format!("{name}\n")));
        let section = section.unwrap_or_else(|| panic!("docs/alarms.md has no section {name}"));
        for part in ["**Means.**", "**Look.**", "**Do.**", "**Test.**"] {
            assert!(section.contains(part), "{name}: no {part}");
        }
        let anchor = format!("docs/alarms.md#{}", name.to_lowercase());
        assert!(alerts.contains(&anchor), "{name}: no link to {anchor}");
    }
    for section in page.split("\n### Daybook").skip(1) {
        let name = format!("Daybook{}", section.lines().next().unwrap_or_default());
        assert!(names.contains(&name.as_str()), "{name} is a section and no alarm");
    }
}

#[test]
fn metrics_are_scraped_by_whoever_may() {
    let scene = Scene::start(&[]);
    scene.of("contoso").post("/v1/events", &sale("contoso", "s-1", "5.00")).expect(200);
    scene.client.get("/metrics").expect(401);
    scene.of("contoso").get("/metrics").expect(403);
    let answer = scene.of("auditor").get("/metrics").expect(200);
    assert_eq!(answer.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    for line in [
        "daybook_records 13\n",
        "daybook_is_following 1\n",
        "daybook_quarantine_entries{reason=\"conflict\",state=\"open\"} 1\n",
        "daybook_http_requests_total{route=\"/v1/events\",status=\"200\"} 1\n",
        "daybook_http_requests_total{route=\"/metrics\",status=\"401\"} 1\n",
        "daybook_batches_total 1\n",
        "daybook_commit_duration_seconds_count 1\n",
    ] {
        assert!(answer.body.contains(line), "{line}: {}", answer.body);
    }
    let free = answer.body.lines().find_map(|line| line.strip_prefix("daybook_disk_free_bytes "));
    assert!(free.is_some_and(|bytes| bytes.parse::<u64>().is_ok_and(|bytes| bytes > 0)), "{free:?}");
    scene.end();
}

#[test]
fn every_log_line_of_the_page_is_said_somewhere() {
    let page = file("docs/alarms.md");
    let levels = ["| info |", "| warn |", "| error |", "| debug |"];
    let rows: Vec<&str> = page.lines().filter(|line| levels.iter().any(|level| line.starts_with(level))).collect();
    let mut sources = String::new();
    collect(&workspace_root().join("services"), &mut sources);
    // A message of two lines of source is one line of the log.
    let sources = sources.replace("\\\n", "").split_whitespace().collect::<Vec<_>>().join(" ");
    let mut checked = 0;
    for row in rows {
        let cells: Vec<&str> = row.split(" | ").collect();
        let message = cells[1].trim_matches('`').trim_end_matches("...").trim_end();
        assert!(sources.contains(message), "docs/alarms.md has a log line that nothing says: {message}");
        checked += 1;
    }
    assert!(checked > 15, "only {checked} rows of log lines were found");
}

fn collect(folder: &std::path::Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, text);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}
