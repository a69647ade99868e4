//! The collector inside otel-run, from outside: who can connect, and what becomes of what it took, whatever happens. What it takes
//! and what it answers is `tests/conformance`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal as Kill, kill};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use otel_run::otlp::Signal;
use serde_json::Value;
use support::client::Asked;
use support::samples::{ENCODINGS, Encoding, assert_accepted, assert_grpc_accepted, sample, stored_names};
use support::stored::text;
use support::{Open, Stored, run, test_child};

/// The requests that a test makes, with the names in them.
#[derive(Default)]
struct Sent(BTreeMap<(Signal, String), usize>);

impl Sent {
    /// The name of one more item, which no other has.
    fn name(&mut self, signal: Signal, what: &str) -> String {
        let name = format!("{what} {}", self.0.len());
        self.0.insert((signal, name.clone()), 1);
        name
    }

    /// A request with one item, to the run's collector.
    fn post(&mut self, open: &Open, signal: Signal, encoding: Encoding, what: &str) -> Asked {
        let body = sample(signal, encoding, &self.name(signal, what));
        Asked::post(format!("{}/{}", open.path(), signal.path()), encoding.content_type(), body)
    }

    /// Everything that was to be stored is in the log once, and nothing else.
    #[track_caller]
    fn assert_stored(&self, stored: &Stored) {
        let mut found = BTreeMap::new();
        for signal in Signal::ALL {
            for name in stored_names(stored, signal) {
                *found.entry((signal, name)).or_default() += 1;
            }
        }
        assert_eq!(found, self.0);
    }
}

#[test]
fn nobody_outside_of_this_machine_can_connect() {
    let open = Open::start(run());
    let (host, port) = open.authority().split_once(':').unwrap();
    assert_eq!(host, "127.0.0.1");
    let port: u16 = port.parse().unwrap();
    TcpStream::connect((host, port)).unwrap();
    assert!(TcpStream::connect(("127.0.0.2", port)).is_err(), "it listens on more than its address");
    assert!(TcpStream::connect(("::1", port)).is_err(), "it listens on IPv6");
    if cfg!(target_os = "linux") {
        let pid = open.running.pid;
        // The tables are those of the network namespace; what belongs to the process is known by its inode.
        let inodes: Vec<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
            .unwrap()
            .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok()?.to_str().map(str::to_owned))
            .filter_map(|target| Some(target.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
            .collect();
        let mut listening = Vec::new();
        for table in ["tcp", "tcp6", "udp", "udp6"] {
            let Ok(table) = std::fs::read_to_string(format!("/proc/{pid}/net/{table}")) else { continue };
            for line in table.lines().skip(1) {
                let columns: Vec<&str> = line.split_whitespace().collect();
                // 0A is LISTEN, 07 is a datagram socket without a peer.
                if matches!(columns[3], "0A" | "07") && inodes.iter().any(|inode| inode == columns[9]) {
                    listening.push(columns[1].to_owned());
                }
            }
        }
        assert_eq!(listening, [format!("0100007F:{port:04X}")]);
    }
    open.end();
}

#[test]
fn a_hundred_senders_at_once_lose_nothing() {
    let open = Open::start(run());
    let mut sent = Sent::default();
    let batches: Vec<Vec<(Encoding, Asked)>> = (0..100)
        .map(|sender| {
            let kinds = Signal::ALL.into_iter().cycle().zip(ENCODINGS.into_iter().cycle()).take(6);
            kinds
                .map(|(signal, encoding)| (encoding, sent.post(&open, signal, encoding, &format!("sender {sender}"))))
                .collect()
        })
        .collect();
    // Nobody sends before all are connected.
    let clients: Vec<_> = batches.iter().map(|_| open.client()).collect();
    std::thread::scope(|scope| {
        for (batch, mut http) in batches.iter().zip(clients) {
            scope.spawn(move || {
                for (encoding, asked) in batch {
                    assert_accepted(&http.ask(asked), *encoding, "at once");
                }
            });
        }
    });
    sent.assert_stored(&Stored::of(&open.end().home));
}

#[test]
fn a_sender_of_a_byte_a_second_holds_up_neither_others_nor_the_end() {
    let open = Open::start(run().flag("--drain-deadline", "60s"));
    let mut sent = Sent::default();
    let (path, authority) = (open.path().to_owned(), open.authority().to_owned());
    let mut slow = TcpStream::connect(authority).unwrap();
    let head = format!("POST {path}/v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n");
    slow.write_all(head.as_bytes()).unwrap();
    let slow = std::thread::spawn(move || {
        while slow.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_secs(1));
        }
    });
    let asked = sent.post(&open, Signal::Traces, Encoding::Protobuf, "meanwhile");
    assert_accepted(&open.client().ask(&asked), Encoding::Protobuf, "meanwhile");
    let before = Instant::now();
    let ran = open.end();
    // What it has a minute for takes a second.
    assert!(before.elapsed() < Duration::from_secs(20), "{:?}", before.elapsed());
    slow.join().unwrap();
    sent.assert_stored(&Stored::of(&ran.home));
}

