#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::settings::Origin;
use crate::store::facts::{Delivery, Destination, Outcome, Started};

const NOW: u64 = 1_800_000_000_000_000_000;
const HOUR: u64 = 3_600_000_000_000;

fn started(name: &str, agent: Option<&str>) -> Started {
    let destination = Destination {
        name: "default".to_owned(),
        endpoint: "http://c:4318".to_owned(),
        signal_endpoints: Default::default(),
        abridged: false,
        protocol: "http/protobuf".to_owned(),
        header_names: Vec::new(),
        file: None,
    };
    Started {
        run_id: "20270115-080000-000-a1b2c3".to_owned(),
        trace_id: "t".to_owned(),
        span_id: "s".to_owned(),
        parent_span_id: None,
        sampled: true,
        name: name.to_owned(),
        agent: agent.map(str::to_owned),
        started_unix_nano: NOW - 3 * HOUR,
        wrapper_pid: 1,
        child_pid: Some(2),
        listen: None,
        content: None,
        destinations: vec![destination],
    }
}

fn run(agent: Option<&str>, intake: Intake, outcome: Outcome) -> Summary {
    let mut summary = Summary::of(started("opencode run", agent));
    summary.intake.insert(Signal::Traces, intake);
    let failure = (outcome.pending + outcome.rejected > 0).then(|| "the backend is not there".to_owned());
    let delivery = Delivery { outcome: [(Signal::Traces, outcome)].into(), failure };
    summary.deliveries.insert("default".to_owned(), delivery);
    summary
}

fn facts() -> Facts {
    let there = Folder::There { mode: 0o40_700, is_mine: true, space: Some(5 << 30) };
    Facts {
        folder: Some((Sourced::new(PathBuf::from("/s"), Origin::Default), there)),
        runs: Runs::default(),
        descriptors: Some(1024),
        now: NOW,
        container: None,
        is_init: false,
        executable: Some("/bin/otel-run".into()),
        in_path: Some("/bin/otel-run".into()),
    }
}

fn graded(facts: &Facts) -> Vec<(&'static str, Grade)> {
    let found = findings(facts);
    assert!(found.iter().all(|finding| finding.grade < Grade::Warning || finding.remedy.is_some()), "{found:?}");
    found.iter().map(|finding| (finding.check, finding.grade)).collect()
}

const VERSION: (&str, Grade) = ("here.version", Grade::Fine);

#[test]
fn a_place_where_all_is_well() {
    assert_eq!(graded(&facts()), [("here.folder", Grade::Fine), VERSION]);
    assert_eq!(findings(&facts())[0].what, "no run is kept in /s, with 5 GiB left");
}

#[test]
fn folders_are_for_their_owner_alone() {
    let with = |folder: Option<Folder>| {
        let mut facts = facts();
        facts.folder = folder.map(|folder| (Sourced::new("/s".into(), Origin::Flag("--state-dir")), folder));
        let mut found = graded(&facts);
        assert_eq!(found.pop(), Some(VERSION));
        found
    };
    let there = |mode, is_mine, space| Some(Folder::There { mode, is_mine, space });
    for (folder, expected) in [
        (None, vec![("here.folder.none", Grade::Loss)]),
        (Some(Folder::Unusable("it is no folder".to_owned())), vec![("here.folder.unusable", Grade::Loss)]),
        (Some(Folder::ToBeMade("/".into())), vec![("here.folder", Grade::Fine)]),
        (there(0o755, true, None), vec![("here.folder.mode", Grade::Warning)]),
        (there(0o700, false, None), vec![("here.folder.owner", Grade::Warning)]),
        (there(0o700, true, Some(1 << 20)), vec![("here.space", Grade::Warning)]),
        (
            there(0o777, false, Some(0)),
            vec![
                ("here.folder.owner", Grade::Warning),
                ("here.folder.mode", Grade::Warning),
                ("here.space", Grade::Warning),
            ],
        ),
    ] {
        assert_eq!(with(folder.clone()), expected, "{folder:?}");
    }
}

