//! Credentials that programs print: taken once, asked for again when the backend refuses them, and seen by nobody else.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use support::listed::{items, only_run};
use support::{Behaviour, Home, Run, Transport, Upstream, run, test_child};

/// A deadline that is not the subject.
const LONG: &str = "60s";
/// What a run says about itself: a span, two log records, ten data points.
const OWN: u64 = 13;
const TRANSPORTS: [Transport; 3] = [Transport::HttpProtobuf, Transport::HttpJson, Transport::Grpc];

/// A program of these lines of shell, which notes each time that it is started.
fn program(home: &Home, name: &str, lines: &str) -> PathBuf {
    let path = home.path().join(name);
    let counted = home.path().join(format!("{name}.started"));
    std::fs::write(&path, format!("#!/bin/sh\necho >>'{}'\n{lines}\n", counted.display())).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// How often a program was started.
fn started(program: &Path) -> usize {
    let counted = format!("{}.started", program.display());
    std::fs::read_to_string(counted).map_or(0, |lines| lines.lines().count())
}

fn to(home: &Home, upstream: &Upstream, transport: Transport) -> Run {
    run().home(home).upstream_by(upstream, transport).flag("--drain-deadline", LONG)
}

fn send(run: Run) -> Run {
    run.child([test_child().to_str().unwrap(), "send", "--count", "3"])
}

#[test]
fn what_a_helper_prints_beats_what_was_said() {
    for transport in TRANSPORTS {
        let (home, upstream) = (Home::new(), Upstream::start());
        let helper = program(&home, "helper", r#"echo '{"Authorization": "Bearer t0", "x-tenant": "7"}'"#);
        let ran = to(&home, &upstream, transport)
            .flag("--headers-helper", &helper)
            .flag("--header", "authorization=static")
            .flag("--header", "x-static=1");
        send(ran).expect_exit(0);
        assert_eq!(items(&only_run(&home)).delivered, 3 + OWN);
        assert_eq!(started(&helper), 1, "once for all signals");
        for request in upstream.received() {
            let header = |name| request.header(name);
            assert_eq!((header("authorization"), header("x-tenant"), header("x-static")), ("Bearer t0", "7", "1"));
        }
        home.assert_nowhere("Bearer t0");
    }
}

/// The backend takes the second credentials only: each signal is refused once, all of them have the new ones from one call.
#[test]
fn refused_credentials_are_renewed_once_for_all() {
    for transport in TRANSPORTS {
        let home = Home::new();
        let upstream = Upstream::behaving(Behaviour::Want("authorization", "Bearer 2".to_owned()));
        let helper = program(
            &home,
            "helper",
            &format!(
                r#"echo "{{\"authorization\": \"Bearer $(wc -l <'{}/helper.started' | tr -d ' ')\"}}""#,
                home.path().display()
            ),
        );
        send(to(&home, &upstream, transport).flag("--headers-helper", &helper)).expect_exit(0);
        assert_eq!(items(&only_run(&home)).delivered, 3 + OWN, "{transport:?}");
        assert_eq!(started(&helper), 2, "{transport:?}");
        let counts = upstream.span_counts();
        assert!(counts.len() == 4 && counts.values().all(|count| *count == 1), "{counts:?}");
    }
}

#[test]
fn credentials_that_stay_refused_are_tried_twice_and_kept() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Want("authorization", "never".to_owned())));
    let helper = program(&home, "helper", r#"echo '{"authorization": "s3cr3t"}'"#);
    let ran = to(&home, &upstream, Transport::HttpProtobuf).flag("--headers-helper", &helper);
    let ran = send(ran).stderr_has("401 (check the credentials in the headers)").expect_exit(0);
    assert!(!ran.stderr_text().contains("s3cr3t"), "{}", ran.stderr_text());
    assert_eq!(items(&only_run(&home)).pending, 3 + OWN);
    upstream.set_behaviour(Behaviour::Want("authorization", "s3cr3t".to_owned()));
    // What was written down is not enough, and what was said is.
    run().home(&home).arg("flush").stderr_has("say endpoint and credentials again").expect_exit(1);
    let flush = run().home(&home).upstream(&upstream).flag("--headers-helper", &helper).arg("flush");
    flush.expect_exit(0).stdout_has("4 spans delivered");
    home.assert_nowhere("s3cr3t");
}

