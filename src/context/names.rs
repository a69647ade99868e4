//! Attribute names of the semantic conventions that otel-run writes itself, and its own below `otel_run.`.
//!
//! They are repeated here because the crate of the conventions is large and every name of it that is not yet stable sits
//! behind a feature; the test below compares.

/// The version of the conventions that the names are from.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.42.0";

macro_rules! names {
    ($($constant:ident = $name:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`")]
            pub const $constant: &str = $name;
        )*

        #[cfg(test)]
        const SEMCONV: &[(&str, &str)] = {
            use opentelemetry_semantic_conventions::attribute as semconv;
            &[$(($constant, semconv::$constant)),*]
        };
    };
}

names! {
    ERROR_TYPE = "error.type";

    PROCESS_ARGS_COUNT = "process.args_count";
    PROCESS_COMMAND = "process.command";
    PROCESS_CREATION_TIME = "process.creation.time";
    PROCESS_EXECUTABLE_NAME = "process.executable.name";
    PROCESS_EXECUTABLE_PATH = "process.executable.path";
    PROCESS_EXIT_CODE = "process.exit.code";
    PROCESS_INTERACTIVE = "process.interactive";
    PROCESS_OWNER = "process.owner";
    PROCESS_PID = "process.pid";

    SERVICE_NAME = "service.name";
    SERVICE_VERSION = "service.version";
    SERVICE_INSTANCE_ID = "service.instance.id";
    DEPLOYMENT_ENVIRONMENT_NAME = "deployment.environment.name";
    TELEMETRY_SDK_NAME = "telemetry.sdk.name";
    TELEMETRY_SDK_LANGUAGE = "telemetry.sdk.language";
    TELEMETRY_SDK_VERSION = "telemetry.sdk.version";
    TELEMETRY_DISTRO_NAME = "telemetry.distro.name";
    TELEMETRY_DISTRO_VERSION = "telemetry.distro.version";

    HOST_NAME = "host.name";
    HOST_ID = "host.id";
    HOST_ARCH = "host.arch";
    OS_TYPE = "os.type";
    OS_NAME = "os.name";
    OS_VERSION = "os.version";
    OS_DESCRIPTION = "os.description";
    OS_BUILD_ID = "os.build_id";
    CONTAINER_ID = "container.id";
    K8S_POD_NAME = "k8s.pod.name";
    K8S_NODE_NAME = "k8s.node.name";
    K8S_NAMESPACE_NAME = "k8s.namespace.name";

    CICD_PIPELINE_NAME = "cicd.pipeline.name";
    CICD_PIPELINE_RUN_ID = "cicd.pipeline.run.id";
    CICD_PIPELINE_RUN_URL_FULL = "cicd.pipeline.run.url.full";
    CICD_PIPELINE_TASK_NAME = "cicd.pipeline.task.name";
    CICD_PIPELINE_TASK_RUN_ID = "cicd.pipeline.task.run.id";
    CICD_PIPELINE_TASK_RUN_URL_FULL = "cicd.pipeline.task.run.url.full";
    CICD_WORKER_ID = "cicd.worker.id";
    CICD_WORKER_NAME = "cicd.worker.name";
    VCS_REPOSITORY_URL_FULL = "vcs.repository.url.full";
    VCS_REPOSITORY_NAME = "vcs.repository.name";
    VCS_OWNER_NAME = "vcs.owner.name";
    VCS_PROVIDER_NAME = "vcs.provider.name";
    VCS_REF_HEAD_REVISION = "vcs.ref.head.revision";
    VCS_REF_HEAD_NAME = "vcs.ref.head.name";
    VCS_REF_TYPE = "vcs.ref.type";
    VCS_REF_BASE_NAME = "vcs.ref.base.name";
    VCS_CHANGE_ID = "vcs.change.id";
    VCS_CHANGE_TITLE = "vcs.change.title";
}

/// The run's name, on its span, its log records and its resource.
pub const RUN_ID: &str = "otel_run.run.id";
/// The profile that the command was recognised as.
pub const AGENT_NAME: &str = "otel_run.agent.name";
/// The signal that killed the command, as in `SIGTERM`; the conventions have no name for it.
pub const EXIT_SIGNAL: &str = "otel_run.process.exit.signal";
/// Whether the command left a core dump.
pub const CORE_DUMPED: &str = "otel_run.process.core_dumped";
/// True where the command still ran when the run of an otel-run that was killed was closed.
pub const STILL_RUNNING: &str = "otel_run.process.still_running";
/// Processor time in user mode, in seconds.
pub const CPU_USER: &str = "otel_run.process.cpu.user_seconds";
/// Processor time in the kernel, in seconds.
pub const CPU_SYSTEM: &str = "otel_run.process.cpu.system_seconds";
/// The largest resident set of any of the waited-for processes, in bytes. `process.memory.usage` is something else.
pub const MAX_RSS: &str = "otel_run.process.memory.max_rss_bytes";
/// Page faults that needed no input.
pub const MINOR_FAULTS: &str = "otel_run.process.paging.minor_faults";
/// Page faults that needed input.
pub const MAJOR_FAULTS: &str = "otel_run.process.paging.major_faults";
/// Context switches because the process waited.
pub const VOLUNTARY_SWITCHES: &str = "otel_run.process.context_switches.voluntary";
/// Context switches because its time was up.
pub const INVOLUNTARY_SWITCHES: &str = "otel_run.process.context_switches.involuntary";
/// The signal that was passed on to the command, as in `SIGTERM`.
pub const SIGNAL: &str = "otel_run.signal.name";
/// True on a span that stands in for one that never arrived.
pub const STAND_IN: &str = "otel_run.stand_in";
/// How many spans hang on a stand-in.
pub const STAND_IN_CHILDREN: &str = "otel_run.stand_in.children";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_conventions() {
        for (ours, theirs) in SEMCONV {
            assert_eq!(ours, theirs);
        }
        assert_eq!(SCHEMA_URL, opentelemetry_semantic_conventions::SCHEMA_URL);
    }
}
