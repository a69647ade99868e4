//! A table of destinations: what `doctor` says of each, and what becomes of a run with the same set-up.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use hyper::body::Bytes;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Response};
use serde_json::Value;
use tokio_rustls::rustls::ServerConfig;

use crate::support::authority::{Authority, Signed, server};
use crate::support::broken::{Broken, Speaks, own_address, status, take, take_plain, with_header};
use crate::support::exports::{self, Transport};
use crate::support::listed::{items, only_run};
use crate::support::server::Frames;
use crate::support::{Home, Run, Signal, run, with_mounts};

/// What is to become of a run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Everything arrives.
    Arrives,
    /// Not everything does, now.
    Stays,
}

use Fate::{Arrives, Stays};

/// A set-up: where it lives, what is typed, which servers there are.
struct Scene {
    home: Home,
    address: Ipv4Addr,
    words: Vec<OsString>,
    variables: Vec<(&'static str, String)>,
    servers: Vec<Broken>,
}

impl Scene {
    fn new() -> Self {
        let (words, variables, servers) = (Vec::new(), Vec::new(), Vec::new());
        Self { home: Home::new(), address: own_address(), words, variables, servers }
    }

    fn flag(&mut self, name: &str, value: impl Into<OsString>) -> &mut Self {
        self.words.extend([OsString::from(name), value.into()]);
        self
    }

    fn variable(&mut self, name: &'static str, value: impl Into<String>) -> &mut Self {
        self.variables.push((name, value.into()));
        self
    }

    /// A server at any port of the scene's address; gives host and port.
    fn server(
        &mut self,
        speaks: Speaks,
        handler: impl Fn(&Parts, &Bytes) -> Response<Frames> + Send + Sync + 'static,
    ) -> String {
        self.server_at(0, speaks, None, handler)
    }

    fn server_at(
        &mut self,
        port: u16,
        speaks: Speaks,
        tls: Option<Arc<ServerConfig>>,
        handler: impl Fn(&Parts, &Bytes) -> Response<Frames> + Send + Sync + 'static,
    ) -> String {
        let server = Broken::start(SocketAddr::from((self.address, port)), speaks, tls, handler);
        let address = server.address.to_string();
        self.servers.push(server);
        address
    }

    /// A server behind TLS that shows a certificate of `authority`, which is trusted where a file names it.
    fn secure(&mut self, change: impl FnOnce(&mut rcgen::CertificateParams)) -> String {
        let authority = Authority::new();
        let signed = authority.sign(&self.address.to_string(), change);
        self.flag_file("--certificate", "authority.pem", &authority.pem);
        self.server_at(0, Speaks::Both, Some(server(&signed, None)), take)
    }

    fn flag_file(&mut self, flag: &str, name: &str, text: &str) -> PathBuf {
        let path = self.home.write_config(name, text);
        self.flag(flag, &path);
        path
    }

    fn run(&self) -> Run {
        let begun = run().home(&self.home).args(&self.words);
        self.variables.iter().fold(begun, |run, (name, value)| run.env(name, value))
    }
}

fn to(scene: &mut Scene, handler: impl Fn(&Parts, &Bytes) -> Response<Frames> + Send + Sync + 'static) {
    let address = scene.server(Speaks::Both, handler);
    scene.variable("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}"));
}

