//! A real OpenTelemetry Collector, which `.ci/collector` builds, with a configuration of the test's.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};

use nix::sys::signal::{Signal as UnixSignal, kill};
use serde_json::Value;

use crate::support::{Home, Run, Running, Signal, Transport, alone};

/// Receives on loopback by gRPC and HTTP, and has an exporter for each signal that writes `$FOLDER/SIGNAL.jsonl`. With
/// rotation that exporter writes at once, so that what was acknowledged outlives the collector.
pub const TO_FILES: &str = r"
receivers:
  otlp:
    protocols:
      grpc: { endpoint: '127.0.0.1:${env:GRPC_PORT}' }
      http: { endpoint: '127.0.0.1:${env:HTTP_PORT}' }
exporters:
  file/traces: { path: '${env:FOLDER}/traces.jsonl', rotation: {} }
  file/metrics: { path: '${env:FOLDER}/metrics.jsonl', rotation: {} }
  file/logs: { path: '${env:FOLDER}/logs.jsonl', rotation: {} }
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    traces: { receivers: [otlp], exporters: [file/traces] }
    metrics: { receivers: [otlp], exporters: [file/metrics] }
    logs: { receivers: [otlp], exporters: [file/logs] }
";

/// What the collector says when it takes requests.
const READY: &str = "Everything is ready. Begin running and processing data.";

/// The path of the program.
#[track_caller]
pub fn program() -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/target/otelcol");
    let folder = std::env::var_os("OTEL_RUN_TEST_OTELCOL").map_or_else(|| PathBuf::from(default), PathBuf::from);
    let program = folder.join("otelcol");
    assert!(program.exists(), "{} is missing; run .ci/collector", program.display());
    program
}

/// A collector that takes requests. Dropping it kills it.
pub struct Collector {
    home: Home,
    running: Option<Running>,
    grpc: u16,
    http: u16,
}

impl Collector {
    /// Starts one on free ports. Each text is a configuration; the later ones change the first.
    #[track_caller]
    pub fn start(configurations: &[&str]) -> Self {
        Self::start_with(configurations, &[])
    }

    /// The same with variables that the configurations use.
    #[track_caller]
    pub fn start_with(configurations: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut collector = Self { home: Home::new(), running: None, grpc: free_port(), http: free_port() };
        collector.start_again(configurations, variables);
        collector
    }

    /// Starts it after its end, on the ports that it had.
    #[track_caller]
    pub fn start_again(&mut self, configurations: &[&str], variables: &[(&str, &str)]) {
        assert!(self.running.is_none(), "the collector runs already");
        let run = alone(program())
            .home(&self.home)
            .env("FOLDER", self.home.work())
            .env("GRPC_PORT", self.grpc.to_string())
            .env("HTTP_PORT", self.http.to_string())
            .any_stderr();
        let run = variables.iter().fold(run, |run, (name, value)| run.env(name, value));
        let run = configurations.iter().enumerate().fold(run, |run, (number, text)| {
            run.arg("--config").arg(self.home.write_config(&format!("otelcol/{number}.yaml"), text))
        });
        let running = self.running.insert(run.spawn());
        running.wait_for_stderr(READY);
    }

    /// Tells it to end, which it does when it has written and sent what it holds.
    #[track_caller]
    pub fn stop(&mut self) {
        let running = self.running.take().expect("the collector runs");
        running.signal(UnixSignal::SIGTERM);
        running.expect_exit(0);
    }

    /// Kills it.
    #[track_caller]
    pub fn kill(&mut self) {
        let running = self.running.take().expect("the collector runs");
        running.signal(UnixSignal::SIGKILL);
        running.expect_signal(UnixSignal::SIGKILL);
    }

    /// Waits until its log holds this.
    #[track_caller]
    pub fn wait_for_log(&self, text: &str) {
        self.running.as_ref().expect("the collector runs").wait_for_stderr(text);
    }

    /// Its URL for this transport, with this scheme.
    pub fn url(&self, scheme: &str, transport: Transport) -> String {
        let port = if transport == Transport::Grpc { self.grpc } else { self.http };
        format!("{scheme}://localhost:{port}")
    }

    /// `--endpoint` and `--protocol`.
    pub fn is_upstream_of(&self, run: Run, transport: Transport) -> Run {
        run.flag("--endpoint", self.url("http", transport)).flag("--protocol", transport.as_str())
    }

    /// The bytes that its file exporter has written so far.
    pub fn file(&self, signal: Signal) -> String {
        std::fs::read_to_string(self.home.work().join(file_name(signal))).unwrap_or_default()
    }

    /// The requests in them.
    #[track_caller]
    pub fn requests(&self, signal: Signal) -> Vec<Value> {
        // A collector that was killed may have left a line without its end.
        let text = self.file(signal);
        serde_json::Deserializer::from_str(&text).into_iter().map(|request| request.expect("whole requests")).collect()
    }

    /// The spans, log records or metrics in them, as they stand there.
    #[track_caller]
    pub fn items(&self, signal: Signal) -> Vec<Item> {
        self.requests(signal).iter().flat_map(|request| items(signal, request)).collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            if std::thread::panicking() {
                eprintln!("the collector said: {}", running.stderr_so_far());
            }
            // Nothing is left to check, and nothing may stay behind a test that failed.
            let _ = kill(running.pid, UnixSignal::SIGKILL);
        }
    }
}

/// A port that stays free while a collector is away: below those that systems give to whoever asks for any.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let ours = std::process::id() as u16 % 100 * 100;
        let port = 20_000 + (ours + NEXT.fetch_add(1, Ordering::Relaxed)) % 10_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// The name of the file, in the collector's folder and among the fixtures.
pub fn file_name(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "traces.jsonl",
        Signal::Metrics => "metrics.jsonl",
        Signal::Logs => "logs.jsonl",
    }
}

/// A span, log record or metric with what it stands in, in OTLP/JSON.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The resource and its schema URL.
    pub resource: (Value, Value),
    /// The scope and its schema URL.
    pub scope: (Value, Value),
    pub value: Value,
}

impl std::fmt::Display for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (resource, scope) = (&self.resource, &self.scope);
        writeln!(f, "{}\n  of {}, {}\n  of {}, {}", self.value, scope.0, scope.1, resource.0, resource.1)
    }
}

/// The items of a request.
pub fn items(signal: Signal, request: &Value) -> Vec<Item> {
    let (resources, scopes, values) = match signal {
        Signal::Traces => ("resourceSpans", "scopeSpans", "spans"),
        Signal::Metrics => ("resourceMetrics", "scopeMetrics", "metrics"),
        Signal::Logs => ("resourceLogs", "scopeLogs", "logRecords"),
    };
    let mut all = Vec::new();
    for resource in list(request, resources) {
        for scope in list(resource, scopes) {
            all.extend(list(scope, values).iter().map(|value| Item {
                resource: (resource["resource"].clone(), resource["schemaUrl"].clone()),
                scope: (scope["scope"].clone(), scope["schemaUrl"].clone()),
                value: value.clone(),
            }));
        }
    }
    all
}

/// The list in this field; an empty one is left out of JSON.
pub fn list<'a>(owner: &'a Value, field: &str) -> &'a [Value] {
    owner[field].as_array().map_or(&[], Vec::as_slice)
}
