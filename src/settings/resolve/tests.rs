#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;

use super::super::value::{AgentChoice, Content, Nest, Protocol, Required};
use super::super::{DEFAULT_HEARTBEAT, PerSignal, Transport, attributes, choice, duration, exit_code, header_of_text};
use super::*;
use crate::otlp::Signal;

/// One place that says something: `--x ...`, `NAME=value`, `project: toml` or `user: toml`.
fn resolve_all(places: &[&str]) -> (Settings, Vec<String>) {
    let mut flags = Layer::default();
    let mut environment = Environment::default();
    let (mut project_file, mut user_file) = (None, None);
    for place in places {
        if place.starts_with("--") {
            say(&mut flags, place);
        } else if let Some(text) = place.strip_prefix("project: ") {
            project_file = Some(FileText { path: PathBuf::from("/p.toml"), text: text.to_owned() });
        } else if let Some(text) = place.strip_prefix("user: ") {
            user_file = Some(FileText { path: PathBuf::from("/u.toml"), text: text.to_owned() });
        } else {
            let (name, value) = place.split_once('=').unwrap();
            environment.set(name, value);
        }
    }
    let (settings, complaints) = resolve(flags, &environment, project_file, user_file);
    (settings, complaints.iter().map(ToString::to_string).collect())
}

/// Flags, each with its value, as the command line turns them into a layer.
fn say(layer: &mut Layer, flags: &str) {
    fn said<T>(flag: &'static str, value: T) -> Option<Sourced<T>> {
        Some(Sourced::new(value, Origin::Flag(flag)))
    }
    for flag in flags.split("--").filter(|flag| !flag.is_empty()) {
        let (name, value) = flag.trim().split_once(' ').unwrap();
        let text = value.to_owned();
        match name {
            "endpoint" => layer.destination.endpoint = said("--endpoint", text),
            "header" => {
                let (name, value) = header_of_text(value).unwrap();
                layer.destination.headers.push((name, said("--header", value).unwrap()));
            }
            "protocol" => {
                let protocol = said("--protocol", choice::read(choice::PROTOCOL, value).unwrap());
                layer.transport = PerSignal::all(&Transport { protocol, ..Transport::default() });
            }
            "compression" => {
                let gzip = said("--compression", value == "gzip");
                layer.transport = PerSignal::all(&Transport { gzip, ..Transport::default() });
            }
            "export-timeout" => {
                let timeout = said("--export-timeout", duration::read(value).unwrap());
                layer.transport = PerSignal::all(&Transport { timeout, ..Transport::default() });
            }
            "resource-attribute" => {
                let (key, value) = value.split_once('=').unwrap();
                let value = said("--resource-attribute", value.to_owned()).unwrap();
                attributes::upsert(&mut layer.resource_attributes, key.to_owned(), value);
            }
            "agent" => layer.agent = said("--agent", AgentChoice::read(value)),
            "nest" => layer.nest = said("--nest", choice::read(choice::NEST, value).unwrap()),
            "content" => layer.content = said("--content", choice::read(choice::CONTENT, value).unwrap()),
            "detail" => layer.detail = said("--detail", choice::read(choice::DETAIL, value).unwrap()),
            "genai" => layer.genai = said("--genai", choice::read(choice::GENAI, value).unwrap()),
            "collector" => layer.collector = said("--collector", value == "on"),
            "drain-deadline" => layer.drain_deadline = said("--drain-deadline", duration::read(value).unwrap()),
            "timeout" => layer.time_limit = said("--timeout", duration::read_time_limit(value).unwrap()),
            "kill-after" => layer.kill_after = said("--kill-after", duration::read_time_limit(value).unwrap()),
            "success-code" => layer.success_codes = said("--success-code", exit_code::read_list(value).unwrap()),
            "heartbeat" => layer.heartbeat = said("--heartbeat", duration::read(value).unwrap()),
            "keep-age" => layer.keep_age = said("--keep-age", duration::read_age(value).unwrap()),
            "keep-runs" => layer.keep_runs = said("--keep-runs", value.parse().unwrap()),
            "keep-size" => layer.keep_size = said("--keep-size", super::super::size::read(value).unwrap()),
            "state-dir" => layer.state_dir = said("--state-dir", PathBuf::from(value)),
            "quiet" => layer.quiet = said("--quiet", value == "true"),
            _ => panic!("{name}"),
        }
    }
}