fn grpc_to(scene: &mut Scene, code: u8) {
    to(scene, move |_, _| exports::grpc_status(code, &[("grpc-message", "said%20so".to_owned())]));
    scene.variable("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
}

/// A port at which nobody listens.
fn closed(scene: &Scene) -> u16 {
    TcpListener::bind((scene.address, 0)).unwrap().local_addr().unwrap().port()
}

/// A day that is so many days from now.
fn in_days(days: i64) -> (i32, u8, u8) {
    let date = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date() + jiff::Span::new().days(days);
    (date.year().into(), date.month() as u8, date.day() as u8)
}

fn until(days: i64) -> impl FnOnce(&mut rcgen::CertificateParams) {
    let (year, month, day) = in_days(days);
    move |parameters| parameters.not_after = rcgen::date_time_ymd(year, month, day)
}

/// A proxy that answers whatever it is asked with this.
fn proxy(scene: &mut Scene, code: u16) -> String {
    scene.server(Speaks::Http1, move |_, _| status(code))
}

type Row = (&'static str, Fate, fn(&mut Scene));

const ROWS: &[Row] = &[
    ("nobody listens", Stays, |scene| {
        let port = closed(scene);
        let address = scene.address;
        scene.flag("--endpoint", format!("http://{address}:{port}"));
    }),
    ("nobody listens to gRPC", Stays, |scene| {
        let port = closed(scene);
        let address = scene.address;
        scene.flag("--endpoint", format!("http://{address}:{port}")).flag("--protocol", "grpc");
    }),
    ("nobody listens, and OTLP is at its usual port", Stays, |scene| {
        let (port, address) = (closed(scene), scene.address);
        scene.server_at(4318, Speaks::Both, None, take);
        scene.flag("--endpoint", format!("http://{address}:{port}"));
    }),
    ("a web server, and OTLP is at its usual port by gRPC", Stays, |scene| {
        scene.server_at(4317, Speaks::Http2, None, take);
        to(scene, |_, _| exports::page());
    }),
    ("a name that nobody has", Stays, |scene| {
        scene.flag("--endpoint", "http://otlp.invalid:4318");
    }),
    ("a server that never answers", Stays, |scene| {
        let address = scene.server(Speaks::Nothing, take);
        scene.flag("--endpoint", format!("http://{address}"));
    }),
    ("a server that hangs up", Stays, |scene| {
        let address = scene.server(Speaks::Goodbye, take);
        scene.flag("--endpoint", format!("http://{address}"));
    }),
    ("a server of something else", Stays, |scene| {
        let address = scene.server(Speaks::Ssh, take);
        scene.flag("--endpoint", format!("http://{address}"));
    }),
    ("an unknown authority", Stays, |scene| {
        let authority = Authority::new();
        let signed = authority.sign(&scene.address.to_string(), |_| {});
        let address = scene.server_at(0, Speaks::Both, Some(server(&signed, None)), take);
        let other = Authority::new().pem;
        scene.flag_file("--certificate", "other.pem", &other);
        scene.flag("--endpoint", format!("https://{address}"));
    }),
    ("a certificate that is signed by itself", Stays, |scene| {
        let signed = Signed::by_itself(&scene.address.to_string());
        let address = scene.server_at(0, Speaks::Both, Some(server(&signed, None)), take);
        let other = Authority::new().pem;
        let path = scene.home.write_config("system.pem", &other);
        scene.variable("SSL_CERT_FILE", path.to_str().unwrap());
        scene.variable("OTEL_EXPORTER_OTLP_ENDPOINT", format!("https://{address}"));
    }),
    ("a certificate that has expired", Stays, |scene| {
        let address = scene.secure(|parameters| {
            parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
            parameters.not_after = rcgen::date_time_ymd(2021, 1, 1);
        });
        scene.flag("--endpoint", format!("https://{address}"));
    }),
    ("a certificate that is not valid yet", Stays, |scene| {
        let address = scene.secure(|parameters| {
            parameters.not_before = rcgen::date_time_ymd(2090, 1, 1);
            parameters.not_after = rcgen::date_time_ymd(2091, 1, 1);
        });
        scene.flag("--endpoint", format!("https://{address}"));
    }),
    ("a certificate for another host", Stays, |scene| {
        let address = scene.secure(|parameters| {
            *parameters = rcgen::CertificateParams::new(vec!["elsewhere.example".to_owned()]).unwrap();
        });
        scene.flag("--endpoint", format!("https://{address}"));
    }),
    ("a certificate that expires soon", Arrives, |scene| {
        let address = scene.secure(until(5));
        scene.flag("--endpoint", format!("https://{address}"));
    }),
    ("a client's certificate is wanted", Stays, |scene| {
        let (authority, clients) = (Authority::new(), Authority::new());
        let signed = authority.sign(&scene.address.to_string(), |_| {});
        scene.flag_file("--certificate", "authority.pem", &authority.pem);
        let address = scene.server_at(0, Speaks::Both, Some(server(&signed, Some(&clients))), take);
        scene.flag("--endpoint", format!("https://{address}"));
    }),
    ("a client's certificate of a stranger", Stays, |scene| {
        let (authority, clients, strangers) = (Authority::new(), Authority::new(), Authority::new());
        let signed = authority.sign(&scene.address.to_string(), |_| {});
        let own = strangers.sign("me", |_| {});
        scene.flag_file("--certificate", "authority.pem", &authority.pem);
        scene.flag_file("--client-certificate", "me.pem", &own.certificate.pem());
        scene.flag_file("--client-key", "me.key", &own.key.serialize_pem());
        let address = scene.server_at(0, Speaks::Both, Some(server(&signed, Some(&clients))), take);
        scene.flag("--endpoint", format!("https://{address}"));
    }),
    ("a file of authorities that is not there", Stays, |scene| {
        let path = scene.home.path().join("config/none.pem");
        scene.variable("OTEL_EXPORTER_OTLP_CERTIFICATE", path.to_str().unwrap());
        let address = scene.address;
        scene.variable("OTEL_EXPORTER_OTLP_ENDPOINT", format!("https://{address}:4318"));
    }),
    ("gRPC at a server whose TLS has no HTTP/2", Stays, |scene| {
        let authority = Authority::new();
        let signed = authority.sign(&scene.address.to_string(), |_| {});
        let mut config = (*server(&signed, None)).clone();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        scene.flag_file("--certificate", "authority.pem", &authority.pem);
        let address = scene.server_at(0, Speaks::Http1, Some(Arc::new(config)), take);
        scene.flag("--endpoint", format!("https://{address}")).flag("--protocol", "grpc");
    }),
    ("https where no TLS is spoken", Stays, |scene| {
        let address = scene.server(Speaks::Both, take);
        scene.flag("--endpoint", format!("https://{address}"));
    }),
    ("http where TLS is spoken", Stays, |scene| {
        let address = scene.secure(|_| {});
        scene.flag("--endpoint", format!("http://{address}"));
    }),
    ("http at the port of gRPC", Stays, |scene| {
        scene.server_at(4318, Speaks::Http1, None, take);
        let address = scene.server_at(4317, Speaks::Http2, None, take);
        scene.variable("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}"));
    }),
    ("gRPC at the port of http", Stays, |scene| {
        scene.server_at(4317, Speaks::Http2, None, take);
        let address = scene.server_at(4318, Speaks::Http1, None, take);
        scene.flag("--endpoint", format!("http://{address}")).flag("--protocol", "grpc");
    }),
    ("http where nothing but gRPC is spoken", Stays, |scene| {
        let address = scene.server(Speaks::Http2, take);
        let settings = format!("service_name = \"x\"\nendpoint = \"http://{address}\"\nprotocol = \"http/json\"\n");
        scene.home.write_config("otel-run/config.toml", &settings);
    }),
    ("a base URL that ends in /v1/traces", Stays, |scene| {
        let address = scene.server(Speaks::Both, take);
        scene.variable("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}/v1/traces"));
    }),
    ("a URL of a single signal without a path", Stays, |scene| {
        let address = scene.server(Speaks::Both, take);
        scene.variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", format!("http://{address}"));
    }),
    ("a path too many", Stays, |scene| {
        let address = scene.server(Speaks::Both, take);
        scene.flag("--endpoint", format!("http://{address}/otlp"));
    }),
    ("credentials that are missing", Stays, |scene| {
        to(scene, |head, body| match head.headers.contains_key("authorization") {
            true => take(head, body),
            false => with_header(401, "www-authenticate", "Bearer realm=\"otlp\""),
        });
    }),
    ("credentials that are wrong", Stays, |scene| {
        to(scene, |head, body| match head.headers.get("authorization").is_some_and(|value| value == "Bearer right") {
            true => take(head, body),
            false => status(401),
        });
        scene.variable("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20wrong");
    }),
    ("credentials without the right", Stays, |scene| {
        to(scene, |_, _| status(403));
        scene.variable("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=key");
    }),
    ("a header whose variable is not set", Stays, |scene| {
        let address = scene.address;
        scene.flag("--endpoint", format!("http://{address}:4318")).flag("--header", "authorization=env:NOT_SET");
    }),
    ("nothing is there (404)", Stays, |scene| to(scene, |_, _| status(404))),
    ("no POST (405)", Stays, |scene| to(scene, |_, _| status(405))),
    ("everything is too large (413)", Stays, |scene| to(scene, |_, _| status(413))),
    ("nothing that is known (415)", Stays, |scene| to(scene, |_, _| status(415))),
    ("no protobuf (415)", Stays, |scene| {
        to(scene, |head, body| match head.headers["content-type"] == "application/json" {
            true => take(head, body),
            false => status(415),
        });
    }),
    ("too many requests (429)", Stays, |scene| to(scene, |_, _| with_header(429, "retry-after", "60"))),
    ("a trouble of its own (500)", Stays, |scene| to(scene, |_, _| status(500))),
    ("not now (503)", Stays, |scene| to(scene, |_, _| status(503))),
    ("no gzip", Stays, |scene| {
        to(scene, take_plain);
        scene.variable("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip");
    }),
    ("no gzip by gRPC", Stays, |scene| {
        to(scene, |head, body| match head.headers.contains_key("grpc-encoding") {
            true => exports::grpc_status(12, &[]),
            false => take(head, body),
        });
        scene.variable("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip");
        scene.variable("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
    }),
    ("a log-in", Stays, |scene| {
        to(scene, |_, _| with_header(302, "location", "https://login.example/in?token=hunter2"));
    }),
    ("a redirect to https", Stays, |scene| {
        to(scene, |head, _| with_header(301, "location", format!("https://otlp.example{}", head.uri.path())));
    }),
    ("a page for people", Stays, |scene| to(scene, |_, _| exports::page())),
    ("a type that is not OTLP's", Stays, |scene| {
        to(scene, |_, _| {
            Response::builder().header("content-type", "text/plain").body(Frames::none().data("ok")).unwrap()
        });
    }),
    ("a success that is not OTLP's (202)", Stays, |scene| to(scene, |_, _| status(202))),
    ("a part is rejected", Arrives, |scene| {
        // Field 1 of field 1 is how many, field 2 of it is why.
        to(scene, |head, body| match body.is_empty() {
            true => {
                let answer = Response::builder().header("content-type", "application/x-protobuf");
                answer.body(Frames::none().data(&b"\x0a\x08\x12\x06use v2"[..])).unwrap()
            }
            false => take(head, body),
        });
    }),
    ("a clock of another year", Arrives, |scene| {
        to(scene, |head, body| {
            let mut answer = take(head, body);
            answer.headers_mut().insert("date", "Sat, 01 Jan 2000 00:00:00 GMT".parse().unwrap());
            answer
        });
    }),
    ("UNAUTHENTICATED", Stays, |scene| grpc_to(scene, 16)),
    ("PERMISSION_DENIED", Stays, |scene| {
        grpc_to(scene, 7);
        scene.variable("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20weak");
    }),
    ("UNIMPLEMENTED", Stays, |scene| grpc_to(scene, 12)),
    ("UNAVAILABLE", Stays, |scene| grpc_to(scene, 14)),
    ("RESOURCE_EXHAUSTED", Stays, |scene| grpc_to(scene, 8)),
    ("a backend of traces alone", Stays, |scene| {
        to(scene, |head, body| match exports::read(head, body).map(|received| received.signal) {
            Ok(Signal::Traces) => take(head, body),
            _ => status(404),
        });
    }),
    ("a wrong port for traces alone", Stays, |scene| {
        let (port, address) = (closed(scene), scene.address);
        scene.server_at(4318, Speaks::Both, None, take);
        scene.flag("--endpoint", format!("http://{address}:{port}/")).flag("--signals", "traces");
    }),
    ("two upstreams, one of them broken", Stays, |scene| {
        let (good, bad) = (scene.server(Speaks::Both, take), scene.server(Speaks::Both, |_, _| status(500)));
        let settings = format!(
            "endpoint = \"http://{good}\"\n\n[[upstream]]\nname = \"second\"\nendpoint = \"http://{bad}\"\nprotocol = \"grpc\"\n"
        );
        scene.home.write_config("otel-run/config.toml", &settings);
    }),
    ("a proxy that wants a password", Stays, |scene| {
        let proxy = proxy(scene, 407);
        scene.variable("HTTP_PROXY", format!("http://me:hunter2@{proxy}"));
        scene.flag("--endpoint", "http://otlp.example.com:4318");
    }),
    ("a proxy that wants a password for a tunnel", Stays, |scene| {
        let proxy = proxy(scene, 407);
        scene.variable("https_proxy", format!("http://{proxy}"));
        scene.flag("--endpoint", "https://otlp.example.com");
    }),
    ("a proxy that makes no tunnel", Stays, |scene| {
        let proxy = proxy(scene, 403);
        scene.variable("ALL_PROXY", format!("http://{proxy}"));
        scene.flag("--endpoint", "http://otlp.example.com:4317").flag("--protocol", "grpc");
    }),
    ("a proxy that does not reach the backend", Stays, |scene| {
        let proxy = proxy(scene, 502);
        scene.variable("HTTP_PROXY", format!("http://{proxy}"));
        scene.flag("--endpoint", "http://otlp.example.com:4318");
    }),
    ("a proxy that is not there", Stays, |scene| {
        let (port, address) = (closed(scene), scene.address);
        scene.variable("HTTP_PROXY", format!("http://{address}:{port}"));
        scene.flag("--endpoint", "http://otlp.example.com:4318");
    }),
    ("a proxy of a kind that is not spoken", Stays, |scene| {
        scene.variable("HTTP_PROXY", "socks5://me:hunter2@proxy.example:1080");
        scene.flag("--endpoint", "http://otlp.example.com:4318");
    }),
    ("a socket that is not there", Stays, |scene| {
        let path = scene.home.path().join("none.sock");
        scene.flag("--endpoint", format!("unix:{}", path.display()));
    }),
    ("a socket that is a file", Stays, |scene| {
        let path = scene.home.write_config("file", "");
        scene.flag("--endpoint", format!("unix:{}", path.display()));
    }),
    ("a socket that is left over", Stays, |scene| {
        let path = scene.home.path().join("old.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        scene.flag("--endpoint", format!("unix:{}", path.display()));
    }),
    ("a socket where gRPC alone is spoken", Stays, |scene| {
        let path = scene.home.path().join("otel.sock");
        scene.servers.push(Broken::at_socket(&path, |head, body| {
            match head.headers["content-type"] == "application/grpc" {
                true => take(head, body),
                false => status(404),
            }
        }));
        scene.flag("--endpoint", format!("unix:{}", path.display()));
    }),
    ("a file that is a folder", Stays, |scene| {
        let path = scene.home.work();
        scene.flag("--endpoint", format!("file:{}", path.display()));
    }),
    ("a file below a file", Stays, |scene| {
        let path = scene.home.write_config("blocked", "").join("o.jsonl");
        scene.flag("--endpoint", format!("file:{}", path.display()));
    }),
    ("well by http/protobuf", Arrives, |scene| to(scene, take)),
    ("well by http/json with gzip", Arrives, |scene| {
        to(scene, take);
        scene.flag("--protocol", "http/json").flag("--compression", "gzip");
    }),
    ("well by grpc", Arrives, |scene| {
        to(scene, take);
        scene.flag("--protocol", "grpc");
    }),
    ("well by https", Arrives, |scene| {
        let address = scene.secure(until(90));
        scene.flag("--endpoint", format!("https://{address}"));
    }),
    ("well by a socket", Arrives, |scene| {
        let path = scene.home.path().join("otel.sock");
        scene.servers.push(Broken::at_socket(&path, take));
        scene.flag("--endpoint", format!("unix:{}", path.display()));
    }),
    ("well into a file", Arrives, |scene| {
        let path = scene.home.path().join("out/o.jsonl");
        scene.flag("--endpoint", format!("file:{}", path.display()));
    }),
    ("well into a folder", Arrives, |scene| {
        let path = scene.home.path().join("out/");
        scene.flag("--endpoint", format!("file:{}", path.display()));
    }),
];

/// Several at once: most of the time is waiting.
const WORKERS: usize = 4;

#[test]
fn what_is_said_of_destinations() {
    let rows: Mutex<VecDeque<(usize, Row)>> = Mutex::new(ROWS.iter().copied().enumerate().collect());
    let told: Mutex<Vec<(usize, String)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some((place, row)) = { rows.lock().unwrap().pop_front() } {
                    let words = play(row);
                    told.lock().unwrap().push((place, words));
                }
            });
        }
    });
    let mut told = told.into_inner().unwrap();
    told.sort();
    let told: Vec<String> = told.into_iter().map(|(_, words)| words).collect();
    let all = told.join("\n");
    insta::assert_snapshot!(all);
    assert!(!all.contains("WRONG: "), "{all}");
}