#[test]
fn a_sender_that_never_finishes_does_not_hold_up_the_end() {
    let open = Open::start(run().flag("--drain-deadline", "200ms"));
    let mut sent = Sent::default();
    let mut hung = [open.client(), open.client(), open.client()];
    let path = open.path().to_owned();
    hung[0].send(format!("POST {path}/v1/traces HTTP/1.1\r\ncontent-length: 100\r\n").as_bytes());
    hung[1].send(format!("POST {path}/v1/traces HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nx").as_bytes());
    // The beginning of HTTP/2.
    hung[2].send(b"PRI * HTTP/2.0\r\n\r\n");
    let asked = sent.post(&open, Signal::Traces, Encoding::Protobuf, "meanwhile");
    assert_accepted(&open.client().ask(&asked), Encoding::Protobuf, "meanwhile");
    let before = Instant::now();
    let ran = open.end();
    // The default would be 5 s; what is between is for slow machines.
    assert!(before.elapsed() < Duration::from_secs(2), "{:?}", before.elapsed());
    drop(hung);
    let stored = Stored::of(&ran.home);
    assert!(stored.ended.is_some());
    sent.assert_stored(&stored);
}

#[test]
fn more_connections_than_it_can_hold_wait_for_their_turn() {
    let limited = "ulimit -n 64; exec \"$0\" \"$@\"";
    let sh = support::alone("sh").args(["-c", limited, env!("CARGO_BIN_EXE_otel-run")]);
    let open = Open::start(sh.flag("--drain-deadline", "60s"));
    let mut sent = Sent::default();
    let idle: Vec<_> = (0..100).map(|_| open.client()).collect();
    // It is behind the idle ones, and is taken as soon as they go.
    let mut late = open.client();
    let asked = sent.post(&open, Signal::Traces, Encoding::Json, "late");
    late.begin(&asked);
    drop(idle);
    assert_accepted(&late.read_answer(), Encoding::Json, "late");
    let _idle: Vec<_> = (0..100).map(|_| open.client()).collect();
    let before = Instant::now();
    let ran = open.end();
    // There were descriptors left to see that nobody is alive who could send anything.
    assert!(before.elapsed() < Duration::from_secs(20), "{:?}", before.elapsed());
    sent.assert_stored(&Stored::of(&ran.home));
}

/// The order in which a machine may kill what runs on it.
#[derive(Debug, Clone, Copy)]
enum Killed {
    CommandFirst,
    WrapperFirst,
}

#[test]
fn what_was_acknowledged_is_in_the_log_whoever_is_killed() {
    for order in [Killed::CommandFirst, Killed::WrapperFirst] {
        let open = Open::start(run());
        let mut sent = Sent::default();
        let (mut http, mut grpc) = (open.client(), open.http2());
        for signal in Signal::ALL {
            for encoding in ENCODINGS {
                let asked = sent.post(&open, signal, encoding, "HTTP");
                assert_accepted(&http.ask(&asked), encoding, "before the kill");
            }
            let message = sample(signal, Encoding::Protobuf, &sent.name(signal, "gRPC"));
            assert_grpc_accepted(&grpc.call(signal.grpc_method(), &[open.header()], &message), "before the kill");
        }
        let (command, wrapper) = (open.command_pid(), open.running.pid);
        let kills = match order {
            Killed::CommandFirst => [command, wrapper],
            Killed::WrapperFirst => [wrapper, command],
        };
        for pid in kills {
            kill(pid, Kill::SIGKILL).unwrap();
        }
        let ran = open.running.expect_signal(Kill::SIGKILL);
        let stored = Stored::of(&ran.home);
        sent.assert_stored(&stored);
        if let Killed::WrapperFirst = order {
            assert!(stored.ended.is_none());
            let runs = run().home(&ran.home).args(["runs", "--json"]).expect_exit(0).stdout_text();
            let runs: Value = serde_json::from_str(&runs).unwrap();
            assert_eq!(runs["runs"][0]["state"], "lost");
            // One more says that the run goes on no more.
            assert_eq!(runs["runs"][0]["intake"]["metrics"]["stored"], 3 + 1);
        }
        let shown = run().home(&ran.home).args(["show", "--all", "--json"]).expect_exit(0).stdout_text();
        let shown: Value = serde_json::from_str(&shown).unwrap();
        let names: Vec<&str> =
            shown["spans"].as_array().unwrap().iter().map(|span| span["name"].as_str().unwrap()).collect();
        for (signal, name) in sent.0.keys() {
            assert_eq!(*signal == Signal::Traces, names.contains(&name.as_str()), "{name} in {names:?}");
        }
    }
}

