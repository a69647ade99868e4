//! Which runs are kept: a function of the runs, the rule and the time, and of nothing else.
//!
//! # What goes
//!
//! * **Age**: a run that ended longer ago than [`Rule::age`].
//! * **Count**: of what is left, a run with [`Rule::runs`] newer ones.
//! * **Size**: of what is left, the oldest, until all that is left fits into [`Rule::size`]. The newest run stays, however
//!   large it is.
//!
//! # What stays
//!
//! * A run that somebody is at work on, and one of a newer format, whatever the rule says.
//! * A run with telemetry that is not delivered, and one that cannot be read or was never closed, goes only by age, and at
//!   twice the age. Count and size are there to save space, and that must not cost what nobody has seen; after that time
//!   hardly a backend takes it any more.
//!
//! Runs that stay count as the others do: they are among the newer ones, and take their part of the size. So what is
//! removed is the same however often it is asked for, and a run that has just ended does not go because an old one may not.

use std::cmp::Reverse;
use std::time::Duration;

/// How long a run is kept whose telemetry was never delivered, or that cannot be read: so many times the age of the rule.
const FACTOR_OF_LOSS: u32 = 2;

/// What is kept. None is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rule {
    /// Runs that ended no longer ago than this.
    pub age: Option<Duration>,
    /// So many of the newest runs.
    pub runs: Option<u64>,
    /// So many bytes on disk, of all runs together.
    pub size: Option<u64>,
}

/// What is known of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Somebody is at work on it.
    Busy,
    /// It has ended, and so many items of its telemetry are not delivered.
    Undelivered(u64),
    /// It has ended, and the destination has answered for all of it.
    Settled,
    /// It has ended, and is not to be delivered.
    Local,
    /// It cannot be read, or its end was never written down.
    Unclear,
    /// Its format is newer than this otel-run.
    Newer(u32),
}

/// A run as the rule sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its name.
    pub id: String,
    /// When it ended, or when anything was written down of it last, in nanoseconds since 1970.
    pub unix_nano: u64,
    /// What it takes on disk.
    pub bytes: u64,
    /// What is known of it.
    pub standing: Standing,
}

/// By which rule a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It ended longer ago than this.
    Age(Duration),
    /// There are so many newer ones.
    Runs(u64),
    /// All together take more than so many bytes.
    Size(u64),
}

/// What the rule says of a run that it does not simply leave alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The run.
    pub run: Stored,
    /// The rule that applies.
    pub reason: Reason,
    /// Whether the run goes; if not, it would but for its standing.
    pub goes: bool,
}

