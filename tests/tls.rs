//! Delivery over TLS, with a certificate authority that only the test's environment trusts.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use support::{Home, Run, Transport, Upstream, run, test_child};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A certificate authority, and a server's certificate of it.
struct Certificates {
    authority: String,
    config: Arc<ServerConfig>,
}

fn certificates(host: &str) -> Certificates {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let issuer_certificate = authority.clone().self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec![host.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Certificates { authority: issuer_certificate.pem(), config: Arc::new(config) }
}

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

fn through_tls(transport: Transport, host: &str, upstream: &Upstream, trusted: bool) -> (Run, Home, PathBuf) {
    let certificates = certificates(host);
    let address = upstream.url().trim_start_matches("http://").parse().unwrap();
    let port = front(certificates.config, address);
    let home = Home::new();
    let authority = home.write_config("authority.pem", &certificates.authority);
    let protocol = match transport {
        Transport::HttpProtobuf => "http/protobuf",
        Transport::HttpJson => "http/json",
        Transport::Grpc => "grpc",
    };
    let command = run()
        .home(&home)
        .flag("--endpoint", format!("https://localhost:{port}"))
        .flag("--protocol", protocol)
        .flag("--drain-deadline", "20s");
    let command = if trusted { command.env("SSL_CERT_FILE", authority.to_str().unwrap()) } else { command };
    (command, home, authority)
}

#[test]
fn every_protocol_goes_through_tls() {
    for transport in [Transport::HttpProtobuf, Transport::HttpJson, Transport::Grpc] {
        let upstream = Upstream::start();
        let (command, ..) = through_tls(transport, "localhost", &upstream, true);
        command.child([test_child().to_str().unwrap(), "send", "--count", "3"]).expect_exit(0);
        // Three of the child, one of the run.
        assert_eq!(upstream.spans().len(), 4, "{transport:?}");
    }
}

#[test]
fn who_is_not_trusted_gets_nothing() {
    for (host, trusted, reason) in [("localhost", false, "UnknownIssuer"), ("elsewhere.example", true, "localhost")] {
        let upstream = Upstream::start().never_hit();
        let (command, home, _) = through_tls(Transport::HttpProtobuf, host, &upstream, trusted);
        let ran = command.child(["true"]).any_stderr().expect_exit(0);
        let said = ran.stderr_text();
        assert!(said.contains("not delivered") && said.contains(reason) && said.contains("flush"), "{said}");
        drop(home);
    }
}