#[test]
fn an_acknowledged_request_is_in_the_log_before_the_next_is_sent() {
    let open = Open::start(run());
    let mut sent = Sent::default();
    let mut http = open.client();
    for signal in Signal::ALL {
        for encoding in ENCODINGS {
            let asked = sent.post(&open, signal, encoding, "one by one");
            assert_accepted(&http.ask(&asked), encoding, "one by one");
            sent.assert_stored(&Stored::of(&open.running.home));
        }
    }
    drop(http);
    open.end();
}

#[test]
fn what_cannot_be_written_is_held_and_counted_at_the_end() {
    // Writing fails as on a full disk, if the signal of the limit does not kill us. It is in blocks of 512 bytes, or 1024.
    let limited = "ulimit -f 32; exec \"$0\" \"$@\"";
    let open = Open::start(
        support::alone("sh")
            .args(["-c", limited, env!("CARGO_BIN_EXE_otel-run")])
            .stderr_has("9 items of telemetry are lost: File too large"),
    );
    let mut sent = Sent::default();
    let (mut http, mut grpc) = (open.client(), open.http2());
    let before = sent.post(&open, Signal::Logs, Encoding::Protobuf, "before");
    assert_accepted(&http.ask(&before), Encoding::Protobuf, "before");
    // None of these fits. They are held in memory, to be written when there is room.
    let long = "x".repeat(64 << 10);
    for signal in Signal::ALL {
        let path = format!("{}/{}", open.path(), signal.path());
        for encoding in ENCODINGS {
            let asked = Asked::post(&path, encoding.content_type(), sample(signal, encoding, &long));
            assert_accepted(&http.ask(&asked), encoding, "held in memory");
        }
        let answer = grpc.call(signal.grpc_method(), &[open.header()], &sample(signal, Encoding::Protobuf, &long));
        assert_eq!((answer.grpc_code(), answer.body.len()), (0, 5));
    }
    // There never is, but for what is smaller.
    let after = sent.post(&open, Signal::Logs, Encoding::Protobuf, "after");
    assert_accepted(&http.ask(&after), Encoding::Protobuf, "after");
    drop((http, grpc));
    let ran = open.end();
    sent.assert_stored(&Stored::of(&ran.home));
    let runs = run().home(&ran.home).args(["runs", "--json"]).expect_exit(0).stdout_text();
    let runs: Value = serde_json::from_str(&runs).unwrap();
    for (signal, intake) in runs["runs"][0]["intake"].as_object().unwrap() {
        let of = |count: &str| intake[count].as_u64().unwrap_or(0);
        assert_eq!((of("refused_requests"), of("dropped")), (0, 3), "{signal}");
        assert_eq!(of("received"), of("stored") + of("dropped"), "{signal}");
    }
}

#[test]
fn the_sdk_finds_the_collector_by_its_environment() {
    for grpc in [false, true] {
        let sdk = ["sdk"].into_iter().chain(grpc.then_some("--grpc"));
        let ran = run().child([test_child()]).args(sdk).expect_exit(0);
        let stored = Stored::of(&ran.home);
        let spans = stored.spans_with_origin();
        let [inner, outer] = &spans.iter().filter(|(_, scope, _)| scope == "sdk").collect::<Vec<_>>()[..] else {
            panic!("{spans:?}")
        };
        let ((_, _, inner), (resource, _, outer)) = (inner, outer);
        assert_eq!((inner.name.as_str(), outer.name.as_str()), ("inner", "outer"));
        assert_eq!(inner.parent_span_id, outer.span_id);
        assert_eq!(support::hex(&outer.parent_span_id), stored.started.span_id);
        assert_eq!(inner.events[0].name, "half way");
        assert_eq!(text(&resource.attributes, "telemetry.sdk.language"), Some("rust"));
        let records = stored.log_records_of_the_command();
        assert_eq!(records.len(), 2);
        for record in &records {
            assert_eq!(support::hex(&record.trace_id), stored.started.trace_id);
        }
        assert_eq!(records[0].span_id, outer.span_id);
        assert_eq!(support::hex(&records[1].span_id), stored.started.span_id);
        let mut metrics = stored.metrics_of_the_command();
        metrics.sort_by(|a, b| a.name.cmp(&b.name));
        let names: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
        assert_eq!(names, ["sdk.duration", "sdk.requests"]);
        let Some(Data::Histogram(durations)) = &metrics[0].data else { panic!("{metrics:?}") };
        assert_eq!((durations.data_points[0].count, durations.data_points[0].sum), (1, Some(0.25)));
        let items: BTreeMap<Signal, u32> =
            stored.batches.iter().fold(BTreeMap::new(), |mut all, (signal, items, _)| {
                *all.entry(*signal).or_default() += items;
                all
            });
        // Of the run itself there are its span, the records of its start and its end, and ten points of its metrics.
        assert_eq!(items, [(Signal::Traces, 3), (Signal::Metrics, 12), (Signal::Logs, 4)].into());
    }
}
