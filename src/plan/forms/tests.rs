//! Every form as its readers read it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::ffi::OsString;

use proptest::prelude::*;
use serde_yaml_ng::Value as Yaml;

use super::{Circumstances, Form, Nothing, Part, Platform, Reference, Text, Variable, platform};
use crate::agent::PROFILES;
use crate::plan::tests::{Case, case};
use crate::secret::{self, Secret, Secrets};
use crate::settings::{
    AgentChoice, Content, Destination, HeaderValue, Origin, PerSignal, Protocol, Sourced, Transport, Upstream,
};

fn said<T>(value: T) -> Sourced<T> {
    Sourced { value, origin: Origin::Flag("--test") }
}

/// The canary of every secret here.
const SECRET: &str = "hunter2-hunter2";

fn upstream(name: &str, endpoint: &str) -> Upstream {
    let destination = Destination { endpoint: Some(said(endpoint.to_owned())), ..Destination::default() };
    Upstream { name: name.to_owned(), destination, transport: PerSignal::default() }
}

fn with_headers(mut upstream: Upstream) -> Upstream {
    upstream.destination.headers = vec![
        ("x-tenant".to_owned(), said(HeaderValue::Literal(Secret::new(SECRET)))),
        ("authorization".to_owned(), said(HeaderValue::Env("OTLP_AUTHORIZATION".to_owned()))),
    ];
    upstream
}

fn over_grpc(mut upstream: Upstream) -> Upstream {
    let transport = Transport { protocol: Some(said(Protocol::Grpc)), ..Transport::default() };
    upstream.transport = PerSignal::all(&transport);
    upstream
}

impl Case {
    fn to(mut self, upstreams: Vec<Upstream>) -> Self {
        self.settings.upstreams = upstreams;
        self
    }

    fn platform(&self) -> Result<Platform, Nothing> {
        let command: Vec<OsString> = self.line.iter().map(OsString::from).collect();
        let variables: Vec<(&str, &str)> = self.environment.clone();
        let secrets = Secrets::new(secret::of_variables(&variables, &[], &[]));
        platform(Circumstances {
            plan: &self.plan(),
            command: &command,
            settings: &self.settings,
            environment: &self.base(),
            secrets: &secrets,
        })
    }

    fn form(&self, form: Form) -> String {
        form.write(&self.platform().unwrap())
    }
}

#[test]
fn opencode_on_kubernetes() {
    let upstream = with_headers(upstream("default", "https://otlp.example.com/otlp/"));
    let mut case = case(&["opencode", "run", "hi"]).to(vec![upstream]);
    case.settings.resource_attributes = vec![
        ("team".to_owned(), said("a,b $(X)".to_owned())),
        ("k8s.pod.name".to_owned(), said("where-the-form-was-made".to_owned())),
    ];
    insta::assert_snapshot!(case.form(Form::K8s));
}

#[test]
fn codex_on_github_over_grpc() {
    let mut upstream = with_headers(over_grpc(upstream("default", "collector:4317")));
    upstream.transport = PerSignal::from_fn(|_| Transport {
        timeout: Some(said(std::time::Duration::from_secs(3))),
        certificate: Some(said("/etc/ca.pem".into())),
        ..upstream.transport.traces.clone()
    });
    insta::assert_snapshot!(case(&["codex", "exec", "it's"]).to(vec![upstream]).form(Form::Github));
}

#[test]
fn claude_in_a_shell_with_content() {
    let mut upstream = upstream("default", "http://collector:4318");
    upstream.destination.signal_endpoints.traces = Some(said("https://traces.example.com/in".to_owned()));
    let second = self::upstream("archive", "file:/var/otlp/");
    let mut case = case(&["claude", "-p", "hi"]).to(vec![upstream, second]);
    case.settings.content = said(Content::On);
    insta::assert_snapshot!(case.form(Form::Shell));
}

#[test]
fn gemini_for_docker_without_an_upstream_that_fits() {
    let upstreams =
        vec![over_grpc(upstream("default", "http://collector:4317")), upstream("archive", "file:/var/otlp/")];
    insta::assert_snapshot!(case(&["gemini", "-p", "hi"]).to(upstreams).form(Form::Docker));
}