fn quietly(places: &[&str]) -> Settings {
    let (settings, complaints) = resolve_all(places);
    assert_eq!(complaints, Vec::<String>::new(), "{places:?}");
    settings
}

/// How the only upstream is spoken to for traces.
fn of_traces(settings: &Settings) -> Transport {
    let [upstream] = &settings.upstreams[..] else { panic!("{:?}", settings.upstreams) };
    upstream.transport.traces.clone()
}

fn told<T: std::fmt::Debug>(said: &Sourced<T>) -> String {
    format!("{:?} from {}", said.value, said.origin)
}

#[test]
fn nothing_said() {
    let settings = quietly(&[]);
    assert_eq!(settings, Settings::default());
    assert_eq!(settings.upstreams, []);
    assert_eq!(settings.agent.value, AgentChoice::Auto);
    assert_eq!((settings.nest.value, settings.content.value), (Nest::Adopt, Content::Off));
    assert_eq!((settings.collector.value, settings.quiet.value), (true, false));
    assert_eq!((settings.time_limit, settings.kill_after), (None, None));
    assert!(settings.success_codes.value.is_empty());
    assert_eq!((settings.reap.value, settings.die_with_parent.value), (false, false));
    assert_eq!(settings.heartbeat, Sourced::default_value(Some(DEFAULT_HEARTBEAT)));
    let (age, runs, size) = (settings.keep_age.value, settings.keep_runs.value, settings.keep_size.value);
    assert_eq!((age, runs, size), (Some(Duration::from_secs(30 * 86_400)), Some(1_000), Some(5 << 30)));
    let settings = quietly(&["--endpoint http://c"]);
    let transport = &of_traces(&settings);
    assert_eq!(*transport, Transport::default());
    assert_eq!((transport.protocol(), transport.gzip()), (Protocol::HttpProtobuf, false));
    assert_eq!(transport.timeout(), Duration::from_secs(10));
}

#[test]
fn zero_keeps_everything() {
    let settings = quietly(&["--keep-age 0", "--keep-runs 0", "--keep-size 0"]);
    assert_eq!(told(&settings.keep_age), "None from --keep-age");
    assert_eq!(told(&settings.keep_runs), "None from --keep-runs");
    assert_eq!(told(&settings.keep_size), "None from --keep-size");
}