/// Has `doctor` look at a set-up, as text and as JSON, and then runs a command in it. What is not as it has to be stands
/// behind what was said.
fn play((what, fate, make): Row) -> String {
    let mut scene = Scene::new();
    make(&mut scene);
    // Only who never answers is waited for.
    let limit = if what.contains("never answers") { "2s" } else { "30s" };
    let doctor = || scene.run().flag("--timeout", limit).arg("doctor").any_stderr();
    let json = doctor().arg("--json").expect_any_end();
    let read: Value = serde_json::from_slice(&json.stdout).unwrap_or_else(|_| panic!("{what}: {}", json.stderr_text()));
    let text = doctor().expect_any_end();
    let mut wrong = Vec::new();
    let mut check = |right: bool, what: String| wrong.extend((!right).then_some(what));
    check(json.status == text.status, format!("as text {}", text.status));

    let mut told = format!("# {what} (exit {})\n", json.status.code().unwrap());
    let about = |finding: &&Value| finding["subject"] == "destination";
    let findings: Vec<&Value> = read["findings"].as_array().unwrap().iter().filter(about).collect();
    check(!findings.is_empty(), format!("nothing is found: {read:#}"));
    let plain = one_line(&text.stdout_text());
    for finding in &findings {
        let word = |name: &str| finding[name].as_str().unwrap_or_default();
        let origin = match &finding["origin"] {
            Value::Null => String::new(),
            origin if origin["file"].is_string() => {
                format!(" [{}:{}]", origin["file"].as_str().unwrap(), origin["line"])
            }
            origin => format!(" [{}]", origin["flag"].as_str().or(origin["variable"].as_str()).unwrap()),
        };
        told.push_str(&format!("{} {}: {}{origin}\n", word("grade"), word("check"), word("what")));
        if finding["remedy"].is_string() {
            told.push_str(&format!("     -> {}\n", word("remedy")));
        }
        // The time that it takes is another one each time.
        let without_time = word("what").split(", in ").next().unwrap();
        for words in [without_time, word("remedy")] {
            check(plain.contains(&one_line(words)), format!("{words:?} is not in the text {plain}"));
        }
    }
    check(
        !text.stdout_text().contains("hunter2") && !json.stdout_text().contains("hunter2"),
        "a secret is told".into(),
    );
    let lost = findings.iter().any(|finding| finding["grade"] == "loss");
    check(fate == Stays || !lost, "something is lost although all arrives".into());
    check(lost == (json.status.code() == Some(2)), "the exit status is another one".into());

    // The command is not concerned.
    let drain = if fate == Arrives { "60s" } else { "1s" };
    let command = scene.run().flag("--drain-deadline", drain).child(["sh", "-c", "exit 7"]);
    let ran = command.any_stderr().expect_any_end();
    check(ran.status.code() == Some(7), format!("the command ended by {}", ran.status));
    let became = items(&only_run(&scene.home));
    check((became.pending + became.rejected > 0) == (fate == Stays), format!("of the run became {became:?}"));
    let mut told = masked(&told, &scene);
    wrong.iter().for_each(|wrong| told.push_str(&format!("WRONG: {wrong}\n")));
    told
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without what is another one each time: addresses, ports, folders, times.
fn masked(text: &str, scene: &Scene) -> String {
    let text =
        text.replace(&scene.address.to_string(), "HOST").replace(&scene.home.path().display().to_string(), "HOME");
    let mut out = String::new();
    for line in text.lines() {
        let line = mask_after(line, "HOST:", "PORT", |digits| digits == "4317" || digits == "4318");
        let line = mask_after(&line, "elsewhere.example:", "PORT", |_| false);
        let line = mask_after(&line, ", in ", "TIME", |_| false);
        let line = match line.split_once("signed by the authority \"") {
            Some((before, rest)) => {
                format!("{before}signed by the authority \"NAME{}", &rest[rest.find('"').unwrap()..])
            }
            None => line,
        };
        let line = mask_after(&line, "good for ", "N", |_| false);
        let line = mask_after(&line, "expired on 2021-01-01, ", "N", |_| false);
        let line = mask_after(&line, "clock is ", "N", |_| false);
        let line = match line.split_once("clock that is wrong (20") {
            Some((before, rest)) => format!("{before}clock that is wrong (NOW{}", &rest[rest.find(')').unwrap()..]),
            None => line,
        };
        let line = match line.split_once("is not known here: ") {
            Some((before, rest)) => format!("{before}is not known here: REASON{}", &rest[rest.rfind(" [").unwrap()..]),
            None => line,
        };
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// Puts `mask` in the place of the digits that stand behind `before`.
fn mask_after(line: &str, before: &str, mask: &str, keep: impl Fn(&str) -> bool) -> String {
    let mut pieces = line.split(before);
    let mut out = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let digits = &piece[..piece.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(piece.len())];
        out.push_str(before);
        if digits.is_empty() || keep(digits) {
            out.push_str(piece);
        } else {
            out.push_str(mask);
            // A length of time has a unit, which depends on it.
            let rest = &piece[digits.len()..];
            out.push_str(if mask == "TIME" { rest.trim_start_matches(" ms").trim_start_matches(" s") } else { rest });
        }
    }
    out
}

/// `localhost` that is `::1` alone, where nobody listens, and that is both of which one answers.
#[test]
fn localhost_that_is_not_where_one_thinks() {
    for (hosts, exit, words) in [
        ("::1 localhost\n", 2, "where nobody listens at port"),
        ("127.0.0.1 localhost\n::1 localhost\n", 0, "only 127.0.0.1 answers"),
    ] {
        let home = Home::new();
        let server = Broken::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), Speaks::Both, None, take);
        let port = server.address.port();
        let file = home.write_config("hosts", hosts);
        let script = "mount --bind \"$1\" /etc/hosts && exec \"$OTEL_RUN\" doctor --endpoint \"$2\" --timeout 30s";
        let arguments = [file.to_str().unwrap().to_owned(), format!("http://localhost:{port}")];
        let Some(run) = with_mounts(&home, script, &arguments) else {
            // Nobody can come where nothing can be mounted.
            std::mem::forget(server);
            return;
        };
        let ran = run.expect_exit(exit);
        let said = one_line(&ran.stdout_text());
        let to = format!("say --endpoint http://127.0.0.1:{port}");
        assert!(said.contains(words) && said.contains(&to), "{said}");
    }
}

