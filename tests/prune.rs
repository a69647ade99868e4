//! Old runs go by rule, asked and unasked: the oldest first, never one that somebody is at work on, and what is lost is said.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use support::listed::{only_run, runs};
use support::{Behaviour, Home, Run, Upstream, run, test_child};

const DAY: Duration = Duration::from_secs(86_400);

fn folder(home: &Home, name: &str) -> PathBuf {
    home.state().join("runs").join(name)
}

/// The names of the runs, the oldest first.
fn names(home: &Home) -> Vec<String> {
    let mut names: Vec<String> = runs(home).iter().map(|run| run["run_id"].as_str().unwrap().to_owned()).collect();
    names.reverse();
    names
}

/// Makes a run and gives its name.
fn made(home: &Home, run: Run) -> String {
    let before: BTreeSet<String> = names(home).into_iter().collect();
    run.home(home).child(["true"]).any_stderr().expect_exit(0);
    names(home).into_iter().find(|name| !before.contains(name)).unwrap()
}

/// Sets back when a run ended.
fn ended(home: &Home, name: &str, ago: Duration) {
    let path = folder(home, name).join("summary.json");
    let mut summary: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    summary["ended"]["ended_unix_nano"] = u64::try_from((now - ago).as_nanos()).unwrap().into();
    std::fs::write(path, serde_json::to_vec(&summary).unwrap()).unwrap();
}

/// Runs that ended so many days ago, the oldest first.
fn aged<const N: usize>(home: &Home, days: [u32; N]) -> [String; N] {
    days.map(|days| {
        let name = made(home, run());
        ended(home, &name, days * DAY);
        name
    })
}

fn prune(home: &Home, words: &[&str]) -> String {
    run().home(home).arg("prune").args(words).expect_exit(0).stdout_text()
}

/// The names of runs that a line of `told` begins with.
fn told_of(told: &str) -> Vec<&str> {
    told.lines().filter(|line| line.starts_with("20")).map(|line| line.split(' ').next().unwrap()).collect()
}

#[test]
fn each_rule_removes_the_oldest_and_says_so() {
    for (words, gone, reason) in [
        (&["--keep-age", "12d"][..], 2, "it ended more than 12 days ago"),
        (&["--keep-age", "0", "--keep-runs", "3"], 1, "there are 3 newer ones"),
        (&["--keep-age", "0", "--keep-runs", "1"], 3, "there is a newer one"),
        (&["--keep-age", "0", "--keep-size", "1KiB"], 3, "it and all newer ones take more than 1 KiB"),
        (&["--keep-age", "30d"], 0, ""),
        (&["--keep-age", "0", "--keep-runs", "0", "--keep-size", "0"], 0, ""),
    ] {
        let home = Home::new();
        let all = aged(&home, [20, 15, 10, 5]);
        let before = home.state_files();
        let told = prune(&home, &[&["--dry-run"], words].concat());
        assert_eq!(told_of(&told), all[..gone], "{words:?}: {told}");
        assert!(told.contains(" would be removed, "), "{told}");
        assert_eq!(home.state_files(), before, "a dry run removes nothing");
        let told = prune(&home, words);
        assert_eq!(told_of(&told), all[..gone], "{words:?}: {told}");
        assert!(told.lines().filter(|line| line.starts_with("20")).all(|line| line.ends_with(reason)), "{told}");
        assert!(told.contains(&format!("{gone} run{} removed, ", if gone == 1 { "" } else { "s" })), "{told}");
        assert!(told.ends_with(&format!(" freed; {} kept\n", 4 - gone)), "{told}");
        assert_eq!(names(&home), all[gone..]);
        assert_eq!(std::fs::read_dir(home.state().join("runs")).unwrap().count(), 4 - gone);
        // There is nothing left to remove.
        assert_eq!(prune(&home, words), format!("0 runs removed, 0 B freed; {} kept\n", 4 - gone));
    }
}

