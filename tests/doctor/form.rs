//! How doctor tells what it found: exit statuses, one screen, a terminal, JSON.

use super::set_up::{CANARY, set_up};
use super::support::pty::at_terminal;
use super::support::{Behaviour, Home, Upstream, run};

#[test]
fn exit_statuses() {
    let well = set_up();
    for (options, code) in [(&[][..], 0), (&["--strict"], 0), (&["--json"], 0)] {
        assert_eq!(well.doctor(options).status.code(), Some(code), "{options:?}");
    }
    let warned = set_up().env("OTEL_RUN_NEST", "up");
    for (options, code) in [(&[][..], 0), (&["--strict"], 1), (&["--strict", "--json"], 1), (&["--json"], 0)] {
        assert_eq!(warned.doctor(options).status.code(), Some(code), "{options:?}");
    }
    let lost = set_up().env("OTEL_SDK_DISABLED", "true");
    for options in [&[][..], &["--strict"], &["--json"]] {
        assert_eq!(lost.doctor(options).status.code(), Some(2), "{options:?}");
    }
}

#[test]
fn all_is_well_in_one_screen() {
    let told = set_up().into_a_file().installed("opencode", "opencode-ai", "1.18.33").agent("opencode").doctor(&[]);
    let text = told.stdout_text();
    assert!(text.ends_with("All is well.\n"), "{text}");
    assert!(text.lines().count() <= 40, "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_terminal_gets_colours_unless_it_wants_none() {
    let at_terminal = || run().arg("doctor").at_terminal();
    let coloured = at_terminal().expect_exit(0).stdout_text();
    assert!(coloured.contains("\u{1b}[1mSettings\u{1b}[0m"), "{coloured:?}");
    let plain = at_terminal().env("NO_COLOR", "1").expect_exit(0).stdout_text();
    assert!(plain.contains("Settings") && !plain.contains("\u{1b}[1m"), "{plain:?}");
}

/// Somebody who waits sees how many there are to wait for, before the first has answered.
#[test]
fn a_terminal_shows_what_is_waited_for() {
    let (home, hole) = (Home::new(), Upstream::behaving(Behaviour::BlackHole).expect_hits(1..));
    let (code, told) = at_terminal(&home, 100, &[("OTEL_RUN_ENDPOINT", &hole.url())], &["doctor", "--timeout", "1s"]);
    assert_eq!(code, 2);
    let (waiting, found) = told.split_once("does not answer within 1 s").expect("the server never answers");
    assert!(waiting.contains(" 0/3 destinations asked"), "{waiting:?}");
    assert!(!found.contains("destinations asked"), "{found:?}");
}

#[test]
fn origins_are_told_with_their_lines() {
    let set_up = set_up().file("config/otel-run/config.toml", "# mine\nnest = \"up\"\n").options(["--header", "x"]);
    let read: serde_json::Value = serde_json::from_slice(&set_up.doctor(&["--json"]).stdout).unwrap();
    let origin = |check: &str| {
        let findings = read["findings"].as_array().unwrap();
        findings.iter().find(|finding| finding["check"] == check).unwrap()["origin"].clone()
    };
    let file = set_up.path("config/otel-run/config.toml");
    assert_eq!(origin("settings.value"), serde_json::json!({"file": file, "line": 2}));
    assert_eq!(origin("credentials.not_sent"), serde_json::json!({"flag": "--header"}));
}

#[test]
fn the_words_of_a_command_are_not_told() {
    let set_up = set_up().installed("opencode", "opencode-ai", "1.18.33").command(["opencode", "run", CANARY]);
    for options in [&[][..], &["--json"]] {
        let text = set_up.doctor(options).stdout_text();
        assert!(text.contains("opencode") && !text.contains(CANARY), "{text}");
    }
}

#[test]
fn nothing_is_left_behind() {
    let set_up = set_up();
    let folder = set_up.home().state();
    set_up.doctor(&[]);
    assert!(!folder.exists());
    std::fs::create_dir(&folder).unwrap();
    set_up.doctor(&[]);
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}