/// Each list goes from the highest place to the lowest: the first wins, then the first of the rest, and so on.
#[test]
fn precedence() {
    type Told = fn(&Settings) -> String;
    type Case<'a> = (Told, &'a [(&'a str, &'a str)], &'a [&'a str]);
    let cases: [Case<'_>; 15] = [
        (
            |settings| {
                let endpoint = settings.upstreams.first().and_then(|it| it.destination.endpoint.as_ref());
                endpoint.map_or("none".into(), told)
            },
            &[
                ("--endpoint http://flag", "\"http://flag\" from --endpoint"),
                ("OTEL_RUN_ENDPOINT=http://run", "\"http://run\" from OTEL_RUN_ENDPOINT"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT=http://otel", "\"http://otel\" from OTEL_EXPORTER_OTLP_ENDPOINT"),
                ("user: endpoint = 'http://user'", "\"http://user\" from /u.toml:1"),
            ],
            &[],
        ),
        (
            |settings| told(&of_traces(settings).protocol.unwrap()),
            &[
                ("--protocol http/json", "HttpJson from --protocol"),
                ("OTEL_RUN_PROTOCOL=grpc", "Grpc from OTEL_RUN_PROTOCOL"),
                ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=grpc", "Grpc from OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"),
                ("OTEL_EXPORTER_OTLP_PROTOCOL=http/json", "HttpJson from OTEL_EXPORTER_OTLP_PROTOCOL"),
                ("user: endpoint = 'http://u'\nprotocol = 'grpc'", "Grpc from /u.toml:2"),
            ],
            &["OTEL_EXPORTER_OTLP_ENDPOINT=http://c"],
        ),
        (
            |settings| told(&of_traces(settings).timeout.unwrap()),
            &[
                ("--export-timeout 1s", "1s from --export-timeout"),
                ("OTEL_RUN_EXPORT_TIMEOUT=2", "2s from OTEL_RUN_EXPORT_TIMEOUT"),
                ("OTEL_EXPORTER_OTLP_TIMEOUT=3000", "3s from OTEL_EXPORTER_OTLP_TIMEOUT"),
                ("user: export_timeout = 4", "4s from /u.toml:1"),
            ],
            &["OTEL_EXPORTER_OTLP_ENDPOINT=http://c"],
        ),
        (
            |settings| told(&of_traces(settings).gzip.unwrap()),
            &[
                ("--compression gzip", "true from --compression"),
                ("OTEL_RUN_COMPRESSION=none", "false from OTEL_RUN_COMPRESSION"),
                ("OTEL_EXPORTER_OTLP_COMPRESSION=gzip", "true from OTEL_EXPORTER_OTLP_COMPRESSION"),
                ("user: compression = 'none'", "false from /u.toml:1"),
            ],
            &["OTEL_EXPORTER_OTLP_ENDPOINT=http://c"],
        ),
        (
            |settings| settings.service_name.as_ref().map_or("none".into(), told),
            &[
                ("--resource-attribute service.name=a", "\"a\" from --resource-attribute"),
                ("OTEL_RUN_SERVICE_NAME=b", "\"b\" from OTEL_RUN_SERVICE_NAME"),
                ("OTEL_SERVICE_NAME=c", "\"c\" from OTEL_SERVICE_NAME"),
                ("OTEL_RESOURCE_ATTRIBUTES=service.name=d", "\"d\" from OTEL_RESOURCE_ATTRIBUTES"),
                ("project: service_name = 'e'", "\"e\" from /p.toml:1"),
                ("user: \nservice_name = 'f'", "\"f\" from /u.toml:2"),
            ],
            &[],
        ),
        (
            |settings| told(&settings.nest),
            &[
                ("--nest off", "Off from --nest"),
                ("OTEL_RUN_NEST=link", "Link from OTEL_RUN_NEST"),
                ("project: nest = 'off'", "Off from /p.toml:1"),
                ("user: nest = 'link'", "Link from /u.toml:1"),
            ],
            &[],
        ),
        (
            |settings| told(&settings.genai),
            &[
                ("--genai off", "Off from --genai"),
                ("OTEL_RUN_GENAI=replace", "Replace from OTEL_RUN_GENAI"),
                ("project: genai = 'off'", "Off from /p.toml:1"),
                ("user: genai = 'replace'", "Replace from /u.toml:1"),
            ],
            &[],
        ),
        (
            |settings| told(&settings.newest_genai),
            &[(
                "OTEL_SEMCONV_STABILITY_OPT_IN=http/dup, gen_ai_latest_experimental",
                "true from OTEL_SEMCONV_STABILITY_OPT_IN",
            )],
            &[],
        ),
        (
            |settings| told(&settings.agent),
            &[
                ("--agent a", "Named(\"a\") from --agent"),
                ("OTEL_RUN_AGENT=b", "Named(\"b\") from OTEL_RUN_AGENT"),
                ("project: agent = 'c'", "Named(\"c\") from /p.toml:1"),
                ("user: agent = 'd'", "Named(\"d\") from /u.toml:1"),
            ],
            &[],
        ),
        (
            |settings| told(&settings.detail),
            &[
                ("--detail agent", "Agent from --detail"),
                ("OTEL_RUN_DETAIL=full", "Full from OTEL_RUN_DETAIL"),
                ("project: detail = 'agent'", "Agent from /p.toml:1"),
                ("user: detail = 'full'", "Full from /u.toml:1"),
            ],
            &[],
        ),
        (
            |settings| format!("{} {}", told(&settings.content), told(&settings.collector)),
            &[
                ("--content on --collector off", "On from --content false from --collector"),
                ("OTEL_RUN_CONTENT=on", "On from OTEL_RUN_CONTENT false from OTEL_RUN_COLLECTOR"),
                ("user: content = 'on'", "On from /u.toml:1 false from OTEL_RUN_COLLECTOR"),
            ],
            &["OTEL_RUN_COLLECTOR=off"],
        ),
        (
            |settings| {
                let parts = (settings.drain_deadline.as_ref(), settings.state_dir.as_ref());
                format!(
                    "{} {} {}",
                    parts.0.map_or("".into(), told),
                    parts.1.map_or("".into(), told),
                    told(&settings.quiet)
                )
            },
            &[
                (
                    "--drain-deadline 1 --state-dir /f --quiet true",
                    "1s from --drain-deadline \"/f\" from --state-dir true from --quiet",
                ),
                (
                    "OTEL_RUN_DRAIN_DEADLINE=2",
                    "2s from OTEL_RUN_DRAIN_DEADLINE \"/r\" from OTEL_RUN_STATE_DIR false from OTEL_RUN_QUIET",
                ),
                (
                    "user: drain_deadline = 3\nstate_dir = '/u'\nquiet = true",
                    "3s from /u.toml:1 \"/r\" from OTEL_RUN_STATE_DIR false from OTEL_RUN_QUIET",
                ),
            ],
            &["OTEL_RUN_STATE_DIR=/r", "OTEL_RUN_QUIET=false"],
        ),
        (
            |settings| {
                let parts = [&settings.time_limit, &settings.kill_after];
                parts.map(|part| part.as_ref().map_or("none".into(), told)).join(" ")
            },
            &[
                ("--timeout 1 --kill-after 0", "1s from --timeout none"),
                ("OTEL_RUN_TIMEOUT=2m", "120s from OTEL_RUN_TIMEOUT 3s from OTEL_RUN_KILL_AFTER"),
                ("user: timeout = '1d'\nkill_after = 5", "86400s from /u.toml:1 3s from OTEL_RUN_KILL_AFTER"),
            ],
            &["OTEL_RUN_KILL_AFTER=3"],
        ),
        (
            |settings| told(&settings.success_codes),
            &[
                ("--success-code 4", "[4] from --success-code"),
                ("OTEL_RUN_SUCCESS_CODES=3,2", "[2, 3] from OTEL_RUN_SUCCESS_CODES"),
                ("project: success_codes = [1]", "[1] from /p.toml:1"),
                ("user: success_codes = [5]", "[5] from /u.toml:1"),
            ],
            &[],
        ),
        (
            |settings| {
                let parts = (&settings.heartbeat, &settings.reap, &settings.die_with_parent);
                format!("{} {} {}", told(parts.0), told(parts.1), told(parts.2))
            },
            &[
                ("--heartbeat 0", "None from --heartbeat true from OTEL_RUN_REAP false from OTEL_RUN_DIE_WITH_PARENT"),
                (
                    "OTEL_RUN_HEARTBEAT=5",
                    "Some(5s) from OTEL_RUN_HEARTBEAT true from OTEL_RUN_REAP false from OTEL_RUN_DIE_WITH_PARENT",
                ),
                (
                    "user: heartbeat = 6\nreap = false\ndie_with_parent = true",
                    "Some(6s) from /u.toml:1 true from OTEL_RUN_REAP false from OTEL_RUN_DIE_WITH_PARENT",
                ),
            ],
            &["OTEL_RUN_REAP=true", "OTEL_RUN_DIE_WITH_PARENT=false"],
        ),
    ];
    for (told, places, always) in cases {
        for highest in 0..places.len() {
            let mut said: Vec<&str> = places[highest..].iter().map(|(place, _)| *place).collect();
            said.extend(always);
            assert_eq!(told(&quietly(&said)), places[highest].1, "{said:?}");
        }
    }
}

