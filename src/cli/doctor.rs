//! What can be typed behind `doctor`.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;

use super::{Invocation, Options};

pub(super) const EXAMPLES: &str = "\
Examples:
  What would keep telemetry of opencode from arriving:
    otel-run doctor opencode

  The same for exactly this command and these settings:
    otel-run doctor --endpoint https://otlp.example.com -- opencode run hello

  In a script:
    otel-run doctor --strict --json opencode > findings.json

The exit status is 0 where all is well, 1 for a warning with --strict, 2 where
telemetry will be lost, and 125 where nothing can be found out.";

/// What a diagnosis is about, and how it is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DoctorOptions {
    /// The agent that is asked about.
    pub agent: Option<String>,
    /// The command that is asked about; empty for none.
    pub command: Vec<OsString>,
    /// Whether a warning makes a difference to the exit status.
    pub strict: bool,
    /// As JSON.
    pub json: bool,
    /// Whether telemetry is sent to be looked for.
    pub send: bool,
    /// How long one probe may take; none leaves it to otel-run, zero is no limit.
    pub timeout: Option<Duration>,
}

/// All of it.
#[derive(Debug, Args)]
#[command(
    override_usage = "otel-run doctor [OPTIONS] [AGENT]\n       otel-run doctor [OPTIONS] -- COMMAND [ARGS]...",
    mut_arg("time_limit", |option| option
        .help("Longest wait for one probe, such as 5s")
        .long_help("Longest wait for one probe, such as 5s\n\nThe default is 3s; 0 is no limit. Probes run side by side.")
        .help_heading("Diagnosis")),
)]
pub(super) struct Words {
    /// Which agent, as `otel-run agents` names it
    #[arg(value_name = "AGENT", conflicts_with = "command")]
    agent_name: Option<String>,
    /// Have the exit status 1 where there is a warning
    #[arg(long, help_heading = "Diagnosis")]
    strict: bool,
    /// Print JSON
    #[arg(long, help_heading = "Diagnosis")]
    json: bool,
    /// Send one span, one data point and one log record as well, and say how to find them
    ///
    /// They have the attribute otel_run.doctor=true and the service.name of a run, and go where a run goes. Without this
    /// nothing is sent but empty requests.
    #[arg(long, help_heading = "Diagnosis")]
    send: bool,
    #[command(flatten)]
    options: Options,
    #[arg(last = true, hide = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

impl Words {
    pub(super) fn invocation(self) -> Invocation {
        let Self { agent_name, strict, json, send, mut options, command } = self;
        let timeout = options.run.time_limit.take();
        Invocation::Doctor {
            options,
            doctor: DoctorOptions { agent: agent_name, command, strict, json, send, timeout },
        }
    }
}