#[test]
fn what_was_never_delivered_is_kept_for_twice_the_age_and_then_said() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Refused).expect_hits(0..));
    let to_upstream = || run().upstream(&upstream);
    let (oldest, old) = (made(&home, to_upstream()), made(&home, to_upstream()));
    ended(&home, &oldest, 25 * DAY);
    ended(&home, &old, 15 * DAY);
    let [settled, newest] = aged(&home, [11, 1]);
    let all_but_age = prune(&home, &["--keep-age", "0", "--keep-runs", "1", "--keep-size", "1B"]);
    assert_eq!(told_of(&all_but_age), [settled.as_str(), &oldest, &old]);
    assert!(
        all_but_age.contains(&format!("{old}  ")) && all_but_age.contains("stays, although there is a newer one: ")
    );
    assert_eq!(names(&home), [oldest.as_str(), &old, &newest]);
    let told = prune(&home, &["--keep-age", "10d"]);
    let line = |name: &str| told.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    let items = "13 items of its telemetry were never delivered";
    assert!(line(&oldest).ends_with(&format!("  it ended more than 20 days ago, and {items}")), "{told}");
    assert!(line(&old).ends_with(&format!("  stays, although it ended more than 10 days ago: {items}")), "{told}");
    assert_eq!(names(&home), [old.as_str(), &newest]);
}

#[test]
fn a_run_that_goes_on_is_never_removed() {
    let home = Home::new();
    let running = run().home(&home).child([test_child().as_os_str(), "wait".as_ref()]).stdin_open().spawn();
    running.wait_for_stdout("ready");
    support::wait_until("the run is recorded", || !runs(&home).is_empty());
    let name = only_run(&home)["run_id"].as_str().unwrap().to_owned();
    let [newer] = aged(&home, [0]);
    let told = prune(&home, &["--keep-age", "1ms", "--keep-runs", "1", "--keep-size", "1B"]);
    assert_eq!(told_of(&told), [newer.as_str(), &name], "{told}");
    assert!(told.contains("stays, although ") && told.contains(": it is in use"), "{told}");
    assert_eq!(names(&home), [name.as_str()]);
    running.expect_exit(0);
    assert_eq!(only_run(&home)["state"], "ended");
}

/// Lets it be two days since old runs were looked for.
fn two_days_later(home: &Home) {
    let marker = home.state().join("pruned");
    let marker = File::options().write(true).open(marker).unwrap();
    marker.set_modified(SystemTime::now() - 2 * DAY).unwrap();
}

#[test]
fn once_a_day_a_run_removes_what_is_too_old() {
    let home = Home::new();
    let [oldest, old, new] = aged(&home, [40, 20, 1]);
    // It was looked for when the first of them began.
    made(&home, run());
    assert!(names(&home).contains(&oldest));
    two_days_later(&home);
    made(&home, run());
    let left = names(&home);
    assert!(!left.contains(&oldest) && left.contains(&old), "{left:?}");

    // The user's settings count, and the time that is noted.
    made(&home, run().env("OTEL_RUN_KEEP_AGE", "10d"));
    assert!(names(&home).contains(&old));
    two_days_later(&home);
    made(&home, run().env("OTEL_RUN_KEEP_AGE", "10d"));
    let left = names(&home);
    assert!(!left.contains(&old) && left.contains(&new), "{left:?}");
    home.write_config("otel-run/config.toml", "keep_runs = 2\n");
    two_days_later(&home);
    made(&home, run());
    assert_eq!(names(&home).len(), 2);
    // A clock that was ahead is no reason to wait for it.
    File::options()
        .write(true)
        .open(home.state().join("pruned"))
        .unwrap()
        .set_modified(SystemTime::now() + 9 * DAY)
        .unwrap();
    made(&home, run());
    assert_eq!(names(&home).len(), 2);
}

#[test]
fn a_repository_does_not_remove_its_visitors_runs() {
    let home = Home::new();
    aged(&home, [3, 2, 1]);
    std::fs::write(home.work().join(".otel-run.toml"), "keep_runs = 1\nkeep_age = '1d'\nkeep_size = '1B'\n").unwrap();
    two_days_later(&home);
    let ran = run().home(&home).child(["true"]).stderr_has("keep_runs").stderr_has("keep_age").stderr_has("keep_size");
    ran.expect_exit(0);
    std::fs::remove_file(home.work().join(".otel-run.toml")).unwrap();
    assert_eq!(names(&home).len(), 4);
}

