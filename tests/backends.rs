//! Backends that break in every phase of an exchange, and every answer that gRPC has: the run ends as its command did, in
//! time, and everything is somewhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt::Linger};
use support::listed::{Items, items, only_run, runs};
use support::{Behaviour, Home, Ran, Transport, Upstream, run, test_child};

/// What a run says about itself: a span, two log records, ten data points.
const OWN: u64 = 13;
/// No run of these tests may take longer: their deadline for delivery is 1 s, and machines are slow.
const NO_HANG: Duration = Duration::from_secs(20);

/// What a server does with one connection.
type Conversation = fn(TcpStream);

/// A server of conversations, for as long as the process lives; gives its URL, and how many it has had.
fn server(conversation: Conversation) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count: Arc<AtomicUsize> = Arc::default();
    let had = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            had.fetch_add(1, Ordering::SeqCst);
            std::thread::spawn(move || conversation(stream));
        }
    });
    (url, count)
}

/// Closes with a reset instead of an end.
fn reset(stream: TcpStream) {
    setsockopt(&stream, Linger, &libc::linger { l_onoff: 1, l_linger: 0 }).unwrap();
}

/// Reads the head of a request and gives the length of its body.
fn read_head(reader: &mut impl BufRead) -> usize {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            break;
        }
    }
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    length.unwrap_or(0)
}

/// Reads a whole request.
fn read_request(stream: &TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let length = read_head(&mut reader);
    let _ = reader.read_exact(&mut vec![0; length]);
}

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 100\r\n\r\n0123456789";

#[test]
fn a_connection_that_breaks_in_any_phase_costs_nothing_but_time() {
    let phases: [(&str, Conversation); 9] = [
        ("closed when it is accepted", |_| {}),
        ("reset when it is accepted", reset),
        ("closed after the head", |stream| {
            read_head(&mut BufReader::new(&stream));
        }),
        ("reset after the head", |stream| {
            read_head(&mut BufReader::new(&stream));
            reset(stream);
        }),
        ("closed after the request", |stream| read_request(&stream)),
        ("reset after the request", |stream| {
            read_request(&stream);
            reset(stream);
        }),
        ("closed in the answer's head", |mut stream| {
            read_request(&stream);
            stream.write_all(&ANSWER[..20]).unwrap();
        }),
        ("reset in the answer's body", |mut stream| {
            read_request(&stream);
            stream.write_all(ANSWER).unwrap();
            reset(stream);
        }),
        ("no HTTP at all", |mut stream| {
            read_request(&stream);
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
        }),
    ];
    std::thread::scope(|scope| {
        for (phase, conversation) in phases {
            scope.spawn(move || {
                let (url, count) = server(conversation);
                let home = kept_by(&url, "http/protobuf", phase);
                assert!(count.load(Ordering::SeqCst) >= 1, "{phase}: nobody came");
                flushed(&home, phase);
                // gRPC is HTTP/2, of which these servers understand nothing.
                let (url, count) = server(conversation);
                let home = kept_by(&url, "grpc", phase);
                assert!(count.load(Ordering::SeqCst) >= 1, "{phase}: nobody came");
                flushed(&home, phase);
            });
        }
    });
}

/// An answer that comes by one byte a second is no answer in time, and one that never ends is none at all.
#[test]
fn a_backend_that_drips_does_not_hold_the_end() {
    let conversations: [(&str, Conversation); 2] = [
        ("one byte a second", |mut stream| {
            read_request(&stream);
            for byte in ANSWER {
                if stream.write_all(&[*byte]).is_err() {
                    return;
                }
                std::thread::park_timeout(Duration::from_secs(1));
            }
        }),
        ("an endless body", |mut stream| {
            read_request(&stream);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\n\r\n");
            while stream.write_all(&[0; 65_536]).is_ok() {}
        }),
    ];
    for (what, conversation) in conversations {
        let (url, count) = server(conversation);
        let home = kept_by(&url, "http/protobuf", what);
        assert!(count.load(Ordering::SeqCst) >= 1);
        flushed(&home, what);
    }
}

/// A run whose backend is at `url`, which takes nothing.
#[track_caller]
fn kept_by(url: &str, protocol: &str, what: &str) -> Home {
    let home = Home::new();
    let ran = run()
        .home(&home)
        .flag("--endpoint", url)
        .flag("--protocol", protocol)
        .flag("--drain-deadline", "1s")
        .child([test_child().to_str().unwrap(), "send", "--count", "3", "--exit", "7"])
        .stderr_has(format!("{} items of telemetry are not delivered", 3 + OWN))
        .expect_exit(7);
    assert_in_time(&ran);
    assert_eq!(ran.stderr_text().lines().count(), 1, "{what}: {}", ran.stderr_text());
    assert_eq!(items(&only_run(&home)).pending, 3 + OWN, "{what}");
    home
}

