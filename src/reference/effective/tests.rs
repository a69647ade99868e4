#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use super::*;
use crate::environment::Environment;
use crate::secret;
use crate::settings::file::FileText;
use crate::settings::{Complaint, Layer, resolve};

const DRAIN: Duration = Duration::from_secs(5);

fn page(settings: &Settings, secrets: &Secrets) -> String {
    let drain_deadline = settings.drain_deadline.clone().unwrap_or(Sourced::default_value(DRAIN));
    let state_dir = settings.state_dir.clone().unwrap_or(Sourced::default_value(PathBuf::from("/home/u/state")));
    effective(settings, &Here { folder: Path::new("/here"), state_dir: Some(state_dir), drain_deadline, secrets })
}

fn none() -> Secrets {
    Secrets::new(Vec::new())
}

fn meant(variables: &[(&str, &str)], user: &str) -> (Settings, Vec<Complaint>) {
    let environment: Environment = variables.iter().copied().chain([("HOME", "/home/u")]).collect();
    let file = FileText { path: PathBuf::from("/home/u/config.toml"), text: user.to_owned() };
    resolve(Layer::default(), &environment, None, Some(file))
}

/// What goes to upstreams and how, whoever said it.
#[track_caller]
fn same_upstreams(these: &[Upstream], those: &[Upstream]) {
    let names = |list: &[Upstream]| list.iter().map(|upstream| upstream.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(these), names(those));
    for (this, that) in these.iter().zip(those) {
        assert!(this.goes_where(that), "{this:?} {that:?}");
        assert!(Signal::ALL.into_iter().all(|signal| facts(this, signal) == facts(that, signal)), "{this:?} {that:?}");
        let helper = |upstream: &Upstream| upstream.destination.headers_helper.clone().map(|said| said.value);
        assert_eq!(helper(this), helper(that));
    }
}

/// All else, without where it comes from.
fn without_origins(settings: &Settings) -> String {
    let text = format!("{:?}", Settings { upstreams: Vec::new(), ..settings.clone() });
    let mut rest = text.as_str();
    let mut out = String::new();
    while let Some((before, after)) = rest.split_once(", origin: ") {
        out.push_str(before);
        let end = match after {
            after if after.starts_with("File {") => after.find('}').unwrap() + 1,
            after if after.starts_with("Default") => "Default".len(),
            after => after.find(')').unwrap() + 1,
        };
        rest = &after[end..];
    }
    out + rest
}

const EVERYTHING: &str = r#"
endpoint = "https://c"
logs_endpoint = "http://l/x"
protocol = "http/json"
compression = "gzip"
export_timeout = 0
service_name = "{agent} \"n\" \\ \u0007"
agent = "codex"
nest = "off"
content = "on"
drain_deadline = 1.5
collector = false
state_dir = "runs"
quiet = true
timeout = "1d"
kill_after = 0.5
success_codes = [3, 1]
reap = true
die_with_parent = true
heartbeat = 0
headers_helper = "${WORKTREE}/helper"
certificate = "ca.pem"
client_certificate = "/c.pem"
client_key = "k.pem"
insecure = true
expire_after = "2d"
require_telemetry = ["logs", "traces"]
metrics_temporality = "delta"
keep_age = "36h"
keep_runs = 0
keep_size = "1500KB"
detail = "agent"
agent_destinations = false
redact = ["A", "B"]
redact_except = ["C"]
genai = "replace"
[headers]
authorization = { env = "TOKEN" }
x-file = { file = "token" }
x-home = { file = "~/token" }
x-command = { command = ["print", "it"] }
[resource_attributes]
z = "1"
deployment.environment.name = "ci"
empty = ""
[[upstream]]
name = "second"
endpoint = "file:/second"
headers = { k = { env = "K" } }
[[upstream]]
logs_endpoint = "unix:/l"
protocol = "grpc"
signals = ["logs", "traces"]
[agents.goose]
base_names = ["goose"]
flush_delay = 1
set = { A = "x\ny", B = { value = "1", reason = "why" } }
cautions = [{ text = "\"t\"" }]
launcher_keeps_signals = true
"#;

