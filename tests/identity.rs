//! Who a run's telemetry says that it is from: the service's name and instance, the agent's name, version and use.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use opentelemetry_proto::tonic::resource::v1::Resource;
use support::stored::text;
use support::{Home, Ran, Run, Stored, Upstream, captures, run, test_child};

const GEMINI: &str = "gemini-run-0.61.0-noprompts.jsonl";
const QWEN: &str = "qwen-run-0.24.4.jsonl";
const OPENCODE: &str = "opencode-run-llm-traces.jsonl";

/// The small sender as the program at this place of the home's working folder, so that it is taken for the agent.
fn as_agent(home: &Home, place: &str) -> PathBuf {
    let file = home.work().join(place);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::copy(test_child(), &file).unwrap();
    file
}

/// Replays a capture through `program` and gives what arrived at the backend.
#[track_caller]
fn sent(run: Run, home: &Home, program: &Path, capture: &str) -> Arrived {
    let upstream = Upstream::start();
    let command = run.home(home).upstream(&upstream).child([program]).arg("replay").arg(captures::path(capture));
    let ran = command.expect_exit(0);
    let resources = upstream.spans_with_resources().into_iter().map(|(resource, _)| resource);
    let resources = resources.chain(upstream.log_records().into_iter().map(|(resource, _)| resource));
    let resources = resources.chain(upstream.metrics().into_iter().map(|(resource, _)| resource)).collect();
    Arrived { resources, ran }
}

struct Arrived {
    resources: Vec<Resource>,
    ran: Ran,
}

impl Arrived {
    /// What the resources of one service say for `key`, on all signals; an empty text where one says nothing.
    fn of(&self, service: &str, key: &str) -> BTreeSet<String> {
        let of_it = self.resources.iter().filter(|one| text(&one.attributes, "service.name") == Some(service));
        of_it.map(|one| text(&one.attributes, key).unwrap_or_default().to_owned()).collect()
    }

    /// The same where all say one thing.
    #[track_caller]
    fn the(&self, service: &str, key: &str) -> String {
        let all = self.of(service, key);
        assert_eq!(all.len(), 1, "{service} says for {key}: {all:?}");
        all.into_iter().next().unwrap()
    }

    /// An attribute of the run's span.
    fn of_the_span(&self, key: &str) -> Option<String> {
        text(&Stored::of(&self.ran.home).run_span().attributes, key).map(str::to_owned)
    }
}

#[test]
fn an_agent_keeps_its_name_and_is_one_instance_on_every_signal() {
    for (name, capture, service) in
        [("opencode", OPENCODE, "opencode"), ("qwen", QWEN, "qwen-code"), ("gemini", GEMINI, "gemini-cli")]
    {
        let home = Home::new();
        let arrived = sent(run(), &home, &as_agent(&home, name), capture);
        assert_eq!(arrived.the(service, "otel_run.agent.name"), name);
        assert_eq!(arrived.of_the_span("otel_run.agent.name").as_deref(), Some(name));
        let (agent, wrapper) =
            (arrived.the(service, "service.instance.id"), arrived.the("otel-run", "service.instance.id"));
        assert_eq!((agent.len(), wrapper.len()), (36, 36), "{name}: each has a UUID");
        assert_ne!(agent, wrapper, "{name}");
    }
}

#[test]
fn the_version_is_what_the_agent_says_else_what_its_package_says() {
    let home = Home::new();
    let arrived = sent(run(), &home, &as_agent(&home, "qwen"), QWEN);
    assert_eq!(arrived.the("qwen-code", "otel_run.agent.version"), "0.24.4");
    assert_eq!(arrived.of_the_span("otel_run.agent.version").as_deref(), Some("0.24.4"));

    // Gemini CLI says which Node.js it runs on.
    let home = Home::new();
    let program = as_agent(&home, "lib/node_modules/@google/gemini-cli/bundle/gemini");
    let package = home.work().join("lib/node_modules/@google/gemini-cli/package.json");
    std::fs::write(package, r#"{"name": "@google/gemini-cli", "version": "0.61.0"}"#).unwrap();
    let link = home.work().join("gemini");
    symlink(program, &link).unwrap();
    let arrived = sent(run(), &home, &link, GEMINI);
    assert_eq!(arrived.the("gemini-cli", "service.version"), "v20.20.2");
    assert_eq!(arrived.the("gemini-cli", "otel_run.agent.version"), "0.61.0");
    assert_eq!(arrived.of_the_span("otel_run.agent.version").as_deref(), Some("0.61.0"));

    let home = Home::new();
    let arrived = sent(run(), &home, &as_agent(&home, "gemini"), GEMINI);
    assert_eq!(arrived.the("gemini-cli", "otel_run.agent.version"), "");
    assert_eq!(arrived.of_the_span("otel_run.agent.version"), None);
}

#[test]
fn a_name_may_say_which_agent_it_is_and_how_it_is_used() {
    for (named, expected) in [
        (run().flag("--service-name", "{mode}/{agent}"), "cli/gemini"),
        (run().env("OTEL_RUN_SERVICE_NAME", "my {agent}"), "my gemini"),
        (run().env("OTEL_SERVICE_NAME", "{agent}.{mode}"), "gemini.cli"),
        (run().env("OTEL_RESOURCE_ATTRIBUTES", "service.name=%7Bmode%7D"), "cli"),
        (run().flag("--service-name", "mine"), "mine"),
    ] {
        let home = Home::new();
        let arrived = sent(named, &home, &as_agent(&home, "gemini"), GEMINI);
        let names: BTreeSet<_> =
            arrived.resources.iter().map(|one| text(&one.attributes, "service.name").unwrap()).collect();
        assert_eq!(names, BTreeSet::from([expected]));
        // Its own service and otel-run's are two instances all the same.
        assert_eq!(arrived.of(expected, "service.instance.id").len(), 2, "{expected}");
        assert_eq!(arrived.of_the_span("otel_run.agent.mode").as_deref(), Some("cli"));
    }
}

#[test]
fn an_unknown_placeholder_is_told_and_has_no_effect() {
    let home = Home::new();
    let named = run().flag("--service-name", "{agent}-{role}").stderr_has("`{role}` is not known in a service name");
    let arrived = sent(named, &home, &as_agent(&home, "gemini"), GEMINI);
    assert_eq!(arrived.the("gemini-cli", "otel_run.agent.mode"), "cli");
}

#[test]
fn an_agent_is_known_under_another_name_by_where_the_link_leads() {
    let home = Home::new();
    let program = as_agent(&home, "bin/gemini");
    symlink(&program, home.work().join("bin/g2")).unwrap();
    symlink("bin/g2", home.work().join("my-agent")).unwrap();
    let arrived = sent(run(), &home, Path::new("./my-agent"), GEMINI);
    assert_eq!(arrived.of_the_span("otel_run.agent.name").as_deref(), Some("gemini"));
    assert_eq!(Stored::of(&home).run_span().name, "gemini");
}