/// Which of `runs` a `rule` applies to at the time `now` (nanoseconds since 1970), the oldest first.
pub fn verdicts(runs: &[Stored], rule: &Rule, now: u64) -> Vec<Verdict> {
    let mut newest_first: Vec<&Stored> = runs.iter().collect();
    newest_first.sort_by_key(|run| Reverse((run.unix_nano, &run.id)));
    let (mut newer, mut bytes, mut full) = (0, 0_u64, false);
    let mut verdicts = Vec::new();
    for run in newest_first {
        let age = Duration::from_nanos(now.saturating_sub(run.unix_nano));
        let too_old = |limit: &Duration| age > *limit;
        let taken = bytes.saturating_add(run.bytes);
        let too_many = |limit: &u64| newer >= *limit;
        let too_large = |limit: &u64| newer > 0 && (full || taken > *limit);
        let reason = match run.standing {
            Standing::Undelivered(_) | Standing::Unclear => {
                let late = rule.age.map(|age| age.saturating_mul(FACTOR_OF_LOSS));
                late.filter(too_old).map(|age| (Reason::Age(age), true))
            }
            _ => None,
        };
        let reason = reason.or_else(|| {
            let may_go = matches!(run.standing, Standing::Settled | Standing::Local);
            let age = rule.age.filter(too_old).map(Reason::Age);
            let runs = || rule.runs.filter(too_many).map(Reason::Runs);
            let size = || rule.size.filter(too_large).map(Reason::Size);
            age.or_else(runs).or_else(size).map(|reason| (reason, may_go))
        });
        if !matches!(reason, Some((_, true))) {
            newer += 1;
            bytes = taken;
        }
        full |= matches!(reason, Some((Reason::Size(_), true)));
        verdicts.extend(reason.map(|(reason, goes)| Verdict { run: run.clone(), reason, goes }));
    }
    verdicts.reverse();
    verdicts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const NOW: u64 = 1_000 * SECOND;

    /// A run that ended so many seconds ago.
    fn run(id: &str, ago: u64, bytes: u64, standing: Standing) -> Stored {
        Stored { id: id.to_owned(), unix_nano: NOW - ago * SECOND, bytes, standing }
    }

    fn rule(age: Option<u64>, runs: Option<u64>, size: Option<u64>) -> Rule {
        Rule { age: age.map(Duration::from_secs), runs, size }
    }

    fn gone(runs: &[Stored], rule: &Rule) -> Vec<(String, Reason)> {
        let verdicts = verdicts(runs, rule, NOW).into_iter().filter(|verdict| verdict.goes);
        verdicts.map(|verdict| (verdict.run.id, verdict.reason)).collect()
    }

    #[test]
    fn each_rule_takes_the_oldest() {
        use Standing::{Local, Settled};
        let runs =
            [run("b", 20, 10, Local), run("a", 30, 10, Settled), run("d", 5, 10, Local), run("c", 10, 10, Settled)];
        let (ten, twenty) = (Duration::from_secs(10), Duration::from_secs(20));
        let names =
            |list: &[(&str, Reason)]| list.iter().map(|(id, reason)| ((*id).to_owned(), *reason)).collect::<Vec<_>>();
        for (rule, expected) in [
            (rule(None, None, None), &[][..]),
            (rule(Some(30), None, None), &[]),
            (rule(Some(20), None, None), &[("a", Reason::Age(twenty))]),
            (rule(Some(10), None, None), &[("a", Reason::Age(ten)), ("b", Reason::Age(ten))]),
            (rule(None, Some(4), None), &[]),
            (rule(None, Some(3), None), &[("a", Reason::Runs(3))]),
            (rule(None, None, Some(40)), &[]),
            (rule(None, None, Some(39)), &[("a", Reason::Size(39))]),
            (rule(None, None, Some(1)), &[("a", Reason::Size(1)), ("b", Reason::Size(1)), ("c", Reason::Size(1))]),
            (
                rule(Some(20), Some(2), Some(10)),
                &[("a", Reason::Age(twenty)), ("b", Reason::Size(10)), ("c", Reason::Size(10))],
            ),
        ] {
            assert_eq!(gone(&runs, &rule), names(expected), "{rule:?}");
        }
    }

    #[test]
    fn what_may_not_go_is_said_and_stays() {
        let all = |standing| [run("a", 25, 10, standing), run("b", 1, 10, Standing::Settled)];
        for (standing, age, goes) in [
            (Standing::Busy, 1, false),
            (Standing::Newer(2), 1, false),
            (Standing::Undelivered(3), 13, false),
            (Standing::Unclear, 13, false),
            (Standing::Undelivered(3), 12, true),
            (Standing::Unclear, 12, true),
            (Standing::Settled, 13, true),
        ] {
            let told = verdicts(&all(standing), &rule(Some(age), None, None), NOW);
            assert_eq!(
                told.iter().map(|verdict| (verdict.run.id.as_str(), verdict.goes)).collect::<Vec<_>>(),
                [("a", goes)],
                "{standing:?} {age}"
            );
        }
        for standing in [Standing::Busy, Standing::Newer(2), Standing::Undelivered(3), Standing::Unclear] {
            for rule in [rule(None, Some(1), None), rule(None, None, Some(15))] {
                assert_eq!(gone(&all(standing), &rule), [], "{standing:?} {rule:?}");
                assert_eq!(verdicts(&all(standing), &rule, NOW).len(), 1);
            }
        }
    }

    #[test]
    fn one_that_may_not_go_does_not_cost_a_newer_one_its_place() {
        let mut runs: Vec<Stored> = (10..20).map(|n| run(&n.to_string(), n, 1_000, Standing::Undelivered(1))).collect();
        runs.push(run("new", 1, 1_000, Standing::Settled));
        assert_eq!(gone(&runs, &rule(None, Some(2), Some(1_500))), []);
    }

    fn standing() -> impl Strategy<Value = Standing> {
        prop_oneof![
            Just(Standing::Busy),
            (1_u64..9).prop_map(Standing::Undelivered),
            Just(Standing::Settled),
            Just(Standing::Local),
            Just(Standing::Unclear),
            Just(Standing::Newer(2)),
        ]
    }

    fn runs() -> impl Strategy<Value = Vec<Stored>> {
        proptest::collection::vec((0_u64..100, 0_u64..50, standing()), 0..20).prop_map(|all| {
            let runs = all.into_iter().enumerate();
            runs.map(|(number, (ago, bytes, standing))| run(&format!("{number:02}"), ago, bytes, standing)).collect()
        })
    }

    fn limits() -> impl Strategy<Value = Rule> {
        let limit = |most| proptest::option::of(0_u64..most);
        (limit(120), limit(20), limit(400)).prop_map(|(age, runs, size)| rule(age, runs, size))
    }

    proptest! {
        #[test]
        fn nothing_goes_that_must_stay(runs in runs(), rule in limits()) {
            let verdicts = verdicts(&runs, &rule, NOW);
            prop_assert!(verdicts.is_sorted_by_key(|verdict| (verdict.run.unix_nano, verdict.run.id.clone())));
            for verdict in verdicts.iter().filter(|verdict| verdict.goes) {
                let age = (NOW - verdict.run.unix_nano) / SECOND;
                let kept = runs.iter().filter(|run| !verdicts.iter().any(|other| other.goes && other.run == **run));
                let newer: Vec<_> =
                    kept.filter(|run| (run.unix_nano, &run.id) > (verdict.run.unix_nano, &verdict.run.id)).collect();
                match (verdict.run.standing, verdict.reason) {
                    (Standing::Busy | Standing::Newer(_), _) => prop_assert!(false, "{verdict:?}"),
                    (Standing::Undelivered(_) | Standing::Unclear, reason) => {
                        prop_assert!(matches!(reason, Reason::Age(_)) && age > 2 * rule.age.unwrap().as_secs(), "{verdict:?}");
                    }
                    (_, Reason::Age(limit)) => prop_assert!(Some(limit) == rule.age && age > limit.as_secs()),
                    (_, Reason::Runs(limit)) => prop_assert!(Some(limit) == rule.runs && newer.len() as u64 >= limit),
                    (_, Reason::Size(limit)) => prop_assert!(Some(limit) == rule.size && !newer.is_empty()),
                }
            }
        }

        /// What is left is within the rule, but for what may not go.
        #[test]
        fn what_is_left_is_within_the_rule(runs in runs(), rule in limits()) {
            let gone = gone(&runs, &rule);
            let mut left = runs;
            left.retain(|run| !gone.iter().any(|(id, _)| *id == run.id));
            left.sort_by_key(|run| Reverse((run.unix_nano, run.id.clone())));
            let mut bytes = 0;
            for (newer, run) in left.iter().enumerate() {
                bytes += run.bytes;
                if matches!(run.standing, Standing::Settled | Standing::Local) {
                    prop_assert!(rule.age.is_none_or(|age| NOW - run.unix_nano <= age.as_nanos() as u64));
                    prop_assert!(rule.runs.is_none_or(|runs| (newer as u64) < runs));
                    prop_assert!(rule.size.is_none_or(|size| bytes <= size || newer == 0));
                }
            }
        }

        #[test]
        fn twice_is_as_good_as_once(runs in runs(), rule in limits()) {
            let gone = gone(&runs, &rule);
            let mut left = runs;
            left.retain(|run| !gone.iter().any(|(id, _)| *id == run.id));
            prop_assert_eq!(self::gone(&left, &rule), vec![]);
        }
    }
}