#[track_caller]
fn assert_in_time(ran: &Ran) {
    assert!(ran.took < NO_HANG, "it took {:?}", ran.took);
}

/// What was kept reaches another backend, once.
#[track_caller]
fn flushed(home: &Home, what: &str) {
    let upstream = Upstream::start();
    let flush = run().home(home).upstream(&upstream).env("OTEL_RUN_DRAIN_DEADLINE", "60s").arg("flush");
    flush.expect_exit(0).stdout_has("4 spans delivered");
    let counts = upstream.span_counts();
    assert!(counts.len() == 4 && counts.values().all(|count| *count == 1), "{what}: {counts:?}");
}

/// OTLP/gRPC, "Failures": what each status code means for what was sent.
#[test]
fn every_status_of_grpc_leaves_everything_somewhere() {
    const REJECTED: [u8; 2] = [3, 6];
    std::thread::scope(|scope| {
        for code in 1..=17 {
            scope.spawn(move || {
                let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::GrpcStatus(code, vec![])));
                let rejected = REJECTED.contains(&code);
                let ran = run()
                    .home(&home)
                    .upstream_by(&upstream, Transport::Grpc)
                    .flag("--drain-deadline", "1s")
                    .child(["sh", "-c", "exit 7"])
                    .stderr_has(if rejected { "were rejected (the backend" } else { "are not delivered (the backend" })
                    .expect_exit(7);
                assert_in_time(&ran);
                let all = if rejected {
                    Items { rejected: OWN, ..Items::default() }
                } else {
                    Items { pending: OWN, ..Items::default() }
                };
                assert_eq!(items(&only_run(&home)), all, "code {code}");
                upstream.set_behaviour(Behaviour::Accept);
                let flush = run().home(&home).env("OTEL_RUN_DRAIN_DEADLINE", "60s").arg("flush").expect_exit(0);
                match rejected {
                    true => assert_eq!(flush.stdout_text(), "everything is delivered\n", "code {code}"),
                    false => assert_eq!(items(&only_run(&home)).delivered, OWN, "code {code}"),
                }
            });
        }
    });
}

/// A backend answers in the encoding of its own choice, and what it says counts.
#[test]
fn an_answer_in_json_to_protobuf_is_understood() {
    fn answer(stream: &TcpStream, body: &str) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        loop {
            let length = read_head(&mut reader);
            if length == 0 || reader.read_exact(&mut vec![0; length]).is_err() {
                return;
            }
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json; charset=utf-8\r\n";
            let text = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
            let mut out = stream;
            if out.write_all(text.as_bytes()).is_err() {
                return;
            }
        }
    }
    let rejecting: Conversation =
        |stream| answer(&stream, r#"{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too blue"}}"#);
    let (url, _) = server(rejecting);
    let home = Home::new();
    let ran = run().home(&home).flag("--endpoint", url).flag("--drain-deadline", "20s");
    ran.child(["true"]).stderr_has("1 item of telemetry was rejected (too blue)").expect_exit(0);
    assert_eq!(items(&only_run(&home)), Items { delivered: OWN - 1, rejected: 1, ..Items::default() });

    let plain: Conversation = |stream| answer(&stream, "{}");
    let (url, _) = server(plain);
    let home = Home::new();
    run().home(&home).flag("--endpoint", url).flag("--drain-deadline", "20s").child(["true"]).expect_exit(0);
    assert_eq!(items(&only_run(&home)), Items { delivered: OWN, ..Items::default() });
}

/// The counts are asked for while things happen, and add up each time.
#[test]
fn the_counts_add_up_at_every_moment() {
    let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Hold));
    let mut running = run()
        .home(&home)
        .upstream(&upstream)
        .flag("--drain-deadline", "60s")
        .child([test_child().to_str().unwrap(), "send", "--count", "40", "--hold"])
        .stdin_open()
        .spawn();
    running.wait_for_stdout("sent 40");
    upstream.wait_for_hits(1);
    let held = &runs(&home)[0];
    let before = items(held);
    assert!(before.pending >= 40 && before.delivered == 0, "{held:#}");
    upstream.set_behaviour(Behaviour::Accept);
    // Each listing checks for itself that the counts add up.
    let mut listings = 0;
    while items(&runs(&home)[0]).delivered < 40 {
        listings += 1;
        assert!(listings < 1_000, "nothing is delivered: {:#}", runs(&home)[0]);
    }
    running.close_stdin();
    running.expect_exit(0);
    assert_eq!(items(&only_run(&home)), Items { delivered: 40 + OWN, ..Items::default() });
}
