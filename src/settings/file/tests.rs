#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::super::given::Given;
use super::super::value::{Content, Detail, GenAi, Nest, Protocol, Temporality};
use super::super::{Destination, HeaderValue, Identity, Transport, Upstream};
use super::*;
use crate::otlp::{PerSignal, Signal};
use crate::secret::Secret;

fn read(kind: FileKind, text: &str) -> (Layer, Vec<(usize, String)>) {
    let file = FileText { path: PathBuf::from("/etc/u.toml"), text: text.to_owned() };
    let environment: Environment = [("HOME", "/home/u")].into_iter().collect();
    let (layer, complaints) = layer(kind, &file, &environment);
    let complaints = complaints.into_iter().map(|complaint| match complaint.origin {
        Origin::File { line, path } if path == file.path => (line, complaint.message),
        other => panic!("{other:?}"),
    });
    (layer, complaints.collect())
}

fn said<T>(line: usize, value: T) -> Option<Sourced<T>> {
    Some(Sourced::new(value, Origin::File { path: PathBuf::from("/etc/u.toml"), line }))
}

const EVERYTHING: &str = r#"endpoint = "https://c"
traces_endpoint = "http://t"
metrics_endpoint = "http://m"
logs_endpoint = "http://l"
protocol = "gRPC"
compression = "gzip"
export_timeout = "1m"
service_name = "n"
agent = "none"
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
die_with_parent = false
heartbeat = 0
headers_helper = "helper"
certificate = "ca.pem"
client_certificate = "/c.pem"
client_key = "~/k.pem"
insecure = true
expire_after = "2d"
require_telemetry = ["logs"]
metrics_temporality = "delta"
keep_age = "10d"
keep_runs = 7
keep_size = "1GiB"
detail = "agent"
agent_destinations = false
redact = ["A", "B"]
redact_except = ["C"]
genai = "replace"
[headers]
X-Literal = "v"
authorization = { env = "TOKEN" }
x-file = { file = "token" }
x-home.file = "~/token"

[resource_attributes]
z = "1"
"a.b" = "2"
deployment.environment.name = "ci"

[[upstream]]
name = "second"
endpoint = "http://second"
headers = { k = { command = ["print", "it"] } }
headers_helper = "${WORKTREE}/h"

[[upstream]]
logs_endpoint = "file:/l"
signals = ["logs", "traces"]

[agents]
x.set.A = "1"
"#;