#[test]
fn a_service_name_with_an_unknown_placeholder_has_no_effect() {
    let (settings, complaints) = resolve_all(&["OTEL_RUN_SERVICE_NAME={agent}-{role}", "user: service_name = 'mine'"]);
    assert_eq!(settings.service_name, None);
    assert_eq!(
        complaints,
        ["OTEL_RUN_SERVICE_NAME: `{role}` is not known in a service name; `{agent}` and `{mode}` are; it is ignored"]
    );
}

#[test]
fn attributes_are_merged_by_key() {
    let settings = quietly(&[
        "--resource-attribute a=flag --resource-attribute service.name=n",
        "OTEL_RUN_RESOURCE_ATTRIBUTES=a=run,b=run",
        "OTEL_RESOURCE_ATTRIBUTES=b=otel,c=otel",
        "project: resource_attributes = { c = 'project', d = 'project' }",
        "user: resource_attributes = { d = 'user', e = 'user' }",
    ]);
    let told: Vec<_> = settings.resource_attributes.iter().map(|(key, said)| format!("{key}={}", told(said))).collect();
    assert_eq!(
        told,
        [
            "d=\"project\" from /p.toml:1",
            "e=\"user\" from /u.toml:1",
            "c=\"otel\" from OTEL_RESOURCE_ATTRIBUTES",
            "b=\"run\" from OTEL_RUN_RESOURCE_ATTRIBUTES",
            "a=\"flag\" from --resource-attribute",
        ]
    );
}

