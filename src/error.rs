//! What can go wrong before a command runs, or in a verb: one sentence, what to do about it, and an exit status.

use crate::store::run::FindError;

/// An error of otel-run itself.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings have mistakes, which only a run forgives.
    #[error("{}", .0.join("\n"))]
    Settings(Vec<String>),
    /// Signals cannot be handled.
    #[error("cannot install signal handlers: {0}")]
    Signals(std::io::Error),
    /// No run is meant, or no single one.
    #[error(transparent)]
    Find(#[from] FindError),
    /// A run cannot be read.
    #[error("cannot read the run {run}: {reason}")]
    Unreadable {
        /// The run.
        run: String,
        /// Why.
        reason: String,
    },
    /// No folder can be named that holds the runs.
    #[error("no folder for runs is known, because neither XDG_STATE_HOME nor HOME is set")]
    NoStateFolder,
    /// There is something to deliver, and nowhere to deliver it to.
    #[error("no upstream is configured")]
    NoUpstream,
    /// An upstream cannot be dialled as it is configured.
    #[error("{0}")]
    Upstream(String),
    /// Not everything could be delivered.
    #[error("{0}")]
    Undelivered(String),
    /// Runs could not be removed.
    #[error("{0}")]
    Unremoved(String),
    /// The result cannot be printed.
    #[error("cannot print: {0}")]
    Print(#[from] std::io::Error),
}

impl Error {
    /// The exit status: 125 for a failure before the command was started, as env(1) has it; 1 for a verb.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Signals(_) => 125,
            Error::Settings(_)
            | Error::Find(_)
            | Error::Unreadable { .. }
            | Error::NoStateFolder
            | Error::NoUpstream
            | Error::Upstream(_)
            | Error::Undelivered(_)
            | Error::Unremoved(_)
            | Error::Print(_) => 1,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::Find(FindError::Unknown(_) | FindError::Ambiguous { .. }) => Some("`otel-run runs` lists them"),
            Error::Find(FindError::Empty(_)) => Some("run one: otel-run -- COMMAND"),
            Error::NoStateFolder => Some("say where with --state-dir FOLDER or OTEL_RUN_STATE_DIR"),
            Error::NoUpstream => Some("say where with --endpoint URL or OTEL_EXPORTER_OTLP_ENDPOINT"),
            Error::Undelivered(_) => Some("everything is kept; run `otel-run flush` again when the backend takes it"),
            Error::Settings(_)
            | Error::Signals(_)
            | Error::Find(FindError::Unreadable { .. })
            | Error::Unreadable { .. }
            | Error::Upstream(_)
            | Error::Unremoved(_)
            | Error::Print(_) => None,
        }
    }
}