#[test]
fn as_a_file_it_means_the_same() {
    for text in [
        "",
        EVERYTHING,
        "endpoint = 'http://e/base'\nsignals = ['traces', 'logs']",
        "[[upstream]]\nendpoint = 'http://only'",
        "require_telemetry = true",
    ] {
        let (settings, complaints) = meant(&[], text);
        assert_eq!(complaints, []);
        let page = page(&settings, &none());
        let (again, complaints) = meant(&[], &page);
        assert_eq!(complaints, [], "{page}");
        same_upstreams(&again.upstreams, &settings.upstreams);
        assert_eq!(without_origins(&again), without_origins(&settings), "{page}");
        // And what it says of that is the same, but for where it comes from.
        let values = |page: &str| -> Vec<String> {
            page.lines().map(|line| line.split("  # ").next().unwrap().to_owned()).collect()
        };
        assert_eq!(values(&self::page(&again, &none())), values(&page));
    }
}

#[test]
fn every_key_is_in_it() {
    let (settings, _) = meant(&[], EVERYTHING);
    for page in [page(&settings, &none()), page(&Settings::default(), &none())] {
        assert!(!page.contains("is not shown\n"), "{page}");
        for key in keys::all().filter(|key| keys::named(keys::DESTINATION, key.name).is_none()) {
            let begins = |line: &str| {
                let line = line.trim_start_matches("# ").trim_start_matches(['[', '[']);
                line.starts_with(key.name) && !line[key.name.len()..].starts_with('_')
            };
            let below = matches!(key.name, "upstream" | "agents");
            assert!(below || page.lines().any(begins), "{}: {page}", key.name);
        }
    }
    let page = page(&settings, &none());
    for key in keys::UPSTREAM.iter().filter(|key| !["traces_endpoint", "metrics_endpoint"].contains(&key.name)) {
        assert!(page.lines().any(|line| line.starts_with(key.name)), "{}: {page}", key.name);
    }
}

#[test]
fn each_line_says_where_it_comes_from() {
    let variables =
        [("OTEL_RUN_NEST", "link"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://o"), ("OTEL_TRACES_SAMPLER", "always_off")];
    let (settings, _) = meant(&variables, "detail = 'agent'\nredact = ['A']\n");
    insta::assert_snapshot!(page(&settings, &none()));
}

#[test]
fn signals_that_go_different_ways_become_upstreams_of_their_own() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://o:4318/base"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://l/logs"),
        ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "500"),
    ];
    let (settings, complaints) = meant(&variables, "");
    assert_eq!(complaints, []);
    let page = page(&settings, &none());
    let (again, complaints) = meant(&[], &page);
    assert_eq!(complaints, [], "{page}");
    let names: Vec<&str> = again.upstreams.iter().map(|upstream| upstream.name.as_str()).collect();
    assert_eq!(names, ["default-traces", "default-metrics", "default-logs"]);
    for (signal, upstream) in Signal::ALL.into_iter().zip(&again.upstreams) {
        assert_eq!(upstream.route(signal), settings.upstreams[0].route(signal), "{page}");
        assert!(facts(upstream, signal) == facts(&settings.upstreams[0], signal), "{page}");
        assert_eq!(Signal::ALL.into_iter().filter(|signal| upstream.route(*signal).is_some()).count(), 1);
    }
}

#[test]
fn no_secret_is_in_it() {
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://o/?key=hunter2"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20hunter2"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=hunter-seven%22,b=c"),
        ("MY_TOKEN", "hunter-seven\""),
    ];
    let (settings, _) = meant(&variables, "[agents.x]\nset = { A = 'hunter-seven\"' }\n");
    let secrets = Secrets::new(secret::of_variables(&variables, &[], &[]));
    let page = page(&settings, &secrets);
    assert!(!page.contains("hunter"), "{page}");
    assert!(page.contains("# headers.authorization = \"REDACTED\"  # OTEL_EXPORTER_OTLP_HEADERS"), "{page}");
    assert!(page.contains("[redacted:MY_TOKEN]"), "{page}");
    let (again, complaints) = meant(&[], &page);
    assert_eq!(complaints, [], "{page}");
    assert_eq!(again.upstreams[0].destination.headers, []);
}

#[test]
fn paths_of_flags_begin_in_the_current_folder() {
    let said = |path: OsString| Some(Sourced::new(PathBuf::from(path), Origin::Flag("--state-dir")));
    let settings = Settings { state_dir: said("runs".into()), ..Settings::default() };
    assert!(page(&settings, &none()).contains("\nstate_dir = \"/here/runs\"  # --state-dir\n"));
    let strange = Settings { state_dir: said(OsString::from_vec(vec![b'/', 0xff])), ..Settings::default() };
    assert!(page(&strange, &none()).contains("\n# state_dir = "));
}