#[test]
fn what_is_lost_unasked_is_said() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Refused).expect_hits(0..));
    let (oldest, old) = (made(&home, run().upstream(&upstream)), made(&home, run().upstream(&upstream)));
    ended(&home, &oldest, 61 * DAY);
    ended(&home, &old, 59 * DAY);
    let [local] = aged(&home, [61]);
    two_days_later(&home);
    let said = format!("the run {oldest} was removed: it ended more than 60 days ago, and 13 items of its telemetry");
    let ran = run().home(&home).child(["sh", "-c", "exit 3"]).stderr_has(said).expect_exit(3);
    assert_eq!(ran.stderr_text().lines().count(), 1, "{}", ran.stderr_text());
    let left = names(&home);
    assert!(!left.contains(&oldest) && !left.contains(&local) && left.contains(&old), "{left:?}");
}

#[test]
fn a_removal_that_was_cut_short_is_finished_by_the_next() {
    let home = Home::new();
    let [first, second] = aged(&home, [2, 1]);
    let left = folder(&home, &format!(".removed-{first}"));
    std::fs::rename(folder(&home, &first), &left).unwrap();
    std::fs::remove_file(left.join("log")).unwrap();
    assert_eq!(names(&home), [second.as_str()]);
    assert_eq!(prune(&home, &["--dry-run"]), "0 runs would be removed, 0 B freed; 1 kept\n");
    assert!(left.exists());
    prune(&home, &[]);
    assert!(!left.exists());
    std::fs::create_dir(&left).unwrap();
    two_days_later(&home);
    made(&home, run());
    assert!(!left.exists());
}

#[test]
fn many_at_once_remove_each_run_once() {
    let home = Home::new();
    let all = aged(&home, [20, 19, 18, 17, 16, 15, 14, 13, 12, 1]);
    let prunes: Vec<_> = (0..3).map(|_| run().home(&home).args(["prune", "--keep-age", "10d"]).spawn()).collect();
    let lists: Vec<_> = (0..3).map(|_| run().home(&home).arg("flush").spawn()).collect();
    let told: Vec<String> = prunes.into_iter().map(|prune| prune.expect_exit(0).stdout_text()).collect();
    lists.into_iter().for_each(|list| drop(list.expect_exit(0)));
    let removed = |name: &String| {
        let lines = told.iter().flat_map(|told| told.lines());
        lines.filter(|line| line.starts_with(name.as_str()) && !line.contains("stays")).count()
    };
    // A run that another of them holds at that moment stays, for this one.
    for told in &told {
        let held = told.lines().filter(|line| line.ends_with("stays: another otel-run is at work on it")).count();
        assert!(told.ends_with(&format!(" freed; {} kept\n", 1 + held)), "{told}");
    }
    assert_eq!(all.iter().map(removed).collect::<Vec<_>>(), [1, 1, 1, 1, 1, 1, 1, 1, 1, 0], "{told:#?}");
    assert_eq!(names(&home), all[9..]);
}

#[test]
fn a_run_that_cannot_be_read_is_kept_for_twice_the_age() {
    let home = Home::new();
    let [broken, newest] = aged(&home, [0, 0]);
    let log = folder(&home, &broken).join("log");
    std::fs::write(&log, "noise, noise, noise, noise").unwrap();
    std::fs::remove_file(folder(&home, &broken).join("summary.json")).unwrap();
    let written = |ago| File::options().write(true).open(&log).unwrap().set_modified(SystemTime::now() - ago).unwrap();
    written(19 * DAY);
    let told = prune(&home, &["--keep-age", "10d", "--keep-runs", "1"]);
    assert!(told.starts_with(&broken) && told.contains("stays") && told.contains("it cannot be read"), "{told}");
    written(21 * DAY);
    let told = prune(&home, &["--keep-age", "10d"]);
    assert!(
        told.starts_with(&broken) && told.contains("it ended more than 20 days ago, and it cannot be read"),
        "{told}"
    );
    assert_eq!(names(&home), [newest.as_str()]);
}
