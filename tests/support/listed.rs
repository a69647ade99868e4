//! What `otel-run` says about the runs on disk, for a test to compare.

use std::ops::AddAssign;

use serde_json::Value;

use super::{Home, run};

/// Items by what became of them, summed over all signals of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Items {
    pub delivered: u64,
    pub pending: u64,
    pub rejected: u64,
    pub expired: u64,
}

impl AddAssign for Items {
    fn add_assign(&mut self, other: Self) {
        self.delivered += other.delivered;
        self.pending += other.pending;
        self.rejected += other.rejected;
        self.expired += other.expired;
    }
}

/// The runs of `home` as `runs --json` lists them, the newest first.
#[track_caller]
pub fn runs(home: &Home) -> Vec<Value> {
    let listed = run().home(home).args(["runs", "--json"]).expect_exit(0);
    let mut listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let Value::Array(runs) = listed["runs"].take() else { panic!("no list of runs in {listed}") };
    runs
}

/// The only run of `home`.
#[track_caller]
pub fn only_run(home: &Home) -> Value {
    let mut runs = runs(home);
    assert_eq!(runs.len(), 1, "{runs:#?}");
    runs.remove(0)
}

/// What became of a run at its destinations, all of them together.
#[track_caller]
pub fn items(run: &Value) -> Items {
    let mut sum = Items::default();
    for destination in run["destinations"].as_array().unwrap() {
        sum += items_at(run, destination["name"].as_str().unwrap());
    }
    sum
}

/// What became of a run at the destination `name`.
#[track_caller]
pub fn items_at(run: &Value, name: &str) -> Items {
    let destinations = run["destinations"].as_array().unwrap();
    let destination = destinations.iter().find(|destination| destination["name"] == name);
    let destination = destination.unwrap_or_else(|| panic!("there is no destination {name}: {run:#}"));
    let mut sum = Items::default();
    for (signal, outcome) in destination["outcome"].as_object().unwrap() {
        // What is zero in most runs is left out.
        let count = |name: &str| outcome.get(name).map_or(0, |count| count.as_u64().unwrap());
        let one = Items {
            delivered: count("delivered"),
            pending: count("pending"),
            rejected: count("rejected"),
            expired: count("expired"),
        };
        let stored = run["intake"][signal]["stored"].as_u64().unwrap();
        let settled = one.delivered + one.pending + one.rejected + one.expired;
        assert_eq!(settled, stored, "the counts of {signal} do not add up: {run:#}");
        sum += one;
    }
    sum
}

/// All spans of a run, as `show --all --json` prints them.
#[track_caller]
pub fn spans(home: &Home, run_id: &str) -> Vec<Value> {
    let shown = run().home(home).args(["show", "--all", "--json", run_id]).expect_exit(0);
    let mut shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    let Value::Array(spans) = shown["spans"].take() else { panic!("no list of spans in {shown}") };
    spans
}