#[test]
fn any_other_command_in_a_dotenv_file() {
    let case = case(&["make", "test"]).to(vec![with_headers(upstream("default", "http://collector:4318"))]);
    insta::assert_snapshot!(case.form(Form::Dotenv));
}

#[test]
fn there_may_be_nothing_to_set() {
    let mut disabled = case(&["opencode"]);
    disabled.settings.sdk_disabled = said(true);
    assert_eq!(disabled.platform(), Err(Nothing::Disabled));
    let mut none = case(&["opencode"]);
    none.settings.agent = said(AgentChoice::None);
    assert_eq!(none.platform(), Err(Nothing::NoAgent));
}

#[test]
fn content_that_nobody_would_take_out_is_not_switched_on() {
    for (content, is_set) in [(Content::Off, false), (Content::Local, false), (Content::On, true)] {
        let mut case = case(&["opencode", "run"]).with(&[("OPENCODE_CONFIG_CONTENT", "{\"key\":\"hunter2-hunter2\"}")]);
        case.settings.content = said(content);
        let text = case.form(Form::Shell);
        let line = "export OPENCODE_CONFIG_CONTENT='{\"experimental\":{\"openTelemetry\":true}}'\n";
        assert_eq!(text.contains(line), is_set, "{text}");
        assert!(text.contains("has a value of your own here"), "{text}");
    }
}

/// Whatever is secret, and wherever it was said.
#[test]
fn no_form_has_a_secret_in_it() {
    let secret = || said(HeaderValue::Literal(Secret::new(SECRET)));
    let endpoints = [
        format!("https://u:{SECRET}@h/otlp"),
        format!("https://h/{SECRET}aaaaaaaaaaaaaa1/otlp"),
        format!("https://h/otlp?key={SECRET}"),
        format!("https://u:{SECRET}@h/otlp?key={SECRET}#{SECRET}"),
    ];
    for profile in &PROFILES {
        let name = profile.recognised_by.base_names.first().copied().unwrap_or("make");
        for endpoint in &endpoints {
            for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
                let transport = Transport { protocol: Some(said(protocol)), ..Transport::default() };
                let mut first = with_headers(upstream("default", endpoint));
                first.transport = PerSignal::all(&transport);
                first.destination.signal_endpoints.logs = Some(said(endpoint.clone()));
                first.destination.signal_headers.logs = Some(vec![("x-key".to_owned(), secret())]);
                let command = vec!["/usr/bin/print".to_owned(), SECRET.to_owned()];
                first.destination.headers.push(("x-printed".to_owned(), said(HeaderValue::Command(command))));
                let environment = [
                    ("OPENAI_API_KEY", SECRET),
                    ("OTLP_AUTHORIZATION", SECRET),
                    ("OTEL_EXPORTER_OTLP_HEADERS", SECRET),
                    ("OPENCODE_CONFIG_CONTENT", "{\"key\":\"hunter2-hunter2\"}"),
                    ("NO_PROXY", SECRET),
                ];
                let mut case = case(&[name, "exec", "-p", "--key", SECRET]).to(vec![first]).with(&environment);
                case.settings.content = said(Content::On);
                case.settings.resource_attributes = vec![("note".to_owned(), said(SECRET.to_owned()))];
                for form in Form::ALL {
                    let text = case.form(form);
                    assert!(!text.contains("hunter2"), "{} {endpoint} {form:?}:\n{text}", profile.name);
                    assert!(text.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{} {form:?}", profile.name);
                }
            }
        }
    }
}