#[test]
fn a_helper_that_fails_is_said_and_delays_nobody_for_long() {
    let too_much = "head -c 2000000 /dev/zero | tr '\\0' ' '";
    for (lines, reason) in [
        ("exit 3", "failed with exit status: 3"),
        ("echo hunter2", "did not print a JSON object of strings"),
        ("echo '{\"authorization\": 5}'", "did not print a JSON object of strings"),
        ("printf '%s' '{\"authorization\": \"hunter2\\n\"}'", "control character for the header authorization"),
        (too_much, "printed more than 1 MiB"),
        ("exec sleep 600", "took longer than 5 s"),
        ("sleep 600 & sleep 600", "took longer than 5 s"),
    ] {
        let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Want("authorization", "x".to_owned())));
        let helper = program(&home, "helper", lines);
        let ran = to(&home, &upstream, Transport::HttpProtobuf).flag("--headers-helper", &helper);
        let ran = ran.child(["sh", "-c", "exit 3"]).stderr_has(reason).stderr_has("the headers helper").expect_exit(3);
        assert!(!ran.stderr_text().contains("hunter2"), "{}", ran.stderr_text());
        assert_eq!(items(&only_run(&home)).pending, OWN, "{lines}");
    }
}

#[test]
fn a_helper_that_cannot_be_found_is_said_before_anything_is_sent() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Status(401, vec![])));
    let missing = to(&home, &upstream, Transport::HttpProtobuf).flag("--headers-helper", "/nowhere/helper");
    missing.child(["true"]).stderr_has("/nowhere/helper cannot be started: No such file").expect_exit(0);
    let relative = to(&home, &upstream, Transport::HttpProtobuf).flag("--headers-helper", "helper");
    relative.child(["true"]).stderr_has("has to be an absolute path, or begin with ${PROJECT_ROOT}").expect_exit(0);
}

#[test]
fn a_helper_can_be_the_projects() {
    let (home, upstream) = (Home::new(), Upstream::start());
    let below = home.work().join("a/b");
    std::fs::create_dir_all(&below).unwrap();
    for (place, folder, repository) in [
        ("${DIRECTORY}", "a/b", false),
        ("${PROJECT_ROOT}", "a/b", false),
        ("${PROJECT_ROOT}", "", true),
        ("${WORKTREE}", "", true),
    ] {
        if repository {
            std::fs::create_dir_all(home.work().join(".git")).unwrap();
        }
        let folder = home.work().join(folder);
        let helper = folder.join("helper");
        std::fs::write(&helper, format!("#!/bin/sh\necho '{{\"x-from\": \"{place} {repository}\"}}'\n")).unwrap();
        std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
        let ran = to(&home, &upstream, Transport::HttpProtobuf).work(&below);
        ran.flag("--headers-helper", format!("{place}/helper")).child(["true"]).expect_exit(0);
        assert_eq!(upstream.received().last().unwrap().header("x-from"), format!("{place} {repository}"));
        std::fs::remove_file(helper).unwrap();
    }
}

#[test]
fn a_header_can_be_what_a_program_prints() {
    for transport in TRANSPORTS {
        let home = Home::new();
        let upstream = Upstream::behaving(Behaviour::Want("authorization", "t 2".to_owned()));
        let token = program(
            &home,
            "token",
            &format!("echo \"$1 $(wc -l <'{}/token.started' | tr -d ' ')\"", home.path().display()),
        );
        let settings = format!(
            "endpoint = '{}'\nprotocol = '{}'\n[headers]\nauthorization = {{ command = ['{}', 't'] }}\nx-fixed = 'f'\n",
            upstream.url(),
            transport.as_str(),
            token.display()
        );
        home.write_config("otel-run/config.toml", &settings);
        send(run().home(&home).flag("--drain-deadline", LONG)).expect_exit(0);
        assert_eq!((items(&only_run(&home)).delivered, started(&token)), (3 + OWN, 2));
        assert!(upstream.received().iter().all(|request| request.header("x-fixed") == "f"));
        let plan = run().home(&home).args(["plan", "--", "true"]).expect_exit(0);
        plan.stdout_has(&format!("header authorization from command:{}", token.display()));
        assert_eq!(started(&token), 2, "a plan starts nothing");
    }
}

/// The helper is nobody's business: not the command's environment, not the terminal's signals.
#[test]
fn the_command_does_not_know_of_the_helper() {
    let (home, upstream) = (Home::new(), Upstream::start());
    let helper = program(&home, "helper", r#"echo '{"authorization": "s3cr3t"}'"#);
    let ran = run()
        .home(&home)
        .flag("--drain-deadline", LONG)
        .env("OTEL_RUN_ENDPOINT", upstream.url())
        .env("OTEL_RUN_HEADERS_HELPER", &helper)
        .child(["env"])
        .expect_exit(0);
    let seen = ran.stdout_text();
    assert!(!seen.contains("helper") && !seen.contains("s3cr3t"), "{seen}");
    assert_eq!(upstream.received()[0].header("authorization"), "s3cr3t");
}