/// Endpoint, names of headers with their origins, complaints.
#[test]
fn endpoint_and_headers_come_from_one_place() {
    let elsewhere = |headers: &str, endpoint: &str| {
        format!(
            "{headers}: these credentials are not sent, because the endpoint comes from {endpoint}; credentials belong to \
             the endpoint that is set in the same place, so set both there"
        )
    };
    let nowhere = |headers: &str| {
        format!(
            "{headers}: these credentials are not sent, because no endpoint is set; set the endpoint in the same place"
        )
    };
    let (flag, ours, theirs) =
        ("--endpoint http://f", "OTEL_RUN_ENDPOINT=http://r", "OTEL_EXPORTER_OTLP_ENDPOINT=http://o");
    let (flag_h, ours_h, theirs_h) = ("--header h=1", "OTEL_RUN_HEADERS=h=2", "OTEL_EXPORTER_OTLP_HEADERS=h=3");
    let user = "user: endpoint = 'http://u'\nheaders = { h = '4' }";
    let user_h = "user: headers = { h = '4' }";
    let cases: [(&[&str], &str, Vec<String>); 13] = [
        (&[flag, flag_h], "http://f --header", vec![]),
        (&[theirs, theirs_h], "http://o OTEL_EXPORTER_OTLP_HEADERS", vec![]),
        (&[user], "http://u /u.toml:2", vec![]),
        (&[flag, theirs, theirs_h], "http://f", vec![]),
        (&[flag, user], "http://f", vec![]),
        (&[ours, ours_h, theirs, theirs_h, user], "http://r OTEL_RUN_HEADERS", vec![]),
        (&[flag, theirs_h], "http://f", vec![elsewhere("OTEL_EXPORTER_OTLP_HEADERS", "--endpoint")]),
        (&[flag_h, theirs], "http://o", vec![elsewhere("--header", "OTEL_EXPORTER_OTLP_ENDPOINT")]),
        (&[flag_h, user], "http://u /u.toml:2", vec![elsewhere("--header", "/u.toml:1")]),
        (
            &[flag_h, ours, theirs_h, user_h],
            "http://r",
            vec![
                elsewhere("--header", "OTEL_RUN_ENDPOINT"),
                elsewhere("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_RUN_ENDPOINT"),
                elsewhere("/u.toml:1", "OTEL_RUN_ENDPOINT"),
            ],
        ),
        (&[flag_h], "none", vec![nowhere("--header")]),
        (&[ours_h, user_h], "none", vec![nowhere("OTEL_RUN_HEADERS"), nowhere("/u.toml:1")]),
        (
            &["OTEL_EXPORTER_OTLP_LOGS_ENDPOINT=http://l", user, ours_h],
            "http://l",
            vec![elsewhere("OTEL_RUN_HEADERS", "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT")],
        ),
    ];
    for (places, expected, expected_complaints) in cases {
        let (settings, complaints) = resolve_all(places);
        let told = settings.upstreams.first().map_or("none".to_owned(), |upstream| {
            let endpoint = upstream.destination.any_endpoint().unwrap().value.clone();
            let headers = upstream.all_headers().map(|(_, header)| format!(" {}", header.origin));
            endpoint + &headers.collect::<String>()
        });
        assert_eq!(told, expected, "{places:?}");
        assert_eq!(complaints, expected_complaints, "{places:?}");
    }
}

