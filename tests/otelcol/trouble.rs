//! A collector that is stopped, killed, has no room, or wants to know who comes: nothing is lost.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::collector::{Collector, TO_FILES};
use crate::support::listed::{Items, items, only_run, runs};
use crate::support::{Behaviour, Home, Run, Signal, Transport, Upstream, hex, run, wait_until};
use crate::unchanged::{all_items, assert_own_and_fixtures, everything};
use crate::{
    LONG, NUMBERED, OWN_LOGS, OWN_POINTS, OWN_SPANS, TRANSPORTS, assert_numbered, flush, named, nested, numbered,
    sending,
};

#[test]
#[ignore = "needs the collector, which .ci/collector builds"]
fn a_collector_that_goes_and_comes_back_gets_everything() {
    type End = fn(&mut Collector);
    let ends: [(&str, End); 2] = [("SIGTERM", Collector::stop), ("SIGKILL", Collector::kill)];
    for transport in [Transport::Grpc, Transport::HttpProtobuf] {
        for (how, end) in ends {
            let (home, mut collector) = (Home::new(), Collector::start(&[TO_FILES]));
            let [program, replay, before] = sending(&home, "before.jsonl", &numbered("before"));
            let [.., after] = sending(&home, "after.jsonl", &numbered("after"));
            let mut running = nested(collector.is_upstream_of(run().home(&home), transport))
                .flag("--drain-deadline", "1s")
                .child(["sh", "-c", r#""$1" "$2" "$3" && read -r line && exec "$1" "$2" "$4""#, "sh"])
                .args([program, replay, before, after])
                .stdin_open()
                .stderr_has("flush")
                .spawn();
            // Whatever of the rest is on its way to the collector is in the middle of it.
            wait_until("the collector has got a span", || !collector.file(Signal::Traces).is_empty());
            end(&mut collector);
            running.type_in(b"\n");
            running.expect_exit(0);
            assert!(items(&only_run(&home)).pending > 0, "{how}");
            collector.start_again(&[TO_FILES], &[]);
            flush(&home).expect_exit(0);
            assert_eq!(items(&only_run(&home)).pending, 0, "{how}");
            collector.stop();
            assert_numbered(&collector, "before ", |count| count >= 1);
            assert_numbered(&collector, "after ", |count| count == 1);
            assert_eq!(named(&collector.items(Signal::Traces), "name", "sh").len(), OWN_SPANS, "{how}");
        }
    }
}

#[test]
#[ignore = "needs the collector, which .ci/collector builds"]
fn a_collector_without_memory_to_spare_gets_it_later() {
    let limit = r"
processors:
  memory_limiter: { check_interval: 50ms, limit_mib: 1, spike_limit_mib: 0 }
service:
  pipelines:
    traces: { processors: [memory_limiter] }
    metrics: { processors: [memory_limiter] }
    logs: { processors: [memory_limiter] }
";
    for transport in TRANSPORTS {
        let (home, mut collector) = (Home::new(), Collector::start(&[TO_FILES, limit]));
        collector.wait_for_log("Refusing data");
        nested(collector.is_upstream_of(run().home(&home), transport))
            .flag("--drain-deadline", "1s")
            .child(everything(&home))
            .stderr_has("data refused due to high memory usage")
            .stderr_has("flush")
            .expect_exit(0);
        assert_eq!(items(&only_run(&home)), Items { pending: all_items(), ..Items::default() });
        collector.stop();
        collector.start_again(&[TO_FILES], &[]);
        flush(&home).expect_exit(0);
        collector.stop();
        assert_numbered(&collector, "item ", |count| count == 1);
        assert_own_and_fixtures(&collector);
    }
}

/// Instead of writing files, sends to an upstream, with room for one request of each signal that is sent and one that waits.
const FORWARDING: &str = r"
exporters:
  otlp_http:
    endpoint: '${env:UPSTREAM}'
    compression: none
    retry_on_failure: { initial_interval: 50ms, max_interval: 100ms, max_elapsed_time: 0 }
    sending_queue: { num_consumers: 1, queue_size: 1 }
service:
  pipelines:
    traces: { exporters: [otlp_http] }
    metrics: { exporters: [otlp_http] }
    logs: { exporters: [otlp_http] }
";

#[test]
#[ignore = "needs the collector, which .ci/collector builds"]
fn a_collector_whose_queue_is_full_gets_it_later() {
    for transport in [Transport::Grpc, Transport::HttpProtobuf] {
        let (home, upstream) = (Home::new(), Upstream::behaving(Behaviour::Hold));
        let mut collector = Collector::start_with(&[TO_FILES, FORWARDING], &[("UPSTREAM", &upstream.url())]);
        let deliver = || {
            collector.is_upstream_of(run().home(&home), transport).flag("--drain-deadline", "1s").child(sending(
                &home,
                "numbered.jsonl",
                &numbered("item"),
            ))
        };
        // The first two fill it, one more or less than the other.
        deliver().any_stderr().expect_exit(0);
        deliver().any_stderr().expect_exit(0);
        deliver().stderr_has("sending queue is full").stderr_has("flush").expect_exit(0);
        let last = &runs(&home)[0];
        assert_eq!(items(last), Items { pending: all_of_a_numbered_run(), ..Items::default() });
        upstream.set_behaviour(Behaviour::Accept);
        flush(&home).expect_exit(0);
        let left: Vec<Items> = runs(&home).iter().map(items).collect();
        assert!(left.iter().all(|items| (items.pending, items.rejected) == (0, 0)), "{left:?}");
        // It ends when its queue is empty.
        collector.stop();
        let spans: BTreeSet<_> =
            upstream.spans().iter().map(|span| (hex(&span.trace_id), hex(&span.span_id))).collect();
        assert_eq!(spans.len(), 3 * (NUMBERED + OWN_SPANS));
    }
}

fn all_of_a_numbered_run() -> u64 {
    (3 * NUMBERED + OWN_SPANS + OWN_LOGS + OWN_POINTS) as u64
}

/// Both ways in are closed to who does not trust its certificate or does not know the token.
const GUARDED: &str = r"
extensions:
  bearertokenauth: { token: '${env:TOKEN}' }
receivers:
  otlp:
    protocols:
      grpc: &guard
        tls: { cert_file: '${env:CERTIFICATES}/certificate.pem', key_file: '${env:CERTIFICATES}/key.pem' }
        auth: { authenticator: bearertokenauth }
      http: *guard
service:
  extensions: [bearertokenauth]
";

#[test]
#[ignore = "needs the collector, which .ci/collector builds"]
fn a_collector_that_wants_a_token_over_tls_gets_it() {
    let certificates = Home::new();
    let authority = write_certificates(&certificates);
    let folder = certificates.work();
    let variables = [("TOKEN", "s3cr3t"), ("CERTIFICATES", folder.to_str().unwrap())];
    for transport in TRANSPORTS {
        let (home, mut collector) = (Home::new(), Collector::start_with(&[TO_FILES, GUARDED], &variables));
        let guarded = |run: Run, token: &str| {
            run.home(&home)
                .flag("--endpoint", collector.url("https", transport))
                .flag("--protocol", transport.as_str())
                .flag("--header", "authorization=env:TOKEN")
                .env("TOKEN", token)
        };
        let untrusting = nested(guarded(run(), "Bearer s3cr3t")).flag("--drain-deadline", "1s");
        untrusting.child(everything(&home)).stderr_has("are not delivered").stderr_has("flush").expect_exit(0);
        let trusting =
            |token: &str| guarded(run(), token).env("SSL_CERT_FILE", &authority).env("OTEL_RUN_DRAIN_DEADLINE", LONG);
        let said = if transport == Transport::Grpc { "UNAUTHENTICATED" } else { "401" };
        trusting("Bearer wrong").arg("flush").stderr_has("not delivered").expect_exit(1).stdout_has(said);
        assert_eq!(items(&only_run(&home)), Items { pending: all_items(), ..Items::default() });
        trusting("Bearer s3cr3t").arg("flush").expect_exit(0);
        collector.stop();
        assert_numbered(&collector, "item ", |count| count == 1);
        assert_own_and_fixtures(&collector);
        home.assert_nowhere("s3cr3t");
    }
}

/// Writes a server's certificate for `localhost` and its key to the working folder, and gives the file of the authority.
fn write_certificates(home: &Home) -> PathBuf {
    let authority_key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let own = authority.clone().self_signed(&authority_key).unwrap();
    let issuer = rcgen::Issuer::new(authority, authority_key);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate =
        rcgen::CertificateParams::new(vec!["localhost".into()]).unwrap().signed_by(&key, &issuer).unwrap();
    std::fs::write(home.work().join("certificate.pem"), certificate.pem()).unwrap();
    std::fs::write(home.work().join("key.pem"), key.serialize_pem()).unwrap();
    home.write_config("authority.pem", &own.pem())
}
