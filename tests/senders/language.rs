//! The languages: how each program is started, and what its SDK offers.

use std::ffi::OsString;
use std::path::PathBuf;

use opentelemetry_proto::tonic::resource::v1::Resource;

use crate::support::stored::text;
use crate::support::{Run, Stored, test_child};

/// A language with its SDK.
#[derive(Debug)]
pub struct Language {
    /// `telemetry.sdk.language`.
    pub sdk: &'static str,
    /// `telemetry.sdk.version` in the release that is installed.
    version: &'static str,
    program: Program,
    /// What its resource has for `a%20b` in `OTEL_RESOURCE_ATTRIBUTES`.
    decoded: &'static str,
    /// Whether integers and doubles are two types.
    pub has_integers: bool,
    /// Whether measurements inside of a span leave exemplars.
    pub makes_exemplars: bool,
    /// Whether a view makes exponential histograms.
    pub makes_exponential_histograms: bool,
}

#[derive(Debug)]
enum Program {
    Python,
    JavaScript,
    Go,
    Rust,
}

pub static PYTHON: Language = Language {
    sdk: "python",
    version: "1.45.1",
    program: Program::Python,
    decoded: "a b",
    has_integers: true,
    makes_exemplars: true,
    makes_exponential_histograms: true,
};

pub static JAVASCRIPT: Language = Language {
    sdk: "nodejs",
    version: "2.12.0",
    program: Program::JavaScript,
    decoded: "a b",
    has_integers: false,
    makes_exemplars: false,
    makes_exponential_histograms: true,
};

pub static GO: Language = Language {
    sdk: "go",
    version: "1.47.0",
    program: Program::Go,
    decoded: "a b",
    has_integers: true,
    makes_exemplars: true,
    makes_exponential_histograms: true,
};

pub static RUST: Language = Language {
    sdk: "rust",
    version: "0.33.1",
    program: Program::Rust,
    decoded: "a%20b",
    has_integers: true,
    makes_exemplars: false,
    makes_exponential_histograms: false,
};

impl Language {
    /// The program and its arguments.
    #[track_caller]
    pub fn command(&self) -> Vec<OsString> {
        match self.program {
            Program::Python => vec![installed("python/bin/python").into(), source("python/sender.py").into()],
            Program::JavaScript => vec!["node".into(), source("javascript/sender.js").into()],
            Program::Go => vec![installed("go/sender").into()],
            Program::Rust => vec![test_child().into(), "sender".into()],
        }
    }

    /// What the program needs in its environment to find its packages.
    #[track_caller]
    pub fn environment(&self, run: Run) -> Run {
        match self.program {
            Program::JavaScript => run.env("NODE_PATH", installed("javascript/node_modules")),
            Program::Python | Program::Go | Program::Rust => run,
        }
    }

    /// Every signal of the command says which SDK made it, and has what the user added.
    #[track_caller]
    pub fn assert_resources_are_kept(&self, stored: &Stored) {
        let of_spans = stored.spans_with_origin().into_iter().map(|(resource, scope, _)| (resource, scope));
        let of_records = stored.log_records_with_origin().into_iter().map(|(resource, scope, _)| (resource, scope));
        let of_metrics = stored.metrics_with_origin().into_iter().map(|(resource, scope, _)| (resource, scope));
        let all: Vec<(Resource, String)> =
            of_spans.chain(of_records).chain(of_metrics).filter(|(_, scope)| scope != "otel-run").collect();
        for (resource, scope) in all {
            assert_eq!(scope, "sender");
            let said = |key| text(&resource.attributes, key);
            assert_eq!(said("telemetry.sdk.language"), Some(self.sdk), "{resource:?}");
            assert_eq!(said("telemetry.sdk.name"), Some("opentelemetry"), "{resource:?}");
            assert_eq!(said("telemetry.sdk.version"), Some(self.version), "{resource:?}");
            assert_eq!(said("sender.team"), Some(self.decoded), "{resource:?}");
            assert!(said("service.name").is_some_and(|name| name.starts_with("unknown_service")), "{resource:?}");
        }
    }
}

/// A file below the folder that `.ci/senders` filled.
#[track_caller]
fn installed(file: &str) -> PathBuf {
    let folder = std::env::var_os("OTEL_RUN_TEST_SENDERS").expect(
        "OTEL_RUN_TEST_SENDERS is not set: it names the folder of the installed SDKs; run .ci/senders, which fills target/senders",
    );
    // A command runs somewhere else.
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder).join(file);
    assert!(file.exists(), "{} is missing; run .ci/senders", file.display());
    file
}

fn source(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/senders").join(file)
}
