//! Any other command: the standard variables, and those only where they cannot hurt.

use super::backend::TOWARDS_A_BACKEND;
use super::profile::{
    Flush, Injection, LastBatches, Modes, Profile, RecognisedBy, ResourceAttributes, Service, Speaks, TakesParent,
    Telemetry, Variable,
};

/// The profile of a command that is not recognised.
pub const PROFILE: Profile = Profile {
    name: "other",
    title: "any other command",
    versions: &[],
    recognised_by: RecognisedBy { base_names: &[], packages: &[], scripts: &[] },
    modes: Modes::UNKNOWN,
    service: Service { names: &[], tells_version: false },
    telemetry: Telemetry::UNKNOWN,
    speaks: Speaks { protocols: &[], signals: &[] },
    takes_parent: TakesParent::Unknown,
    ignores: &[],
    records_unasked: &[],
    flush: Flush { at_end: LastBatches::Unknown, on_signal: LastBatches::Unknown },
    events: &[],
    environment: &[STANDARD, TOWARDS_A_BACKEND],
    resource_attributes: ResourceAttributes::Decoded,
    arguments: &[],
    content_attributes: &[],
    housekeeping: &[],
    operations: &[],
    genai_attributes: &[],
    content: &[],
    content_arguments: &[],
    probe: None,
    cautions: &[],
    launcher_keeps_signals: false,
};

/// What leads whatever reads the standard variables to the collector, such as the programs that an agent starts.
///
/// `OTEL_*_EXPORTER` is not among them: unset means `otlp` by the specification, and agents that export nothing while it
/// is unset mean that. The timeout, the samplers, the limits and the batch processors stay the user's as well.
pub(super) const STANDARD: &[Variable] = &[
    Variable::new(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        Injection::Set("{endpoint}"),
        "whatever exports OTLP sends it to the run's collector",
    ),
    Variable::new(
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        Injection::Set("http/protobuf"),
        "said explicitly because the defaults of SDKs differ",
    ),
    Variable::new(
        "OTEL_EXPORTER_OTLP_HEADERS",
        Injection::Set("x-otel-run-token={token}"),
        "shows the run's token to the collector over gRPC, which has no path for it",
    ),
    Variable::new("NO_PROXY", Injection::ExemptLoopback, "the collector is on loopback, where no proxy reaches it"),
    Variable::new("no_proxy", Injection::ExemptLoopback, "the collector is on loopback, where no proxy reaches it"),
];
