//! Names of attributes and metrics of the semantic conventions that otel-run writes itself, and its own below `otel_run.`.
//!
//! Those of the conventions are repeated here because their crate is large and every name of it that is not yet stable
//! sits behind a feature; the test below compares.

/// The version of the conventions that the names are from.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.42.0";

macro_rules! names {
    ($kind:ident, $table:ident: $($constant:ident = $name:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`")]
            pub const $constant: &str = $name;
        )*

        #[cfg(test)]
        const $table: &[(&str, &str)] = {
            use opentelemetry_semantic_conventions::$kind as semconv;
            &[$(($constant, semconv::$constant)),*]
        };
    };
}

names! { attribute, ATTRIBUTES:
    ERROR_TYPE = "error.type";

    PROCESS_ARGS_COUNT = "process.args_count";
    PROCESS_COMMAND = "process.command";
    PROCESS_CREATION_TIME = "process.creation.time";
    PROCESS_CONTEXT_SWITCH_TYPE = "process.context_switch.type";
    PROCESS_EXECUTABLE_NAME = "process.executable.name";
    PROCESS_EXECUTABLE_PATH = "process.executable.path";
    PROCESS_EXIT_CODE = "process.exit.code";
    PROCESS_INTERACTIVE = "process.interactive";
    PROCESS_OWNER = "process.owner";
    PROCESS_PID = "process.pid";
    CPU_MODE = "cpu.mode";
    DISK_IO_DIRECTION = "disk.io.direction";
    SYSTEM_PAGING_FAULT_TYPE = "system.paging.fault.type";

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

names! { metric, METRICS:
    PROCESS_CONTEXT_SWITCHES = "process.context_switches";
    PROCESS_CPU_TIME = "process.cpu.time";
    PROCESS_DISK_IO = "process.disk.io";
    PROCESS_PAGING_FAULTS = "process.paging.faults";
    PROCESS_UPTIME = "process.uptime";
}

/// An attribute of otel-run's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnAttribute {
    /// Its name.
    pub name: &'static str,
    /// The type of its value: `string`, `int`, `double` or `boolean`.
    pub kind: &'static str,
    /// What it says, in one line.
    pub meaning: &'static str,
}

macro_rules! own_names {
    ($($constant:ident = $name:literal, $kind:ident: $meaning:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`: ", $meaning)]
            pub const $constant: &str = $name;
        )*

        /// All attributes of otel-run's own that stand on its own telemetry.
        pub const OWN: &[OwnAttribute] =
            &[$(OwnAttribute { name: $name, kind: stringify!($kind), meaning: $meaning }),*];
    };
}

own_names! {
    RUN_ID = "otel_run.run.id", string: "the run's name, as `otel-run runs` lists it";
    AGENT_NAME = "otel_run.agent.name", string: "the agent that the command was recognised as";
    AGENT_VERSION = "otel_run.agent.version", string:
        "the agent's version: as it says itself, else as its package does; left out where neither is known";
    AGENT_MODE = "otel_run.agent.mode", string:
        "how the agent is used: `tui` with somebody at its terminal, `server` for other programs, else `cli`";
    INTERRUPTED_BY = "otel_run.run.interrupted_by", string:
        "the first of `SIGINT`, `SIGTERM`, `SIGHUP` and `SIGQUIT` that was received while the command lived, whatever the \
         command made of it";
    DESCENDANTS_LEFT = "otel_run.run.descendants_left", int:
        "processes that the command started and that still ran when all of its telemetry had arrived, where that is known";
    DRAINED = "otel_run.run.drained_seconds", double: "from the command's end until all of its telemetry had arrived";
    THINNED = "otel_run.spans.thinned", int:
        "the command's spans that `--detail=agent` left out; left out where it was none";
    EXIT_SIGNAL = "otel_run.process.exit.signal", string: "the signal that killed the command, as in `SIGTERM`";
    CORE_DUMPED = "otel_run.process.core_dumped", boolean: "whether the command left a core dump";
    OOM_KILLS = "otel_run.process.oom_kills", int:
        "processes of the command's control group that the kernel killed for lack of memory while the command ran; left out \
         where it was none";
    STILL_RUNNING = "otel_run.process.still_running", boolean:
        "true where the command still ran when the run of an otel-run that was killed was closed";
    STOPPED = "otel_run.process.stopped_seconds", double:
        "how long the command was stopped by signals (Ctrl-Z): on the span all stops together, left out where it was none, on a record \
         the one that is over";
    CPU_USER = "otel_run.process.cpu.user_seconds", double: "processor time in user mode";
    CPU_SYSTEM = "otel_run.process.cpu.system_seconds", double: "processor time in the kernel";
    MAX_RSS = "otel_run.process.memory.max_rss_bytes", int:
        "the largest resident set of any one process (`process.memory.usage` of the conventions is something else)";
    MINOR_FAULTS = "otel_run.process.paging.minor_faults", int: "page faults that needed no input";
    MAJOR_FAULTS = "otel_run.process.paging.major_faults", int: "page faults that needed input";
    VOLUNTARY_SWITCHES = "otel_run.process.context_switches.voluntary", int: "context switches because a process waited";
    INVOLUNTARY_SWITCHES = "otel_run.process.context_switches.involuntary", int:
        "context switches because a process's time was up";
    DISK_READ = "otel_run.process.disk.read_bytes", int: "bytes that were really read from a block device";
    DISK_WRITTEN = "otel_run.process.disk.written_bytes", int: "bytes that were really written to a block device";
    SIGNAL = "otel_run.signal.name", string: "the signal, as in `SIGTERM`";
    SIGNAL_FORWARDED = "otel_run.signal.forwarded", boolean:
        "whether it was passed on to the command; it is not where the command has got it already, or sent it itself";
    SENDER_TYPE = "otel_run.signal.sender.type", string:
        "`kernel` for a key at the terminal or its hang-up, else `process`";
    SENDER_PID = "otel_run.signal.sender.pid", int:
        "the process that sent it; 0 for one outside of the container";
    SENDER_NAME = "otel_run.signal.sender.name", string:
        "the name of that process, where it could still be read (Linux)";
    STAND_IN = "otel_run.stand_in", boolean: "true on a span that stands in for one that never arrived";
    STAND_IN_CHILDREN = "otel_run.stand_in.children", int: "how many spans hang on the stand-in";
}

/// The metric that says that a run goes on; the conventions have none.
pub const RUN_ACTIVE: &str = "otel_run.run.active";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_conventions() {
        for (ours, theirs) in ATTRIBUTES.iter().chain(METRICS) {
            assert_eq!(ours, theirs);
        }
        assert_eq!(SCHEMA_URL, opentelemetry_semantic_conventions::SCHEMA_URL);
    }
}