/// What a container has in `env`, as the kubelet makes it of the file, where Secrets and ConfigMaps hold `supplied`.
fn in_the_pod(text: &str, supplied: &dyn Fn(&str) -> String) -> Vec<(String, String)> {
    let yaml: Yaml = serde_yaml_ng::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/fixtures/kubernetes/envvar-v1.json")).unwrap();
    let mut environment: Vec<(String, String)> = Vec::new();
    for variable in yaml["env"].as_sequence().unwrap() {
        check(&serde_json::to_value(variable).unwrap(), &schema);
        let name = variable["name"].as_str().unwrap().to_owned();
        let source = &variable["valueFrom"];
        let value = match variable["value"].as_str() {
            Some(value) => {
                assert!(source.is_null(), "a value has no source");
                expand(value, &environment)
            }
            None => {
                let key = ["secretKeyRef", "configMapKeyRef"].iter().find_map(|kind| source[*kind]["key"].as_str());
                key.map(supplied).unwrap_or_else(|| source["fieldRef"]["fieldPath"].as_str().unwrap().to_owned())
            }
        };
        assert!(!environment.iter().any(|(known, _)| *known == name), "{name} is there twice");
        environment.push((name, value));
    }
    environment
}

/// Variables in a value, by the rules of `third_party/forked/golang/expansion/expand.go` in Kubernetes. One that is not
/// there yet would stay as it is, which is a mistake here.
fn expand(text: &str, environment: &[(String, String)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        rest = match after.chars().next() {
            Some('$') => {
                out.push('$');
                &after[1..]
            }
            Some('(') if after.contains(')') => {
                let (name, tail) = after[1..].split_once(')').unwrap();
                let found = environment.iter().find(|(known, _)| known == name);
                out.push_str(&found.unwrap_or_else(|| panic!("{name} is not there yet: {text}")).1);
                tail
            }
            _ => {
                out.push('$');
                after
            }
        };
    }
    out + rest
}

/// Whether a value is as a schema has it. It knows the keywords of the schemas here and fails on every other.
fn check(value: &serde_json::Value, schema: &serde_json::Value) {
    try_check(value, schema).unwrap_or_else(|why| panic!("{why}: {value}"));
}

fn try_check(value: &serde_json::Value, schema: &serde_json::Value) -> Result<(), String> {
    let of_type = |name: &serde_json::Value| match name.as_str().unwrap() {
        "string" => value.is_string(),
        "object" => value.is_object(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("the type {other} is not known here"),
    };
    let fields = value.as_object();
    for (keyword, says) in schema.as_object().unwrap() {
        let holds = match keyword.as_str() {
            "type" => says.as_array().map_or_else(|| of_type(says), |types| types.iter().any(of_type)),
            "required" => says.as_array().unwrap().iter().all(|name| value.get(name.as_str().unwrap()).is_some()),
            "properties" => {
                for (name, field) in fields.into_iter().flatten() {
                    if let Some(schema) = says.get(name) {
                        try_check(field, schema)?;
                    }
                }
                true
            }
            "additionalProperties" => {
                assert_eq!(says, false);
                let known = schema["properties"].as_object().unwrap();
                fields.into_iter().flatten().all(|(name, _)| known.contains_key(name))
            }
            "oneOf" => says.as_array().unwrap().iter().filter(|one| try_check(value, one).is_ok()).count() == 1,
            "$schema" | "$comment" | "x-kubernetes-map-type" => true,
            other => panic!("the keyword {other} is not known here"),
        };
        if !holds {
            return Err(format!("`{keyword}` of the schema does not hold"));
        }
    }
    Ok(())
}

#[test]
fn the_check_can_fail() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/fixtures/kubernetes/envvar-v1.json")).unwrap();
    for wrong in [
        r#"{"value":"x"}"#,
        r#"{"name":"X","value":1}"#,
        r#"{"name":"X","value":true}"#,
        r#"{"name":"X","valueFrom":{"secretRef":{"key":"K"}}}"#,
        r#"{"name":"X","valueFrom":{"secretKeyRef":{"name":"N"}}}"#,
        r#"{"name":"X","valueFrom":{"fieldRef":{"fieldPath":null}}}"#,
    ] {
        assert!(try_check(&serde_json::from_str(wrong).unwrap(), &schema).is_err(), "{wrong}");
    }
}

