//! The store when nobody is careful with it: otel-run is killed at random moments, and many deliver at once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod support;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal as Kill;
use otel_run::store::Store;
use otel_run::store::log::LogError;
use support::listed::{items, runs};
use support::{Behaviour, Home, Running, Stored, Upstream, hex, run, test_child};

/// How often otel-run is killed, and how many are run at once.
const ROUNDS: u64 = 200;
const AT_ONCE: u64 = 4;
/// The numbers of the spans of one round.
const SPANS: u64 = 1 << 20;

/// Starts a run whose command sends spans one after the other, kills it at a random moment, and gives the number of the
/// last span that was accepted.
fn killed(home: &Home, upstream: &Upstream, round: u64, mut random: fastrand::Rng) -> Option<u64> {
    let first = (round + 1) * SPANS;
    let child = test_child();
    let command = [child.to_str().unwrap(), "count", "--first", &first.to_string()];
    let running = run().home(home).upstream(upstream).child(command).spawn();
    // At any moment from the start on, or close to an answer.
    if round.is_multiple_of(2) {
        std::thread::sleep(Duration::from_micros(random.u64(..60_000)));
    } else {
        running.wait_for_stdout(&format!("kept {}\n", first + random.u64(..20)));
        std::thread::sleep(Duration::from_micros(random.u64(..2_000)));
    }
    running.signal(Kill::SIGKILL);
    let ran = running.expect_signal(Kill::SIGKILL);
    ran.stdout_text().lines().last().map(|line| line.strip_prefix("kept ").unwrap().parse().unwrap())
}

#[test]
fn what_was_accepted_before_a_kill_is_there_once_and_is_delivered() {
    let begun = Instant::now();
    let seed = std::env::var("OTEL_RUN_TEST_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    eprintln!("OTEL_RUN_TEST_SEED={seed} tries the same moments again");
    let (home, upstream) = (Home::new(), Upstream::start());
    let accepted: Vec<u64> = std::thread::scope(|scope| {
        let lanes = (0..AT_ONCE).map(|lane| {
            let (home, upstream) = (&home, &upstream);
            scope.spawn(move || {
                let rounds = (lane..ROUNDS).step_by(AT_ONCE as usize);
                let lasts = rounds.map(|round| {
                    let random = fastrand::Rng::with_seed(seed.wrapping_add(round.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
                    (round, killed(home, upstream, round, random))
                });
                lasts.collect::<Vec<_>>()
            })
        });
        let lanes: Vec<_> = lanes.collect();
        let all = lanes.into_iter().flat_map(|lane| lane.join().unwrap());
        all.flat_map(|(round, last)| last.map_or(0..0, |last| (round + 1) * SPANS..last + 1)).collect()
    });
    // Half of the kills come after up to 20 answers.
    assert!(accepted.len() as u64 > 3 * ROUNDS, "only {} spans were accepted", accepted.len());
    run().home(&home).env("OTEL_RUN_DRAIN_DEADLINE", "60s").arg("flush").expect_exit(0);

    let mut stored: BTreeMap<String, usize> = BTreeMap::new();
    let mut logs = 0;
    for folder in Store::at(&home.state()).list().unwrap() {
        if matches!(folder.read_log(), Err(LogError::Blank)) {
            continue;
        }
        logs += 1;
        let log = Stored::named(&home, &folder.id());
        assert!(log.ended.is_some(), "{} is closed", folder.id());
        for span in log.spans() {
            *stored.entry(hex(&span.span_id)).or_default() += 1;
        }
    }
    assert!(stored.values().all(|count| *count == 1), "something is there twice: {:?}", more_than_once(&stored));
    let delivered = upstream.span_counts();
    for number in &accepted {
        let id = format!("{number:016x}");
        assert!(stored.contains_key(&id), "{number} was accepted and is not in the log");
        assert!(delivered.contains_key(&id), "{number} was accepted and not delivered");
    }
    let missing: Vec<_> = stored.keys().filter(|id| !delivered.contains_key(*id)).collect();
    assert!(missing.is_empty(), "stored and not delivered: {missing:?}");
    for listed in runs(&home) {
        assert_eq!(items(&listed).pending, 0, "{listed:#}");
    }
    let twice = more_than_once(&delivered).len();
    eprintln!(
        "{ROUNDS} kills, {logs} logs, {} spans accepted, {} stored, {twice} delivered more than once, in {:?}",
        accepted.len(),
        stored.len(),
        begun.elapsed()
    );
}

fn more_than_once(counts: &BTreeMap<String, usize>) -> Vec<&String> {
    counts.iter().filter(|(_, count)| **count > 1).map(|(id, _)| id).collect()
}

/// Runs that could not be delivered.
const LEFT: usize = 20;

#[test]
fn many_flushers_at_once_deliver_once() {
    for together in [false, true] {
        let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Refused));
        let child = test_child();
        std::thread::scope(|scope| {
            for number in 1..=LEFT {
                let first = (number as u64 * SPANS).to_string();
                let command = [child.to_str().unwrap(), "count", "--count", "3", "--first", &first].map(str::to_owned);
                let run = run().home(&home).upstream(&upstream).flag("--drain-deadline", "60s").child(command);
                scope.spawn(|| drop(run.stderr_has("not delivered").expect_exit(0)));
            }
        });
        // Where the backend waits with its answers, each flusher finds the others at work.
        upstream.set_behaviour(if together { Behaviour::Hold } else { Behaviour::Accept });
        let flusher = || run().home(&home).env("OTEL_RUN_DRAIN_DEADLINE", "60s").arg("flush").spawn();
        let flushers: Vec<Running> = (0..3).map(|_| flusher()).collect();
        if together {
            // All three signals of a run are sent at once.
            upstream.wait_for_hits(9);
            upstream.set_behaviour(Behaviour::Accept);
        }
        let told: Vec<String> = flushers.into_iter().map(|flusher| flusher.expect_exit(0).stdout_text()).collect();
        assert!(!together || told.iter().all(|told| told.contains("in use by another")), "{told:?}");
        let counts = upstream.span_counts();
        assert_eq!(counts.len(), LEFT * 4, "{told:?}");
        assert!(counts.values().all(|count| *count == 1), "{:?} twice; {told:?}", more_than_once(&counts));
        assert_eq!(upstream.log_records().len(), LEFT * 2);
        let hits = upstream.hits();
        run().home(&home).arg("flush").expect_exit(0).stdout_is("everything is delivered\n");
        assert_eq!(upstream.hits(), hits);
    }
}