#[test]
fn every_key() {
    let (layer, complaints) = read(FileKind::User, EVERYTHING);
    let header = |line, name: &str, value| (name.to_owned(), said(line, value).unwrap());
    let attribute = |line, key: &str, value: &str| (key.to_owned(), said(line, value.to_owned()).unwrap());
    let set = Given::Table(vec![("A".to_owned(), said(60, Given::Text("1".to_owned())).unwrap())]);
    let sent = |sent| Transport { sent: said(57, sent), ..Transport::default() };
    let expected = Layer {
        destination: Destination {
            endpoint: said(1, "https://c".to_owned()),
            signal_endpoints: PerSignal {
                traces: said(2, "http://t".to_owned()),
                metrics: said(3, "http://m".to_owned()),
                logs: said(4, "http://l".to_owned()),
            },
            headers: vec![
                header(39, "x-literal", HeaderValue::Literal(Secret::new("v"))),
                header(40, "authorization", HeaderValue::Env("TOKEN".to_owned())),
                header(41, "x-file", HeaderValue::File(PathBuf::from("/etc/token"))),
                header(42, "x-home", HeaderValue::File(PathBuf::from("/home/u/token"))),
            ],
            headers_helper: said(22, PathBuf::from("/etc/helper")),
            identity: PerSignal::from_fn(|_| Identity {
                certificate: said(24, PathBuf::from("/c.pem")),
                key: said(25, PathBuf::from("/home/u/k.pem")),
            }),
            ..Destination::default()
        },
        upstreams: vec![
            Upstream {
                name: "second".to_owned(),
                destination: Destination {
                    endpoint: said(51, "http://second".to_owned()),
                    headers: vec![header(52, "k", HeaderValue::Command(vec!["print".to_owned(), "it".to_owned()]))],
                    headers_helper: said(53, PathBuf::from("${WORKTREE}/h")),
                    ..Destination::default()
                },
                transport: PerSignal::default(),
            },
            Upstream {
                name: "upstream-2".to_owned(),
                destination: Destination {
                    signal_endpoints: PerSignal { logs: said(56, "file:/l".to_owned()), ..PerSignal::default() },
                    ..Destination::default()
                },
                transport: PerSignal { traces: sent(true), metrics: sent(false), logs: sent(true) },
            },
        ],
        transport: PerSignal::all(&Transport {
            protocol: said(5, Protocol::Grpc),
            gzip: said(6, true),
            timeout: said(7, Duration::from_secs(60)),
            certificate: said(23, PathBuf::from("/etc/ca.pem")),
            insecure: said(26, true),
            sent: None,
        }),
        expire_after: said(27, Duration::from_secs(2 * 86_400)),
        required: said(28, Some(Required::Each(vec![Signal::Logs]))),
        temporality: said(29, Temporality::Delta),
        service_name: said(8, "n".to_owned()),
        agent: said(9, AgentChoice::None),
        nest: said(10, Nest::Off),
        content: said(11, Content::On),
        detail: said(33, Detail::Agent),
        redact: ["A", "B"].map(|name| said(35, name.to_owned()).unwrap()).to_vec(),
        redact_except: vec![said(36, "C".to_owned()).unwrap()],
        genai: said(37, GenAi::Replace),
        drain_deadline: said(12, Duration::from_millis(1500)),
        collector: said(13, false),
        state_dir: said(14, PathBuf::from("/etc/runs")),
        quiet: said(15, true),
        time_limit: said(16, Duration::from_secs(86_400)),
        kill_after: said(17, Duration::from_millis(500)),
        success_codes: said(18, vec![1, 3]),
        reap: said(19, true),
        die_with_parent: said(20, false),
        heartbeat: said(21, Duration::ZERO),
        keep_age: said(30, Duration::from_secs(864_000)),
        keep_runs: said(31, 7),
        keep_size: said(32, 1 << 30),
        agent_destinations: said(34, false),
        resource_attributes: vec![
            attribute(45, "z", "1"),
            attribute(46, "a.b", "2"),
            attribute(47, "deployment.environment.name", "ci"),
        ],
        agents: vec![(
            "x".to_owned(),
            said(60, Given::Table(vec![("set".to_owned(), said(60, set).unwrap())])).unwrap(),
        )],
        ..Layer::default()
    };
    assert_eq!(layer, expected);
    assert_eq!(complaints, []);
    for key in keys::all().map(|key| key.name) {
        assert!(
            EVERYTHING.lines().any(|line| line.trim_matches(['[', ']']).split(' ').next() == Some(key)),
            "{key} is not tried"
        );
    }
}

#[test]
fn a_project_names_and_describes_and_nothing_else() {
    let (trusted, _) = read(FileKind::User, EVERYTHING);
    let (layer, complaints) = read(FileKind::Project, EVERYTHING);
    let expected = Layer {
        service_name: trusted.service_name,
        resource_attributes: trusted.resource_attributes,
        agent: trusted.agent,
        nest: trusted.nest,
        detail: trusted.detail,
        redact: trusted.redact,
        genai: trusted.genai,
        success_codes: trusted.success_codes,
        ..Layer::default()
    };
    assert_eq!(layer, expected);
    let refused: Vec<_> =
        complaints.iter().map(|(line, message)| (*line, message.split('`').nth(1).unwrap())).collect();
    assert_eq!(
        refused,
        [
            (1, "endpoint"),
            (2, "traces_endpoint"),
            (3, "metrics_endpoint"),
            (4, "logs_endpoint"),
            (5, "protocol"),
            (6, "compression"),
            (7, "export_timeout"),
            (11, "content"),
            (12, "drain_deadline"),
            (13, "collector"),
            (14, "state_dir"),
            (15, "quiet"),
            (16, "timeout"),
            (17, "kill_after"),
            (19, "reap"),
            (20, "die_with_parent"),
            (21, "heartbeat"),
            (22, "headers_helper"),
            (23, "certificate"),
            (24, "client_certificate"),
            (25, "client_key"),
            (26, "insecure"),
            (27, "expire_after"),
            (28, "require_telemetry"),
            (29, "metrics_temporality"),
            (30, "keep_age"),
            (31, "keep_runs"),
            (32, "keep_size"),
            (34, "agent_destinations"),
            (36, "redact_except"),
            (38, "headers"),
            (49, "upstream"),
            (59, "agents"),
        ]
    );
    assert_eq!(
        complaints[0].1,
        "`endpoint` is ignored here, because a project's file comes with its repository and may set only \
         service_name, resource_attributes, agent, nest, detail, redact, genai, success_codes; put it into your own settings file, \
         $XDG_CONFIG_HOME/otel-run/config.toml"
    );
}

