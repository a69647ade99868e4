//! Delivery over TLS, with a certificate authority that only the test's environment trusts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::net::SocketAddr;
use std::sync::Arc;

use support::authority::{Authority, server};
use support::listed::{items, only_run};
use support::{Home, Run, Transport, Upstream, run, test_child};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

/// Ends TLS in front of `upstream` for as long as the process lives; gives the port.
fn front(config: Arc<ServerConfig>, upstream: SocketAddr) -> u16 {
    let (bound, port) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            bound.send(listener.local_addr().unwrap().port()).unwrap();
            let acceptor = TlsAcceptor::from(config);
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // A client that does not trust us ends the handshake, which is what one of the tests is about.
                    if let Ok(mut plain) = acceptor.accept(stream).await
                        && let Ok(mut behind) = tokio::net::TcpStream::connect(upstream).await
                    {
                        let _ = tokio::io::copy_bidirectional(&mut plain, &mut behind).await;
                    }
                });
            }
        });
    });
    port.recv().unwrap()
}

/// A run to `upstream` behind a server with this configuration, and the home that it lives in.
fn through_tls(transport: Transport, config: Arc<ServerConfig>, upstream: &Upstream) -> (Run, Home) {
    let address = upstream.url().trim_start_matches("http://").parse().unwrap();
    let port = front(config, address);
    let home = Home::new();
    let command = run()
        .home(&home)
        .flag("--endpoint", format!("https://localhost:{port}"))
        .flag("--protocol", transport.as_str())
        .flag("--drain-deadline", "20s");
    (command, home)
}

const TRANSPORTS: [Transport; 3] = [Transport::HttpProtobuf, Transport::HttpJson, Transport::Grpc];

fn send(run: Run) -> Run {
    run.child([test_child().to_str().unwrap(), "send", "--count", "3"])
}

#[test]
fn every_protocol_goes_through_tls() {
    for transport in TRANSPORTS {
        let (authority, upstream) = (Authority::new(), Upstream::start());
        let config = server(&authority.sign("localhost", |_| {}), None);
        let (command, home) = through_tls(transport, config, &upstream);
        let trusted = home.write_config("authority.pem", &authority.pem);
        send(command.env("SSL_CERT_FILE", trusted)).expect_exit(0);
        // Three of the child, one of the run.
        assert_eq!(upstream.spans().len(), 4, "{transport:?}");
    }
}

#[test]
fn an_authority_of_ones_own_is_trusted_where_it_is_named() {
    type Tell = fn(Run, &str) -> Run;
    let ways: [(&str, Tell); 4] = [
        ("a flag", |run, path| run.flag("--certificate", path)),
        ("our variable", |run, path| run.env("OTEL_RUN_CERTIFICATE", path)),
        ("the standard variable", |run, path| run.env("OTEL_EXPORTER_OTLP_CERTIFICATE", path)),
        ("one for each signal", |run, path| {
            run.env("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", path)
                .env("OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE", path)
                .env("OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", path)
        }),
    ];
    for (way, tell) in ways {
        for transport in TRANSPORTS {
            let (authority, upstream) = (Authority::new(), Upstream::start());
            let config = server(&authority.sign("localhost", |_| {}), None);
            let (command, home) = through_tls(transport, config, &upstream);
            let path = home.write_config("authority.pem", &authority.pem);
            send(tell(command, path.to_str().unwrap())).expect_exit(0);
            assert_eq!(upstream.spans().len(), 4, "{way} {transport:?}");
        }
    }
}

#[test]
fn a_client_shows_its_certificate_to_a_server_that_asks() {
    for transport in TRANSPORTS {
        let (authority, clients, upstream) = (Authority::new(), Authority::new(), Upstream::start());
        let config = server(&authority.sign("localhost", |_| {}), Some(&clients));
        let client = clients.sign("client", |_| {});
        let (command, home) = through_tls(transport, config, &upstream);
        let trusted = home.write_config("authority.pem", &authority.pem);
        let certificate = home.write_config("client.pem", &client.certificate.pem());
        let key = home.write_config("client.key", &client.key.serialize_pem());
        let command =
            command.flag("--certificate", trusted).flag("--client-certificate", certificate).flag("--client-key", key);
        send(command).expect_exit(0);
        assert_eq!(upstream.spans().len(), 4, "{transport:?}");
    }
}

