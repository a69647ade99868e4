#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Value, json};

use super::*;
use crate::view::samples;

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_run_with_its_tree() {
    let (summary, spans) = samples::captured("opencode-run-retry-429", "opencode run", 0);
    let text = show(&summary, State::Ended, &spans, Detail::Essential, None).unwrap();
    insta::with_settings!({ snapshot_path => "../golden", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("show", text);
    });
    let all = parsed(&show(&summary, State::Ended, &spans, Detail::All, None).unwrap());
    assert_eq!(all["spans"].as_array().unwrap().len(), 252);
    assert_eq!((&all["span_count"], &all["folded_count"]), (&json!(252), &json!(0)));
}

#[test]
fn runs_in_every_state() {
    let mut ended = samples::summary("false", 1_000_000_000, 1_000_000_001, 1);
    if let Some(ended) = &mut ended.ended {
        ended.interrupted_by = Some("SIGINT".to_owned());
        ended.stopped_nano = 5;
        ended.descendants_left = Some(2);
    }
    let mut running = samples::summary("sleep", 1_000_000_000, 0, 0);
    running.ended = None;
    let mut lost = ended.clone();
    samples::lose(&mut lost, true);
    let list = [
        Run { summary: ended, state: State::Ended },
        Run { summary: running.clone(), state: State::Running },
        Run { summary: running, state: State::Lost },
        Run { summary: lost, state: State::Lost },
    ];
    let value = parsed(&runs(&list).unwrap());
    assert_eq!(value["version"], 1);
    let states: Vec<&Value> = value["runs"].as_array().unwrap().iter().map(|run| &run["state"]).collect();
    assert_eq!(states, ["ended", "running", "lost", "lost"]);
    let first = &value["runs"][0];
    assert_eq!(first["started"], "1970-01-01T00:00:01.000000000Z");
    assert_eq!(first["ended"], "1970-01-01T00:00:01.000000001Z");
    assert_eq!((&first["duration_ns"], &first["exit_code"]), (&json!(1), &json!(1)));
    assert_eq!((&first["interrupted_by"], &first["stopped_ns"]), (&json!("SIGINT"), &json!(5)));
    assert_eq!((&first["timed_out"], &first["descendants_left"]), (&json!(false), &json!(2)));
    let ends =
        ["ended", "still_running", "interrupted_by", "timed_out", "out_of_memory", "stopped_ns", "descendants_left"];
    for name in ends {
        assert_eq!(value["runs"][1][name], Value::Null, "{name}");
    }
    let closed = &value["runs"][3];
    assert_eq!((&closed["ended"], &closed["exit_code"]), (&first["ended"], &Value::Null));
    assert_eq!((&closed["error_type"], &closed["still_running"]), (&json!("_OTHER"), &json!(true)));
    assert_eq!(parsed(&runs(&[]).unwrap()), json!({ "version": 1, "runs": [] }));
}

#[test]
fn json_cannot_speak_to_the_terminal() {
    let name = "\x1b[2J\u{9b}2J\u{7f}\n";
    let summary = samples::summary(name, 1, 2, 0);
    let text = show(&summary, State::Ended, &[], Detail::All, None).unwrap();
    assert!(!text.chars().any(|character| character.is_control() && character != '\n'));
    assert_eq!(parsed(&text)["run"]["name"], name);
}