#[test]
fn all_mistakes_are_named_with_their_lines() {
    let text = r#"
endpont = "http://c"
zebra = 1
protocol = "http"
export_timeout = true

service_name = 5
nest = "adpot"
quiet = "true"
content = ""
drain_deadline = "5x"
collector = "of"
endpoint = ["a"]
agent = "claude"

[resource_attributes]
good = "x"
number = 5
a.b = { c = 1979-05-27 }

[headers]
good = "x"
number = 5
both = { env = "A", file = "b" }
wrong = { enw = "A" }
empty = ""
typed = { env = 5 }
words = { command = "pass show" }
"no name" = "x"

[[upstream]]
name = "lost"

[[upstream]]
endpoint = "http://u"
endpiont = "http://u"
"#;
    let (layer, complaints) = read(FileKind::User, text);
    let expected = [
        (2, "there is no setting `endpont`; did you mean endpoint?"),
        (3, "there is no setting `zebra`"),
        (4, "`protocol`: \"http\" is not one of http/protobuf, http/json, grpc; it is ignored"),
        (
            5,
            "`export_timeout`: a length of time such as \"5s\", or a number of seconds, is expected, not a boolean; it is ignored",
        ),
        (7, "`service_name`: a string in quotes is expected, not an integer; it is ignored"),
        (8, "`nest`: \"adpot\" is not one of adopt, link, off; did you mean adopt?; it is ignored"),
        (9, "`quiet`: true or false without quotes is expected, not a string; it is ignored"),
        (10, "`content`: it is empty; it is ignored"),
        (
            11,
            "`drain_deadline`: \"5x\" is not a length of time; write it like 5s, 500ms or 2m, or as a number of seconds; it is ignored",
        ),
        (12, "`collector`: \"of\" is not one of on, off; it is ignored"),
        (13, "`endpoint`: a string in quotes is expected, not an array; it is ignored"),
        (18, "resource attribute `number`: a string in quotes is expected, not an integer; it is ignored"),
        (19, "resource attribute `a.b.c`: a string in quotes is expected, not a datetime; it is ignored"),
        (23, "a header is ignored: a string, { env = \"NAME\" } or { file = \"PATH\" } is expected, not an integer"),
        (
            24,
            "a header is ignored: a value is one of { env = \"NAME\" }, { file = \"PATH\" }, { command = [\"PROGRAM\"] }",
        ),
        (
            25,
            "a header is ignored: a value is one of { env = \"NAME\" }, { file = \"PATH\" }, { command = [\"PROGRAM\"] }; did you mean env?",
        ),
        (26, "a header is ignored: the header empty has no value"),
        (27, "a header is ignored: `env`: a string in quotes is expected, not an integer"),
        (28, "a header is ignored: `command` is a list such as [\"my-token\", \"--print\"]; no shell reads it"),
        (29, "a header is ignored: the text before `=` is not the name of a header"),
        (31, "this upstream has no endpoint and is ignored"),
        (36, "an upstream has no setting `endpiont`; did you mean endpoint?"),
    ];
    for (found, expected) in complaints.iter().zip(expected) {
        assert_eq!((found.0, found.1.as_str()), expected);
    }
    assert_eq!(complaints.len(), expected.len(), "{complaints:?}");
    let expected = Layer {
        agent: said(14, AgentChoice::Named("claude".to_owned())),
        resource_attributes: vec![("good".to_owned(), said(17, "x".to_owned()).unwrap())],
        destination: Destination {
            headers: vec![("good".to_owned(), said(22, HeaderValue::Literal(Secret::new("x"))).unwrap())],
            ..Destination::default()
        },
        upstreams: vec![Upstream {
            name: "upstream-2".to_owned(),
            destination: Destination { endpoint: said(35, "http://u".to_owned()), ..Destination::default() },
            transport: PerSignal::default(),
        }],
        ..Layer::default()
    };
    assert_eq!(layer, expected);
}