#[test]
fn every_agents_pod_is_accepted_and_tells_where_it_runs() {
    for profile in &PROFILES {
        let name = profile.recognised_by.base_names.first().copied().unwrap_or("make");
        let case = case(&[name, "exec", "$(x)"]).to(vec![with_headers(upstream("default", "https://h/otlp"))]);
        let text = case.form(Form::K8s);
        let environment = in_the_pod(&text, &|key| format!("<{key}>"));
        let value = |name: &str| environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let headers = "authorization=<OTLP_AUTHORIZATION>,x-tenant=<OTEL_HEADER_X_TENANT>";
        assert_eq!(value("OTEL_EXPORTER_OTLP_HEADERS"), Some(headers));
        let attributes = "k8s.namespace.name=metadata.namespace,k8s.node.name=spec.nodeName,k8s.pod.name=metadata.name,\
                          k8s.pod.uid=metadata.uid";
        let attributes = value("OTEL_RESOURCE_ATTRIBUTES").map(|list| list.contains(attributes));
        assert_eq!(attributes, (!profile.ignores("OTEL_RESOURCE_ATTRIBUTES")).then_some(true), "{text}");
        let yaml: Yaml = serde_yaml_ng::from_str(&text).unwrap();
        let container = yaml["name"].as_str().unwrap();
        assert!(!container.is_empty() && container.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
        let values = yaml["env"].as_sequence().unwrap().iter().filter(|variable| variable["valueFrom"].is_null());
        let names: Vec<&str> = values.map(|variable| variable["name"].as_str().unwrap()).collect();
        assert!(names.is_sorted(), "{names:?}");
        let word = yaml["command"].as_sequence().and_then(|words| words.last()?.as_str());
        assert_eq!(word, (profile.name == "codex").then_some("$$(x)"));
    }
}

/// The values of an `env` block as GitHub evaluates them, with `contexts` for what is no string.
fn in_the_job(text: &str, contexts: &dyn Fn(&str) -> String) -> BTreeMap<String, String> {
    let yaml: Yaml = serde_yaml_ng::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    let variables = yaml["env"].as_mapping().unwrap().iter();
    let evaluated = variables.map(|(name, value)| {
        (name.as_str().unwrap().to_owned(), evaluate(value.as_str().expect("a string"), contexts))
    });
    evaluated.collect()
}

/// Expressions in a text (GitHub Actions, "Evaluate expressions"): strings are in single quotes, two of which are one in them.
fn evaluate(text: &str, contexts: &dyn Fn(&str) -> String) -> String {
    let Some((before, after)) = text.split_once("${{") else { return text.to_owned() };
    let mut in_string = false;
    let mut end = None;
    for (at, character) in after.char_indices() {
        in_string ^= character == '\'';
        if !in_string && after[at..].starts_with("}}") {
            end = Some(at);
            break;
        }
    }
    let end = end.unwrap_or_else(|| panic!("an expression that does not end: {text}"));
    let expression = after[..end].trim();
    let value = match expression.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        Some(string) => string.replace("''", "'"),
        None => contexts(expression),
    };
    format!("{before}{value}{}", evaluate(&after[end + 2..], contexts))
}

#[test]
fn a_job_gets_references_and_says_which_run_it_is() {
    let text =
        case(&["copilot", "-p", "hi"]).to(vec![with_headers(upstream("default", "https://h"))]).form(Form::Github);
    let job = in_the_job(&text, &|expression| format!("<{expression}>"));
    assert_eq!(
        job["OTEL_EXPORTER_OTLP_HEADERS"],
        "authorization=<secrets.OTLP_AUTHORIZATION>,x-tenant=<secrets.OTEL_HEADER_X_TENANT>"
    );
    assert!(job["OTEL_RESOURCE_ATTRIBUTES"].contains("cicd.pipeline.run.id=<github.run_id>"), "{job:?}");
    let text = case(&["make"]).form(Form::Github);
    assert_eq!(
        in_the_job(&text, &|expression| format!("<{expression}>"))["OTEL_EXPORTER_OTLP_ENDPOINT"],
        "<vars.OTEL_EXPORTER_OTLP_ENDPOINT>"
    );
}

