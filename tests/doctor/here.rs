//! This place, and what earlier runs have left.

use std::os::unix::fs::PermissionsExt;

use super::set_up::{SetUp, set_up};
use super::support::{alone, test_child};

/// What is said of this place by these checks.
fn told(set_up: &SetUp, code: i32, checks: &[&str]) -> String {
    set_up.says(code, &[]);
    let read: serde_json::Value = serde_json::from_slice(&set_up.doctor(&["--json"]).stdout).unwrap();
    let findings = read["findings"].as_array().unwrap();
    let text = |name: &str, finding: &serde_json::Value| finding[name].as_str().unwrap_or("-").to_owned();
    let lines: Vec<String> = checks
        .iter()
        .map(|check| {
            let found = findings.iter().find(|finding| finding["check"] == **check);
            let found = found.unwrap_or_else(|| panic!("{check} is not among {findings:#?}"));
            format!("{} {}\n-> {}", text("grade", found), text("what", found), text("remedy", found))
        })
        .collect();
    lines.join("\n").replace(set_up.home().path().to_str().unwrap(), "HOME")
}

/// The text with the name and the age of a run masked.
fn without_times(text: &str) -> String {
    let masked = text.split(' ').map(|word| match word.strip_suffix(':') {
        _ if word.len() > 20 && word.starts_with("20") && word.matches('-').count() == 3 => "RUN",
        _ if word.parse::<u32>().is_ok() => "N",
        _ => word,
    });
    masked.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_folder_that_is_a_file() {
    let set_up = set_up().file("state/otel-run", "");
    insta::assert_snapshot!(told(&set_up, 2, &["here.folder.unusable"]));
}

#[test]
fn a_folder_below_a_file() {
    let set_up = set_up().file("file", "");
    let folder = set_up.path("file/runs");
    insta::assert_snapshot!(told(&set_up.env("OTEL_RUN_STATE_DIR", folder), 2, &["here.folder.unusable"]));
}

#[test]
fn a_folder_that_others_can_look_into() {
    let set_up = set_up();
    let folder = set_up.home().state();
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    insta::assert_snapshot!(told(&set_up, 0, &["here.folder.mode"]));
}

#[test]
fn no_folder_at_all() {
    let run = set_up().otel_run().without_env("HOME").without_env("XDG_STATE_HOME");
    // The user's database names a home as well.
    let told = run.env("OTEL_RUN_STATE_DIR", "/dev/null/runs").arg("doctor").expect_exit(2);
    assert!(told.stdout_text().contains("runs cannot be kept in /dev/null/runs"), "{}", told.stdout_text());
}

#[test]
fn a_run_that_was_not_delivered() {
    let set_up =
        set_up().env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1").options(["--drain-deadline", "100ms"]);
    set_up.run();
    let read: serde_json::Value = serde_json::from_slice(&set_up.doctor(&["--json"]).stdout).unwrap();
    let findings = read["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["check"] == "here.undelivered").unwrap();
    insta::assert_snapshot!(without_times(found["what"].as_str().unwrap()), @"N run is not delivered whole, RUN from N seconds ago: cannot reach http://127.0.0.1:1: Connection refused (os error 111)");
    assert_eq!(found["grade"], "warning");
    set_up.run();
}

#[test]
fn a_run_of_an_agent_of_which_nothing_arrived() {
    let set_up = set_up().installed("opencode", "opencode-ai", "1.18.33").agent("opencode").after_a_run();
    insta::assert_snapshot!(without_times(&told(&set_up, 0, &["here.last.nothing"])));
}

#[test]
fn a_run_as_it_should_be() {
    let set_up = set_up().into_a_file().after_a_run();
    insta::assert_snapshot!(without_times(&told(&set_up, 0, &["here.last"])));
}

#[test]
fn a_run_that_cannot_be_read() {
    let set_up = set_up().after_a_run();
    let run = std::fs::read_dir(set_up.home().state().join("runs")).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(run.join("summary.json")).unwrap();
    std::fs::write(run.join("log"), "this is no log, and was never one").unwrap();
    insta::assert_snapshot!(told(&set_up, 0, &["here.unreadable"]));
}

#[test]
fn few_descriptors() {
    let otel_run = env!("CARGO_BIN_EXE_otel-run");
    let limited = |words: &str| alone("/bin/sh").args(["-c", &format!("ulimit -n 64; exec {otel_run} {words}")]);
    let told = limited("doctor --strict").expect_exit(1);
    assert!(
        told.stdout_text().contains("a process may have only 64 files and connections open"),
        "{}",
        told.stdout_text()
    );
    limited(&format!("-- {} exit 7", test_child().display())).expect_exit(7);
}