#[test]
fn exit_codes_are_a_list_of_numbers() {
    for (text, codes, complaint) in [
        ("[]", Some(vec![]), ""),
        ("[255, 2, 2]", Some(vec![2, 255]), ""),
        ("1", None, "a list such as [1, 2] is expected, not an integer; it is ignored"),
        ("[0]", None, "\"0\" is not an exit code from 1 to 255; it is ignored"),
        ("[1, '2']", None, "a list of numbers from 1 to 255 is expected, not a string; it is ignored"),
        ("[0x10]", None, "write exit codes as decimal numbers; it is ignored"),
    ] {
        let (layer, complaints) = read(FileKind::Project, &format!("success_codes = {text}"));
        assert_eq!(layer.success_codes.map(|said| said.value), codes, "{text}");
        let found: Vec<String> = complaints.into_iter().map(|(_, message)| message).collect();
        let expected = codes.is_none().then(|| format!("`success_codes`: {complaint}"));
        assert_eq!(found, Vec::from_iter(expected), "{text}");
    }
}

#[test]
fn tables_where_there_must_be_tables() {
    let (layer, complaints) = read(FileKind::User, "headers = \"hunter2\"\nresource_attributes = \"a=b\"");
    assert_eq!(layer, Layer::default());
    assert_eq!(complaints.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2]);
    assert!(!format!("{complaints:?}").contains("hunter2"));
}

#[test]
fn what_is_no_toml_is_left_out_with_its_line_and_without_being_quoted() {
    let text = "nest = \"link\"\nendpoint = http://hunter2\nservice_name = \"hunter2\nagent = \"none\"\nagent = \"auto\"\n\
                [headers]\nauthorization = Bearer hunter2\nx-key = \"hunter2\ngood = \"v\"\nhunter2\n";
    let (layer, complaints) = read(FileKind::User, text);
    let expected = Layer {
        nest: said(1, Nest::Link),
        agent: said(4, AgentChoice::None),
        destination: Destination {
            headers: vec![("good".to_owned(), said(9, HeaderValue::Literal(Secret::new("v"))).unwrap())],
            ..Destination::default()
        },
        ..Layer::default()
    };
    assert_eq!(layer, expected);
    let mut lines: Vec<_> = complaints.iter().map(|(line, _)| *line).collect();
    lines.dedup();
    assert_eq!(lines, [2, 3, 5, 7, 8, 10], "{complaints:?}");
    for (_, message) in complaints {
        assert!(message.starts_with("this is not TOML: ") && !message.contains("hunter2"), "{message}");
    }
}

#[test]
fn what_looks_like_a_key_and_may_be_a_value_is_not_quoted() {
    for text in [
        "endpoint = \"https://me:\nhunter2=x@host\"\n",
        "[headers]\nauthorization = { hunter2 = 1 }\n",
        "[headers]\nauthorization = { \"Bearer hunter2\" = \"\" }\n",
    ] {
        let (layer, complaints) = read(FileKind::User, text);
        assert_eq!(layer, Layer::default(), "{text}");
        assert!(!complaints.is_empty() && !format!("{complaints:?}").contains("hunter2"), "{text}: {complaints:?}");
    }
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in "(?s)([a-z_]{0,6}|\\[headers\\]|endpoint|timeout|[\\[\\]={}\"'#\n ]|.){0,30}") {
        let _ = read(FileKind::User, &text);
    }

    #[test]
    fn no_complaint_quotes_a_header(
        before in "[\\[\\]={}\"'#, a-z]{0,4}",
        after in "(?s)[\\[\\]={}\"'#, \\\\\na-z]{0,4}",
    ) {
        let text = format!("[headers]\nx = {before}SECRET{after}\ny = \"{before}SECRET{after}\"\n");
        let (_, complaints) = read(FileKind::User, &text);
        prop_assert!(!format!("{complaints:?}").contains("SECRET"), "{text}: {complaints:?}");
    }
}
