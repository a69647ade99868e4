//! What `otel-run` says about the runs on disk, for a test to compare.

use serde_json::Value;

use super::{Home, run};

/// Items by what became of them, summed over all signals of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Items {
    pub delivered: u64,
    pub pending: u64,
    pub rejected: u64,
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

/// What became of a run at its destination.
#[track_caller]
pub fn items(run: &Value) -> Items {
    let mut sum = Items::default();
    for (signal, outcome) in run["outcome"].as_object().unwrap() {
        let count = |name: &str| outcome[name].as_u64().unwrap();
        let (delivered, pending, rejected) = (count("delivered"), count("pending"), count("rejected"));
        let stored = run["intake"][signal]["stored"].as_u64().unwrap();
        assert_eq!(delivered + pending + rejected, stored, "the counts of {signal} do not add up: {run:#}");
        sum.delivered += delivered;
        sum.pending += pending;
        sum.rejected += rejected;
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