/// Root may write everywhere but where nobody may.
#[test]
fn a_file_in_a_folder_that_is_read_only() {
    let home = Home::new();
    let script = "mount -t tmpfs -o ro tmpfs \"$0\" && exec \"$OTEL_RUN\" doctor --endpoint \"file:$0/o.jsonl\" --state-dir \"$1\"";
    let Some(run) = with_mounts(&home, script, &[home.path().join("runs")]) else { return };
    let said = one_line(&run.expect_exit(2).stdout_text());
    let folder = home.path().join("state");
    let words = format!("{0}/o.jsonl cannot be written to: {0}: Read-only file system", folder.display());
    assert!(said.contains(&words), "{words:?} is not in {said}");
}

/// Trailers are read behind a body, and headers where there is none: both are gRPC's way to say how it went.
#[test]
fn a_gateway_that_knows_no_trailers_is_no_grpc() {
    let server = Broken::start(SocketAddr::from((own_address(), 0)), Speaks::Both, None, |_, _| {
        let answer = Response::builder().header("content-type", "application/grpc");
        answer.body(Frames::none().data(vec![0; 5]).trailers(HeaderMap::new())).unwrap()
    });
    let endpoint = format!("http://{}", server.address);
    let doctor = run().flag("--endpoint", &endpoint).flag("--protocol", Transport::Grpc.as_str());
    let ran = doctor.args(["--timeout", "30s", "doctor"]).expect_exit(2);
    assert!(one_line(&ran.stdout_text()).contains("which is not OTLP's"), "{}", ran.stdout_text());
}