#[test]
fn a_project_cannot_send_telemetry_elsewhere() {
    let (settings, complaints) =
        resolve_all(&["project: endpoint = 'http://p'\nheaders = { h = '1' }\ncontent = 'on'"]);
    assert_eq!(settings, Settings::default());
    assert_eq!(complaints.len(), 3, "{complaints:?}");
}

#[test]
fn a_wrong_endpoint_is_not_replaced_by_one_of_a_lower_place() {
    let (settings, complaints) = resolve_all(&[
        "--endpoint me:hunter2@c:4317",
        "OTEL_EXPORTER_OTLP_ENDPOINT=http://o",
        "OTEL_EXPORTER_OTLP_HEADERS=h=1",
    ]);
    assert_eq!(settings.upstreams, []);
    assert_eq!(
        complaints,
        [
            "--endpoint: \"c:4317\" does not say how to connect; write http://c:4317 or https://c:4317; nothing is sent there"
        ]
    );
}

#[test]
fn user_information_is_a_complaint_and_not_shown() {
    let (settings, complaints) = resolve_all(&["--endpoint https://me:hunter2@c/x?key=hunter2"]);
    assert_eq!(settings.upstreams.len(), 1);
    assert_eq!(
        complaints,
        [
            "--endpoint: the user name and password in the URL of https://c/x are not sent; give them as a header, as in \
          authorization=env:NAME"
        ]
    );
}

#[test]
fn credentials_of_every_kind_stay_with_their_endpoint() {
    for credential in [
        "OTEL_EXPORTER_OTLP_CLIENT_KEY=/k",
        "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=/c",
        "OTEL_EXPORTER_OTLP_LOGS_HEADERS=a=hunter2",
        "OTEL_RUN_HEADERS_HELPER=/h",
    ] {
        let (settings, complaints) = resolve_all(&["--endpoint http://f", credential]);
        assert_eq!(settings.upstreams[0].destination.any_credential(), None, "{credential}");
        let name = credential.split('=').next().unwrap();
        assert_eq!(complaints.len(), 1, "{complaints:?}");
        assert!(complaints[0].starts_with(&format!("{name}: these credentials are not sent")), "{complaints:?}");
        assert!(!complaints[0].contains("hunter2"));
    }
    // Whom to trust is no credential, and is not sent anywhere.
    let settings = quietly(&["--endpoint http://f", "OTEL_EXPORTER_OTLP_CERTIFICATE=/ca.pem"]);
    assert_eq!(told(&of_traces(&settings).certificate.unwrap()), "\"/ca.pem\" from OTEL_EXPORTER_OTLP_CERTIFICATE");
}

#[test]
fn a_certificate_without_its_key_is_of_no_use() {
    let (settings, complaints) =
        resolve_all(&["OTEL_EXPORTER_OTLP_ENDPOINT=https://c", "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=/c"]);
    assert_eq!(settings.upstreams[0].destination.any_credential(), None);
    let expected = "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: a client's certificate and its key go together, and its key is \
                    not set; it is ignored";
    assert_eq!(complaints, [expected]);
}