/// An env file as docker/cli reads it, `pkg/kvfile/kvfile.go`; `strips` as newer versions do, which take quotes away. None is
/// the value of a name alone.
fn in_the_container(text: &str, strips: bool) -> BTreeMap<String, Option<String>> {
    let mut variables = BTreeMap::new();
    for line in text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)) {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=').map_or((line, None), |(name, value)| (name, Some(value)));
        assert!(!name.is_empty() && !name.contains([' ', '\t']), "{line}");
        let quoted = |value: &str| {
            ['\'', '"'].iter().find_map(|quote| Some(value.strip_prefix(*quote)?.strip_suffix(*quote)?.to_owned()))
        };
        let value = value.map(|value| quoted(value).filter(|_| strips).unwrap_or_else(|| value.to_owned()));
        variables.insert(name.to_owned(), value);
    }
    variables
}

/// A platform that sets one variable.
fn sets(value: Text) -> Platform {
    let reference =
        |name: &str, is_secret| Reference { name: name.to_owned(), is_secret, holds: "what\n it # is".to_owned() };
    Platform {
        title: "an agent".to_owned(),
        destination: "http://h\n".to_owned(),
        container: "agent".to_owned(),
        variables: vec![Variable { name: "VALUE".to_owned(), value, reason: "because\nof this".to_owned() }],
        attributes: None,
        command: Some(vec![Text::plain("a\nb")]),
        references: vec![reference("GIVEN", false), reference("KEPT", true)],
        notes: vec!["a\u{2028}note".to_owned()],
    }
}

/// What a variable may hold: everything but NUL, often what some reader takes for something else.
fn any_value() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        "'", "\"", "\\", "$", "`", "#", " ", "\n", "\t", "\r", "$(X)", "$$", "${{ x }}", "}}", "${X}", "%20", "=", ":",
        "- ", "é", "\u{85}", "\u{2028}", "\u{feff}", "\u{1b}", "\u{7f}", "😀", "!", "~", "&", "*", "no", "\\n",
        "\\u0041",
    ]);
    let piece = prop_oneof![3 => special.prop_map(str::to_owned), 1 => "[^\0]{0,3}"];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_value_survives_the_kubelet(before in any_value(), secret in any_value(), after in any_value()) {
        let value = Text::plain(before.clone()).and(Text::reference("KEPT")).and(Text::plain(after.clone()));
        let environment = in_the_pod(&Form::K8s.write(&sets(value)), &|_| secret.clone());
        prop_assert_eq!(&environment.last().unwrap().1, &format!("{before}{secret}{after}"));
    }

    #[test]
    fn any_value_survives_github(before in any_value(), secret in any_value(), after in any_value()) {
        let value = Text::plain(before.clone()).and(Text::reference("KEPT")).and(Text::plain(after.clone()));
        let job = in_the_job(&Form::Github.write(&sets(value)), &|_| secret.clone());
        prop_assert_eq!(&job["VALUE"], &format!("{before}{secret}{after}"));
    }

    #[test]
    fn a_value_survives_docker_or_is_passed_on(value in any_value()) {
        let text = Form::Docker.write(&sets(Text::plain(value.clone())));
        for strips in [false, true] {
            let container = in_the_container(&text, strips);
            prop_assert_eq!(container.len(), 1);
            let expected = super::docker::stands_for_itself("VALUE", &value).then(|| value.clone());
            prop_assert_eq!(&container["VALUE"], &expected);
        }
    }

    #[test]
    fn parts_of_a_value_stay_in_order(before in any_value(), after in any_value()) {
        let value = Text::plain(before.clone()).and(Text::reference("KEPT")).and(Text::plain(after.clone()));
        let whole: String = value.parts().map(|part| match part {
            Part::Plain(text) => text.clone(),
            Part::Reference(_) => "|".to_owned(),
            Part::Native(_) => unreachable!(),
        }).collect();
        prop_assert_eq!(whole, format!("{before}|{after}"));
    }
}