#[test]
fn earlier_runs_tell_what_became_of_them() {
    let intake = Intake { received: 9, stored: 9, own: 1, ..Intake::default() };
    let delivered = Outcome { delivered: 9, ..Outcome::default() };
    let agent = Some("opencode");
    for (summary, check, grade, part) in [
        (
            run(agent, intake, delivered),
            "here.last",
            Grade::Fine,
            "3 hours ago (opencode run): 9 spans, 9 items delivered",
        ),
        (
            run(agent, Intake { stored: 1, ..intake }, delivered),
            "here.last.nothing",
            Grade::Warning,
            "nothing of the agent's own telemetry arrived",
        ),
        (run(None, Intake { stored: 1, ..intake }, delivered), "here.last", Grade::Fine, "1 span, "),
        (
            run(agent, Intake { dropped: 4, ..intake }, delivered),
            "here.last.dropped",
            Grade::Warning,
            "4 items of telemetry could not be stored",
        ),
        (
            run(agent, intake, Outcome { rejected: 9, ..Outcome::default() }),
            "here.last.rejected",
            Grade::Warning,
            "rejected 9 items of telemetry (the backend is not there)",
        ),
    ] {
        let mut facts = facts();
        facts.runs = Runs { number: 1, last: Some(summary), ..Runs::default() };
        let found = findings(&facts);
        let last = found.iter().find(|finding| finding.check.starts_with("here.last")).unwrap();
        assert_eq!((last.check, last.grade), (check, grade));
        assert!(last.what.contains(part), "{}", last.what);
    }
}

#[test]
fn what_is_undelivered_is_counted_with_its_age_and_reason() {
    let pending = run(None, Intake::default(), Outcome { pending: 3, ..Outcome::default() });
    let mut older = pending.clone();
    older.started.started_unix_nano -= 72 * HOUR;
    let mut facts = facts();
    facts.runs.undelivered = vec![pending.clone()];
    let one = undelivered(&facts).unwrap();
    assert_eq!(
        one.what,
        "1 run is not delivered whole, 20270115-080000-000-a1b2c3 from 3 hours ago: the backend is not there"
    );
    facts.runs.undelivered.push(older);
    let two = undelivered(&facts).unwrap();
    assert_eq!(two.what, "2 runs are not delivered whole, the oldest from 3 days ago: the backend is not there");
    assert_eq!(two.grade, Grade::Warning);
}

#[test]
fn the_rest_of_the_place() {
    let changed = |change: fn(&mut Facts)| {
        let mut facts = facts();
        change(&mut facts);
        let mut found = graded(&facts);
        found.retain(|one| *one != VERSION && *one != ("here.folder", Grade::Fine));
        found
    };
    for (change, expected) in [
        ((|facts| facts.now = 1) as fn(&mut Facts), ("here.clock", Grade::Warning)),
        (|facts| facts.descriptors = Some(64), ("here.descriptors", Grade::Warning)),
        (|facts| facts.container = Some("abc".to_owned()), ("here.container", Grade::Note)),
        (|facts| facts.is_init = true, ("here.init", Grade::Fine)),
        (|facts| facts.in_path = Some("/usr/bin/otel-run".into()), ("here.version", Grade::Note)),
        (|facts| facts.runs.unreadable = 2, ("here.unreadable", Grade::Warning)),
        (|facts| facts.runs.lost = 1, ("here.lost", Grade::Note)),
    ] {
        assert_eq!(changed(change), [expected]);
    }
    // The last run began an hour after now.
    let mut facts = facts();
    let mut ahead = run(None, Intake::default(), Outcome::default());
    ahead.started.started_unix_nano = NOW + HOUR;
    facts.runs.last = Some(ahead);
    assert!(graded(&facts).contains(&("here.clock", Grade::Warning)));
}
