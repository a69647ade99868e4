//! Delivery by way of a proxy, as the variables that everybody reads ask for it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use support::listed::{items, only_run};
use support::{Home, Transport, Upstream, run, test_child};

/// A name that only the proxy knows.
const HOST: &str = "otlp.example.com";
const OWN: u64 = 13;

/// A proxy that leads to one upstream, whatever it is asked for, and remembers what it was asked.
struct Proxy {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Refuses who has not this in `Proxy-Authorization`, if it is anything.
    fn to(upstream: &Upstream, wants: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = listener.local_addr().unwrap().to_string();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (heads, far) = (Arc::clone(&asked), upstream.url().trim_start_matches("http://").to_owned());
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let (heads, far) = (Arc::clone(&heads), far.clone());
                std::thread::spawn(move || pass(near, &far, wants, &heads));
            }
        });
        Self { url, asked }
    }

    /// The heads of the requests that came.
    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Answers a CONNECT and joins the streams; joins them with the whole request in front where it is another.
fn pass(near: TcpStream, far: &str, wants: &str, heads: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(near.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    heads.lock().unwrap().push(head.clone());
    let mut near_out = near;
    if !wants.is_empty()
        && !head.to_ascii_lowercase().contains(&format!("proxy-authorization: {}", wants.to_ascii_lowercase()))
    {
        let _ = near_out.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
        return;
    }
    let mut far_out = TcpStream::connect(far).unwrap();
    let mut far_in = far_out.try_clone().unwrap();
    if head.starts_with("CONNECT ") {
        near_out.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
    } else {
        // The upstream double reads whole URLs as servers have to (RFC 9112, section 3.2.2).
        far_out.write_all(head.as_bytes()).unwrap();
    }
    std::thread::spawn(move || {
        let mut bytes = [0; 8192];
        while let Ok(count @ 1..) = reader.read(&mut bytes) {
            if far_out.write_all(&bytes[..count]).is_err() {
                return;
            }
        }
        let _ = far_out.shutdown(std::net::Shutdown::Write);
    });
    let _ = std::io::copy(&mut far_in, &mut near_out);
}

#[test]
fn requests_go_through_the_proxy() {
    for (transport, line) in [
        (Transport::HttpProtobuf, format!("POST http://{HOST}:4318/v1/")),
        (Transport::HttpJson, format!("POST http://{HOST}:4318/v1/")),
        (Transport::Grpc, format!("CONNECT {HOST}:4318 ")),
    ] {
        for (variable, scheme) in [("HTTP_PROXY", "http://"), ("http_proxy", "http://"), ("ALL_PROXY", "")] {
            let (home, upstream) = (Home::new(), Upstream::start());
            let proxy = Proxy::to(&upstream, "Basic bWU6aHVudGVyMg==");
            let ran = run()
                .home(&home)
                .env(variable, format!("{scheme}me:hunter2@{}", proxy.url))
                .flag("--endpoint", format!("http://{HOST}:4318"))
                .flag("--protocol", transport.as_str())
                .flag("--drain-deadline", "20s")
                .child([test_child().to_str().unwrap(), "send", "--count", "3"])
                .expect_exit(0);
            assert_eq!(items(&only_run(&home)).delivered, 3 + OWN, "{transport:?} {}", ran.stderr_text());
            let asked = proxy.asked();
            assert!(!asked.is_empty() && asked.iter().all(|head| head.starts_with(&line)), "{asked:?}");
            // The proxy's password is for the proxy.
            for request in upstream.received() {
                assert_eq!(request.transport, transport);
                assert!(transport != Transport::Grpc || request.header("proxy-authorization").is_empty());
            }
            home.assert_nowhere("hunter2");
        }
    }
}

#[test]
fn what_is_exempt_is_reached_directly() {
    let (home, upstream) = (Home::new(), Upstream::start());
    let elsewhere = Upstream::start().never_hit();
    let proxy = Proxy::to(&elsewhere, "");
    // Loopback is, whatever the variables say.
    let ran = run().home(&home).env("HTTP_PROXY", format!("http://{}", proxy.url)).upstream(&upstream);
    ran.flag("--drain-deadline", "20s").child(["true"]).expect_exit(0);
    assert_eq!(items(&only_run(&home)).delivered, OWN);
    // So is what NO_PROXY names: nobody is there, and the proxy is not asked.
    let home = Home::new();
    run()
        .home(&home)
        .env("HTTP_PROXY", format!("http://{}", proxy.url))
        .env("NO_PROXY", ".invalid")
        .flag("--endpoint", "http://otlp.invalid:4318")
        .flag("--drain-deadline", "1s")
        .child(["true"])
        .stderr_has("not delivered")
        .expect_exit(0);
    assert_eq!(proxy.asked(), Vec::<String>::new());
}

#[test]
fn a_proxy_that_does_not_let_us_through_is_said_without_its_password() {
    let upstream = Upstream::start().never_hit();
    let proxy = Proxy::to(&upstream, "Basic right");
    let socks = "socks5://me:hunter2@127.0.0.1:1".to_owned();
    let wrong = format!("http://me:hunter2@{}", proxy.url);
    for (url, protocol, reason) in [
        (&wrong, "grpc", format!("by way of the proxy {}", proxy.url)),
        (&wrong, "http/protobuf", "407".to_owned()),
        (&socks, "http/protobuf", "only proxies with an http:// URL are supported".to_owned()),
    ] {
        let home = Home::new();
        let ran = run()
            .home(&home)
            .env("HTTP_PROXY", url)
            .flag("--endpoint", format!("http://{HOST}"))
            .flag("--protocol", protocol)
            .flag("--drain-deadline", "1s")
            .child(["true"])
            .stderr_has(reason)
            .expect_exit(0);
        assert!(!ran.stderr_text().contains("hunter2"), "{}", ran.stderr_text());
        assert_eq!(items(&only_run(&home)).pending, OWN);
    }
}