/// What is wrong with the certificates, and what is said of it. Nothing is sent, and everything is kept.
#[test]
fn what_is_wrong_with_tls_is_said_by_its_kind() {
    let (authority, other) = (Authority::new(), Authority::new());
    let expired = |parameters: &mut rcgen::CertificateParams| {
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2021, 1, 1);
    };
    let future = |parameters: &mut rcgen::CertificateParams| {
        parameters.not_before = rcgen::date_time_ymd(2090, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2091, 1, 1);
    };
    let good = || server(&authority.sign("localhost", |_| {}), None);
    type Case<'a> = (&'a str, Arc<ServerConfig>, &'a str, &'a [&'a str]);
    let cases: [Case<'_>; 9] = [
        ("nobody trusts it", good(), "", &["UnknownIssuer", "--certificate"]),
        ("another authority", good(), "other.pem", &["UnknownIssuer"]),
        ("expired", server(&authority.sign("localhost", expired), None), "authority.pem", &["certificate expired"]),
        ("not yet valid", server(&authority.sign("localhost", future), None), "authority.pem", &["not valid yet"]),
        (
            "another host",
            server(&authority.sign("elsewhere.example", |_| {}), None),
            "authority.pem",
            &["localhost", "elsewhere.example"],
        ),
        (
            "a certificate is wanted",
            server(&authority.sign("localhost", |_| {}), Some(&other)),
            "authority.pem",
            // TLS 1.3 says so after the handshake, when the request is being written: what is seen first is chance.
            &["cannot reach https://localhost"],
        ),
        ("no such file", good(), "missing.pem", &["cannot read the certificates in", "missing.pem"]),
        ("no certificate in it", good(), "empty.pem", &["there is no certificate in", "empty.pem"]),
        ("no PEM at all", good(), "garbage.pem", &["there is no certificate in", "garbage.pem"]),
    ];
    for (what, config, trusted, reasons) in cases {
        for transport in [Transport::HttpProtobuf, Transport::Grpc] {
            let upstream = Upstream::start().never_hit();
            let (command, home) = through_tls(transport, Arc::clone(&config), &upstream);
            home.write_config("authority.pem", &authority.pem);
            home.write_config("other.pem", &other.pem);
            home.write_config("empty.pem", "");
            home.write_config("garbage.pem", "this is no certificate");
            let path = home.path().join("config").join(trusted);
            let command = if trusted.is_empty() { command } else { command.flag("--certificate", path) };
            let ran = command.child(["sh", "-c", "exit 3"]).any_stderr().expect_exit(3);
            let said = ran.stderr_text();
            for reason in ["13 items of telemetry are not delivered", "flush"].iter().chain(reasons) {
                assert!(said.contains(reason), "{what} {transport:?}: {reason:?} is not in {said}");
            }
            assert_eq!(said.lines().count(), 1, "{said}");
            assert_eq!(items(&only_run(&home)).pending, 13, "{what}");
        }
    }
}

/// TLS where none is spoken, and the reverse.
#[test]
fn tls_and_no_tls_are_told_apart() {
    let upstream = Upstream::start().never_hit();
    for transport in [Transport::HttpProtobuf, Transport::Grpc] {
        let home = Home::new();
        let endpoint = upstream.url().replace("http://", "https://");
        let command = run().home(&home).flag("--endpoint", endpoint).flag("--protocol", transport.as_str());
        let ran = command.flag("--drain-deadline", "5s").child(["true"]).any_stderr().expect_exit(0);
        let said = ran.stderr_text();
        assert!(said.contains("(cannot reach https://127.0.0.1") && said.contains("does not speak TLS"), "{said}");
    }
}

/// gRPC takes a target without a scheme, and goes by TLS unless it is told not to.
#[test]
fn a_target_without_a_scheme_goes_by_tls_unless_it_is_insecure() {
    let upstream = Upstream::start();
    let target = upstream.url().trim_start_matches("http://").to_owned();
    for insecure in [
        &|run: Run| run.arg("--insecure") as Run,
        &|run: Run| run.env("OTEL_EXPORTER_OTLP_INSECURE", "true"),
        &|run: Run| run.env("OTEL_RUN_INSECURE", "true"),
    ] as [&dyn Fn(Run) -> Run; 3]
    {
        let home = Home::new();
        let command = run().home(&home).flag("--endpoint", &target).flag("--protocol", "grpc");
        insecure(command).flag("--drain-deadline", "20s").child(["true"]).expect_exit(0);
        assert_eq!(items(&only_run(&home)).delivered, 13);
    }
    let home = Home::new();
    let command = run().home(&home).flag("--endpoint", &target).flag("--protocol", "grpc");
    let ran = command.flag("--drain-deadline", "1s").child(["true"]).any_stderr().expect_exit(0);
    assert!(ran.stderr_text().contains("https://127.0.0.1"), "{}", ran.stderr_text());
}