#[test]
fn several_upstreams_come_from_one_place() {
    let user = "user: endpoint = 'http://u'\n[[upstream]]\nname = 'second'\nendpoint = 'file:/s'\nprotocol = 'grpc'\n\
                [[upstream]]\nname = 'second'\nendpoint = 'http://t'\n[[upstream]]\nendpoint = 'here'";
    let names = |settings: &Settings| settings.upstreams.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    let (settings, complaints) = resolve_all(&[user, "--protocol http/json"]);
    assert_eq!(names(&settings), ["default", "second"]);
    // Each says everything for itself.
    let protocols: Vec<Protocol> = settings.upstreams.iter().map(|it| it.transport.logs.protocol()).collect();
    assert_eq!(protocols, [Protocol::HttpJson, Protocol::Grpc]);
    let expected = [
        "/u.toml:8: a second upstream is called \"second\" and is ignored; give each a name of its own",
        "/u.toml:10: \"here\" does not say how to connect; write http://here or https://here; nothing is sent there",
    ];
    assert_eq!(complaints, expected);
    let settings = quietly(&[user, "--endpoint http://f"]);
    assert_eq!(names(&settings), ["default"]);
    let settings = quietly(&["user: [[upstream]]\nendpoint = 'http://u'"]);
    assert_eq!(names(&settings), ["upstream-1"]);
}

#[test]
fn what_is_required_below_need_not_be_above() {
    let required = |lines: &[&str]| quietly(lines).required.map(|said| (said.value, said.origin.to_string()));
    let user = "user: require_telemetry = true";
    assert_eq!(required(&[user]), Some((Required::Any, "/u.toml:1".to_owned())));
    assert_eq!(required(&["OTEL_RUN_REQUIRE_TELEMETRY=false", user]), None);
    let signals = Some((Required::Each(vec![Signal::Logs]), "OTEL_RUN_REQUIRE_TELEMETRY".to_owned()));
    assert_eq!(required(&["OTEL_RUN_REQUIRE_TELEMETRY=logs", "user: require_telemetry = false"]), signals);
}

#[test]
fn a_time_to_kill_wants_a_time_limit() {
    let complaint = "this has no effect without a time limit; say --timeout or OTEL_RUN_TIMEOUT as well";
    for (place, origin) in [("--kill-after 5", "--kill-after"), ("OTEL_RUN_KILL_AFTER=5", "OTEL_RUN_KILL_AFTER")] {
        let (settings, complaints) = resolve_all(&[place]);
        assert_eq!(settings.kill_after.unwrap().value, Duration::from_secs(5));
        assert_eq!(complaints, [format!("{origin}: {complaint}")]);
    }
    // For those runs that have a limit; never; a limit taken away by a higher place.
    for places in [
        &["user: kill_after = 5"][..],
        &["--kill-after 0"],
        &["--timeout 0", "user: timeout = 5\nkill_after = 5"],
        &["--timeout 0 --kill-after 5"],
        &["--kill-after 5", "user: timeout = 5"],
    ] {
        quietly(places);
    }
}

#[test]
fn a_limit_of_zero_is_none_and_hides_those_of_lower_places() {
    let settings = quietly(&["--timeout 0", "OTEL_RUN_KILL_AFTER=0", "user: timeout = 5\nkill_after = 5"]);
    assert_eq!((settings.time_limit, settings.kill_after), (None, None));
    let settings = quietly(&["user: timeout = inf\nsuccess_codes = [1]", "project: success_codes = []"]);
    assert_eq!((settings.time_limit, settings.success_codes.value), (None, vec![]));
}

#[test]
fn mistakes_of_all_places_are_told_at_once() {
    let (_, complaints) =
        resolve_all(&["OTEL_RUN_NEST=x", "OTEL_SDK_DISABLED=1", "project: x = 1", "user: \ny = 1", "--endpoint c"]);
    let origins: Vec<_> = complaints.iter().map(|complaint| complaint.split(": ").next().unwrap()).collect();
    assert_eq!(origins, ["OTEL_RUN_NEST", "OTEL_SDK_DISABLED", "/p.toml:1", "/u.toml:2", "--endpoint"]);
}
